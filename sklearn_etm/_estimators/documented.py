"""Docstrings of methods that take what those they override take, and more."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def as_overridden(overridden: Callable[..., Any], parameters: str) -> Callable[[Method], Method]:
    """Gives a method the docstring of the one that it overrides, with more parameters after those that are there."""
    before, returns, after = inspect.cleandoc(overridden.__doc__ or "").partition("\n\nReturns\n")
    documentation = f"{before}\n{parameters}{returns}{after}"

    def documented(method: Method) -> Method:
        method.__doc__ = documentation
        return method

    return documented
