"""Multinomial log-likelihood of a batch of counts, at the cost of its non-zero entries."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .._fitted.proportions import BACKGROUND_WEIGHT, BELOW_LARGEST
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


def _word_sums(factors: Sequence[jax.Array], rows: jax.Array, batch: Batch, n_words: int) -> list[jax.Array]:
    """Sums over the entries of each word of a factor (N, CHUNK) and its document's row (B, K): (V, K) for each factor.

    Of count over probability and theta, each document's row weighted by its gradient, that is the gradient by beta.
    """
    (M, C), K = batch.entry.shape, rows.shape[1]
    flat = [factor.ravel() for factor in factors]

    def visit(block: Block, totals: list[jax.Array]) -> list[jax.Array]:
        gathered, entry, word = rows[block.of(batch.entry_document)], block.of(batch.entry), block.of(batch.entry_word)
        return [
            total.at[word].add(jnp.einsum("mc,mck->mk", factor[entry], gathered), indices_are_sorted=True)
            for total, factor in zip(totals, flat, strict=True)
        ]

    zeros = [jnp.zeros((n_words, K), rows.dtype) for _ in factors]
    return over_blocks(batch.n_word_chunks, M, 2 * C * K, visit, zeros)


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
    (by_beta,) = _word_sums([reading.ratio], g * theta, batch, len(beta_t))
    return g * reading.gradient, by_beta, None


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
    return jax.ops.segment_sum(chunks, batch.document, batch.weight.shape[0], indices_are_sorted=True)


class Votes(NamedTuple):
    """What the tokens of a batch say for topics, each without a vote on itself."""

    tokens: jax.Array  # (B, K) expected of each topic
    vote: jax.Array  # (N, CHUNK) of each entry, as a factor of tokens and topics
    own: jax.Array  # (N, CHUNK) and what is taken back of it, as a factor of their product with the topics


def votes(tokens: jax.Array, beta_t: jax.Array, batch: Batch, left_out: jax.Array) -> Votes:
    r"""Responsibilities of collapsed variational Bayes, CVB0 (Asuncion et al., 2009), to first order.

    :math:`r_{dvk} \propto (n_{dk} - \min(x_{dv}, 1) \hat r_{dvk}) \beta_{kv}`, with
    :math:`\hat r_{dvk} = n_{dk} \beta_{kv} / D_{dv}` and :math:`D_{dv}` the sum of the numerators over the topics, or
    twice the word's highest probability where that is more, so that nothing becomes negative.  That is a polynomial in
    beta, whose sums over documents and over words are products of matrices.

    Parameters
    ----------
    tokens : (B, K) n, of each topic in each document
    beta_t : (V, K)
    left_out : (K,) 1 where a token has no vote on itself, 0 where it has
    """
    (N, C), (B, K) = batch.counts.shape, tokens.shape
    highest = (beta_t * left_out).max(axis=1)

    def visit(block: Block, carry: Votes) -> Votes:
        document, counts, words = block.of(batch.document), block.of(batch.counts), block.of(batch.words)
        rows = beta_t[words]
        squares = rows * rows
        mine = tokens[document]
        total = jnp.einsum("nk,nck->nc", mine, rows) + TINY
        itself = jnp.minimum(counts, 1.0) / jnp.maximum(total, 2.0 * highest[words])
        vote = counts / (total - itself * jnp.einsum("nk,nck->nc", mine * left_out, squares))
        own = vote * itself
        said = jnp.einsum("nc,nck->nk", vote, rows) - left_out * jnp.einsum("nc,nck->nk", own, squares)
        return Votes(
            carry.tokens.at[document].add(mine * said, indices_are_sorted=True),
            block.put(carry.vote, vote),
            block.put(carry.own, own),
        )

    zeros = Votes(jnp.zeros((B, K), tokens.dtype), *(jnp.zeros((N, C), tokens.dtype) for _ in range(2)))
    return over_blocks(batch.n_chunks, N, 2 * C * K, visit, zeros)


def refine(
    first: jax.Array, prior: jax.Array, beta_t: jax.Array, batch: Batch, n_steps: int, share: jax.Array | None = None
) -> jax.Array:
    r"""Tokens of each topic (B, K) under fixed topics, from a first guess of theta.

    :math:`n_{dk} = a_{dk} + \sum_v x_{dv} r_{dvk}`, in the last step with responsibilities as `votes` has them; before,
    all tokens vote, which comes to the same faster.  With a ``share`` topic 0 is the background, of which a document
    has :math:`\pi_d = (n_{d0} + c p) / (N_d + c)`, p the share, and no more than of its largest topic; it is stored as
    tokens in proportion.
    """
    left_out = topics_alone(beta_t.shape[1], share)
    length = by_document(batch.counts.sum(1), batch)

    def told(said: jax.Array) -> jax.Array:
        if share is None:
            return prior + said
        of_background = (said[:, 0] + BACKGROUND_WEIGHT * share) / (length + BACKGROUND_WEIGHT)
        return with_background(prior + said, of_background[:, None])

    start = first if share is None else with_background(first, share)
    tokens = jax.lax.fori_loop(0, n_steps - 1, lambda _, n: told(n * _read(n, beta_t, batch).gradient), start)
    return jnp.where(n_steps > 0, told(votes(tokens, beta_t, batch, left_out).tokens), start)


def topics_alone(K: int, share: Any) -> jax.Array:
    """1 for topics, in which a token has no vote on itself, and 0 for the background, (K,)."""
    return jnp.ones(K) if share is None else (jnp.arange(K) > 0).astype(jnp.float32)


def with_background(tokens: jax.Array, share: jax.Array) -> jax.Array:
    """Tokens of topics, with the background's in column 0 such that it has this share, or as many as the largest."""
    of_topics = tokens[:, 1:]
    of_background = of_topics.sum(1, keepdims=True) * share / (1 - share)
    largest = BELOW_LARGEST * of_topics.max(1, keepdims=True)
    return jnp.concatenate([jnp.minimum(of_background, largest), of_topics], axis=1)


def expected_counts(tokens: jax.Array, beta_t: jax.Array, batch: Batch, left_out: jax.Array) -> jax.Array:
    """Expected number of tokens of each word in each topic, (V, K), of documents by their weights."""
    said = votes(tokens, beta_t, batch, left_out)
    tokens = tokens * batch.weight[:, None]
    by_vote, by_own = _word_sums([said.vote, said.own], tokens, batch, len(beta_t))
    return beta_t * (by_vote - beta_t * left_out * by_own)
