"""A fitted embedded topic model over more words than it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from .._fitted.encoder import Features
from .._fitted.model import SEEDS, FitState, TopicModel


class NewWords(NamedTuple):
    """m words, and what a model of V others and L dimensions is to know of them."""

    start: np.ndarray  # (m, L) word vectors before training
    rho: np.ndarray  # (m, L) and after
    log_unigram: np.ndarray  # (m,)
    idf: np.ndarray  # (m,)
    projection: np.ndarray  # (m, P) what the encoder reads


def extended_model(model: TopicModel, components: np.ndarray, new: NewWords) -> TopicModel:
    """The model that serves, with other topics and the new words' features at the end."""
    features = model.inference.features
    features = Features(appended(features.idf, new.idf), appended(features.projection, new.projection))
    return replace(model, components=components, inference=replace(model.inference, features=features))


def extended_topics(
    components: np.ndarray, alpha: np.ndarray, rho: np.ndarray, log_unigram: np.ndarray, new: NewWords
) -> np.ndarray:
    r""":math:`\beta` over all words, (K, V + m): old words keep their probabilities relative to each other."""
    alpha = alpha.astype(np.float64)
    log_total = logsumexp(log_unigram + alpha @ rho.T, axis=1, keepdims=True)
    ratio = np.exp(new.log_unigram + alpha @ new.rho.T - log_total)
    return np.concatenate([components, ratio], axis=1) / (1 + ratio.sum(axis=1, keepdims=True))


def extended_state(state: FitState, given: np.ndarray, log_unigram: np.ndarray, new: NewWords, unit: float) -> FitState:
    """State of training with rows for the new words, whose gradients have no history yet."""
    topics = {**state.constants["topics"], "rho": given, "log_unigram": log_unigram}
    if SEEDS in topics:
        topics[SEEDS] = appended(topics[SEEDS], np.zeros((len(new.rho), topics[SEEDS].shape[1])))
    return replace(
        state,
        constants={**state.constants, "topics": topics},
        learned=_extended_arrays(state.learned, new.rho / unit),
    )


def _extended_arrays(arrays: Mapping[str, np.ndarray], rho: np.ndarray) -> dict[str, np.ndarray]:
    value = "parameters/rho_point"
    rows = {value: rho, **{f"{moment}_moments/rho_point": np.zeros_like(rho) for moment in ("first", "second")}}
    return {name: appended(v, rows[name]) if name in rows else v for name, v in arrays.items()}


def appended(rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Rows with others behind them, in the type of the first."""
    return np.concatenate([rows, new.astype(rows.dtype)])
