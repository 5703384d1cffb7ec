"""Shards of a corpus: what they are, how they are read, and maps over those that can be."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._estimators.counts import check_values
from .._sparse import canonical, check_indices
from .._warnings import warn
from ._map_reduce import engine

ON_ERROR = ("raise", "skip")


class Shard(NamedTuple):
    """A part of a corpus, by its place among the others."""

    number: int
    source: Any  # a CSR matrix, a path or a function

    def __str__(self) -> str:
        is_path = isinstance(self.source, str | os.PathLike)
        return f"shard {self.number} ({os.fspath(self.source)})" if is_path else f"shard {self.number}"

    def load(self, n_features: int | None) -> sp.csr_array:
        """Its counts, checked, in canonical CSR of float32 or float64."""
        X = self.source
        if isinstance(X, str | os.PathLike):
            X = sp.load_npz(X)
        elif callable(X):
            X = X()
        if not sp.issparse(X) or X.ndim != 2:
            raise TypeError(f"a CSR matrix of counts is expected; this is a {type(X).__name__}")
        if n_features is not None and X.shape[1] != n_features:
            raise ValueError(f"it has {X.shape[1]} columns, and {n_features} are expected")
        check_indices(X)
        X = canonical(X)
        if not np.isfinite(X.data).all():
            raise ValueError("it holds NaN or infinity")
        check_values(X, "a shard")
        return X if X.dtype == np.float32 else X.astype(np.float64, copy=False)


class Task(NamedTuple):
    """What is done with each shard, for workers."""

    function: Callable[..., Any]  # of counts, the number of the shard, and the arguments
    arguments: tuple[Any, ...]
    n_features: int | None
    skips: bool  # shards that cannot be read


class Result(NamedTuple):
    """Of a shard, or of several: a value, unless none could be read, and why others could not."""

    value: Any
    failed: dict[int, str]


class Shards:
    """A corpus in shards, those of which that can be read, and an engine that maps over them.

    Parameters
    ----------
    sources : sequence
        CSR matrices, paths and functions.
    map_reduce : str or MapReduce
    on_error : {"raise", "skip"}
    n_features : int or None
        Columns that they must have, where that is known.
    """

    def __init__(self, sources: Sequence[Any], map_reduce: Any, on_error: str, n_features: int | None = None):
        if on_error not in ON_ERROR:
            raise ValueError(f'on_error must be "raise" or "skip"; got {on_error!r}.')
        self._engine, self._skips, self.n_features = engine(map_reduce), on_error == "skip", n_features
        self.items = [Shard(i, source) for i, source in enumerate(_listed(sources))]
        self.failed: dict[int, str] = {}

    def map_reduce(self, function: Callable[..., Any], combine: Callable[[Any, Any], Any], *arguments: Any) -> Any:
        """Combine ``function(counts, number, *arguments)`` of all shards that can be read."""
        task = Task(function, arguments, self.n_features, self._skips)
        result = self._engine.map_reduce(_run, self.items, task, _Combine(combine))
        self.leave_out(result.failed)
        return result.value

    def leave_out(self, failed: dict[int, str]) -> None:
        """Go on without some, if that is what is to be done."""
        if failed and not self._skips:
            raise ValueError(_advice(next(iter(failed.values()))))
        self.failed |= failed
        self.items = [item for item in self.items if item.number not in failed]
        if not self.items:
            raise ValueError(f"No shard can be used: {next(iter(self.failed.values()))}.")

    def warn(self, lost: str) -> None:
        """Say which were left out, and what was lost by it."""
        if self.failed:
            first = next(iter(self.failed.values()))
            warn(f"{len(self.failed)} of {len(self.failed) + len(self.items)} shards were left out, {lost}: {first}.")


class _Combine:
    """Combines results of which some hold no value."""

    def __init__(self, combine: Callable[[Any, Any], Any]):
        self._combine = combine

    def __call__(self, a: Result, b: Result) -> Result:
        if a.value is None or b.value is None:
            value = b.value if a.value is None else a.value
        else:
            value = self._combine(a.value, b.value)
        return Result(value, a.failed | b.failed)


def _run(task: Task, shard: Shard) -> Result:
    """A task of a worker: what cannot be read is told of by the name of the shard."""
    try:
        X = shard.load(task.n_features)
    except Exception as error:  # whatever the file, or the user's function, raises
        reason = f"{shard} cannot be used ({type(error).__name__}: {error})"
        if not task.skips:
            raise ValueError(_advice(reason)) from error
        return Result(None, {shard.number: reason})
    return Result(task.function(X, shard.number, *task.arguments), {})


def _advice(reason: str) -> str:
    return f'{reason[0].upper()}{reason[1:]}. Mend it or leave it out, or pass on_error="skip".'


def _listed(sources: Any) -> list[Any]:
    if isinstance(sources, str | os.PathLike) or sp.issparse(sources) or callable(sources):
        raise TypeError(f"shards must be a sequence; got a single {type(sources).__name__}: pass [shard].")
    listed = list(sources)
    if not listed:
        raise ValueError("shards is empty: pass at least one.")
    for i, source in enumerate(listed):
        if not (sp.issparse(source) or isinstance(source, str | os.PathLike) or callable(source)):
            raise TypeError(
                f"A shard is a CSR matrix, the path of an .npz of scipy.sparse.save_npz, or a function that returns a "
                f"CSR matrix; shard {i} is a {type(source).__name__}."
            )
    return listed
