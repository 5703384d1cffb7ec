"""Priors of topic proportions: logistic normals, of topics by themselves or correlated, and the Dirichlet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from .._numbers import softmax
from .plain import check_array, record

N_DRAWS = 1000  # that means and deviations of proportions are taken of, where there is no formula


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

    @classmethod
    def with_mean(cls, mean: np.ndarray, concentration: np.ndarray) -> LogisticNormal:
        """The one of this mean that matches a Dirichlet of concentrations, (K,) each."""
        K = len(mean)
        return cls(mean, np.sqrt((max(1 - 2 / K, 0.0) + np.exp(mean) * np.exp(-mean).mean() / K) / concentration))

    @cached_property
    def concentration(self) -> np.ndarray:
        r"""Concentrations of the Dirichlet that this matches, (K,): the inverse of `like`.

        :math:`a_k = (1 - 2/K + e^{\mu_k} \overline{e^{-\mu}} / K) / \sigma_k^2` (Hobbhahn et al., 2020).
        """
        K = len(self.mean)
        return (max(1 - 2 / K, 0.0) + np.exp(self.mean) * np.exp(-self.mean).mean() / K) / self.scale**2

    def means(self, covariates: np.ndarray | None, n: int) -> np.ndarray:
        """Mean of each of n documents, (n, K)."""
        return np.tile(self.mean, (n, 1))

    def log_density(self, z: np.ndarray, means: np.ndarray) -> np.ndarray:
        """Log density of z (n, K) of documents with these means."""
        return log_normal(z, means, self.scale)

    def moments(self, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of theta (n, K) of documents with these means: those of the Dirichlet that matches."""
        total = self.concentration.sum()
        mean = np.tile(self.concentration / total, (len(means), 1))
        return mean, np.sqrt(mean * (1 - mean) / (1 + total))

    def drawn(self, means: np.ndarray, n: int, rng: np.random.RandomState) -> np.ndarray:
        """Proportions (n, n_samples, K) of documents with these means."""
        return self.draw(means, self.scale, n, rng)

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

    def regrouped(self, groups: Sequence[np.ndarray]) -> LogisticNormal:
        """The prior of topics that are groups of these: concentrations add up."""
        mean = np.array([logsumexp(self.mean[group]) for group in groups])
        return LogisticNormal.with_mean(mean, _sums(self.concentration, groups))

    def with_more(self, n: int) -> LogisticNormal:
        """The prior of n more topics, such as the mean of these."""
        concentration = np.append(self.concentration, np.full(n, self.concentration.mean()))
        return LogisticNormal.with_mean(np.append(self.mean, np.full(n, self.mean.mean())), concentration)

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
class CorrelatedNormal:
    r""":math:`z_d \sim \mathcal{N}(\mu + W^\top (c_d - \bar c), \Sigma)`, of documents with covariates or without.

    Adding a number to all of z changes nothing: :math:`\mu` and the columns of W sum to 0, and :math:`\Sigma` has its
    mean eigenvalue in that direction, so that it can be inverted.
    """

    mean: np.ndarray  # (K,)
    covariance: np.ndarray  # (K, K)
    effects: np.ndarray  # (p, K) of a unit of each covariate; p is 0 where there are none
    covariate_means: np.ndarray  # (p,)

    @property
    def scale(self) -> np.ndarray:
        """Standard deviations, (K,)."""
        return np.sqrt(np.diag(self.covariance))

    @cached_property
    def precision(self) -> np.ndarray:
        """Inverse of the covariance, (K, K)."""
        return np.linalg.inv(self.covariance)

    @cached_property
    def root(self) -> np.ndarray:
        """Lower triangle whose product with its transpose is the covariance, (K, K)."""
        return np.linalg.cholesky(self.covariance)

    @cached_property
    def concentration(self) -> np.ndarray:
        """Concentrations of a Dirichlet that matches means and scales, (K,)."""
        return LogisticNormal(self.mean, self.scale).concentration

    def means(self, covariates: np.ndarray | None, n: int) -> np.ndarray:
        """Mean of each of n documents, (n, K): of mean covariates, where there are none."""
        if covariates is None:
            return np.tile(self.mean, (n, 1))
        return self.mean + (covariates - self.covariate_means) @ self.effects

    def log_density(self, z: np.ndarray, means: np.ndarray) -> np.ndarray:
        """Log density of z (n, K) of documents with these means."""
        u = solve_triangular(self.root, (z - means).T, lower=True)
        return -0.5 * (u**2).sum(axis=0) - np.log(np.diag(self.root)).sum() - 0.5 * len(u) * np.log(2 * np.pi)

    def moments(self, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of theta (n, K) of documents with these means: of draws, the same in every call."""
        noise = np.random.RandomState(0).standard_normal((N_DRAWS, len(self.mean))) @ self.root.T
        each, document = np.unique(means, axis=0, return_inverse=True)
        mean, std = np.empty_like(each), np.empty_like(each)
        for i, own in enumerate(each):
            theta = softmax(own + noise)
            mean[i], std[i] = theta.mean(axis=0), theta.std(axis=0)
        return mean[document.ravel()], std[document.ravel()]

    def drawn(self, means: np.ndarray, n: int, rng: np.random.RandomState) -> np.ndarray:
        """Proportions (n, n_samples, K) of documents with these means."""
        return softmax(means + rng.standard_normal((n, *means.shape)) @ self.root.T)

    def check(self, K: int) -> None:
        """Raise a ValueError where this is no prior of K topics."""
        p = len(self.covariate_means)
        check_array("the mean of the prior", self.mean, K)
        check_array("the covariance of the prior", self.covariance, K, K)
        check_array("the effects of covariates", self.effects, p, K)
        check_array("the means of covariates", self.covariate_means, p)
        if not np.allclose(self.covariance, self.covariance.T) or np.linalg.eigvalsh(self.covariance)[0] <= 0:
            raise ValueError("the covariance of the prior must be symmetric and positive definite")

    @property
    def parameters(self) -> tuple[np.ndarray, np.ndarray]:
        """Location and scale, as an encoder gives them of a document."""
        return self.mean, self.scale

    def of(self, topics: slice) -> CorrelatedNormal:
        """The prior of some topics among themselves."""
        covariance = self.covariance[topics, topics]
        return CorrelatedNormal(self.mean[topics], covariance, self.effects[:, topics], self.covariate_means)

    def regrouped(self, groups: Sequence[np.ndarray]) -> CorrelatedNormal:
        """The prior of topics that are groups of these: of their logarithms of summed exponents, to first order."""
        mean = np.array([logsumexp(self.mean[group]) for group in groups])
        weight = np.zeros((len(groups), len(self.mean)))
        for row, group in zip(weight, groups, strict=True):
            row[group] = softmax(self.mean[group])
        effects = self.effects @ weight.T
        return CorrelatedNormal(
            mean - mean.mean(),
            weight @ self.covariance @ weight.T,
            effects - effects.mean(axis=1, keepdims=True),
            self.covariate_means,
        )

    def with_more(self, n: int) -> CorrelatedNormal:
        """The prior of n more topics, such as the mean of these, which correlate with none."""
        K = len(self.mean)
        covariance = np.diag(np.full(K + n, np.diag(self.covariance).mean()))
        covariance[:K, :K] = self.covariance
        return CorrelatedNormal(
            np.append(self.mean, np.zeros(n)), covariance, np.pad(self.effects, ((0, 0), (0, n))), self.covariate_means
        )

    def attributes(self) -> dict[str, np.ndarray]:
        """Fitted attributes of an estimator that tell of it."""
        scale = self.scale
        return {
            "doc_topic_prior_": self.concentration.copy(),
            "doc_topic_prior_mean_": self.mean,
            "doc_topic_prior_scale_": scale,
            "topic_covariance_": self.covariance,
            "topic_correlation_": self.covariance / np.outer(scale, scale),
            "covariate_effects_": self.effects,
        }


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

    def regrouped(self, groups: Sequence[np.ndarray]) -> Dirichlet:
        """The prior of topics that are groups of these: concentrations add up."""
        return Dirichlet(_sums(self.concentration, groups))

    def with_more(self, n: int) -> Dirichlet:
        """The prior of n more topics, such as the mean of these."""
        return Dirichlet(np.append(self.concentration, np.full(n, self.concentration.mean())))

    def attributes(self) -> dict[str, np.ndarray]:
        """Fitted attributes of an estimator that tell of it."""
        return {"doc_topic_prior_": self.concentration}

    @staticmethod
    def draw(loc: np.ndarray, scale: Any, n: int, rng: np.random.RandomState) -> np.ndarray:
        """Proportions (n, n_samples, K) from posteriors of this family, log concentrations (n_samples, K)."""
        gamma = np.maximum(rng.standard_gamma(np.exp(loc), size=(n, *loc.shape)), 1e-300)
        return gamma / gamma.sum(axis=-1, keepdims=True)


Prior = LogisticNormal | CorrelatedNormal | Dirichlet


def _sums(values: np.ndarray, groups: Sequence[np.ndarray]) -> np.ndarray:
    return np.array([values[group].sum() for group in groups])


def log_normal(z: np.ndarray, loc: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Log density of independent normals, summed over the last axis."""
    return (-0.5 * ((z - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(axis=-1)
