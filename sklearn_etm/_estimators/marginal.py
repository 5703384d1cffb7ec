"""Marginal likelihood of documents under a fitted model, block by block."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from sklearn.utils import Bunch

from .._fitted.marginal import importance_log_weights, poisson_terms, summarise
from .._fitted.model import TopicModel

BLOCK = 128  # documents at a time

Weigh = Callable[[sp.csr_array], np.ndarray]  # documents to the log weights of their samples, (n_samples, C)


def annealed(
    model: TopicModel, n_chains: int, n_temperatures: int, n_leapfrog_steps: int, rng: np.random.RandomState
) -> Weigh:
    """By chains that are annealed from the prior to the posterior, which takes JAX."""
    from .._engine.ais import log_weights

    return lambda X: log_weights(
        X, BLOCK, model.components, model.prior, n_chains, n_temperatures, n_leapfrog_steps, rng
    )


def encoded(model: TopicModel, n_draws: int, rng: np.random.RandomState) -> Weigh:
    """By draws of the encoder's posterior."""
    return lambda X: importance_log_weights(X, model.components, model.prior, model.inference, n_draws, rng)


def marginal_likelihood(X: sp.csr_array, weigh: Weigh, method: str, likelihood: str, verbose: int) -> Bunch:
    """What `log_marginal_likelihood` returns."""
    weights, begun = [], time.perf_counter()
    for i in range(0, X.shape[0], BLOCK):
        weights.append(weigh(X[i : i + BLOCK]))
        if verbose:
            done = min(i + BLOCK, X.shape[0])
            left = (time.perf_counter() - begun) * (X.shape[0] / done - 1)
            print(f"{method}  {done}/{X.shape[0]} documents  {left:.0f} s left", flush=True)
    estimate = summarise(np.concatenate(weights), is_bound=method == "elbo")
    n_tokens = X.sum()
    perplexity = float(np.exp(-estimate.log_likelihood.sum() / n_tokens)) if n_tokens else np.nan
    if likelihood == "poisson":
        estimate = estimate._replace(log_likelihood=estimate.log_likelihood + poisson_terms(X))
    return Bunch(**estimate._asdict(), perplexity=perplexity)
