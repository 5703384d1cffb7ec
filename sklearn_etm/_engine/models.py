"""The NumPyro models, their guides, and the flax encoder.

z_d ~ Normal(mu, diag(sigma^2)), theta_d = softmax(z_d), or theta_d ~ Dirichlet(a)
x_d ~ Multinomial(N_d, theta_d beta), or x_dv ~ Poisson(N_d theta_d beta_v), or Multinomial(softmax(theta_d log beta))
LNTM:  beta_k = softmax(m + b_k),       b_k ~ Normal(0, delta^2)
ETM:   beta_k = softmax(m + rho alpha_k),  alpha_k ~ Normal(0, delta^2),  rho_v ~ Normal(rho0_v, tau^2)
LDA:   beta_k ~ Dirichlet(eta),  q(beta_k) = Dirichlet(lambda_k)
q(z_d | x_d) = Normal(loc(x_d), diag(scale(x_d)^2)), or q(theta_d | x_d) = Dirichlet(exp(loc(x_d)))
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import digamma, gammaln
from numpyro.contrib.module import flax_module
from numpyro.primitives import mutable

from .._fitted.proportions import BATCH_NORM_EPSILON
from .batches import Batch
from .likelihood import log_likelihood, poisson_terms, product_log_likelihood

Hyper = dict[str, Any]
PADDING_LOG_PROBABILITY = -1e9  # of the words that pad the vocabulary
PRIOR_PARAMETERS = {"mu", "log_sigma", "log_concentration"}  # of the documents


@dataclass(frozen=True)
class Spec:
    """What fixes a compiled program: sizes and switches, nothing else."""

    topics: str  # "lntm", "etm" or "lda"
    K: int
    V: int
    hidden: tuple[int, ...]
    train_rho: bool = False
    likelihood: str = "multinomial"  # or "poisson"
    guide: str = "logistic_normal"  # or "dirichlet": family of theta, prior and posterior
    learn_prior: bool = False
    inference: str = "svi"  # or "mcem"
    decoder: str = "mixture"  # or "product": of the topics' distributions

    @property
    def temperature(self) -> float:
        """Of the softmax of loc that is an estimate of theta.

        For a Dirichlet it is the mean; the softmax of the mean of z is a mode, and sharper than the mean of theta.  A
        product of experts wants it as sharp.
        """
        return 1.0 if self.guide == "dirichlet" or self.decoder == "product" else 2.0

    @property
    def encoder(self) -> "Encoder":
        """The encoder of this size."""
        return Encoder(self.K, self.hidden, scaled=self.guide == "logistic_normal")


class Encoder(nn.Module):
    """Parameters of q.  Batch norm on each head keeps the posterior from collapsing to the prior."""

    K: int
    hidden: tuple[int, ...]
    scaled: bool  # whether q has a scale besides

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
        return head("loc", True), jnp.exp(0.5 * head("log_variance", False)) if self.scaled else None


def topic_logits(spec: Spec, params: dict[str, jax.Array], hyper: Hyper) -> jax.Array:
    """Unnormalised log beta, transposed: (V, K); of LDA the log of its mean."""
    m = hyper["log_unigram"][:, None]
    if spec.topics == "lda":
        return params["log_lambda"]
    if spec.topics == "lntm":
        return m + params["b"]
    rho = params["rho"] if spec.train_rho else hyper["rho"]
    return m + rho @ params["alpha"].T


def topics(spec: Spec, params: dict[str, jax.Array], hyper: Hyper) -> jax.Array:
    """Topics, transposed: (V, K)."""
    return jax.nn.softmax(topic_logits(spec, params, hyper), axis=0)


class Normal(NamedTuple):
    """Prior of a parameter of the topics."""

    loc: Any  # of the parameter's shape
    scale: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the parameter."""
        return self.loc.shape

    def log_density(self, value: jax.Array) -> jax.Array:
        """Without the constant; NumPyro's own looks for infinities in passes over all words and topics."""
        return -0.5 * (((value - self.loc) / self.scale) ** 2).sum()


