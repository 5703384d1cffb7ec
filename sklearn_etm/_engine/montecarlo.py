"""Monte-Carlo EM: chains of HMC for every document, Adam for the topics, the prior of the documents in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpyro.infer.util import log_density as joint_log_density

from .._fitted.chains import START_STEPS, ChainStart
from .._fitted.prior import Prior
from . import chains as hmc
from . import programs
from .batches import Array, Batch, Corpus
from .likelihood import refine
from .model import POINT, Hyper, Spec, model
from .problem import PARAMETERS, Problem
from .programs import single_precision
from .svi import hyper_of, random_key, visits
from .topics import topics

DECAY = 10.0  # passes in which the learning rate falls to a quarter
PRIOR_DOCUMENTS = 10.0  # that the prior given weighs where it is learned: it must not collapse on a few documents


class Learned(NamedTuple):
    """What is learned, and what to go on learning from."""

    params: dict[str, Array]  # of the topics
    adam: Any
    prior: dict[str, Array]  # of the documents
    step_size: Array  # () typical of the chains, in units of `hmc.narrowest`


class Chains(NamedTuple):
    """Chains of the documents of a stack of S batches."""

    z: Array  # (S, B, C, K)
    adaptation: hmc.Adaptation  # (S, B) each


class State(NamedTuple):
    """A model in training; its chains live as long as the corpus is the same."""

    learned: Learned
    chains: tuple[Chains, ...] = ()  # of the shards that have been seen
    n_passes: int = 0  # over this corpus


class Moves(NamedTuple):
    """How chains move in a pass."""

    n_e_steps: Array
    n_leapfrog_steps: Array
    target_accept: Array
    adapting: Array  # whether step sizes do


class Sums(NamedTuple):
    """Over the chains of the documents of a pass, each document's chains weighing 1 together."""

    reconstruction: Array
    prior: Array
    acceptance: Array
    log_step: Array
    z: Array  # (K,)
    z_squared: Array  # (K,)


def _start_program(spec: Spec, n_chains: int):
    def run(beta_t, stack: Batch, concentration, hyper: Hyper, step_size) -> Chains:
        def start(batch: Batch) -> tuple[jax.Array, jax.Array]:
            uniform = jnp.full((batch.weight.shape[0], spec.K), 1 / spec.K)
            tokens = refine(uniform, concentration, beta_t, batch, START_STEPS)
            z = jnp.log(tokens / tokens.sum(1, keepdims=True))
            z += hyper.documents["mu"].mean() - z.mean(1, keepdims=True)
            unit = hmc.narrowest(batch, jnp.exp(hyper.documents["log_sigma"]))
            return jnp.broadcast_to(z[:, None], (len(z), n_chains, spec.K)), unit

        z, unit = jax.lax.map(start, stack)
        return Chains(z, hmc.start_adaptation(step_size * unit))

    return run


def _e_step(key, z, adaptation, log_density, moves: Moves) -> tuple[Array, hmc.Adaptation, Array]:
    """Move the chains of a batch: new z, adaptation, and mean acceptance (B,)."""

    def step(i, carry):
        z, adaptation, total = carry
        step_size = jnp.where(moves.adapting, hmc.current_step(adaptation), hmc.final_step(adaptation))
        z, acceptance = hmc.transition(jax.random.fold_in(key, i), z, log_density, step_size, moves.n_leapfrog_steps)
        adapted = hmc.adapt(adaptation, acceptance, moves.target_accept)
        adaptation = jax.tree.map(lambda new, old: jnp.where(moves.adapting, new, old), adapted, adaptation)
        return z, adaptation, total + acceptance.mean(1)

    z, adaptation, total = jax.lax.fori_loop(0, moves.n_e_steps, step, (z, adaptation, jnp.zeros(len(z))))
    return z, adaptation, total / moves.n_e_steps


