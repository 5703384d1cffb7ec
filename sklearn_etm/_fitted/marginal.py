"""Marginal likelihood of documents, and draws of their posterior (JAX only where chains are annealed)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.special import gammaln, logsumexp
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from .._estimators.parameters import is_integer
from .._sparse import entry_rows, row_sums
from . import chains as _hmc
from . import proportions as _posterior
from .proportions import TINY, softmax

BLOCK = 128  # documents at a time


class Posterior(NamedTuple):
    """Approximate posteriors q(z | x) of documents, (n_samples, K) each."""

    loc: np.ndarray
    scale: np.ndarray


def encoded(X: sp.csr_array, fitted: dict[str, Any]) -> Posterior:
    """Approximate posteriors from the encoder; the prior for an empty document."""
    encoder = fitted["_encoder"]
    loc, h = _posterior.encode_counts(X, encoder)
    W, b = encoder["log_variance"]
    scale = np.exp(0.5 * (h @ W + b))
    empty = np.diff(X.indptr) == 0
    loc[empty], scale[empty] = fitted["doc_topic_prior_mean_"], fitted["doc_topic_prior_scale_"]
    return Posterior(loc, scale)


def importance_log_weights(X: sp.csr_array, fitted: dict[str, Any], n_draws: int, rng: np.random.RandomState):
    """Log of p(x, z) / q(z | x) for draws of z from q, (n_samples, n_draws)."""
    q = encoded(X, fitted)
    p = Posterior(fitted["doc_topic_prior_mean_"], fitted["doc_topic_prior_scale_"])
    beta_t = np.ascontiguousarray(fitted["components_"].T)[X.indices]
    rows = entry_rows(X)
    out = np.empty((X.shape[0], n_draws))
    for i in range(n_draws):
        z = q.loc + q.scale * rng.standard_normal(q.loc.shape)
        log_p = np.log(np.einsum("nk,nk->n", softmax(z)[rows], beta_t) + TINY)
        out[:, i] = np.bincount(rows, X.data * log_p, X.shape[0]) + _log_normal(z, *p) - _log_normal(z, *q)
    return out


def _log_normal(z: np.ndarray, loc: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return (-0.5 * ((z - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)


def poisson_terms(X: sp.csr_array) -> np.ndarray:
    r"""What the log-probability of Poisson counts has besides the tokens': :math:`N \log N - N - \sum \log x!`."""
    length = row_sums(X)
    orders = np.bincount(entry_rows(X), gammaln(X.data + 1), X.shape[0])
    return length * np.log(np.where(length > 0, length, 1.0)) - length - orders


