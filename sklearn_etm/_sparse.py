"""Count matrices in CSR: types whose sums are exact, sums, and blocks of rows."""

from __future__ import annotations

from copy import copy
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

BLOCK_ENTRIES = 1_000_000  # that are looked at a time, so that a large matrix is not copied


def widened(X: Any) -> Any:
    """A sparse matrix in float64 where its type could not hold the sums of its duplicates; anything else as it is.

    Conversion to CSR adds up duplicates in the type of the data: 8 bits wrap at 256, float32 stops counting at 2**24.
    """
    narrow = sp.issparse(X) and X.dtype.itemsize < 8 and (X.dtype.kind in "bui" or not _is_canonical(X))
    return X.astype(np.float64) if narrow else X


def check_indices(X: Any) -> None:
    """Raise a ValueError where indices of a sparse matrix point outside of it: SciPy reads and writes there.

    SciPy looks at indices when a matrix is made, and at few of them then; they may have been changed since.
    """
    if not sp.issparse(X) or X.ndim != 2:
        return
    if X.format in ("csr", "csc", "bsr"):
        n_rows, n_columns = X.shape
        if X.format == "bsr":
            n_rows, n_columns = n_rows // X.blocksize[0], n_columns // X.blocksize[1]
        n_lists, n = (n_columns, n_rows) if X.format == "csc" else (n_rows, n_columns)
        indptr = X.indptr
        inside = (
            len(indptr) == n_lists + 1
            and indptr[0] == 0
            and (n_lists == 1 or bool((indptr[1:] >= indptr[:-1]).all()))
            and 0 <= indptr[-1] <= min(len(X.indices), len(X.data))
            and _are_below(X.indices[: indptr[-1]], n)
        )
    elif X.format == "coo":
        inside = all(_are_below(c, n) for c, n in zip(X.coords, X.shape, strict=True))
    elif X.format == "lil":
        inside = all(min(row) >= 0 and max(row) < X.shape[1] for row in X.rows if row)
    else:  # SciPy has them from a dict, or computes them
        inside = True
    if not inside:
        raise ValueError(
            f"X is a sparse matrix in {X.format.upper()} whose indices point outside of its shape {X.shape}: it is "
            "damaged, or was changed after it was made. Make it anew, and see X.check_format()."
        )


def _are_below(indices: np.ndarray, n: int) -> bool:
    """Whether all are 0 or more and below n: as unsigned numbers those below 0 are the largest."""
    return not len(indices) or bool(np.asarray(indices).view(f"u{indices.itemsize}").max() < n)


def canonical(X: Any) -> sp.csr_array:
    """Counts in CSR, each cell once, in order and none of them zero; ``X`` itself is not modified."""
    X = sp.csr_array(widened(X))
    if not X.has_canonical_format or len(X.data) > X.nnz or (X.nnz and not X.data.all()):
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
    return X


def _is_canonical(X: Any) -> bool:
    """Whether a sparse matrix is known to hold each cell once."""
    return bool(getattr(X, "has_canonical_format", True))


def with_data(X: sp.csr_array, data: np.ndarray) -> sp.csr_array:
    """Other values in the cells of ``X``, which shares its indices: SciPy's constructor takes longer than a product."""
    cells = copy(X)
    cells.data = data
    return cells


def entry_rows(X: sp.csr_array) -> np.ndarray:
    """Row of each stored entry, (nnz,)."""
    return np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))


def row_sums(X: sp.csr_array) -> np.ndarray:
    """Sums over the columns in float64, (n_rows,); SciPy's own are in the type of ``X``."""
    return np.bincount(entry_rows(X), X.data, X.shape[0])


def column_sums(X: sp.csr_array) -> np.ndarray:
    """Sums over the rows in float64, (n_columns,)."""
    total = np.zeros(X.shape[1])
    for start in range(0, X.nnz, BLOCK_ENTRIES):  # whose copies, in 64 bits, are made one after the other
        block = slice(start, start + BLOCK_ENTRIES)
        total += np.bincount(X.indices[block], X.data[block], X.shape[1])
    return total


def has_fractions(X: sp.csr_array) -> bool:
    """Whether a value is no whole number."""
    starts = range(0, X.nnz, BLOCK_ENTRIES)
    return any((X.data[start : start + BLOCK_ENTRIES] % 1).any() for start in starts)


def entry_blocks(indptr: np.ndarray, n_entries: int) -> list[slice]:
    """Slices of rows with about ``n_entries`` non-zeros each."""
    if indptr[-1] <= n_entries and len(indptr) > 1:
        return [slice(0, len(indptr) - 1)]
    edges = np.searchsorted(indptr, np.arange(0, indptr[-1], max(n_entries, 1))[1:])
    edges = np.unique(np.concatenate([[0], edges, [len(indptr) - 1]]))
    return [slice(a, b) for a, b in pairwise(edges)]
