"""A model in training: epochs of SVI, rounds of EM, and the state to go on from as plain arrays."""

import copy
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import jax
import numpy as np

from . import em, programs, svi
from .batches import Batch, Corpus, padded_vocabulary
from .models import PADDING_LOG_PROBABILITY, Hyper, Spec, topic_prior, topics
from .programs import single_precision
from .svi import Losses

WORD_ROWS = {  # arrays with one row a word: their padding
    "b": 0.0,
    "rho": 0.0,
    "log_lambda": PADDING_LOG_PROBABILITY,
    "log_unigram": PADDING_LOG_PROBABILITY,
}


def pad_words(values: np.ndarray, padding: float = 0.0) -> np.ndarray:
    """Pad the first axis, one row a word, to a padded size, in float32."""
    out = np.full((padded_vocabulary(len(values)), *values.shape[1:]), padding, dtype=np.float32)
    out[: len(values)] = values
    return out


def word_leaf(path: tuple) -> tuple[str, bool] | None:
    """Topic parameter of a leaf with one row a word, and whether the leaf is that, or moments of its gradient."""
    keys = [getattr(key, "key", getattr(key, "name", None)) for key in path]
    name = str(keys[-1]).removesuffix("_point") if keys else ""
    return (name, not {"mu", "nu"} & {*keys}) if name in WORD_ROWS else None


def _topics_program(spec: Spec):
    return lambda parts, hyper: topics(spec, parts, hyper)


