"""Names of topics, by whatever can give them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .._estimators.base import TOPIC_NAMES, BaseTopicModel
from .._estimators.parameters import check_whole
from .._estimators.seeds import names_without_one
from .._inputs.documents import corpus_of, excerpt, texts_of
from .._inputs.texts import printable
from .._warnings import warn
from ..inspection._documents import representatives_of
from ..inspection._words import leading, relevance
from ._held import model_of, with_model

MAX_LENGTH = 80  # characters of a name: more is an answer to something else

Namer = Callable[[list[str], list[str], list[str]], str | None]


@np.errstate(under="ignore")
def name_topics(
    model: Any,
    X: Any,
    texts: Any,
    namer: Namer | Mapping[int, str],
    *,
    n_words: int = 10,
    n_documents: int = 3,
    excerpt_length: int = 300,
    covariates: Any = None,
    cache: MutableMapping[str, str] | None = None,
    verbose: int = 0,
) -> Any:
    """Name topics by hand, or by any callable: a function, a person who is asked, a language model.

    Names are shown wherever topics have labels: in tables, plots, the report, and as columns of data frames. The words
    of a topic always stay beside them.

    Parameters
    ----------
    model : fitted topic model of this package, pipeline or search with one
        Not changed.
    X : documents, as the model's `fit` takes them
        Those that stand for topics are found among them.
    texts : sequence of str or None
        The text of each row of ``X``; None for ``X`` itself, if it is texts. Where no texts are known, the namer has
        words alone.
    namer : mapping of int to str, or callable
        Names of topics by their numbers, ``{3: "typefaces"}``. Or ``namer(words, documents, taken)``, which returns the
        name of a topic, or None for none: of its most relevant words, of excerpts of the documents that stand for it
        (see `sklearn_etm.inspection.representative_documents`), and with the names that others have already; lists of
        str each. It is called for one topic after the other, not for the background.
    n_words : int, default=10
        Words that it is told.
    n_documents : int, default=3
        Excerpts that it is told.
    excerpt_length : int, default=300
        Characters of an excerpt.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    cache : mutable mapping of str to str, optional
        Names by what the namer was told, such as a dict that is kept or ``shelve.open(path)``: it is not asked again.
    verbose : int, default=0
        Print a line after each topic.

    Returns
    -------
    named : fitted topic model or pipeline
        A new one, of a search with its best estimator, with ``topic_names_``: a list of str, and of None where there is
        no name. White space in names becomes one blank; to a name that is taken, words of the topic are added.

    Raises
    ------
    TypeError
        If ``namer`` is neither, or ``model`` holds no topic model of this package.
    ValueError
        If there are not as many texts as documents, a number is not 1 or more, or the mapping has a number that is no
        topic's, a name twice, or one that topics without a name have, such as "3" or "lntmtransformer3"; if
        ``covariates`` are not those that the model was fitted with, of these documents.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Warns
    -----
    UserWarning
        If the namer has failed for some topics, by raising an exception, or by an answer that is no text of 1 to 80
        characters: for which, and why for the first of them. These keep their words.

    Notes
    -----
    Excerpts are what somebody has written, and may ask a language model for something else than a name. The page on
    steering has a prompt that tells data from instructions; what is too long for a name is no name here.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm import LNTMTransformer, NamedVectorizer
    >>> from sklearn_etm.steering import name_topics
    >>> texts = ["star moon moon", "team goal goal", "moon star", "goal team team", "bread soup", "soup bread"] * 10
    >>> pipeline = make_pipeline(NamedVectorizer(), LNTMTransformer(3, random_state=0)).fit(texts)
    >>> named = name_topics(pipeline, texts, None, lambda words, documents, taken: f"about {words[0]}")
    >>> len(set(named[-1].topic_names_)), all(name.startswith("about ") for name in named[-1].topic_names_)
    (3, True)
    >>> name_topics(pipeline, texts, None, {1: "the one in the middle"})[-1].topic_names_
    [None, 'the one in the middle', None]
    """
    held = model_of(model)
    if isinstance(namer, Mapping):
        return with_model(model, lambda one: one._copy_with(**{TOPIC_NAMES: _by_hand(namer, held)}), keeps_topics=True)
    if not callable(namer):
        raise TypeError(
            "namer must be a mapping of topics to names, or callable, as namer(words, documents, taken); got "
            f"{namer!r}."
        )
    check_whole(n_words=n_words, n_documents=n_documents, excerpt_length=excerpt_length)
    corpus = corpus_of(model, X, covariates=covariates)
    known = texts_of(corpus.topics, X, texts, len(corpus.doc_topic))
    words = leading(corpus.topics.feature_names, relevance(corpus.topics.components, corpus.shares), n_words).tolist()
    standing = representatives_of(corpus, n_documents)
    cache = {} if cache is None else cache
    names: list[str | None] = [None] * len(words)
    others = names_without_one(held, len(words))
    failures: dict[int, Exception] = {}
    for k, told in enumerate(words):
        if k == held._model.background:
            continue
        documents = [] if known is None else [printable(excerpt(known[d], excerpt_length)) for d in standing[k]]
        try:
            name = _asked(namer, told, documents, _taken(names), cache)
            names[k] = None if name is None else _unique(name, [*_taken(names), *others], told)
        except Exception as error:  # of somebody else's code, or of a network
            failures[k] = error
        if verbose:
            print(f"topic {k}: {names[k] if k not in failures else f'no name, {failures[k]}'}")
    if failures:
        k, first = next(iter(failures.items()))
        warn(
            f"No names for the topics {list(failures)}, which keep their words. Of topic {k}: "
            f"{type(first).__name__}: {first}"
        )
    return with_model(model, lambda one: one._copy_with(**{TOPIC_NAMES: names}), keeps_topics=True)


def _taken(names: Sequence[str | None]) -> list[str]:
    return [name for name in names if name is not None]


def _asked(
    namer: Namer, words: list[str], documents: list[str], taken: list[str], cache: MutableMapping[str, str]
) -> str | None:
    """The name that the namer gives, now or in a former call that was told the same of the topic."""
    key = hashlib.sha256(json.dumps([words, documents]).encode()).hexdigest()
    if key in cache:
        return cache[key]
    answer = namer(list(words), list(documents), list(taken))
    if answer is None:
        return None
    if not isinstance(answer, str):
        raise TypeError(f"the namer must return a str, or None; got {type(answer).__name__}")
    cache[key] = name = _as_name(answer)
    return name


def _as_name(text: str) -> str:
    name = printable(" ".join(text.split()))
    if not 0 < len(name) <= MAX_LENGTH:
        raise ValueError(f"a name must have from 1 to {MAX_LENGTH} characters; got {len(name)}: {name[:MAX_LENGTH]!r}")
    return name


def _by_hand(given: Mapping[int, str], held: BaseTopicModel) -> list[str | None]:
    """The names that topics have, with those that are given."""
    K = len(held.components_)
    names = list(getattr(held, TOPIC_NAMES, None) or [None] * K)
    others = names_without_one(held, K)
    for k, name in given.items():
        if not isinstance(k, Integral) or not 0 <= k < K:
            raise ValueError(f"namer must map topics, 0 to {K - 1}, to names; got the topic {k!r}.")
        if not isinstance(name, str):
            raise TypeError(f"namer must map topics to names, each a str; got {name!r} for topic {k}.")
        names[k] = own = _as_name(name)
        if own.lower() in others:
            raise ValueError(f"Topics without a name are called so: {own!r}. Take another for topic {k}.")
    said = _taken(names)
    if twice := {name for name in said if said.count(name) > 1}:
        raise ValueError(f"Topics must have names of their own; got {sorted(twice)} more than once.")
    return names


def _unique(name: str, taken: list[str], words: list[str]) -> str:
    """The name, with as many words of the topic as set it apart from others."""
    others = {other.lower() for other in taken}
    variants = [name, *(f"{name} ({', '.join(words[:n])})" for n in range(1, len(words) + 1))]
    numbered = (f"{name} ({n})" for n in range(2, len(taken) + 3))  # of a topic with the same words
    return next(variant for variant in (*variants, *numbered) if variant.lower() not in others)
