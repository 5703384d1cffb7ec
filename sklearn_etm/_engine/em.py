"""Expectation-maximisation of the topics, after (or, on a stream, between) passes of SVI.

E-step: theta of each document by the encoder and a few refinements, as `transform` does it.  M-step: counts of words
in topics, smoothed and separated, are what the topics are fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .._fitted.encoder import Features
from .._fitted.proportions import Refinement
from . import programs
from .batches import Batch, Corpus
from .likelihood import expected_counts, refine, topics_alone
from .model import Spec
from .problem import Problem
from .programs import single_precision

M_STEPS = 40  # Adam steps of an M-step that has no closed form
M_LEARNING_RATE = 0.05
BURSTINESS = 0.8  # power of counts: the next token of a word says less than the first
SEPARATION = 1 / 3  # of `separate`, at an estimator's `separation` of 1
SEPARATION_BESIDE = 0.35  # where the background holds what all documents say
MAX_SMOOTHING = 0.25  # of a topic's tokens: what the tokens of SVI's topics are bounded by on a small corpus
UNIGRAM_TOKENS = 300.0  # of the corpus, that smooth each topic: what matters on a small corpus
MAX_UNIGRAM = 0.5  # of a topic's tokens: what they are bounded by
UNIGRAM_PER_WORD = 0.06  # tokens of the corpus for each word of the vocabulary: what they are bounded by, too


def target(
    counts: np.ndarray,
    before: np.ndarray,
    unigram: np.ndarray,
    smoothing: float,
    strength: float,
    has_background: bool,
    seeds: np.ndarray | None = None,
) -> np.ndarray:
    """What topics are fitted to, (V, K): counts, tokens of topics (V, K) from before and of the corpus, separated.

    ``smoothing`` is how many tokens the topics from before weigh, ``strength`` the estimator's ``separation``;
    ``seeds`` (V, K) are tokens that topics are given, for each token counted.
    """
    tokens = counts.sum(axis=0)
    from_before = min(smoothing, MAX_SMOOTHING * tokens.mean())
    most = min(UNIGRAM_TOKENS, UNIGRAM_PER_WORD * np.count_nonzero(unigram))
    from_corpus = np.minimum(most, MAX_UNIGRAM * tokens + 1e-3)  # of what a topic has, be it nothing
    smoothed = counts + from_before * before + from_corpus * unigram[:, None]
    if seeds is not None:
        smoothed += tokens.sum() * seeds
    if not has_background:
        return separate(smoothed, SEPARATION * strength, True)
    smoothed[:, 0] = counts[:, 0] + from_corpus[0] * unigram
    smoothed[:, 1:] = separate(smoothed[:, 1:], SEPARATION_BESIDE * strength, False)
    return smoothed


def separate(counts: np.ndarray, strength: float, spares_largest: bool) -> np.ndarray:
    r"""Counts of words in topics, less where other topics use the word, (V, K).

    :math:`n_{vk} / (1 + s \bar\beta_{v,-k} / \sum_u p_u^2)`: the word's mean probability in the other topics, measured
    by the probability that two tokens of the corpus are the same word, so that neither the number of words nor that of
    topics matters.  Rare words stay as they are, common ones stay where they are used most.  The largest topic keeps
    all of its counts: it is there for the words that every document uses.
    """
    tokens = counts.sum(axis=0)
    beta = counts / np.maximum(tokens, 1e-30)
    others = (beta.sum(axis=1, keepdims=True) - beta).clip(0.0) / max(counts.shape[1] - 1, 1)
    same = np.sum((counts.sum(axis=1) / tokens.sum()) ** 2)
    separated = counts / (1.0 + strength * others / same)
    if spares_largest:
        largest = tokens.argmax()
        separated[:, largest] = counts[:, largest]
    return separated


@dataclass(frozen=True, eq=False)
class EStep:
    """All that an E-step reads but the documents: arrays of NumPy, so that other processes can have it."""

    spec: Spec
    features: Features
    weights: Any  # of the encoder
    moments: Any  # of its batch norm
    beta_t: np.ndarray  # (V, K) topics
    refinement: Refinement

    @single_precision
    def counts(self, corpus: Corpus) -> np.ndarray:
        """Expected tokens of each word in each topic, (V, K) in float64."""
        total = np.zeros(self.beta_t.shape)
        for stack, batches in corpus.shards():
            total += np.asarray(self._counted(stack, len(batches)))
        return total

    @single_precision
    def compile(self, stack: Batch) -> None:
        """Compile it for batches of this shape."""
        self._counted(stack, 0)

    def _counted(self, stack: Batch, n: int) -> jax.Array:
        return topic_counts(self.spec, self.beta_t, self.weights, self.moments, stack, n, self.refinement)


def topic_counts(
    spec: Spec, beta_t: Any, weights: Any, moments: Any, stack: Batch, n: int, refinement: Refinement
) -> jax.Array:
    """Expected tokens of each word in each topic, (V, K), summed over the first ``n`` batches of a stack."""
    numbers = Refinement(
        np.float32(refinement.encoder_weight),
        np.asarray(refinement.prior_weight, np.float32),
        np.int32(refinement.n_steps),
        None if refinement.background_share is None else np.float32(refinement.background_share),
    )
    arguments = beta_t, weights, moments, stack, np.int32(n), numbers
    return programs.run("em", _counts_program, (spec,), *arguments)


def _counts_program(spec: Spec):
    def run(beta_t, weights, moments, stack: Batch, n, refinement: Refinement):
        encoder_weight, prior_weight, n_steps, share = refinement
        left_out = topics_alone(spec.K, share)

        def step(i, total):
            batch = jax.tree.map(lambda leaf: leaf[i], stack)
            loc, _ = spec.encoder.apply({"params": weights, **moments}, batch.features, batch.weight, False)
            if share is not None:  # the encoder does not speak for the background
                loc = loc.at[:, 0].set(-jnp.inf)
            batch = batch._replace(counts=batch.counts**BURSTINESS)
            first = jax.nn.softmax(loc / spec.temperature)
            tokens = refine(first, encoder_weight * first + prior_weight, beta_t, batch, n_steps, share)
            return total + expected_counts(tokens, beta_t, batch, left_out)

        return jax.lax.fori_loop(0, n, step, jnp.zeros((spec.V, spec.K), jnp.float32))

    return run


def _fit_program(spec: Spec):
    optimiser = optax.adam(M_LEARNING_RATE)

    def run(parameters, target, constants):
        priors = spec.topics.priors(constants, spec.K)

        def loss(params):
            log_beta = jax.nn.log_softmax(spec.topics.logits(params, constants), axis=0)
            fit = jnp.where(target > 0, target * log_beta, 0.0).sum()
            prior = sum(p.log_density(params[name]) for name, p in priors.items())
            return -(fit + prior) / target.sum()

        def step(_, carry):
            params, state = carry
            updates, state = optimiser.update(jax.grad(loss)(params), state)
            return optax.apply_updates(params, updates), state

        return jax.lax.fori_loop(0, M_STEPS, step, (parameters, optimiser.init(parameters)))[0]

    return run


def maximise(problem: Problem, parameters: dict[str, Any], target: np.ndarray) -> dict[str, Any]:
    """Topic parameters that fit ``target``, counts of words in topics (V, K): exactly, or by some steps."""
    exact = problem.spec.topics.fitted_to(target, problem.padded)
    if exact is not None:
        return exact
    return programs.run("m_step", _fit_program, (problem.spec,), parameters, target.astype(np.float32), problem.padded)
