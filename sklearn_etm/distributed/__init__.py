"""Corpora in shards: more than memory holds, on several processes, by the same estimators.

A shard is a count matrix in CSR, the path of one in an ``.npz``, or a function that returns one. It is loaded in the
task that needs it, and let go. Blocks of Dask's arrays, and texts with a vectorizer, are shards, too.
"""

from ._apply import score_shards, transform_blocks, transform_shards
from ._dask import Dask
from ._fit import fit_shards
from ._map_reduce import Local, MapReduce, Processes

__all__ = [
    "Dask",
    "Local",
    "MapReduce",
    "Processes",
    "fit_shards",
    "score_shards",
    "transform_blocks",
    "transform_shards",
]
