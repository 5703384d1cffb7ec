"""Checks of seeds: words that topics are to have, by their names or columns (knows no JAX)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.stats import rankdata

from .._inputs.names import column_names
from .._rows import Rows
from .._seeds import Seeds
from .._sparse import column_sums
from .._warnings import is_fitted_for_its_score, warn

if TYPE_CHECKING:
    from .base import BaseTopicModel

SeedWords = Mapping[Any, Sequence[Any]]


class Columns(NamedTuple):
    """Where words are."""

    of_name: dict[str, list[int]]  # among the words of a model; empty where they have no names
    of_input: dict[int, int]  # by the column of X that they are
    used: np.ndarray  # (V,) bool, whether a document has the word

    @classmethod
    def of(cls, model: BaseTopicModel, used: np.ndarray) -> Columns:
        """Those of a model that has seen X."""
        named = model._words(len(used))
        of_name: dict[str, list[int]] = {}
        for i, name in enumerate([] if named is None else column_names(named, len(used), "vocabulary")):
            of_name.setdefault(name, []).append(i)
        columns = getattr(model, "word_columns_", np.arange(len(used)))
        return cls(of_name, {int(column): i for i, column in enumerate(columns)}, used)

    def find(self, word: Any) -> list[int]:
        """Where a word is that some document has, by its name or the number of its column."""
        if isinstance(word, str):
            if not self.of_name:
                raise ValueError(
                    f"seed_words has the word {word!r}, and the columns of X have no names. Pass counts of a "
                    "NamedVectorizer, or a data frame; or give seeds as integers, the columns of X."
                )
            found = self.of_name.get(word, [])
        elif int(word) in self.of_input:
            found = [self.of_input[int(word)]]
        else:
            raise ValueError(f"seed_words has the column {word}, and X has no such column of a word.")
        return [i for i in found if self.used[i]]


def topic_numbers(seed_words: SeedWords, num_topics: int, has_background: bool) -> list[int]:
    """The number of each seeded topic: its own, or the next that is free from 1 on, and then 0.

    Raises
    ------
    ValueError
        If there are more of them than topics, or one is the background, is not there, or has a name like a number.
    """
    n_free = num_topics - has_background
    if len(seed_words) > n_free:
        least = f"{num_topics}, one of which is the background" if has_background else f"{num_topics}"
        raise ValueError(f"seed_words has {len(seed_words)} topics, and num_topics is {least}. Raise num_topics.")
    given = [int(key) for key in seed_words if not isinstance(key, str)]
    if unknown := [k for k in given if not 0 <= k < num_topics]:
        raise ValueError(f"seed_words has the topics {unknown}; they are numbered from 0 to {num_topics - 1}.")
    if has_background and 0 in given:
        raise ValueError(
            "seed_words has topic 0, which is the background: what all documents say. Seed another topic, or pass "
            "background=False."
        )
    free = iter([k for k in [*range(1, num_topics), 0] if k not in given])
    return [next(free) if isinstance(key, str) else int(key) for key in seed_words]


def check_seeds(model: BaseTopicModel) -> None:
    """Raise where the topics of ``seed_words`` are not those that a model can have."""
    if not model.seed_words:
        return
    topic_numbers(model.seed_words, model.num_topics, model._has_background)
    others = names_without_one(model, model.num_topics)
    for name in model.seed_words:
        if isinstance(name, str) and name.strip().lower() in others:
            raise ValueError(
                f"seed_words has a topic of the name {name!r}, as a topic without a name is called. Pass the number "
                "itself, an integer, or another name."
            )


def names_without_one(model: BaseTopicModel, num_topics: int) -> set[str]:
    """What topics without a name are called, in lower case: by their numbers, with or without the name of the class."""
    return {f"{prefix}{k}" for k in range(num_topics) for prefix in ("", type(model).__name__.lower())}


def seeds_of(model: BaseTopicModel, rows: Rows, word_counts: np.ndarray | None) -> Seeds | None:
    """The seeds of a model that has seen X, if it has any; with warnings of those that do not help."""
    if not model.seed_words:
        return None
    used = (column_sums(rows.counts) if word_counts is None else word_counts) > 0
    columns = Columns.of(model, used)
    words = np.zeros((len(model.seed_words), len(used)), dtype=bool)
    unknown: dict[Any, list[Any]] = {}
    for row, (topic, given) in zip(words, model.seed_words.items(), strict=True):
        found = {word: columns.find(word) for word in given}
        row[[i for places in found.values() for i in places]] = True
        if not row.any():
            raise ValueError(
                f"No document has a word of seed_words[{topic!r}]: {list(given)}. Write words as the columns of X "
                "have them, as get_feature_names_out() of the vectorizer tells."
            )
        if left_out := [word for word in given if not found[word]]:
            unknown[topic] = left_out
    if not is_fitted_for_its_score():
        _warn_of_unknown(unknown)
        _warn_of_strangers(model.seed_words, columns, words, rows)
    numbers = topic_numbers(model.seed_words, model.num_topics, model._has_background)
    return Seeds(np.array(numbers), words, float(model.seed_strength))


def regrouped_seeds(model: BaseTopicModel, groups: Sequence[np.ndarray]) -> dict[int, list[Any]]:
    """``seed_words`` of groups of a model's topics, by their numbers."""
    numbers = topic_numbers(model.seed_words, model.num_topics, model._has_background)
    given = dict(zip(numbers, model.seed_words.values(), strict=True))
    of_group = [[word for k in group if k in given for word in given[k]] for group in groups]
    return {i: list(dict.fromkeys(words)) for i, words in enumerate(of_group) if words}


