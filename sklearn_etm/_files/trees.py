"""States as a tree that JSON can hold, and arrays by name beside it: no code is run to read them.

Of a tree, ``null``, truth values, numbers, strings and lists are themselves. All else is an object of one key, which
says what it is: ``{"array": "components_"}``, ``{"tuple": [200]}``, ``{"dict": {...}}``, ...
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .npz import MAX_RATIO

NUMERIC = "biuf"  # kinds of dtypes of arrays


class Unsaveable(TypeError):
    """A value that is neither plain nor an array."""


def taken_apart(state: Mapping[str, Any], owner: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A tree for each entry of a state, and the arrays that they refer to; an array that is there twice is kept once.

    Raises
    ------
    TypeError
        For what is neither plain nor an array, with the name of the entry.
    """
    arrays: dict[str, np.ndarray] = {}
    names: dict[int, str] = {}

    def keep(array: np.ndarray, name: str) -> dict[str, str]:
        if id(array) not in names:
            names[id(array)] = name = _free(name, arrays)
            arrays[name] = array
        return {"array": names[id(array)]}

    tree = {}
    for entry, value in state.items():
        try:
            tree[entry] = _tree(value, entry.lstrip("_"), keep)
        except Unsaveable as error:
            raise TypeError(
                f"{entry} of {owner} cannot be saved as plain arrays: it holds {error}. Save the model by skops or "
                f"joblib, or set {entry} to what is plain first: numbers, strings, lists, arrays or a path."
            ) from None
    return tree, arrays


def _free(name: str, taken: Mapping[str, Any]) -> str:
    n, free = 1, name
    while free in taken:
        n, free = n + 1, f"{name}~{n + 1}"
    return free


def _tree(value: Any, name: str, keep: Callable[[np.ndarray, str], dict[str, str]]) -> Any:
    if value is None or type(value) in (bool, int):
        return value
    if isinstance(value, str):
        return str(value)
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, list | tuple):
        items = [_tree(item, f"{name}/{i}", keep) for i, item in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        if other := [key for key in value if not isinstance(key, str | int | np.integer) or isinstance(key, bool)]:
            raise Unsaveable(f"a dict with the key {other[0]!r}, which is neither a string nor an integer")
        if not all(isinstance(key, str) for key in value):
            return {"pairs": [[_key(key), _tree(item, f"{name}/{key}", keep)] for key, item in value.items()]}
        return {"dict": {key: _tree(item, f"{name}/{key}", keep) for key, item in value.items()}}
    if isinstance(value, np.generic) and value.dtype.kind in NUMERIC:
        return {"scalar": [value.dtype.name, _tree(value.item(), name, keep)]}
    if isinstance(value, np.ndarray):
        return _tree_of_array(value, name, keep)
    if type(value) is np.random.RandomState:
        return {"random_state": _tree(value.get_state(legacy=False), name, keep)}
    if isinstance(value, os.PathLike):
        return {"path": os.fspath(value)}
    if isinstance(value, slice):
        return {"slice": [_tree(bound, name, keep) for bound in (value.start, value.stop, value.step)]}
    raise Unsaveable(f"a {type(value).__name__}")


def _key(key: Any) -> str | int:
    return str(key) if isinstance(key, str) else int(key)


def _tree_of_array(value: np.ndarray, name: str, keep: Callable[[np.ndarray, str], dict[str, str]]) -> Any:
    if value.dtype.kind in NUMERIC:
        return keep(value, name)
    if value.ndim == 1 and all(isinstance(item, str) for item in value):
        return {"strings": [value.dtype.str, list(map(str, value))]}
    raise Unsaveable(f"an array of {value.dtype}")


def put_together(tree: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The state that `taken_apart` took apart; a ValueError or KeyError where the two cannot be its answer."""
    return {entry: _value(node, arrays) for entry, node in tree.items()}


def _value(node: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(node, list):
        return [_value(item, arrays) for item in node]
    if not isinstance(node, dict):
        return node
    [(kind, held)] = node.items()
    if kind == "array":
        if held not in arrays:
            raise ValueError(f"the array {held!r} is missing")
        return arrays[held]
    if kind == "dict":
        return {key: _value(item, arrays) for key, item in held.items()}
    if kind == "pairs":
        return {key: _value(item, arrays) for key, item in held}
    if kind == "tuple":
        return tuple(_value(item, arrays) for item in held)
    if kind == "float":
        return float(held)
    if kind == "scalar":
        return _numeric(held[0]).type(_value(held[1], arrays))
    if kind == "strings":
        return np.array(held[1], dtype=_of_strings(*held))
    if kind == "random_state":
        return _generator(_value(held, arrays))
    if kind == "path":
        return Path(held)
    if kind == "slice":
        return slice(*(_value(bound, arrays) for bound in held))
    raise ValueError(f"there is no value of the kind {kind!r}")


def _numeric(name: str) -> np.dtype:
    dtype = np.dtype(name)
    if dtype.kind not in NUMERIC:
        raise ValueError(f"{name} is no type of numbers")
    return dtype


def _of_strings(name: str, strings: list[str]) -> np.dtype:
    dtype = np.dtype(name)
    if dtype.kind not in "UO":
        raise ValueError(f"{name} is no type of strings")
    if dtype.itemsize * len(strings) > MAX_RATIO * sum(len(string) + 1 for string in strings):
        raise ValueError(f"{name} is too wide for its strings")
    return dtype


def _generator(state: dict[str, Any]) -> np.random.RandomState:
    generator = np.random.RandomState(0)
    generator.set_state(state)
    return generator
