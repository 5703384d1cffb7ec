"""Expectation-maximisation of the topics, after (or, on a stream, between) passes of SVI.

E-step: theta of each document by the encoder and a few refinements, as `transform` does it.  M-step: counts of words
in topics, smoothed and separated, are what the topics are fitted to.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from . import programs
from .batches import Batch
from .likelihood import expected_counts, refine
from .models import PADDING_LOG_PROBABILITY, Dirichlet, Hyper, Spec, topic_logits, topic_prior

M_STEPS = 40  # Adam steps of an M-step that has no closed form
M_LEARNING_RATE = 0.05


def topic_counts(
    spec: Spec, beta_t: Any, weights: Any, stats: Any, stack: Batch, n: int, refinement: tuple
) -> jax.Array:
    """Expected tokens of each word in each topic, (V, K), summed over the first ``n`` batches of a stack."""
    encoder_weight, prior_weight, n_steps = refinement
    refinement = np.float32(encoder_weight), np.asarray(prior_weight, np.float32), np.int32(n_steps)
    arguments = beta_t, weights, stats, stack, np.int32(n), refinement
    return programs.run("em", _counts_program, (spec,), *arguments)


def _counts_program(spec: Spec):
    def run(beta_t, weights, stats, stack: Batch, n, refinement):
        encoder_weight, prior_weight, n_steps = refinement

        def step(i, total):
            batch = jax.tree.map(lambda leaf: leaf[i], stack)
            loc, _ = spec.encoder.apply({"params": weights, **stats}, batch.features, batch.mask, False)
            first = jax.nn.softmax(loc / spec.temperature)
            theta = refine(first, encoder_weight * first + prior_weight, beta_t, batch, n_steps)
            return total + expected_counts(theta, beta_t, batch)

        return jax.lax.fori_loop(0, n, step, jnp.zeros((spec.V, spec.K), jnp.float32))

    return run


def _fit_program(spec: Spec):
    optimiser = optax.adam(M_LEARNING_RATE)

    def run(params, target, hyper: Hyper):
        def loss(params):
            log_beta = jax.nn.log_softmax(topic_logits(spec, params, hyper), axis=0)
            fit = jnp.where(target > 0, target * log_beta, 0.0).sum()
            prior = sum(p.log_density(params[name]) for name, p in topic_prior(spec, hyper).items())
            return -(fit + prior) / target.sum()

        def step(_, carry):
            params, state = carry
            updates, state = optimiser.update(jax.grad(loss)(params), state)
            return optax.apply_updates(params, updates), state

        return jax.lax.fori_loop(0, M_STEPS, step, (params, optimiser.init(params)))[0]

    return run


def maximise(spec: Spec, params: dict[str, np.ndarray], target: np.ndarray, hyper: Hyper) -> dict[str, np.ndarray]:
    """Topic parameters that fit ``target``, counts of words in topics (V, K): exactly, or by some steps for ETM."""
    if spec.topics == "lntm":
        log_beta = np.log(np.maximum(target / target.sum(axis=0), 1e-30))
        return {"b": np.where(target > 0, log_beta - hyper["log_unigram"][:, None], 0.0)}
    if isinstance(prior := topic_prior(spec, hyper).get("log_lambda"), Dirichlet):
        return {"log_lambda": np.where(prior.known, np.log(target + prior.eta), PADDING_LOG_PROBABILITY)}
    return programs.run("m_step", _fit_program, (spec,), params, target.astype(np.float32), hyper)
