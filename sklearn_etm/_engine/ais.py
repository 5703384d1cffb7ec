"""Annealed importance sampling of the marginal likelihood of documents (Neal, 2001)."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sp

from .._fitted.prior import CorrelatedNormal, LogisticNormal
from .._rows import Rows
from . import chains, programs
from .batches import MIN_CHUNKS, Array, Batch, Shape, chunks_needed, padded_batch, padded_size, stack_batches
from .problem import pad_words
from .programs import single_precision
from .svi import random_key

SIGMOID_REACH = 4.0  # temperatures are the sigmoid of an even grid from -this to this, scaled to [0, 1]
PILOT_SHARE = 10  # temperatures of a run to each of the pilot's, in which step sizes adapt
PILOT_GAIN = 0.5  # how far the log of a step size moves in a pilot's transition
TARGET_ACCEPT = 0.7
START_STEP = 0.5  # in units of the prior's scale


class Space(NamedTuple):
    """Where chains move: in z or, where its prior is correlated or differs between documents, in u, z = m_d + L u."""

    mu: Array  # (K,) mean and
    sigma: Array  # (K,) scale of the prior there
    means: Array | None = None  # (B, K) m
    root: Array | None = None  # (K, K) L

    @classmethod
    def of(cls, prior: LogisticNormal | CorrelatedNormal, covariates: np.ndarray | None, n: int, size: int) -> Space:
        """That of n documents, padded to a size."""
        if isinstance(prior, LogisticNormal):
            return cls(prior.mean.astype(np.float32), prior.scale.astype(np.float32))
        K = len(prior.mean)
        means = np.zeros((size, K), np.float32)
        means[:n] = prior.means(covariates, n)
        return cls(np.zeros(K, np.float32), np.ones(K, np.float32), means, prior.root.astype(np.float32))


def temperatures(n: int) -> np.ndarray:
    """Sigmoid schedule from 0 to 1 in ``n`` steps, (n + 1,)."""
    s = 1 / (1 + np.exp(-np.linspace(-SIGMOID_REACH, SIGMOID_REACH, n + 1)))
    return ((s - s[0]) / (s[-1] - s[0])).astype(np.float32)


def _program(n_chains: int):
    """Pilot and run for the documents of one batch: log weights of the chains, (B, C)."""

    def run(beta_t, batch: Batch, space: Space, pilot_grid, grid, n_leapfrog_steps, seed):
        key = random_key(seed)
        rows = beta_t[batch.words]
        mu, sigma, means, root = space
        shape = (batch.weight.shape[0], n_chains, len(mu))

        def log_likelihood(z):
            logits = z if means is None or root is None else means[:, None] + z @ root.T
            return chains.log_likelihood(jax.nn.softmax(logits), rows, batch)

        def transition(key, z, temperature, log_step):
            def log_density(z):
                return temperature * log_likelihood(z) + chains.log_prior(z, mu, sigma)

            return chains.transition(key, z, log_density, jnp.exp(log_step), n_leapfrog_steps)

        def draw_prior(key):
            return mu + sigma * jax.random.normal(key, shape, jnp.float32)

        def adapt(carry, at):
            z, log_step = carry
            i, temperature = at
            z, acceptance = transition(jax.random.fold_in(key, i), z, temperature, log_step)
            moved = log_step + PILOT_GAIN * (acceptance.mean(1) - TARGET_ACCEPT)
            return (z, moved), moved

        def anneal(carry, at):
            z, log_weight = carry
            i, before, temperature, log_step = at
            log_weight += (temperature - before) * log_likelihood(z)
            z, _ = transition(jax.random.fold_in(key, i), z, temperature, log_step)
            return (z, log_weight), None

        P, T = len(pilot_grid), len(grid) - 1
        start = jnp.full(shape[0], jnp.log(START_STEP * sigma.mean()))
        keys = jax.random.split(jax.random.fold_in(key, P + T), 2)
        _, log_steps = jax.lax.scan(adapt, (draw_prior(keys[0]), start), (jnp.arange(P), pilot_grid))
        nearest = jnp.clip(jnp.searchsorted(pilot_grid, grid[1:]), 0, P - 1)  # frozen from here on
        steps = (P + jnp.arange(T), grid[:-1], grid[1:], log_steps[nearest])
        (_, log_weight), _ = jax.lax.scan(anneal, (draw_prior(keys[1]), jnp.zeros(shape[:2])), steps)
        return log_weight

    return run


@single_precision
def log_weights(
    documents: Rows,
    batch_size: int,
    components: np.ndarray,
    prior: LogisticNormal | CorrelatedNormal,
    n_chains: int,
    n_temperatures: int,
    n_leapfrog_steps: int,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Log importance weights of independent chains for documents, at most ``batch_size``, (n_samples, C)."""
    beta_t = pad_words(components.T)

    def no_features(rows: sp.csr_array) -> np.ndarray:
        return np.zeros((rows.shape[0], 0))

    n_chunks = padded_size(chunks_needed(documents.counts).sum() + 1, MIN_CHUNKS)
    shape = Shape(1, padded_batch(batch_size, batch_size), n_chunks, len(beta_t))
    batch = stack_batches([documents.single], no_features, shape, 8)
    weights = programs.run(
        "ais",
        _program,
        (n_chains,),
        beta_t,
        jax.tree.map(lambda leaf: leaf[0], batch),
        Space.of(prior, documents.covariates, documents.n, shape.n_documents),
        temperatures(max(n_temperatures // PILOT_SHARE, 20))[1:],
        temperatures(n_temperatures),
        np.int32(n_leapfrog_steps),
        rng.randint(0, 2**31 - 1, size=2).astype(np.uint32),
    )
    return np.asarray(weights, np.float64)[: documents.n]
