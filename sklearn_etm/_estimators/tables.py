"""Tables of word vectors: pickled models leave them out, and find them again where they are (knows no JAX)."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..embeddings._align import composes, find_vectors, is_array
from ..embeddings._vectors import CutVectors
from .word_space import is_learned

_estimators: weakref.WeakSet[Any] = weakref.WeakSet()  # of this process, which may hold tables
_lock = threading.Lock()
N_ASKED = 10  # words that a callable is asked for


def is_table(embeddings: Any) -> bool:
    """Whether these are more than one model needs: neither learned, nor an array, nor the name of a file."""
    return not (is_learned(embeddings) or isinstance(embeddings, str | os.PathLike) or is_array(embeddings))


def cut(table: Any, words: Sequence[str], known: np.ndarray, vectors: np.ndarray) -> CutVectors:
    """What a model needs of a table: of its words those that are known, and their rows of ``vectors``."""
    found = [word for word, there in zip(words, known, strict=True) if there]
    without = set() if composes(table) else set(words) - set(found)  # none is without where vectors can be composed
    return CutVectors(found, vectors[known], without, _origin(table))


def plain(vectors: CutVectors) -> dict[str, Any]:
    """Vectors that were cut as the arguments that they are made of again, to be saved."""
    return {
        "words": vectors.words,
        "vectors": vectors.vectors,
        "without": tuple(sorted(vectors.without)),
        "origin": vectors.origin,
    }


def remember(estimator: Any) -> None:
    """Let `whole` find the table of an estimator as long as it lives."""
    with _lock:
        _estimators.add(estimator)


def whole(vectors: CutVectors) -> Any:
    """The table that vectors were cut from, if an estimator of this process has it, by its contents; else None."""
    with _lock:
        held = {id(table): table for table in (getattr(e, "embeddings", None) for e in _estimators)}
    return next((table for table in held.values() if _is_whole(table, vectors)), None)


def is_same_source(embeddings: Any, source: Any, vectors: CutVectors | None) -> bool:
    """Whether a fit that took its vectors from ``source``, ``vectors`` of a table, would find them here, too."""
    if embeddings is source:
        return True
    if vectors is not None:
        return is_table(embeddings) and _has(embeddings, vectors)
    if is_array(embeddings) and is_array(source):
        return np.array_equal(embeddings, source)
    return isinstance(embeddings, str | os.PathLike) and isinstance(source, str | os.PathLike) and embeddings == source


def _is_whole(table: Any, vectors: CutVectors) -> bool:
    """Whether a table is of the same size as the one that was cut, and has the same vectors of the words left."""
    try:
        whole = not isinstance(table, CutVectors) and is_table(table) and _origin(table) == vectors.origin
    except Exception:  # another estimator's parameter, which may be anything, must not hinder loading this one
        return False
    return whole and _has(table, vectors)


def _has(table: Any, vectors: CutVectors) -> bool:
    """Whether a table has these vectors; a callable, which may take long, is asked for a few of them."""
    n = N_ASKED if isinstance(vectors.origin, str) else len(vectors)
    try:
        found = find_vectors(table, list(vectors.words[:n]))
    except Exception:  # another estimator's parameter, which may be anything, must not hinder loading this one
        return False
    rows = vectors.vectors[:n]
    same_size = bool(found.known.all()) and found.rows.shape == rows.shape
    return same_size and np.allclose(found.rows, rows, rtol=1e-4, atol=1e-6)


def _origin(table: Any) -> int | str:
    """How many words a table has, or the name of a callable."""
    if isinstance(table, CutVectors):
        return table.origin
    table = getattr(table, "wv", table)
    return len(table) if hasattr(table, "__len__") else getattr(table, "__qualname__", type(table).__qualname__)
