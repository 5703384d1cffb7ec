"""Free topics, as in the logistic-normal topic model."""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ..._start import Start
from ..batches import Batch
from .family import Arrays, Normal, Topics, TopicStart


class FreeTopics(Topics):
    r""":math:`\beta_k = \mathrm{softmax}(m + b_k)`, :math:`b_k \sim \mathcal{N}(0, \delta^2)`."""

    step: ClassVar[float] = 5.0  # free logits need larger ones
    padding: ClassVar[dict[str, float]] = {"b": 0.0}
    topic_axis: ClassVar[dict[str, int]] = {"b": 1}

    @classmethod
    def begin(cls, start: Start, scale: float) -> TopicStart:
        """From the first topics, under a prior of standard deviation ``scale``."""
        return TopicStart(cls(), {"b": start.log_deviation}, {"delta": scale})

    def priors(self, constants: Arrays, K: int) -> dict[str, Normal]:
        return {"b": Normal(jnp.zeros((len(constants["log_unigram"]), K)), constants["delta"])}

    def logits(self, parameters: Arrays, constants: Arrays) -> jax.Array:
        return constants["log_unigram"][:, None] + parameters["b"]

    def weight(self, theta: jax.Array, batch: Batch) -> jax.Array:
        """The same for all: no topic moves another."""
        K = theta.shape[1]
        return jnp.full(K, 1 / K)

    def fitted_to(self, target: np.ndarray, constants: Arrays) -> dict[str, np.ndarray]:
        log_beta = np.log(np.maximum(target / target.sum(axis=0), 1e-30))
        return {"b": np.where(target > 0, log_beta - constants["log_unigram"][:, None], 0.0)}
