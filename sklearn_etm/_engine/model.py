"""The NumPyro model and its guide, of whatever families of topics and documents.

theta_d ~ documents, beta_k ~ topics
x_d ~ Multinomial(N_d, theta_d beta), or Multinomial(softmax(theta_d log beta))
q(theta_d | x_d) is of the documents' family, with parameters from the encoder
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpyro
from numpyro.contrib.module import flax_module
from numpyro.primitives import mutable

from .._fitted.model import SEEDS
from .batches import Array, Batch
from .decoders import Decoder
from .documents import Documents
from .encoder import Encoder
from .topics import Topics

POINT = "_point"  # ends the names of topic parameters among NumPyro's


@dataclass(frozen=True)
class Spec:
    """What fixes a compiled program: families and sizes, nothing else."""

    topics: Topics
    documents: Documents
    decoder: Decoder
    K: int
    V: int  # with the words that pad the vocabulary
    hidden: tuple[int, ...]
    parts: tuple[int, ...] = ()  # outputs of the encoder for each topic, where some have more than one

    @property
    def temperature(self) -> float:
        """Of the softmax of an encoder's location that is an estimate of theta."""
        return self.decoder.temperature or self.documents.temperature

    @property
    def encoder(self) -> Encoder:
        """The encoder of this size."""
        return Encoder(self.K, self.hidden, self.documents.has_scale, self.parts, self.temperature)


class Hyper(NamedTuple):
    """Arguments of the model that no gradient changes."""

    topics: dict[str, Array]  # constants of the topics
    documents: dict[str, Array]  # parameters of the prior of documents, or where they start
    n_batches: Array
    n_documents: Array
    separation: Array  # what the divergence of the topics weighs, in nats per document
    n_tokens: Array


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


@contextmanager
def _documents(batch: Batch, hyper: Hyper) -> Iterator[None]:
    """What is said of a document counts by its weight, for ``n_batches`` batches; padding does not count."""
    with (
        numpyro.plate("documents", batch.weight.shape[0]),
        numpyro.handlers.scale(scale=hyper.n_batches * jnp.where(batch.weight > 0, batch.weight, 1.0)),
        numpyro.handlers.mask(mask=batch.weight > 0),
    ):
        yield


def model(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """The generative model; ``hyper.n_batches`` scales a batch to the corpus."""
    priors = spec.topics.priors(hyper.topics, spec.K)
    parameters = {name: _point(name, prior) for name, prior in priors.items()}
    prior = _document_prior(spec, hyper)
    with _documents(batch, hyper):
        theta = spec.documents.proportions(numpyro.sample(spec.documents.site, prior))
        logits = spec.topics.logits(parameters, hyper.topics)
        beta_t, separation = topic_distributions(logits, spec.topics.weight(theta, batch))
        beta_t = spec.topics.read(beta_t, parameters, hyper.topics)
        log_p = spec.decoder.log_likelihood(theta, beta_t, logits, batch)
        numpyro.factor("x", log_p)
    numpyro.factor("separation", hyper.separation * hyper.n_documents * separation)
    if SEEDS in hyper.topics:
        numpyro.factor(SEEDS, hyper.n_tokens * _seeded(hyper.topics[SEEDS], beta_t))
    _record("reconstruction", -log_p, batch)


def _seeded(rates: Array, beta_t: jax.Array) -> jax.Array:
    r"""Log-probability of words that topics are given, :math:`\sum_{kv} c_{kv} \log \beta_{kv}`: a Dirichlet's density.

    Where the likelihood reads :math:`\exp E_q[\log \beta]`, the concentrations of that Dirichlet add up with others.
    """
    return (rates * jnp.log(jnp.where(rates > 0, beta_t, 1.0) + 1e-30)).sum()


def _point(name: str, prior: Any) -> jax.Array:
    """A parameter of the topics, no sample: a Delta in the guide would cost passes over all words."""
    value = numpyro.param(name + POINT, jnp.zeros(prior.shape))
    numpyro.factor(f"{name}_prior", prior.log_density(value))
    return value


def _document_prior(spec: Spec, hyper: Hyper) -> Any:
    """Prior of what is sampled of a document, learned where the family says so."""
    parameters = hyper.documents
    if spec.documents.learned:
        parameters = {name: numpyro.param(name, jnp.asarray(value)) for name, value in parameters.items()}
    return spec.documents.prior(parameters)


def _record(name: str, per_document: jax.Array, batch: Batch) -> None:
    """Keep a part of the loss, summed over the batch's documents by their weights, in SVI's mutable state."""
    mutable(name, {"sum": jnp.zeros(())})["sum"] = jax.lax.stop_gradient((per_document * batch.weight).sum())


def guide(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """q(theta | x) from the encoder; what topics are made of are parameters."""
    encode = flax_module("encoder", spec.encoder, batch.features, batch.weight, True, mutable=["batch_stats"])
    q = spec.documents.posterior(*encode(batch.features, batch.weight, True))
    _record("kl", spec.documents.divergence(q, _document_prior(spec, hyper)), batch)
    with _documents(batch, hyper):
        numpyro.sample(spec.documents.site, q)
