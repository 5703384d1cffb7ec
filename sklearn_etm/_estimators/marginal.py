"""Marginal likelihood of documents under a fitted model, block by block."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from sklearn.utils import Bunch

from .._fitted.marginal import importance_log_weights, poisson_terms, summarise
from .._fitted.meanfield import Documents, Normals, Words, improved
from .._fitted.model import TopicModel
from .._fitted.prior import CorrelatedNormal
from .._rows import Rows

BLOCK = 128  # documents at a time
STEPS = 10  # of mean-field posteriors

Weigh = Callable[[Rows], np.ndarray]  # documents to the log weights of their samples, (n_samples, C)


def annealed(
    model: TopicModel, n_chains: int, n_temperatures: int, n_leapfrog_steps: int, rng: np.random.RandomState
) -> Weigh:
    """By chains that are annealed from the prior to the posterior, which takes JAX."""
    from .._engine.ais import log_weights

    return lambda rows: log_weights(
        rows, BLOCK, model.components, model.prior, n_chains, n_temperatures, n_leapfrog_steps, rng
    )


def drawn(model: TopicModel, n_draws: int, rng: np.random.RandomState) -> Weigh:
    """By draws of the encoder's posterior or, under a prior that was learned after it, of the mean-field one."""

    def weigh(rows: Rows) -> np.ndarray:
        means = model.prior.means(rows.covariates, rows.n)
        if isinstance(model.prior, CorrelatedNormal):
            documents = Documents(rows.counts, Words(model.components), means, model.prior.precision)
            q = improved(Normals(means, np.ones_like(means)), documents, STEPS)
            posterior = q.loc, np.sqrt(q.variance)
        else:
            posterior = model.inference.posterior(rows.counts, model.prior)
        return importance_log_weights(rows.counts, model.components, model.prior, means, posterior, n_draws, rng)

    return weigh


def marginal_likelihood(rows: Rows, weigh: Weigh, method: str, likelihood: str, verbose: int) -> Bunch:
    """What `log_marginal_likelihood` returns."""
    weights, begun = [], time.perf_counter()
    for i in range(0, rows.n, BLOCK):
        weights.append(weigh(rows.of(slice(i, i + BLOCK))))
        if verbose:
            done = min(i + BLOCK, rows.n)
            left = (time.perf_counter() - begun) * (rows.n / done - 1)
            print(f"{method}  {done}/{rows.n} documents  {left:.0f} s left", flush=True)
    estimate = summarise(np.concatenate(weights), is_bound=method == "elbo")
    n_tokens = rows.n_tokens
    perplexity = float(np.exp(-estimate.log_likelihood.sum() / n_tokens)) if n_tokens else np.nan
    if likelihood == "poisson":
        estimate = estimate._replace(log_likelihood=estimate.log_likelihood + poisson_terms(rows.counts))
    return Bunch(**estimate._asdict(), perplexity=perplexity)
