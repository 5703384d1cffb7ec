"""The flax encoder: its layers, its first weights, and what is served of it."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from .._fitted import encoder as fitted
from .._fitted.encoder import Features, Linear

BATCH_NORM_EPSILON = 1e-5


class Encoder(nn.Module):
    """Parameters of q.  Batch norm on each head keeps the posterior from collapsing to the prior."""

    K: int
    hidden: tuple[int, ...]
    has_scale: bool
    parts: tuple[int, ...] = ()  # outputs of each topic, where topics are merged ones
    temperature: float = 1.0  # at which outputs of a topic are pooled

    @nn.compact
    def __call__(self, features: jax.Array, mask: jax.Array, train: bool) -> tuple[jax.Array, jax.Array | None]:
        """Location and scale, (B, K) each, of a batch's features (B, L)."""

        def head(name: str, use_scale: bool) -> jax.Array:
            real = mask[:, None] > 0
            norm = nn.BatchNorm(
                not train, momentum=0.9, epsilon=BATCH_NORM_EPSILON, use_scale=use_scale, name=f"{name}_norm"
            )
            n_outputs = sum(self.parts) if self.parts else self.K
            normed = norm(nn.Dense(n_outputs, use_bias=False, name=name)(h), mask=real)
            return jnp.where(real, normed, 0.0)  # padding is not normed with the others, and would overflow

        h = features
        for i, size in enumerate(self.hidden):
            h = nn.relu(nn.Dense(size, name=f"hidden{i}")(h))
        loc, log_variance = head("loc", True), head("log_variance", False) if self.has_scale else None
        if self.parts:
            loc, log_variance = pooled(loc, log_variance, self.parts, self.temperature)
        return loc, None if log_variance is None else jnp.exp(0.5 * log_variance)


def pooled(
    loc: jax.Array, log_variance: jax.Array | None, parts: tuple[int, ...], temperature: float
) -> tuple[jax.Array, jax.Array | None]:
    r"""Location and log variance of topics (B, K), of those of their parts (B, P).

    Locations as `_fitted.encoder.pooled` has them, variances by the delta method: :math:`\sum_i w_i^2 \sigma_i^2`, w
    being the share of each part in its topic.
    """
    K = len(parts)
    topic = np.repeat(np.arange(K), parts)

    def sums(values: jax.Array) -> jax.Array:
        return jax.ops.segment_sum(values.T, topic, K, indices_are_sorted=True).T

    highest = jax.ops.segment_max(jax.lax.stop_gradient(loc).T, topic, K, indices_are_sorted=True).T
    e = jnp.exp((loc - highest[:, topic]) / temperature)
    total = sums(e)
    if log_variance is not None:
        log_variance = jnp.log(sums((e / total[:, topic]) ** 2 * jnp.exp(log_variance)))
    return highest + temperature * jnp.log(total), log_variance


def first_weights(blank: Any, loc_scale: np.ndarray, rng: np.random.RandomState) -> Any:
    """Weights to start from in place of blank ones; NumPy draws them, so that they do not depend on JAX's generator."""

    def first(path: tuple, leaf: np.ndarray) -> np.ndarray:
        kind = path[-1].key
        if kind == "kernel":  # Glorot
            return rng.normal(scale=np.sqrt(2.0 / sum(leaf.shape)), size=leaf.shape).astype(leaf.dtype)
        if kind == "scale":  # of batch norm
            return np.broadcast_to(loc_scale, leaf.shape).astype(leaf.dtype)
        return np.zeros_like(leaf)

    return jax.tree_util.tree_map_with_path(first, blank)


def served(
    weights: Any, moments: Any, features: Features, temperature: float, parts: tuple[int, ...] = ()
) -> fitted.Encoder:
    """A trained encoder in NumPy: batch norm of a head is folded into its linear layer."""

    def kernel(name: str) -> np.ndarray:
        return np.asarray(weights[name]["kernel"], np.float64)

    def bias(name: str) -> np.ndarray:
        return np.asarray(weights[name]["bias"], np.float64)

    def head(name: str) -> Linear:
        norm, moment = weights[f"{name}_norm"], moments[f"{name}_norm"]
        gain = 1.0 / np.sqrt(np.asarray(moment["var"], np.float64) + BATCH_NORM_EPSILON)
        gain = gain * np.asarray(norm["scale"], np.float64) if "scale" in norm else gain
        shift = bias(f"{name}_norm") - np.asarray(moment["mean"], np.float64) * gain
        return Linear(kernel(name) * gain, shift)

    n_hidden = sum(name.startswith("hidden") for name in weights)
    return fitted.Encoder(
        features,
        tuple(Linear(kernel(name), bias(name)) for name in map("hidden{}".format, range(n_hidden))),
        head("loc"),
        head("log_variance") if "log_variance" in weights else None,
        temperature,
        parts,
    )
