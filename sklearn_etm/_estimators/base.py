"""The scikit-learn shell of every estimator: validation, fit, partial_fit, transform, score (knows no JAX)."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import _start
from .._fitted import proportions as _posterior
from .._fitted.marginal import MarginalLikelihoodMixin
from .._inputs.texts import HOLDS_TEXT, PASS_COUNTS
from .._inputs.vectorizer import feature_names
from .._sparse import canonical, row_sums, widened
from .._start import Start
from .._warnings import is_fitted_for_its_score, warn
from ..metrics import completion_log_likelihood, completion_split
from . import health as _health
from .notebook import TopicsReprMixin
from .output import IndexedOutputMixin
from .parameters import check_parameters
from .progress import CallbackSupportMixin, EpochLosses, FitReporter, with_callbacks

if TYPE_CHECKING:
    from .._engine.batches import Corpus
    from .._engine.training import Trainer

SVI_SEPARATION = 0.125  # nats per token and unit of `separation`, in the objective of SVI
EM_SEPARATION = 1 / 3  # of EM, at a `separation` of 1
MAX_SMOOTHING = 0.25  # of a topic's tokens: what `topic_smoothing` is bounded by on a small corpus
UNIGRAM_TOKENS = 300.0  # of the corpus, that smooth each topic in EM: what matters on a small corpus
MAX_UNIGRAM = 0.25  # of a topic's tokens: what they are bounded by
MAX_COUNT = 2.0**53  # beyond, floats do not tell a count from the next
FINAL_RATE = 0.02  # share of the learning rate that is left in the last step of `fit`
STREAM_STEPS = 100.0  # the learning rate of `partial_fit` falls as 1 / sqrt(1 + steps / this)
FORGETTING = 0.6  # of expected counts on a stream: the learning decay of online variational Bayes
ENCODER_WEIGHT = 5.0  # tokens that the encoder's answer weighs when theta is refined
PRIOR_SHARE = 0.2  # of the prior's tokens that theta is refined with: the encoder's answer holds prior, too


DIRICHLET_SPREAD = 1.5  # standard deviation of log concentrations that the encoder starts with
HELD = (  # parameters that a model in training has made something of: they cannot change before it is fitted anew
    "num_topics",
    "guide",
    "inference",
    "likelihood",
    "learn_prior",
    "decoder",
    "doc_topic_prior",
    "topic_prior_scale",
    "topic_word_prior",
    "hidden_layer_sizes",
    "encoder_features",
    "train_embeddings",
    "embedding_size",
    "oov",
    "center_embeddings",
    "normalize_embeddings",
)


class TopicStart(NamedTuple):
    """What a model's topics start from."""

    parameters: dict[str, np.ndarray]  # learned
    constants: dict[str, Any]  # arguments of the model
    switches: dict[str, Any]  # that fix the program
    attributes: dict[str, Any]  # fitted attributes already known


class Training(NamedTuple):
    """A model in training."""

    trainer: Trainer
    idf: np.ndarray
    projection: np.ndarray
    attributes: dict[str, Any]
    held: dict[str, Any]  # values of the parameters that cannot change meanwhile

    def corpus(self, X: sp.csr_array, batch_size: int) -> Corpus:
        from .._engine.batches import Corpus

        def features(rows: sp.csr_array) -> np.ndarray:
            return _posterior.log_tfidf(rows, self.idf) @ self.projection

        return Corpus(X, features, batch_size, self.trainer.spec.V, self.trainer.rng)


def _all_or_nothing(method):
    """Leave the estimator as it was when training fails or is interrupted; outermost, so that callbacks end first."""

    @wraps(method)
    def guarded(self, *args, **kwargs):
        before = self.__dict__.copy()
        try:
            with np.errstate(under="ignore"):
                return method(self, *args, **kwargs)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    return guarded


