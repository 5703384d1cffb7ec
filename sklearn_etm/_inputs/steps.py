"""The fitted steps of pipelines and searches, and the names of the columns that they make (knows no JAX)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from copy import copy
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline


def steps_of(model: Any) -> list[Any]:
    """Steps in the order that data takes; those of a pipeline, search or frozen estimator stand in its place."""
    if isinstance(model, Pipeline):
        return [
            part for _, step in model.steps if step is not None and step != "passthrough" for part in steps_of(step)
        ]
    if isinstance(model, FrozenEstimator):
        return steps_of(model.estimator)
    if hasattr(model, "best_estimator_"):
        return steps_of(model.best_estimator_)
    return [model]


def names_out(steps: Iterable[Any], names: Any = None) -> np.ndarray | None:
    """Names of the columns that steps make, of columns with these names; None where they are not known.

    They are known from the last step that makes columns on, such as a vectorizer: what cleans texts before it has no
    columns to name.
    """
    for step in steps:
        names = _names_after(step, names)
    return names


def _names_after(step: Any, names: Any) -> np.ndarray | None:
    step = _with_named_parts(step)
    for arguments in ((names,), ()):  # a step may know the names that it was fitted with
        with suppress(Exception):  # whatever a step raises, of ours or of others, it does not know them
            known = np.asarray(step.get_feature_names_out(*arguments), dtype=object)
            if known.ndim == 1:  # FunctionTransformer gives None for what has no columns
                return known
    return None


def _with_named_parts(step: Any) -> Any:
    """A union of transformers that asks its parts for their names as `names_out` does."""
    for union, attribute in ((ColumnTransformer, "transformers_"), (FeatureUnion, "transformer_list")):
        if isinstance(step, union) and hasattr(step, attribute):
            parts = [
                (name, part if isinstance(part, str) else _Part(part), *columns)
                for name, part, *columns in getattr(step, attribute)
            ]
            step = copy(step)
            setattr(step, attribute, parts)
    return step


class _Part:
    """A part of a union, as far as its names are asked for."""

    def __init__(self, part: Any):
        self.part = part

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        names = names_out(steps_of(self.part), input_features)
        if names is None:
            raise AttributeError(f"The names of the columns that {self.part} makes are not known.")
        return names
