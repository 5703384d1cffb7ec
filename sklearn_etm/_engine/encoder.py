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

    @nn.compact
    def __call__(self, features: jax.Array, mask: jax.Array, train: bool) -> tuple[jax.Array, jax.Array | None]:
        """Location and scale, (B, K) each, of a batch's features (B, L)."""

        def head(name: str, use_scale: bool) -> jax.Array:
            real = mask[:, None] > 0
            norm = nn.BatchNorm(
                not train, momentum=0.9, epsilon=BATCH_NORM_EPSILON, use_scale=use_scale, name=f"{name}_norm"
            )
            normed = norm(nn.Dense(self.K, use_bias=False, name=name)(h), mask=real)
            return jnp.where(real, normed, 0.0)  # padding is not normed with the others, and would overflow

        h = features
        for i, size in enumerate(self.hidden):
            h = nn.relu(nn.Dense(size, name=f"hidden{i}")(h))
        return head("loc", True), jnp.exp(0.5 * head("log_variance", False)) if self.has_scale else None


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


def served(weights: Any, moments: Any, features: Features, temperature: float) -> fitted.Encoder:
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
    )
