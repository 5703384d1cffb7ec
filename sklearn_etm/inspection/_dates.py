"""Dates as they are written, and the calendar bins that they are in."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

_REDUCED = re.compile(r"\d{4}(-\d{2})?")  # of ISO 8601, which datetime does not read
_MONDAY = np.timedelta64(3, "D")  # day 0, 1970-01-01, was a Thursday


def read_dates(values: NDArray[Any], name: str = "groups") -> tuple[NDArray[Any], bool]:
    """Dates in microseconds, those with a time zone in UTC; and whether any had another zone than that.

    Strings are read as ISO 8601, and nothing is guessed: 03/04/2021 is a day of March to some and of April to others.
    """
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]"), False
    read = [_read(value, name) for value in values]
    dates = np.array([date for date, _ in read], dtype="datetime64[us]")
    return dates, any(shifted for _, shifted in read)


def bin_starts(dates: NDArray[Any], freq: str) -> NDArray[Any]:
    """Start of the calendar bin of each date, in microseconds."""
    try:
        unit = np.dtype(f"datetime64[{freq}]")
    except TypeError as error:
        raise ValueError(
            f"freq must be a unit of NumPy's datetimes, such as 'Y', '3M', 'M', 'W' or 'D'; got {freq!r}."
        ) from error
    shift = _MONDAY if np.datetime_data(unit)[0] == "W" else np.timedelta64(0, "D")
    return (dates + shift).astype(unit).astype("datetime64[us]") - shift


def _read(value: Any, name: str) -> tuple[Any, bool]:
    """A date without a time zone, and whether it was moved to UTC."""
    if isinstance(value, str):
        value = _from_iso(value, name)
    elif hasattr(value, "to_timestamp"):  # a period of pandas
        value = value.to_timestamp()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None), bool(value.utcoffset())
    if isinstance(value, date | np.datetime64):
        return value, False
    if isinstance(value, Number):
        raise ValueError(
            f"With freq, {name} must hold dates; got the number {value}. Tell how it is to be read: "
            f"pandas.to_datetime({name}, format='%Y%m%d') where 20210403 is a day, unit='s' for seconds since 1970; "
            "years are dates as strings."
        )
    raise ValueError(f"With freq, {name} must hold dates; got {value!r}, of the type {type(value).__name__}.")


def _from_iso(text: str, name: str) -> datetime:
    """A date of a string such as 2021, 2021-04, 2021-04-03, 20210403 or 2021-04-03T14:05:00+02:00."""
    text = text.strip()
    if _REDUCED.fullmatch(text):
        text += "-01-01" if len(text) == 4 else "-01"
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"With freq, {name} must hold dates, or strings of dates as ISO 8601 writes them, such as 2021-04-03; got "
            f"{text!r}. Tell how it is to be read: pandas.to_datetime({name}, format='%d/%m/%Y'), say, where the day "
            "comes first."
        ) from error
