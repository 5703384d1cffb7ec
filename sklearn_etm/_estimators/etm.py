"""Embedded Topic Model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from .._fitted.plain import CLASS, class_of
from .._inputs.names import column_names
from .._start import Start
from ..embeddings._align import OOV, align
from ..embeddings._vectors import CutVectors
from . import parameters as kinds
from .correlated_mixture import CorrelatedMixtureModel
from .meaning import MeaningMixin
from .tables import cut, is_same_source, is_table, plain, remember, whole
from .word_space import WordSpace, is_learned, placed

if TYPE_CHECKING:
    from .._engine.topics import TopicStart


OF_THE_FIT = "embeddings of the fit"  # stands for them in a state that has cut them to the words of the model


class ETMTransformer(MeaningMixin, CorrelatedMixtureModel):
    r"""Embedded Topic Model: words and topics are vectors of one space.

    .. math::
        z_d \sim \mathcal{N}(\mu, \mathrm{diag}(\sigma^2)), \quad \theta_d = \mathrm{softmax}(z_d), \quad
        \beta_k = \mathrm{softmax}(m + \rho \alpha_k), \quad x_d \sim \mathrm{Multinomial}(N_d, \theta_d \beta)

    with :math:`m` the log unigram distribution, :math:`\rho` the word vectors and :math:`\alpha_k \sim \mathcal{N}(0,
    \delta^2)` the topic vectors. Topics and an encoder for the posterior of :math:`z_d` are learned by stochastic
    variational inference; rounds of EM then sharpen the topics.

    Parameters
    ----------
    num_topics : int, default=20
        Number of topics K.
    embeddings : array-like, mapping, str or path-like, callable, or None, default=None
        Word vectors. None learns them together with the topics; "corpus" learns them from the counts before, as
        `sklearn_etm.embeddings.corpus_vectors` does. Vectors given are looked up by the words of the columns in each
        fit: a mapping from words to vectors (a dict, `sklearn_etm.embeddings.WordVectors`, gensim's ``KeyedVectors``),
        the path of a file (text or binary of GloVe, word2vec or fastText, ``.npz``, ``.safetensors``: see
        `sklearn_etm.embeddings.load_vectors`), a data frame with words as its index or as a column, or a callable from
        a list of words to an array. An array is taken to be aligned with the columns of ``X``. Clones share a table;
        a path stays a path. What is pickled of a fitted model is small: of a table, the vectors of its own words. Where
        an estimator lives in the process that loads it and holds the table, as with ``Pipeline(memory=...)`` and the
        results of ``cross_validate(return_estimator=True)``, the model takes it again. Elsewhere a fit to words that
        the model was not fitted to raises a ValueError, until ``embeddings`` is set to a table again.
    vocabulary : sequence of str, or mapping from words to columns, optional
        The word of each column, where ``X`` does not tell: counts of a `NamedVectorizer` and data frames do. Either
        ``vectorizer.get_feature_names_out()`` or ``vectorizer.vocabulary_``.
    train_embeddings : bool, default=True
        Whether word vectors given move in training, held by a normal prior around them. Where ``embeddings`` is None
        they always do.
    oov : {"mean", "random", "subword"}, default="mean"
        Vectors of words that ``embeddings`` has none for: see `sklearn_etm.embeddings.align_embeddings`.
    center_embeddings : bool, default=False
        Whether the mean of the vocabulary's vectors is subtracted from those given. Topics are the same for any such
        constant but for the priors; what `nearest_words` finds is not.
    normalize_embeddings : bool, default=False
        Whether vectors given, centred or not, are scaled to unit length.
    embedding_size : int, default=50
        Dimension L of the vectors where ``embeddings`` is None or "corpus".
    doc_topic_prior : float or array-like of shape (num_topics,), default=0.1
        Concentration of the Dirichlet that the prior of topic proportions matches, of each topic where they differ;
        smaller means fewer topics in a document. A fifth of it is the number of tokens of each topic that it weighs
        in `transform`.
    learn_prior : bool, default=False
        Whether mean and scale of the prior of :math:`z_d` are learned by maximum likelihood; they start where they
        match ``doc_topic_prior``.
    covariance : {"diagonal", "full", "low_rank"}, default="diagonal"
        Whether topics correlate. "full" and "low_rank" learn mean and covariance of the prior of :math:`z_d` by maximum
        likelihood when the topics are known, from at most 5,000 documents; `transform` then takes the mean of the
        encoder's refined answer and of the posterior under that prior.
    rank : int, default=10
        Number of axes that correlated topics share with ``covariance="low_rank"``; each has a variance of its own
        besides.
    covariate_penalty : float, default=10.0
        How strongly effects of covariates are drawn to 0: as by so many documents that show none.
    covariate_columns : None, sequence of int, slice or str, default=None
        Columns of ``X`` that are covariates, not words: for pipelines and searches in which a `ColumnTransformer` puts
        both side by side. Indices may count from the end, -1 is the last; a str is what the names of the columns begin
        with, as in ``"numbers__"``.
    likelihood : {"multinomial", "poisson"}, default="multinomial"
        "poisson" takes counts as independent with the rates :math:`N_d \theta_d \beta`, which add up to the length of
        the document. Given the lengths that is the multinomial: the topics are the same to rounding, the
        log-likelihoods have the probability of the lengths and orders of words besides.
    topic_prior_scale : float, default=10.0
        Standard deviation :math:`\delta` of the prior of topic vectors.
    topic_smoothing : float, default=1000.0
        Number of tokens that the topics found by SVI weigh in each round of EM, at most a quarter of the tokens of an
        average topic. More keeps topics smoother, less lets them follow the counts.
    background : bool or "auto", default="auto"
        Whether topic 0 is what all documents say, so that the others need not. It begins as the corpus when the rounds
        of EM begin; a document's share of it has a prior of its own, which weighs 100 tokens, and is never its largest.
        "auto" spares a topic for it where ``num_topics`` is 10 or more.
    seed_words : dict, default=None
        Words that topics are to be about, ``{"weapons": ["gun", "ammo"], 3: ["car", "engine"]}``: where they start, no
        lists to keep to. A topic is called by a name of yours, and gets the next free number from 1 on (0 comes last),
        or by its number. Words are names of columns, those of a `NamedVectorizer` or a data frame, or in
        ``vocabulary``; integers are columns of ``X``. Topic 0 cannot be seeded where it is the background.
    seed_strength : float, default=0.3
        How strongly topics are held to their seeds: a topic is given tokens of each, in all passes and rounds, of so
        many times the number that the corpus has.
    separation : float, default=1.0
        How strongly topics are kept apart: 0 is maximum likelihood; more makes topics more distinct and coherent at
        the cost of some perplexity. In SVI it weighs, per token, the mean divergence of the topics from their average;
        in EM it takes from a topic's counts those of words that are common in other topics.
    encoder_features : int, default=100
        Number of features of a document that the encoder reads: the means over its words of vectors learned from the
        counts (singular vectors of positive pointwise mutual information).
    hidden_layer_sizes : sequence of int, default=(200,)
        Widths of the encoder's hidden layers.
    max_iter : int, default=12
        Passes of stochastic variational inference over the documents.
    em_iter : int, default=5
        Rounds of expectation-maximisation over all documents after them, which sharpen the topics; 0 for none.
    joint_iter : int, default=0
        Rounds of EM of maximum likelihood after those, in which topics are learned beside their correlations and the
        effects of covariates, as R's stm learns them; only with either. For effects that are to be right to a few per
        cent, 60, say: topics are then what explains the words best, as with ``separation=0``, and less coherent.
    transform_iter : int, default=3
        Steps of EM by which `transform` refines the encoder's answer for each document; 0 for the encoder alone.
    batch_size : int or "auto", default="auto"
        Documents in a step. "auto" takes a sixteenth to an eighth of the documents, from 32 to 1024.
    learning_rate : float, default=0.02
        Of Adam, in the first step; it falls linearly to a fiftieth at ``max_iter``. In `partial_fit` it falls with the
        square root of the number of documents seen.
    early_stopping : bool, default=False
        Hold out a share of the documents and stop when `score` on them no longer improves. Without, training stops
        when the training loss no longer improves.
    validation_fraction : float, default=0.1
        Share of the documents that ``early_stopping`` holds out.
    n_iter_no_change : int, default=10
        Number of passes without an improvement of more than ``tol`` after which training stops.
    tol : float, default=1e-4
        What counts as an improvement: in nats per document of loss or, with ``early_stopping``, nats per token of
        score.
    warm_start : bool, default=False
        Whether `fit` goes on from the former fit.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, batches and noise. The same int gives the same numbers to the bit on the same
        machine with the same versions. None draws a fresh seed; NumPy's global generator is never touched.
    checkpoint_dir : str, path-like or None, default=None
        Folder in which `fit` keeps where it is after each pass, so that one which was killed goes on from there when it
        is called again with the same data and parameters, to the same numbers. The file goes when the fit ends.
    on_interrupt : {"raise", "keep"}, default="raise"
        What Ctrl-C does to `fit` after the first pass: "keep" fits the estimator with what was learned until then, with
        a warning; "raise" leaves it as it was.
    verbose : int, default=0
        Print a line after each pass: ELBO, documents per second, time left.

    Attributes
    ----------
    components_ : ndarray of shape (num_topics, n_features)
        Topics :math:`\beta`: rows are distributions over words, they sum to 1.
    word_embeddings_ : ndarray of shape (n_features, L)
        Word vectors :math:`\rho`, in the space of those given, centred and normalised where that was asked for.
    topic_embeddings_ : ndarray of shape (num_topics, L)
        Topic vectors :math:`\alpha`, in the space of the word vectors.
    embedding_coverage_ : float
        Share of words that ``embeddings`` had a vector for; 0 where it is None.
    doc_topic_prior_mean_, doc_topic_prior_scale_ : ndarray of shape (num_topics,)
        Mean and scale of the prior of :math:`z_d`.
    doc_topic_prior_ : ndarray of shape (num_topics,)
        Concentrations of the Dirichlet that matches it.
    topic_covariance_, topic_correlation_ : ndarray of shape (num_topics, num_topics)
        Of the prior of :math:`z_d`, where it was learned: with ``covariance="full"`` or "low_rank", or covariates. The
        background, where there is one, correlates with no topic.
    covariate_effects_ : ndarray of shape (n_covariates, num_topics)
        What a unit of each covariate adds to :math:`z_d`; each row sums to 0. For shares of topics, with intervals, see
        `sklearn_etm.inspection.estimate_effect`.
    word_columns_ : ndarray of int
        With ``covariate_columns``, the columns of ``X`` that are words; others are covariates.
    covariate_names_ : ndarray of str
        Names of the covariates, where `fit` had any: those of the columns of a data frame, or c0, c1, ...
    background_topic_ : int or None
        0 where topic 0 is the background, else None.
    topic_names_ : list of str and None
        Names that ``seed_words`` has given topics, where it has: they are columns of data frames and labels, too.
    seed_rank_ : ndarray of shape (num_topics,)
        With ``seed_words``, mean rank of its seeds among the words of a topic: 1 is the most probable word; NaN for
        others.
    loss_curve_ : list of float
        Negative ELBO after each pass, in nats per document: the sum of the next two.
    reconstruction_curve_ : list of float
        Expected negative log-likelihood of the counts, in nats per document.
    kl_curve_ : list of float
        KL divergence of the posterior of topic proportions from their prior, in nats per document. It is near 0 when
        the posterior has collapsed.
    n_iter_ : int
        Number of passes of SVI.
    n_samples_seen_ : int
        Number of documents, with a token, of the last `fit` and each `partial_fit` after it.
    n_features_in_ : int
        Number of columns of ``X``.
    feature_names_in_ : ndarray of str
        Names of the columns, where ``X`` was a DataFrame with names of type str, or counts of a `NamedVectorizer`.

    See Also
    --------
    LNTMTransformer : The same with free topics.
    NamedVectorizer : Lets a pipeline look up word vectors by name.
    sklearn_etm.embeddings.align_embeddings : How word vectors are matched with columns.

    Notes
    -----
    JAX is imported when an estimator is fitted, not before; `transform` and `score` use NumPy and SciPy only, and a
    fitted estimator holds nothing else.

    References
    ----------
    Dieng, Ruiz and Blei, "Topic modeling in embedding spaces", Transactions of the ACL, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_etm import ETMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> vectors = np.random.default_rng(0).normal(size=(60, 10))
    >>> model = ETMTransformer(num_topics=3, embeddings=vectors, random_state=0).fit(X)
    >>> model.transform(X).shape, model.topic_embeddings_.shape
    ((300, 3), (3, 10))

    In a pipeline, by name:

    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm import NamedVectorizer
    >>> vectors = {"star": [1.0, 0.1], "moon": [0.9, 0.0], "goal": [0.0, 1.0], "team": [0.2, 0.9]}
    >>> pipeline = make_pipeline(NamedVectorizer(), ETMTransformer(num_topics=2, embeddings=vectors, random_state=0))
    >>> texts = ["star moon moon", "team goal goal", "moon star", "goal team team"] * 10
    >>> pipeline.fit(texts)[-1].nearest_words("moon", 1)
    [('star', ...)]
    """

    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **CorrelatedMixtureModel._kinds,
        "embeddings": kinds.ANY,
        "vocabulary": kinds.ANY,
        "train_embeddings": kinds.FLAG,
        "oov": kinds.one_of(*OOV),
        "center_embeddings": kinds.FLAG,
        "normalize_embeddings": kinds.FLAG,
        "embedding_size": kinds.COUNT,
        "topic_prior_scale": kinds.POSITIVE,
    }

    def __init__(
        self,
        num_topics: int = 20,
        *,
        embeddings: Any = None,
        vocabulary: Sequence[str] | None = None,
        train_embeddings: bool = True,
        oov: str = "mean",
        center_embeddings: bool = False,
        normalize_embeddings: bool = False,
        embedding_size: int = 50,
        doc_topic_prior: float | Sequence[float] = 0.1,
        learn_prior: bool = False,
        covariance: str = "diagonal",
        rank: int = 10,
        covariate_penalty: float = 10.0,
        covariate_columns: Any = None,
        likelihood: str = "multinomial",
        topic_prior_scale: float = 10.0,
        topic_smoothing: float = 1000.0,
        background: bool | str = "auto",
        seed_words: Mapping[Any, Sequence[Any]] | None = None,
        seed_strength: float = 0.3,
        separation: float = 1.0,
        encoder_features: int = 100,
        hidden_layer_sizes: Sequence[int] = (200,),
        max_iter: int = 12,
        em_iter: int = 5,
        joint_iter: int = 0,
        transform_iter: int = 3,
        batch_size: int | str = "auto",
        learning_rate: float = 0.02,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        checkpoint_dir: Any = None,
        on_interrupt: str = "raise",
        verbose: int = 0,
    ):
        self.num_topics = num_topics
        self.embeddings = embeddings
        self.vocabulary = vocabulary
        self.train_embeddings = train_embeddings
        self.oov = oov
        self.center_embeddings = center_embeddings
        self.normalize_embeddings = normalize_embeddings
        self.embedding_size = embedding_size
        self.doc_topic_prior = doc_topic_prior
        self.learn_prior = learn_prior
        self.covariance = covariance
        self.rank = rank
        self.covariate_penalty = covariate_penalty
        self.covariate_columns = covariate_columns
        self.likelihood = likelihood
        self.topic_prior_scale = topic_prior_scale
        self.topic_smoothing = topic_smoothing
        self.background = background
        self.seed_words = seed_words
        self.seed_strength = seed_strength
        self.separation = separation
        self.encoder_features = encoder_features
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.em_iter = em_iter
        self.joint_iter = joint_iter
        self.transform_iter = transform_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.checkpoint_dir = checkpoint_dir
        self.on_interrupt = on_interrupt
        self.verbose = verbose

    # Word vectors of a fit, and what is kept of them

    @property
    def _corpus_vector_size(self) -> int:
        return self.embedding_size if is_learned(self.embeddings) else 0

    def __sklearn_clone__(self):
        """As scikit-learn clones, but the table of vectors is shared: there may be gigabytes of it."""
        bare = object.__new__(type(self))
        bare.__dict__.update(self.__dict__, embeddings=None)
        clone = super(ETMTransformer, bare).__sklearn_clone__()
        clone.embeddings = self.embeddings
        remember(self)
        remember(clone)
        return clone

    def _copy_with(self, **attributes: Any) -> Self:
        copy = super()._copy_with(**attributes)
        remember(copy)
        return copy

    def __getstate__(self):
        """A fitted model leaves the table where it is and takes the vectors of its own words, once."""
        state = super().__getstate__()
        space = getattr(self, "_space", None)
        if space is not None and space.table is not None:
            state["_space"] |= {"source": None, "table": plain(space.table)}
            if self.embeddings is space.source:
                state["embeddings"] = {CLASS: OF_THE_FIT}
        if isinstance(state.get("embeddings"), CutVectors):
            state["embeddings"] = {CLASS: CutVectors.__name__, **plain(self.embeddings)}
        return state

    def __setstate__(self, state):
        """The table is taken again where an estimator of this process has it."""
        super().__setstate__(state)
        space = getattr(self, "_space", None)
        if space is not None and space.table is not None:
            table = CutVectors(**space.table)
            self._space = replace(space, source=table, table=table)
        if (saved_as := class_of(self.embeddings)) == OF_THE_FIT:
            self.embeddings = self._space.source
        elif saved_as == CutVectors.__name__:
            self.embeddings = CutVectors(**{name: v for name, v in self.embeddings.items() if name != CLASS})
        vectors = self.embeddings
        if isinstance(vectors, CutVectors) and (table := whole(vectors)) is not None:
            self.embeddings = table
            remember(self)
            if hasattr(self, "_space") and self._space.source is vectors:
                self._space = replace(self._space, source=table)

    def _check_goes_on(self) -> None:
        super()._check_goes_on()
        space = self._space
        if not is_same_source(self.embeddings, space.source, space.table):
            raise ValueError(
                "embeddings is another source than at first, but the model in training has vectors of that one. "
                "Set embeddings back, or fit anew: with warm_start=False, or on a clone."
            )
        words = None if self.vocabulary is None else tuple(column_names(self.vocabulary, argument="vocabulary"))
        if space.words is not None and words is not None and words != space.words:
            raise ValueError(
                "vocabulary names other words than at first, whose vectors the model in training has. Set vocabulary "
                "back, or fit anew: with warm_start=False, or on a clone."
            )

    def _topic_start(self, start: Start, rng: np.random.RandomState) -> tuple[TopicStart, dict[str, Any]]:
        from .._engine.topics import EmbeddedTopics

        space, coverage = self._first_space(start, rng)
        learns_vectors = bool(self.train_embeddings or self.embeddings is None)
        topic = EmbeddedTopics.begin(start, space.given, space.unit, learns_vectors, self.topic_prior_scale)
        space = replace(space, given=topic.constants["rho"])  # one array for both
        return topic, {"embedding_coverage_": coverage, "_space": space}

    def _first_space(self, start: Start, rng: np.random.RandomState) -> tuple[WordSpace, float]:
        """Word vectors to start from, and the share of words that ``embeddings`` had one for."""
        remember(self)
        table = words = center = None
        normalize = False
        if self.embeddings is None:
            rho, coverage = _widened(start.projection, start.vectors, self.embedding_size, rng), 0.0
        elif is_learned(self.embeddings):
            rho, coverage = start.vectors[:, : self.embedding_size], 1.0
        else:
            words = self._words(len(start.unigram))
            rho, known = align(self.embeddings, words, len(start.unigram), self.oov, rng)
            coverage, normalize = float(known.mean()), self.normalize_embeddings
            if is_table(self.embeddings):
                table = cut(self.embeddings, words or (), known, rho)
            center = rho.mean(axis=0) if self.center_embeddings else None
        rho = placed(rho, center, normalize)
        unit = float(np.std(rho, dtype=np.float64)) or 1.0
        named = None if words is None or self.vocabulary is None else tuple(words)
        log_unigram = np.log(start.unigram).astype(np.float32)
        return WordSpace(self.embeddings, named, table, rho / unit, unit, center, normalize, log_unigram), coverage

    def _words(self, n_features: int) -> list[str] | None:
        """The word of each column that is one, where it is known."""
        named = super()._words(n_features)
        if self.vocabulary is None:
            return named
        words = column_names(self.vocabulary, argument="vocabulary")
        if named is not None and len(words) == n_features:
            for i, (word, name) in enumerate(zip(words, named, strict=True)):
                if word != name:
                    raise ValueError(
                        f"vocabulary and the names of the columns of X differ: column {i} is {name!r} in X and "
                        f"{word!r} in vocabulary. Leave vocabulary out: X names its columns."
                    )
        return words


def _widened(projection: np.ndarray, vectors: np.ndarray, size: int, rng: np.random.RandomState) -> np.ndarray:
    """``size`` columns: the projection's, then others of the vectors, then noise where there are too few."""
    known = np.concatenate([projection, vectors[:, projection.shape[1] :]], axis=1)[:, :size]
    noise = rng.normal(scale=known.std(), size=(len(known), max(size - known.shape[1], 0)))
    return np.concatenate([known, noise], axis=1).astype(np.float32)
