"""Models with an encoder: learned by variational inference, served by its answer."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from .._fitted.encoder import Encoder, Features
from .._fitted.model import TopicModel
from .._fitted.proportions import Refinement, topic_proportions
from .._rows import Rows
from .._start import Start
from .._warnings import is_fitted_for_its_score
from . import health
from . import parameters as kinds
from .base import LEAST_TOPICS, BaseTopicModel
from .counts import check_counts, check_rows
from .marginal import annealed, drawn, marginal_likelihood

if TYPE_CHECKING:
    from .._engine.loop import Fit, Rounds
    from .._engine.problem import Problem


class Posterior(NamedTuple):
    """Approximate posteriors q(z | x) of documents, (n_samples, K) each."""

    loc: np.ndarray
    scale: np.ndarray


class EncodedTopicModel(BaseTopicModel):
    """What models with an encoder share."""

    _inference: ClassVar[type] = Encoder
    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **BaseTopicModel._kinds,
        "encoder_features": kinds.COUNT,
        "hidden_layer_sizes": kinds.WIDTHS,
    }

    @property
    @abstractmethod
    def _n_refinements(self) -> int:
        """Steps of EM by which the encoder's answer is refined."""

    @property
    def _n_features(self) -> int:
        return self.encoder_features

    @property
    def _encoder(self) -> Encoder:
        encoder = self._model.inference
        assert isinstance(encoder, Encoder)
        return encoder

    def _encoder_size(self) -> tuple[int, ...]:
        return tuple(self.hidden_layer_sizes)

    def _first_features(self, start: Start) -> Features:
        missing = self.encoder_features - start.projection.shape[1]  # of a small corpus: zeros say nothing
        return Features(start.idf, np.pad(start.projection, ((0, 0), (0, missing))))

    def _features(self) -> Features:
        return self._encoder.features

    def _trainer(self, problem: Problem, rng: np.random.RandomState | None) -> Any:
        from .._engine.svi import VariationalTrainer

        return VariationalTrainer(problem)

    def _proportions(self, model: TopicModel, rows: Rows) -> np.ndarray:
        refinement = Refinement.under(model.prior, self._n_refinements, model.background_share)
        return topic_proportions(rows.counts, model.components, model.inference, refinement)

    def _warn(self, fit: Fit, rows: Rows) -> None:
        sample = None if is_fitted_for_its_score() else health.sample(rows, self.num_topics)
        if sample is not None:
            doc_topic = self._proportions(fit.model, sample)
            health.warn_of_topics(fit.model.components, doc_topic, fit.losses[-1].kl, fit.model.background)

    @np.errstate(under="ignore")
    def encode(self, X) -> Posterior:
        """Posterior of documents' topic logits as the encoder gives it, which `transform` refines.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.

        Returns
        -------
        loc, scale : ndarray of shape (n_samples, num_topics)
            Means and standard deviations of the normals :math:`q(z_d | x_d)`; those of the prior for an empty document.
            With ``doc_topic_prior_mean_`` and ``doc_topic_prior_scale_`` they are what `sklearn_etm.metrics.topic_kl`
            takes.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> posterior = model.encode(X[:5])
        >>> posterior.loc.shape, bool((posterior.scale > 0).all())
        ((5, 3), True)
        """
        check_is_fitted(self)
        X = check_counts(self, X, "encode").astype(np.float64)
        return Posterior(*self._encoder.posterior(X, self._model.prior))

    @np.errstate(under="ignore")
    def sample_posterior(self, X, n_samples: int = 100, *, random_state: Any = None) -> np.ndarray:
        """Draw topic proportions of documents from the encoder's posterior, which is not refined as `transform` is.

        A document's share of the background, where there is one, is taken to be that of all documents.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        n_samples : int, default=100
            Number of draws of each document.
        random_state : int, RandomState instance or None, default=None
            Of the draws.

        Returns
        -------
        draws : ndarray of shape (n_samples, n_documents, num_topics)
            Rows sum to 1. An empty document gets draws of the prior.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> draws = model.sample_posterior(X[:5], 20, random_state=0)
        >>> draws.shape, draws.std(axis=0).shape
        ((20, 5, 3), (5, 3))
        """
        check_is_fitted(self)
        X = check_counts(self, X, "sample_posterior").astype(np.float64)
        kinds.check_whole(n_samples=n_samples)
        return self._model.draw(X, n_samples, check_random_state(random_state))


