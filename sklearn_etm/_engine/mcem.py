"""Monte-Carlo EM: chains of HMC for every document, Adam for the topics, the prior of the documents in closed form."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpyro.infer.util import log_density as joint_log_density

from . import hmc, programs
from .batches import Array, Batch, Corpus
from .likelihood import poisson_terms, refine
from .models import Hyper, Spec, model, topic_prior, topics
from .programs import single_precision
from .svi import TOPIC_STEP, Losses, _key, visits
from .training import Trainer

START_STEPS = 10  # of EM on theta, that chains start from
PRIOR_DOCUMENTS = 10.0  # that the prior given weighs where it is learned: it must not collapse on a few documents


class State(NamedTuple):
    """What is learned, and what to go on learning from."""

    params: dict[str, Array]  # of the topics
    adam: Any
    prior: dict[str, Array]  # of the documents
    step_size: Array  # () typical of the chains, in units of `hmc.narrowest`


class Chains(NamedTuple):
    """Chains of the documents of a stack of S batches."""

    z: Array  # (S, B, C, K)
    adaptation: hmc.Adaptation  # (S, B) each


class Options(NamedTuple):
    """How chains move."""

    n_e_steps: Array
    n_leapfrog_steps: Array
    target_accept: Array


class Sums(NamedTuple):
    """Over the chains of the documents of an epoch, each document's chains weighing 1 together."""

    reconstruction: Array
    prior: Array
    acceptance: Array
    log_step: Array
    z: Array  # (K,)
    z_squared: Array  # (K,)


def _start_program(spec: Spec, n_chains: int):
    def run(beta_t, stack: Batch, concentration, hyper: Hyper, step_size) -> Chains:
        def start(batch: Batch) -> tuple[jax.Array, jax.Array]:
            uniform = jnp.full((batch.mask.shape[0], spec.K), 1 / spec.K)
            z = jnp.log(refine(uniform, concentration, beta_t, batch, START_STEPS))
            z += hyper["mu"].mean() - z.mean(1, keepdims=True)
            unit = hmc.narrowest(batch, jnp.exp(hyper["log_sigma"]))
            return jnp.broadcast_to(z[:, None], (len(z), n_chains, spec.K)), unit

        z, unit = jax.lax.map(start, stack)
        return Chains(z, hmc.start_adaptation(step_size * unit))

    return run


def _e_step(key, z, adaptation, log_density, options: Options, adapting) -> tuple[Array, hmc.Adaptation, Array]:
    """Move the chains of a batch: new z, adaptation, and mean acceptance (B,)."""

    def step(i, carry):
        z, adaptation, total = carry
        step_size = jnp.where(adapting, hmc.current_step(adaptation), hmc.final_step(adaptation))
        z, acceptance = hmc.transition(jax.random.fold_in(key, i), z, log_density, step_size, options.n_leapfrog_steps)
        adapted = hmc.adapt(adaptation, acceptance, options.target_accept)
        adaptation = jax.tree.map(lambda new, old: jnp.where(adapting, new, old), adapted, adaptation)
        return z, adaptation, total + acceptance.mean(1)

    z, adaptation, total = jax.lax.fori_loop(0, options.n_e_steps, step, (z, adaptation, jnp.zeros(len(z))))
    return z, adaptation, total / options.n_e_steps


def _epoch_program(spec: Spec):
    adam = optax.scale_by_adam()

    def loss(params, z, batch, hyper):
        """Negative log joint density of topics and corpus, estimated from a batch: the mean over its chains."""
        sites = {f"{name}_point": value for name, value in params.items()}
        joint = jax.vmap(lambda z: joint_log_density(model, (spec, batch, hyper), {}, sites | {"z": z})[0], 1)
        return -joint(z).mean() / hyper["n_documents"]

    def run(state: State, chains: Chains, stack: Batch, order, rates, n, hyper: Hyper, options, adapting, seed):
        sigma = jnp.exp(hyper["log_sigma"])

        def step(i, carry):
            state, chains, sums = carry
            batch, mine = jax.tree.map(lambda leaf: leaf[order[i]], (stack, chains))
            rows = topics(spec, state.params, hyper)[batch.words]

            def parts(z):
                return hmc.log_likelihood(jax.nn.softmax(z), rows, batch), hmc.log_prior(z, hyper["mu"], sigma)

            z, adaptation, acceptance = _e_step(
                jax.random.fold_in(_key(seed), i), mine.z, mine.adaptation, lambda z: sum(parts(z)), options, adapting
            )
            gradient = jax.grad(loss)(state.params, z, batch, hyper)
            updates, adam_state = adam.update(gradient, state.adam)
            params = jax.tree.map(lambda p, u: p - rates[i] * u, state.params, updates)
            reconstruction, prior = (-part.mean(1) for part in parts(z))
            if spec.likelihood == "poisson":
                reconstruction -= poisson_terms(batch)
            log_step = jnp.log(hmc.final_step(adaptation) / hmc.narrowest(batch, sigma))
            seen = Sums(reconstruction, prior, acceptance, log_step, z.mean(1), (z**2).mean(1))
            sums = jax.tree.map(lambda total, leaf: total + batch.mask @ leaf, sums, seen)
            moved = Chains(z, adaptation)
            chains = jax.tree.map(lambda leaf, new: leaf.at[order[i]].set(new), chains, moved)
            return state._replace(params=params, adam=adam_state), chains, sums

        zero, zeros = jnp.zeros(()), jnp.zeros(spec.K)
        return jax.lax.fori_loop(0, n, step, (state, chains, Sums(zero, zero, zero, zero, zeros, zeros)))

    return run


