"""Word vectors in data frames of pandas and polars: a row a word, which the index tells or a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._inputs.columns import is_missing


def is_frame(embeddings: Any) -> bool:
    """Whether this is a DataFrame of pandas or polars, or a Series of pandas."""
    return hasattr(embeddings, "iloc") or hasattr(embeddings, "get_columns")


def words_of(frame: Any) -> list[str] | None:
    """The words of the rows: the index, or else the column of text; None where there are none, and rows are in order.

    Raises
    ------
    ValueError
        If some rows have no word, or it is not certain what the words are.
    """
    words, _ = _words_and_column(frame)
    return words


def table_of(frame: Any) -> dict[str, Any]:
    """The vector of each word: of a word that comes twice, the first."""
    words, column = _words_and_column(frame)
    values = [values for i, values in enumerate(_columns(frame)) if i != column]
    rows: Any = values[0] if len(values) == 1 else _matrix(frame, column)
    rows = [np.atleast_1d(row) for row in rows] if len(values) == 1 else rows
    return dict(zip(reversed(words or []), rows[::-1], strict=True))


def columns_called(frame: Any, words: list[str]) -> list[str]:
    """Words that are names of columns, but for whole numbers, which are none."""
    names = {name for name in getattr(frame, "columns", ()) if isinstance(name, str) and not name.isdecimal()}
    return [word for word in words if word in names]


def _words_and_column(frame: Any) -> tuple[list[str] | None, int | None]:
    """Words of the rows, and the number of their column if it is one."""
    texts = [i for i, values in enumerate(_columns(frame)) if _is_text(values)] if _is_table(frame) else []
    index = list(frame.index) if hasattr(frame, "iloc") else []
    in_index = any(isinstance(word, str) for word in index)
    if len(texts) > (0 if in_index else 1):
        raise ValueError(
            f"embeddings is a data frame with text in its columns {[str(frame.columns[i]) for i in texts[:5]]}"
            f"{', and words as its index' if in_index else ''}: one of them can be the words, and the others must be "
            "numbers. Pass the words as the index, and no other text."
        )
    if in_index:
        return _checked(index, "index"), None
    if texts:
        return _checked(list(_columns(frame)[texts[0]]), f"column {str(frame.columns[texts[0]])!r}"), texts[0]
    if not np.array_equal(index, np.arange(len(index))):
        raise ValueError(
            f"embeddings is a data frame whose index is neither words nor 0, ..., {len(index) - 1}; it starts with "
            f"{index[:3]}. Set the words as its index; or, if its rows are in the order of the columns of X, pass "
            "frame.to_numpy()."
        )
    return None, None


def _checked(words: list[Any], where: str) -> list[str]:
    """Words, all of which must be text."""
    others = [i for i, word in enumerate(words) if not isinstance(word, str)]
    if others:
        kind = "missing (NaN)" if is_missing(words[others[0]]) else f"{words[others[0]]!r}, no text"
        raise ValueError(
            f"embeddings is a data frame with words as its {where}, but {len(others)} of them are not text: that of "
            f"row {others[0]} is {kind}. pandas takes words such as 'null' and 'nan' for missing values, and '1' for a "
            "number. Read the file by load_vectors(path), or by read_csv(..., dtype={0: str}, keep_default_na=False, "
            "quoting=3)."
        )
    return words


def _is_table(frame: Any) -> bool:
    return hasattr(frame, "columns")


def _columns(frame: Any) -> Sequence[Any]:
    """The columns; a Series is one."""
    if not _is_table(frame):
        return [frame]
    return [frame.iloc[:, i] for i in range(frame.shape[1])] if hasattr(frame, "iloc") else frame.get_columns()


def _is_text(values: Any) -> bool:
    if getattr(values.dtype, "kind", "O") not in "iufbc":  # of pandas; polars has no kinds
        values = np.asarray(values)
    return values.dtype.kind not in "iufbc" and any(isinstance(value, str) for value in values)


def _matrix(frame: Any, column: int | None) -> np.ndarray:
    """The numbers, without the column of words."""
    others = [i for i in range(frame.shape[1]) if i != column]
    return (frame.iloc[:, others] if hasattr(frame, "iloc") else frame[:, others]).to_numpy()
