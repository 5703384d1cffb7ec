"""Corpora in shards: more than memory holds, on several processes, by the same estimators.

A shard is a count matrix in CSR, the path of one in an ``.npz``, or a function that returns one. It is loaded in the
task that needs it, and let go.
"""

from ._apply import score_shards, transform_shards
from ._fit import fit_shards
from ._map_reduce import Local, MapReduce, Processes

__all__ = ["Local", "MapReduce", "Processes", "fit_shards", "score_shards", "transform_shards"]
