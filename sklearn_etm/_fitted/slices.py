r"""Draws from posteriors of topic proportions where topics correlate, or documents have covariates: slice sampling.

Each document has a chain. It moves on ellipses through where it is and a draw of a normal near the posterior,
:math:`\mathcal{N}(m_d, H_d^{-1})`, to a point among those where posterior over normal is above a level that is drawn
(Murray, Adams and MacKay, 2010; Nishihara, Murray and Adams, 2014). No step has a size that would have to be set, and
none is refused. :math:`m_d` is that of mean-field inference, and :math:`H_d = \Sigma^{-1} + \sum_v x_{dv} g_{dv}
g_{dv}^\top` with the score :math:`g_{dv} = r_{dv} - \theta_d` of a token.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._numbers import BLOCK_FLOATS, TINY, softmax
from .._sparse import entry_blocks, entry_rows
from .._threads import one_thread
from .meanfield import Documents, Normals

FIRST_MOVES = 10  # of a chain, which are not kept
WIDENING = 2.0  # of the normals' variances: tails of posteriors are longer, and chains would stay in them
MOST_SHRINKS = 100  # of a slice, where rounding lets nothing be above its level


class Chains(NamedTuple):
    """How posteriors of documents are drawn from, with normals that are near them."""

    loc: np.ndarray  # (n_samples, K) of the normals, and
    precision: np.ndarray  # (n_samples, K, K)
    root: np.ndarray  # (n_samples, K, K) of the covariance
    documents: Documents
    document: np.ndarray  # (nnz,)
    of_topics: np.ndarray  # (nnz, K) probability of a word by each topic, and
    of_background: np.ndarray  # (nnz,) by the background

    @classmethod
    def of(cls, loc: np.ndarray, documents: Documents) -> Chains:
        """Those of documents, with normals around loc (n_samples, K)."""
        X = documents.counts
        document = entry_rows(X)
        of_topics, of_background = documents.words.probabilities(X)
        theta = softmax(loc)[document]
        tokens = theta * of_topics
        scores = tokens / (tokens.sum(axis=1) + of_background)[:, None]
        scores -= theta * scores.sum(axis=1, keepdims=True)
        scores *= np.sqrt(X.data)[:, None]
        precision = np.stack([documents.precision + g.T @ g for g in np.split(scores, X.indptr[1:-1])])
        precision /= WIDENING
        root = np.linalg.inv(np.linalg.cholesky(precision)).transpose(0, 2, 1)
        return cls(loc, precision, root, documents, document, of_topics, of_background)

    def log_ratio(self, z: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """Log of posterior over normal at z of some documents, (n_asked,) both, but for a constant of each."""
        place = np.full(len(self.loc), -1)
        place[asked] = np.arange(len(asked))
        which = place[self.document]
        entries = slice(None) if len(asked) == len(self.loc) else np.flatnonzero(which >= 0)
        which = which[entries]
        p = np.einsum("nk,nk->n", softmax(z)[which], self.of_topics[entries]) + self.of_background[entries]
        log_likelihood = np.bincount(which, self.documents.counts.data[entries] * np.log(p), len(asked))
        from_mean, from_loc = z - self.documents.means[asked], z - self.loc[asked]
        of_prior = (from_mean @ self.documents.precision * from_mean).sum(axis=1)
        of_normal = ((from_loc[:, None] @ self.precision[asked])[:, 0] * from_loc).sum(axis=1)
        return log_likelihood + (of_normal - of_prior) / 2

    def move(self, z: np.ndarray, height: np.ndarray, rng: np.random.RandomState) -> None:
        """Move z (n_samples, K), where the log ratio has a height (n_samples,); both are changed."""
        n = len(z)
        here = z - self.loc
        there = (self.root @ rng.standard_normal(z.shape)[..., None])[..., 0]
        left = np.arange(n)
        level = height + np.log(rng.random_sample(n) + TINY)
        high = 2 * np.pi * rng.random_sample(n)
        low, angle = high - 2 * np.pi, high.copy()
        for _ in range(MOST_SHRINKS):
            if not len(left):
                break
            a = angle[left, None]
            proposed = self.loc[left] + np.cos(a) * here[left] + np.sin(a) * there[left]
            ratio = self.log_ratio(proposed, left)
            above = ratio > level[left]
            z[left[above]], height[left[above]] = proposed[above], ratio[above]
            left = left[~above]
            back = angle[left] < 0
            low[left[back]], high[left[~back]] = angle[left[back]], angle[left[~back]]
            angle[left] = low[left] + (high[left] - low[left]) * rng.random_sample(len(left))


def drawn(q: Normals, documents: Documents, n: int, rng: np.random.RandomState) -> np.ndarray:
    """Proportions (n, n_samples, K) from the posteriors of documents, of which q are mean-field ones."""
    theta = np.empty((n, *q.loc.shape))
    n_documents, K = q.loc.shape
    size = documents.counts.indptr + K * np.arange(n_documents + 1)  # a document has a matrix of its own
    with one_thread():
        for rows in entry_blocks(size, BLOCK_FLOATS // K):
            chains = Chains.of(q.loc[rows], documents.of(rows))
            z = chains.loc.copy()
            height = chains.log_ratio(z, np.arange(len(z)))
            for _ in range(FIRST_MOVES):
                chains.move(z, height, rng)
            for i in range(n):
                chains.move(z, height, rng)
                theta[i, rows] = softmax(z)
    return theta
