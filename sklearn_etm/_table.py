"""Tables of word vectors: pickled models leave them out, and find them again where they are (knows no JAX)."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._word_space import is_learned
from .embeddings._align import composes, find_vectors, is_array
from .embeddings._vectors import CutVectors

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


def remember(estimator: Any) -> None:
    """Let `whole` find the table of an estimator as long as it lives."""
    with _lock:
        _estimators.add(estimator)


def whole(vectors: CutVectors) -> Any:
    """The table that vectors were cut from, if an estimator of this process has it, by its contents; else None."""
    with _lock:
        held = {id(table): table for table in (getattr(e, "embeddings", None) for e in _estimators)}
    return next((table for table in held.values() if _is_source(table, vectors)), None)


def _is_source(table: Any, vectors: CutVectors) -> bool:
    """Whether a table is of the same size as the one that was cut, and has the same vectors of the words that are left.

    A callable, which may take long, is asked for a few of them.
    """
    n = N_ASKED if isinstance(vectors.origin, str) else len(vectors)
    try:
        if isinstance(table, CutVectors) or not is_table(table) or _origin(table) != vectors.origin:
            return False
        found = find_vectors(table, list(vectors.words[:n]))
    except Exception:  # another estimator's parameter, which may be anything, must not hinder loading this one
        return False
    return bool(found.known.all()) and np.allclose(found.rows, vectors.vectors[:n], rtol=1e-4, atol=1e-6)


def _origin(table: Any) -> int | str:
    """How many words a table has, or the name of a callable."""
    if isinstance(table, CutVectors):
        return table.origin
    table = getattr(table, "wv", table)
    return len(table) if hasattr(table, "__len__") else getattr(table, "__qualname__", type(table).__qualname__)
