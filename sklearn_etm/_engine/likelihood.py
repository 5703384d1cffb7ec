"""Multinomial log-likelihood of a batch of counts, at the cost of its non-zero entries."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._numbers import BLOCK_FLOATS, TINY
from .batches import Batch


class Block(NamedTuple):
    """Some rows of arrays that have one for each chunk of a batch."""

    first: jax.Array
    n_rows: int

    def of(self, array: jax.Array) -> jax.Array:
        """These rows of an array."""
        return jax.lax.dynamic_slice_in_dim(array, self.first, self.n_rows)

    def put(self, array: jax.Array, rows: jax.Array) -> jax.Array:
        """The array with these rows replaced."""
        return jax.lax.dynamic_update_slice_in_dim(array, rows, self.first, 0)


def over_blocks(n: jax.Array, n_rows: int, row_floats: int, visit: Callable[[Block, Any], Any], start: Any) -> Any:
    """Fold ``visit`` over blocks of the first ``n`` of ``n_rows`` rows, for each of which it gathers ``row_floats``."""
    if n_rows * row_floats <= 2 * BLOCK_FLOATS:
        return visit(Block(jnp.int32(0), n_rows), start)
    wanted = 1 << (max(BLOCK_FLOATS // row_floats, 1).bit_length() - 1)
    size = min(wanted, n_rows & -n_rows)  # powers of two, so that it divides n_rows
    return jax.lax.fori_loop(0, -(-n // size), lambda i, carry: visit(Block(i * size, size), carry), start)


class Reading(NamedTuple):
    """What the words of a batch's documents say under given proportions and topics."""

    log_likelihood: jax.Array  # (B,)
    gradient: jax.Array  # (B, K) of it by theta
    ratio: jax.Array  # (N, CHUNK) count of each entry, divided by the probability of its word


def _read(theta: jax.Array, beta_t: jax.Array, batch: Batch) -> Reading:
    """Read the topics' rows of the words once; what is not used of the answer is not computed."""
    (N, C), (B, K) = batch.counts.shape, theta.shape

    def visit(block: Block, carry: Reading) -> Reading:
        document, counts = block.of(batch.document), block.of(batch.counts)
        rows = beta_t[block.of(batch.words)]
        p = jnp.einsum("nk,nck->nc", theta[document], rows) + TINY  # float32 would round it to zero
        ratio = counts / p
        return Reading(
            carry.log_likelihood.at[document].add((counts * jnp.log(p)).sum(1), indices_are_sorted=True),
            carry.gradient.at[document].add(jnp.einsum("nc,nck->nk", ratio, rows), indices_are_sorted=True),
            block.put(carry.ratio, ratio),
        )

    zeros = Reading(jnp.zeros(B, theta.dtype), jnp.zeros((B, K), theta.dtype), jnp.zeros((N, C), theta.dtype))
    return over_blocks(batch.n_chunks, N, C * K, visit, zeros)


def _beta_gradient(ratio: jax.Array, theta: jax.Array, batch: Batch, n_words: int) -> jax.Array:
    """Gradient of the log-likelihood by beta, (V, K), with each document's row of theta weighted by its gradient."""
    (M, C), K = batch.entry.shape, theta.shape[1]
    ratio = ratio.ravel()

    def visit(block: Block, total: jax.Array) -> jax.Array:
        rows = theta[block.of(batch.entry_document)]
        by_word = jnp.einsum("mc,mck->mk", ratio[block.of(batch.entry)], rows)
        return total.at[block.of(batch.entry_word)].add(by_word, indices_are_sorted=True)

    return over_blocks(batch.n_word_chunks, M, 2 * C * K, visit, jnp.zeros((n_words, K), theta.dtype))


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
    return _read(theta, beta_t, batch).log_likelihood


def _forward(theta, beta_t, batch):
    reading = _read(theta, beta_t, batch)
    return reading.log_likelihood, (theta, beta_t, batch, reading)


def _backward(residuals, g):
    theta, beta_t, batch, reading = residuals
    g = g[:, None]
    return g * reading.gradient, _beta_gradient(reading.ratio, g * theta, batch, len(beta_t)), None


log_likelihood.defvjp(_forward, _backward)


def product_log_likelihood(theta: jax.Array, logits: jax.Array, batch: Batch) -> jax.Array:
    r"""Log-likelihood (B,) of :math:`\mathrm{softmax}_v(\sum_k \theta_{dk} \log \beta_{kv})`, a product of experts.

    Its normaliser needs every word: time and memory go with B x V here, not with the counts.
    """
    log_p = jax.nn.log_softmax(theta @ logits.T, axis=1)
    document = jnp.broadcast_to(batch.document[:, None], batch.words.shape)
    counts = jnp.zeros(log_p.shape).at[document, batch.words].add(batch.counts)
    return (counts * jnp.where(counts > 0, log_p, 0.0)).sum(1)


def by_document(chunks: jax.Array, batch: Batch) -> jax.Array:
    """Sums over the chunks of each document, (B, ...)."""
    return jax.ops.segment_sum(chunks, batch.document, batch.mask.shape[0], indices_are_sorted=True)


def refine(theta: jax.Array, prior: jax.Array, beta_t: jax.Array, batch: Batch, n_steps: int) -> jax.Array:
    r"""EM on theta under fixed topics, ``n_steps`` times :math:`\theta_{dk} \propto a_{dk} + \sum_v x_{dv} r_{dvk}`."""

    def step(_, theta):
        theta = prior + theta * _read(theta, beta_t, batch).gradient
        return theta / theta.sum(1, keepdims=True)

    return jax.lax.fori_loop(0, n_steps, step, theta)


def expected_counts(theta: jax.Array, beta_t: jax.Array, batch: Batch) -> jax.Array:
    """Expected number of tokens of each word in each topic, (V, K)."""
    ratio = _read(theta, beta_t, batch).ratio
    return beta_t * _beta_gradient(ratio, theta, batch, len(beta_t))