def names_of_topics(model: BaseTopicModel) -> list[str | None] | None:
    """Names that ``seed_words`` gives the topics, and None for others; None for all where it gives none."""
    numbers = topic_numbers(model.seed_words or {}, model.num_topics, model._has_background)
    given = {k: str(key) for k, key in zip(numbers, model.seed_words or {}, strict=True) if isinstance(key, str)}
    return [given.get(k) for k in range(model.num_topics)] if given else None


def mean_ranks(components: np.ndarray, is_seed: np.ndarray) -> np.ndarray:
    """Mean rank of its seeds among the words of each topic, 1 for the most probable; NaN without seeds, (K,)."""
    ranks = np.full(len(components), np.nan)
    for k in np.flatnonzero(is_seed.any(axis=1)):
        ranks[k] = rankdata(-components[k])[is_seed[k]].mean()
    return ranks


def _warn_of_unknown(unknown: dict[Any, list[Any]]) -> None:
    if unknown:
        told = "; ".join(f"{topic!r}: {', '.join(map(str, words))}" for topic, words in unknown.items())
        warn(f"No document has these words of seed_words, which are left out: {told}.")


def _warn_of_strangers(seed_words: SeedWords, columns: Columns, words: np.ndarray, rows: Rows) -> None:
    """Warn of seeds that are in no document with another of their topic: what they say is not one theme."""
    strangers = {}
    for topic, row in zip(seed_words, words, strict=True):
        seeds = np.flatnonzero(row)
        uses = rows.counts[:, seeds].astype(bool).astype(np.float64)
        alone = np.asarray((uses.T @ uses).astype(bool).sum(axis=1)).ravel() == 1
        if len(seeds) > 1 and alone.any():
            lonely = set(seeds[alone])
            strangers[topic] = [word for word in seed_words[topic] if lonely & set(columns.find(word))]
    if strangers:
        told = "; ".join(f"{topic!r}: {', '.join(map(str, lonely))}" for topic, lonely in strangers.items())
        warn(
            f"These words of seed_words are in no document with another seed of their topic: {told}. Topics are of "
            "words that are used together; seed a topic of their own with them, or leave them out."
        )
