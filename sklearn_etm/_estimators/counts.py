"""Checks of X: counts as estimators work with them, and the names of their columns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from .._inputs.names import names_known
from .._inputs.texts import HOLDS_TEXT, PASS_COUNTS
from .._inputs.vectorizer import check_same_order, feature_names
from .._inputs.weights import check_weights
from .._rows import Rows
from .._sparse import canonical, check_indices, has_fractions, widened, with_data
from .._warnings import is_fitted_for_its_score, warn
from .covariates import covariates_of, split

MANY_COLUMNS, LEAST_USED = 1 << 15, 0.25  # of which fewer are used than this share
MAX_COUNT = 2.0**53  # beyond, floats do not tell a count from the next


def kept_if_it_fails(method: Callable[..., Any]) -> Callable[..., Any]:
    """Give an estimator back what validation has set, where a method fails; outermost, so that callbacks end first."""

    @wraps(method)
    def guarded(estimator: BaseEstimator, *args: Any, **kwargs: Any) -> Any:
        before = vars(estimator).copy()
        try:
            return method(estimator, *args, **kwargs)
        except BaseException:
            vars(estimator).clear()
            vars(estimator).update(before)
            raise

    return guarded


def check_counts(estimator: BaseEstimator, X: Any, method: str, reset: bool = False) -> sp.csr_array:
    """Valid counts in canonical CSR, without explicit zeros; ``X`` itself is not modified."""
    return _checked(estimator, X, method, reset)[0]


def _checked(
    estimator: BaseEstimator, X: Any, method: str, reset: bool = False
) -> tuple[sp.csr_array, np.ndarray | None]:
    """Valid counts, and the columns of X that are covariates where there are such."""
    _check_is_here(estimator, X, method)
    is_single = getattr(X, "dtype", None) == np.float32
    check_indices(X)
    X, covariates = split(estimator, canonical(_validated(estimator, widened(X), reset)), reset)
    check_values(X, f"data passed to {type(estimator).__name__}.{method}")
    return X.astype(np.float32, copy=False) if is_single else X, covariates


def check_values(X: sp.csr_array, what: str) -> None:
    """Raise for finite numbers that are no counts."""
    lowest, highest = X.data.min(initial=0.0), X.data.max(initial=0.0)
    if lowest < 0:
        raise ValueError(f"Negative values in {what}: X goes down to {lowest:g}. {PASS_COUNTS}")
    if highest > MAX_COUNT:
        raise ValueError(f"X holds the count {highest:g}; the largest that can be learned from is {MAX_COUNT:g}.")


def check_rows(
    estimator: BaseEstimator, X: Any, sample_weight: Any, method: str, reset: bool = False, covariates: Any = None
) -> Rows:
    """Valid documents of X, with their weights and covariates."""
    check_same_order(X, covariates, "covariates")
    check_same_order(X, sample_weight, "sample_weight")
    counts, of_columns = _checked(estimator, X, method, reset)
    n = counts.shape[0]
    if of_columns is not None:
        if covariates is not None:
            raise ValueError(
                "covariates came twice: as covariate_columns of X, and by themselves. Leave one of them out."
            )
        covariates = of_columns
    return Rows(counts, check_weights(sample_weight, n), covariates_of(estimator, covariates, n, method, reset))


def learnable(estimator: BaseEstimator, rows: Rows) -> Rows:
    """The documents with a token and a weight; a warning where they do not hold counts."""
    if has_fractions(rows.counts) and not is_fitted_for_its_score():
        warn(
            f"X holds fractions, which {type(estimator).__name__} takes as numbers of words: a row of tf-idf or of "
            f"unit length counts as a document of a few words, so that topics hardly follow it. {PASS_COUNTS}"
        )
    return rows.learnable


def warn_of_unused_columns(X: sp.csr_array) -> None:
    """Warn where most columns of a large vocabulary, a hashed one say, are in no document: they cost as others do."""
    if X.shape[1] < MANY_COLUMNS or is_fitted_for_its_score():
        return
    is_used = np.zeros(X.shape[1], bool)
    is_used[X.indices] = True
    n_used = np.count_nonzero(is_used)
    if n_used < LEAST_USED * X.shape[1]:
        warn(
            f"X has {X.shape[1]} columns, {n_used} of which are used: time, memory and the saved model grow with all. "
            "Put sklearn.feature_selection.VarianceThreshold() before the topics, or hash into fewer columns."
        )


def warn_of_few_documents(n: int, K: int) -> None:
    """Warn where there are fewer documents than topics: each would have a topic of its own."""
    if n < K and not is_fitted_for_its_score():
        warn(
            f"num_topics={K} for {n} document{'s' * (n > 1)} with a known word: a topic says nothing of what documents "
            "share unless several have it. Try far fewer topics."
        )


def is_of_dask(X: Any) -> bool:
    """Whether it is a collection of Dask: an array, a bag, a data frame or a delayed value."""
    graph = getattr(X, "__dask_graph__", None)  # by which Dask knows its own
    return graph is not None and graph() is not None


def _check_is_here(estimator: BaseEstimator, X: Any, method: str) -> None:
    """Raise for a collection of Dask, whose blocks may be elsewhere, and more than fits here."""
    if not is_of_dask(X):
        return
    raise TypeError(
        f"{type(estimator).__name__}.{method} takes counts in memory; X is a Dask {type(X).__name__}. Pass X.compute() "
        "or go block by block: an array in blocks of rows is taken by fit_shards(model, X), score_shards(model, X) and "
        "transform_blocks(model, X) of sklearn_etm.distributed; for a data frame there is "
        "X.map_partitions(model.transform), and for all partial_fit of one computed block after the other."
    )


def _validated(estimator: BaseEstimator, X: Any, reset: bool) -> Any:
    """``X`` as scikit-learn validates it; names of columns that counts carry are taken as those of a DataFrame."""
    names = feature_names(X)
    if not reset and _is_plain(estimator, X, names):
        X = with_data(X, X.data.astype(np.result_type(X.dtype, np.float32), copy=False))
    else:
        looks = nullcontext() if names is None else names_known()  # scikit-learn does not see them
        with looks, np.errstate(over="ignore", invalid="ignore"):  # it adds up what is not finite
            try:
                X = validate_data(estimator, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=reset)
            except ValueError as error:
                if "could not convert string" not in str(error):
                    raise
                raise ValueError(HOLDS_TEXT) from error
    if names is not None and reset:
        estimator.feature_names_in_ = names
    elif names is not None and hasattr(estimator, "feature_names_in_"):
        check_names(estimator, names)
    return X


def _is_plain(estimator: BaseEstimator, X: Any, names: np.ndarray | None) -> bool:
    """Whether scikit-learn's validation has nothing to say or to change but the type of counts.

    It asks first whether they are a data frame of one of many packages, which takes longer than the topics of a row.
    """
    return (
        isinstance(X, sp.csr_array | sp.csr_matrix)
        and X.ndim == 2
        and X.shape[0] > 0
        and X.shape[1] == estimator.n_features_in_
        and (names is not None or not hasattr(estimator, "feature_names_in_"))
        and (X.dtype in (np.int64, np.float32, np.float64))
        and bool(np.isfinite(X.data).all())
    )


def check_names(estimator: BaseEstimator, names: np.ndarray) -> None:
    """Raise for names of columns that are not those that an estimator was fitted with."""
    known = estimator.feature_names_in_
    different = np.flatnonzero(names != known)
    if len(different):
        i = different[0]
        raise ValueError(
            f"X has other words than {type(estimator).__name__} was fitted with: column {i} is {names[i]!r}, and was "
            f"{known[i]!r}; {len(different)} of {len(names)} differ. Pass counts of the vectorizer that it was fitted "
            "with."
        )
