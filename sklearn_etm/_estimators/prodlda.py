"""Products of experts: ProdLDA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp
from sklearn.utils import gen_batches

from .._fitted.model import TopicModel
from .._numbers import BLOCK_FLOATS, softmax
from .._start import Start
from . import parameters as kinds
from .encoded import EncodedTopicModel

if TYPE_CHECKING:
    from .._engine.decoders import Decoder
    from .._engine.topics import TopicStart

TINY = np.float64(1e-300)  # below any probability of a word; double precision, whatever the topics have


class ProdLDATransformer(EncodedTopicModel):
    r"""ProdLDA: a document's words come from a product of experts.

    .. math::
        z_d \sim \mathcal{N}(\mu, \mathrm{diag}(\sigma^2)), \quad \theta_d = \mathrm{softmax}(z_d), \quad
        \beta_k = \mathrm{softmax}(m + b_k), \quad
        x_d \sim \mathrm{Multinomial}(N_d, \mathrm{softmax}(\theta_d \log \beta))

    with :math:`m` the log unigram distribution and :math:`b_k \sim \mathcal{N}(0, \delta^2)`. A product can be sharper
    than any topic, where the mixture :math:`\theta_d \beta` of `LNTMTransformer` cannot. It is learned by variational
    inference alone, without rounds of EM, and `transform` is the encoder's answer; a step costs time and memory with
    the size of the vocabulary. `inverse_transform` and `score` are of the product.

    Parameters
    ----------
    num_topics : int, default=20
        Number of topics K.
    doc_topic_prior : float or array-like of shape (num_topics,), default=0.1
        Concentration of the Dirichlet that the prior of topic proportions matches, of each topic where they differ;
        smaller means fewer topics in a document.
    learn_prior : bool, default=False
        Whether mean and scale of the prior of :math:`z_d` are learned by maximum likelihood; they start where they
        match ``doc_topic_prior``.
    topic_prior_scale : float, default=10.0
        Standard deviation :math:`\delta` of the prior of topic logits.
    seed_words : dict, default=None
        Words that topics are to be about, ``{"weapons": ["gun", "ammo"], 3: ["car", "engine"]}``: where they start, no
        lists to keep to. A topic is called by a name of yours, and gets the next free number from 1 on (0 comes last),
        or by its number. Words are names of columns, those of a `NamedVectorizer` or a data frame; integers are
        columns of ``X``.
    seed_strength : float, default=0.3
        How strongly topics are held to their seeds: a topic is given tokens of each, in all passes, of so many times
        the number that the corpus has.
    separation : float, default=1.0
        How strongly topics are kept apart: 0 is maximum likelihood; more makes topics more distinct and coherent at
        the cost of some perplexity. It weighs, per token, the mean divergence of the topics from their average.
    encoder_features : int, default=100
        Number of features of a document that the encoder reads: the means over its words of vectors learned from the
        counts (singular vectors of positive pointwise mutual information).
    hidden_layer_sizes : sequence of int, default=(200,)
        Widths of the encoder's hidden layers.
    max_iter : int, default=15
        Passes of stochastic variational inference over the documents.
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
        Topics :math:`\beta`, the experts: rows are distributions over words, they sum to 1.
    doc_topic_prior_mean_, doc_topic_prior_scale_ : ndarray of shape (num_topics,)
        Mean and scale of the prior of :math:`z_d`.
    doc_topic_prior_ : ndarray of shape (num_topics,)
        Concentrations of the Dirichlet that matches it.
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
    LNTMTransformer : Documents that are mixtures of topics.

    Notes
    -----
    JAX is imported when an estimator is fitted, not before; `transform` and `score` use NumPy and SciPy only, and a
    fitted estimator holds nothing else.

    References
    ----------
    Srivastava and Sutton, "Autoencoding variational inference for topic models", ICLR 2017.

    Examples
    --------
    >>> from sklearn_etm import ProdLDATransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = ProdLDATransformer(num_topics=3, random_state=0).fit(X)
    >>> model.transform(X).shape
    (300, 3)
    >>> model.components_.shape
    (3, 60)
    >>> model.perplexity(X) < 60
    True
    """

    _kinds: ClassVar[dict[str, kinds.Kind]] = {**EncodedTopicModel._kinds, "topic_prior_scale": kinds.POSITIVE}
    likelihood = "multinomial"
    _is_mixture: ClassVar[bool] = False

    def __init__(
        self,
        num_topics: int = 20,
        *,
        doc_topic_prior: float | Sequence[float] = 0.1,
        learn_prior: bool = False,
        topic_prior_scale: float = 10.0,
        seed_words: Mapping[Any, Sequence[Any]] | None = None,
        seed_strength: float = 0.3,
        separation: float = 1.0,
        encoder_features: int = 100,
        hidden_layer_sizes: Sequence[int] = (200,),
        max_iter: int = 15,
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
        self.topic_prior_scale = topic_prior_scale
        self.seed_words = seed_words
        self.seed_strength = seed_strength
        self.separation = separation
        self.encoder_features = encoder_features
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
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

    @property
    def _n_refinements(self) -> int:
        return 0  # steps of EM are of mixtures

    def _topic_start(self, start: Start, rng: np.random.RandomState) -> tuple[TopicStart, dict[str, Any]]:
        from .._engine.topics import FreeTopics

        return FreeTopics.begin(start, self.topic_prior_scale), {}

    def _decoder(self) -> Decoder:
        from .._engine.decoders import Product

        return Product()

    def _word_distributions(self, model: TopicModel, theta: np.ndarray) -> np.ndarray:
        return softmax(theta @ np.log(np.maximum(model.components, TINY)))

    def _log_likelihood(self, model: TopicModel, theta: np.ndarray, X: sp.csr_array) -> np.ndarray:
        out = np.zeros(X.shape[0])
        for block in gen_batches(X.shape[0], max(BLOCK_FLOATS // X.shape[1], 1)):
            words = np.maximum(self._word_distributions(model, theta[block]), TINY)
            out[block] = X[block].multiply(np.log(words)).sum(axis=1)
        return out