def _pass_program(spec: Spec):
    adam = optax.scale_by_adam()

    def loss(params, z, batch, hyper):
        """Negative log joint density of topics and corpus, estimated from a batch: the mean over its chains."""
        sites = {name + POINT: value for name, value in params.items()}
        joint = jax.vmap(lambda z: joint_log_density(model, (spec, batch, hyper), {}, sites | {"z": z})[0], 1)
        return -joint(z).mean() / hyper.n_documents

    def run(learned: Learned, chains: Chains, stack: Batch, order, rates, n, hyper: Hyper, moves: Moves, seed):
        mu, sigma = hyper.documents["mu"], jnp.exp(hyper.documents["log_sigma"])

        def step(i, carry):
            learned, chains, sums = carry
            batch, mine = jax.tree.map(lambda leaf: leaf[order[i]], (stack, chains))
            rows = topics(spec.topics, learned.params, hyper.topics)[batch.words]

            def parts(z):
                return hmc.log_likelihood(jax.nn.softmax(z), rows, batch), hmc.log_prior(z, mu, sigma)

            z, adaptation, acceptance = _e_step(
                jax.random.fold_in(random_key(seed), i), mine.z, mine.adaptation, lambda z: sum(parts(z)), moves
            )
            gradient = jax.grad(loss)(learned.params, z, batch, hyper)
            updates, adam_state = adam.update(gradient, learned.adam)
            params = jax.tree.map(lambda p, u: p - rates[i] * u, learned.params, updates)
            reconstruction, prior = (-part.mean(1) for part in parts(z))
            log_step = jnp.log(hmc.final_step(adaptation) / hmc.narrowest(batch, sigma))
            seen = Sums(reconstruction, prior, acceptance, log_step, z.mean(1), (z**2).mean(1))
            sums = jax.tree.map(lambda total, leaf: total + batch.weight @ leaf, sums, seen)
            moved = Chains(z, adaptation)
            chains = jax.tree.map(lambda leaf, new: leaf.at[order[i]].set(new), chains, moved)
            return learned._replace(params=params, adam=adam_state), chains, sums

        zero, zeros = jnp.zeros(()), jnp.zeros(spec.K)
        return jax.lax.fori_loop(0, n, step, (learned, chains, Sums(zero, zero, zero, zero, zeros, zeros)))

    return run


class Losses(NamedTuple):
    """Sums over the documents of a pass, in nats, means over their chains; the prior's part stands for a divergence."""

    objective: float
    reconstruction: float
    kl: float
    acceptance: float  # mean probability


