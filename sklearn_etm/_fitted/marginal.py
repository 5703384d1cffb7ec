"""Marginal likelihood of documents: importance samples of an encoder, and what weights of samples say."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.special import gammaln, logsumexp

from .._numbers import TINY, softmax
from .._sparse import entry_rows, row_sums
from .prior import CorrelatedNormal, LogisticNormal, log_normal


class Estimate(NamedTuple):
    """Of the log marginal likelihood of documents, in nats, (n_samples,) each."""

    log_likelihood: np.ndarray
    standard_error: np.ndarray
    effective_sample_size: np.ndarray


def importance_log_weights(
    X: sp.csr_array,
    components: np.ndarray,
    prior: LogisticNormal | CorrelatedNormal,
    means: np.ndarray,
    posterior: tuple[np.ndarray, np.ndarray],
    n_draws: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Log of p(x, z) / q(z | x) for draws of z from q, (n_samples, n_draws).

    ``means`` are those of the prior of each document, ``posterior`` location and scale of q, (n_samples, K) each.
    """
    loc, scale = posterior
    beta_t = np.ascontiguousarray(components.T)[X.indices]
    rows = entry_rows(X)
    out = np.empty((X.shape[0], n_draws))
    for i in range(n_draws):
        z = loc + scale * rng.standard_normal(loc.shape)
        log_p = np.log(np.einsum("nk,nk->n", softmax(z)[rows], beta_t) + TINY)
        log_likelihood = np.bincount(rows, X.data * log_p, X.shape[0])
        out[:, i] = log_likelihood + prior.log_density(z, means) - log_normal(z, loc, scale)
    return out


def poisson_terms(X: sp.csr_array) -> np.ndarray:
    r"""What the log-probability of Poisson counts has besides the tokens': :math:`N \log N - N - \sum \log x!`.

    The rate of a word is :math:`N_d \theta_d \beta_v`, so that the rates of a document add up to its length; words
    that it does not use enter by this sum alone.
    """
    length = row_sums(X)
    orders = np.bincount(entry_rows(X), gammaln(X.data + 1), X.shape[0])
    return length * np.log(np.where(length > 0, length, 1.0)) - length - orders


def summarise(log_weights: np.ndarray, is_bound: bool) -> Estimate:
    """Estimates from log weights (n_samples, C): of their mean, or of the mean of the logs where that is the bound."""
    C = log_weights.shape[1]
    w = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    effective = w.sum(axis=1) ** 2 / (w**2).sum(axis=1)
    spread = 1 / np.sqrt(max(C - 1, 1))
    if is_bound:
        return Estimate(log_weights.mean(axis=1), log_weights.std(axis=1) * spread, effective)
    estimate = logsumexp(log_weights, axis=1) - np.log(C)
    return Estimate(estimate, w.std(axis=1) / w.mean(axis=1) * spread, effective)
