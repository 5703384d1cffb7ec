"""Logistic-Normal Topic Model by Monte-Carlo EM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from .. import _document_prior
from .._document_prior import Structure
from .._fitted import chains
from .._fitted.encoder import Features
from .._fitted.meanfield import Words
from .._fitted.model import PassLosses, TopicModel
from .._fitted.prior import CorrelatedNormal
from .._rows import Rows
from .._start import FEATURES, Start
from .._warnings import is_fitted_for_its_score, warn
from . import parameters as kinds
from .correlated import CorrelatedTopicModel
from .counts import check_rows
from .marginal import annealed, marginal_likelihood

if TYPE_CHECKING:
    from .._engine.loop import Fit
    from .._engine.problem import Problem
    from .._engine.topics import TopicStart

ACCEPTANCE = (0.4, 0.95)  # rates beyond these are warned of
WARMUP = 10  # transitions that adapt step sizes, before correlations and effects are learned


class MonteCarloLNTMTransformer(CorrelatedTopicModel):
    r"""Logistic-Normal Topic Model, learned by Monte-Carlo EM.

    .. math::
        z_d \sim \mathcal{N}(\mu, \mathrm{diag}(\sigma^2)), \quad \theta_d = \mathrm{softmax}(z_d), \quad
        \beta_k = \mathrm{softmax}(m + b_k), \quad x_d \sim \mathrm{Multinomial}(N_d, \theta_d \beta)

    with :math:`m` the log unigram distribution and :math:`b_k \sim \mathcal{N}(0, \delta^2)`. Every document has chains
    of Hamiltonian Monte Carlo that stay with it (E-step); the topics take a step of Adam on the joint density for each
    batch, and :math:`\mu, \sigma` become mean and standard deviation of the chains after each pass (M-step). There is
    no encoder: `transform` runs chains, which come as close to the posterior as one has time for, but are slow.

    Parameters
    ----------
    num_topics : int, default=20
        Number of topics K.
    doc_topic_prior : float or array-like of shape (num_topics,), default=0.1
        Concentration of the Dirichlet that the prior of topic proportions matches, of each topic where they differ;
        smaller means fewer topics in a document.
    learn_prior : bool, default=True
        Whether mean and scale of the prior of :math:`z_d` are learned by maximum likelihood; they start where they
        match ``doc_topic_prior``.
    covariance : {"diagonal", "full", "low_rank"}, default="diagonal"
        Whether topics correlate. "full" and "low_rank" learn mean and covariance of the prior of :math:`z_d` by maximum
        likelihood when the topics are known, by chains of at most 5,000 documents.
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
    num_chains : int, default=1
        Chains of a document.
    num_e_steps : int, default=5
        Transitions of each chain in a pass.
    num_leapfrog_steps : int, default=20
        Steps of the integrator in a transition, of `transform` too; half as many where correlations and effects are
        learned.
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
    max_iter : int, default=15
        Passes over the documents.
    batch_size : int or "auto", default="auto"
        Documents in a step. "auto" takes a sixteenth to an eighth of the documents, from 32 to 1024.
    learning_rate : float, default=0.02
        Of Adam, in the first step; it falls as :math:`(10 / (10 + \mathrm{pass}))^2`. In `partial_fit` it falls with
        the square root of the number of documents seen.
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
        Print a line after each pass: log joint density, acceptance, documents per second, time left.

    Attributes
    ----------
    components_ : ndarray of shape (num_topics, n_features)
        Topics :math:`\beta`: rows are distributions over words, they sum to 1.
    doc_topic_prior_mean_, doc_topic_prior_scale_ : ndarray of shape (num_topics,)
        Mean and scale of the prior of :math:`z_d`.
    doc_topic_prior_ : ndarray of shape (num_topics,)
        Concentrations of the Dirichlet that matches it.
    topic_covariance_, topic_correlation_ : ndarray of shape (num_topics, num_topics)
        Of the prior of :math:`z_d`, where it was learned: with ``covariance="full"`` or "low_rank", or covariates.
    covariate_effects_ : ndarray of shape (n_covariates, num_topics)
        What a unit of each covariate adds to :math:`z_d`; each row sums to 0. For shares of topics, with intervals, see
        `sklearn_etm.inspection.estimate_effect`.
    word_columns_ : ndarray of int
        With ``covariate_columns``, the columns of ``X`` that are words; others are covariates.
    covariate_names_ : ndarray of str
        Names of the covariates, where `fit` had any: those of the columns of a data frame, or c0, c1, ...
    topic_names_ : list of str and None
        Names that ``seed_words`` has given topics, where it has: they are columns of data frames and labels, too.
    seed_rank_ : ndarray of shape (num_topics,)
        With ``seed_words``, mean rank of its seeds among the words of a topic: 1 is the most probable word; NaN for
        others.
    loss_curve_ : list of float
        Negative log density of counts and :math:`z_d` together after each pass, a mean over the chains, in nats per
        document: the sum of the next two.
    reconstruction_curve_ : list of float
        Negative log-likelihood of the counts, a mean over the chains, in nats per document.
    kl_curve_ : list of float
        Negative log density of :math:`z_d` under its prior, a mean over the chains, in nats per document.
    acceptance_rate_ : list of float
        Mean probability of acceptance in each pass.
    step_size_ : float
        Geometric mean of the documents' step sizes, in the units of ``step_size``.
    n_iter_ : int
        Number of passes.
    n_samples_seen_ : int
        Number of documents, with a token, of the last `fit` and each `partial_fit` after it.
    n_features_in_ : int
        Number of columns of ``X``.
    feature_names_in_ : ndarray of str
        Names of the columns, where ``X`` was a DataFrame with names of type str, or counts of a `NamedVectorizer`.

    See Also
    --------
    LNTMTransformer : The same model with an encoder, learned and served faster.

    Notes
    -----
    JAX is imported when an estimator is fitted, not before; `transform` and `score` use NumPy and SciPy only, and a
    fitted estimator holds nothing else.

    References
    ----------
    Blei and Lafferty, "A correlated topic model of Science", Annals of Applied Statistics, 2007.
    Neal, "MCMC using Hamiltonian dynamics", Handbook of Markov Chain Monte Carlo, 2011.
    Hoffman and Gelman, "The No-U-Turn sampler", Journal of Machine Learning Research, 2014 (dual averaging).
    Delyon, Lavielle and Moulines, "Convergence of a stochastic approximation version of the EM algorithm", Annals of
    Statistics, 1999 (of correlations and effects).

    Examples
    --------
    >>> from sklearn_etm import MonteCarloLNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = MonteCarloLNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> model.transform(X[:50]).shape
    (50, 3)
    >>> model.components_.shape
    (3, 60)
    >>> model.perplexity(X[:50]) < 60
    True
    """

    _inference: ClassVar[type] = chains.ChainStart
    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **CorrelatedTopicModel._kinds,
        "likelihood": kinds.LIKELIHOOD,
        "num_chains": kinds.COUNT,
        "num_e_steps": kinds.COUNT,
        "num_leapfrog_steps": kinds.COUNT,
        "step_size": kinds.POSITIVE,
        "target_accept": kinds.SHARE,
        "num_samples": kinds.COUNT,
        "topic_prior_scale": kinds.POSITIVE,
    }

    def __init__(
        self,
        num_topics: int = 20,
        *,
        doc_topic_prior: float | Sequence[float] = 0.1,
        learn_prior: bool = True,
        covariance: str = "diagonal",
        rank: int = 10,
        covariate_penalty: float = 10.0,
        covariate_columns: Any = None,
        likelihood: str = "multinomial",
        num_chains: int = 1,
        num_e_steps: int = 5,
        num_leapfrog_steps: int = 20,
        step_size: float = 1.0,
        target_accept: float = 0.6,
        num_samples: int = 40,
        topic_prior_scale: float = 10.0,
        seed_words: Mapping[Any, Sequence[Any]] | None = None,
        seed_strength: float = 0.3,
        separation: float = 1.0,
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
        self.covariance = covariance
        self.rank = rank
        self.covariate_penalty = covariate_penalty
        self.covariate_columns = covariate_columns
        self.likelihood = likelihood
        self.num_chains = num_chains
        self.num_e_steps = num_e_steps
        self.num_leapfrog_steps = num_leapfrog_steps
        self.step_size = step_size
        self.target_accept = target_accept
        self.num_samples = num_samples
        self.topic_prior_scale = topic_prior_scale
        self.seed_words = seed_words
        self.seed_strength = seed_strength
        self.separation = separation
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

    # Learning

    @property
    def _n_features(self) -> int:
        return FEATURES

    def _topic_start(self, start: Start, rng: np.random.RandomState) -> tuple[TopicStart, dict[str, Any]]:
        from .._engine.topics import FreeTopics

        return FreeTopics.begin(start, self.topic_prior_scale), {}

    def _encoder_size(self) -> tuple[int, ...]:
        return ()

    def _first_features(self, start: Start) -> Features:
        return Features.none(len(start.unigram))

    def _features(self) -> Features:
        return Features.none(self.components_.shape[1])

    def _trainer(self, problem: Problem, rng: np.random.RandomState | None) -> Any:
        from .._engine.montecarlo import MonteCarloTrainer

        return MonteCarloTrainer(
            problem,
            concentration=self._concentration(),
            seed=self._model.inference.seed if rng is None else int(rng.randint(2**31 - 1)),
            num_chains=int(self.num_chains),
            num_e_steps=self.num_e_steps,
            num_leapfrog_steps=self.num_leapfrog_steps,
            step_size=self.step_size,
            target_accept=self.target_accept,
            n_warmup=max(self.max_iter // 2, 1),
        )

    def _learned_prior(self, model: TopicModel, rows: Rows, structure: Structure) -> CorrelatedNormal:
        K = len(model.components)
        first = _document_prior.learned(rows, Words(model.components), np.full((rows.n, K), 1 / K), structure)
        sampler = self._sampler(model)
        shorter = -(-sampler.n_leapfrog_steps // 2)  # chains go on in the next round
        sampler = sampler._replace(n_leapfrog_steps=shorter, n_warmup=WARMUP, n_samples=1)
        return _document_prior.sampled(rows, model.components, first, structure, sampler)

    def _fitted_attributes(self, fit: Fit, n_seen: float) -> dict[str, Any]:
        return {
            **super()._fitted_attributes(fit, n_seen),
            "acceptance_rate_": [losses.acceptance for losses in fit.losses],
            "step_size_": fit.model.inference.step_size,
        }

    def _describe(self, losses: PassLosses) -> str:
        return (
            f"log joint {-losses.loss:.1f} (reconstruction {-losses.reconstruction:.1f}, prior {-losses.kl:.1f}), "
            f"acceptance {losses.acceptance:.2f}"
        )

    def _warn(self, fit: Fit, rows: Rows) -> None:
        low, high = ACCEPTANCE
        accepted = fit.losses[-1].acceptance
        assert accepted is not None
        if not low <= accepted <= high and not is_fitted_for_its_score():
            warn(
                f"The chains of the last pass accepted {accepted:.0%} of their transitions; their draws can be trusted "
                f"between {low:.0%} and {high:.0%}. Lower step_size or raise max_iter when it is too low, raise "
                "step_size or num_leapfrog_steps when it is too high.",
                ConvergenceWarning,
            )

    # Using what was learned

    @np.errstate(under="ignore")
    def transform(self, X, covariates=None, return_std=False):
        """Topic proportions of documents.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), default=None
            Those of the documents, where the model was fitted with any; without them all are taken to be as the mean
            of `fit`, with a warning.
        return_std : bool, default=False
            Whether to return the posterior standard deviation as well.

        Returns
        -------
        doc_topic : ndarray of shape (n_samples, num_topics)
            Rows sum to 1. Deterministic, and for each row the same whatever the others are. An empty document gets the
            mean of the prior.
        std : ndarray of shape (n_samples, num_topics)
            Posterior standard deviation of each proportion, with ``return_std=True``.

        Examples
        --------
        >>> from sklearn_etm import MonteCarloLNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(100, n_topics=3, n_features=60, random_state=0).data
        >>> model = MonteCarloLNTMTransformer(num_topics=3, max_iter=5, random_state=0).fit(X)
        >>> mean, std = model.transform(X[:5], return_std=True)
        >>> mean.shape, std.shape
        ((5, 3), (5, 3))
        """
        check_is_fitted(self)
        rows = check_rows(self, X, None, "transform", covariates=covariates)
        mean, std = (moment.astype(rows.counts.dtype, copy=False) for moment in self._moments(self._model, rows))
        return (mean, std) if return_std else mean

    @np.errstate(under="ignore")
    def log_marginal_likelihood(
        self,
        X,
        *,
        n_chains: int = 25,
        n_temperatures: int = 1000,
        n_leapfrog_steps: int = 10,
        random_state: Any = None,
        verbose: int = 0,
        covariates=None,
    ) -> Bunch:
        r"""Estimate :math:`\log p(x_d)` of documents under the fitted topics, a lower bound in expectation.

        Chains are annealed from the prior to the posterior, with transitions of Hamiltonian Monte Carlo; step sizes
        adapt, for each document and temperature, in a pilot run and are frozen then.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        n_chains : int, default=25
            Chains of a document.
        n_temperatures : int, default=1000
            Steps of a sigmoid schedule from prior to posterior. Time is in proportion to it.
        n_leapfrog_steps : int, default=10
            Steps of the integrator at each temperature.
        random_state : int, RandomState instance or None, default=None
            Of the chains.
        verbose : int, default=0
            Print a line after each block of documents.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), default=None
            As in `transform`.

        Returns
        -------
        result : Bunch
            ``log_likelihood``, ndarray of shape (n_samples,), in nats per document: of the tokens in their order, or,
            with ``likelihood="poisson"``, of the counts. ``standard_error``, by the delta method, and
            ``effective_sample_size``, of at most ``n_chains``, of shape (n_samples,) as well. ``perplexity``, a float,
            per token: an upper bound in expectation.

        Raises
        ------
        ValueError
            For arguments out of range.

        References
        ----------
        Neal, "Annealed importance sampling", Statistics and Computing, 2001.

        Examples
        --------
        >>> from sklearn_etm import MonteCarloLNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(100, n_topics=3, n_features=60, random_state=0).data
        >>> model = MonteCarloLNTMTransformer(num_topics=3, max_iter=5, random_state=0).fit(X)
        >>> result = model.log_marginal_likelihood(X[:5], n_temperatures=50)
        >>> result.log_likelihood.shape
        (5,)
        """
        check_is_fitted(self)
        rows = check_rows(self, X, None, "log_marginal_likelihood", covariates=covariates)
        kinds.check_whole(n_chains=n_chains, n_temperatures=n_temperatures, n_leapfrog_steps=n_leapfrog_steps)
        rng = check_random_state(random_state)
        weigh = annealed(self._model, n_chains, n_temperatures, n_leapfrog_steps, rng)
        return marginal_likelihood(rows.double, weigh, "ais", self._model.likelihood, verbose)

    @np.errstate(under="ignore")
    def sample_posterior(self, X, n_samples: int = 100, *, random_state: Any = None, covariates=None) -> np.ndarray:
        """Draw topic proportions of documents from their posterior, by chains that are exact in the long run.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        n_samples : int, default=100
            Number of draws of each document.
        random_state : int, RandomState instance or None, default=None
            Of the draws.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), default=None
            As in `transform`.

        Returns
        -------
        draws : ndarray of shape (n_samples, n_documents, num_topics)
            Rows sum to 1. An empty document gets draws of the prior.

        Examples
        --------
        >>> from sklearn_etm import MonteCarloLNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(100, n_topics=3, n_features=60, random_state=0).data
        >>> model = MonteCarloLNTMTransformer(num_topics=3, max_iter=5, random_state=0).fit(X)
        >>> model.sample_posterior(X[:5], 20, random_state=0).shape
        (20, 5, 3)
        """
        check_is_fitted(self)
        rows = check_rows(self, X, None, "sample_posterior", covariates=covariates)
        kinds.check_whole(n_samples=n_samples)
        sampler = self._sampler(self._model)._replace(n_samples=n_samples)
        return chains.posterior_draws(_target(self._model, rows), sampler, check_random_state(random_state))

    def _proportions(self, model: TopicModel, rows: Rows) -> np.ndarray:
        return self._moments(model, rows)[0]

    def _moments(self, model: TopicModel, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        """Posterior mean and standard deviation of topic proportions."""
        return chains.moments(_target(model, rows), self._sampler(model))

    def _sampler(self, model: TopicModel) -> chains.Sampler:
        start = model.inference
        n_samples = int(self.num_samples)
        return chains.Sampler(start.seed, start.step_size, int(self.num_leapfrog_steps), -(-n_samples // 2), n_samples)


def _target(model: TopicModel, rows: Rows) -> chains.Target:
    """What chains of documents sample."""
    return chains.Target(rows.counts, model.components, model.prior, model.prior.means(rows.covariates, rows.n))
