"""Hamiltonian Monte Carlo on the logits z of documents, theta = softmax(z), under fixed topics.

Every document has C chains, a step size and an acceptance of its own, and all of them move in one program: NumPyro's
kernels accept or reject a whole state, and mapping one over documents would pad each to the longest.  The integrator
and the dual averaging are NumPyro's.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from numpyro.infer.hmc_util import dual_averaging, velocity_verlet

from .._fitted.chains import JITTER
from .._numbers import TINY
from .batches import Batch
from .likelihood import Block, by_document, over_blocks

LogDensity = Callable[[jax.Array], jax.Array]  # of z (B, C, K), in nats (B, C)
Adaptation = tuple[Any, ...]  # of step sizes, as NumPyro's dual averaging has it; (B,) each

_, _update = dual_averaging()


@jax.custom_vjp
def log_likelihood(theta: jax.Array, rows: jax.Array, batch: Batch) -> jax.Array:
    """Log-likelihood of documents (B, C), proportions (B, C, K), given the topics' rows of their words (N, CHUNK, K).

    The rows are gathered once for all the places that chains visit under the same topics.
    """
    return _forward(theta, rows, batch)[0]


def _forward(theta, rows, batch):
    (N, C), (B, n_chains, K) = batch.counts.shape, theta.shape

    def visit(block: Block, carry):
        log_likelihood, gradient = carry
        document, counts, mine = block.of(batch.document), block.of(batch.counts)[:, None], block.of(rows)
        p = jnp.einsum("nmk,nck->nmc", theta[document], mine) + TINY
        return (
            log_likelihood.at[document].add((counts * jnp.log(p)).sum(-1), indices_are_sorted=True),
            gradient.at[document].add(jnp.einsum("nmc,nck->nmk", counts / p, mine), indices_are_sorted=True),
        )

    zeros = jnp.zeros((B, n_chains), theta.dtype), jnp.zeros(theta.shape, theta.dtype)
    return over_blocks(batch.n_chunks, N, (C + n_chains) * K, visit, zeros)


def _backward(gradient, g):
    return g[..., None] * gradient, None, None


log_likelihood.defvjp(_forward, _backward)


def log_prior(z: jax.Array, mu: jax.Array, sigma: jax.Array) -> jax.Array:
    """Log density of independent normals, in nats, (B, C)."""
    return (-0.5 * ((z - mu) / sigma) ** 2 - jnp.log(sigma) - 0.5 * jnp.log(2 * jnp.pi)).sum(-1)


def transition(
    key: jax.Array, z: jax.Array, log_density: LogDensity, step_size: jax.Array, n_leapfrog_steps: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """One step of HMC from z (B, C, K), step sizes (B,): the next z, and the probabilities of acceptance (B, C)."""
    for_momentum, for_step, for_choice = jax.random.split(key, 3)
    r = jax.random.normal(for_momentum, z.shape, z.dtype)
    jitter = jax.random.uniform(for_step, step_size.shape, z.dtype, 1 - JITTER, 1 + JITTER)
    step = (step_size * jitter)[:, None, None]
    init, update = velocity_verlet(lambda z: -log_density(z).sum(), lambda _, r: 0.5 * (r**2).sum())
    end = jax.lax.fori_loop(0, n_leapfrog_steps, lambda _, state: update(step, None, state), init(z, r))
    gain = log_density(end.z) - log_density(z) + 0.5 * ((r**2).sum(-1) - (end.r**2).sum(-1))
    acceptance = jnp.where(jnp.isnan(gain), 0.0, jnp.exp(jnp.minimum(gain, 0.0)))
    accepted = jax.random.uniform(for_choice, acceptance.shape, z.dtype) < acceptance
    return jnp.where(accepted[..., None], end.z, z), acceptance


def narrowest(batch: Batch, sigma: jax.Array) -> jax.Array:
    r"""Least width of a posterior of z that a document of its length can have, (B,): what step sizes go by.

    The second derivative of the log-likelihood by a logit is at most :math:`N_d / 4`.
    """
    length = by_document(batch.counts.sum(1), batch)
    return 1 / jnp.sqrt(length / 4 + (1 / sigma**2).mean())


def start_adaptation(step_size: jax.Array) -> Adaptation:
    """Step sizes that dual averaging starts from and is drawn to."""
    log_step = jnp.log(step_size)
    zeros = jnp.zeros_like(log_step)
    return log_step, log_step, zeros, zeros, log_step


def adapt(state: Adaptation, acceptance: jax.Array, target: jax.Array) -> Adaptation:
    """Step sizes after one more transition with acceptance probabilities (B, C)."""
    return _update(target - acceptance.mean(1), state)


def current_step(state: Adaptation) -> jax.Array:
    """Step sizes while they adapt."""
    return jnp.exp(state[0])


def final_step(state: Adaptation) -> jax.Array:
    """Step sizes once they are frozen."""
    return jnp.exp(state[1])
