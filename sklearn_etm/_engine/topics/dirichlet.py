"""Topics with a Dirichlet prior and posterior, as in latent Dirichlet allocation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import digamma, gammaln

from ..._start import Start
from ..batches import Array
from .family import PADDING_LOG_PROBABILITY, Arrays, Topics, TopicStart


class DirichletTopics(Topics):
    r""":math:`\beta_k \sim \mathrm{Dir}(\eta)`, :math:`q(\beta_k) = \mathrm{Dir}(\lambda_k)`; logits of their mean."""

    step: ClassVar[float] = 5.0
    padding: ClassVar[dict[str, float]] = {"log_lambda": PADDING_LOG_PROBABILITY}
    topic_axis: ClassVar[dict[str, int]] = {"log_lambda": 1}

    @classmethod
    def begin(cls, start: Start, eta: float) -> TopicStart:
        """From the first topics, as if each had its share of the corpus's tokens."""
        K = len(start.topics)
        log_lambda = np.log(eta + start.n_tokens / K * start.topics.T)
        return TopicStart(cls(), {"log_lambda": log_lambda}, {"eta": eta})

    def priors(self, constants: Arrays, K: int) -> dict[str, Concentrations]:
        return {"log_lambda": Concentrations(constants["eta"], _is_word(constants), K)}

    def logits(self, parameters: Arrays, constants: Arrays) -> jax.Array:
        return parameters["log_lambda"]

    def read(self, beta_t: jax.Array, parameters: Arrays, constants: Arrays) -> jax.Array:
        r""":math:`\exp E_q[\log \beta]`, of a lower bound of :math:`E_q[\log \sum_k \theta_k \beta_k]`."""
        log_lambda = parameters["log_lambda"]
        prior = self.priors(constants, log_lambda.shape[1])["log_lambda"]
        return jnp.exp(prior.expected_log(log_lambda))

    def fitted_to(self, target: np.ndarray, constants: Arrays) -> dict[str, np.ndarray]:
        return {"log_lambda": np.where(_is_word(constants), np.log(target + constants["eta"]), PADDING_LOG_PROBABILITY)}

    def attributes(self, parameters: Arrays, constants: Arrays) -> dict[str, np.ndarray]:
        return {"topic_concentrations_": np.exp(parameters["log_lambda"].T.astype(np.float64))}


def _is_word(constants: Arrays) -> Array:
    """Whether a row is of a word, or pads the vocabulary, (V, 1)."""
    return constants["log_unigram"][:, None] > 0.5 * PADDING_LOG_PROBABILITY


@dataclass(frozen=True)
class Concentrations:
    """Prior of log concentrations of q(beta), by the divergence of the Dirichlets."""

    eta: Array
    known: Array  # (V, 1) whether a word is one, or pads the vocabulary
    K: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the parameter."""
        return (len(self.known), self.K)

    def log_density(self, log_lambda: jax.Array) -> jax.Array:
        r""":math:`-\sum_k \mathrm{KL}(\mathrm{Dir}(\lambda_k) \| \mathrm{Dir}(\eta))`."""
        eta, V = self.eta, self.known.sum()
        lam = self._lambda(log_lambda)
        kl = jnp.where(self.known, (lam - eta) * self.expected_log(log_lambda) - gammaln(lam) + gammaln(eta), 0.0)
        return -(kl.sum() + self.K * -gammaln(V * eta) + gammaln(self._total(lam)).sum())

    def expected_log(self, log_lambda: jax.Array) -> jax.Array:
        r""":math:`E_q[\log \beta_{kv}] = \psi(\lambda_{kv}) - \psi(\sum_u \lambda_{ku})`, (V, K)."""
        lam = self._lambda(log_lambda)
        return jnp.where(self.known, digamma(lam) - digamma(self._total(lam)), PADDING_LOG_PROBABILITY)

    def _lambda(self, log_lambda: jax.Array) -> jax.Array:
        return jnp.exp(jnp.where(self.known, log_lambda, 0.0))

    def _total(self, lam: jax.Array) -> jax.Array:
        return jnp.where(self.known, lam, 0.0).sum(0)
