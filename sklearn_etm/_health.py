"""Warnings after a fit whose topics are not what was asked for, with what to try (knows no JAX)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp

from .metrics import dead_topics, duplicate_topics

SAMPLE = 1000  # documents, in which topics are looked for
DOCUMENTS_A_TOPIC = 10  # fewer tell nothing of single topics
LOW_KL = 0.3  # of log K, for up to 5 topics: documents that tell less, in nats, have a collapsed posterior
HIGH_COSINE = 0.8  # of topics that are compared more closely
SHOWN = 10  # topics that a warning names


def warn_of_topics(model: Any, X: sp.csr_array) -> None:
    """Warn where a model just fitted to these counts has collapsed, or has topics that are dead or alike."""
    K = model.num_topics
    if K < 2 or X.shape[0] < DOCUMENTS_A_TOPIC * K:
        return
    if model.kl_curve_[-1] < LOW_KL * np.log(min(K, 5)) and model.inference == "svi":
        _warn(
            f"The posterior has collapsed: topic proportions tell {model.kl_curve_[-1]:.2g} nats per document. All "
            "documents have about the same topics. Try a smaller doc_topic_prior, a larger learning_rate or max_iter, "
            "or documents and a vocabulary with more to tell apart."
        )
        return
    step = -(-X.shape[0] // SAMPLE)
    dead = np.flatnonzero(dead_topics(model.transform(X[::step])))
    if len(dead):
        _warn(
            f"{_named(dead)} of {-(-X.shape[0] // step)} documents looked at, none gives one a tenth of its words. "
            f"Try fewer topics, num_topics={K - len(dead)} or less, or a larger doc_topic_prior."
        )
    alike = _alike(model.components_)
    if alike:
        pairs = ", ".join(f"{i} and {j}" for i, j in alike[:SHOWN])
        _warn(f"Topics say nearly the same: {pairs}. Try a larger separation, or fewer topics.")


def _alike(components: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of duplicates; only topics that are near by their cosine are compared in full."""
    length = np.linalg.norm(components, axis=1)
    near = components @ components.T > HIGH_COSINE * np.outer(length, length)
    candidates = np.flatnonzero(near.sum(axis=1) > 1)
    if not len(candidates):
        return []
    return [(int(candidates[i]), int(candidates[j])) for i, j in duplicate_topics(components[candidates])]


def _named(topics: np.ndarray) -> str:
    more = f" and {len(topics) - SHOWN} more" if len(topics) > SHOWN else ""
    return f"Topics {', '.join(map(str, topics[:SHOWN]))}{more} are hardly used:"


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=7)  # of the call of fit, beyond its decorators
