"""Topic proportions of documents: the encoder's answer, then refinement of each document.

All in float64 and row by row the same whatever the batch.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._numbers import BLOCK_FLOATS, TINY, softmax
from .._sparse import entry_blocks, entry_rows
from .._threads import one_thread
from .encoder import Encoder
from .prior import Prior

ENCODER_WEIGHT = 5.0  # tokens that the encoder's answer weighs when theta is refined
PRIOR_SHARE = 0.2  # of the prior's tokens that theta is refined with: the encoder's answer holds prior, too
COPIED_ENTRIES = 1 << 20  # non-zeros that are copied at a time


class Refinement(NamedTuple):
    """How the encoder's answer for a document is refined to its topic proportions."""

    encoder_weight: Any  # tokens that the encoder's answer weighs
    prior_weight: np.ndarray  # (K,) tokens of each topic that the prior weighs
    n_steps: Any  # of EM

    @classmethod
    def under(cls, prior: Prior, n_steps: int) -> Refinement:
        """What is done in ``n_steps`` under a prior, in training and afterwards."""
        return cls(ENCODER_WEIGHT, PRIOR_SHARE * prior.concentration, int(n_steps))


def refine(theta: np.ndarray, prior: np.ndarray, X: sp.csr_array, beta_t: np.ndarray, n_steps: int) -> np.ndarray:
    r"""EM on theta under fixed topics, :math:`\theta_{dk} \propto a_{dk} + \sum_v x_{dv} r_{dvk}`."""
    gathered = beta_t[X.indices]  # (nnz, K)
    rows = entry_rows(X)
    entries = np.arange(X.nnz)
    for _ in range(n_steps):
        p = np.einsum("nk,nk->n", theta[rows], gathered) + TINY
        ratio = sp.csr_array((X.data / p, entries, X.indptr), shape=(X.shape[0], X.nnz))
        theta = prior + theta * (ratio @ gathered)
        theta /= theta.sum(axis=1, keepdims=True)
    return theta


def topic_proportions(X: sp.csr_array, components: np.ndarray, encoder: Encoder, refinement: Refinement) -> np.ndarray:
    """Posterior topic proportions of count rows, (n_samples, K); the mean of the prior for an empty document."""
    prior = refinement.prior_weight
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
    encoder_weight, prior_weight, n_steps = refinement
    words, columns = np.unique(X.indices, return_inverse=True)
    X = sp.csr_array((X.data.astype(np.float64), columns, X.indptr), shape=(X.shape[0], len(words)))
    beta_t = np.ascontiguousarray(components[:, words].T, dtype=np.float64)
    features = encoder.features.of(words)
    theta = np.empty((X.shape[0], len(components)))
    for block in entry_blocks(X.indptr, BLOCK_FLOATS // len(components)):
        X_block = X if block == slice(0, X.shape[0]) else X[block]
        first = softmax(encoder.loc(encoder.last_hidden(features(X_block))) / encoder.temperature)
        prior = encoder_weight * first + prior_weight
        theta[block] = refine(first, prior, X_block, beta_t, n_steps)
    return theta
