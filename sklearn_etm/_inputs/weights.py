"""Weights of documents: how often each counts."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array


def check_weights(sample_weight: Any, n: int) -> np.ndarray | None:
    """Weights of ``n`` documents in float64; None where all count once."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Number):
        sample_weight = np.full(n, sample_weight)
    weights = check_array(
        sample_weight, accept_sparse=False, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.shape != (n,):
        raise ValueError(
            f"sample_weight must hold one number for each of the {n} rows of X; its shape is {weights.shape}."
        )
    if n and weights.min() < 0:
        raise ValueError(f"sample_weight must not be negative: it goes down to {weights.min():g}.")
    if n and not weights.any():
        raise ValueError("sample_weight is zero for all rows: nothing is left to learn from, or to score.")
    return weights
