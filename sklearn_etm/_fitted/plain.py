"""Records that a fitted estimator holds, and the plain lists, dicts and arrays that they are saved as."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import Any, dataclass_transform

import numpy as np

CLASS = "class"
MAX_VALUE = 1e30  # beyond, nothing is learned in float32
_classes: dict[str, type] = {}


@dataclass_transform(frozen_default=True, eq_default=False)
def record(cls: type) -> type:
    """Make a class a record: its fields cannot change, and are saved by name."""
    cls = dataclass(frozen=True, eq=False)(cls)
    _classes[cls.__name__] = cls
    return cls


def check_array(what: str, array: Any, *shape: int, positive: bool = False) -> None:
    """Raise a ValueError where this is no array of finite numbers of this shape, or not above 0 where it must be."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.shape != shape:
        raise ValueError(f"{what} must be numbers of the shape {shape}")
    if not (np.abs(array) < MAX_VALUE).all() or (positive and not (array > 0).all()):
        raise ValueError(f"{what} holds numbers that are not finite, or out of range")


def check_number(what: str, value: Any, low: float, high: float) -> None:
    """Raise a ValueError where this is no number between two."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | np.integer | np.floating)
        or not low < value < high
    ):
        raise ValueError(f"{what} must be a number between {low:g} and {high:g}; it is {value!r}")


def to_plain(held: Any) -> Any:
    """A record as a dict of its fields and the name of its class, and those in it; whatever else it holds stays."""
    if is_dataclass(held):
        return {CLASS: type(held).__name__, **{f.name: to_plain(getattr(held, f.name)) for f in fields(held)}}
    return tuple(map(to_plain, held)) if isinstance(held, tuple) else held


def from_plain(plain: Any) -> Any:
    """The record that `to_plain` took apart."""
    if (made := class_of(plain)) is not None:
        return _classes[made](**{name: from_plain(v) for name, v in plain.items() if name != CLASS})
    return tuple(map(from_plain, plain)) if isinstance(plain, tuple) else plain


def class_of(plain: Any) -> str | None:
    """The name of the class that a dict was made of; None for all else, dicts of users with such a key among them."""
    made = plain.get(CLASS) if isinstance(plain, dict) else None
    return made if isinstance(made, str) else None