class Dirichlet(NamedTuple):
    """Prior of topics that have a variational Dirichlet, whose log concentrations are the parameter."""

    eta: Any
    known: Any  # (V, 1) whether a word is one, or pads the vocabulary
    K: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the parameter."""
        return (len(self.known), self.K)

    def log_density(self, log_lambda: jax.Array) -> jax.Array:
        r""":math:`-\sum_k \mathrm{KL}(\mathrm{Dir}(\lambda_k) \| \mathrm{Dir}(\eta))`."""
        eta, V = self.eta, self.known.sum()
        lam = self._lambda(log_lambda)
        kl = jnp.where(self.known, (lam - eta) * self.expected_log(log_lambda) - gammaln(lam) + gammaln(eta), 0.0)
        return -(kl.sum() + self.K * -gammaln(V * eta) + gammaln(self._total(lam)).sum())

    def expected_log(self, log_lambda: jax.Array) -> jax.Array:
        r""":math:`E_q[\log \beta_{kv}] = \psi(\lambda_{kv}) - \psi(\sum_u \lambda_{ku})`, (V, K)."""
        lam = self._lambda(log_lambda)
        return jnp.where(self.known, digamma(lam) - digamma(self._total(lam)), PADDING_LOG_PROBABILITY)

    def _lambda(self, log_lambda: jax.Array) -> jax.Array:
        return jnp.exp(jnp.where(self.known, log_lambda, 0.0))

    def _total(self, lam: jax.Array) -> jax.Array:
        return jnp.where(self.known, lam, 0.0).sum(0)


def topic_prior(spec: Spec, hyper: Hyper) -> dict[str, Normal | Dirichlet]:
    """Prior of what the topics are made of."""
    if spec.topics == "lda":
        known = hyper["log_unigram"][:, None] > 0.5 * PADDING_LOG_PROBABILITY
        return {"log_lambda": Dirichlet(hyper["eta"], known, spec.K)}
    if spec.topics == "lntm":
        return {"b": Normal(jnp.zeros((spec.V, spec.K)), hyper["delta"])}
    prior: dict[str, Normal | Dirichlet] = {"alpha": Normal(jnp.zeros((spec.K, hyper["rho"].shape[1])), hyper["delta"])}
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


def document_prior(spec: Spec, hyper: Hyper) -> dist.Distribution:
    """Prior of theta, or of z where theta is its softmax; learned by maximum likelihood where the Spec says so."""

    def value(name: str) -> jax.Array:
        return numpyro.param(name, jnp.asarray(hyper[name])) if spec.learn_prior else hyper[name]

    if spec.guide == "dirichlet":
        return dist.Dirichlet(jnp.exp(value("log_concentration")))
    return dist.Normal(value("mu"), jnp.exp(value("log_sigma"))).to_event(1)


@contextmanager
def _documents(batch: Batch, hyper: Hyper) -> Iterator[None]:
    """What is said of each document counts for ``n_batches`` batches; padding does not count."""
    with (
        numpyro.plate("documents", batch.mask.shape[0]),
        numpyro.handlers.scale(scale=hyper["n_batches"]),
        numpyro.handlers.mask(mask=batch.mask > 0),
    ):
        yield


def model(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """The generative model; ``hyper["n_batches"]`` scales a batch to the corpus."""
    priors = topic_prior(spec, hyper)
    parts = {name: _point(name, prior) for name, prior in priors.items()}
    prior = document_prior(spec, hyper)
    with _documents(batch, hyper):
        theta = (
            numpyro.sample("theta", prior) if spec.guide == "dirichlet" else jax.nn.softmax(numpyro.sample("z", prior))
        )
        logits = topic_logits(spec, parts, hyper)
        beta_t, separation = topic_distributions(logits, _separation_weight(spec, theta, batch))
        if isinstance(topics := priors.get("log_lambda"), Dirichlet):
            beta_t = jnp.exp(topics.expected_log(parts["log_lambda"]))  # a lower bound of E[log sum_k theta_k beta_k]
        if spec.decoder == "product":
            log_p = product_log_likelihood(theta, logits, batch)
        else:
            log_p = log_likelihood(theta, beta_t, batch)
        if spec.likelihood == "poisson":
            log_p += poisson_terms(batch)
        numpyro.factor("x", log_p)
    numpyro.factor("separation", hyper["separation"] * hyper["n_documents"] * separation)
    _record("reconstruction", -log_p, batch)


def _point(name: str, prior: Normal | Dirichlet) -> jax.Array:
    """A parameter of the topics, no sample: a Delta in the guide would cost passes over all words."""
    value = numpyro.param(f"{name}_point", jnp.zeros(prior.shape))
    numpyro.factor(f"{name}_prior", prior.log_density(value))
    return value


def _record(name: str, per_document: jax.Array, batch: Batch) -> None:
    """Keep a part of the loss, summed over the batch's documents, in SVI's mutable state."""
    mutable(name, {"sum": jnp.zeros(())})["sum"] = jax.lax.stop_gradient((per_document * batch.mask).sum())


def guide(spec: Spec, batch: Batch, hyper: Hyper) -> None:
    """q(theta | x) from the encoder; what topics are made of are parameters."""
    encode = flax_module("encoder", spec.encoder, batch.features, batch.mask, True, mutable=["batch_stats"])
    loc, scale = encode(batch.features, batch.mask, True)
    dirichlet = spec.guide == "dirichlet"
    q = dist.Dirichlet(jnp.exp(loc)) if dirichlet else dist.Normal(loc, scale).to_event(1)
    _record("kl", dist.kl_divergence(q, document_prior(spec, hyper)), batch)
    with _documents(batch, hyper):
        numpyro.sample("theta" if dirichlet else "z", q)
