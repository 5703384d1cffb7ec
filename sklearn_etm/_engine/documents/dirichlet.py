"""Proportions with a Dirichlet prior and posterior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist

from ..._fitted.prior import Dirichlet
from .family import Documents, DocumentStart

SPREAD = 1.5  # standard deviation of log concentrations that the encoder starts with


class DirichletDocuments(Documents):
    r""":math:`\theta \sim \mathrm{Dir}(a)`, and of a document :math:`\mathrm{Dir}(\exp(\mathrm{loc}))`."""

    site: ClassVar[str] = "theta"
    has_scale: ClassVar[bool] = False
    temperature: ClassVar[float] = 1.0  # the softmax of log concentrations is the mean

    @classmethod
    def begin(cls, concentration: np.ndarray, learned: bool) -> DocumentStart:
        parameters = {"log_concentration": np.log(concentration)}
        return DocumentStart(cls(learned), parameters, np.full_like(concentration, SPREAD))

    def prior(self, parameters: Mapping[str, Any]) -> dist.Distribution:
        return dist.Dirichlet(jnp.exp(parameters["log_concentration"]))

    def posterior(self, loc: jax.Array, scale: jax.Array | None) -> dist.Distribution:
        return dist.Dirichlet(jnp.exp(loc))

    def proportions(self, sampled: jax.Array) -> jax.Array:
        return sampled

    def fitted(self, parameters: Mapping[str, np.ndarray]) -> Dirichlet:
        return Dirichlet(np.exp(parameters["log_concentration"]))

    def parameters(self, prior: Dirichlet) -> dict[str, np.ndarray]:
        return {"log_concentration": np.log(prior.concentration)}
