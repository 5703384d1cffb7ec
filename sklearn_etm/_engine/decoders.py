"""How topics make the words of a document."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import jax

from .batches import Batch
from .likelihood import log_likelihood, product_log_likelihood


@dataclass(frozen=True)
class Decoder(ABC):
    """How topics make the words of a document."""

    temperature: ClassVar[float | None] = None  # of the encoder's softmax, where it is not that of the documents

    @abstractmethod
    def log_likelihood(self, theta: jax.Array, beta_t: jax.Array, logits: jax.Array, batch: Batch) -> jax.Array:
        """Of documents (B,), in nats, without the multinomial coefficient; topics (V, K), and their logits."""


class Mixture(Decoder):
    r"""Each word is of one topic: :math:`\theta \beta`."""

    def log_likelihood(self, theta: jax.Array, beta_t: jax.Array, logits: jax.Array, batch: Batch) -> jax.Array:
        return log_likelihood(theta, beta_t, batch)


class Product(Decoder):
    r"""All topics agree on each word, as experts do: :math:`\mathrm{softmax}(\theta \log \beta)`."""

    temperature: ClassVar[float | None] = 1.0  # a product wants theta as sharp as the softmax of the mean

    def log_likelihood(self, theta: jax.Array, beta_t: jax.Array, logits: jax.Array, batch: Batch) -> jax.Array:
        return product_log_likelihood(theta, logits, batch)


DECODERS: dict[str, type[Decoder]] = {decoder.__name__: decoder for decoder in (Mixture, Product)}
