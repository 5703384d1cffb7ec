"""Priors of topic proportions: a logistic normal, and the Dirichlet."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .._numbers import softmax
from .plain import check_array, record


@record
class LogisticNormal:
    r""":math:`\theta = \mathrm{softmax}(z)`, :math:`z \sim \mathcal{N}(\mu, \mathrm{diag}(\sigma^2))`."""

    mean: np.ndarray  # (K,)
    scale: np.ndarray  # (K,)

    @classmethod
    def like(cls, concentration: np.ndarray) -> LogisticNormal:
        r"""The one that matches a Dirichlet of concentrations (K,).

        Laplace approximation in the softmax basis (MacKay, 1998): :math:`\mu_k = \log a_k - \overline{\log a}`,
        :math:`\sigma_k^2 = (1 - 2/K) / a_k + \overline{1/a} / K`, which is 0 for one topic, where any variance will do.
        """
        K = len(concentration)
        if K == 1:
            return cls(np.zeros(1), np.ones(1))
        variance = (1 - 2 / K) / concentration + np.mean(1 / concentration) / K
        return cls(np.log(concentration) - np.log(concentration).mean(), np.sqrt(variance))

    @cached_property
    def concentration(self) -> np.ndarray:
        r"""Concentrations of the Dirichlet that this matches, (K,): the inverse of `like`.

        :math:`a_k = (1 - 2/K + e^{\mu_k} \overline{e^{-\mu}} / K) / \sigma_k^2` (Hobbhahn et al., 2020).
        """
        K = len(self.mean)
        return (max(1 - 2 / K, 0.0) + np.exp(self.mean) * np.exp(-self.mean).mean() / K) / self.scale**2

    def check(self, K: int) -> None:
        """Raise a ValueError where this is no prior of K topics."""
        check_array("the mean of the prior", self.mean, K)
        check_array("the scale of the prior", self.scale, K, positive=True)
        check_array("the prior", self.concentration, K, positive=True)

    @property
    def parameters(self) -> tuple[np.ndarray, np.ndarray]:
        """Location and scale, as an encoder gives them of a document."""
        return self.mean, self.scale

    def of(self, topics: slice) -> LogisticNormal:
        """The prior of some topics among themselves."""
        return LogisticNormal(self.mean[topics], self.scale[topics])

    def attributes(self) -> dict[str, np.ndarray]:
        """Fitted attributes of an estimator that tell of it."""
        return {
            "doc_topic_prior_": self.concentration.copy(),
            "doc_topic_prior_mean_": self.mean,
            "doc_topic_prior_scale_": self.scale,
        }

    @staticmethod
    def draw(loc: np.ndarray, scale: np.ndarray, n: int, rng: np.random.RandomState) -> np.ndarray:
        """Proportions (n, n_samples, K) from posteriors of this family, locations and scales (n_samples, K)."""
        return softmax(loc + scale * rng.standard_normal((n, *loc.shape)))


@record
class Dirichlet:
    r""":math:`\theta \sim \mathrm{Dir}(a)`."""

    concentration: np.ndarray  # (K,)

    def check(self, K: int) -> None:
        """Raise a ValueError where this is no prior of K topics."""
        check_array("the prior", self.concentration, K, positive=True)

    @property
    def parameters(self) -> tuple[np.ndarray, None]:
        """Location, as an encoder gives it of a document: there is no scale."""
        return np.log(self.concentration), None

    def of(self, topics: slice) -> Dirichlet:
        """The prior of some topics among themselves."""
        return Dirichlet(self.concentration[topics])

    def attributes(self) -> dict[str, np.ndarray]:
        """Fitted attributes of an estimator that tell of it."""
        return {"doc_topic_prior_": self.concentration}

    @staticmethod
    def draw(loc: np.ndarray, scale: Any, n: int, rng: np.random.RandomState) -> np.ndarray:
        """Proportions (n, n_samples, K) from posteriors of this family, log concentrations (n_samples, K)."""
        gamma = np.maximum(rng.standard_gamma(np.exp(loc), size=(n, *loc.shape)), 1e-300)
        return gamma / gamma.sum(axis=-1, keepdims=True)


Prior = LogisticNormal | Dirichlet


def log_normal(z: np.ndarray, loc: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Log density of independent normals, summed over the last axis."""
    return (-0.5 * ((z - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)
