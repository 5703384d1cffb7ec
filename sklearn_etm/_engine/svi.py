"""Stochastic variational inference: NumPyro's SVI over stacked batches."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpyro.infer import SVI, TraceMeanField_ELBO
from numpyro.infer.svi import SVIState
from numpyro.optim import optax_to_numpyro

from . import programs
from .batches import Array, Batch
from .models import PRIOR_PARAMETERS, Hyper, Spec, guide, model, topic_prior

TOPIC_STEP = {
    "lntm": 5.0,
    "lda": 5.0,
    "etm": 1.0,
}  # of topic parameters, in units of the learning rate: free logits need larger ones


class Losses(NamedTuple):
    """Sums over the documents of an epoch, in nats; ``objective`` has the priors of the topics besides."""

    objective: Array
    reconstruction: Array
    kl: Array


def _scale_topics(factor: float) -> optax.GradientTransformation:
    def scale(updates, params=None):
        return {
            name: jax.tree.map(lambda leaf: factor * leaf, update) if name.endswith("_point") else update
            for name, update in updates.items()
        }

    return optax.stateless(scale)


def _svi(spec: Spec) -> SVI:
    @optax.inject_hyperparams
    def optimiser(learning_rate):
        steps = _scale_topics(TOPIC_STEP[spec.topics])
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


def _key(data: Array) -> jax.Array:
    return jax.random.wrap_key_data(data, impl="threefry2x32")  # whatever the user's default generator is


def _epoch_program(spec: Spec):
    svi = _svi(spec)

    def run(state: SVIState, stack: Batch, order: jax.Array, n: jax.Array, learning_rate: jax.Array, hyper: Hyper):
        state = state._replace(rng_key=_key(state.rng_key))

        def step(i, carry):
            state, sums = carry
            batch = jax.tree.map(lambda leaf: leaf[order[i]], stack)
            state, step_loss = svi.update(_with_learning_rate(state, learning_rate[i]), batch, hyper)
            parts = (state.mutable_state[name]["sum"] for name in Losses._fields[1:])
            return state, Losses(*map(jnp.add, sums, (step_loss / hyper["n_batches"], *parts)))

        state, sums = jax.lax.fori_loop(0, n, step, (state, Losses(*jnp.zeros(3, jnp.float32))))
        return state._replace(rng_key=jax.random.key_data(state.rng_key)), sums

    return run


def _init_program(spec: Spec):
    return lambda batch, hyper: _svi(spec).init(_key(np.zeros(2, np.uint32)), batch, hyper)._replace(rng_key=None)


def _blank_state(spec: Spec, stack: Batch, hyper: Hyper) -> SVIState:
    """An SVI state of zeros: the model is traced for its shapes, nothing is compiled."""
    shapes = programs.shapes("init", _init_program, (spec,), jax.tree.map(lambda leaf: leaf[0], stack), hyper)
    blank = jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), shapes)
    return blank._replace(rng_key=np.zeros(2, np.uint32))


def initial_state(
    spec: Spec, stack: Batch, hyper: Hyper, topics: dict[str, np.ndarray], rng: np.random.RandomState
) -> SVIState:
    """SVI state to start from; weights are drawn by NumPy, so that they do not depend on JAX's generator."""
    state = _blank_state(spec, stack, hyper)
    params = parameters(state)
    params["encoder$params"] = jax.tree_util.tree_map_with_path(
        lambda path, leaf: _initial_weight(path[-1].key, leaf, hyper, rng), params["encoder$params"]
    )
    for name in params.keys() & hyper.keys():  # learned prior of the documents
        params[name] = np.asarray(hyper[name], np.float32)
    set_topics(state, topics)
    for moments in state.mutable_state["encoder$state"]["batch_stats"].values():
        moments["var"] = np.ones_like(moments["var"])
    return state._replace(rng_key=rng.randint(0, 2**31 - 1, size=2).astype(np.uint32))


def restored_state(spec: Spec, stack: Batch, hyper: Hyper, leaves: list[np.ndarray]) -> SVIState:
    """SVI state from its leaves."""
    return jax.tree.unflatten(jax.tree.structure(_blank_state(spec, stack, hyper)), leaves)


def _initial_weight(kind: str, leaf: np.ndarray, hyper: Hyper, rng: np.random.RandomState) -> np.ndarray:
    if kind == "kernel":  # Glorot
        return rng.normal(scale=np.sqrt(2.0 / sum(leaf.shape)), size=leaf.shape).astype(leaf.dtype)
    if kind == "scale":  # of batch norm
        return np.broadcast_to(hyper["loc_scale"], leaf.shape).astype(leaf.dtype)
    return np.zeros_like(leaf)


def visits(rates: np.ndarray, stack: Batch, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Random order of the first batches of a stack, one for each learning rate, and the rates, padded to its size."""
    n, S = len(rates), stack.mask.shape[0]
    order, padded_rates = np.zeros(S, np.int32), np.zeros(S, np.float32)
    order[:n], padded_rates[:n] = rng.permutation(n), rates
    return order, padded_rates


def run_epoch(
    spec: Spec, state: SVIState, stack: Batch, rates: np.ndarray, hyper: Hyper, rng: np.random.RandomState
) -> tuple[SVIState, Losses]:
    """One pass over the first batches of a stack, as many as there are learning rates, in random order."""
    order, padded_rates = visits(rates, stack, rng)
    arguments = state, stack, order, np.int32(len(rates)), padded_rates, hyper
    state, sums = programs.run("svi", _epoch_program, (spec,), *arguments)
    return state, Losses(*map(float, sums))


def parameters(state: SVIState) -> dict[str, Any]:
    """The parameters of model and guide in a state."""
    return state.optim_state[1][0]


def topics(spec: Spec, state: SVIState, hyper: Hyper) -> dict[str, Any]:
    """The topic parameters in a state, by their names in the model."""
    return {name: parameters(state)[f"{name}_point"] for name in topic_prior(spec, hyper)}


def document_prior(state: SVIState, hyper: Hyper) -> dict[str, Any]:
    """Prior of the documents in a state, learned or given, by the names of its parameters."""
    params = parameters(state)
    return {name: params.get(name, hyper[name]) for name in PRIOR_PARAMETERS & hyper.keys()}


def set_topics(state: SVIState, values: dict[str, np.ndarray]) -> None:
    """Replace topic parameters in a state."""
    for name, value in values.items():
        parameters(state)[f"{name}_point"] = np.asarray(value, np.float32)
