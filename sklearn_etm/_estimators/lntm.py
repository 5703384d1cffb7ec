"""Logistic-Normal Topic Model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from .._fitted import chains as _hmc
from .._fitted.proportions import BLOCK_FLOATS, softmax, topic_proportions
from .._start import Start
from .._warnings import is_fitted_for_its_score, warn
from .base import BaseTopicModel, TopicStart, Training
from .parameters import FLAG_OR_AUTO
from .progress import EpochLosses

if TYPE_CHECKING:
    from .._engine.batches import Corpus
    from .._engine.training import Trainer

TINY = 1e-300
DECAY = 10.0  # passes in which the learning rate of Monte-Carlo EM falls to a quarter
ACCEPTANCE = (0.4, 0.95)  # rates beyond these are warned of


def log_deviation(start: Start) -> np.ndarray:
    """Topic logits over the log unigram distribution, (V, K)."""
    return np.log(start.topics.T) - np.log(start.unigram)[:, None]


class LNTMTransformer(BaseTopicModel):
    r"""Logistic-Normal Topic Model: free topics, logistic-normal topic proportions.

    .. math::
        z_d \sim \mathcal{N}(\mu, \mathrm{diag}(\sigma^2)), \quad \theta_d = \mathrm{softmax}(z_d), \quad
        \beta_k = \mathrm{softmax}(m + b_k), \quad x_d \sim \mathrm{Multinomial}(N_d, \theta_d \beta)

    with :math:`m` the log unigram distribution and :math:`b_k \sim \mathcal{N}(0, \delta^2)`.

    With ``inference="svi"`` topics and an encoder for the posterior of :math:`z_d` are learned by stochastic
    variational inference; rounds of EM then sharpen the topics.

    With ``inference="mcem"``, Monte-Carlo EM, every document has chains of Hamiltonian Monte Carlo that stay with it
    (E-step); the topics take a step of Adam on the joint density for each batch, and :math:`\mu, \sigma` become mean
    and standard deviation of the chains after each pass (M-step). There is no encoder then: `transform` runs chains,
    which come as close as one has time for, but are slow.

    Parameters
    ----------
    num_topics : int, default=20
        Number of topics K.
    doc_topic_prior : float or array-like of shape (num_topics,), default=0.1
        Concentration of the Dirichlet that the prior of topic proportions matches, of each topic where they differ;
        smaller means fewer topics in a document. A fifth of it is the number of tokens of each topic that it weighs
        in `transform`.
    learn_prior : bool or "auto", default="auto"
        Whether mean and scale of the prior of :math:`z_d` are learned by maximum likelihood; they start where they
        match ``doc_topic_prior``. "auto" learns them in Monte-Carlo EM, and not in variational inference.
    likelihood : {"multinomial", "poisson"}, default="multinomial"
        "poisson" takes counts as independent with the rates :math:`N_d \theta_d \beta`, which add up to the length of
        the document. Given the lengths that is the multinomial: the topics are the same to rounding, the
        log-likelihoods have the probability of the lengths and orders of words besides.
    inference : {"svi", "mcem"}, default="svi"
        Stochastic variational inference, or Monte-Carlo EM. ``topic_smoothing``, ``hidden_layer_sizes``, ``em_iter``
        and ``transform_iter`` belong to the first alone, the next six parameters to the second.
    decoder : {"mixture", "product"}, default="mixture"
        Whether a document's words come from the mixture :math:`\theta_d \beta` or, as in ProdLDA, from the product of
        experts :math:`\mathrm{softmax}(\theta_d \log \beta)`, which can be sharper than any topic. A product is
        learned by variational inference alone, without rounds of EM, and `transform` is the encoder's answer; a step
        costs time and memory with the size of the vocabulary. Score it by `score`, not as a mixture.
    num_chains : int, default=1
        Chains of a document.
    num_e_steps : int, default=5
        Transitions of each chain in a pass.
    num_leapfrog_steps : int, default=20
        Steps of the integrator in a transition, of `transform` too.
    step_size : float, default=1.0
        Step size to start from, in units of the least width that the posterior of a document of its length can have,
        :math:`(N_d / 4 + 1 / \sigma^2)^{-1/2}`. Every document's own adapts by dual averaging during the first half
        of the passes and is frozen then.
    target_accept : float, default=0.6
        Probability of acceptance that step sizes adapt to.
    num_samples : int, default=40
        Draws of the posterior of a document that `transform` averages, after half as many that adapt the step size and
        are thrown away.
    topic_prior_scale : float, default=10.0
        Standard deviation :math:`\delta` of the prior of topic logits.
    topic_smoothing : float, default=1000.0
        Number of tokens that the topics found by SVI weigh in each round of EM, at most a quarter of the tokens of an
        average topic. More keeps topics smoother, less lets them follow the counts.
    separation : float, default=1.0
        How strongly topics are kept apart: 0 is maximum likelihood; more makes topics more distinct and coherent at
        the cost of some perplexity. In SVI it weighs, per token, the mean divergence of the topics from their average;
        in EM it takes from a topic's counts those of words that are common in other topics.
    encoder_features : int, default=100
        Number of features of a document that the encoder reads: the means over its words of vectors learned from the
        counts (singular vectors of positive pointwise mutual information).
    hidden_layer_sizes : sequence of int, default=(200,)
        Widths of the encoder's hidden layers.
    max_iter : int, default=15
        Passes of stochastic variational inference over the documents.
    em_iter : int, default=4
        Rounds of expectation-maximisation over all documents after them, which sharpen the topics; 0 for none.
    transform_iter : int, default=3
        Steps of EM by which `transform` refines the encoder's answer for each document; 0 for the encoder alone.
    batch_size : int or "auto", default="auto"
        Documents in a step. "auto" takes a tenth of the documents or a little less, from 32 to 1024.
    learning_rate : float, default=0.02
        Of Adam, in the first step; it falls linearly to a fiftieth at ``max_iter``, in Monte-Carlo EM as
        :math:`(10 / (10 + \mathrm{pass}))^2`. In `partial_fit` it falls with the square root of the number of
        documents seen.
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
    loss_curve_ : list of float
        Negative ELBO after each pass, in nats per document: the sum of the next two.
    reconstruction_curve_ : list of float
        Expected negative log-likelihood of the counts, in nats per document.
    kl_curve_ : list of float
        KL divergence of the posterior of topic proportions from their prior, in nats per document. It is near 0 when
        the posterior has collapsed. In Monte-Carlo EM these three are means over the chains: the loss is the negative
        log density of counts and :math:`z_d` together, and the prior's part stands for the divergence.
    acceptance_rate_ : list of float
        Of Monte-Carlo EM, the mean probability of acceptance in each pass.
    step_size_ : float
        Of Monte-Carlo EM, the geometric mean of the documents' step sizes, in the units of ``step_size``.
    n_iter_ : int
        Number of passes of SVI.
    n_documents_seen_ : int
        Number of documents, with a token, of the last `fit` and each `partial_fit` after it.
    n_features_in_ : int
        Number of columns of ``X``.
    feature_names_in_ : ndarray of str
        Names of the columns, where ``X`` was a DataFrame with names of type str.

    See Also
    --------
    ETMTransformer : Topics made of word vectors.
    sklearn.decomposition.LatentDirichletAllocation : LDA by variational Bayes.

    Notes
    -----
    JAX is imported when an estimator is fitted, not before; `transform` and `score` use NumPy and SciPy only, and a
    fitted estimator holds nothing else.

    References
    ----------
    Blei and Lafferty, "A correlated topic model of Science", Annals of Applied Statistics, 2007.
    Neal, "MCMC using Hamiltonian dynamics", Handbook of Markov Chain Monte Carlo, 2011.
    Hoffman and Gelman, "The No-U-Turn sampler", Journal of Machine Learning Research, 2014 (dual averaging).
    Srivastava and Sutton, "Autoencoding variational inference for topic models", ICLR 2017.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, num_topics=3, n_features=60, random_state=0).data
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> model.transform(X).shape
    (300, 3)
    >>> model.components_.shape
    (3, 60)
    >>> model.perplexity(X) < 60
    True
    """

    _kind = "lntm"
    _own_constraints: ClassVar[dict[str, Any]] = {"learn_prior": FLAG_OR_AUTO}  # the inference decides

    def __init__(
        self,
        num_topics: int = 20,
        *,
        doc_topic_prior: float | Sequence[float] = 0.1,
        learn_prior: bool | str = "auto",
        likelihood: str = "multinomial",
        inference: str = "svi",
        decoder: str = "mixture",
        num_chains: int = 1,
        num_e_steps: int = 5,
        num_leapfrog_steps: int = 20,
        step_size: float = 1.0,
        target_accept: float = 0.6,
        num_samples: int = 40,
        topic_prior_scale: float = 10.0,
        topic_smoothing: float = 1000.0,
        separation: float = 1.0,
        encoder_features: int = 100,
        hidden_layer_sizes: Sequence[int] = (200,),
        max_iter: int = 15,
        em_iter: int = 4,
        transform_iter: int = 3,
        batch_size: int | str = "auto",
        learning_rate: float = 0.02,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ):
        self.num_topics = num_topics
        self.doc_topic_prior = doc_topic_prior
        self.learn_prior = learn_prior
        self.likelihood = likelihood
        self.inference = inference
        self.decoder = decoder
        self.num_chains = num_chains
        self.num_e_steps = num_e_steps
        self.num_leapfrog_steps = num_leapfrog_steps
        self.step_size = step_size
        self.target_accept = target_accept
        self.num_samples = num_samples
        self.topic_prior_scale = topic_prior_scale
        self.topic_smoothing = topic_smoothing
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
        self.verbose = verbose

    def _start_topics(self, start: Start, rng: np.random.RandomState) -> TopicStart:
        attributes = {"_sampler_seed": int(rng.randint(2**31 - 1))} if self.inference == "mcem" else {}
        return TopicStart({"b": log_deviation(start)}, {"delta": self.topic_prior_scale}, {}, attributes)

    def _held(self) -> dict[str, Any]:
        return super()._held() | ({"step_size": self.step_size} if self.inference == "mcem" else {})

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.decoder == "product" and self.inference == "mcem":
            raise ValueError('decoder="product" is learned with inference="svi" only; got inference="mcem".')

    @property
    def _has_em(self) -> bool:
        return self.inference == "svi" and self.decoder == "mixture"  # Monte-Carlo EM is EM already

    # Product of experts

    @staticmethod
    def _is_product(fitted: dict[str, Any]) -> bool:
        return fitted["_decoder"] == "product"

    def _word_distributions(self, fitted: dict[str, Any], theta: np.ndarray) -> np.ndarray:
        if not self._is_product(fitted):
            return super()._word_distributions(fitted, theta)
        return softmax(theta @ np.log(np.maximum(fitted["components_"], TINY)))

    def _log_likelihood(self, fitted: dict[str, Any], theta: np.ndarray, X: sp.csr_array) -> np.ndarray:
        if not self._is_product(fitted):
            return super()._log_likelihood(fitted, theta, X)
        out = np.zeros(X.shape[0])
        for block in gen_batches(X.shape[0], max(BLOCK_FLOATS // X.shape[1], 1)):
            words = np.maximum(self._word_distributions(fitted, theta[block]), TINY)
            out[block] = X[block].multiply(np.log(words)).sum(axis=1)
        return out

    # Monte-Carlo EM

    def _trainer(self) -> type[Trainer]:
        if self.inference == "svi":
            return super()._trainer()
        from .._engine.mcem import MonteCarloEM

        return MonteCarloEM

    def _options(self) -> dict[str, Any]:
        return {
            "num_chains": int(self.num_chains),
            "num_e_steps": self.num_e_steps,
            "num_leapfrog_steps": self.num_leapfrog_steps,
            "step_size": self.step_size,
            "target_accept": self.target_accept,
            "n_warmup": max(self.max_iter // 2, 1),
            "concentration": self._concentration(),
        }

    def _epoch(self, training: Training, corpus: Corpus, learning_rate) -> EpochLosses:
        losses = super()._epoch(training, corpus, learning_rate)
        if self.inference == "mcem":
            rates = training.attributes.setdefault("acceptance_rate_", [])
            training.attributes["acceptance_rate_"] = [*rates, training.trainer.measured["acceptance_rate"]]
        return losses

    def _describe(self, losses: EpochLosses, attributes: dict[str, Any]) -> str:
        if self.inference == "svi":
            return super()._describe(losses, attributes)
        return (
            f"log joint {-losses.loss:.1f} (reconstruction {-losses.reconstruction:.1f}, prior {-losses.kl:.1f}), "
            f"acceptance {attributes['acceptance_rate_'][-1]:.2f}"
        )

    def _served(self, training: Training) -> dict[str, Any]:
        if self.inference == "svi":
            return super()._served(training)
        return {"_encoder": None, "step_size_": training.trainer.measured["step_size"]}

    def _falling_rate(self, epochs: np.ndarray) -> np.ndarray:
        if self.inference == "svi":
            return super()._falling_rate(epochs)
        return self.learning_rate * (DECAY / (DECAY + epochs)) ** 2

    def _train(self, X: sp.csr_array, training: Training) -> None:
        training.attributes.pop("acceptance_rate_", None)  # of a former fit, whose losses are not kept either
        super()._train(X, training)
        low, high = ACCEPTANCE
        trusted = self.inference == "svi" or low <= self.acceptance_rate_[-1] <= high
        if not trusted and not is_fitted_for_its_score():
            warn(
                f"The chains of the last pass accepted {self.acceptance_rate_[-1]:.0%} of their transitions; their "
                f"draws can be trusted between {low:.0%} and {high:.0%}. Lower step_size or raise max_iter when it is "
                "too low, raise step_size or num_leapfrog_steps when it is too high.",
                ConvergenceWarning,
            )

    @np.errstate(under="ignore")
    def transform(self, X, return_std=False):
        """Topic proportions of documents.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        return_std : bool, default=False
            Whether to return the posterior standard deviation as well, which a model fitted by Monte-Carlo EM has.

        Returns
        -------
        doc_topic : ndarray of shape (n_samples, num_topics)
            Rows sum to 1. Deterministic, and for each row the same whatever the others are. An empty document gets the
            mean of the prior.
        std : ndarray of shape (n_samples, num_topics)
            Posterior standard deviation of each proportion, with ``return_std=True``.

        Raises
        ------
        ValueError
            For ``return_std=True`` on a model that was fitted with ``inference="svi"``.
        """
        check_is_fitted(self)
        if not return_std:
            return self._doc_topic(X)
        if self._encoder is not None:
            raise ValueError(
                'return_std=True needs draws of the posterior: fit with inference="mcem", or use sample_posterior.'
            )
        X = self._check_counts(X, "transform")
        mean, std = self._moments(self.__dict__, X)
        return mean.astype(X.dtype, copy=False), std.astype(X.dtype, copy=False)

    def _proportions(self, fitted: dict[str, Any], X: sp.csr_array) -> np.ndarray:
        if fitted["_encoder"] is None:
            return self._moments(fitted, X)[0]
        if self._is_product(fitted):
            unrefined = self._refinement_by(fitted["doc_topic_prior_"])._replace(n_steps=0)
            return topic_proportions(X, fitted["components_"], fitted["_encoder"], unrefined)
        return super()._proportions(fitted, X)

    def _moments(self, fitted: dict[str, Any], X: sp.csr_array) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean and standard deviation of topic proportions, by chains."""
        mean, scale, prior = (fitted[f"doc_topic_prior_{name}"] for name in ("mean_", "scale_", ""))
        return _hmc.moments(X, fitted["components_"], mean, scale, prior, self._sampler(fitted))

    def _sampler(self, fitted: dict[str, Any]) -> _hmc.Sampler:
        return _hmc.Sampler(
            fitted["_sampler_seed"],
            fitted["step_size_"],
            int(self.num_leapfrog_steps),
            -(-int(self.num_samples) // 2),
            int(self.num_samples),
        )
