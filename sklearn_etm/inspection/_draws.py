"""Draws of topic proportions from the posteriors of documents."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from .._inputs.covariates import other_columns
from .._inputs.documents import PASS_THOSE, known_covariates
from .._inputs.topics import Topics, word_columns
from ._words import labels_of


class Draws(NamedTuple):
    """Proportions of topics among themselves: without the background, where the model has one."""

    topics: NDArray[np.intp]  # (K,) rows of components_
    labels: NDArray[Any]  # (K,)
    theta: NDArray[np.float64]  # (n_draws, n, K), rows sum to 1


class Known(NamedTuple):
    """Covariates that a model knows of documents."""

    values: NDArray[np.float64]  # (n, q), q is 0 where it was fitted without
    options: dict[str, Any]  # what its methods are called with: nothing, where covariates are columns of X


def draws_of(topics: Topics, counts: Any, n_draws: int, random_state: Any, known: Known) -> Draws:
    """Draws of documents.

    Raises
    ------
    TypeError
        If the model does not draw from posteriors.
    """
    check_draws(topics)
    theta = topics.model.sample_posterior(counts, n_draws, random_state=random_state, **known.options)
    numbers = np.arange(theta.shape[2])
    if topics.background is not None:
        numbers = np.delete(numbers, topics.background)
        theta = theta[:, :, numbers] / theta[:, :, numbers].sum(axis=2, keepdims=True)
    return Draws(numbers, labels_of(topics)[numbers], theta)


def check_draws(topics: Topics) -> None:
    """Raise a TypeError where a model does not draw from posteriors."""
    if not hasattr(topics.model, "sample_posterior"):
        kind = "an array of topics" if topics.model is None else f"a {type(topics.model).__name__}"
        raise TypeError(
            "How sure a model is of a document's topics is told by draws from its posterior, sample_posterior, which "
            f"the models of this package have; got {kind}."
        )


def known_of(topics: Topics, counts: Any, covariates: Any, model_covariates: Any) -> Known:
    """What the model was fitted with, of these documents: ``covariates``, if it was with those and not told others.

    Raises
    ------
    ValueError
        If it was fitted with others and is given none, or with none or columns of X, and is given some.
    """
    n = n_documents(counts)
    names, words = getattr(topics.model, "covariate_names_", None), word_columns(topics.model)
    if model_covariates is not None:
        values = known_covariates(topics.model, model_covariates, n, "model_covariates")
        return Known(values, {"covariates": model_covariates})
    if names is None:
        return Known(np.empty((n, 0)), {})
    if words is not None:
        return Known(_other_columns(counts, words), {})
    if covariates is None:
        raise ValueError(f"The model was fitted with the covariates {', '.join(names)}: pass those of these documents.")
    values = known_covariates(topics.model, covariates, n, remedy=f"{PASS_THOSE}, as model_covariates")
    return Known(values, {"covariates": covariates})


def _other_columns(counts: Any, words: NDArray[np.intp]) -> NDArray[np.float64]:
    """Columns of X that are no words, which the model itself checks."""
    others = other_columns(words, np.shape(counts)[1])
    table = sp.csr_array(counts)[:, others].toarray() if sp.issparse(counts) else np.asarray(counts)[:, others]
    return np.asarray(table, dtype=np.float64)


def n_documents(counts: Any) -> int:
    """Number of rows."""
    return counts.shape[0] if hasattr(counts, "shape") else len(counts)
