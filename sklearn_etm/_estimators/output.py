"""Data frames that models make: rows keep the index that counts carry (knows no JAX)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from .._inputs.vectorizer import NamedCounts


class IndexedOutputMixin:
    """Gives the data frames of ``set_output(transform="pandas")`` the index of counts that have one.

    scikit-learn gives them that of a data frame, and does not look for one elsewhere.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)  # where scikit-learn puts `set_output` into `transform`
        if "transform" in cls.__dict__:
            cls.transform = _indexed(cls.transform)  # type: ignore[attr-defined]


def _indexed(transform: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(transform)
    def indexed(self, X, *args, **kwargs):
        output = transform(self, X, *args, **kwargs)
        frame = output[0] if isinstance(output, tuple) else output
        if isinstance(X, NamedCounts) and X.index is not None and hasattr(frame, "iloc"):
            frame.index = X.index
        return output

    return indexed
