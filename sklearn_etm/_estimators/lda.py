"""Latent Dirichlet allocation with an encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils.metaestimators import available_if

from .._start import Start
from . import parameters as kinds
from .encoded import MixtureTopicModel

if TYPE_CHECKING:
    from .._engine.documents import DocumentStart
    from .._engine.topics import TopicStart


def _has_normal_proportions(model: AmortizedLDATransformer) -> bool:
    """Whether topic proportions are a softmax of normals; else an AttributeError says what to do."""
    if model.doc_topic_family != "logistic_normal":
        raise AttributeError(
            "This is of topic proportions that are a softmax of normals, and this model has Dirichlet ones: fit with "
            'doc_topic_family="logistic_normal".'
        )
    return True


class AmortizedLDATransformer(MixtureTopicModel):
    r"""Latent Dirichlet allocation whose documents are inferred by an encoder.

    .. math::
        \theta_d \sim \mathrm{Dir}(a), \quad \beta_k \sim \mathrm{Dir}(\eta), \quad
        x_d \sim \mathrm{Multinomial}(N_d, \theta_d \beta)

    Topics have a variational Dirichlet, :math:`q(\beta_k) = \mathrm{Dir}(\lambda_k)`; an encoder gives documents a
    logistic normal, or a Dirichlet, :math:`q(\theta_d) = \mathrm{Dir}(\exp f(x_d))`. Stochastic variational inference
    learns both, on the bound of variational Bayes, :math:`\log \sum_k \theta_{dk} \exp \mathrm{E}[\log \beta_{kv}]`;
    rounds of EM then sharpen the topics. ``separation`` and smoothing are added to the model; ``separation=0,
    em_iter=0`` is LDA alone.

    Parameters
    ----------
    num_topics : int, default=20
        Number of topics K.
    doc_topic_prior : float or array-like of shape (num_topics,), default=0.1
        Concentration :math:`a`, of each topic where they differ; smaller means fewer topics in a document. A fifth of
        it is the number of tokens of each topic that it weighs in `transform`.
    topic_word_prior : float, default=0.01
        Concentration :math:`\eta`; smaller means fewer words in a topic.
    doc_topic_family : {"logistic_normal", "dirichlet"}, default="logistic_normal"
        Family of the posterior of topic proportions. "logistic_normal" replaces the prior as well, by Laplace
        approximation. "dirichlet" keeps it, with gradients by implicit reparameterisation; a fit takes about four
        times as long.
    learn_prior : bool, default=False
        Whether :math:`a` is learned by maximum likelihood; it starts at ``doc_topic_prior``. Of a logistic normal,
        mean and scale are learned.
    likelihood : {"multinomial", "poisson"}, default="multinomial"
        "poisson" takes counts as independent with the rates :math:`N_d \theta_d \beta`, which add up to the length of
        the document. Given the lengths that is the multinomial: the topics are the same to rounding, the
        log-likelihoods have the probability of the lengths and orders of words besides.
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
        Topics, the means of :math:`q(\beta_k)`: rows are distributions over words, they sum to 1.
    topic_concentrations_ : ndarray of shape (num_topics, n_features)
        :math:`\lambda`.
    doc_topic_prior_ : ndarray of shape (num_topics,)
        Concentrations :math:`a`. With ``doc_topic_family="logistic_normal"`` those that it matches; its mean and scale
        are ``doc_topic_prior_mean_`` and ``doc_topic_prior_scale_``.
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
    LNTMTransformer : Free topics without a prior on words, a logistic normal on documents.
    sklearn.decomposition.LatentDirichletAllocation : LDA by variational Bayes without an encoder.

    Notes
    -----
    JAX is imported when an estimator is fitted, not before; `transform` and `score` use NumPy and SciPy only, and a
    fitted estimator holds nothing else.

    References
    ----------
    Blei, Ng and Jordan, "Latent Dirichlet allocation", Journal of Machine Learning Research, 2003.
    Figurnov, Mohamed and Mnih, "Implicit reparameterization gradients", NeurIPS 2018.
    Srivastava and Sutton, "Autoencoding variational inference for topic models", ICLR 2017.

    Examples
    --------
    >>> from sklearn_etm import AmortizedLDATransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = AmortizedLDATransformer(num_topics=3, random_state=0).fit(X)
    >>> model.transform(X).shape
    (300, 3)
    >>> model.components_.shape
    (3, 60)
    >>> model.perplexity(X) < 60
    True
    """

    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **MixtureTopicModel._kinds,
        "topic_word_prior": kinds.POSITIVE,
        "doc_topic_family": kinds.one_of("dirichlet", "logistic_normal"),
    }

    def __init__(
        self,
        num_topics: int = 20,
        *,
        doc_topic_prior: float | Sequence[float] = 0.1,
        topic_word_prior: float = 0.01,
        doc_topic_family: str = "logistic_normal",
        learn_prior: bool = False,
        likelihood: str = "multinomial",
        topic_smoothing: float = 1000.0,
        background: bool | str = "auto",
        seed_words: Mapping[Any, Sequence[Any]] | None = None,
        seed_strength: float = 0.3,
        separation: float = 1.0,
        encoder_features: int = 100,
        hidden_layer_sizes: Sequence[int] = (200,),
        max_iter: int = 12,
        em_iter: int = 5,
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
        self.topic_word_prior = topic_word_prior
        self.doc_topic_family = doc_topic_family
        self.learn_prior = learn_prior
        self.likelihood = likelihood
        self.topic_smoothing = topic_smoothing
        self.background = background
        self.seed_words = seed_words
        self.seed_strength = seed_strength
        self.separation = separation
        self.encoder_features = encoder_features
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.em_iter = em_iter
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
        from .._engine.topics import DirichletTopics

        return DirichletTopics.begin(start, self.topic_word_prior), {}

    def _document_start(self) -> DocumentStart:
        from .._engine.documents import DirichletDocuments

        if self.doc_topic_family == "logistic_normal":
            return super()._document_start()
        return DirichletDocuments.begin(self._concentration(), bool(self.learn_prior))

    encode = available_if(_has_normal_proportions)(MixtureTopicModel.encode)
    log_marginal_likelihood = available_if(_has_normal_proportions)(MixtureTopicModel.log_marginal_likelihood)