class BaseTopicModel(
    IndexedOutputMixin,
    MarginalLikelihoodMixin,
    CallbackSupportMixin,
    TopicsReprMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """What the models share: everything but what topics are made of."""

    _kind: str  # of topics, as the engine calls it
    # What parameters must be whose values differ between models.
    _own_constraints: ClassVar[dict[str, Any]] = {}
    num_topics: int
    guide = "logistic_normal"  # family of theta; a parameter where there is a choice
    inference = "svi"
    decoder = "mixture"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _learns_prior(self) -> bool:
        return self.inference == "mcem" if isinstance(self.learn_prior, str) else bool(self.learn_prior)

    @property
    def _em_rounds(self) -> int:
        return self.em_iter if self._has_em else 0

    @property
    def _has_em(self) -> bool:
        return True

    @property
    def _corpus_vector_size(self) -> int:
        """Dimensions of the word vectors from the counts that topics start with."""
        return 0

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]

    # What a model adds

    @abstractmethod
    def _start_topics(self, start: Start, rng: np.random.RandomState) -> TopicStart:
        """Initial topic parameters of the model."""

    def _topic_attributes(self, topics: dict[str, np.ndarray], attributes: dict[str, Any]) -> dict[str, Any]:
        """Fitted attributes of the model beside `components_`, from its topic parameters and those known already."""
        return {}

    # Learning

    @_all_or_nothing
    @with_callbacks
    def fit(self, X, y=None):
        """Learn topics from count rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts, as `CountVectorizer` gives them; never made dense. Documents without a token are left
            out: they teach nothing.
        y : None
            Ignored.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            For counts that are negative, NaN or infinite, for counts that are all zero, and for a parameter of a wrong
            type or out of its range.
        FloatingPointError
            When training becomes non-finite. The estimator is then as it was before.
        """
        self._check_parameters()
        resume = self.warm_start and hasattr(self, "components_")
        X = self._learnable(self._check_counts(X, "fit", reset=not resume))
        self._train(X, self._resume() if resume else self._begin(X))
        return self

    @_all_or_nothing
    @with_callbacks
    def partial_fit(self, X, y=None):
        """Learn from one batch of a stream: one pass over its rows.

        The first call of an estimator that is not fitted sets up its vocabulary, encoder and first topics from these
        rows, so let that batch be a fair sample of some hundred documents or more. After `fit`, and on an estimator
        that was pickled, training goes on where it stopped. Parameters that it has made something of, such as
        ``num_topics`` or ``doc_topic_prior``, cannot change then; the others take effect, but for ``random_state``,
        which is read once.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts, with the columns of the first call.
        y : None
            Ignored.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError, FloatingPointError
            As `fit` does; also when the number of columns has changed, or a parameter that cannot change. The estimator
            is then as it was before.
        """
        self._check_parameters()
        first = not hasattr(self, "components_")
        X = self._learnable(self._check_counts(X, "partial_fit", reset=first))
        if first or X.shape[0]:
            self._learn_batch(X, self._begin(X) if first else self._resume())
        return self

    def _begin(self, X: sp.csr_array) -> Training:
        if not X.shape[0]:
            raise ValueError(
                f"X holds no token: every row that {type(self).__name__} got is empty. Pass counts with at least one "
                "non-zero; check the vectorizer's vocabulary, min_df and stop_words."
            )
        rng = _generator(self.random_state)
        with ThreadPoolExecutor(1) as beside:  # importing JAX takes as long
            future = beside.submit(self._trainer)
            start = _start.start(X, self.num_topics, self.encoder_features, self._corpus_vector_size, rng)
            trainer_class = future.result()
        topics = self._start_topics(start, rng)
        sizes = dict(
            topics=self._kind,
            K=self.num_topics,
            hidden=tuple(self.hidden_layer_sizes),
            likelihood=self.likelihood,
            guide=self.guide,
            inference=self.inference,
            decoder=self.decoder,
            learn_prior=self._learns_prior,
        )
        constants = dict(
            unigram=start.unigram,
            **document_prior(self._concentration(), self.guide),
        )
        trainer = trainer_class.begin(
            sizes | topics.switches, constants | topics.constants, topics.parameters, rng, self._options()
        )
        return Training(trainer, start.idf, self._encoder_projection(start), topics.attributes, self._held())

    def _encoder_projection(self, start: Start) -> np.ndarray:
        """What the encoder reads of each word, (V, encoder_features): zeros where a small corpus has fewer features."""
        if self.inference == "mcem":  # there is no encoder
            return start.projection[:, :0]
        return np.pad(start.projection, ((0, 0), (0, self.encoder_features - start.projection.shape[1])))

    def _held(self) -> dict[str, Any]:
        """Values of the parameters that cannot change while the model is in training, comparable after pickling."""
        values = {name: value for name, value in self.get_params(deep=False).items() if name in HELD}
        values["learn_prior"] = self._learns_prior
        lists = {name: np.asarray(v).tolist() for name, v in values.items() if isinstance(v, list | tuple | np.ndarray)}
        return values | lists

    def _trainer(self) -> type[Trainer]:
        from .._engine.training import Trainer

        return Trainer

    def _options(self) -> dict[str, Any]:
        """How the trainer works, beside what its state depends on."""
        return {}

    def _resume(self) -> Training:
        saved = self._training
        for name, now in self._held().items():
            if now != (held := saved["held"][name]):
                raise ValueError(
                    f"{name} is {now!r}, but the model in training has {held!r}. "
                    f"Set {name} back, or fit anew: with warm_start=False, or on a clone."
                )
        trainer = self._trainer().resume(saved["trainer"], self._options())
        return Training(trainer, saved["idf"], saved["projection"], dict(saved["attributes"]), saved["held"])

    def _train(self, X: sp.csr_array, training: Training) -> None:
        """Epochs of SVI, then rounds of EM."""
        X, X_validation = self._validation_split(X, training.trainer.rng)
        corpus = training.corpus(X, self._batch_size_for(X.shape[0]))
        reporter = FitReporter(self, X, self.max_iter + self._em_rounds, X.shape[0])
        monitor = Monitor(self.tol, self.n_iter_no_change)
        losses: list[EpochLosses] = []

        def attributes() -> dict[str, Any]:
            return self._fitted_attributes(training, losses, X.shape[0])

        with ThreadPoolExecutor(1) as beside:
            for epoch in range(self.max_iter):
                losses.append(self._epoch(training, corpus, lambda done, epoch=epoch: self._falling_rate(epoch + done)))
                if epoch == 0 and self._em_rounds:
                    compiling = beside.submit(
                        training.trainer.compile_expected_counts, corpus, self._refinement(training)
                    )
                described = self._describe(losses[-1], training.attributes)
                stop = reporter.step(f"epoch {epoch + 1}/{self.max_iter}", described, attributes)
                if X_validation is None:
                    value = losses[-1].loss
                else:
                    value = -self._score_of(self._model_attributes(training), X_validation)
                if stop or monitor.stalled(value):
                    break
            if self._em_rounds:
                compiling.result()  # its error, if it had one
        counts = None
        prior = training.trainer.beta_t()
        for i in range(self._em_rounds):
            counts = training.trainer.expected_counts(corpus, self._refinement(training))
            self._maximise(training, counts, prior)
            if reporter.step(f"EM {i + 1}/{self._em_rounds}", "", attributes):
                break
        self.__dict__.update(attributes())
        self._training["counts"] = None if counts is None else counts[: training.trainer.n_words] / X.shape[0]
        reporter.end(attributes)
        self._look_at_topics(X)

    def _look_at_topics(self, X: sp.csr_array) -> None:
        """Warn of topics that are not what was asked for."""
        sample = None if is_fitted_for_its_score() else _health.sample(X, self.num_topics)
        if sample is not None and self.inference == "svi":  # sampling takes too long to be done unasked
            doc_topic = self._proportions(self.__dict__, sample)
            _health.warn_of_topics(self.components_, doc_topic, self.kl_curve_[-1])

    def _learn_batch(self, X: sp.csr_array, training: Training) -> None:
        """One pass of SVI over a batch of a stream, then one step of online EM."""
        seen = getattr(self, "n_documents_seen_", 0)
        n = X.shape[0]
        corpus = training.corpus(X, self._batch_size_for(X.shape[0]))
        losses = [*self._losses(), self._epoch(training, corpus, lambda done: self._stream_rate(seen + done * n))]
        counts = self._online_em(training, corpus, seen) if self._has_em else None
        self.__dict__.update(self._fitted_attributes(training, losses, seen + n))
        self._training["counts"] = None if counts is None else counts[: training.trainer.n_words]

    def _online_em(self, training: Training, corpus: Corpus, seen: int) -> np.ndarray:
        """One step of EM after ``seen`` documents; the expected counts per document, (V, K)."""
        n = corpus.X.shape[0]
        counts = training.trainer.expected_counts(corpus, self._refinement(training)) / n
        before = self._training["counts"] if seen else None
        if before is not None:
            rate = (n / (seen + n)) ** FORGETTING
            counts = rate * counts
            counts[: len(before)] += (1 - rate) * before
        self._maximise(training, counts * (seen + n), training.trainer.beta_t())
        return counts

    def _epoch(self, training: Training, corpus: Corpus, learning_rate) -> EpochLosses:
        n = corpus.X.shape[0]
        separation = SVI_SEPARATION * self.separation * corpus.X.data.sum(dtype=np.float64) / n
        objective, reconstruction, kl = training.trainer.epoch(corpus, learning_rate, separation)
        if not np.isfinite(objective):
            raise FloatingPointError(
                f"Training became non-finite: the loss is {objective} with learning_rate={self.learning_rate!r}. "
                "Lower learning_rate, or look for counts of an extreme size in X. Nothing was changed."
            )
        return EpochLosses((reconstruction + kl) / n, reconstruction / n, kl / n)

    def _describe(self, losses: EpochLosses, attributes: dict[str, Any]) -> str:
        """A pass in a line."""
        return f"ELBO {-losses.loss:.1f} (reconstruction {-losses.reconstruction:.1f}, KL {losses.kl:.1f})"

    def _maximise(self, training: Training, counts: np.ndarray, prior: np.ndarray) -> None:
        """M-step from counts of words in topics (V, K): with SVI's topics and the corpus as prior, separated."""
        tokens = counts.sum() / self.num_topics  # of an average topic
        from_svi = min(self.topic_smoothing, MAX_SMOOTHING * tokens)
        from_corpus = min(UNIGRAM_TOKENS, MAX_UNIGRAM * tokens)
        smoothed = counts + from_svi * prior + from_corpus * training.trainer.unigram[:, None]
        training.trainer.maximise(separate(smoothed, EM_SEPARATION * self.separation))

    def _fitted_attributes(self, training: Training, losses: list[EpochLosses], n_seen: int) -> dict[str, Any]:
        trainer = training.trainer
        return {
            **self._model_attributes(training),
            "n_iter_": len(losses),
            "loss_curve_": [epoch.loss for epoch in losses],
            "reconstruction_curve_": [epoch.reconstruction for epoch in losses],
            "kl_curve_": [epoch.kl for epoch in losses],
            "n_documents_seen_": n_seen,
            "_training": {
                "trainer": trainer.save(),
                "idf": training.idf,
                "projection": training.projection,
                "attributes": training.attributes,
                "held": training.held,
                "counts": None,
            },
            **self._topic_attributes(trainer.topics(), training.attributes),
        }

    def _model_attributes(self, training: Training) -> dict[str, Any]:
        """Fitted attributes that `transform` and `score` work with."""
        return {
            "components_": training.trainer.components(),
            "_likelihood": self.likelihood,
            "_decoder": self.decoder,
            **prior_attributes(training.trainer.document_prior()),
            **self._served(training),
            **training.attributes,
        }

    def _served(self, training: Training) -> dict[str, Any]:
        """Fitted attributes that `transform` works with, beside the topics and the prior."""
        trainer = training.trainer
        temperature = trainer.spec.temperature
        return {"_encoder": _posterior.fold(*trainer.encoder(), training.idf, training.projection, temperature)}

    def _losses(self) -> list[EpochLosses]:
        if not hasattr(self, "loss_curve_"):
            return []
        return list(map(EpochLosses, self.loss_curve_, self.reconstruction_curve_, self.kl_curve_))

    def _refinement(self, training: Training) -> _posterior.Refinement:
        """How theta is refined in EM: as in `transform`."""
        return self._refinement_by(prior_attributes(training.trainer.document_prior())["doc_topic_prior_"])

    def _refinement_by(self, concentration: np.ndarray) -> _posterior.Refinement:
        return _posterior.Refinement(ENCODER_WEIGHT, PRIOR_SHARE * concentration, int(self.transform_iter))

    def _concentration(self) -> np.ndarray:
        """Dirichlet concentrations of the prior to start from, (K,)."""
        given = np.asarray(self.doc_topic_prior, dtype=np.float64)
        if given.ndim and len(given) != self.num_topics:
            raise ValueError(
                f"doc_topic_prior has {len(given)} concentrations, but num_topics is {self.num_topics}. "
                "Pass one for each topic, or a single number for all."
            )
        return np.full(self.num_topics, given) if given.ndim == 0 else given

    def _falling_rate(self, epochs: np.ndarray) -> np.ndarray:
        return self.learning_rate * (1 - (1 - FINAL_RATE) * epochs / self.max_iter)

    def _stream_rate(self, documents: np.ndarray) -> np.ndarray:
        steps = documents / self._batch_size_for(10_000)
        return self.learning_rate / np.sqrt(1 + steps / STREAM_STEPS)

    def _batch_size_for(self, n_documents: int) -> int:
        if self.batch_size != "auto":
            return self.batch_size
        return int(np.clip(1 << max(n_documents // 16, 1).bit_length(), 32, 1024))

    def _validation_split(
        self, X: sp.csr_array, rng: np.random.RandomState
    ) -> tuple[sp.csr_array, sp.csr_array | None]:
        if not self.early_stopping:
            return X, None
        n = int(np.ceil(self.validation_fraction * X.shape[0]))
        if n >= X.shape[0]:
            raise ValueError(
                f"early_stopping holds out {n} of {X.shape[0]} documents with validation_fraction="
                f"{self.validation_fraction}: none is left to learn from. Lower it, or pass early_stopping=False."
            )
        order = rng.permutation(X.shape[0])
        X_train, X_validation = X[np.sort(order[n:])], X[np.sort(order[:n])]
        if not completion_split(X_validation)[1].nnz:
            raise ValueError(
                f"early_stopping holds out {n} documents to score, and none of them has two tokens. "
                "Raise validation_fraction, or pass early_stopping=False."
            )
        return X_train, X_validation

    # Using what was learned

    @np.errstate(under="ignore")
    def transform(self, X):
        """Topic proportions of documents.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.

        Returns
        -------
        doc_topic : ndarray of shape (n_samples, num_topics)
            Rows sum to 1. Deterministic, and for each row the same whatever the others are. An empty document gets the
            mean of the prior.
        """
        check_is_fitted(self)
        return self._doc_topic(X)

    def _doc_topic(self, X: Any) -> np.ndarray:
        X = self._check_counts(X, "transform")
        return self._proportions(self.__dict__, X).astype(X.dtype, copy=False)

    def _proportions(self, fitted: dict[str, Any], X: sp.csr_array) -> np.ndarray:
        refinement = self._refinement_by(fitted["doc_topic_prior_"])
        return _posterior.topic_proportions(X, fitted["components_"], fitted["_encoder"], refinement)

    @np.errstate(under="ignore")
    def inverse_transform(self, X):
        r"""Word distributions of documents with given topic proportions, :math:`\theta_d \beta`.

        Parameters
        ----------
        X : array-like of shape (n_samples, num_topics)
            Topic proportions.

        Returns
        -------
        word_distributions : ndarray of shape (n_samples, n_features)
            Rows sum to 1 where those of ``X`` do.
        """
        check_is_fitted(self)
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.components_.shape[0]:
            raise ValueError(
                f"X must be of shape (n_samples, {self.components_.shape[0]}), one column a topic, "
                f"as transform returns it; got {X.shape}."
            )
        return self._word_distributions(self.__dict__, X)

    def _word_distributions(self, fitted: dict[str, Any], theta: np.ndarray) -> np.ndarray:
        return theta @ fitted["components_"]

    def _log_likelihood(self, fitted: dict[str, Any], theta: np.ndarray, X: sp.csr_array) -> np.ndarray:
        return completion_log_likelihood(theta, fitted["components_"], X)

    @np.errstate(under="ignore")
    def score_samples(self, X):
        """Log-likelihood of each document's held-out half, in nats.

        Each document is split in two halves by `sklearn_etm.metrics.completion_split`; topic proportions are inferred
        from the first, and the tokens of the second are scored.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
            Sum over held-out tokens, in nats per document; 0 for a document of fewer than two tokens.
        """
        check_is_fitted(self)
        return self._completion(self.__dict__, self._check_counts(X, "score_samples"))[0]

    @np.errstate(under="ignore")
    def score(self, X, y=None):
        r"""Mean held-out log-likelihood per token, in nats; higher is better.

        Document completion (Wallach et al., 2009): topic proportions from one half of a document's tokens, scored on
        the other. No term of it grows with the number of topics or the size of ``X``, so that it can choose
        ``num_topics`` in `GridSearchCV`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        y : None
            Ignored.

        Returns
        -------
        score : float
            In nats per token; equals ``-log(perplexity(X))``.

        Raises
        ------
        ValueError
            If no document has two tokens.
        """
        check_is_fitted(self)
        return self._score_of(self.__dict__, self._check_counts(X, "score"))

    def perplexity(self, X):
        """Document-completion perplexity per token, ``exp(-score(X))``; lower is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.

        Returns
        -------
        perplexity : float
        """
        return float(np.exp(-self.score(X)))

    def _completion(self, fitted: dict[str, Any], X: sp.csr_array) -> tuple[np.ndarray, float]:
        observed, heldout = completion_split(X)
        theta = self._proportions(fitted, observed)
        answerable = np.diff(observed.indptr) > 0
        heldout = sp.csr_array(sp.diags_array(answerable.astype(X.dtype)) @ heldout)
        return self._log_likelihood(fitted, theta, heldout), float(row_sums(heldout).sum())

    def _score_of(self, fitted: dict[str, Any], X: sp.csr_array) -> float:
        log_likelihood, n_tokens = self._completion(fitted, X)
        if not n_tokens:
            raise ValueError(
                "score needs a document of at least two tokens: X has none, so that nothing can be held out."
            )
        return float(log_likelihood.sum() / n_tokens)

    # Checks

    def _check_counts(self, X: Any, method: str, reset: bool = False) -> sp.csr_array:
        """Valid counts in canonical CSR, without explicit zeros; ``X`` itself is not modified."""
        is_single = getattr(X, "dtype", None) == np.float32
        X = canonical(self._validated(widened(X), reset))
        lowest, highest = X.data.min(initial=0.0), X.data.max(initial=0.0)
        if lowest < 0:
            raise ValueError(
                f"Negative values in data passed to {type(self).__name__}.{method}: X goes down to {lowest:g}. "
                f"{PASS_COUNTS}"
            )
        if highest > MAX_COUNT:
            raise ValueError(f"X holds the count {highest:g}; the largest that can be learned from is {MAX_COUNT:g}.")
        return X.astype(np.float32, copy=False) if is_single else X

    def _learnable(self, X: sp.csr_array) -> sp.csr_array:
        """The documents with a token; a warning where they do not hold counts."""
        if (X.data % 1).any() and not is_fitted_for_its_score():
            warn(
                f"X holds fractions, which {type(self).__name__} takes as numbers of words: a row of tf-idf or of unit "
                f"length counts as a document of a few words, so that topics hardly follow it. {PASS_COUNTS}"
            )
        known = np.diff(X.indptr) > 0
        return X if known.all() else X[known]

    def _validated(self, X: Any, reset: bool) -> Any:
        """``X`` as scikit-learn validates it; names of columns that counts carry are taken as those of a DataFrame."""
        names = feature_names(X)
        with warnings.catch_warnings():
            if names is not None:  # scikit-learn does not see them
                warnings.filterwarnings("ignore", message="X does not have valid feature names")
            try:
                X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=reset)
            except ValueError as error:
                if "could not convert string" not in str(error):
                    raise
                raise ValueError(HOLDS_TEXT) from error
        if names is not None and reset:
            self.feature_names_in_ = names
        elif names is not None and hasattr(self, "feature_names_in_"):
            self._check_names(names)
        return X

    def _check_names(self, names: np.ndarray) -> None:
        different = np.flatnonzero(names != self.feature_names_in_)
        if len(different):
            i = different[0]
            raise ValueError(
                f"X has other words than {type(self).__name__} was fitted with: column {i} is {names[i]!r}, and was "
                f"{self.feature_names_in_[i]!r}; {len(different)} of {len(names)} differ. Pass counts of the "
                "vectorizer that it was fitted with."
            )

    def _check_parameters(self) -> None:
        """Raise before anything is computed."""
        check_parameters(self)
        self._concentration()


class Monitor:
    """Whether a value, lower being better, has stopped to improve."""

    def __init__(self, tol: float, patience: float):
        self.tol, self.patience = tol, patience
        self.best, self.waited = np.inf, 0

    def stalled(self, value: float) -> bool:
        """Take the value of one more epoch."""
        self.waited = 0 if value < self.best - self.tol else self.waited + 1
        self.best = min(self.best, value)
        return self.waited >= self.patience


def logistic_normal_prior(concentration: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Mean and scale of the logistic normal that matches a Dirichlet of concentrations (K,), (K,) each.

    Laplace approximation in the softmax basis (MacKay, 1998): :math:`\mu_k = \log a_k - \overline{\log a}`,
    :math:`\sigma_k^2 = (1 - 2/K) / a_k + \overline{1/a} / K`, which is 0 for one topic, where any variance will do.
    """
    K = len(concentration)
    if K == 1:
        return np.zeros(1), np.ones(1)
    variance = (1 - 2 / K) / concentration + np.mean(1 / concentration) / K
    return np.log(concentration) - np.log(concentration).mean(), np.sqrt(variance)


def matching_concentration(mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    r"""Concentrations of the Dirichlet that a logistic normal matches, (K,): the inverse of `logistic_normal_prior`.

    :math:`a_k = (1 - 2/K + e^{\mu_k} \overline{e^{-\mu}} / K) / \sigma_k^2` (Hobbhahn et al., 2020).
    """
    K = len(mean)
    return (max(1 - 2 / K, 0.0) + np.exp(mean) * np.exp(-mean).mean() / K) / scale**2


def document_prior(concentration: np.ndarray, guide: str) -> dict[str, np.ndarray]:
    """Prior of the documents as the engine takes it, and the spread of locations that the encoder starts with."""
    if guide == "dirichlet":
        return {"log_concentration": np.log(concentration), "loc_scale": np.full_like(concentration, DIRICHLET_SPREAD)}
    mu, sigma = logistic_normal_prior(concentration)
    return {"mu": mu, "log_sigma": np.log(sigma), "loc_scale": sigma}


def prior_attributes(prior: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Fitted attributes from the prior of the documents as the engine gives it."""
    if "log_concentration" in prior:
        return {"doc_topic_prior_": np.exp(prior["log_concentration"])}
    mean, scale = prior["mu"], np.exp(prior["log_sigma"])
    return {
        "doc_topic_prior_": matching_concentration(mean, scale),
        "doc_topic_prior_mean_": mean,
        "doc_topic_prior_scale_": scale,
    }


def separate(counts: np.ndarray, strength: float) -> np.ndarray:
    r"""Counts of words in topics, less where other topics use the word, (V, K).

    :math:`n_{vk} / (1 + s \bar\beta_{v,-k} / \sum_u p_u^2)`: the word's mean probability in the other topics, measured
    by the probability that two tokens of the corpus are the same word, so that neither the number of words nor that of
    topics matters.  Rare words stay as they are, common ones stay where they are used most.  The largest topic keeps
    all of its counts: it is there for the words that every document uses.
    """
    tokens = counts.sum(axis=0)
    beta = counts / np.maximum(tokens, 1e-30)
    others = (beta.sum(axis=1, keepdims=True) - beta).clip(0.0) / max(counts.shape[1] - 1, 1)
    same = np.sum((counts.sum(axis=1) / tokens.sum()) ** 2)
    separated = counts / (1.0 + strength * others / same)
    largest = tokens.argmax()
    separated[:, largest] = counts[:, largest]
    return separated


def _generator(random_state: Any) -> np.random.RandomState:
    """A generator of our own: NumPy's global one is neither read nor moved."""
    if random_state is None:
        return np.random.RandomState()
    return np.random.RandomState(check_random_state(random_state).randint(2**31 - 1))
