"""Warnings after a fit whose topics are not what was asked for, with what to try (knows no JAX)."""

from __future__ import annotations

import numpy as np

from .._rows import Rows
from .._warnings import warn
from ..metrics import dead_topics, duplicate_topics

SAMPLE = 1000  # documents, in which topics are looked for
DOCUMENTS_A_TOPIC = 10  # fewer tell nothing of single topics
LOW_KL = 0.3  # of log K, for up to 5 topics: documents that tell less, in nats, have a collapsed posterior
HIGH_COSINE = 0.8  # of topics that are compared more closely
SHOWN = 10  # topics that a warning names


def sample(rows: Rows, K: int) -> Rows | None:
    """Documents in which topics are looked for; None where they are too few to tell."""
    return rows.sample(SAMPLE) if K > 1 and rows.n >= DOCUMENTS_A_TOPIC * K else None


def warn_of_topics(components: np.ndarray, doc_topic: np.ndarray, kl: float, background: int | None) -> None:
    """Warn where a posterior has collapsed, or topics are dead or alike.

    Parameters
    ----------
    components : topics (K, V)
    doc_topic : proportions of a sample of documents, (n_samples, K)
    kl : of the posteriors from their prior, in nats per document
    background : topic of which all documents have a little
    """
    K = len(components)
    if kl < LOW_KL * np.log(min(K, 5)):
        warn(
            f"The posterior has collapsed: topic proportions tell {kl:.2g} nats per document. All documents have about "
            "the same topics. Try a smaller doc_topic_prior, a larger learning_rate or max_iter, or documents and a "
            "vocabulary with more to tell apart."
        )
        return
    dead = np.flatnonzero(dead_topics(doc_topic))
    dead = dead[dead != (-1 if background is None else background)]
    if len(dead):
        warn(
            f"{_named(dead)} of {len(doc_topic)} documents looked at, none gives one a tenth of its words. Try fewer "
            f"topics, num_topics={K - len(dead)} or less, or a larger doc_topic_prior."
        )
    alike = _alike(components)
    if alike:
        pairs = ", ".join(f"{i} and {j}" for i, j in alike[:SHOWN])
        warn(f"Topics say nearly the same: {pairs}. Try a larger separation, or fewer topics.")


def _alike(components: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of duplicates; only topics that are near by their cosine are compared in full."""
    length = np.linalg.norm(components, axis=1)
    near = components @ components.T > HIGH_COSINE * np.outer(length, length)
    candidates = np.flatnonzero(near.sum(axis=1) > 1)
    if not len(candidates):
        return []
    return [(int(candidates[i]), int(candidates[j])) for i, j in duplicate_topics(components[candidates])]


def _named(topics: np.ndarray) -> str:
    if len(topics) == 1:
        return f"Topic {topics[0]} is hardly used:"
    more = f" and {len(topics) - SHOWN} more" if len(topics) > SHOWN else ""
    return f"Topics {', '.join(map(str, topics[:SHOWN]))}{more} are hardly used:"
