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

MAX_PROGRAMS = 32  # that a process keeps, the latest used: each is 10 to 30 MB
n_compiled: Counter[str] = Counter()  # programs that were compiled, by name

_TRACING = RLock()  # NumPyro's stack of handlers is one for all threads
_lock = Lock()  # of the next
_programs: OrderedDict[Hashable, Future] = OrderedDict()


def single_precision(function: Callable) -> Callable:
    """Run in float32 whatever the user's JAX configuration, and leave that as it is."""

    @wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with jax.enable_x64(False):
            return function(*args, **kwargs)

    return wrapped


def run(name: str, make: Callable[..., Callable], fixed: tuple[Hashable, ...], *arguments: Any) -> Any:
    """Result of the function ``make(*fixed)``, compiled for arguments of these shapes unless it lately was."""

    def build() -> Callable:
        with _TRACING:
            lowered = jax.jit(make(*fixed)).lower(*arguments)
        n_compiled[name] += 1
        return lowered.compile()

    device = jax.config.jax_default_device  # type: ignore[attr-defined]
    return _remembered((name, fixed, device, _shapes(arguments)), build)(*arguments)


def shapes(name: str, make: Callable[..., Callable], fixed: tuple[Hashable, ...], *arguments: Any) -> Any:
    """Shapes of what the function ``make(*fixed)`` returns; it is traced for them, not compiled."""

    def build() -> Any:
        with _TRACING:
            return jax.eval_shape(make(*fixed), *arguments)

    return _remembered((name, fixed, _shapes(arguments)), build)


def _shapes(arguments: Any) -> Hashable:
    leaves, structure = jax.tree.flatten(arguments)
    return structure, tuple((np.shape(leaf), np.dtype(leaf.dtype)) for leaf in leaves)


def _remembered(key: Hashable, build: Callable[[], Any]) -> Any:
    """What ``build`` built for this key; a thread that asks while another builds waits for it."""
    with _lock:
        future = _programs.get(key)
        if mine := future is None:
            future = _programs[key] = Future()
            if len(_programs) > MAX_PROGRAMS:
                _programs.popitem(last=False)
        _programs.move_to_end(key)
    if mine:
        try:
            future.set_result(build())
        except BaseException as error:
            with _lock:
                _programs.pop(key, None)
            future.set_exception(error)
            raise
    return future.result()
