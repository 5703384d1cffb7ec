"""Topic proportions of documents: the encoder's answer, then refinement of each document.

All in float64, and row by row the same to rounding whatever the batch.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._numbers import BLOCK_FLOATS, TINY, softmax
from .._sparse import entry_blocks, entry_rows, with_data
from .._threads import one_thread
from .encoder import Encoder
from .prior import Prior

ENCODER_WEIGHT = 5.0  # tokens that the encoder's answer weighs when theta is refined
PRIOR_SHARE = 0.2  # of the prior's tokens that theta is refined with: the encoder's answer holds prior, too
BACKGROUND_WEIGHT = 100.0  # tokens that the prior of a document's share of the background weighs
BELOW_LARGEST = 0.999  # of the tokens of a document's largest topic, that the background has at most
COPIED_ENTRIES = 1 << 20  # non-zeros that are copied at a time


class Refinement(NamedTuple):
    """How the encoder's answer for a document is refined to its topic proportions."""

    encoder_weight: Any  # tokens that the encoder's answer weighs
    prior_weight: np.ndarray  # (K,) tokens of each topic that the prior weighs
    n_steps: Any  # of EM
    background_share: Any  # of a document's tokens that topic 0 holds, the background; None where there is none

    @classmethod
    def under(cls, prior: Prior, n_steps: int, background_share: float | None) -> Refinement:
        """What is done in ``n_steps`` under a prior, in training and afterwards."""
        prior_weight = PRIOR_SHARE * prior.concentration
        if background_share is not None:  # whose prior is its own
            prior_weight[0] = 0.0
        return cls(ENCODER_WEIGHT, prior_weight, int(n_steps), background_share)


class WordRows(NamedTuple):
    """What is read of the topics for each word."""

    beta_t: np.ndarray  # (V, K)
    squares: np.ndarray  # (V, K) of it, 0 for the background: a token has a vote on itself there
    twice_highest: np.ndarray  # (V,) of the topics

    @classmethod
    def of(cls, beta_t: np.ndarray, has_background: bool) -> WordRows:
        """Of topics, the first of which is the background or is not."""
        topics = beta_t
        if has_background:
            topics = beta_t.copy()
            topics[:, 0] = 0.0
        return cls(beta_t, topics**2, 2.0 * topics.max(axis=1))


def refine(
    first: np.ndarray, prior: np.ndarray, X: sp.csr_array, words: WordRows, n_steps: int, share: float | None = None
) -> np.ndarray:
    r"""Tokens of each topic (n_samples, K) under fixed topics, from a first guess of theta, as in training.

    :math:`n_{dk} = a_{dk} + \sum_v x_{dv} r_{dvk}`, in the last step with responsibilities as
    `_engine.likelihood.votes` has them; before that all tokens vote.
    """
    beta, squares = words.beta_t[X.indices], words.squares[X.indices]  # (nnz, K)
    itself, least = np.minimum(X.data, 1.0), words.twice_highest[X.indices]
    rows = entry_rows(X)
    length = np.bincount(rows, X.data, X.shape[0])
    cells = with_data(X, X.data)

    def summed(weights: np.ndarray, of_words: np.ndarray) -> np.ndarray:
        cells.data = weights
        return cells @ of_words

    tokens = first if share is None else with_background(first, share)
    for i in range(n_steps):
        mine = tokens[rows]
        total = np.einsum("nk,nk->n", mine, beta) + TINY
        if i < n_steps - 1:  # all vote
            said = summed(X.data / total, words.beta_t)
        else:
            back = itself / np.maximum(total, least)
            vote = X.data / (total - back * np.einsum("nk,nk->n", mine, squares))
            said = summed(vote, words.beta_t) - summed(vote * back, words.squares)
        said *= tokens
        tokens = prior + said
        if share is not None:
            of_background = (said[:, 0] + BACKGROUND_WEIGHT * share) / (length + BACKGROUND_WEIGHT)
            tokens = with_background(tokens, of_background)
    return tokens


def with_background(tokens: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Tokens of topics, with the background's in column 0 such that it has this share, or as many as the largest."""
    tokens = tokens.copy()
    of_topics = tokens[:, 1:]
    tokens[:, 0] = np.minimum(of_topics.sum(axis=1) * share / (1 - share), BELOW_LARGEST * of_topics.max(axis=1))
    return tokens


def topic_proportions(X: sp.csr_array, components: np.ndarray, encoder: Encoder, refinement: Refinement) -> np.ndarray:
    """Posterior topic proportions of count rows, (n_samples, K); the mean of the prior for an empty document."""
    prior, share = refinement.prior_weight[None], refinement.background_share
    if share is not None:
        prior = with_background(prior, share)
    theta = np.tile(prior / prior.sum(), (X.shape[0], 1))
    with one_thread() if X.shape[0] > 1 else nullcontext():  # of one document products are of one thread anyway
        for rows in entry_blocks(X.indptr, COPIED_ENTRIES):
            part = X if rows == slice(0, X.shape[0]) else X[rows]
            known = np.diff(part.indptr) > 0
            if known.any():
                part = part if known.all() else part[known]
                theta[rows][known] = _known_proportions(part, components, encoder, refinement)
    return theta


def _known_proportions(X: sp.csr_array, components: np.ndarray, encoder: Encoder, refinement: Refinement) -> np.ndarray:
    """`topic_proportions` of documents with a word each: all that is read of the model are the rows of their words."""
    encoder_weight, prior_weight, n_steps, share = refinement
    if X.shape[0] == 1:  # in which each word is there once
        words, columns = X.indices, np.arange(X.nnz)
    else:
        words, columns = np.unique(X.indices, return_inverse=True)
    X = with_data(X, X.data.astype(np.float64))
    X.indices = columns.astype(X.indptr.dtype, copy=False)
    X.resize(X.shape[0], len(words))
    word_rows = WordRows.of(np.ascontiguousarray(components[:, words].T, dtype=np.float64), share is not None)
    features = encoder.features.of(words)
    theta = np.empty((X.shape[0], len(components)))
    for block in entry_blocks(X.indptr, BLOCK_FLOATS // len(components)):
        X_block = X if block == slice(0, X.shape[0]) else X[block]
        loc = encoder.location(encoder.last_hidden(features(X_block)))
        if share is not None:  # the encoder does not speak for the background
            loc[:, 0] = -np.inf
        first = softmax(loc / encoder.temperature)
        tokens = refine(first, encoder_weight * first + prior_weight, X_block, word_rows, n_steps, share)
        theta[block] = tokens / tokens.sum(axis=1, keepdims=True)
    return theta
