"""Proportions that are a softmax of normals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist

from ..._fitted.prior import LogisticNormal
from .family import Documents, DocumentStart


class LogisticNormalDocuments(Documents):
    r""":math:`\theta = \mathrm{softmax}(z)`, :math:`z \sim \mathcal{N}(\mu, \mathrm{diag}(\sigma^2))`."""

    site: ClassVar[str] = "z"
    has_scale: ClassVar[bool] = True
    temperature: ClassVar[float] = 1.5  # the softmax of the mean of z is a mode, and sharper than the mean of theta

    @classmethod
    def begin(cls, concentration: np.ndarray, learned: bool) -> DocumentStart:
        prior = LogisticNormal.like(concentration)
        return DocumentStart(cls(learned), {"mu": prior.mean, "log_sigma": np.log(prior.scale)}, prior.scale)

    def prior(self, parameters: Mapping[str, Any]) -> dist.Distribution:
        return dist.Normal(parameters["mu"], jnp.exp(parameters["log_sigma"])).to_event(1)

    def posterior(self, loc: jax.Array, scale: jax.Array | None) -> dist.Distribution:
        return dist.Normal(loc, scale).to_event(1)

    def proportions(self, sampled: jax.Array) -> jax.Array:
        return jax.nn.softmax(sampled)

    def fitted(self, parameters: Mapping[str, np.ndarray]) -> LogisticNormal:
        return LogisticNormal(parameters["mu"], np.exp(parameters["log_sigma"]))

    def parameters(self, prior: LogisticNormal) -> dict[str, np.ndarray]:
        return {"mu": prior.mean, "log_sigma": np.log(prior.scale)}
