"""The words that topics are looked at by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._validation import check_dense, given_by_words

UNKNOWN_WORDS = " Leave them out of the topics, or take a reference that has them."


@np.errstate(under="ignore")
def top_word_columns(components: ArrayLike, *, n_words: int = 10) -> NDArray[np.intp]:
    """Columns of the ``n_words`` largest values of every topic, the largest first.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features)
        Any score by which words are to be ranked: probabilities, weights, or logarithms (``-inf`` may occur).
    n_words : int, default=10
        Number of top words per topic, at most ``n_features``.

    Returns
    -------
    columns : ndarray of int, of shape (num_topics, n_words)
        Of equal values, the lower column comes first.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 1 to ``n_features``, or when ``components`` is not two-dimensional,
        is empty or holds NaN.

    Examples
    --------
    >>> from sklearn_etm.metrics import top_word_columns
    >>> top_word_columns([[0.1, 0.6, 0.3], [0.4, 0.2, 0.4]], n_words=2)
    array([[1, 2],
           [0, 2]])
    """
    scores = check_dense(components, "components", ensure_all_finite=False)
    if np.isnan(scores).any():
        raise ValueError("components contains NaN, which has no place in a ranking; replace it, by 0 say.")
    if not isinstance(n_words, Integral) or not 1 <= n_words <= scores.shape[1]:
        raise ValueError(
            f"n_words, the number of top words, must be an integer from 1 to {scores.shape[1]}, the number of columns "
            f"of components; got {n_words!r}."
        )
    return np.argsort(-scores, axis=1, kind="stable")[:, :n_words]


def leading_columns(topics: Any, n: int, names: list[str] | None = None) -> list[NDArray[np.intp]]:
    """Columns of the words that lead every topic, the best first, where topics are scores or lists of words.

    Of lists of words these are the first ``n``, or all where there are fewer. Where no names of columns are given,
    words have columns in the order of the alphabet.
    """
    if not given_by_words(topics):
        return list(top_word_columns(topics, n_words=n))
    lists = leading_words(topics, n)
    words = [word for topic in lists for word in topic]
    columns = find_columns(words, sorted(set(words)) if names is None else names, UNKNOWN_WORDS)
    return np.split(np.asarray(columns, dtype=np.intp), np.cumsum([len(topic) for topic in lists])[:-1])


def leading_words(topics: Any, n: int) -> list[list[str]]:
    """The first ``n`` words of every topic that is given by its words, or all where there are fewer."""
    if not isinstance(n, Integral) or n < 1:
        raise ValueError(f"n_words, the number of top words, must be a positive integer; got {n!r}.")
    if any(isinstance(topic, str) for topic in topics):
        raise ValueError("Topics must be lists of words; got strings in their place. Write a single topic as [words].")
    lists = [list(topic) for topic in (np.asarray(topics) if hasattr(topics, "__array__") else topics)]
    for k, words in enumerate(lists):
        if not words:
            raise ValueError(f"Topic {k} has no words.")
        odd = [word for word in words if not isinstance(word, str)]
        if odd:
            raise ValueError(f"Topics must be lists of words, without their weights; topic {k} holds {odd[0]!r}.")
        if len(set(words)) < len(words):
            raise ValueError(f"Topic {k} holds {Counter(words).most_common(1)[0][0]!r} more than once.")
    return [[str(word) for word in words[:n]] for words in lists]


def find_columns(words: Iterable[str], names: Sequence[str], hint: str = "") -> list[int]:
    """Columns of words; an error names those that are unknown, and the nearest that are known."""
    words = list(words)
    check_once(words, names)
    column = {name: i for i, name in enumerate(names)}
    unknown = [word for word in dict.fromkeys(words) if word not in column]
    if unknown:
        near = {word: get_close_matches(word, column, n=3) for word in unknown[:5]}
        told = "; ".join(
            f"{word!r}" + (f" (near: {', '.join(found)})" if found else "") for word, found in near.items()
        )
        raise ValueError(f"Not among the {len(names)} words of the vocabulary: {told}.{hint}")
    return [column[word] for word in words]


def check_once(words: Iterable[str], names: Sequence[str]) -> None:
    """Raise where one of these words is the name of several columns."""
    n_columns = Counter(names)
    twice = [word for word in dict.fromkeys(words) if n_columns[word] > 1]
    if twice:
        raise ValueError(f"feature_names must hold these words once, to tell which column is meant: {twice[:5]}.")


def topic_means(values: Iterable[NDArray[np.float64]], per_topic: bool) -> float | NDArray[np.float64]:
    """Average over the words, or pairs of words, of every topic, and over topics unless ``per_topic``."""
    topics = np.array([of_topic.mean() for of_topic in values])
    return topics if per_topic else float(topics.mean())
