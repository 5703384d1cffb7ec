"""The number of the format that states are saved in, and how older ones become those of today.

Whoever changes what a fitted estimator saves adds 1 to `FORMAT` and a function to `MIGRATIONS`, and writes golden files
of the new format beside the old ones (``tests/golden/make.py``). A new parameter of an estimator needs neither: where a
state lacks it, it has its default.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from .._version import __version__

FORMAT = 1
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}  # of a plain state, from the format n to n + 1

NUMBER = "_sklearn_etm_format"
VERSION = "_sklearn_etm_version"


class Damaged(ValueError):
    """What is saved cannot be what was written."""


def stamped(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state with the number of the format, and the version of the package, that it is written in."""
    return {**state, NUMBER: FORMAT, VERSION: __version__}


def check(number: Any, version: Any, what: str) -> None:
    """Raise a ValueError where ``what``, of this format and written by this version, cannot be read."""
    if not isinstance(number, int) or number < 1:
        raise ValueError(
            f"{what} does not say which format it is in: it was written before the first release of sklearn_etm, or is "
            "damaged. Load it with the code that wrote it, or fit anew."
        )
    if number > FORMAT:
        raise ValueError(
            f"{what} was written by sklearn_etm {version} in format {number}; this is sklearn_etm {__version__}, which "
            f"reads formats up to {FORMAT}. Install sklearn_etm {version} or newer to load it."
        )


def current(state: Mapping[str, Any], cls: type) -> dict[str, Any]:
    """The state of an estimator as this version has it, of one that this version or an older one has stamped."""
    what = f"This {cls.__name__}"
    if not isinstance(state, Mapping):
        raise damaged(what, f"its state is {type(state).__name__}, not a dict")
    migrated = {name: value for name, value in state.items() if name not in (NUMBER, VERSION)}
    number, version = state.get(NUMBER), state.get(VERSION)
    check(number, version, what)
    for step in range(number, FORMAT):  # type: ignore[arg-type]
        migrated = MIGRATIONS[step](migrated)
    missing = {name: value for name, value in defaults(cls).items() if name not in migrated}
    return missing | migrated


def defaults(cls: type) -> dict[str, Any]:
    """Defaults of the parameters of an estimator, where they have one."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def damaged(what: str, why: object) -> Damaged:
    """The error to raise where something saved cannot be what was written."""
    return Damaged(f"{what} is damaged or cut off: {why}. Load another copy of it.")
