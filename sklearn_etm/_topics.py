"""The topics of any fitted model, with the words of its columns (knows no JAX)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from ._texts import counts_of


class Topics(NamedTuple):
    """What is looked at of a topic model."""

    components: np.ndarray  # (K, V) float64, rows sum to 1
    feature_names: np.ndarray  # (V,) str
    before: Sequence[Any]  # the fitted steps that make counts of what is given, one after the other
    model: Any  # the fitted topic model itself, or None where topics were given as an array

    def counts(self, X: Any) -> Any:
        """Counts of what the model's `fit` was given: texts for a pipeline that starts with a vectorizer."""
        return counts_of(self.before, X)

    def doc_topic(self, X: Any) -> np.ndarray:
        """Topic proportions of documents, (n_samples, K), rows sum to 1; equal ones for a row of zeros.

        Weights that do not sum to 1, as `NMF` gives them, are of topics that are not normalised: they count for as much
        as their topic holds.
        """
        if self.model is None:
            raise TypeError("Topics given as an array cannot transform documents: pass a fitted model.")
        weights = np.asarray(self.model.transform(self.counts(X)), dtype=np.float64)
        if not np.allclose(weights.sum(axis=1), 1.0, atol=1e-4):
            weights = weights * np.asarray(self.model.components_, dtype=np.float64).sum(axis=1)
        return proportions(weights)


def topics_of(model: Any, feature_names: Any = None) -> Topics:
    """Topics of a fitted model, of a pipeline or search that holds one, or of an array of them.

    Parameters
    ----------
    model : estimator with ``components_``, fitted `Pipeline` with such a step, fitted search, or array-like (K, V)
        Rows are normalised, so that scikit-learn's ``LatentDirichletAllocation`` and ``NMF`` will do. Of a pipeline the
        last step with ``components_`` is meant.
    feature_names : sequence of str, optional
        The word of each column. By default they come from the steps of the pipeline before the model, from the model's
        ``feature_names_in_``, or from its ``vocabulary``; where none is known, columns are called "x0", "x1", ...

    Raises
    ------
    TypeError
        If ``model`` is none of these.
    ValueError
        If there are not as many names as columns, or the topics are negative or not finite.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    model = getattr(model, "best_estimator_", model)
    before: Sequence[Any] = ()
    if isinstance(model, Pipeline):
        before, model = _split(model)
    if isinstance(model, np.ndarray | list | tuple):
        components, model = model, None
    else:
        components = _components(model)
    components = check_array(components, dtype=np.float64, ensure_non_negative=True, input_name="components")
    if feature_names is None:
        feature_names = names_of(before, model)
        feature_names = [f"x{i}" for i in range(components.shape[1])] if feature_names is None else feature_names
    names = np.asarray([str(name) for name in feature_names])
    if len(names) != components.shape[1]:
        raise ValueError(f"feature_names must name the {components.shape[1]} columns of the topics; got {len(names)}.")
    return Topics(proportions(components), names, before, model)


def proportions(rows: Any) -> np.ndarray:
    """Rows divided by their sums, in float64; equal ones for a row of zeros."""
    rows = np.asarray(rows, dtype=np.float64)
    total = rows.sum(axis=1, keepdims=True)
    return np.where(total > 0, rows / np.where(total > 0, total, 1.0), 1.0 / rows.shape[1])


def _split(pipeline: Pipeline) -> tuple[Sequence[Any], Any]:
    """The steps before the topic model, and the model."""
    for i in reversed(range(len(pipeline))):
        if hasattr(pipeline[i], "components_"):
            return ([pipeline[:i]] if i else []), pipeline[i]
    check_is_fitted(pipeline)
    raise TypeError(
        "No step of the pipeline has components_: pass one that holds a topic model; the steps are "
        f"{[type(step).__name__ for _, step in pipeline.steps]}."
    )


def _components(model: Any) -> Any:
    if not hasattr(model, "components_"):
        if isinstance(model, BaseEstimator):
            check_is_fitted(model)
        raise TypeError(
            "model must be a fitted topic model with components_, a pipeline or search with one, or an array of shape "
            f"(num_topics, n_features); got {type(model).__name__}."
        )
    return model.components_


def names_of(before: Sequence[Any], model: Any) -> Any:
    """Names of the model's columns, as far as they are known."""
    if before and hasattr(before[-1], "get_feature_names_out"):
        return before[-1].get_feature_names_out()
    for name in ("feature_names_in_", "vocabulary"):
        if getattr(model, name, None) is not None:
            return getattr(model, name)
    return None
