"""What a family of topics is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np

from ..batches import Array, Batch

PADDING_LOG_PROBABILITY = -1e9  # of the words that pad the vocabulary
Arrays = Mapping[str, Any]  # by name


class TopicStart(NamedTuple):
    """Topics to start from: a family, its parameters, and its constants without ``log_unigram``."""

    family: Topics
    parameters: dict[str, np.ndarray]
    constants: dict[str, Any]


@dataclass(frozen=True)
class Normal:
    """Prior of a parameter of the topics."""

    loc: Array  # of the parameter's shape
    scale: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the parameter."""
        return self.loc.shape

    def log_density(self, value: jax.Array) -> jax.Array:
        """Without the constant; NumPyro's own looks for infinities in passes over all words and topics."""
        return -0.5 * (((value - self.loc) / self.scale) ** 2).sum()


@dataclass(frozen=True)
class Topics(ABC):
    """A family of topics: what they are made of, in a hashable object without arrays.

    ``parameters`` are learned, ``constants`` are not; both are arrays by name, and words that pad the vocabulary are in
    them. ``constants["log_unigram"]`` (V,) are the log word frequencies, of each family.
    """

    step: ClassVar[float] = 1.0  # of the parameters, in units of the learning rate
    padding: ClassVar[dict[str, float]] = {}  # what pads parameters and constants that have one row a word
    topic_axis: ClassVar[dict[str, int]] = {}  # of parameters that have one entry a topic: what steering needs

    @abstractmethod
    def priors(self, constants: Arrays, K: int) -> dict[str, Any]:
        """Prior of each parameter: an object with the parameter's ``shape`` and a ``log_density``."""

    @abstractmethod
    def logits(self, parameters: Arrays, constants: Arrays) -> jax.Array:
        """Unnormalised log beta, transposed: (V, K)."""

    def read(self, beta_t: jax.Array, parameters: Arrays, constants: Arrays) -> jax.Array:
        """What the likelihood takes for the topics, (V, K): the topics, unless the family knows a bound."""
        return beta_t

    def weight(self, theta: jax.Array, batch: Batch) -> jax.Array:
        """Of each topic where it is kept apart from the others, (K,), sums to 1: the share of the batch's words.

        Equal weights would let the vectors that topics share follow the rare ones.
        """
        share = (theta * batch.weight[:, None]).sum(0) / batch.weight.sum()
        return jax.lax.stop_gradient(share)

    def fitted_to(self, target: np.ndarray, constants: Arrays) -> dict[str, np.ndarray] | None:
        """Parameters that fit counts of words in topics (V, K) best; None where it takes steps along the gradient."""
        return None

    def of_words(self, target: np.ndarray, parameters: Arrays, constants: Arrays) -> dict[str, np.ndarray]:
        """Parameters of other topics than those of ``parameters``, fitted to counts of words in them (V, n).

        What topics share stays as it is; of all that has a ``topic_axis``, n entries. V is without padding here.
        """
        exact = self.fitted_to(target, constants)
        if exact is None:
            raise NotImplementedError(f"{type(self).__name__} does not say what topics with given words are made of")
        return exact

    def attributes(self, parameters: Arrays, constants: Arrays) -> dict[str, np.ndarray]:
        """Fitted attributes of an estimator beside the topics; V is without padding here."""
        return {}


def topics(family: Topics, parameters: Arrays, constants: Arrays) -> jax.Array:
    """Topics, transposed: (V, K)."""
    return jax.nn.softmax(family.logits(parameters, constants), axis=0)
