"""Engines by name."""

from __future__ import annotations

import sys
from typing import Any

from ._dask import Dask
from ._map_reduce import Local, MapReduce, Processes

NAMED: dict[str, type[MapReduce]] = {"local": Local, "processes": Processes}


def engine(map_reduce: Any) -> MapReduce:
    """The engine that an argument of the user names, is or stands for."""
    if isinstance(map_reduce, str) and map_reduce in NAMED:
        return NAMED[map_reduce]()
    distributed = sys.modules.get("distributed")  # who has a client has imported it
    if distributed is not None and isinstance(map_reduce, distributed.Client):
        return Dask(map_reduce)
    if not callable(getattr(map_reduce, "map_reduce", None)):
        raise ValueError(
            'map_reduce must be "local", "processes", a distributed.Client of Dask or an object with a method '
            f"map_reduce; got {map_reduce!r}."
        )
    return map_reduce