class Trainer:
    """One model in training; `save` gives all of it as plain values, `resume` goes on from there.

    Parameters
    ----------
    spec, hyper : what fixes the program, and its arguments but for the sizes of the corpus
    rng : draws initial weights, the order of batches and the seed of the noise
    n_words : of the vocabulary, without those that pad it
    topics : initial topic parameters, their rows of words padded; unless there are
    leaves : of the state in which a former training stopped
    options : of the inference, which no state depends on
    """

    def __init__(
        self,
        spec: Spec,
        hyper: Hyper,
        rng: np.random.RandomState,
        n_words: int,
        topics: dict[str, np.ndarray] | None = None,
        leaves: list[np.ndarray] | None = None,
        options: dict[str, Any] | None = None,
    ):
        self.spec, self.rng, self.n_words, self.options = spec, rng, n_words, options or {}
        self._hyper, self._topics, self._leaves = hyper, topics or {}, leaves
        self._state: Any = None
        self.measured: dict[str, float] = {}  # of the last epoch, where an inference has more to tell than its losses

    @classmethod
    def begin(
        cls,
        sizes: dict[str, Any],
        constants: dict[str, Any],
        topics: dict[str, np.ndarray],
        rng: np.random.RandomState,
        options: dict[str, Any],
    ) -> "Trainer":
        """Set up training from arrays of V words: here they are padded."""
        V = len(constants["unigram"])

        def pad(name: str, value: Any) -> np.ndarray:
            return pad_words(value, WORD_ROWS[name]) if name in WORD_ROWS else np.asarray(value, np.float32)

        constants = {"log_unigram": np.log(constants["unigram"]), **constants}
        hyper = {name: pad(name, value) for name, value in constants.items() if name != "unigram"}
        spec = Spec(V=len(hyper["log_unigram"]), **sizes)
        return cls(spec, hyper, rng, V, {name: pad(name, value) for name, value in topics.items()}, options=options)

    @classmethod
    def resume(cls, saved: dict[str, Any], options: dict[str, Any]) -> "Trainer":
        """Go on from what `save` returned."""
        hyper = {n: pad_words(v, WORD_ROWS[n]) if n in WORD_ROWS else v for n, v in saved["hyper"].items()}
        leaves = list(saved["leaves"])
        for i, (name, is_value) in saved["word_leaves"].items():
            leaves[i] = pad_words(leaves[i], WORD_ROWS[name] if is_value else 0.0)
        spec = Spec(**{**saved["spec"], "V": len(hyper["log_unigram"])})
        rng = copy.deepcopy(saved["rng"])
        return cls(spec, hyper, rng, saved["n_words"], leaves=leaves, options=options)

    def save(self) -> dict[str, Any]:
        """All there is to go on from, optimiser included, as NumPy arrays and plain values; words are not padded.

        ``word_leaves`` tells which leaves have one row a word: of which topic parameter, and whether its values, or
        moments of its gradient.
        """
        leaves = jax.tree_util.tree_leaves_with_path(self._state)
        word_leaves = {i: leaf for i, (path, _) in enumerate(leaves) if (leaf := word_leaf(path))}
        return {
            "spec": asdict(self.spec),
            "n_words": self.n_words,
            "hyper": {name: v[: self.n_words] if name in WORD_ROWS else v for name, v in self._hyper.items()},
            "rng": self.rng,
            "leaves": [
                np.asarray(leaf)[: self.n_words] if i in word_leaves else np.asarray(leaf)
                for i, (_, leaf) in enumerate(leaves)
            ],
            "word_leaves": word_leaves,
        }

    @property
    def unigram(self) -> np.ndarray:
        """Word frequencies, (V,) with the words that pad the vocabulary."""
        return np.exp(self._hyper["log_unigram"])

    def _sized(self, corpus: Corpus, separation: float) -> Hyper:
        return {
            **self._hyper,
            "n_batches": np.float32(corpus.n_batches),
            "n_documents": np.float32(corpus.X.shape[0]),
            "separation": np.float32(separation),
        }

    def _start(self, stack: Batch, hyper: Hyper) -> None:
        if self._leaves is not None:
            self._state = svi.restored_state(self.spec, stack, hyper, self._leaves)
        else:
            self._state = svi.initial_state(self.spec, stack, hyper, self._topics, self.rng)

    @single_precision
    def epoch(self, corpus: Corpus, learning_rate: Callable[[np.ndarray], np.ndarray], separation: float) -> Losses:
        """One pass of SVI.

        ``learning_rate`` maps the share of the pass done, in [0, 1), to a rate; ``separation`` is what the divergence
        of the topics weighs, in nats per document.
        """
        hyper = self._sized(corpus, separation)
        total, done = Losses(0.0, 0.0, 0.0), 0
        for stack, n in corpus.shards():
            if self._state is None:
                self._start(stack, hyper)
            rates = learning_rate((done + np.arange(n)) / corpus.n_batches)
            self._state, losses = svi.run_epoch(self.spec, self._state, stack, rates, hyper, self.rng)
            total, done = Losses(*map(sum, zip(total, losses, strict=True))), done + n
        return total

    @single_precision
    def expected_counts(self, corpus: Corpus, refinement: tuple) -> np.ndarray:
        """E-step: expected tokens of each word in each topic, (V, K); theta refined as in `transform`."""
        total = np.zeros((self.spec.V, self.spec.K))
        for stack, n in corpus.shards():
            total += np.asarray(self._count(stack, n, refinement))
        return total

    @single_precision
    def compile_expected_counts(self, corpus: Corpus, refinement: tuple) -> None:
        """Compile the E-step, for a thread beside the passes of SVI; once there has been one."""
        if corpus.kept is not None:
            self._count(corpus.kept, 0, refinement)

    def _count(self, stack: Batch, n: int, refinement: tuple) -> jax.Array:
        return em.topic_counts(self.spec, self._beta_t(), *self._encoder(), stack, n, refinement)

    @single_precision
    def maximise(self, counts: np.ndarray) -> None:
        """M-step: fit the topics to counts of words in topics, (V, K)."""
        svi.set_topics(self._state, em.maximise(self.spec, self._parts(), counts, self._hyper))

    @single_precision
    def beta_t(self) -> np.ndarray:
        """Topics, transposed: (V, K) with the words that pad the vocabulary."""
        return np.asarray(self._beta_t())

    def _beta_t(self) -> jax.Array:
        return programs.run("topics", _topics_program, (self.spec,), self._parts(), self._hyper)

    def _parts(self) -> dict[str, Any]:
        """Topic parameters by name."""
        return svi.topics(self.spec, self._state, self._hyper)

    def _encoder(self) -> tuple[Any, Any]:
        return svi.parameters(self._state)["encoder$params"], self._state.mutable_state["encoder$state"]

    @single_precision
    def components(self) -> np.ndarray:
        """Topics, (K, V), rows sum to 1."""
        beta = np.asarray(self._beta_t(), np.float64)[: self.n_words].T
        return beta / beta.sum(axis=1, keepdims=True)

    def topics(self) -> dict[str, np.ndarray]:
        """What topics are made of, learned or given, by name."""
        parts = {**self._hyper, **self._parts()}
        names = topic_prior(self.spec, self._hyper).keys() | (self._hyper.keys() & WORD_ROWS.keys())
        return {name: np.asarray(parts[name])[: self.n_words if name in WORD_ROWS else None] for name in names}

    def document_prior(self) -> dict[str, np.ndarray]:
        """Parameters of the prior of the documents, learned or given, by name; (K,) each."""
        return {name: np.asarray(v, np.float64) for name, v in svi.document_prior(self._state, self._hyper).items()}

    def encoder(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Weights of the encoder and moments of its batch norm."""
        weights, stats = jax.tree.map(np.asarray, self._encoder())
        return weights, stats["batch_stats"]
