"""The topic model in a pipeline or search, and the pipeline with another in its place (knows no JAX)."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._estimators.base import BaseTopicModel
from .._inputs.steps import steps_of


def model_of(holder: Any) -> BaseTopicModel:
    """The topic model of this package that a pipeline or search holds, or that is given itself.

    Raises
    ------
    TypeError
        If there is none.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    model = next((step for step in steps_of(holder) if isinstance(step, BaseTopicModel)), None)
    if model is None:
        raise TypeError(
            "model must be a fitted topic model of sklearn_etm, or a pipeline or search (with refit) that has one as a "
            f"step; got {' -> '.join(type(step).__name__ for step in steps_of(holder))}."
        )
    check_is_fitted(model)
    return model


def steerable(holder: Any) -> BaseTopicModel:
    """The topic model that is held, where its topics can be merged, dropped and added.

    Raises
    ------
    TypeError
        As `model_of` does; if the words of a document are not each of one topic.
    ValueError
        If the model is slim, or parameters were set that it cannot go on with.
    """
    model = model_of(holder)
    if not model._is_mixture:
        raise TypeError(
            f"The words of {type(model).__name__} come from all topics of a document together, so that no token is one "
            "topic's: a topic cannot be merged, dropped or added without changing what all others say. Steer a model "
            "whose documents are mixtures, such as LNTMTransformer."
        )
    model._check_goes_on()
    return model


def with_model(holder: Any, steer: Callable[[BaseTopicModel], BaseTopicModel], *, keeps_topics: bool = False) -> Any:
    """What holds a topic model, with that which ``steer`` makes of it in its place; of a search, its best estimator.

    Raises
    ------
    ValueError
        If a step behind the topics was fitted to their proportions, and these do not stay as they are.
    """
    if isinstance(holder, BaseTopicModel):
        return steer(holder)
    if isinstance(holder, FrozenEstimator):
        return FrozenEstimator(with_model(holder.estimator, steer, keeps_topics=keeps_topics))
    if not isinstance(holder, Pipeline):
        return with_model(holder.best_estimator_, steer, keeps_topics=keeps_topics)
    place = next(i for i, (_, step) in enumerate(holder.steps) if _holds_model(step))
    behind = [name for name, step in holder.steps[place + 1 :] if step is not None and step != "passthrough"]
    if behind and not keeps_topics:
        raise ValueError(
            f"The steps {behind} of the pipeline were fitted to the proportions of the topics as they are: steer the "
            f"part before them, model[:{place + 1}], and fit them anew on what it transforms."
        )
    name, step = holder.steps[place]
    pipeline = copy(holder)
    steered = with_model(step, steer, keeps_topics=keeps_topics)
    pipeline.steps = [*holder.steps[:place], (name, steered), *holder.steps[place + 1 :]]
    return pipeline


def _holds_model(step: Any) -> bool:
    return any(isinstance(part, BaseTopicModel) for part in steps_of(step))
