"""Topics merged and dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from .._estimators.base import TOPIC_HISTORY, TOPIC_NAMES, BaseTopicModel
from .._estimators.counts import check_counts, learnable
from .._estimators.growth import LEAST_DOCUMENTS
from .._estimators.parameters import check_whole
from .._estimators.steered import Groups, extended, regrouped, tokens_of
from .._inputs.documents import documents_if_any
from .._inputs.topics import topics_of
from .._rows import Rows
from ._held import steerable, with_model


@np.errstate(under="ignore")
def merge_topics(model: Any, groups: Iterable[Iterable[int]], X: Any = None, *, covariates: Any = None) -> Any:
    r"""Make one topic of several that are one, and leave all others as they are.

    The words of a merged topic are those of its parts, by their tokens, and its prior is the sum of theirs:

    .. math:: \beta_g = \frac{\sum_{k \in g} n_k \beta_k}{\sum_{k \in g} n_k}, \quad a_g = \sum_{k \in g} a_k

    The encoder says of a document the sum of what it says of the parts; where `transform` refines its answer by the
    words of the document, it does so under the merged topics.

    Parameters
    ----------
    model : fitted topic model of this package, pipeline or search with one
        Not changed. Steps of a pipeline behind the topics, a classifier say, were fitted to their proportions: pass the
        part before them, ``pipeline[:-1]``.
    groups : iterable of iterables of int
        Topics that become one, ``[[3, 7], [1, 4, 9]]``. A group of one topic says nothing.
    X : documents, optional
        As the model's `fit` takes them; :math:`n_k` are then the tokens of each topic in them. By default they are
        those that the last round of EM expected. Models without such rounds (``em_iter=0``,
        `MonteCarloLNTMTransformer`) weigh topics by their prior.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.

    Returns
    -------
    merged : fitted topic model or pipeline
        A new one, of a search with its best estimator. A merged topic takes the place of the first of its group, the
        others keep their order, their words to the bit, and their prior; ``topic_history_`` tells the numbers. Its
        ``num_topics`` is the new number, and a ``doc_topic_prior`` of each topic is summed.

    Raises
    ------
    ValueError
        If a group is empty, a topic is not there or comes twice, or the background is in a group of several; if a step
        of a pipeline comes behind the topics; if the model is slim; if there are ``covariates`` without ``X``, or
        others than those of the model.
    TypeError
        If ``model`` holds no topic model of this package, or `ProdLDATransformer`, whose words come from all topics
        together; if topics are no whole numbers.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    See Also
    --------
    drop_topics : Leave topics out.
    extend_topics : Add those that new documents have.

    Notes
    -----
    `ETMTransformer` has topics that are vectors: the merged topic is the one whose words are nearest to the mixture.
    Correlations of a merged topic, and effects of covariates on it, are those of its parts to first order.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.steering import merge_topics
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> merged = merge_topics(model, [[0, 2]])
    >>> merged.transform(X).shape, merged.topic_history_[0]["topics"]
    ((300, 2), [[0, 2], [1]])
    >>> bool((merged.components_[1] == model.components_[1]).all())
    True
    """
    held = steerable(model)
    several = [_topics(group, held, f"groups[{i}]") for i, group in enumerate(_listed(groups, "groups"))]
    _check_groups(several, held)
    corpus = documents_if_any(topics_of(model), X, covariates)
    tokens = tokens_of(held) if corpus is None else corpus.lengths @ corpus.doc_topic
    now = all_groups(several, len(held.components_))
    return with_model(model, lambda one: _told(one, regrouped(one, _arrays(now), tokens), "merge_topics", now))


@np.errstate(under="ignore")
def drop_topics(model: Any, topics: Iterable[int]) -> Any:
    """Leave topics out, and all others as they are: tokens go where the other topics have their words.

    Documents have the proportions of the topics that are left, which `transform` refines by their words. Tokens that
    were expected in a topic that goes are given to the topics that use the same words, where `partial_fit` goes on.

    Parameters
    ----------
    model : fitted topic model of this package, pipeline or search with one
        Not changed, as in `merge_topics`.
    topics : iterable of int
        Numbers of the topics to leave out.

    Returns
    -------
    dropped : fitted topic model or pipeline
        A new one. Topics that are left keep their order, their words to the bit, and their prior; ``topic_history_``
        tells the numbers. Its ``num_topics`` is the new number.

    Raises
    ------
    ValueError
        If no topic would be left, or none beside the background; if a topic is not there, comes twice or is the
        background; if a step of a pipeline comes behind the topics; if the model is slim.
    TypeError, sklearn.exceptions.NotFittedError
        As `merge_topics` does.

    See Also
    --------
    merge_topics : Make one topic of several.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.steering import drop_topics
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> drop_topics(model, [1]).topic_history_[0]["topics"]
    [[0], [2]]
    """
    held = steerable(model)
    gone = _topics(topics, held, "topics")
    background = held._model.background
    if background in gone:
        raise ValueError(
            f"topics must not hold {background}, the background, which the other topics are told apart by. For a model "
            "without one fit with background=False."
        )
    now = [[k] for k in range(len(held.components_)) if k not in gone]
    if len(now) <= (background is not None):
        beside = " beside the background" if background is not None else ""
        raise ValueError(f"topics must leave one topic{beside}; got all {len(gone)}.")
    return with_model(model, lambda one: _told(one, regrouped(one, _arrays(now), tokens_of(one)), "drop_topics", now))


@np.errstate(under="ignore")
def extend_topics(model: Any, X_new: Any, max_new_topics: int = 10) -> Any:
    r"""Add topics that new documents have beside those of a model, and leave these as they are.

    Candidates are clusters of the half of the documents that the model explains worst. They are fitted by EM to three
    quarters of the documents, the topics of the model staying fixed; those are kept without which the held-out halves
    of the other documents would be less probable, by two standard errors and by a hundredth of what all of them bring.
    Where nothing is new, no topic is added.

    Parameters
    ----------
    model : fitted topic model of this package, pipeline or search with one
        Not changed, as in `merge_topics`.
    X_new : documents
        Of the vocabulary of the model, as its `fit` takes them: ten with a token or more, best some hundreds, old kinds
        among them as they come. Of more than 20,000 a sample decides which topics are added.
    max_new_topics : int, default=10
        Most topics to add.

    Returns
    -------
    extended : fitted topic model or pipeline
        A new one. New topics are behind the others, which keep their numbers, their words to the bit, and their prior;
        ``topic_history_`` has no former number for the new ones. The prior of a new topic is the mean of the others.
        The encoder learns when to name a new topic from these documents; ``n_samples_seen_`` counts them, and
        `partial_fit` goes on from the words expected in all.

    Raises
    ------
    ValueError
        If fewer than ten documents have a token, or counts are not valid; if a step of a pipeline comes behind the
        topics; if the model is slim; if ``max_new_topics`` is not 1 or more.
    TypeError, sklearn.exceptions.NotFittedError
        As `merge_topics` does.

    See Also
    --------
    merge_topics : Make one topic of several, where two of the new ones are one.

    Notes
    -----
    Deterministic. Words that the vocabulary does not have stay unknown: with `ETMTransformer`, extend the vocabulary
    first, `ETMTransformer.extend_vocabulary`.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.steering import extend_topics
    >>> corpus = make_topics_corpus(400, n_topics=4, n_features=60, random_state=0)
    >>> is_new = corpus.doc_topic[:, 3] > 0.2
    >>> old, new = corpus.data[~is_new], corpus.data[is_new]
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(old)
    >>> extended = extend_topics(model, new, max_new_topics=1)
    >>> extended.components_.shape, extended.topic_history_[0]["topics"]
    ((4, 60), [[0], [1], [2], []])
    >>> extended.perplexity(new) < 0.8 * model.perplexity(new)
    True
    """
    held = steerable(model)
    check_whole(max_new_topics=max_new_topics)
    X = learnable(held, Rows(check_counts(held, topics_of(model).counts(X_new), "transform"))).counts
    if X.shape[0] < LEAST_DOCUMENTS:
        raise ValueError(
            f"X_new has {X.shape[0]} documents with a token, and topics are not found in fewer than {LEAST_DOCUMENTS}."
        )

    def extend(one: BaseTopicModel) -> BaseTopicModel:
        after, K = extended(one, X.astype(np.float64), max_new_topics), len(one.components_)
        return _told(one, after, "extend_topics", [[k] if k < K else [] for k in range(len(after.components_))])

    return with_model(model, extend)


def all_groups(several: Sequence[Sequence[int]], K: int) -> list[list[int]]:
    """Groups of K topics, also those of one, each in the place of its first topic."""
    first = {group[0]: group for group in map(sorted, several)}
    gone = {k for group in several for k in group} - set(first)
    return [first.get(k, [k]) for k in range(K) if k not in gone]


def _told(before: BaseTopicModel, after: BaseTopicModel, step: str, topics: Sequence[Sequence[int]]) -> BaseTopicModel:
    """The new model, which says what its topics were; those that are as they were keep their names."""
    history = [*getattr(before, TOPIC_HISTORY, []), {"step": step, "topics": [list(group) for group in topics]}]
    attributes: dict[str, Any] = {TOPIC_HISTORY: history}
    if (names := getattr(before, TOPIC_NAMES, None)) is not None:
        attributes[TOPIC_NAMES] = [names[group[0]] if len(group) == 1 else None for group in topics]
    return after._copy_with(**attributes)


def _arrays(groups: Sequence[Sequence[int]]) -> Groups:
    return [np.array(group) for group in groups]


def _listed(given: Any, name: str) -> list[Any]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a list; got {given!r}.")
    return list(given)


def _topics(given: Any, model: BaseTopicModel, name: str) -> list[int]:
    """Numbers of topics, each there, and once."""
    topics, K = _listed(given, name), len(model.components_)
    for k in topics:
        if isinstance(k, bool | np.bool_) or not isinstance(k, Integral):
            raise TypeError(f"{name} must hold numbers of topics, whole ones; got {k!r}.")
        if not 0 <= int(k) < K:
            raise ValueError(f"{name} must hold numbers of topics from 0 to {K - 1}; got {k}.")
    if twice := sorted({int(k) for k in topics if topics.count(k) > 1}):
        raise ValueError(f"{name} must hold each topic once; {twice} come more often.")
    return [int(k) for k in topics]


def _check_groups(groups: Sequence[Sequence[int]], model: BaseTopicModel) -> None:
    if empty := [i for i, group in enumerate(groups) if not group]:
        raise ValueError(f"Each of groups must hold a topic; groups[{empty[0]}] is empty.")
    of_all = [k for group in groups for k in group]
    if twice := sorted({k for k in of_all if of_all.count(k) > 1}):
        raise ValueError(f"A topic can be in one of groups; {twice} are in several.")
    background = model._model.background
    if any(background in group and len(group) > 1 for group in groups):
        raise ValueError(
            f"Topic {background} is the background, of which each document has a share of its own: it cannot be "
            "merged. Leave it out of groups, or drop the other topics of its group."
        )