def summarise(log_weights: np.ndarray, method: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates (n_samples,) from log weights (n_samples, C), their standard errors and effective sample sizes."""
    C = log_weights.shape[1]
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    effective = w.sum(axis=1) ** 2 / (w**2).sum(axis=1)
    spread = 1 / np.sqrt(max(C - 1, 1))
    if method == "elbo":
        return log_weights.mean(axis=1), log_weights.std(axis=1) * spread, effective
    return logsumexp(log_weights, axis=1) - np.log(C), w.std(axis=1) / w.mean(axis=1) * spread, effective


class MarginalLikelihoodMixin:
    """`log_marginal_likelihood` and `sample_posterior` of a model whose topic proportions are a softmax of normals."""

    components_: np.ndarray
    doc_topic_prior_: np.ndarray
    doc_topic_prior_mean_: np.ndarray
    doc_topic_prior_scale_: np.ndarray
    _encoder: Any
    _decoder: str
    _likelihood: str
    _check_counts: Callable[..., sp.csr_array]
    _sampler: Callable[..., _hmc.Sampler]

    @np.errstate(under="ignore")
    def log_marginal_likelihood(
        self,
        X,
        method: str = "ais",
        *,
        n_chains: int = 25,
        n_temperatures: int = 1000,
        n_leapfrog_steps: int = 10,
        random_state: Any = 0,
        verbose: int = 0,
    ) -> Bunch:
        r"""Estimate :math:`\log p(x_d)` of documents under the fitted topics, a lower bound in expectation.

        "ais" anneals chains from the prior to the posterior (Neal, 2001), with transitions of Hamiltonian Monte Carlo;
        step sizes adapt, for each document and temperature, in a pilot run and are frozen then.  "iwae" takes draws of
        the encoder's posterior as importance samples (Burda et al., 2016), "elbo" the mean of their log weights. In
        expectation "elbo" <= "iwae" <= the truth, which "ais" comes close to.

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
        random_state : int, RandomState instance or None, default=0
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
            For a model of Dirichlet proportions or of a product of experts, for "iwae" and "elbo" on a model without an
            encoder, and for parameters out of range.

        References
        ----------
        Neal, "Annealed importance sampling", Statistics and Computing, 2001.
        Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", ICLR 2016.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(100, num_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> result = model.log_marginal_likelihood(X[:5], n_temperatures=50)
        >>> result.log_likelihood.shape
        (5,)
        """
        check_is_fitted(self)
        X = self._check_counts(X, "log_marginal_likelihood").astype(np.float64)
        counts = dict(n_chains=n_chains, n_temperatures=n_temperatures, n_leapfrog_steps=n_leapfrog_steps)
        self._check_marginal(method, counts)
        rng = check_random_state(random_state)
        fitted = self.__dict__
        weights, begun = [], time.perf_counter()
        for i in range(0, X.shape[0], BLOCK):
            block = X[i : i + BLOCK]
            if method == "ais":
                weights.append(self._annealed(block, n_chains, n_temperatures, n_leapfrog_steps, rng))
            else:
                weights.append(importance_log_weights(block, fitted, n_chains, rng))
            if verbose:
                done = min(i + BLOCK, X.shape[0])
                left = (time.perf_counter() - begun) * (X.shape[0] / done - 1)
                print(f"{method}  {done}/{X.shape[0]} documents  {left:.0f} s left", flush=True)
        estimate, error, effective = summarise(np.concatenate(weights), method)
        n_tokens = X.sum()
        perplexity = float(np.exp(-estimate.sum() / n_tokens)) if n_tokens else np.nan
        if self._likelihood == "poisson":
            estimate = estimate + poisson_terms(X)
        return Bunch(
            log_likelihood=estimate, standard_error=error, effective_sample_size=effective, perplexity=perplexity
        )

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

        Raises
        ------
        ValueError
            For a model of Dirichlet proportions, or without an encoder.
        """
        check_is_fitted(self)
        if self._encoder is None or self._encoder["log_variance"] is None:
            raise ValueError(
                'encode needs an encoder with normal posteriors: inference="svi" and guide="logistic_normal".'
            )
        return encoded(self._check_counts(X, "encode").astype(np.float64), self.__dict__)

    @np.errstate(under="ignore")
    def sample_posterior(self, X, n_samples: int = 100, *, random_state: Any = 0) -> np.ndarray:
        """Draw topic proportions of documents from their posterior.

        By chains of Hamiltonian Monte Carlo for a model fitted by Monte-Carlo EM, which are exact in the long run; else
        from the encoder's approximate posterior, which is not refined as `transform` is.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        n_samples : int, default=100
            Number of draws.
        random_state : int, RandomState instance or None, default=0
            Of the draws.

        Returns
        -------
        draws : ndarray of shape (n_draws, n_samples, num_topics)
            Rows sum to 1. An empty document gets draws of the prior.
        """
        check_is_fitted(self)
        X = self._check_counts(X, "sample_posterior").astype(np.float64)
        self._check_draws(n_samples=n_samples)
        rng, fitted = check_random_state(random_state), self.__dict__
        if "doc_topic_prior_mean_" not in fitted:
            return self._dirichlet_draws(X, n_samples, rng)
        if fitted["_encoder"] is not None:
            q = encoded(X, fitted)
            return softmax(q.loc + q.scale * rng.standard_normal((n_samples, *q.loc.shape)))
        mean, scale = fitted["doc_topic_prior_mean_"], fitted["doc_topic_prior_scale_"]
        out = softmax(mean + scale * rng.standard_normal((n_samples, X.shape[0], len(mean))))
        sampler = self._sampler(fitted)._replace(n_samples=n_samples, seed=int(rng.randint(2**31 - 1)))
        drawn = np.zeros(X.shape[0], dtype=int)
        for rows, theta in _hmc.draws(X, fitted["components_"], mean, scale, fitted["doc_topic_prior_"], sampler):
            out[drawn[rows[0]], rows] = theta
            drawn[rows] += 1
        return out

    def _dirichlet_draws(self, X: sp.csr_array, n_draws: int, rng: np.random.RandomState) -> np.ndarray:
        encoder = self._encoder
        loc, _ = _posterior.encode_counts(X, encoder)
        loc[np.diff(X.indptr) == 0] = np.log(self.doc_topic_prior_)
        gamma = np.maximum(rng.standard_gamma(np.exp(loc), size=(n_draws, *loc.shape)), 1e-300)
        return gamma / gamma.sum(axis=-1, keepdims=True)

    def _annealed(self, X, n_chains, n_temperatures, n_leapfrog_steps, rng) -> np.ndarray:
        from .._engine.ais import log_weights

        prior = self.doc_topic_prior_mean_, self.doc_topic_prior_scale_
        return log_weights(X, BLOCK, self.components_, *prior, n_chains, n_temperatures, n_leapfrog_steps, rng)

    def _check_marginal(self, method: str, counts: dict[str, int]) -> None:
        if method not in ("ais", "iwae", "elbo"):
            raise ValueError(f'method must be "ais", "iwae" or "elbo"; got {method!r}.')
        if not hasattr(self, "doc_topic_prior_mean_"):
            raise ValueError(
                "log_marginal_likelihood needs topic proportions that are a softmax of normals, and this model has "
                'Dirichlet ones: fit with guide="logistic_normal".'
            )
        if self._decoder == "product":
            raise ValueError('log_marginal_likelihood needs a mixture of topics: fit with decoder="mixture".')
        if method != "ais" and self._encoder is None:
            raise ValueError(
                f'method="{method}" draws from an encoder, which Monte-Carlo EM has not: use method="ais".'
            )
        self._check_draws(**counts)

    @staticmethod
    def _check_draws(**counts: int) -> None:
        for name, value in counts.items():
            if not is_integer(value) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1; got {value!r}.")
