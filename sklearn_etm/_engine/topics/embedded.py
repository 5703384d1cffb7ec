"""Topics of word vectors, as in the embedded topic model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from ..._start import Start
from .family import Arrays, Normal, Topics, TopicStart

RIDGE = 1e-2  # of the mean eigenvalue, in least squares
EMBEDDING_FREEDOM = 1.0  # how far trained word vectors move from those given, in their own standard deviations


@dataclass(frozen=True)
class EmbeddedTopics(Topics):
    r""":math:`\beta_k = \mathrm{softmax}(m + \rho \alpha_k)`, :math:`\alpha_k \sim \mathcal{N}(0, \delta^2)`.

    Word vectors are constants, or learned: :math:`\rho_v \sim \mathcal{N}(\rho^0_v, \tau^2)`.
    """

    learns_vectors: bool
    padding: ClassVar[dict[str, float]] = {"rho": 0.0}
    topic_axis: ClassVar[dict[str, int]] = {"alpha": 0}

    @classmethod
    def begin(cls, start: Start, rho: np.ndarray, unit: float, learns_vectors: bool, scale: float) -> TopicStart:
        """From the first topics and word vectors (V, L) of unit variance; ``unit`` is what theirs was before."""
        logits = start.log_deviation
        alpha = _least_squares(rho, logits, start.unigram).T
        parameters = {"alpha": alpha}
        if learns_vectors:  # words move as little as lets them express the first topics
            move = _least_squares(alpha, (logits - rho @ alpha.T).T, np.ones(len(alpha))).T
            parameters["rho"] = rho + move
        constants = {"rho": rho.astype(np.float32), "tau": EMBEDDING_FREEDOM, "delta": scale, "unit": unit}
        return TopicStart(cls(learns_vectors), parameters, constants)

    def priors(self, constants: Arrays, K: int) -> dict[str, Normal]:
        priors = {"alpha": Normal(jnp.zeros((K, constants["rho"].shape[1])), constants["delta"])}
        if self.learns_vectors:
            priors["rho"] = Normal(constants["rho"], constants["tau"])
        return priors

    def logits(self, parameters: Arrays, constants: Arrays) -> jax.Array:
        return constants["log_unigram"][:, None] + self._vectors(parameters, constants) @ parameters["alpha"].T

    def of_words(self, target: np.ndarray, parameters: Arrays, constants: Arrays) -> dict[str, np.ndarray]:
        """Vectors of topics by maximum a posteriori, from where least squares on their logits put them."""
        rho = np.asarray(self._vectors(parameters, constants), np.float64)
        log_unigram = np.asarray(constants["log_unigram"], np.float64)
        beta = target / target.sum(axis=0) + 1e-12
        start = _least_squares(rho, np.log(beta) - log_unigram[:, None], np.exp(log_unigram)).T
        delta = float(constants["delta"])
        made = [_topic_vector(*one, rho, log_unigram, delta) for one in zip(target.T, start, strict=True)]
        return {"alpha": np.array(made)}

    def attributes(self, parameters: Arrays, constants: Arrays) -> dict[str, np.ndarray]:
        unit = float(constants["unit"])  # back to the space of the vectors given
        return {
            "topic_embeddings_": parameters["alpha"] / unit,
            "word_embeddings_": self._vectors(parameters, constants) * unit,
        }

    def _vectors(self, parameters: Arrays, constants: Arrays) -> Any:
        return (parameters if self.learns_vectors else constants)["rho"]


def _topic_vector(
    target: np.ndarray, start: np.ndarray, rho: np.ndarray, log_unigram: np.ndarray, delta: float
) -> np.ndarray:
    """The vector of a topic with these counts of words (V,), under its prior."""
    total = target.sum()

    def loss(alpha: np.ndarray) -> tuple[float, np.ndarray]:
        log_beta = log_softmax(log_unigram + rho @ alpha)
        value = (alpha @ alpha) / (2 * delta**2) - target @ log_beta
        gradient = alpha / delta**2 - (target - total * np.exp(log_beta)) @ rho
        return value / total, gradient / total

    return minimize(loss, start, jac=True, method="L-BFGS-B").x


def _least_squares(A: np.ndarray, targets: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Ridge solution B of ``A @ B = targets``, rows weighted."""
    A = A.astype(np.float64)
    weighted = A * weight[:, None]
    gram = weighted.T @ A
    ridge = RIDGE * np.trace(gram) / len(gram) + 1e-12
    return np.linalg.solve(gram + ridge * np.eye(len(gram)), weighted.T @ targets)
