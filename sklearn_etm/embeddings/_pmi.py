"""Word vectors from the counts alone: which words are used in the same documents (knows no JAX)."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh

from .._rows import Rows
from .._sparse import entry_blocks

MAX_CONTEXTS = 1000  # most common words, that others are described by
MAX_AXES_WORDS = 10_000  # most common words, that the axes are found from
MAX_PAIRS = 150_000_000  # of words that are counted: more documents say nothing new
BLOCK_ENTRIES = 1 << 21  # of the matrix of pairs that are looked at together, so that temporaries stay small


def word_vectors(X: sp.csr_array, size: int, weights: np.ndarray | None = None) -> np.ndarray:
    r"""Vectors of words from positive pointwise mutual information, (V, L) with L of at most ``size``.

    :math:`M_{vc} = \max(0, \log \frac{p(v, c)}{p(v) p(c)})` of a word and a context word, over pairs of different words
    in a document, each document's pairs weighing as much as it has words.  Vectors are :math:`M U s^{-1/2}` with the
    first right singular vectors and values of :math:`M`: half of the weight of each stays with the words (Levy,
    Goldberg and Dagan, 2015).

    Parameters
    ----------
    X : counts (D, V), canonical
    size : number of singular vectors
    weights : how often each document counts, (D,), or once
    """
    document_frequency = Rows(X, weights).document_frequency
    by_frequency = np.argsort(-document_frequency, kind="stable")
    contexts = np.sort(by_frequency[:MAX_CONTEXTS])
    M = _positive_pmi(_cooccurrence(Rows(X, weights), contexts))
    axes = M[by_frequency[:MAX_AXES_WORDS]].toarray()
    C = len(contexts)
    values, U = eigh(axes.T @ axes, subset_by_index=[max(C - size, 0), C - 1])
    singular = np.sqrt(np.maximum(values[::-1], 1e-12))
    return M @ (U[:, ::-1] / np.sqrt(singular))


def _cooccurrence(rows: Rows, contexts: np.ndarray) -> sp.csr_array:
    """Weight of the pairs of a word and a different context word in documents, (V, C)."""
    length = np.diff(rows.counts.indptr).astype(np.float64)
    n_pairs = length @ np.minimum(length, len(contexts))
    rows = rows.sample(int(rows.n * min(MAX_PAIRS / max(n_pairs, 1), 1.0)) or 1)
    X = rows.counts
    length = np.diff(X.indptr)
    used = sp.csr_array((np.ones(X.nnz, dtype=np.float32), X.indices, X.indptr), shape=X.shape)
    of_document = 1.0 / np.maximum(length - 1, 1) * (1.0 if rows.weights is None else rows.weights)
    weight = np.repeat(of_document, length).astype(np.float32)
    near = sp.csr_array((weight, X.indices, X.indptr), shape=X.shape)[:, contexts]
    pairs = sp.csr_array(used.T.tocsr() @ near)
    for block in _row_blocks(pairs):
        pairs.data[block.entries][block.word == contexts[block.context]] = 0.0
    pairs.eliminate_zeros()
    return pairs


def _positive_pmi(pairs: sp.csr_array) -> sp.csr_array:
    """Overwrites ``pairs``, which may be the largest array of a fit."""
    of_word, of_context = pairs.sum(axis=1), pairs.sum(axis=0)
    share = of_context / max(of_context.sum(), 1e-30)
    for rows in _row_blocks(pairs):
        pmi = np.log(pairs.data[rows.entries] / (of_word[rows.word] * share[rows.context]))
        pairs.data[rows.entries] = np.maximum(pmi, 0.0)
    pairs.eliminate_zeros()
    return pairs


class _Entries(NamedTuple):
    """Some stored entries of a matrix of pairs, with word and context of each."""

    entries: slice
    word: np.ndarray
    context: np.ndarray


def _row_blocks(pairs: sp.csr_array) -> Iterator[_Entries]:
    """Rows of pairs, about ``BLOCK_ENTRIES`` entries at a time."""
    for rows in entry_blocks(pairs.indptr, BLOCK_ENTRIES):
        entries = slice(pairs.indptr[rows.start], pairs.indptr[rows.stop])
        word = np.repeat(np.arange(rows.start, rows.stop), np.diff(pairs.indptr[rows.start : rows.stop + 1]))
        yield _Entries(entries, word, pairs.indices[entries])