class MixtureTopicModel(EncodedTopicModel):
    """What models with an encoder share whose documents are mixtures of topics: EM sharpens these."""

    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **EncodedTopicModel._kinds,
        "likelihood": kinds.LIKELIHOOD,
        "topic_smoothing": kinds.NOT_NEGATIVE,
        "background": kinds.FLAG_OR_AUTO,
        "em_iter": kinds.COUNT_OR_ZERO,
        "transform_iter": kinds.COUNT_OR_ZERO,
    }

    @property
    def _n_refinements(self) -> int:
        return self.transform_iter

    @property
    def _has_background(self) -> bool:
        return self.num_topics >= LEAST_TOPICS if isinstance(self.background, str) else bool(self.background)

    @property
    def _rounds(self) -> Rounds:
        from .._engine.loop import Rounds

        return Rounds(self.em_iter, self.transform_iter, self.topic_smoothing, self._has_background)

    def _fitted_attributes(self, fit: Fit, n_seen: float) -> dict[str, Any]:
        return super()._fitted_attributes(fit, n_seen) | {"background_topic_": fit.model.background}

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self._has_background and self.num_topics < 2:
            raise ValueError("background=True spares a topic, and num_topics is 1: pass num_topics of at least 2.")

    @np.errstate(under="ignore")
    def log_marginal_likelihood(
        self,
        X,
        method: str = "ais",
        *,
        n_chains: int = 25,
        n_temperatures: int = 1000,
        n_leapfrog_steps: int = 10,
        random_state: Any = None,
        verbose: int = 0,
    ) -> Bunch:
        r"""Estimate :math:`\log p(x_d)` of documents under the fitted topics, a lower bound in expectation.

        "ais" anneals chains from the prior to the posterior (Neal, 2001), with transitions of Hamiltonian Monte Carlo;
        step sizes adapt, for each document and temperature, in a pilot run and are frozen then.  "iwae" takes draws of
        the posterior that `sample_posterior` draws from as importance samples (Burda et al., 2016), "elbo" the mean of
        their log weights. In expectation "elbo" <= "iwae" <= the truth, which "ais" comes close to. A document's share
        of the background, where there is one, is taken to be that of all documents.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        method : {"ais", "iwae", "elbo"}, default="ais"
            The estimate.
        n_chains : int, default=25
            Chains, or draws, of a document.
        n_temperatures : int, default=1000
            Steps of a sigmoid schedule from prior to posterior. Time is in proportion to it.
        n_leapfrog_steps : int, default=10
            Steps of the integrator at each temperature.
        random_state : int, RandomState instance or None, default=None
            Of chains and draws.
        verbose : int, default=0
            Print a line after each block of documents.

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
            For another ``method``, and for arguments out of range.

        References
        ----------
        Neal, "Annealed importance sampling", Statistics and Computing, 2001.
        Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", ICLR 2016.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> result = model.log_marginal_likelihood(X[:5], "iwae", random_state=0)  # "ais" comes closer, in more time
        >>> result.log_likelihood.shape, result.standard_error.shape
        ((5,), (5,))
        """
        check_is_fitted(self)
        rows = check_rows(self, X, None, "log_marginal_likelihood")
        return self._marginal_likelihood(
            rows, method, n_chains, n_temperatures, n_leapfrog_steps, random_state, verbose
        )

    def _marginal_likelihood(
        self,
        rows: Rows,
        method: str,
        n_chains: int,
        n_temperatures: int,
        n_leapfrog_steps: int,
        random_state: Any,
        verbose: int,
    ) -> Bunch:
        if method not in ("ais", "iwae", "elbo"):
            raise ValueError(f'method must be "ais", "iwae" or "elbo"; got {method!r}.')
        kinds.check_whole(n_chains=n_chains, n_temperatures=n_temperatures, n_leapfrog_steps=n_leapfrog_steps)
        model, rng = self._model.without_background, check_random_state(random_state)
        if method == "ais":
            weigh = annealed(model, n_chains, n_temperatures, n_leapfrog_steps, rng)
        else:
            weigh = drawn(model, n_chains, rng)
        return marginal_likelihood(rows.double, weigh, method, model.likelihood, verbose)
