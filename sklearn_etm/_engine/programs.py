"""Compiled programs: one for all fits of equal sizes, as many as are in use, traced one at a time.

A program is known by its name, what fixes it (a Spec, say) and the shapes of its arguments; whatever else changes
between fits (learning rate, prior, data, number of batches) is an argument.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import wraps
from threading import Lock, RLock
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .._threads import beside
from . import devices

MAX_PROGRAMS = 64  # that a process keeps, the latest used: of a fit three, and some megabytes each
n_compiled: Counter[str] = Counter()  # programs that were compiled, by name

_TRACING = RLock()  # NumPyro's stack of handlers is one for all threads


def single_precision(function: Callable) -> Callable:
    """Run in float32 whatever the user's JAX configuration, and leave that as it is."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with jax.enable_x64(False):
            return function(*args, **kwargs)

    return wrapped


def run(name: str, make: Callable[..., Callable], fixed: tuple[Hashable, ...], *arguments: Any) -> Any:
    """Result of the function ``make(*fixed)``, compiled for arguments of these shapes unless it lately was."""
    several = devices.mesh()

    def build() -> Callable:
        with _TRACING:
            lowered = _jitted(make(*fixed), arguments, several).lower(*arguments)
        n_compiled[name] += 1
        with beside() as thread:  # a compilation cannot be interrupted, waiting for it can
            return thread.submit(lowered.compile).result()

    device = several or jax.config.jax_default_device  # type: ignore[attr-defined]
    program = _programs.get((name, fixed, device, _shapes(arguments)), build)
    if several is not None:
        arguments = jax.device_put(arguments, devices.shardings(arguments, several))
    return program(*arguments)


def _jitted(function: Callable, arguments: tuple[Any, ...], several: Mesh | None) -> Any:
    """A function to compile, for several devices where there are such."""
    if several is None:
        return jax.jit(function)
    everywhere = NamedSharding(several, PartitionSpec())
    return jax.jit(function, in_shardings=devices.shardings(arguments, several), out_shardings=everywhere)


def shapes(name: str, make: Callable[..., Callable], fixed: tuple[Hashable, ...], *arguments: Any) -> Any:
    """Shapes of what the function ``make(*fixed)`` returns; it is traced for them, not compiled."""

    def build() -> Any:
        with _TRACING:
            return jax.eval_shape(make(*fixed), *arguments)

    return _traced.get((name, fixed, _shapes(arguments)), build)


def _shapes(arguments: Any) -> Hashable:
    leaves, structure = jax.tree.flatten(arguments)
    return structure, tuple((np.shape(leaf), np.dtype(leaf.dtype)) for leaf in leaves)


class _Memory:
    """Results lately asked for, at most ``size``; a thread that asks while another builds one waits for it."""

    def __init__(self, size: int):
        self._size, self._lock = size, Lock()
        self._results: OrderedDict[Hashable, Future] = OrderedDict()

    def get(self, key: Hashable, build: Callable[[], Any]) -> Any:
        """What ``build`` returned for this key."""
        with self._lock:
            future = self._results.get(key)
            if mine := future is None:
                future = self._results[key] = Future()
                if len(self._results) > self._size:
                    self._results.popitem(last=False)
            self._results.move_to_end(key)
        if mine:
            try:
                future.set_result(build())
            except BaseException as error:
                with self._lock:
                    self._results.pop(key, None)
                future.set_exception(error)
                raise
        return future.result()


_programs, _traced = _Memory(MAX_PROGRAMS), _Memory(MAX_PROGRAMS)
