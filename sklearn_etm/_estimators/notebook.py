"""How estimators are printed, and shown in a notebook: their topics below scikit-learn's diagram (knows no JAX)."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Set, ValuesView
from html import escape
from types import FrameType, MethodType
from typing import Any

import numpy as np

from .._inputs.names import column_names
from .._inputs.texts import printable
from .._inputs.topics import names_of
from ..embeddings import WordVectors

N_TOPICS = 15
N_WORDS = 8
N_ITEMS = 30  # of a list, as scikit-learn prints


class Abbreviated:
    """Printed in place of a value whose own text is long."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


def abbreviated(value: Any) -> Any:
    """What is printed of a parameter: not each of the hundreds of thousands of vectors or words of a table or list."""
    if isinstance(value, MethodType | functools.partial):  # what they are bound to may be such a table
        return Abbreviated(object.__repr__(value))
    if isinstance(value, Mapping | Set | ValuesView) and not isinstance(value, WordVectors) and len(value) > N_ITEMS:
        return Abbreviated(f"<{type(value).__name__} of {len(value):,} items>")
    if isinstance(value, list | tuple) and len(value) > N_ITEMS:
        return value[: N_ITEMS + 1]  # scikit-learn ends a list with dots where it has more items
    return value


class TopicsReprMixin:
    """Prints estimators at once, and shows a fitted model's topics wherever scikit-learn shows a diagram of it."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Whether parameters of estimators among them are contained.

        Returns
        -------
        params : dict
            Names of parameters and their values; for scikit-learn's printing, long values in short.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> LNTMTransformer(30).get_params()["num_topics"]
        30
        """
        params = super().get_params(deep)  # type: ignore[misc]
        if _is_printing(sys._getframe(1)):
            params = {name: abbreviated(value) for name, value in params.items()}
        return params

    def _repr_html_inner(self) -> str:
        return printable(super()._repr_html_inner() + topics_html(self))  # type: ignore[misc]

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] = printable(bundle["text/html"] + topics_html(self))
        return bundle


def _is_printing(caller: FrameType) -> bool:
    """Whether scikit-learn asks for parameters to print them, which takes minutes for a dict of vectors."""
    return caller.f_globals.get("__name__") == "sklearn.utils._pprint" or caller.f_code.co_name == "_get_params_html"


def topics_html(model: Any) -> str:
    """A table of the first topics, with their most probable words; empty for a model without topics."""
    if not hasattr(model, "components_"):
        return ""
    try:
        words = _top_words(model)
        n_more = len(model.components_) - len(words)
    except Exception:  # attributes may have been set by hand, and showing an estimator must not fail
        return ""
    head = f"<tr><th>topic</th>{_cell('th', 'most probable words')}</tr>"
    rows = "".join(
        f"<tr><td>{k}</td>{_cell('td', ' '.join(f'<bdi>{escape(word)}</bdi>' for word in row))}</tr>"
        for k, row in enumerate(words)
    )
    more = f"<p>and {n_more} more</p>" if n_more else ""
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{more}"


def _cell(tag: str, content: str) -> str:
    return f'<{tag} style="text-align: left; overflow-wrap: anywhere">{content}</{tag}>'


def _top_words(model: Any) -> list[list[str]]:
    """Words of the first topics, the most probable first; numbers of columns where no words are known."""
    topics = np.asarray(model.components_[:N_TOPICS])
    n = min(N_WORDS, topics.shape[1])
    best = np.argpartition(-topics, n - 1, axis=1)[:, :n]  # sorting all words of a large vocabulary takes long
    order = np.argsort(-np.take_along_axis(topics, best, axis=1), axis=1)
    columns = np.take_along_axis(best, order, axis=1)
    names = names_of((), model)
    named = columns if names is None else np.asarray(column_names(names), dtype=object)[columns]
    return [[str(word) for word in row] for row in named]
