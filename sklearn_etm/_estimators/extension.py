"""A fitted embedded topic model over more words than it was trained on (knows no JAX)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp


class NewWords(NamedTuple):
    """m words, and what a model of V others and L dimensions is to know of them."""

    start: np.ndarray  # (m, L) word vectors before training
    rho: np.ndarray  # (m, L) and after
    log_unigram: np.ndarray  # (m,)
    idf: np.ndarray  # (m,)
    projection: np.ndarray  # (m, P) what the encoder reads


def extended_attributes(fitted: dict[str, Any], new: NewWords) -> dict[str, Any]:
    """Fitted attributes with the new words' columns at the end; nothing of ``fitted`` is modified."""
    training, encoder, scale = fitted["_training"], fitted["_encoder"], fitted["_embedding_scale"]
    idf, projection = _appended(encoder["idf"], new.idf), _appended(encoder["projection"], new.projection)
    return {
        "components_": _extended_topics(fitted, new),
        "word_embeddings_": _appended(fitted["word_embeddings_"], new.rho),
        "n_features_in_": fitted["n_features_in_"] + len(new.rho),
        "_encoder": {**encoder, "idf": idf, "projection": projection},
        "_training": {
            **training,
            "trainer": _extended_state(training["trainer"], new, scale),
            "idf": idf,
            "projection": projection,
        },
    }


def _appended(rows: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.concatenate([rows, new.astype(rows.dtype)])


def _extended_topics(fitted: dict[str, Any], new: NewWords) -> np.ndarray:
    r""":math:`\beta` over all words, (K, V + m): old words keep their probabilities relative to each other."""
    alpha = fitted["topic_embeddings_"].astype(np.float64)
    log_unigram = fitted["_training"]["trainer"]["hyper"]["log_unigram"]
    log_total = logsumexp(log_unigram + alpha @ fitted["word_embeddings_"].T, axis=1, keepdims=True)
    ratio = np.exp(new.log_unigram + alpha @ new.rho.T - log_total)
    return np.concatenate([fitted["components_"], ratio], axis=1) / (1 + ratio.sum(axis=1, keepdims=True))


def _extended_state(saved: dict[str, Any], new: NewWords, scale: float) -> dict[str, Any]:
    """State of training with rows for the new words, whose gradients have no history yet."""
    values = {"rho": new.rho / scale}
    leaves = list(saved["leaves"])
    for i, (name, is_value) in saved["word_leaves"].items():
        rows = values[name] if is_value else np.zeros((len(new.rho), *leaves[i].shape[1:]))
        leaves[i] = _appended(leaves[i], rows)
    hyper = {
        **saved["hyper"],
        "rho": _appended(saved["hyper"]["rho"], new.start / scale),
        "log_unigram": _appended(saved["hyper"]["log_unigram"], new.log_unigram),
    }
    return {**saved, "hyper": hyper, "leaves": leaves, "n_words": saved["n_words"] + len(new.rho)}
