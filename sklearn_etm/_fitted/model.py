"""A fitted topic model: all that serving needs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .plain import record


@record
class TopicModel:
    """Topics, the prior of documents, and how the posterior of a document is found."""

    components: np.ndarray  # (K, V) topics, rows sum to 1
    prior: Any  # LogisticNormal or Dirichlet
    inference: Any  # Encoder, or ChainStart where there is none
    likelihood: str  # "multinomial", or "poisson": the same but for a constant of the counts


class PassLosses(NamedTuple):
    """Means over the documents of a pass, in nats: ``loss`` is the negative ELBO."""

    loss: float
    reconstruction: float
    kl: float
    acceptance: float | None = None  # mean probability of acceptance, of chains


@record
class FitState:
    """A model in training that has stopped: all that it takes to go on, but for the documents.

    Arrays have names: those of the constants, and of what is learned with its optimiser. Rows of words are not padded.
    """

    spec: dict[str, Any]  # families by name, and sizes
    constants: dict[str, dict[str, Any]]  # of topics, and of the prior of documents
    learned: dict[str, np.ndarray]
    rng: np.random.RandomState
    losses: tuple[PassLosses, ...]  # of the passes
    counts: np.ndarray | None  # (V, K) expected tokens a document of words in topics, that a stream goes on from
