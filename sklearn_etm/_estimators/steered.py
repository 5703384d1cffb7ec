"""Fitted models with other topics: copies that go on as if they had been fitted so (knows no JAX)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from .._fitted.encoder import Encoder
from .._fitted.model import SEEDS, TopicModel
from . import growth
from .base import SEED_RANK, BaseTopicModel
from .seeds import mean_ranks, regrouped_seeds

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
    return _with(model, stopped, groups, prior, known, ~merged, own)


def extended(model: BaseTopicModel, X: sp.csr_array, max_new: int) -> BaseTopicModel:
    """The model with topics beside its own that X has, where it has such, and all of its own as they are."""
    stopped = stopped_of(model)
    unigram = np.exp(np.asarray(stopped.problem.constants["log_unigram"], np.float64))
    known = growth.Mixture.of(model._model)
    new = growth.new_topics(known, X, max_new, unigram / unigram.sum())
    if not len(new):
        return model._copy_with()
    from .._engine.steering import Like, Outputs

    mixture, n = known.beside(new), len(new)
    tokens, outputs = mixture.tokens(X), None
    if isinstance(encoder := model._model.inference, Encoder):
        theta = tokens / tokens.sum(axis=1, keepdims=True)
        layer = growth.new_outputs(encoder, X, theta, known.share is not None)
        outputs = Outputs(encoder.last_hidden(encoder.features(X)), layer)
    like = Like(model.n_samples_seen_, model.separation)
    stopped = stopped.extended(mixture.counts(X, tokens), X.shape[0], like, outputs)
    given = np.asarray(model.doc_topic_prior, dtype=np.float64)
    own = [*given.tolist(), *[float(given.mean())] * n] if given.ndim else []
    components = np.concatenate([model.components_, new])
    is_known = np.arange(len(components)) < len(model.components_)
    groups = list(np.arange(len(model.components_))[:, None])  # new topics have no seeds
    grown = _with(model, stopped, groups, model._model.prior.with_more(n), components, is_known, own)
    return grown._copy_with(n_samples_seen_=model.n_samples_seen_ + X.shape[0])


def stopped_of(model: BaseTopicModel) -> Stopped:
    """The model in training, where it stopped."""
    model._check_goes_on()
    from .._engine.steering import Stopped

    return Stopped.of(model._state, model._features())


def _with(
    model: BaseTopicModel,
    stopped: Stopped,
    groups: Groups,
    prior: Any,
    known: np.ndarray,
    is_known: np.ndarray,
    own_prior: list[float],
) -> BaseTopicModel:
    """A copy with other topics; words of those that are known stay to the bit."""
    parameters: dict[str, Any] = {"num_topics": len(known)}
    if own_prior:
        parameters["doc_topic_prior"] = own_prior
    if hasattr(model, "background"):  # "auto" would look at the new number of topics
        parameters["background"] = bool(model._has_background)
    if model.seed_words:
        parameters["seed_words"] = regrouped_seeds(model, groups)
    copy = model._copy_with(**parameters)
    trainer = copy._trainer(stopped.problem, None)
    learned = trainer.restore(stopped.state.learned)
    made = trainer.topic_parameters(learned)
    components = stopped.problem.components(made)
    components[is_known] = known[is_known]
    share = stopped.state.background_share
    fitted = TopicModel(components, prior, trainer.inference(learned), model._model.likelihood, share)
    attributes = {"components_": components, **prior.attributes(), **stopped.problem.attributes(made)}
    if stopped.problem.seeds is not None:
        attributes[SEED_RANK] = mean_ranks(components, stopped.problem.constants[SEEDS].T > 0)
    copy = copy._copy_with(**attributes, _model=fitted, _state=stopped.state)
    copy._held = copy._held_now()
    return copy
