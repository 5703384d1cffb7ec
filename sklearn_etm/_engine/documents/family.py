"""What a family of topic proportions is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
import numpyro.distributions as dist

from ..._fitted.prior import Prior


class DocumentStart(NamedTuple):
    """Proportions to start from: a family, the parameters of its prior, and the spread of an encoder's locations."""

    family: Documents
    parameters: dict[str, np.ndarray]
    loc_scale: np.ndarray  # (K,)


@dataclass(frozen=True)
class Documents(ABC):
    """A family of topic proportions, prior and posterior, in a hashable object without arrays."""

    learned: bool  # whether the prior is, by maximum likelihood
    site: ClassVar[str]  # name of what is sampled of a document
    has_scale: ClassVar[bool]  # whether the posterior has a scale beside its location
    temperature: ClassVar[float]  # of the softmax of the location that is an estimate of theta

    @classmethod
    @abstractmethod
    def begin(cls, concentration: np.ndarray, learned: bool) -> DocumentStart:
        """With a prior like a Dirichlet of concentrations (K,)."""

    @abstractmethod
    def prior(self, parameters: Mapping[str, Any]) -> dist.Distribution:
        """Of what is sampled of a document."""

    @abstractmethod
    def posterior(self, loc: jax.Array, scale: jax.Array | None) -> dist.Distribution:
        """Of what is sampled of each document, from what the encoder says of it, (B, K) each."""

    def divergence(self, posterior: dist.Distribution, prior: dist.Distribution) -> jax.Array:
        """KL divergence of each document's posterior from the prior, (B,), in nats."""
        return dist.kl_divergence(posterior, prior)

    @abstractmethod
    def proportions(self, sampled: jax.Array) -> jax.Array:
        """Theta (B, K) of what was sampled."""

    @abstractmethod
    def fitted(self, parameters: Mapping[str, np.ndarray]) -> Prior:
        """The prior as a fitted model has it, from parameters in float64."""

    def parameters(self, prior: Any) -> dict[str, np.ndarray]:
        """Parameters that `fitted` makes this prior of: what steering needs."""
        raise NotImplementedError(f"{type(self).__name__} does not say what a given prior is made of")
