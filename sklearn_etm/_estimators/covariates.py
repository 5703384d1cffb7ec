"""Checks of covariates: numbers that documents bring along, one row each."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from .._inputs.covariates import (
    COLLINEAR,
    Standard,
    check_covariates,
    check_same_names,
    covariate_names,
    given_names,
    other_columns,
)
from .._sparse import canonical
from .._warnings import is_fitted_for_its_score, warn

NAMES, WORD_COLUMNS, NAMES_IN = "covariate_names_", "word_columns_", "feature_names_in_"
LEARNING = ("fit", "partial_fit")


def split(estimator: Any, X: sp.csr_array, reset: bool) -> tuple[sp.csr_array, np.ndarray | None]:
    """Columns of X that are words and, where an estimator has ``covariate_columns``, those that are covariates."""
    if reset:
        vars(estimator).pop(WORD_COLUMNS, None)
        given = getattr(estimator, "covariate_columns", None)
        if given is not None:
            setattr(estimator, WORD_COLUMNS, word_columns(given, X.shape[1], getattr(estimator, NAMES_IN, None)))
    words = getattr(estimator, WORD_COLUMNS, None)
    if words is None:
        return X, None
    return canonical(X[:, words]), X[:, other_columns(words, X.shape[1])].toarray()


def word_columns(given: Any, n_features: int, names: np.ndarray | None) -> np.ndarray:
    """Columns that are words, where others are covariates: by indices, a slice or the beginning of their names."""
    chosen = np.zeros(n_features, dtype=bool)
    if isinstance(given, str):
        if names is None:
            raise ValueError(
                f"covariate_columns={given!r} is the beginning of names, and the columns of X have none: pass indices "
                "or a slice, or put NamedVectorizer around the step before: a ColumnTransformer, say, of a vectorizer "
                "and others."
            )
        chosen[:] = [str(name).startswith(given) for name in names]
    elif isinstance(given, slice):
        chosen[given] = True
    else:
        columns = np.asarray(given)
        if ((columns < -n_features) | (columns >= n_features)).any():
            raise ValueError(f"covariate_columns holds {columns.tolist()}, and X has {n_features} columns.")
        if len(np.unique(columns % n_features)) < len(columns):
            raise ValueError(f"covariate_columns names a column twice: {columns.tolist()}.")
        chosen[columns] = True
    if not chosen.any() or chosen.all():
        raise ValueError(
            f"covariate_columns={given!r} are {chosen.sum()} of the {n_features} columns of X: there must be at least "
            "one covariate, and one word."
        )
    return np.flatnonzero(~chosen)


def covariates_of(estimator: Any, covariates: Any, n: int, method: str, reset: bool) -> np.ndarray | None:
    """Valid covariates of ``n`` documents for a method of an estimator; with ``reset`` it takes their names."""
    if reset:
        vars(estimator).pop(NAMES, None)
    values = None if covariates is None else check_covariates(covariates, n)
    if reset:
        if values is not None:
            names = _names(estimator, covariates, values.shape[1])
            warn_of_covariates(values, names)
            setattr(estimator, NAMES, names)
        return values
    known = getattr(estimator, NAMES, None)
    name = type(estimator).__name__
    if known is None:
        if values is not None:
            raise ValueError(
                f"This {name} was fitted without covariates: pass none to {method}, or fit anew with them."
            )
    elif values is None:
        if method in LEARNING:
            raise ValueError(f"This {name} was fitted with {len(known)} covariates: pass those of these rows, too.")
        warn(
            f"{method} of this {name} got no covariates, and it was fitted with {len(known)}: the documents are taken "
            "to have the mean of those. Pass covariates= to say what they have."
        )
    elif values.shape[1] != len(known):
        raise ValueError(f"covariates has {values.shape[1]} columns, and {name} was fitted with {len(known)}.")
    else:
        check_same_names(known, given_names(covariates), values.shape[1], "pass the same, in the same order")
    return values


def warn_without_covariates(model: Any) -> None:
    """Warn where a model has covariates that are no columns of shards, which bring nothing else along."""
    if hasattr(model, NAMES) and not hasattr(model, WORD_COLUMNS):
        name = type(model).__name__
        warn(
            f"This {name} was fitted with covariates, which shards cannot have beside their counts: documents are "
            "taken to have their mean. Fit with covariate_columns, and put them into the shards."
        )


def _names(estimator: Any, covariates: Any, p: int) -> np.ndarray:
    """Names of covariates: of the columns of X, of those of a data frame, or c0, c1, ..."""
    words, names = getattr(estimator, WORD_COLUMNS, None), getattr(estimator, NAMES_IN, None)
    if words is not None and names is not None:
        return names[other_columns(words, len(names))]
    return covariate_names(covariates, p)


def warn_of_covariates(values: np.ndarray, names: np.ndarray) -> None:
    """Warn of covariates that tell nothing, or nothing that others do not."""
    if is_fitted_for_its_score() or len(values) < 2:
        return
    standard = Standard.of(values, np.ones(len(values)))
    constant = standard.constant
    if constant.any():
        warn(f"These covariates are the same for all documents, and have no effect: {', '.join(names[constant])}.")
    told = standard.values[:, ~constant]
    variances = np.linalg.eigvalsh(told.T @ told / len(values))
    if len(variances) and variances[0] < COLLINEAR:
        warn(
            f"Covariates are collinear: {', '.join(names[~constant])} hold fewer independent ones. Their effects are "
            "shared among them by covariate_penalty; leave one out, as OneHotEncoder(drop='first') does."
        )
