"""The scikit-learn shell that estimators share: fit, partial_fit, transform, score."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .. import _start
from .._files import formats
from .._fitted.encoder import Features
from .._fitted.model import SEEDS, FitState, PassLosses, TopicModel
from .._inputs.names import of_one_part
from .._rows import Rows
from .._sparse import row_sums
from .._start import Start
from .._threads import beside
from .._warnings import warn
from ..metrics import completion_log_likelihood, completion_split
from . import parameters as kinds
from .checkpoints import Checkpoint
from .counts import check_rows, kept_if_it_fails, learnable, warn_of_few_documents, warn_of_unused_columns
from .covariates import WORD_COLUMNS
from .notebook import TopicsReprMixin
from .output import IndexedOutputMixin
from .progress import CallbackSupportMixin, FitReporter, with_callbacks
from .saving import SavingMixin
from .seeds import check_seeds, mean_ranks, names_of_topics, seeds_of

if TYPE_CHECKING:
    from .._engine.decoders import Decoder
    from .._engine.documents import DocumentStart
    from .._engine.loop import Fit, Joint, Plan, Rounds, Training, Whole
    from .._engine.problem import Problem
    from .._engine.topics import TopicStart

LEAST_TOPICS = 10  # of which one can be spared for what all documents say
OF_SHARDS = "n_shards_skipped_"  # an attribute of models that were fitted to shards
SEED_RANK = "seed_rank_"  # and of those with seeds
OF_COVARIANCE = ("topic_covariance_", "topic_correlation_", "covariate_effects_")
OPTIONAL = (OF_SHARDS, SEED_RANK, *OF_COVARIANCE)  # that some fits have
TOPIC_HISTORY = "topic_history_"  # and of those whose topics were merged, dropped or added after the fit
TOPIC_NAMES = "topic_names_"  # and of those whose topics were named: a list of str, and of None
HELD = (  # parameters that a model in training has made something of: they cannot change before it is fitted anew
    "num_topics",
    "doc_topic_family",
    "likelihood",
    "learn_prior",
    "background",
    "doc_topic_prior",
    "topic_prior_scale",
    "topic_word_prior",
    "hidden_layer_sizes",
    "encoder_features",
    "step_size",
    "train_embeddings",
    "embedding_size",
    "oov",
    "center_embeddings",
    "normalize_embeddings",
    "covariate_columns",
    "seed_words",
    "seed_strength",
)


class Completion(NamedTuple):
    """Document completion, of each document."""

    log_likelihood: np.ndarray  # (n_samples,) of its held-out half, in nats
    n_tokens: np.ndarray  # (n_samples,) of that


class BaseTopicModel(
    IndexedOutputMixin,
    CallbackSupportMixin,
    TopicsReprMixin,
    SavingMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """What all models share: everything but what topics are made of, and how they are learned."""

    _is_mixture: ClassVar[bool] = True  # whether each word of a document is of one topic
    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        "num_topics": kinds.COUNT,
        "doc_topic_prior": kinds.CONCENTRATIONS,
        "learn_prior": kinds.FLAG,
        "seed_words": kinds.SEEDS,
        "seed_strength": kinds.POSITIVE,
        "separation": kinds.NOT_NEGATIVE,
        "max_iter": kinds.COUNT,
        "batch_size": kinds.BATCH_SIZE,
        "learning_rate": kinds.POSITIVE,
        "early_stopping": kinds.FLAG,
        "validation_fraction": kinds.SHARE,
        "n_iter_no_change": kinds.PATIENCE,
        "tol": kinds.NOT_NEGATIVE,
        "warm_start": kinds.FLAG,
        "random_state": kinds.RANDOM_STATE,
        "checkpoint_dir": kinds.FOLDER,
        "on_interrupt": kinds.ON_INTERRUPT,
        "verbose": kinds.VERBOSITY,
    }
    _model: TopicModel
    _state: FitState
    _held: dict[str, Any]  # values of the parameters that cannot change meanwhile

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]

    def get_feature_names_out(self, input_features=None):
        """Names of the columns that `transform` gives.

        Parameters
        ----------
        input_features : array-like of str, optional
            Ignored.

        Returns
        -------
        names : ndarray of str
            The topics' own, where they have been named; else the name of the class and the number of the topic.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> model.get_feature_names_out().tolist()
        ['lntmtransformer0', 'lntmtransformer1', 'lntmtransformer2']
        """
        names = super().get_feature_names_out(input_features)
        for k, own in enumerate(getattr(self, TOPIC_NAMES, [])):
            names[k] = names[k] if own is None else own
        return names

    # What a model adds

    @abstractmethod
    def _topic_start(self, start: Start, rng: np.random.RandomState) -> tuple[TopicStart, dict[str, Any]]:
        """Topics to start from, and fitted attributes that are known already."""

    @abstractmethod
    def _encoder_size(self) -> tuple[int, ...]:
        """Widths of the encoder's hidden layers."""

    @abstractmethod
    def _first_features(self, start: Start) -> Features:
        """What the encoder will read of documents."""

    @abstractmethod
    def _features(self) -> Features:
        """What the encoder of the fitted model reads."""

    @abstractmethod
    def _trainer(self, problem: Problem, rng: np.random.RandomState | None) -> Any:
        """How it is learned, from the beginning or, without a generator, after this model has stopped."""

    @abstractmethod
    def _proportions(self, model: TopicModel, rows: Rows) -> np.ndarray:
        """Topic proportions of documents under a model, (n_samples, K)."""

    @property
    @abstractmethod
    def _n_features(self) -> int:
        """Dimensions of the space in which documents are clustered to start with."""

    def _document_start(self) -> DocumentStart:
        """Proportions to start from."""
        from .._engine.documents import LogisticNormalDocuments

        return LogisticNormalDocuments.begin(self._concentration(), bool(self.learn_prior))

    def _decoder(self) -> Decoder:
        """How topics make the words of a document."""
        from .._engine.decoders import Mixture

        return Mixture()

    @property
    def _corpus_vector_size(self) -> int:
        """Dimensions of the word vectors from the counts that topics start with."""
        return 0

    @property
    def _spares_topic(self) -> bool:
        """Whether topic 0 begins as the corpus: of few topics none can be spared, unless that was asked for."""
        return self._has_background or self.num_topics >= LEAST_TOPICS

    @property
    def _rounds(self) -> Rounds | None:
        """Rounds of EM after the passes."""
        return None

    @property
    def _joint(self) -> Joint | None:
        """Rounds after these, of maximum likelihood under a prior that is learned beside the topics."""
        return None

    @property
    def _has_background(self) -> bool:
        """Whether topic 0 becomes what all documents say."""
        return False

    def _words(self, n_features: int) -> list[str] | None:
        """The word of each column that is one, where it is known."""
        named = getattr(self, "feature_names_in_", None)
        if named is not None and hasattr(self, WORD_COLUMNS):
            named = of_one_part(named[self.word_columns_])
        return None if named is None else list(named)

    def _finished(self, fit: Fit, rows: Rows, share: float) -> Fit:
        """A fit with what is learned when the topics are known; these documents are a share of all that were seen."""
        return fit

    def _warn(self, fit: Fit, rows: Rows) -> None:
        """Warn of what was learned where it is not what was asked for."""

    # Learning

    @kept_if_it_fails
    @with_callbacks
    @np.errstate(under="ignore")
    def fit(self, X, y=None, sample_weight=None):
        """Learn topics from count rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts, as `CountVectorizer` gives them; never made dense. Documents without a token are left
            out: they teach nothing.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each document counts in what is learned: 0 leaves it out, 2 is twice. Its own topics do not depend
            on it. None counts each once.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            For counts or weights that are negative, NaN or infinite, or all zero, and for a parameter of a wrong type
            or out of its range.
        FloatingPointError
            When training becomes non-finite. The estimator is then as it was before.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> model.components_.shape, model.n_samples_seen_
        ((3, 60), 300)
        """
        return self._fit_to(X, sample_weight)

    @kept_if_it_fails
    @with_callbacks
    @np.errstate(under="ignore")
    def partial_fit(self, X, y=None, sample_weight=None):
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
        sample_weight : array-like of shape (n_samples,), default=None
            How often each document counts in what is learned: 0 leaves it out, 2 is twice. Its own topics do not depend
            on it. None counts each once.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError, FloatingPointError
            As `fit` does; also when the number of columns has changed, or a parameter that cannot change. The estimator
            is then as it was before.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(600, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0)
        >>> for batch in X[:300], X[300:]:
        ...     model = model.partial_fit(batch)
        >>> model.n_samples_seen_
        600
        """
        return self._fit_batch(X, sample_weight)

    def _fit_to(self, X: Any, sample_weight: Any, covariates: Any = None) -> Self:
        """Learn from all documents."""
        self._check_parameters()
        rows = check_rows(self, X, sample_weight, "fit", not self._goes_on, covariates)
        self._fit(rows, self._first_generator())
        return self

    def _fit_batch(self, X: Any, sample_weight: Any, covariates: Any = None) -> Self:
        """Learn from one batch of a stream."""
        self._check_parameters()
        first = not hasattr(self, "components_")
        rows = learnable(self, check_rows(self, X, sample_weight, "partial_fit", first, covariates))
        if first or rows.n:
            training, known = self._begin(rows, _generator(self.random_state)) if first else (self._resume(), {})
            self._become(self._learn_batch(training, rows, known))
        return self

    @property
    def _goes_on(self) -> bool:
        """Whether `fit` goes on from the former fit."""
        return self.warm_start and hasattr(self, "components_")

    def _first_generator(self) -> np.random.RandomState:
        """What a fit begins to draw from; one that goes on has its own, which it stopped with."""
        return np.random.RandomState(0) if self._goes_on else _generator(self.random_state)

    def _fit(self, rows: Rows, rng: np.random.RandomState, whole: Whole | None = None) -> None:
        """Learn from documents or, in rounds of EM, from the whole of which they are a sample."""
        goes_on = self._goes_on
        rows = learnable(self, rows)
        if not goes_on:
            for name in (TOPIC_HISTORY, TOPIC_NAMES):
                self.__dict__.pop(name, None)
            warn_of_unused_columns(rows.counts)
            warn_of_few_documents(rows.n, self.num_topics)
        checkpoint = Checkpoint.of(self, rows, rng, whole)
        training, known = (self._resume(), {}) if goes_on else self._begin(rows, rng, whole)
        self._become(self._learn(training, rows, known, checkpoint, whole))

    def _become(self, fitted: dict[str, Any]) -> None:
        """Have the attributes of a fit, and none that only a former one had."""
        for name in OPTIONAL:
            self.__dict__.pop(name, None)
        self.__dict__.update(fitted)

    def _begin(
        self, rows: Rows, rng: np.random.RandomState, whole: Whole | None = None
    ) -> tuple[Training, dict[str, Any]]:
        """A model in training on documents with a token each, and fitted attributes that are known already."""
        if not rows.n:
            raise ValueError(
                f"X holds no token: every row that {type(self).__name__} got is empty. Pass counts with at least one "
                "non-zero; check the vectorizer's vocabulary, min_df and stop_words."
            )
        counts = None if whole is None else whole.word_counts
        seeds = seeds_of(self, rows, counts)
        with beside() as thread:  # importing JAX takes as long
            importing = thread.submit(importlib.import_module, "sklearn_etm._engine.loop")
            sizes = self.num_topics, self._n_features, self._corpus_vector_size
            start = _start.start(rows, *sizes, rng, counts, seeds, spares_topic=self._spares_topic)
            importing.result()
        from .._engine.loop import Training
        from .._engine.problem import Problem

        topic, known = self._topic_start(start, rng)
        if (names := names_of_topics(self)) is not None:
            known = {**known, TOPIC_NAMES: names}
        document, features, hidden = self._document_start(), self._first_features(start), self._encoder_size()
        problem = Problem.begin(topic, document, self._decoder(), hidden, start.unigram, features, start.seeds)
        trainer = self._trainer(problem, rng)
        return Training.begun(trainer, topic.parameters, document.loc_scale, rng), known

    def _resume(self) -> Training:
        """The model in training where it stopped."""
        from .._engine.loop import Training
        from .._engine.problem import Problem

        self._check_goes_on()
        state = self._state
        problem = Problem.from_plain(state.spec, state.constants, self._features())
        return Training.resumed(self._trainer(problem, None), state)

    def _check_goes_on(self) -> None:
        """Raise where the model cannot be trained further as it is now."""
        if not hasattr(self, "_state"):
            raise ValueError(
                f"This {type(self).__name__} is slim: it has not what training goes on from. Go on with the model that "
                "slim() was called on, or fit anew: with warm_start=False, or on a clone."
            )
        held_then = _comparable(formats.defaults(type(self))) | self._held  # which may be older than a parameter
        for name, now in self._held_now().items():
            if now != (held := held_then[name]):
                raise ValueError(
                    f"{name} is {now!r}, but the model in training has {held!r}. "
                    f"Set {name} back, or fit anew: with warm_start=False, or on a clone."
                )

    def _held_now(self) -> dict[str, Any]:
        """Values of the parameters that cannot change while the model is in training, comparable after pickling."""
        return _comparable({name: v for name, v in self.get_params(deep=False).items() if name in HELD})

    def _learn(
        self,
        training: Training,
        rows: Rows,
        known: dict[str, Any],
        checkpoint: Checkpoint | None,
        whole: Whole | None,
    ) -> dict[str, Any]:
        """Fitted attributes after passes and rounds over documents."""
        from .._engine import loop

        rows, held_out = self._validation_split(rows, training.rng)
        score = None if held_out is None else lambda model: self._score_of(model, held_out)
        plan = self._plan(score)
        reporter = FitReporter(self, rows.counts, plan.n_steps)

        def n_seen(in_round: bool) -> float:
            return whole.n_documents if whole is not None and in_round else rows.total

        def attributes(fit: Fit) -> dict[str, Any]:
            of_shards = {} if whole is None else {OF_SHARDS: whole.n_skipped}
            return self._fitted_attributes(fit, n_seen(fit.state.counts is not None)) | known | of_shards

        def observe(label: str, losses: PassLosses | None, so_far: Callable[[], Fit]) -> bool:
            described = "" if losses is None else self._describe(losses)
            return reporter.step(label, described, n_seen(losses is None), lambda: attributes(so_far()))

        try:
            fit = loop.fit(training, rows, plan, observe, checkpoint, whole)
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(self._how_to_go_on(checkpoint)) from interrupt
        if fit.was_interrupted:
            warn(
                f"The fit was interrupted after {len(fit.losses)} of {self.max_iter} passes: this is what was learned "
                f"until then. {self._how_to_go_on(checkpoint)}"
            )
        fit = self._finished(fit, rows, 1.0)
        self._warn(fit, rows)
        fitted = attributes(fit)
        reporter.end(lambda: fitted)
        if checkpoint is not None and not fit.was_interrupted:
            checkpoint.remove()
        return fitted

    def _how_to_go_on(self, checkpoint: Checkpoint | None) -> str:
        """What somebody can do who has interrupted a fit."""
        if checkpoint is not None:
            return f"fit with the same data and parameters goes on from the last pass, kept in {self.checkpoint_dir}."
        return (
            'With checkpoint_dir="some folder", fit goes on where it was interrupted; with on_interrupt="keep" the '
            "estimator keeps what was learned until then. Without either it stays as it was before."
        )

    def _learn_batch(self, training: Training, rows: Rows, known: dict[str, Any]) -> dict[str, Any]:
        """Fitted attributes after one more batch of a stream."""
        from .._engine import loop

        seen = getattr(self, "n_samples_seen_", 0)
        fit = self._finished(loop.stream(training, rows, self._plan(), seen), rows, rows.total / (seen + rows.total))
        return self._fitted_attributes(fit, seen + rows.total) | known

    def _plan(self, score: Callable[[TopicModel], float] | None = None) -> Plan:
        from .._engine.loop import Plan

        return Plan(
            max_iter=self.max_iter,
            rounds=self._rounds,
            joint=self._joint,
            batch_size=self._batch_size_for,
            learning_rate=self.learning_rate,
            separation=self.separation,
            likelihood=self.likelihood,
            tol=self.tol,
            n_iter_no_change=self.n_iter_no_change,
            score=score,
            keeps_interrupted=self.on_interrupt == "keep",
        )

    def _describe(self, losses: PassLosses) -> str:
        """A pass in a line."""
        return f"ELBO {-losses.loss:.1f} (reconstruction {-losses.reconstruction:.1f}, KL {losses.kl:.1f})"

    def _fitted_attributes(self, fit: Fit, n_seen: float) -> dict[str, Any]:
        seeds = fit.state.constants["topics"].get(SEEDS)
        return {
            **({} if seeds is None else {SEED_RANK: mean_ranks(fit.model.components, seeds.T > 0)}),
            "components_": fit.model.components,
            **fit.model.prior.attributes(),
            **fit.attributes,
            "n_iter_": len(fit.losses),
            "loss_curve_": [losses.loss for losses in fit.losses],
            "reconstruction_curve_": [losses.reconstruction for losses in fit.losses],
            "kl_curve_": [losses.kl for losses in fit.losses],
            "n_samples_seen_": n_seen,
            "_model": fit.model,
            "_state": fit.state,
            "_held": self._held_now(),
        }

    def _concentration(self) -> np.ndarray:
        """Dirichlet concentrations of the prior to start from, (K,)."""
        given = np.asarray(self.doc_topic_prior, dtype=np.float64)
        if given.ndim and len(given) != self.num_topics:
            raise ValueError(
                f"doc_topic_prior has {len(given)} concentrations, but num_topics is {self.num_topics}. "
                "Pass one for each topic, or a single number for all."
            )
        return np.full(self.num_topics, given) if given.ndim == 0 else given

    def _batch_size_for(self, n_documents: int) -> int:
        if self.batch_size != "auto":
            return self.batch_size
        return int(np.clip(1 << max(n_documents // 16, 1).bit_length(), 32, 1024))

    def _validation_split(self, rows: Rows, rng: np.random.RandomState) -> tuple[Rows, Rows | None]:
        if not self.early_stopping:
            return rows, None
        n = int(np.ceil(self.validation_fraction * rows.n))
        if n >= rows.n:
            raise ValueError(
                f"early_stopping holds out {n} of {rows.n} documents with validation_fraction="
                f"{self.validation_fraction}: none is left to learn from. Lower it, or pass early_stopping=False."
            )
        order = rng.permutation(rows.n)
        trained, held_out = rows.of(np.sort(order[n:])), rows.of(np.sort(order[:n]))
        if not completion_split(held_out.counts)[1].nnz:
            raise ValueError(
                f"early_stopping holds out {n} documents to score, and none of them has two tokens. "
                "Raise validation_fraction, or pass early_stopping=False."
            )
        return trained, held_out

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

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> theta = model.transform(X[:2])
        >>> theta.shape, theta.sum(axis=1).round(6).tolist()
        ((2, 3), [1.0, 1.0])
        """
        check_is_fitted(self)
        return self._topics_of(check_rows(self, X, None, "transform"))

    def _topics_of(self, rows: Rows) -> np.ndarray:
        return self._proportions(self._model, rows).astype(rows.counts.dtype, copy=False)

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

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> model.inverse_transform([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]).shape
        (2, 60)
        """
        check_is_fitted(self)
        X = X.toarray() if sp.issparse(X) else np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.components_.shape[0]:
            raise ValueError(
                f"X must be of shape (n_samples, {self.components_.shape[0]}), one column a topic, "
                f"as transform returns it; got {X.shape}."
            )
        return self._word_distributions(self._model, X)

    def _word_distributions(self, model: TopicModel, theta: np.ndarray) -> np.ndarray:
        return theta @ model.components

    def _log_likelihood(self, model: TopicModel, theta: np.ndarray, X: sp.csr_array) -> np.ndarray:
        return completion_log_likelihood(theta, model.components, X)

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

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> model.score_samples(X[:5]).shape
        (5,)
        """
        check_is_fitted(self)
        return self._completion(self._model, check_rows(self, X, None, "score_samples")).log_likelihood

    @np.errstate(under="ignore")
    def score(self, X, y=None, sample_weight=None):
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
        sample_weight : array-like of shape (n_samples,), default=None
            How often each document counts; once where it is None.

        Returns
        -------
        score : float
            In nats per token; equals ``-log(perplexity(X))``.

        Raises
        ------
        ValueError
            If no document has two tokens.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> bool(model.score(X) > -np.log(60))  # better than any of the 60 words alike
        True
        """
        check_is_fitted(self)
        return self._score_of(self._model, check_rows(self, X, sample_weight, "score"))

    def perplexity(self, X, sample_weight=None):
        """Document-completion perplexity per token, ``exp(-score(X))``; lower is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        sample_weight : array-like of shape (n_samples,), default=None
            How often each document counts; once where it is None.

        Returns
        -------
        perplexity : float

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> bool(np.isclose(model.perplexity(X), np.exp(-model.score(X))))
        True
        """
        return float(np.exp(-self.score(X, sample_weight=sample_weight)))

    def _completion(self, model: TopicModel, rows: Rows) -> Completion:
        observed, heldout = completion_split(rows.counts)
        theta = self._proportions(model, rows._replace(counts=observed))
        answerable = np.diff(observed.indptr) > 0
        heldout = sp.csr_array(sp.diags_array(answerable.astype(observed.dtype)) @ heldout)
        return Completion(self._log_likelihood(model, theta, heldout), row_sums(heldout))

    def _score_of(self, model: TopicModel, rows: Rows) -> float:
        weights = 1.0 if rows.weights is None else rows.weights
        log_likelihood, n_tokens = (float((weights * one).sum()) for one in self._completion(model, rows))
        if not n_tokens:
            raise ValueError(
                "score needs a document of at least two tokens: X has none, so that nothing can be held out."
            )
        return log_likelihood / n_tokens

    def _check_parameters(self) -> None:
        """Raise before anything is computed."""
        kinds.check_parameters(self, self._kinds)
        self._concentration()
        check_seeds(self)


def _generator(random_state: Any) -> np.random.RandomState:
    """A generator of our own: NumPy's global one is neither read nor moved."""
    if random_state is None:
        return np.random.RandomState()
    return np.random.RandomState(check_random_state(random_state).randint(2**31 - 1))


def _comparable(values: dict[str, Any]) -> dict[str, Any]:
    """Parameters whose arrays and tuples are lists, and whose dicts are lists of pairs, in their order."""
    lists = {name: np.asarray(v).tolist() for name, v in values.items() if isinstance(v, list | tuple | np.ndarray)}
    pairs = {name: [[key, list(held)] for key, held in v.items()] for name, v in values.items() if isinstance(v, dict)}
    return values | lists | pairs
