"""Multinomial log-likelihood of a batch of counts, at the cost of its non-zero entries."""

import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln

from .batches import Batch

TINY = 1e-30


def _probabilities(theta: jax.Array, beta_t: jax.Array, batch: Batch) -> jax.Array:
    """P(word) of every entry, (N, CHUNK), kept above zero where float32 would round it to zero."""
    return jnp.einsum("nk,nck->nc", theta[batch.document], beta_t[batch.words]) + TINY


def _by_document(chunks: jax.Array, batch: Batch) -> jax.Array:
    return jax.ops.segment_sum(chunks, batch.document, batch.mask.shape[0], indices_are_sorted=True)


def _theta_gradient(weight: jax.Array, beta_t: jax.Array, batch: Batch) -> jax.Array:
    return _by_document(jnp.einsum("nc,nck->nk", weight, beta_t[batch.words]), batch)


def _beta_gradient(weight: jax.Array, theta: jax.Array, batch: Batch, n_words: int) -> jax.Array:
    by_word = jnp.einsum("mc,mck->mk", weight.ravel()[batch.entry], theta[batch.entry_document])
    return jax.ops.segment_sum(by_word, batch.entry_word, n_words, indices_are_sorted=True)


@jax.custom_vjp
def log_likelihood(theta: jax.Array, beta_t: jax.Array, batch: Batch) -> jax.Array:
    r"""Log-likelihood of each document, :math:`\sum_v x_{dv} \log \sum_k \theta_{dk} \beta_{kv}`, in nats.

    Parameters
    ----------
    theta : (B, K) topic proportions
    beta_t : (V, K) topics, transposed: a word's row is what is read
    batch : Batch of B documents

    Returns
    -------
    (B,) without the multinomial coefficient, which no parameter changes.
    """
    return _by_document((batch.counts * jnp.log(_probabilities(theta, beta_t, batch))).sum(1), batch)


def _forward(theta, beta_t, batch):
    p = _probabilities(theta, beta_t, batch)
    return _by_document((batch.counts * jnp.log(p)).sum(1), batch), (theta, beta_t, batch, p)


def _backward(residuals, g):
    theta, beta_t, batch, p = residuals
    weight = g[batch.document][:, None] * batch.counts / p
    return (
        _theta_gradient(weight, beta_t, batch),
        _beta_gradient(weight, theta, batch, beta_t.shape[0]),
        None,
    )


log_likelihood.defvjp(_forward, _backward)


def product_log_likelihood(theta: jax.Array, logits: jax.Array, batch: Batch) -> jax.Array:
    r"""Log-likelihood (B,) of :math:`\mathrm{softmax}_v(\sum_k \theta_{dk} \log \beta_{kv})`, a product of experts.

    Its normaliser needs every word: time and memory go with B x V here, not with the counts.
    """
    log_p = jax.nn.log_softmax(theta @ logits.T, axis=1)
    document = jnp.broadcast_to(batch.document[:, None], batch.words.shape)
    counts = jnp.zeros(log_p.shape).at[document, batch.words].add(batch.counts)
    return (counts * jnp.where(counts > 0, log_p, 0.0)).sum(1)


def poisson_terms(batch: Batch) -> jax.Array:
    r"""What the log-probability of Poisson counts has besides, (B,): :math:`N \log N - N - \sum_v \log x_v!`.

    The rate of a word is :math:`N_d \theta_d \beta_v`, so that the rates of a document add up to its length; words
    that it does not use enter by this sum alone.
    """
    length = _by_document(batch.counts.sum(1), batch)
    return (
        length * jnp.log(jnp.where(length > 0, length, 1.0))
        - length
        - _by_document(gammaln(batch.counts + 1).sum(1), batch)
    )


def refine(theta: jax.Array, prior: jax.Array, beta_t: jax.Array, batch: Batch, n_steps: int) -> jax.Array:
    r"""EM on theta under fixed topics, ``n_steps`` times :math:`\theta_{dk} \propto a_{dk} + \sum_v x_{dv} r_{dvk}`."""

    def step(_, theta):
        weight = batch.counts / _probabilities(theta, beta_t, batch)
        theta = prior + theta * _theta_gradient(weight, beta_t, batch)
        return theta / theta.sum(1, keepdims=True)

    return jax.lax.fori_loop(0, n_steps, step, theta)


def expected_counts(theta: jax.Array, beta_t: jax.Array, batch: Batch) -> jax.Array:
    """Expected number of tokens of each word in each topic, (V, K)."""
    weight = batch.counts / _probabilities(theta, beta_t, batch)
    return beta_t * _beta_gradient(weight, theta, batch, beta_t.shape[0])
