"""Logistic-Normal Topic Model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .._start import Start
from . import parameters as kinds
from .correlated_mixture import CorrelatedMixtureModel

if TYPE_CHECKING:
    from .._engine.topics import TopicStart


class LNTMTransformer(CorrelatedMixtureModel):
    r"""Logistic-Normal Topic Model: free topics, logistic-normal topic proportions.

    .. math::
        z_d \sim \mathcal{N}(\mu, \mathrm{diag}(\sigma^2)), \quad \theta_d = \mathrm{softmax}(z_d), \quad
        \beta_k = \mathrm{softmax}(m + b_k), \quad x_d \sim \mathrm{Multinomial}(N_d, \theta_d \beta)

    with :math:`m` the log unigram distribution and :math:`b_k \sim \mathcal{N}(0, \delta^2)`. Topics and an encoder for
    the posterior of :math:`z_d` are learned by stochastic variational inference; rounds of EM then sharpen the topics.

    Parameters
    ----------
    num_topics : int, default=20
        Number of topics K.
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
        Standard deviation :math:`\delta` of the prior of topic logits.
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
        or by its number. Words are names of columns, those of a `NamedVectorizer` or a data frame; integers are
        columns of ``X``. Topic 0 cannot be seeded where it is the background.
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
    ETMTransformer : Topics made of word vectors.
    MonteCarloLNTMTransformer : The same model, learned by Monte-Carlo EM without an encoder.
    ProdLDATransformer : Documents that are products of topics, not mixtures.
    sklearn.decomposition.LatentDirichletAllocation : LDA by variational Bayes.

    Notes
    -----
    JAX is imported when an estimator is fitted, not before; `transform` and `score` use NumPy and SciPy only, and a
    fitted estimator holds nothing else.

    References
    ----------
    Blei and Lafferty, "A correlated topic model of Science", Annals of Applied Statistics, 2007.
    Srivastava and Sutton, "Autoencoding variational inference for topic models", ICLR 2017.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> model.transform(X).shape
    (300, 3)
    >>> model.components_.shape
    (3, 60)
    >>> model.perplexity(X) < 60
    True
    """

    _kinds: ClassVar[dict[str, kinds.Kind]] = {**CorrelatedMixtureModel._kinds, "topic_prior_scale": kinds.POSITIVE}

    def __init__(
        self,
        num_topics: int = 20,
        *,
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

    def _topic_start(self, start: Start, rng: np.random.RandomState) -> tuple[TopicStart, dict[str, Any]]:
        from .._engine.topics import FreeTopics

        return FreeTopics.begin(start, self.topic_prior_scale), {}
