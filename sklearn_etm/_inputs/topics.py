"""The topics of any fitted model, with the words of its columns (knows no JAX)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import check_is_fitted

from .names import column_names, of_one_part
from .steps import names_out, steps_of
from .texts import counts_of


class Topics(NamedTuple):
    """What is looked at of a topic model."""

    components: np.ndarray  # (K, V) float64, rows sum to 1
    feature_names: np.ndarray  # (V,) str
    before: Sequence[Any]  # the fitted steps that make counts of what is given, one after the other
    model: Any  # the fitted topic model itself, or None where topics were given as an array

    @property
    def background(self) -> int | None:
        """The topic of what all documents say, where the model has one."""
        return getattr(self.model, "background_topic_", None)

    @property
    def names(self) -> list[str | None]:
        """Names that the topics were given, and None."""
        return getattr(self.model, "topic_names_", None) or [None] * len(self.components)

    def counts(self, X: Any) -> Any:
        """Counts of what the model's `fit` was given: texts for a pipeline that starts with a vectorizer."""
        return counts_of(self.before, X)

    def doc_topic(self, X: Any, covariates: Any = None) -> np.ndarray:
        """Topic proportions of documents, (n_samples, K), rows sum to 1; equal ones for a row of zeros.

        Weights that do not sum to 1, as `NMF` gives them, are of topics that are not normalised: they count for as much
        as their topic holds.
        """
        if self.model is None:
            raise TypeError("Topics given as an array cannot transform documents: pass a fitted model.")
        options = {} if covariates is None else {"covariates": covariates}
        weights = np.asarray(self.model.transform(self.counts(X), **options), dtype=np.float64)
        if not np.allclose(weights.sum(axis=1), 1.0, atol=1e-4):
            weights = weights * np.asarray(self.model.components_, dtype=np.float64).sum(axis=1)
        return proportions(weights)


def topics_of(model: Any, feature_names: Any = None) -> Topics:
    """Topics of a fitted model, of a pipeline or search that holds one, or of an array of them.

    Parameters
    ----------
    model : estimator with ``components_``, fitted `Pipeline` or search with one, or array-like (K, V)
        Rows are normalised, so that scikit-learn's ``LatentDirichletAllocation`` and ``NMF`` will do. Of the steps of a
        pipeline, those of pipelines and searches inside it among them, the first is meant whose ``components_`` are
        not negative: what is done with proportions afterwards may have components as well, as ``PCA`` has.
    feature_names : sequence of str or mapping, optional
        The word of each column, or the columns of words, as ``vectorizer.vocabulary_`` has them. By default they come
        from the steps of the pipeline before the model, from the model's ``feature_names_in_``, or from its
        ``vocabulary``; where none is known, columns are called "x0", "x1", ...

    Raises
    ------
    TypeError
        If ``model`` is none of these.
    ValueError
        If there are not as many names as columns, or the topics are negative or not finite.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    before: Sequence[Any] = ()
    if isinstance(model, np.ndarray | list | tuple):
        components, model = model, None
    else:
        before, model = _split(model)
        components = model.components_
    components = check_array(components, dtype=np.float64, ensure_non_negative=True, input_name="components")
    n_features = components.shape[1]
    known = names_of(before, model) if feature_names is None else feature_names
    names = column_names([f"x{i}" for i in range(n_features)] if known is None else known, n_features)
    return Topics(proportions(components), np.asarray(names), before, model)


def topic_rows(topics: Any, n_topics: int) -> np.ndarray:
    """Rows of the topics that were asked for."""
    chosen = np.atleast_1d(np.asarray(topics))
    if chosen.ndim != 1 or not len(chosen) or not np.issubdtype(chosen.dtype, np.integer):
        raise ValueError(f"topics must be integers, the rows of components_ to show; got {topics!r}.")
    unknown = [int(k) for k in chosen if not 0 <= k < n_topics]
    if unknown:
        raise ValueError(f"The {n_topics} topics are numbered from 0 to {n_topics - 1}; topics has {unknown}.")
    return chosen.astype(np.intp)


def proportions(rows: Any) -> np.ndarray:
    """Rows divided by their sums, in float64; equal ones for a row of zeros."""
    rows = np.asarray(rows, dtype=np.float64)
    total = rows.sum(axis=1, keepdims=True)
    return np.where(total > 0, rows / np.where(total > 0, total, 1.0), 1.0 / rows.shape[1])


def _split(model: Any) -> tuple[list[Any], Any]:
    """The fitted steps before the topic model, and the model."""
    steps = steps_of(model)
    for i, step in enumerate(steps):
        if _has_topics(step):
            before = [other for other in steps[:i] if hasattr(other, "transform")]  # samplers act in fits alone
            return before, step
    if others := [type(step).__name__ for step in steps if hasattr(step, "components_")]:
        raise ValueError(
            f"The components_ of {', '.join(others)} are no topics: these are dense rows of probabilities or weights "
            "of the words, none of them negative. Pass a topic model, or a pipeline or search with one."
        )
    for step in reversed(steps):
        if isinstance(step, BaseEstimator) and get_tags(step).requires_fit:
            check_is_fitted(step)
            break
    raise TypeError(
        "model must be a fitted topic model with components_, a pipeline or search (with refit) that has one as a "
        "step, or an array of shape (num_topics, n_features); of a ColumnTransformer or FeatureUnion, pass the part "
        f"with the topics. Got {' -> '.join(type(step).__name__ for step in steps)}."
    )


def _has_topics(step: Any) -> bool:
    components = getattr(step, "components_", None)
    if components is None or sp.issparse(components):
        return False
    components = np.asarray(components)
    return components.ndim == 2 and not (components < 0).any()


def word_columns(model: Any) -> np.ndarray | None:
    """Columns of what a model was fitted on that are words, where others are covariates."""
    return getattr(model, "word_columns_", None)


def names_of(before: Sequence[Any], model: Any) -> Any:
    """Names of the model's words, as far as they are known."""
    names = names_out(before)
    if names is None:
        names = getattr(model, "feature_names_in_", None)
    if names is None:
        return getattr(model, "vocabulary", None)  # of the words alone, where other columns are covariates
    words = word_columns(model)
    return names if words is None else of_one_part(np.asarray(names, dtype=object)[words])
