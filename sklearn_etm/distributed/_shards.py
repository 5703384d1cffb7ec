"""Shards of a corpus: what they are, how they are read, and maps over those that can be."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._estimators.counts import check_values, is_of_dask
from .._estimators.covariates import NAMES_IN, WORD_COLUMNS, word_columns
from .._inputs.covariates import other_columns
from .._inputs.vectorizer import feature_names, with_names
from .._sparse import canonical, check_indices
from .._warnings import warn
from ._blocks import block_of, blocks_of
from ._engines import engine

ON_ERROR = ("raise", "skip")


class Columns(NamedTuple):
    """What is known of the columns that all shards have."""

    n: int | None = None
    names: np.ndarray | None = None
    covariates: Any = None  # which are covariates: the parameter covariate_columns of a model, or their numbers

    def check(self, n: int, names: np.ndarray | None) -> None:
        """Raise for others; a shard may not know its names."""
        if self.n is not None and n != self.n:
            raise ValueError(f"it has {n} columns, and {self.n} are expected")
        if self.names is not None and names is not None and (different := np.flatnonzero(names != self.names)).size:
            i = different[0]
            raise ValueError(f"its column {i} is {names[i]!r}, and {self.names[i]!r} is expected")


def columns_of(model: Any) -> Columns:
    """The columns that a model was fitted with."""
    n, names, words = model.n_features_in_, getattr(model, NAMES_IN, None), getattr(model, WORD_COLUMNS, None)
    return Columns(n, names, None if words is None else other_columns(words, n))


def words_of(X: sp.csr_array, covariates: Any) -> sp.csr_array:
    """The columns of a shard that are words, where others are the covariates of a model."""
    if covariates is None:
        return X
    return canonical(X[:, word_columns(covariates, X.shape[1], feature_names(X))])


class Shard(NamedTuple):
    """A part of a corpus, by its place among the others."""

    number: int
    source: Any  # counts or texts, a path of counts, or a function that returns either

    def __str__(self) -> str:
        is_path = isinstance(self.source, str | os.PathLike)
        return f"shard {self.number} ({os.fspath(self.source)})" if is_path else f"shard {self.number}"

    def load(self, columns: Columns, vectorizer: Any) -> sp.csr_array:
        """Its counts, checked, in canonical CSR of float32 or float64, with the names of their columns if they have."""
        X = self.source
        if isinstance(X, str | os.PathLike):
            X = sp.load_npz(X)
        elif callable(X):
            X = X()
        if vectorizer is not None:
            X = _counted(vectorizer, X)
        if not sp.issparse(X) or X.ndim != 2:
            raise TypeError(f"a CSR matrix of counts is expected; this is a {type(X).__name__}")
        names = feature_names(X)
        columns.check(X.shape[1], names)
        check_indices(X)
        X = with_names(canonical(X), names)
        if not np.isfinite(X.data).all():
            raise ValueError("it holds NaN or infinity")
        check_values(words_of(X, columns.covariates), "a shard")
        return with_names(X if X.dtype == np.float32 else X.astype(np.float64, copy=False), names)


class Task(NamedTuple):
    """What is done with each shard, for workers."""

    function: Callable[..., Any]  # of counts, the number of the shard, and the arguments
    arguments: tuple[Any, ...]
    columns: Columns
    vectorizer: Any  # of shards of texts
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
        CSR matrices, paths and functions; texts where there is a vectorizer; or a collection of Dask.
    map_reduce : str, distributed.Client or MapReduce
    on_error : {"raise", "skip"}
    vectorizer : transformer or None
        Of texts.
    columns : Columns
        What they must have, where that is known.
    """

    def __init__(
        self, sources: Any, map_reduce: Any, on_error: str, vectorizer: Any = None, columns: Columns | None = None
    ):
        if on_error not in ON_ERROR:
            raise ValueError(f'on_error must be "raise" or "skip"; got {on_error!r}.')
        if vectorizer is not None and not hasattr(vectorizer, "transform"):
            raise TypeError(f"vectorizer must have a method transform; got {type(vectorizer).__name__}.")
        self._engine, self._skips = engine(map_reduce), on_error == "skip"
        self._vectorizer, self.columns = vectorizer, columns or Columns()
        self.items = [Shard(i, source) for i, source in enumerate(_listed(sources, vectorizer is not None))]
        self.failed: dict[int, str] = {}

    def map_reduce(self, function: Callable[..., Any], combine: Callable[[Any, Any], Any], *arguments: Any) -> Any:
        """Combine ``function(counts, number, *arguments)`` of all shards that can be read."""
        task = Task(function, arguments, self.columns, self._vectorizer, self._skips)
        result = self._engine.map_reduce(_run, self.items, task, partial(_combined, combine))
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


def _combined(combine: Callable[[Any, Any], Any], a: Result, b: Result) -> Result:
    """Combine results of which some hold no value."""
    if a.value is None or b.value is None:
        value = b.value if a.value is None else a.value
    else:
        value = combine(a.value, b.value)
    return Result(value, a.failed | b.failed)


def _run(task: Task, shard: Shard) -> Result:
    """A task of a worker: what cannot be read is told of by the name of the shard."""
    try:
        X = shard.load(task.columns, task.vectorizer)
    except Exception as error:  # whatever the file, or the user's function, raises
        reason = f"{shard} cannot be used ({type(error).__name__}: {error})"
        if not task.skips:
            raise ValueError(_advice(reason)) from error
        return Result(None, {shard.number: reason})
    return Result(task.function(X, shard.number, *task.arguments), {})


def _advice(reason: str) -> str:
    return f'{reason[0].upper()}{reason[1:]}. Mend it or leave it out, or pass on_error="skip".'


def _counted(vectorizer: Any, texts: Any) -> Any:
    """Counts of the texts of a shard, of which there may be none."""
    if isinstance(texts, str | bytes):
        raise TypeError("a list of texts is expected; this is one text")
    texts = texts if hasattr(texts, "__len__") else list(texts)
    if not len(texts):
        return vectorizer.transform([""])[:0]
    counts = vectorizer.transform(texts)
    if counts.shape[0] != len(texts):  # as of a data frame, whose columns are iterated over
        raise ValueError(
            f"the vectorizer gives {counts.shape[0]} rows for a {type(texts).__name__} of {len(texts)}: pass texts"
        )
    return counts


def _listed(sources: Any, are_texts: bool) -> list[Any]:
    if is_of_dask(sources):
        sources = blocks_of(sources)
    if isinstance(sources, str | os.PathLike) or sp.issparse(sources) or callable(sources):
        raise TypeError(f"shards must be a sequence; got a single {type(sources).__name__}: pass [shard].")
    listed = [block_of(source) if is_of_dask(source) else source for source in sources]
    if not listed:
        raise ValueError("shards is empty: pass at least one.")
    for i, source in enumerate(listed):
        _check_source(source, i, are_texts)
    return listed


def _check_source(source: Any, i: int, are_texts: bool) -> None:
    is_path = isinstance(source, str | bytes | os.PathLike)
    if callable(source):
        return
    if are_texts and (is_path or sp.issparse(source) or not hasattr(source, "__iter__")):
        raise TypeError(
            "With a vectorizer, a shard is a list of texts, or a function that returns one, from a file say; shard "
            f"{i} is a {type(source).__name__}."
        )
    if not (are_texts or is_path or sp.issparse(source)):
        raise TypeError(
            "A shard is a CSR matrix, the path of an .npz of scipy.sparse.save_npz, a function that returns a CSR "
            f"matrix, or a delayed one of Dask; shard {i} is a {type(source).__name__}. Texts take a vectorizer=."
        )
