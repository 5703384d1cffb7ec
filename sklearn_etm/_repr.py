"""Topics of a fitted estimator in a notebook, below scikit-learn's diagram (knows no JAX)."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from ._names import column_names
from ._texts import printable
from ._topics import names_of

N_TOPICS = 15
N_WORDS = 8


class TopicsReprMixin:
    """Shows a fitted model's topics wherever scikit-learn shows a diagram of it."""

    def _repr_html_inner(self) -> str:
        return printable(super()._repr_html_inner() + topics_html(self))  # type: ignore[misc]

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] = printable(bundle["text/html"] + topics_html(self))
        return bundle


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
