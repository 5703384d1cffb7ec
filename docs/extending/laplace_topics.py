"""A family of topics: sparse deviations from the corpus, as in SAGE (Eisenstein, Ahmed and Xing, 2011)."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp

from sklearn_etm import LNTMTransformer
from sklearn_etm._engine.topics import FAMILIES, Topics, TopicStart


@dataclass(frozen=True)
class Laplace:
    """Prior of a parameter: what is 0 costs nothing, and what is not costs in proportion to its size."""

    shape: tuple[int, ...]
    scale: float

    def log_density(self, value: jax.Array) -> jax.Array:
        """In nats, without the constant."""
        return -jnp.abs(value).sum() / self.scale


class LaplaceTopics(Topics):
    r""":math:`\beta_k = \mathrm{softmax}(m + b_k)`, :math:`b_{kv} \sim \mathrm{Laplace}(0, s)`."""

    step: ClassVar[float] = 5.0
    padding: ClassVar[dict[str, float]] = {"b": 0.0}

    @classmethod
    def begin(cls, start, scale):
        return TopicStart(cls(), {"b": start.log_deviation}, {"scale": scale})

    def priors(self, constants, K):
        return {"b": Laplace((len(constants["log_unigram"]), K), constants["scale"])}

    def logits(self, parameters, constants):
        return constants["log_unigram"][:, None] + parameters["b"]

    def attributes(self, parameters, constants):
        return {"deviations_": parameters["b"].T}


FAMILIES["LaplaceTopics"] = LaplaceTopics


class SparseTopicTransformer(LNTMTransformer):
    """The logistic-normal topic model with these topics; ``topic_prior_scale`` is the scale of the Laplace."""

    def _topic_start(self, start, rng):
        return LaplaceTopics.begin(start, self.topic_prior_scale), {}