class MonteCarloEM(Trainer):
    """A model in training by Monte-Carlo EM; its chains live as long as the corpus is the same."""

    _corpus: Corpus | None = None
    _chains: list[Chains]
    _epochs = 0  # on this corpus

    def _start(self, stack: Batch, hyper: Hyper) -> None:
        zeros = {name: np.zeros(prior.shape, np.float32) for name, prior in topic_prior(self.spec, hyper).items()}
        adam = optax.scale_by_adam().init(zeros)
        prior = {name: np.asarray(hyper[name], np.float32) for name in ("mu", "log_sigma")}
        blank = State(zeros, adam, prior, np.float32(self.options["step_size"]))
        if self._leaves is not None:
            self._state = jax.tree.unflatten(jax.tree.structure(blank), self._leaves)
        else:
            self._state = blank._replace(params={n: np.asarray(v, np.float32) for n, v in self._topics.items()})

    @single_precision
    def epoch(self, corpus: Corpus, learning_rate, separation: float) -> Losses:
        """Move all chains ``n_e_steps`` times, and the topics once a batch; then the prior of the documents."""
        n_documents = corpus.X.shape[0]
        hyper = self._sized(corpus, separation)
        if self._corpus is not corpus:
            self._corpus, self._chains, self._epochs = corpus, [], 0
        total, done = None, 0
        for shard, (stack, n) in enumerate(corpus.shards()):
            if self._state is None:
                self._start(stack, hyper)
            hyper |= self._state.prior
            if shard == len(self._chains):
                self._chains.append(self._new_chains(stack, hyper))
            rates = learning_rate((done + np.arange(n)) / corpus.n_batches) * TOPIC_STEP[self.spec.topics]
            sums = self._run(shard, stack, rates, hyper)
            total = sums if total is None else Sums(*map(np.add, total, sums))
            done += n
        self._epochs += 1
        mean = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64) / n_documents, total)
        self._learn_prior(mean, n_documents)
        self.measured = {"acceptance_rate": float(mean.acceptance), "step_size": float(self._state.step_size)}
        objective = mean.reconstruction + mean.prior
        with np.errstate(over="ignore"):
            square = sum(float(np.square(value).sum()) for value in map(np.asarray, self._state.params.values()))
        if not np.isfinite(square):  # the last step came after the last draw, whose likelihood is what was summed
            objective = np.nan
        return Losses(*(float(x) * n_documents for x in (objective, mean.reconstruction, mean.prior)))

    def _run(self, shard: int, stack: Batch, rates: np.ndarray, hyper: Hyper) -> Sums:
        order, padded_rates = visits(rates, stack, self.rng)
        seed = self.rng.randint(0, 2**31 - 1, size=2).astype(np.uint32)
        adapting = self._epochs < self.options["n_warmup"]
        self._state, self._chains[shard], sums = programs.run(
            "mcem",
            _epoch_program,
            (self.spec,),
            self._state,
            self._chains[shard],
            stack,
            order,
            padded_rates,
            np.int32(len(rates)),
            hyper,
            Options(
                np.int32(self.options["num_e_steps"]),
                np.int32(self.options["num_leapfrog_steps"]),
                np.float32(self.options["target_accept"]),
            ),
            np.bool_(adapting),
            seed,
        )
        return sums

    def _new_chains(self, stack: Batch, hyper: Hyper) -> Chains:
        fixed = self.spec, self.options["num_chains"]
        concentration = np.asarray(self.options["concentration"], np.float32)
        arguments = self._beta_t(), stack, concentration, hyper, np.float32(self._state.step_size)
        return programs.run("chains", _start_program, fixed, *arguments)

    def _learn_prior(self, mean: Sums, n_documents: int) -> None:
        """Mean and scale of the chains, and of ``PRIOR_DOCUMENTS`` documents that are as the prior given says."""
        prior = self._state.prior
        if self.spec.learn_prior:
            mu, sigma = np.asarray(self._hyper["mu"]), np.exp(self._hyper["log_sigma"])
            share = n_documents / (n_documents + PRIOR_DOCUMENTS)
            first = share * mean.z + (1 - share) * mu
            second = share * mean.z_squared + (1 - share) * (mu**2 + sigma**2)
            log_sigma = 0.5 * np.log(np.maximum(second - first**2, 1e-12))
            prior = {"mu": first.astype(np.float32), "log_sigma": log_sigma.astype(np.float32)}
        self._state = self._state._replace(prior=prior, step_size=np.exp(mean.log_step).astype(np.float32))

    def _parts(self) -> dict[str, Any]:
        return self._state.params

    @single_precision
    def document_prior(self) -> dict[str, np.ndarray]:
        """Mean and log scale of the prior of z, (K,) each."""
        return {name: np.asarray(value, np.float64) for name, value in self._state.prior.items()}
