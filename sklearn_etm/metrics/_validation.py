"""What topics, proportions and counts must be."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._inputs.texts import PASS_COUNTS
from .._inputs.topics import proportions
from .._sparse import check_indices, widened

# Room for rows normalised in single precision; it moves a perplexity by at most one part in ten thousand.
ROW_SUM_TOLERANCE = 1e-4


def check_two_dimensional(values: Any, name: str) -> None:
    if np.ndim(values) != 2:
        raise ValueError(f"{name} must be two-dimensional; got shape {np.shape(values)}. Write a single row as [row].")


def given_by_words(topics: Any) -> bool:
    """Whether topics are lists of words, rather than scores of all words."""
    if hasattr(topics, "__array__"):
        topics = np.asarray(topics)
        if topics.ndim == 0 or topics.dtype.kind not in "UO":
            return False
    elif not isinstance(topics, list | tuple):
        return False
    entries = (entry for row in topics for entry in ([row] if isinstance(row, str) or not np.iterable(row) else row))
    return isinstance(next(entries, None), str)


def check_dense(values: Any, name: str, **kwargs: Any) -> NDArray[np.float64]:
    """Return ``values`` as a dense float64 matrix."""
    if given_by_words(values):
        raise ValueError(f"{name} must hold numbers, here one for each word of the vocabulary; got words.")
    check_two_dimensional(values, name)
    matrix: NDArray[np.float64] = check_array(values, dtype=np.float64, input_name=name, **kwargs)
    return matrix


def check_topics(components: Any) -> NDArray[np.float64]:
    """Return the word probabilities of topics that may have been given as weights."""
    matrix = check_dense(components, "components")
    if matrix.min() < 0:
        raise ValueError(
            f"components must hold probabilities or weights of words, not negative; got {matrix.min():.6g}. "
            "Take np.exp of log-probabilities."
        )
    return proportions(matrix)


def check_distributions(values: Any, name: str, shape: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """Return ``values`` as a float64 matrix of the shape, the rows of which are distributions."""
    matrix = check_dense(values, name)
    if shape is not None and matrix.shape != shape:
        raise ValueError(f"{name} must have shape (n_samples, num_topics) = {shape}; got {matrix.shape}.")
    if matrix.min() < 0:
        raise ValueError(f"{name} holds probabilities, which must not be negative; got {matrix.min():.6g}.")
    sums = matrix.sum(axis=1)
    worst = np.abs(sums - 1).argmax()
    if abs(sums[worst] - 1) > ROW_SUM_TOLERANCE:
        raise ValueError(
            f"The rows of {name} must sum to one; row {worst} sums to {sums[worst]:.6g}. Divide by the row "
            f"sums: P / P.sum(axis=1, keepdims=True), with P for {name}."
        )
    return matrix


def check_counts(X: Any, name: str, n_columns: int | None = None, of: str = "components") -> Any:
    """Return a copy of the counts in CSR format, every cell once and columns sorted; as many columns as ``of`` has."""
    check_two_dimensional(X, name)
    check_indices(X)
    X = check_array(widened(X), accept_sparse="csr", dtype=[np.float64, np.float32], copy=True, input_name=name)
    if not sp.issparse(X):
        X = sp.csr_matrix(X)
    X = widened(X)  # pandas' sparse columns of truth values are such still
    X.sum_duplicates()
    X.eliminate_zeros()
    if X.nnz and X.data.min() < 0:
        raise ValueError(f"{name} holds counts, which must not be negative; got {X.data.min():.6g}. {PASS_COUNTS}")
    if n_columns is not None and X.shape[1] != n_columns:
        raise ValueError(
            f"{name} has {X.shape[1]} columns and {of} has {n_columns}; both need one column for every "
            f"word of the same vocabulary."
        )
    return X
