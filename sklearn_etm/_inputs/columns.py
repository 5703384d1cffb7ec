"""Columns of labels, groups and dates, whatever holds them (knows no JAX, and needs no library of data frames)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import date
from numbers import Number
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Column(NamedTuple):
    """The entries of a column, without those that are missing."""

    values: NDArray[Any]  # (n_known,), of NumPy's dates or of Python's objects
    rows: NDArray[np.intp]  # (n_known,), where they stand
    n_rows: int
    categories: list[Any] | None  # in an order of their own, where the column has one; some may not occur

    def where(self, mask: NDArray[np.bool_]) -> Column:
        """The entries of a mask of shape (n_known,)."""
        return self._replace(values=self.values[mask], rows=self.rows[mask])


def read_column(given: Any, n_rows: int, expected: str) -> Column:
    """The entries of a list, array or column of pandas, polars or pyarrow.

    Parameters
    ----------
    given : iterable
        It holds n_rows entries. Missing are None, NaN, NaT, pandas' NA, nulls and what a mask covers; bytes are read as
        UTF-8.
    n_rows : int
        How many there must be.
    expected : str
        What is expected, as errors begin.

    Raises
    ------
    ValueError
        If ``given`` is something else, or has another shape.
    """
    if isinstance(given, str | bytes | Mapping | Set) or not isinstance(given, Iterable):
        raise ValueError(f"{expected}, in a list, an array or a column of a data frame; got a {type(given).__name__}.")
    shape = getattr(given, "shape", None)
    if shape is None or len(shape) == 1:
        values = _entries(given)
        shape = len(values), *_inner_shape(values)
    if shape != (n_rows,):
        raise ValueError(f"{expected}; got shape {tuple(shape)}.")
    missing = np.isnat(values) if values.dtype.kind in "Mm" else np.array([v is None for v in values], dtype=bool)
    return Column(values[~missing], np.flatnonzero(~missing), n_rows, _categories(given))


def distinct(column: Column, name: str) -> tuple[list[Any], NDArray[np.intp]]:
    """The different values, sorted or in the order of their categories, and which of them each entry is.

    Raises
    ------
    TypeError
        If they cannot be sorted.
    """
    number: dict[Any, int] = {}
    place = None if column.categories is None else {c: i for i, c in enumerate(column.categories)}.__getitem__
    try:
        codes = np.fromiter((number.setdefault(v, len(number)) for v in column.values), np.intp, len(column.values))
        values = sorted(number, key=place)
    except TypeError as error:
        raise TypeError(f"{name} must be of one kind, to be sorted: all strings, all numbers, or all dates.") from error
    rank = np.empty(len(values), dtype=np.intp)
    rank[[number[value] for value in values]] = np.arange(len(values))
    return values, rank[codes]


def objects(values: list[Any]) -> NDArray[Any]:
    """An array of objects, one for each entry, also where these are sequences."""
    return np.fromiter(values, dtype=object, count=len(values))


def is_missing(value: Any) -> bool:
    """Whether a value is None, NaN, NaT or pandas' NA."""
    if value is None or value is np.ma.masked or type(value).__name__ == "NAType":
        return True
    return isinstance(value, Number | date | np.generic) and bool(value != value)


def _entries(given: Any) -> NDArray[Any]:
    """Entries as dates of NumPy, where they are such without a time zone, or else as objects; None for missing ones."""
    if isinstance(given, np.ma.MaskedArray) and given.dtype.kind in "Mm":
        given = np.where(np.ma.getmaskarray(given), given.dtype.type("NaT"), given.data)
    if hasattr(given, "__array__") and not _time_zone(given):
        array = np.asarray(given)
        if array.dtype.kind in "Mm":
            return array
    to_list = next((getattr(given, name) for name in ("to_pylist", "to_list", "tolist") if hasattr(given, name)), None)
    if to_list is not None:  # of pyarrow, of polars and pandas, of NumPy, which has None for what is masked
        values = to_list()
    else:
        values = np.asarray(given).tolist() if hasattr(given, "__array__") else list(given)
    return objects([_plain(value) for value in values])


def _plain(value: Any) -> Any:
    """An entry as Python has it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "as_py"):  # a scalar of pyarrow
        value = value.as_py()
    return None if is_missing(value) else value


def _inner_shape(values: NDArray[Any]) -> tuple[int, ...]:
    """Shape of the entries, () where these are no sequences; a tuple is one value, such as a year and a source."""
    first = next((value for value in values if value is not None), None)
    return np.shape(first) if isinstance(first, list | np.ndarray) else ()


def _time_zone(given: Any) -> Any:
    """The time zone of a column of dates, of polars or pyarrow; pandas has objects with it."""
    for kind in (getattr(given, "dtype", None), getattr(given, "type", None)):
        if zone := getattr(kind, "time_zone", None) or getattr(kind, "tz", None):
            return zone
    return None


def _categories(given: Any) -> list[Any] | None:
    """The values that a column can have, where they have an order: of pandas' Categorical, polars' Enum, pyarrow."""
    categories = getattr(getattr(given, "dtype", None), "categories", None)
    if getattr(getattr(given, "type", None), "ordered", False):
        whole = given.combine_chunks() if hasattr(given, "combine_chunks") else given
        categories = whole.dictionary
    to_list = next((getattr(categories, name) for name in ("tolist", "to_list") if hasattr(categories, name)), None)
    return None if to_list is None else [_plain(value) for value in to_list()]
