"""What is to be learned: families, sizes and constants, from the first fit to the last batch of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import EllipsisType
from typing import Any

import jax
import numpy as np

from .._fitted.encoder import Features
from .._fitted.model import SEEDS
from .._fitted.plain import CLASS, to_plain
from .._fitted.prior import Prior
from . import decoders, documents, programs, topics
from .batches import padded_vocabulary
from .documents import DocumentStart
from .model import POINT, Hyper, Spec
from .programs import single_precision
from .topics import PADDING_LOG_PROBABILITY, TopicStart

COMMON = 0.1  # of the documents, more of which use a common word
PARAMETERS = "parameters"  # begins the names of learned arrays, those of optimisers begin otherwise


def pad_words(values: np.ndarray, padding: float = 0.0) -> np.ndarray:
    """Pad the first axis, one row a word, to a padded size, in float32."""
    out = np.full((padded_vocabulary(len(values)), *values.shape[1:]), padding, dtype=np.float32)
    out[: len(values)] = values
    return out


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be learned.

    Words that pad the vocabulary come in where arrays go to a program, and go where they come back.
    """

    spec: Spec
    constants: dict[str, Any]  # of the topics: numbers, and float32 arrays
    prior: dict[str, np.ndarray]  # parameters of the prior of documents, given or to start from
    features: Features

    @classmethod
    def begin(
        cls,
        topic: TopicStart,
        document: DocumentStart,
        decoder: decoders.Decoder,
        hidden: tuple[int, ...],
        unigram: np.ndarray,
        features: Features,
        seeds: np.ndarray | None = None,
    ) -> Problem:
        """From where topics and documents start; ``seeds`` (K, V) are as in `Start`."""
        spec = Spec(
            topic.family, document.family, decoder, len(document.loc_scale), padded_vocabulary(len(unigram)), hidden
        )
        constants = {"log_unigram": np.log(unigram), **topic.constants}
        if seeds is not None:
            constants[SEEDS] = seeds.T
        arrays = {
            name: np.asarray(v, np.float32) if isinstance(v, np.ndarray) else float(v) for name, v in constants.items()
        }
        prior = {name: np.asarray(v, np.float32) for name, v in document.parameters.items()}
        return cls(spec, arrays, prior, features)

    @classmethod
    def from_plain(cls, spec: dict[str, Any], constants: dict[str, Any], features: Features) -> Problem:
        """From what `plain_spec` and the constants were."""
        of_topics = constants["topics"]
        made = Spec(
            topics=_made(topics.FAMILIES, spec["topics"]),
            documents=_made(documents.FAMILIES, spec["documents"]),
            decoder=_made(decoders.DECODERS, spec["decoder"]),
            K=spec["K"],
            V=padded_vocabulary(len(of_topics["log_unigram"])),
            hidden=tuple(spec["hidden"]),
            parts=tuple(spec.get("parts", ())),  # older ones have none
        )
        return cls(made, of_topics, constants["documents"], features)

    @property
    def plain_spec(self) -> dict[str, Any]:
        """The spec as names and numbers, without the size of this padding."""
        return {name: v for name, v in to_plain(self.spec).items() if name not in (CLASS, "V")}

    @property
    def n_words(self) -> int:
        """Words of the vocabulary, without those that pad it."""
        return len(self.constants["log_unigram"])

    @cached_property
    def padded(self) -> dict[str, np.ndarray]:
        """Constants of the topics as programs take them."""
        padding = {"log_unigram": PADDING_LOG_PROBABILITY, SEEDS: 0.0, **self.spec.topics.padding}
        return {
            name: pad_words(v, padding[name]) if name in padding else np.asarray(v, np.float32)
            for name, v in self.constants.items()
        }

    def padded_parameters(self, parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Parameters of the topics as programs take them."""
        padding = self.spec.topics.padding
        padded = {name: pad_words(v, padding[name]) if name in padding else v for name, v in parameters.items()}
        return {name: np.asarray(v, np.float32) for name, v in padded.items()}

    def to_arrays(self, named: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """What is learned, in dicts within dicts, as arrays by name; words are not padded."""
        flat = {"/".join(key.key for key in path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(named)}
        return {name: np.asarray(v)[self._own(name)] for name, v in flat.items()}

    def from_arrays(self, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """What `to_arrays` made flat."""
        named: dict[str, Any] = {}
        for name, value in arrays.items():
            *path, last = name.split("/")
            inner = named
            for key in path:
                inner = inner.setdefault(key, {})
            inner[last] = value if (padding := self._padding(name)) is None else pad_words(value, padding)
        return named

    def _own(self, name: str) -> slice | EllipsisType:
        """What is kept of an array: its rows of words without those that pad them, or all."""
        return ... if self._padding(name) is None else slice(self.n_words)

    def _padding(self, name: str) -> float | None:
        """What pads an array, where it has one row a word: a topic parameter, or moments of its gradient."""
        group, _, parameter = name.rpartition("/")
        padding = self.spec.topics.padding.get(parameter.removesuffix(POINT))
        return padding if padding is None or group == PARAMETERS else 0.0

    @property
    def unigram(self) -> np.ndarray:
        """Word frequencies, (V,) with the words that pad the vocabulary."""
        return np.exp(self.padded["log_unigram"])

    @property
    def common_share(self) -> float:
        """Share of the tokens that are words which more than a tenth of the documents use."""
        log_unigram, idf = self.constants["log_unigram"], self.features.idf
        return float(np.exp(log_unigram[idf < 1 - np.log(COMMON)]).sum())

    @property
    def seeds(self) -> np.ndarray | None:
        """Tokens that topics are given of words, for each token of the corpus, (V, K) with words that pad."""
        return self.padded.get(SEEDS)

    def hyper(self, n_batches: int, n_documents: float, separation: float, n_tokens: float) -> Hyper:
        """Arguments of the model on a corpus."""
        return Hyper(self.padded, self.prior, *map(np.float32, (n_batches, n_documents, separation, n_tokens)))

    @single_precision
    def topics(self, parameters: dict[str, Any]) -> np.ndarray:
        """Topics, transposed: (V, K) with the words that pad the vocabulary."""
        return np.asarray(programs.run("topics", _topics_program, (self.spec,), parameters, self.padded))

    def components(self, parameters: dict[str, Any]) -> np.ndarray:
        """Topics, (K, V), rows sum to 1."""
        beta = self.topics(parameters).astype(np.float64)[: self.n_words].T
        return beta / beta.sum(axis=1, keepdims=True)

    def attributes(self, parameters: dict[str, Any]) -> dict[str, np.ndarray]:
        """Fitted attributes of the family of topics."""
        rows = self.spec.topics.padding
        own = {name: np.asarray(v)[: self.n_words if name in rows else None] for name, v in parameters.items()}
        return self.spec.topics.attributes(own, self.constants)

    def fitted_prior(self, parameters: dict[str, Any]) -> Prior:
        """The prior of documents, of parameters that were learned or given."""
        given = {name: np.asarray(parameters.get(name, v), np.float64) for name, v in self.prior.items()}
        return self.spec.documents.fitted(given)


def _topics_program(spec: Spec):
    return lambda parameters, constants: topics.topics(spec.topics, parameters, constants)


def _made(classes: dict[str, type], plain: dict[str, Any]) -> Any:
    return classes[plain[CLASS]](**{name: v for name, v in plain.items() if name != CLASS})
