"""Word vectors from the counts alone: which words are used in the same documents (knows no JAX)."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh

MAX_CONTEXTS = 1000  # most common words, that others are described by
MAX_AXES_WORDS = 10_000  # most common words, that the axes are found from
MAX_PAIRS = 50_000_000  # of words that are counted: more documents say nothing new


def word_vectors(X: sp.csr_array, size: int) -> np.ndarray:
    r"""Vectors of words from positive pointwise mutual information, (V, L) with L of at most ``size``.

    :math:`M_{vc} = \max(0, \log \frac{p(v, c)}{p(v) p(c)})` of a word and a context word, over pairs of different words
    in a document, each document's pairs weighing as much as it has words.  Vectors are :math:`M U s^{-1/2}` with the
    first right singular vectors and values of :math:`M`: half of the weight of each stays with the words (Levy,
    Goldberg and Dagan, 2015).

    Parameters
    ----------
    X : counts (D, V), canonical
    size : number of singular vectors
    """
    document_frequency = np.bincount(X.indices, minlength=X.shape[1])
    by_frequency = np.argsort(-document_frequency, kind="stable")
    contexts = np.sort(by_frequency[:MAX_CONTEXTS])
    M = _positive_pmi(_cooccurrence(X, contexts))
    axes = M[by_frequency[:MAX_AXES_WORDS]].toarray()
    C = len(contexts)
    values, U = eigh(axes.T @ axes, subset_by_index=[max(C - size, 0), C - 1])
    singular = np.sqrt(np.maximum(values[::-1], 1e-12))
    return M @ (U[:, ::-1] / np.sqrt(singular))


def _cooccurrence(X: sp.csr_array, contexts: np.ndarray) -> sp.coo_array:
    """Weight of the pairs of a word and a different context word in documents, (V, C)."""
    length = np.diff(X.indptr).astype(np.float64)
    X = X[:: max(1, int(np.ceil(length @ np.minimum(length, len(contexts)) / MAX_PAIRS)))]
    length = np.diff(X.indptr)
    used = sp.csr_array((np.ones(X.nnz, dtype=np.float32), X.indices, X.indptr), shape=X.shape)
    weight = np.repeat(1.0 / np.maximum(length - 1, 1), length).astype(np.float32)
    near = sp.csr_array((weight, X.indices, X.indptr), shape=X.shape)[:, contexts]
    pairs = sp.coo_array(used.T.tocsr() @ near)
    different = pairs.row != contexts[pairs.col]
    return sp.coo_array((pairs.data[different], (pairs.row[different], pairs.col[different])), shape=pairs.shape)


def _positive_pmi(pairs: sp.coo_array) -> sp.csr_array:
    of_word, of_context = pairs.sum(axis=1), pairs.sum(axis=0)
    expected = of_word[pairs.row] * (of_context / max(of_context.sum(), 1e-30))[pairs.col]
    pmi = np.log(pairs.data / expected)
    positive = pmi > 0
    return sp.csr_array((pmi[positive], (pairs.row[positive], pairs.col[positive])), shape=pairs.shape)