@dataclass(frozen=True)
class MonteCarloTrainer:
    """Learns topics by Monte-Carlo EM."""

    problem: Problem
    concentration: np.ndarray  # (K,) of a Dirichlet like the prior, that chains start with
    seed: int  # of the chains of new documents
    num_chains: int
    num_e_steps: int
    num_leapfrog_steps: int
    step_size: float
    target_accept: float
    n_warmup: int  # passes in which step sizes adapt

    def begin(self, parameters: dict[str, np.ndarray], loc_scale: np.ndarray, rng: np.random.RandomState) -> State:
        """State to start from; there is no encoder, whose locations would have a scale."""
        del loc_scale, rng
        params = self.problem.padded_parameters(parameters)
        return State(Learned(params, _adam_state(params), self.problem.prior, np.float32(self.step_size)))

    def arrays(self, state: State) -> dict[str, np.ndarray]:
        """What is learned as arrays by name; words are not padded."""
        params, adam, prior, step_size = state.learned
        named = {
            PARAMETERS: params,
            "first_moments": adam.mu,
            "second_moments": adam.nu,
            "n_steps": adam.count,
            "prior": prior,
            "step_size": step_size,
        }
        return self.problem.to_arrays(named)

    def of_corpus(self, state: State) -> dict[str, Any]:
        """The chains of the documents."""
        chains = [{"z": z, "adaptation": tuple(adaptation)} for z, adaptation in state.chains]
        return {"n_passes": state.n_passes, "chains": jax.tree.map(np.asarray, chains)}

    def restore(self, arrays: Mapping[str, np.ndarray], of_corpus: Mapping[str, Any] | None = None) -> State:
        """The state that `arrays` took apart, with its chains, or with chains still to start on another corpus."""
        named = self.problem.from_arrays(arrays)
        adam = optax.ScaleByAdamState(named["n_steps"], named["first_moments"], named["second_moments"])
        learned = Learned(named[PARAMETERS], adam, named["prior"], named["step_size"])
        if of_corpus is None:
            return State(learned)
        chains = tuple(Chains(one["z"], one["adaptation"]) for one in of_corpus["chains"])
        return State(learned, chains, of_corpus["n_passes"])

    def falling(self, passes: np.ndarray, max_iter: int) -> np.ndarray:
        """Share of the learning rate after some passes of `fit`."""
        del max_iter
        return (DECAY / (DECAY + passes)) ** 2

    @single_precision
    def run_pass(
        self, state: State, corpus: Corpus, rates: np.ndarray, separation: float, rng: np.random.RandomState
    ) -> tuple[State, Losses]:
        """Move all chains ``num_e_steps`` times, and the topics once a batch; then the prior of the documents."""
        n_documents = corpus.n_documents
        hyper = hyper_of(self.problem, corpus, separation)._replace(documents=state.learned.prior)
        learned, chains, total = state.learned, list(state.chains), None
        for shard, (stack, batches) in enumerate(corpus.shards()):
            if shard == len(chains):
                chains.append(self._new_chains(learned, stack, hyper))
            moving = learned, chains[shard], stack
            learned, chains[shard], sums = self._run(moving, rates[batches], hyper, state.n_passes, rng)
            total = sums if total is None else Sums(*map(np.add, total, sums))
        mean = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64) / n_documents, total)
        objective = mean.reconstruction + mean.prior
        if not _is_finite(learned.params):  # the last step came after the last draw, whose likelihood was summed
            objective = np.nan
        learned = learned._replace(
            prior=self._next_prior(learned.prior, mean, n_documents), step_size=np.exp(mean.log_step).astype(np.float32)
        )
        objective, reconstruction, kl = (float(x) * n_documents for x in (objective, mean.reconstruction, mean.prior))
        losses = Losses(objective, reconstruction, kl, float(mean.acceptance))
        return State(learned, tuple(chains), state.n_passes + 1), losses

    def _run(
        self,
        moving: tuple[Learned, Chains, Batch],
        rates: np.ndarray,
        hyper: Hyper,
        n_passes: int,
        rng: np.random.RandomState,
    ) -> tuple[Learned, Chains, Sums]:
        stack = moving[2]
        order, padded_rates = visits(rates * self.problem.spec.topics.step, stack, rng)
        moves = Moves(
            np.int32(self.num_e_steps),
            np.int32(self.num_leapfrog_steps),
            np.float32(self.target_accept),
            np.bool_(n_passes < self.n_warmup),
        )
        seed = rng.randint(0, 2**31 - 1, size=2).astype(np.uint32)
        arguments = *moving, order, padded_rates, np.int32(len(rates)), hyper, moves, seed
        return programs.run("mcem", _pass_program, (self.problem.spec,), *arguments)

    def _new_chains(self, learned: Learned, stack: Batch, hyper: Hyper) -> Chains:
        beta_t = self.problem.topics(learned.params)
        concentration = np.asarray(self.concentration, np.float32)
        arguments = beta_t, stack, concentration, hyper, np.float32(learned.step_size)
        return programs.run("chains", _start_program, (self.problem.spec, self.num_chains), *arguments)

    def _next_prior(self, prior: dict[str, Array], mean: Sums, n_documents: float) -> dict[str, Array]:
        """Mean and scale of the chains, and of ``PRIOR_DOCUMENTS`` documents that are as the prior given says."""
        if not self.problem.spec.documents.learned:
            return prior
        given = self.problem.prior
        mu, sigma = np.asarray(given["mu"]), np.exp(given["log_sigma"])
        share = n_documents / (n_documents + PRIOR_DOCUMENTS)
        first = share * mean.z + (1 - share) * mu
        second = share * mean.z_squared + (1 - share) * (mu**2 + sigma**2)
        log_sigma = 0.5 * np.log(np.maximum(second - first**2, 1e-12))
        return {"mu": first.astype(np.float32), "log_sigma": log_sigma.astype(np.float32)}

    def topic_parameters(self, state: State) -> dict[str, Any]:
        """The topic parameters in a state, by their names in the family."""
        return state.learned.params

    def prior(self, state: State) -> Prior:
        """The prior of documents, learned or given."""
        return self.problem.fitted_prior(state.learned.prior)

    def inference(self, state: State) -> ChainStart:
        """What chains of new documents start with."""
        return ChainStart(self.seed, float(state.learned.step_size))


def _adam_state(params: dict[str, np.ndarray]) -> Any:
    zeros = {name: np.zeros(value.shape, np.float32) for name, value in params.items()}
    return optax.ScaleByAdamState(np.zeros((), np.int32), zeros, zeros)


def _is_finite(params: dict[str, Array]) -> bool:
    with np.errstate(over="ignore"):
        return bool(np.isfinite(sum(float(np.square(value).sum()) for value in map(np.asarray, params.values()))))
