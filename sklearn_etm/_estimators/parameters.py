"""Kinds of parameters: what they must be, in words and as a test."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .notebook import abbreviated


def is_integer(value: Any) -> bool:
    """Whether this is an integer of Python or NumPy, and no truth value."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_finite(value: Any) -> bool:
    return is_integer(value) or (isinstance(value, float | np.floating) and bool(np.isfinite(value)))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray) and np.ndim(value) == 1


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def _is_seeded(topic: Any, words: Any) -> bool:
    is_topic = bool(topic.strip()) if isinstance(topic, str) else is_integer(topic)
    return is_topic and _is_list(words) and len(words) > 0 and all(isinstance(w, str) or is_integer(w) for w in words)


class Kind(NamedTuple):
    """What a parameter must be."""

    wanted: str
    valid: Callable[[Any], bool]


def one_of(*options: str) -> Kind:
    """One of some strings."""
    return Kind(" or ".join(f'"{o}"' for o in options), lambda value: isinstance(value, str) and value in options)


ANY = Kind("anything", lambda value: True)  # what is said of it is said where it is read
COUNT = Kind("an integer of at least 1", lambda value: is_integer(value) and value >= 1)
COUNT_OR_ZERO = Kind("an integer of at least 0", lambda value: is_integer(value) and value >= 0)
POSITIVE = Kind("a finite number above 0", lambda value: _is_finite(value) and value > 0)
NOT_NEGATIVE = Kind("a finite number of at least 0", lambda value: _is_finite(value) and value >= 0)
SHARE = Kind("a number between 0 and 1", lambda value: _is_finite(value) and 0 < value < 1)
FLAG = Kind("True or False", lambda value: isinstance(value, bool | np.bool_))
FLAG_OR_AUTO = Kind('True, False or "auto"', lambda value: _is_auto(value) or FLAG.valid(value))
LIKELIHOOD = one_of("multinomial", "poisson")
CONCENTRATIONS = Kind(
    "a finite number above 0, or one for each topic",
    lambda value: all(map(POSITIVE.valid, value)) if _is_list(value) else POSITIVE.valid(value),
)
WIDTHS = Kind(
    "a sequence of integers of at least 1, such as (200,)",
    lambda value: _is_list(value) and all(is_integer(n) and n >= 1 for n in value),
)
BATCH_SIZE = Kind('"auto" or an integer of at least 1', lambda value: _is_auto(value) or COUNT.valid(value))
PATIENCE = Kind(
    "an integer of at least 1, or infinity",
    lambda value: COUNT.valid(value) or (isinstance(value, float) and value == np.inf),
)
RANDOM_STATE = Kind(
    "None, an integer from 0 to 2**32 - 1 or a numpy.random.RandomState",
    lambda value: (
        value is None
        or value is np.random
        or isinstance(value, np.random.RandomState)
        or (is_integer(value) and 0 <= value < 2**32)
    ),
)
FOLDER = Kind("None or the path of a folder", lambda value: value is None or isinstance(value, str | os.PathLike))
COLUMNS = Kind(
    "None, the indices of columns, a slice or the beginning of their names",
    lambda value: (
        value is None
        or isinstance(value, slice)
        or (isinstance(value, str) and bool(value))
        or (_is_list(value) and len(value) > 0 and all(map(is_integer, value)))
    ),
)
SEEDS = Kind(
    "None, or a dict from names or numbers of topics to lists of one word or more",
    lambda value: value is None or (isinstance(value, dict) and all(map(_is_seeded, value, value.values()))),
)
ON_INTERRUPT = one_of("raise", "keep")
VERBOSITY = Kind(
    "True, False or an integer of at least 0",
    lambda value: isinstance(value, int | np.integer) and bool(value >= 0),
)


def check_parameters(estimator: Any, kinds: Mapping[str, Kind]) -> None:
    """Raise a ValueError where a parameter of an estimator is not of its kind."""
    for name, value in estimator.get_params(deep=False).items():
        if not kinds[name].valid(value):
            wanted = kinds[name].wanted
            raise ValueError(f"{name} of {type(estimator).__name__} must be {wanted}; got {abbreviated(value)!r}.")


def check_whole(**arguments: Any) -> None:
    """Raise a ValueError where an argument is no integer of at least 1."""
    for name, value in arguments.items():
        if not COUNT.valid(value):
            raise ValueError(f"{name} must be {COUNT.wanted}; got {value!r}.")
