"""Documents with all that they bring along: what a row of the input is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from ._sparse import row_sums, with_data


class Rows(NamedTuple):
    """Counts, and what else is known of each document."""

    counts: sp.csr_array  # (n_samples, V)
    weights: np.ndarray | None = None  # (n_samples,) how often a document counts; once where there are none
    covariates: np.ndarray | None = None  # (n_samples, p)

    def of(self, rows: Any) -> Rows:
        """Some of the documents, by index, mask or slice."""
        return Rows(*(None if part is None else part[rows] for part in self))

    def sample(self, n: int) -> Rows:
        """``n`` of them drawn evenly, in their order, or all where there are no more; the same in every call."""
        if n >= self.n:
            return self
        return self.of(np.sort(np.random.RandomState(0).choice(self.n, n, replace=False)))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Standard deviation over the documents of values of each, (n_samples, m)."""
        if self.weights is None:
            return values.std(axis=0)
        mean = np.average(values, axis=0, weights=self.weights)
        return np.sqrt(np.average((values - mean) ** 2, axis=0, weights=self.weights))

    @property
    def n(self) -> int:
        """How many there are."""
        return self.counts.shape[0]

    @property
    def total(self) -> Any:
        """How many they count for: a float where they have weights."""
        return self.n if self.weights is None else float(self.weights.sum())

    @property
    def often(self) -> np.ndarray:
        """How often each counts, (n_samples,)."""
        return np.ones(self.n) if self.weights is None else self.weights

    @property
    def weighted(self) -> sp.csr_array:
        """Counts as often as their documents count."""
        if self.weights is None:
            return self.counts
        return with_data(self.counts, self.counts.data * np.repeat(self.weights, np.diff(self.counts.indptr)))

    @property
    def document_frequency(self) -> np.ndarray:
        """Documents with a word, as often as they count, (V,)."""
        of_entry = None if self.weights is None else np.repeat(self.weights, np.diff(self.counts.indptr))
        return np.bincount(self.counts.indices, of_entry, self.counts.shape[1])

    @property
    def learnable(self) -> Rows:
        """Those with a token, and a weight: themselves where all have them."""
        learnable = np.diff(self.counts.indptr) > 0
        if self.weights is not None:
            learnable &= self.weights > 0
        return self if learnable.all() else self.of(learnable)

    @property
    def single(self) -> Rows:
        """With counts in float32."""
        return self._replace(counts=self.counts.astype(np.float32, copy=False))

    @property
    def double(self) -> Rows:
        """With counts in float64."""
        return self._replace(counts=self.counts.astype(np.float64, copy=False))

    @property
    def n_tokens(self) -> float:
        """Tokens of all documents, as often as these count."""
        if self.weights is None:
            return float(self.counts.data.sum(dtype=np.float64))
        return float(row_sums(self.counts) @ self.weights)
