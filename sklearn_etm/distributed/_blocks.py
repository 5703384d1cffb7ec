"""Collections of Dask as shards: blocks that are computed where they are needed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Block:
    """A block of a collection, computed within the task that asks for it.

    Where it is kept by workers already, as after ``persist``, it is asked of them.
    """

    delayed: Any

    def __call__(self) -> Any:
        """What the block holds."""
        return self.delayed.compute(scheduler=None if _is_persisted(self.delayed) else "synchronous")


def blocks_of(collection: Any) -> list[Block]:
    """Blocks of rows of an array, partitions of a bag or a data frame, each with what it is computed from alone."""
    if not hasattr(type(collection), "to_delayed"):  # a delayed value has any attribute
        raise TypeError(f"shards must be a sequence; got a single {type(collection).__name__}: pass [shard].")
    if hasattr(type(collection), "numblocks"):
        check_whole_rows(collection)
    delayed = collection.to_delayed(optimize_graph=not _is_persisted(collection))
    return [block_of(block) for block in np.ravel(np.asarray(delayed, dtype=object))]


def block_of(delayed: Any) -> Block:
    """A delayed value as a block."""
    import dask

    return Block(dask.optimize(delayed)[0])


def check_whole_rows(X: Any) -> None:
    """Raise for an array of Dask that is not in blocks of whole rows."""
    if X.ndim != 2 or X.numblocks[1] > 1:
        raise ValueError(
            f"An array of Dask must have two dimensions and be in blocks of whole rows, as X.rechunk({{1: -1}}) is; "
            f"got blocks of the sizes {X.chunks}."
        )


def _is_persisted(collection: Any) -> bool:
    distributed = sys.modules.get("distributed")  # who has persisted anything has imported it
    return distributed is not None and bool(distributed.futures_of(collection))
