"""Stochastic variational inference: NumPyro's SVI over stacked batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpyro.infer import SVI, TraceMeanField_ELBO
from numpyro.infer.svi import SVIState
from numpyro.optim import optax_to_numpyro

from .._fitted.encoder import Encoder
from .._fitted.prior import Prior
from .._fitted.proportions import Refinement
from . import em, programs
from .batches import Array, Batch, Corpus, no_documents
from .encoder import first_weights, served
from .model import POINT, Hyper, Spec, guide, model
from .problem import PARAMETERS, Problem
from .programs import single_precision

FINAL_RATE = 0.02  # share of the learning rate that is left in the last step of `fit`
SEPARATION = 0.125  # nats per token and unit of the estimator's `separation`, in the objective


class Losses(NamedTuple):
    """Sums over the documents of a pass, in nats; ``objective`` has the priors of the topics besides."""

    objective: Any
    reconstruction: Any
    kl: Any


@dataclass(frozen=True)
class VariationalTrainer:
    """Learns topics and an encoder; its states are NumPyro's."""

    problem: Problem

    def begin(self, parameters: dict[str, np.ndarray], loc_scale: np.ndarray, rng: np.random.RandomState) -> SVIState:
        """State to start from."""
        problem = self.problem
        state = _blank_state(problem)
        params = parameters_of(state)
        params["encoder$params"] = first_weights(params["encoder$params"], np.asarray(loc_scale, np.float32), rng)
        for name in params.keys() & problem.prior.keys():  # of a learned prior
            params[name] = problem.prior[name]
        for moments in state.mutable_state["encoder$state"]["batch_stats"].values():
            moments["var"] = np.ones_like(moments["var"])
        state = _with_topics(state, problem.padded_parameters(parameters))
        return state._replace(rng_key=rng.randint(0, 2**31 - 1, size=2).astype(np.uint32))

    def arrays(self, state: SVIState) -> dict[str, np.ndarray]:
        """All of a state as arrays by name; words are not padded."""
        step, (params, optimiser) = state.optim_state
        adam = next(filter(_is_adam, jax.tree.leaves(optimiser, is_leaf=_is_adam)))
        named = {
            PARAMETERS: params,
            "first_moments": adam.mu,
            "second_moments": adam.nu,
            "batch_stats": state.mutable_state["encoder$state"]["batch_stats"],
            "n_steps": step,
            "rng_key": state.rng_key,
        }
        return self.problem.to_arrays(named)

    def of_corpus(self, state: SVIState) -> dict[str, Any]:
        """Nothing lives as long as the corpus."""
        return {}

    def restore(self, arrays: Mapping[str, np.ndarray], of_corpus: Mapping[str, Any] | None = None) -> SVIState:
        """The state that `arrays` took apart."""
        named = self.problem.from_arrays(arrays)
        blank, n_steps = _blank_state(self.problem), named["n_steps"]
        adam = optax.ScaleByAdamState(n_steps, named["first_moments"], named["second_moments"])
        optimiser = blank.optim_state[1][1]._replace(count=n_steps)
        optimiser = jax.tree.map(lambda node: adam if _is_adam(node) else node, optimiser, is_leaf=_is_adam)
        blank.mutable_state["encoder$state"]["batch_stats"] = named["batch_stats"]
        return blank._replace(optim_state=(n_steps, (named[PARAMETERS], optimiser)), rng_key=named["rng_key"])

    def falling(self, passes: np.ndarray, max_iter: int) -> np.ndarray:
        """Share of the learning rate after some passes of `fit`."""
        return 1 - (1 - FINAL_RATE) * passes / max_iter

    @single_precision
    def run_pass(
        self, state: SVIState, corpus: Corpus, rates: np.ndarray, separation: float, rng: np.random.RandomState
    ) -> tuple[SVIState, Losses]:
        """One pass over a corpus, with a learning rate for each batch."""
        hyper = hyper_of(self.problem, corpus, separation)
        total = Losses(0.0, 0.0, 0.0)
        for stack, batches in corpus.shards():
            order, padded_rates = visits(rates[batches], stack, rng)
            arguments = state, stack, order, np.int32(len(batches)), padded_rates, hyper
            state, sums = programs.run("svi", _pass_program, (self.problem.spec,), *arguments)
            total = Losses(*(before + float(now) for before, now in zip(total, sums, strict=True)))
        return state, total

    def e_step(self, state: SVIState, beta_t: np.ndarray, refinement: Refinement) -> em.EStep:
        """The E-step under topics (V, K)."""
        encoder = parameters_of(state)["encoder$params"], state.mutable_state["encoder$state"]
        weights, moments = jax.tree.map(np.asarray, encoder)
        return em.EStep(self.problem.spec, self.problem.features, weights, moments, beta_t, refinement)

    @single_precision
    def fit_topics(self, state: SVIState, target: np.ndarray) -> SVIState:
        """M-step: the state with topics that fit counts of words in topics, (V, K)."""
        return _with_topics(state, em.maximise(self.problem, self.topic_parameters(state), target))

    def topic_parameters(self, state: SVIState) -> dict[str, Any]:
        """The topic parameters in a state, by their names in the family."""
        params = parameters_of(state)
        return {name.removesuffix(POINT): value for name, value in params.items() if name.endswith(POINT)}

    def prior(self, state: SVIState) -> Prior:
        """The prior of documents, learned or given."""
        return self.problem.fitted_prior(parameters_of(state))

    def inference(self, state: SVIState) -> Encoder:
        """The encoder, as it is served."""
        weights, moments = parameters_of(state)["encoder$params"], state.mutable_state["encoder$state"]["batch_stats"]
        spec = self.problem.spec
        return served(weights, moments, self.problem.features, spec.temperature, spec.parts)


