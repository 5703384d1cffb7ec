"""Covariates: numbers that documents bring along, one row each (knows no JAX)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array

from .vectorizer import feature_names

COLLINEAR = 1e-8  # share of the variance of standardised covariates, below which a combination of them has none
ROUNDING = 1e-12  # of a covariate's size, that its deviation is where all documents have the same


def check_covariates(covariates: Any, n: int, name: str = "covariates", of: str = "X") -> NDArray[np.float64]:
    """Covariates of ``n`` documents in float64, (n, p)."""
    values = numbers(covariates, name)
    if len(values) != n:
        raise ValueError(f"{name} must have one row for each of the {n} rows of {of}; they have {len(values)}.")
    return values


def numbers(given: Any, name: str) -> NDArray[np.float64]:
    """A dense table of finite numbers; what has one dimension is a column."""
    if isinstance(given, str):
        raise TypeError(f"{name} must be numbers, one row for each row of X; got the string {given!r}.")
    if np.ndim(given) == 1 and not sp.issparse(given):
        given = np.asarray(given).reshape(-1, 1)
    try:
        values = check_array(given, accept_sparse=True, dtype=np.float64, input_name=name)
    except ValueError as error:
        if "could not convert string" not in str(error):
            raise
        raise ValueError(
            f"{name} must be numbers: {error}. Encode categories by OneHotEncoder(drop='first'), in a "
            "ColumnTransformer where others are numbers already."
        ) from error
    return values.toarray() if sp.issparse(values) else values


class Standard(NamedTuple):
    """Covariates of documents less their means, in units of their deviations."""

    values: NDArray[np.float64]  # (n, p) 0 where all documents have the same
    means: NDArray[np.float64]  # (p,)
    scales: NDArray[np.float64]  # (p,) 1 where all documents have the same
    constant: NDArray[np.bool_]  # (p,) where that is so

    @classmethod
    def of(cls, covariates: NDArray[np.float64], weights: NDArray[np.float64]) -> Standard:
        """Those of covariates (n, p), of documents that count as often as weights (n,) say."""
        means = weights @ covariates / weights.sum()
        scales = np.sqrt(weights @ (covariates - means) ** 2 / weights.sum())
        constant = scales <= ROUNDING * np.maximum(np.abs(covariates).max(axis=0, initial=0), 1e-300)
        scales = np.where(constant, 1.0, scales)
        return cls(np.where(constant, 0.0, (covariates - means) / scales), means, scales, constant)


def check_same_names(known: NDArray[Any], given: NDArray[Any] | None, p: int, remedy: str) -> None:
    """Raise where p covariates, of which these names are given, are not those that a model was fitted with."""
    numbered = all(name == f"c{i}" for i, name in enumerate(known))
    if p == len(known) and (given is None or numbered or list(given) == list(known)):
        return
    others = f"{p} without names" if given is None else ", ".join(given)
    raise ValueError(f"The model was fitted with the covariates {', '.join(known)}, and these are {others}: {remedy}.")


def other_columns(words: NDArray[np.intp], n_features: int) -> NDArray[np.intp]:
    """Columns of X that are no words."""
    return np.setdiff1d(np.arange(n_features), words, assume_unique=True)


def covariate_names(covariates: Any, p: int) -> NDArray[Any]:
    """Names of covariates: of the columns of a data frame, or c0, c1, ..."""
    names = given_names(covariates)
    return np.asarray([f"c{i}" for i in range(p)], dtype=object) if names is None else names


def given_names(covariates: Any) -> NDArray[Any] | None:
    """Names of the columns of a data frame, or of a column of one; None where there are none."""
    names = feature_names(covariates)
    if names is None and hasattr(covariates, "columns"):
        names = np.asarray([str(name) for name in covariates.columns], dtype=object)
    if names is None and isinstance(name := getattr(covariates, "name", None), str) and name:
        names = np.asarray([name], dtype=object)
    return names
