r"""Posteriors of topic proportions where topics correlate, or documents have covariates: mean-field variational Bayes.

:math:`q(z_d) = \mathcal{N}(m_d, \mathrm{diag}(v_d))` of the logistic-normal model (Blei and Lafferty, 2007). Tokens are
dealt to topics by :math:`r_{dvk} \propto e^{m_{dk}} \beta_{kv}`, which gives counts :math:`n_{dk}`; then m is moved to
the maximum of :math:`n_d^\top m - N_d \log \sum_k e^{m_k + v_k / 2} - \frac12 (m - \mu_d)^\top \Sigma^{-1}
(m - \mu_d)` by Newton's steps, each solved by conjugate gradients, so that no document needs a matrix of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from .._numbers import BLOCK_FLOATS, TINY, softmax
from .._sparse import entry_blocks, entry_rows, with_data
from .._threads import one_thread

NEWTON_STEPS = 2  # for each time that tokens are dealt
CONJUGATE_STEPS = 8  # for each of these
LONGEST_STEP = 2.0  # of a logit
START_TOKENS = 0.1  # added to each topic's, so that the logarithm starts from no extreme
START_VARIANCE = 0.5


class Normals(NamedTuple):
    """Posteriors of z, independent normals: (n_samples, K) each."""

    loc: np.ndarray
    variance: np.ndarray

    @classmethod
    def like(cls, theta: np.ndarray, n_tokens: np.ndarray) -> Normals:
        """To start from, where proportions (n_samples, K) of so many tokens (n_samples,) are known roughly."""
        z = np.log(theta * n_tokens[:, None] + START_TOKENS)
        return cls(z - z.mean(axis=1, keepdims=True), np.full_like(z, START_VARIANCE))

    def of(self, rows: slice) -> Normals:
        """Those of some documents."""
        return Normals(self.loc[rows], self.variance[rows])

    @property
    def theta(self) -> np.ndarray:
        """Proportions at the mode of z."""
        return softmax(self.loc)


class Words(NamedTuple):
    """What makes the words of documents: topics, and a background of which each has a known share."""

    topics: np.ndarray  # (K, V)
    background: np.ndarray | None = None  # (V,)
    share: np.ndarray | None = None  # (n_samples,)

    def of(self, rows: slice) -> Words:
        """Of some documents."""
        return self if self.share is None else self._replace(share=self.share[rows])

    def probabilities(self, X: sp.csr_array) -> tuple[np.ndarray, np.ndarray]:
        """Of the word of each cell of X, by each topic (nnz, K) and by the background (nnz,)."""
        of_topics = np.ascontiguousarray(self.topics[:, X.indices].T, dtype=np.float64)
        if self.background is None or self.share is None:
            return of_topics, np.full(X.nnz, TINY)
        share = self.share[entry_rows(X)]
        return (1 - share)[:, None] * of_topics, share * self.background[X.indices] + TINY


class Documents(NamedTuple):
    """Documents, with what is known of them beforehand."""

    counts: sp.csr_array  # (n_samples, V)
    words: Words  # what makes them
    means: np.ndarray  # (n_samples, K) of the prior of each
    precision: np.ndarray  # (K, K) of the prior

    def of(self, rows: slice) -> Documents:
        """Some of them."""
        return Documents(self.counts[rows], self.words.of(rows), self.means[rows], self.precision)


def improved(q: Normals, documents: Documents, n_steps: int) -> Normals:
    """Posteriors after some steps from q; a step deals tokens to topics."""
    loc, variance = np.empty_like(q.loc), np.empty_like(q.variance)
    with one_thread():
        for rows in entry_blocks(documents.counts.indptr, BLOCK_FLOATS // len(documents.precision)):
            loc[rows], variance[rows] = _improved(q.of(rows), documents.of(rows), n_steps)
    return Normals(loc, variance)


def expected_counts(q: Normals, documents: Documents, weights: np.ndarray) -> np.ndarray:
    """Tokens of each word in each topic, (K, V), the background first where there is one; documents have weights."""
    topics, background, share = documents.words
    own = np.ones(len(q.loc)) if share is None else 1 - share
    dealt = np.zeros(topics.shape)
    of_background = np.zeros((0 if background is None else 1, topics.shape[1]))
    with one_thread():
        for rows in entry_blocks(documents.counts.indptr, BLOCK_FLOATS // len(topics)):
            block, theta = documents.of(rows), q.of(rows).theta
            X, document = block.counts, entry_rows(block.counts)
            beta, by_background = block.words.probabilities(X)
            p = np.einsum("nk,nk->n", theta[document], beta) + by_background
            ratio = with_data(X, weights[rows][document] * X.data / p)
            dealt += (own[rows, None] * theta).T @ ratio
            if share is not None:
                of_background += share[None, rows] @ ratio
    return np.concatenate([of_background if background is None else background * of_background, topics * dealt])


def _improved(q: Normals, documents: Documents, n_steps: int) -> Normals:
    X = documents.counts
    document = entry_rows(X)
    cells = sp.csr_array((np.empty(X.nnz), np.arange(X.nnz), X.indptr), shape=(X.shape[0], X.nnz))
    beta, of_background = documents.words.probabilities(X)
    for _ in range(n_steps):
        weight = softmax(q.loc)
        p = np.einsum("nk,nk->n", weight[document], beta) + of_background
        counts = weight * (with_data(cells, X.data / p) @ beta)
        for _ in range(NEWTON_STEPS):
            q = _newton(q, counts, documents)
    return q


def _newton(q: Normals, counts: np.ndarray, documents: Documents) -> Normals:
    """Posteriors nearer to the best, where expected tokens of each topic (n_samples, K) are known."""
    means, precision = documents.means, documents.precision
    n = counts.sum(axis=1, keepdims=True)
    theta = softmax(q.loc + q.variance / 2)
    gradient = counts - n * theta - (q.loc - means) @ precision
    step = _solve(n, theta, precision, gradient)
    longest = np.abs(step).max(axis=1, keepdims=True, initial=TINY)
    loc = q.loc + step * np.minimum(1.0, LONGEST_STEP / longest)
    variance = q.variance
    for _ in range(2):
        variance = 1 / (np.diag(precision) + n * softmax(loc + variance / 2))
    return Normals(loc, variance)


def _solve(n: np.ndarray, theta: np.ndarray, precision: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Of each document, the solution of (n (diag theta - theta theta') + precision) x = gradient, nearly."""

    def product(x: np.ndarray) -> np.ndarray:
        mine = theta * x
        return n * (mine - theta * mine.sum(axis=1, keepdims=True)) + x @ precision

    diagonal = n * theta * (1 - theta) + np.diag(precision)
    x, residual = np.zeros_like(gradient), gradient
    direction = scaled = residual / diagonal
    size = (residual * scaled).sum(axis=1, keepdims=True)
    for _ in range(CONJUGATE_STEPS):
        image = product(direction)
        far = size / np.maximum((direction * image).sum(axis=1, keepdims=True), TINY)
        x, residual = x + far * direction, residual - far * image
        scaled = residual / diagonal
        before, size = size, (residual * scaled).sum(axis=1, keepdims=True)
        direction = scaled + size / np.maximum(before, TINY) * direction
    return x