def _is_adam(node: Any) -> bool:
    return isinstance(node, optax.ScaleByAdamState)


def _scale_topics(factor: float) -> optax.GradientTransformation:
    def scale(updates, params=None):
        return {
            name: jax.tree.map(lambda leaf: factor * leaf, update) if name.endswith(POINT) else update
            for name, update in updates.items()
        }

    return optax.stateless(scale)


def _svi(spec: Spec) -> SVI:
    @optax.inject_hyperparams
    def optimiser(learning_rate):
        steps = _scale_topics(spec.topics.step)
        return optax.chain(optax.scale_by_adam(), steps, optax.scale_by_learning_rate(learning_rate))

    svi = SVI(
        lambda batch, hyper: model(spec, batch, hyper),
        lambda batch, hyper: guide(spec, batch, hyper),
        optax_to_numpyro(optimiser(learning_rate=0.0)),
        TraceMeanField_ELBO(),
    )
    svi.constrain_fn = lambda params: params  # no parameter is constrained; `init` would have to be traced to find out
    return svi


def _with_learning_rate(state: SVIState, learning_rate: jax.Array) -> SVIState:
    step, (params, opt) = state.optim_state
    hyperparams = {**opt.hyperparams, "learning_rate": learning_rate}
    return state._replace(optim_state=(step, (params, opt._replace(hyperparams=hyperparams))))


def random_key(data: Array) -> jax.Array:
    """A key of JAX's threefry, whatever the user's default generator is."""
    return jax.random.wrap_key_data(data, impl="threefry2x32")


def _pass_program(spec: Spec):
    svi = _svi(spec)

    def run(state: SVIState, stack: Batch, order: jax.Array, n: jax.Array, learning_rate: jax.Array, hyper: Hyper):
        state = state._replace(rng_key=random_key(state.rng_key))

        def step(i, carry):
            state, sums = carry
            batch = jax.tree.map(lambda leaf: leaf[order[i]], stack)
            state, step_loss = svi.update(_with_learning_rate(state, learning_rate[i]), batch, hyper)
            parts = (state.mutable_state[name]["sum"] for name in Losses._fields[1:])
            return state, Losses(*map(jnp.add, sums, (step_loss / hyper.n_batches, *parts)))

        state, sums = jax.lax.fori_loop(0, n, step, (state, Losses(*jnp.zeros(3, jnp.float32))))
        return state._replace(rng_key=jax.random.key_data(state.rng_key)), sums

    return run


def _init_program(spec: Spec):
    return lambda batch, hyper: _svi(spec).init(random_key(np.zeros(2, np.uint32)), batch, hyper)._replace(rng_key=None)


@single_precision
def _blank_state(problem: Problem) -> SVIState:
    """An SVI state of zeros: the model is traced for its shapes on no documents, nothing is compiled."""
    batch = no_documents(problem.n_words, problem.features)
    shapes = programs.shapes("init", _init_program, (problem.spec,), batch, problem.hyper(1, 1, 0.0, 1))
    blank = jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), shapes)
    return blank._replace(rng_key=np.zeros(2, np.uint32))


def hyper_of(problem: Problem, corpus: Corpus, separation: float) -> Hyper:
    """Arguments of the model in a pass over a corpus; ``separation`` is the estimator's."""
    n_documents = corpus.n_documents
    per_document = SEPARATION * separation * corpus.n_tokens / n_documents
    return problem.hyper(corpus.n_batches, n_documents, per_document, corpus.n_tokens)


def visits(rates: np.ndarray, stack: Batch, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Random order of the first batches of a stack, one for each learning rate, and the rates, padded to its size."""
    n, S = len(rates), stack.weight.shape[0]
    order, padded_rates = np.zeros(S, np.int32), np.zeros(S, np.float32)
    order[:n], padded_rates[:n] = rng.permutation(n), rates
    return order, padded_rates


def parameters_of(state: SVIState) -> dict[str, Any]:
    """The parameters of model and guide in a state."""
    return state.optim_state[1][0]


def _with_topics(state: SVIState, values: Mapping[str, np.ndarray]) -> SVIState:
    """The state with other topic parameters."""
    step, (params, optimiser) = state.optim_state
    points = {name + POINT: np.asarray(value, np.float32) for name, value in values.items()}
    return state._replace(optim_state=(step, ({**params, **points}, optimiser)))
