"""A prior of documents: a logistic normal whose topics vary alike, with one scale for all."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist

from sklearn_etm import LNTMTransformer
from sklearn_etm._engine.documents import FAMILIES, Documents, DocumentStart
from sklearn_etm._fitted.prior import LogisticNormal


class SharedScaleDocuments(Documents):
    r""":math:`\theta = \mathrm{softmax}(z)`, :math:`z \sim \mathcal{N}(\mu, s^2 I)`."""

    site: ClassVar[str] = "z"
    has_scale: ClassVar[bool] = True
    temperature: ClassVar[float] = 2.0

    @classmethod
    def begin(cls, concentration, learned):
        prior = LogisticNormal.like(concentration)
        log_scale = np.log(prior.scale).mean()
        return DocumentStart(cls(learned), {"mu": prior.mean, "log_scale": log_scale}, prior.scale)

    def prior(self, parameters):
        scale = jnp.broadcast_to(jnp.exp(parameters["log_scale"]), parameters["mu"].shape)
        return dist.Normal(parameters["mu"], scale).to_event(1)

    def posterior(self, loc, scale):
        return dist.Normal(loc, scale).to_event(1)

    def proportions(self, sampled):
        return jax.nn.softmax(sampled)

    def fitted(self, parameters):
        mean = parameters["mu"]
        return LogisticNormal(mean, np.full_like(mean, np.exp(parameters["log_scale"])))


FAMILIES["SharedScaleDocuments"] = SharedScaleDocuments


class SharedScaleTransformer(LNTMTransformer):
    """The logistic-normal topic model with this prior."""

    def _document_start(self):
        return SharedScaleDocuments.begin(self._concentration(), self.learn_prior)
