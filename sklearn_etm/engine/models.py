"""The NumPyro models, their guide, and the flax encoder.

z_d ~ Normal(mu, diag(sigma^2))    theta_d = softmax(z_d)    x_d ~ Multinomial(N_d, theta_d beta)
LNTM:  beta_k = softmax(m + b_k),       b_k ~ Normal(0, delta^2)
ETM:   beta_k = softmax(m + rho alpha_k),  alpha_k ~ Normal(0, delta^2),  rho_v ~ Normal(rho0_v, tau^2)
q(z_d | x_d) = Normal(loc(x_d), diag(scale(x_d)^2))
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from numpyro.contrib.module import flax_module
from numpyro.primitives import mutable

from .batches import Batch
from .likelihood import log_likelihood

Hyper = dict[str, Any]


@dataclass(frozen=True)
class Spec:
    """What fixes a compiled program: sizes and switches, nothing else."""

    topics: str  # "lntm" or "etm"
    K: int
    V: int
    hidden: tuple[int, ...]
    train_rho: bool = False

    @property
    def encoder(self) -> "Encoder":
        """The encoder of this size."""
        return Encoder(self.K, self.hidden)


class Encoder(nn.Module):
    """Mean and scale of q(z | x).  Batch norm on both heads keeps the posterior from collapsing to the prior."""

    K: int
    hidden: tuple[int, ...]

    @nn.compact
    def __call__(self, features: jax.Array, mask: jax.Array, train: bool) -> tuple[jax.Array, jax.Array]:
        """Mean and scale, (B, K) each, of a batch's features (B, L)."""

        def head(name: str, use_scale: bool) -> jax.Array:
            real = mask[:, None] > 0
            norm = nn.BatchNorm(not train, momentum=0.9, use_scale=use_scale, name=f"{name}_norm")
            normed = norm(nn.Dense(self.K, use_bias=False, name=name)(h), mask=real)
            return jnp.where(real, normed, 0.0)  # padding is not normed with the others, and would overflow

        h = features
        for i, size in enumerate(self.hidden):
            h = nn.relu(nn.Dense(size, name=f"hidden{i}")(h))
        return head("loc", True), jnp.exp(0.5 * head("log_variance", False))


def topic_logits(spec: Spec, params: dict[str, jax.Array], hyper: Hyper) -> jax.Array:
    """Unnormalised log beta, transposed: (V, K)."""
    m = hyper["log_unigram"][:, None]
    if spec.topics == "lntm":
        return m + params["b"]
    rho = params["rho"] if spec.train_rho else hyper["rho"]
    return m + rho @ params["alpha"].T


class Normal(NamedTuple):
    """Prior of a parameter of the topics."""

    loc: Any  # of the parameter's shape
    scale: Any

    def log_density(self, value: jax.Array) -> jax.Array:
        """Without the constant; NumPyro's own looks for infinities in passes over all words and topics."""
        return -0.5 * (((value - self.loc) / self.scale) ** 2).sum()


def topic_prior(spec: Spec, hyper: Hyper) -> dict[str, Normal]:
    """Prior of what the topics are made of."""
    if spec.topics == "lntm":
        return {"b": Normal(jnp.zeros((spec.V, spec.K)), hyper["delta"])}
    prior = {"alpha": Normal(jnp.zeros((spec.K, hyper["rho"].shape[1])), hyper["delta"])}
    if spec.train_rho:
        prior["rho"] = Normal(hyper["rho"], hyper["tau"])
    return prior


@jax.custom_vjp
def topic_distributions(logits: jax.Array, weight: jax.Array) -> tuple[jax.Array, jax.Array]:
    r"""Topics and how far apart they are, from logits (V, K) and weights of the topics (K,).

    Separation is :math:`\sum_k w_k \mathrm{KL}(\beta_k \| \sum_j w_j \beta_j)` in nats: 0 when all topics agree, at
    most log K.  With its gradient written out, the arrays of all words and topics are passed over half as often.

    Returns
    -------
    beta_t : (V, K), columns sum to 1
    separation : scalar
    """
    return _topics_forward(logits, weight)[0]


def _topics_forward(logits, weight):
    highest = logits.max(axis=0)
    log_beta = logits - (highest + jnp.log(jnp.exp(logits - highest).sum(axis=0)))
    beta_t = jnp.exp(log_beta)
    log_mean = jnp.log(beta_t @ weight + 1e-30)[:, None]
    separation = (beta_t * (log_beta - log_mean)).sum(0) @ weight
    return (beta_t, separation), (log_beta, log_mean, weight)


def _topics_backward(residuals, gradients):
    log_beta, log_mean, weight = residuals
    by_beta, by_separation = gradients
    g = jnp.exp(log_beta) * (by_beta + by_separation * weight * (log_beta - log_mean))
    return g - jnp.exp(log_beta) * g.sum(0), None


topic_distributions.defvjp(_topics_forward, _topics_backward)


def _separation_weight(spec: Spec, theta: jax.Array, batch: Batch) -> jax.Array:
    """Weight of each topic, (K,): its share where topics share vectors, lest rare topics move those of all."""
    if spec.topics == "lntm":
        return jnp.full(spec.K, 1 / spec.K)
    share = (theta * batch.mask[:, None]).sum(0) / batch.mask.sum()
    return jax.lax.stop_gradient(share)


def model(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """The generative model; ``hyper["n_batches"]`` scales a batch to the corpus."""
    parts = {name: _point(name, prior) for name, prior in topic_prior(spec, hyper).items()}
    logits = topic_logits(spec, parts, hyper)
    with (
        numpyro.plate("documents", batch.mask.shape[0]),
        numpyro.handlers.scale(scale=hyper["n_batches"]),
        numpyro.handlers.mask(mask=batch.mask > 0),
    ):
        z = numpyro.sample("z", dist.Normal(hyper["mu"], hyper["sigma"]).to_event(1))
        theta = jax.nn.softmax(z)
        beta_t, separation = topic_distributions(logits, _separation_weight(spec, theta, batch))
        log_p = log_likelihood(theta, beta_t, batch)
        numpyro.factor("x", log_p)
    numpyro.factor("separation", hyper["separation"] * hyper["n_documents"] * separation)
    _record("reconstruction", -log_p, batch)


def _point(name: str, prior: Normal) -> jax.Array:
    """A parameter of the topics, estimated by its mode: a Delta in the guide would cost passes over all words."""
    value = numpyro.param(f"{name}_point", jnp.zeros(prior.loc.shape))
    numpyro.factor(f"{name}_prior", prior.log_density(value))
    return value


def _record(name: str, per_document: jax.Array, batch: Batch) -> None:
    """Keep a part of the loss, summed over the batch's documents, in SVI's mutable state."""
    mutable(name, {"sum": jnp.zeros(())})["sum"] = jax.lax.stop_gradient((per_document * batch.mask).sum())


def guide(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """q(z | x) from the encoder; of the topics there are point estimates only."""
    encode = flax_module("encoder", spec.encoder, batch.features, batch.mask, True, mutable=["batch_stats"])
    loc, scale = encode(batch.features, batch.mask, True)
    q, p = dist.Normal(loc, scale).to_event(1), dist.Normal(hyper["mu"], hyper["sigma"]).to_event(1)
    _record("kl", dist.kl_divergence(q, p), batch)
    with (
        numpyro.plate("documents", batch.mask.shape[0]),
        numpyro.handlers.scale(scale=hyper["n_batches"]),
        numpyro.handlers.mask(mask=batch.mask > 0),
    ):
        numpyro.sample("z", q)
