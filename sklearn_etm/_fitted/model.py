"""A fitted topic model: all that serving needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .plain import check_array, check_number, record

SEEDS = "seeds"  # among the constants of topics, where there are any: as in `Start`, transposed


@record
class TopicModel:
    """Topics, the prior of documents, and how the posterior of a document is found."""

    components: np.ndarray  # (K, V) topics, rows sum to 1
    prior: Any  # LogisticNormal or Dirichlet
    inference: Any  # Encoder, or ChainStart where there is none
    likelihood: str  # "multinomial", or "poisson": the same but for a constant of the counts
    background_share: float | None = None  # of all tokens, that topic 0 holds; None where it is no background

    def check(self, inference: type[Any]) -> None:
        """Raise a ValueError where parts do not fit together, or are no numbers: after somebody has changed a file."""
        K, V = np.shape(self.components)
        check_array("components_", self.components, K, V)
        if not K or self.components.min(initial=0) < 0 or not np.allclose(self.components.sum(axis=1), 1, atol=1e-3):
            raise ValueError("topics must be distributions of words")
        if not isinstance(self.inference, inference):
            raise ValueError("its inference is that of another model")
        self.prior.check(K)
        self.inference.check(K, V, self.prior)
        if self.background_share is not None:
            check_number("background_share", self.background_share, 0, 1 if K > 1 else 0)

    @property
    def background(self) -> int | None:
        """The topic of what all documents say, if there is one."""
        return None if self.background_share is None else 0

    @property
    def without_background(self) -> TopicModel:
        """The model in which all documents have the same share of the background: that is mixed into each topic."""
        share, topics = self.background_share, slice(1, None)
        if share is None:
            return self
        components = share * self.components[0] + (1 - share) * self.components[topics]
        prior, encoder = self.prior.of(topics), self.inference.of(topics)
        return replace(self, components=components, prior=prior, inference=encoder, background_share=None)

    def regrouped(self, groups: Sequence[np.ndarray], tokens: np.ndarray) -> TopicModel:
        """The model of topics that are groups of these, weighed by their tokens (K,)."""
        weights = np.maximum(tokens, 1e-9 * tokens.sum())
        components = np.array([weights[g] @ self.components[g] / weights[g].sum() for g in groups])
        prior, inference = self.prior.regrouped(groups), self.inference.regrouped(groups)
        return replace(self, components=components, prior=prior, inference=inference)

    def draw(self, X: sp.csr_array, n: int, rng: np.random.RandomState) -> np.ndarray:
        """Proportions (n, n_samples, K) from the encoder's posteriors of documents, and the background's share."""
        beside = self.without_background
        draws = beside.prior.draw(*beside.inference.posterior(X, beside.prior), n, rng)
        if self.background_share is None:
            return draws
        share = np.full_like(draws[..., :1], self.background_share)
        return np.concatenate([share, (1 - share) * draws], axis=-1)


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
    background_share: float | None = None
