"""The NumPyro models, their guide, and the flax encoder.

z_d ~ Normal(mu, diag(sigma^2))    theta_d = softmax(z_d)    x_d ~ Multinomial(N_d, theta_d beta)
LNTM:  beta_k = softmax(m + b_k),       b_k ~ Normal(0, delta^2)
ETM:   beta_k = softmax(m + rho alpha_k),  alpha_k ~ Normal(0, delta^2),  rho_v ~ Normal(rho0_v, tau^2)
q(z_d | x_d) = Normal(loc(x_d), diag(scale(x_d)^2))
"""

from dataclasses import dataclass
from typing import Any

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


def topic_prior(spec: Spec, hyper: Hyper) -> dict[str, dist.Distribution]:
    """Prior of what the topics are made of."""
    if spec.topics == "lntm":
        return {"b": dist.Normal(jnp.zeros((spec.V, spec.K)), hyper["delta"]).to_event(2)}
    L = hyper["rho"].shape[1]
    prior = {"alpha": dist.Normal(jnp.zeros((spec.K, L)), hyper["delta"]).to_event(2)}
    if spec.train_rho:
        prior["rho"] = dist.Normal(hyper["rho"], hyper["tau"]).to_event(2)
    return prior


def separation(log_beta: jax.Array, weight: jax.Array) -> jax.Array:
    """Mean of KL(beta_k || mean_j beta_j) with topics weighted, in nats: 0 when all agree; at most log K."""
    beta_t = jnp.exp(log_beta)
    log_mean = jnp.log(beta_t @ weight + 1e-30)[:, None]
    return (beta_t * (log_beta - log_mean)).sum(0) @ weight


def _separation_weight(spec: Spec, theta: jax.Array, batch: Batch) -> jax.Array:
    """Weight of each topic, (K,): its share where topics share vectors, lest rare topics move those of all."""
    if spec.topics == "lntm":
        return jnp.full(spec.K, 1 / spec.K)
    share = (theta * batch.mask[:, None]).sum(0) / batch.mask.sum()
    return jax.lax.stop_gradient(share)


def model(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """The generative model; ``hyper["n_batches"]`` scales a batch to the corpus."""
    parts = {name: numpyro.sample(name, prior) for name, prior in topic_prior(spec, hyper).items()}
    log_beta = jax.nn.log_softmax(topic_logits(spec, parts, hyper), axis=0)
    with (
        numpyro.plate("documents", batch.mask.shape[0]),
        numpyro.handlers.scale(scale=hyper["n_batches"]),
        numpyro.handlers.mask(mask=batch.mask > 0),
    ):
        z = numpyro.sample("z", dist.Normal(hyper["mu"], hyper["sigma"]).to_event(1))
        theta = jax.nn.softmax(z)
        log_p = log_likelihood(theta, jnp.exp(log_beta), batch)
        numpyro.factor("x", log_p)
    distinct = separation(log_beta, _separation_weight(spec, theta, batch))
    numpyro.factor("separation", hyper["separation"] * hyper["n_documents"] * distinct)
    _record("reconstruction", -log_p, batch)


def _record(name: str, per_document: jax.Array, batch: Batch) -> None:
    """Keep a part of the loss, summed over the batch's documents, in SVI's mutable state."""
    mutable(name, {"sum": jnp.zeros(())})["sum"] = jax.lax.stop_gradient((per_document * batch.mask).sum())


def guide(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """Point estimates of the topics; q(z | x) from the encoder."""
    for name, prior in topic_prior(spec, hyper).items():
        value = numpyro.param(f"{name}_point", jnp.zeros(prior.event_shape))
        numpyro.sample(name, dist.Delta(value, event_dim=2))
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
