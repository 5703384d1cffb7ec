"""Names of columns, whatever they are given as."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Set
from contextlib import contextmanager
from numbers import Integral
from typing import Any

import numpy as np

from .columns import is_missing


def column_names(names: Any, n_features: int | None = None, argument: str = "feature_names") -> list[str]:
    """The name of each column, in the order of the columns.

    Parameters
    ----------
    names : sequence of str, or mapping
        A list, tuple, array, Series or Index of names; or a mapping from names to the numbers of their columns, as
        scikit-learn's ``vectorizer.vocabulary_`` and gensim's ``dictionary.token2id`` are, or from the numbers to the
        names, as gensim's ``Dictionary`` is, whatever its order.
    n_features : int, optional
        How many columns there are.
    argument : str, default="feature_names"
        What errors call ``names``.

    Returns
    -------
    names : list of str
        Names may come twice.

    Raises
    ------
    ValueError
        If ``names`` is one string, has no order (a set, the keys of a dict) or more than one dimension, misses a name,
        has not ``n_features``, or is a mapping whose numbers are not 0, 1, ... up to the number of its names.

    Examples
    --------
    >>> from sklearn_etm._inputs.names import column_names
    >>> column_names({"moon": 1, "star": 2, "goal": 0})
    ['goal', 'moon', 'star']
    """
    if isinstance(names, str | bytes):
        raise ValueError(f"{argument} must be a sequence of words; got the string {names!r}.")
    if isinstance(names, Set):  # the keys of a dict, too: those of vocabulary_ are not in the order of the columns
        raise ValueError(
            f"{argument} must have the order of the columns, which a {type(names).__name__} does not have: pass "
            "vectorizer.get_feature_names_out(), or a dict from words to columns as vectorizer.vocabulary_ is."
        )
    if len(getattr(names, "shape", (0,))) != 1 or not hasattr(names, "__iter__"):
        raise ValueError(
            f"{argument} must be a sequence of words, one a column; got {type(names).__name__} of shape "
            f"{getattr(names, 'shape', ())}."
        )
    ordered = _by_column(list(names.items()), argument) if _is_mapping(names) else list(names)
    if missing := [i for i, name in enumerate(ordered) if not isinstance(name, str) and is_missing(name)]:
        raise ValueError(
            f"{argument} must name every column; {len(missing)} names are missing, the first that of column "
            f"{missing[0]}. If pandas read them from a file, it took words such as 'null' or 'nan' for missing values: "
            "pass keep_default_na=False to read_csv."
        )
    if n_features is not None and len(ordered) != n_features:
        raise ValueError(f"{argument} must name the {n_features} columns; got {len(ordered)} names.")
    return [str(name) for name in ordered]


def _is_mapping(names: Any) -> bool:
    """Whether these are pairs: a mapping, or a Series of the numbers of columns with the names as its index."""
    if hasattr(names, "iloc"):
        return hasattr(names, "items") and names.dtype.kind in "iu" and names.index.dtype.kind not in "iu"
    return hasattr(names, "keys") and hasattr(names, "items")


def _by_column(pairs: list[tuple[Any, Any]], argument: str) -> list[Any]:
    """Names in the order of their columns, from pairs of both in either order."""
    if not all(isinstance(value, Integral) for _, value in pairs):
        pairs = [(value, key) for key, value in pairs]
    columns = [column for _, column in pairs]
    if not all(isinstance(column, Integral) for column in columns) or sorted(columns) != list(range(len(columns))):
        raise ValueError(
            f"{argument} is a mapping, which must have the number of a column for each word, each of 0, ..., "
            f"{len(columns) - 1} once, as vectorizer.vocabulary_ has; it has not."
        )
    return [name for name, _ in sorted(pairs, key=lambda pair: pair[1])]


@contextmanager
def names_known() -> Iterator[None]:
    """Keep scikit-learn from warning of counts without the names of their columns: somebody else looks at these."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        yield


def part_of(names: Any) -> str:
    """What a `ColumnTransformer` puts before the names of a part, "words__"; empty where not all have it."""
    part, separator, _ = str(names[0]).partition("__") if len(names) else ("", "", "")
    before = part + separator
    return before if separator and all(str(name).startswith(before) for name in names) else ""


def of_one_part(names: Any) -> np.ndarray:
    """Names without what a `ColumnTransformer` puts before those of a part, where all have it."""
    before = part_of(names)
    return np.asarray([str(name)[len(before) :] for name in names] if before else names, dtype=object)
