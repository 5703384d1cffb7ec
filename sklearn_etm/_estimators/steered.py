"""Fitted models with other topics: copies that go on as if they had been fitted so (knows no JAX)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .._fitted.model import TopicModel
from .base import BaseTopicModel

if TYPE_CHECKING:
    from .._engine.steering import Stopped

Groups = Sequence[np.ndarray]  # for each topic now, the numbers of the topics that it was before


def tokens_of(model: BaseTopicModel) -> np.ndarray:
    """Tokens of each topic as far as a fitted model knows, (K,): expected ones, or else in proportion to its prior."""
    counts = model._state.counts
    if counts is not None:
        return counts.sum(axis=0) * model.n_samples_seen_
    concentration = model._model.prior.concentration
    return concentration / concentration.sum() * model.n_samples_seen_


def regrouped(model: BaseTopicModel, groups: Groups, tokens: np.ndarray) -> BaseTopicModel:
    """The model of topics that are groups of its own, weighed by their tokens (K,); those in no group are gone."""
    stopped = stopped_of(model)
    weights = np.maximum(tokens, 1e-9 * tokens.sum())
    merged = np.array([len(group) > 1 for group in groups])
    targets = [weights[group] @ model.components_[group] for group in groups if len(group) > 1]
    stopped = stopped.regrouped(groups, np.array(targets).T)
    prior = model._model.prior.regrouped(groups)
    known = np.array([model.components_[group[0]] for group in groups])
    given = np.asarray(model.doc_topic_prior, dtype=np.float64)
    own = [] if not given.ndim else [float(given[group].sum()) for group in groups]
    return _with(model, stopped, prior, known, ~merged, own)


def stopped_of(model: BaseTopicModel) -> Stopped:
    """The model in training, where it stopped."""
    model._check_goes_on()
    from .._engine.steering import Stopped

    return Stopped.of(model._state, model._features())


def _with(
    model: BaseTopicModel, stopped: Stopped, prior: Any, known: np.ndarray, is_known: np.ndarray, own_prior: list[float]
) -> BaseTopicModel:
    """A copy with other topics; words of those that are known stay to the bit."""
    parameters: dict[str, Any] = {"num_topics": len(known)}
    if own_prior:
        parameters["doc_topic_prior"] = own_prior
    if hasattr(model, "background"):  # "auto" would look at the new number of topics
        parameters["background"] = bool(model._has_background)
    copy = model._copy_with(**parameters)
    trainer = copy._trainer(stopped.problem, None)
    learned = trainer.restore(stopped.state.learned)
    made = trainer.topic_parameters(learned)
    components = stopped.problem.components(made)
    components[is_known] = known[is_known]
    share = stopped.state.background_share
    fitted = TopicModel(components, prior, trainer.inference(learned), model._model.likelihood, share)
    attributes = {"components_": components, **prior.attributes(), **stopped.problem.attributes(made)}
    copy = copy._copy_with(**attributes, _model=fitted, _state=stopped.state)
    copy._held = copy._held_now()
    return copy
