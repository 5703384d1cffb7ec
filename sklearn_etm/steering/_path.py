"""The path of K: one fit with many topics, merged step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._estimators.counts import check_rows
from .._estimators.parameters import check_whole
from .._inputs.documents import covariates_of, documents_of
from .._inputs.topics import topics_of
from ..inspection import TopicHierarchy
from ..inspection._frame import frame
from ..inspection._hierarchy import hierarchy_of
from ..metrics import npmi
from ._held import steerable
from ._topics import all_groups

N_STEPS = 15  # numbers of topics that are looked at by default


@dataclass(frozen=True, eq=False)
class NumTopicsPath:
    """Scores at each number of topics, as `num_topics_path` finds them.

    Attributes
    ----------
    num_topics : ndarray of shape (n_steps,)
        Numbers of topics, the background among them, the most first.
    completion, completion_error : ndarray of shape (n_steps,)
        Mean log-likelihood of a held-out token in nats, and its standard error over documents.
    coherence, coherence_error : ndarray of shape (n_steps,)
        Mean NPMI of the topics, and its standard error over topics.
    hierarchy : TopicHierarchy
        The merges.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.steering import num_topics_path
    >>> X = make_topics_corpus(400, n_topics=2, n_features=60, random_state=0).data
    >>> path = num_topics_path(LNTMTransformer(num_topics=3, random_state=0).fit(X[:300]), X[:300], X[300:])
    >>> len(path.table), path.best, [len(group) for group in path.groups(2)]
    (2, 2, [2])
    """

    num_topics: NDArray[np.intp]
    completion: NDArray[np.float64]
    completion_error: NDArray[np.float64]
    coherence: NDArray[np.float64]
    coherence_error: NDArray[np.float64]
    hierarchy: TopicHierarchy

    @property
    def table(self) -> Any:
        """One row a number of topics: a DataFrame, or a dict of arrays where pandas is not installed."""
        names = ["num_topics", "completion", "completion_error", "coherence", "coherence_error"]
        return frame({name: getattr(self, name) for name in names})

    @property
    def best(self) -> int:
        """The least number of topics whose completion is within one standard error of the best."""
        top = self.completion.argmax()
        return int(self.num_topics[self.completion >= self.completion[top] - self.completion_error[top]].min())

    def groups(self, num_topics: int | None = None) -> list[list[int]]:
        """What `merge_topics` takes to come to a number of topics, by default ``best``.

        Parameters
        ----------
        num_topics : int, optional
            The background, where there is one, is among them.

        Returns
        -------
        groups : list of list of int

        Raises
        ------
        TypeError, ValueError
            If ``num_topics`` is no integer, or out of range.
        """
        n_leaves = len(self.hierarchy.leaves)
        has_background = bool(self.hierarchy.leaves[0] == 1)
        wanted = self.best if num_topics is None else num_topics
        check_whole(num_topics=wanted)
        if not 1 + has_background <= wanted <= n_leaves + has_background:
            raise ValueError(
                f"num_topics must be from {1 + has_background} to {n_leaves + has_background}; got {wanted}."
            )
        return self.hierarchy.cut(int(wanted) - has_background)


@np.errstate(under="ignore")
def num_topics_path(
    model: Any,
    X: Any,
    X_heldout: Any,
    *,
    num_topics: Sequence[int] | None = None,
    n_words: int = 10,
    covariates: Any = None,
    heldout_covariates: Any = None,
) -> NumTopicsPath:
    """Scores of a model at every number of topics below its own, without another fit.

    Topics are merged in the order of `sklearn_etm.inspection.topic_hierarchy`, the cheapest merge first, so that topics
    of one number are groups of those of the number before.

    Parameters
    ----------
    model : fitted topic model of this package, pipeline or search with one
        Of as many topics as could be of use, or more; the path depends on it. Not changed.
    X : documents, as the model's `fit` takes them
        Those of the fit: topics are weighed, and their coherence is measured, in them.
    X_heldout : documents
        Others, on which completion is measured.
    num_topics : sequence of int, optional
        Where to look, the background among them. By default at about 15 numbers from that of the model to 2.
    n_words : int, default=10
        Words of a topic whose coherence is measured.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    heldout_covariates : {array-like, sparse matrix} of shape (n_heldout, n_covariates), optional
        The same of ``X_heldout``.

    Returns
    -------
    path : NumTopicsPath
        With ``table``; ``best``, the least number within one standard error of the best completion; and ``groups``,
        what `merge_topics` takes to come there.

    Raises
    ------
    ValueError
        If a number of topics is out of range, no held-out document has two tokens, or there are fewer than two topics
        beside the background; if the model is slim; if covariates are not those that the model was fitted with, of
        these documents.
    TypeError, sklearn.exceptions.NotFittedError
        As `merge_topics` does.

    See Also
    --------
    sklearn_etm.metrics.one_standard_error : The same choice from separate fits.

    Notes
    -----
    Time is that of a `transform` of the held-out documents for each number. Merged topics are mixtures of their parts
    here, also those of `ETMTransformer`.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.steering import merge_topics, num_topics_path
    >>> X = make_topics_corpus(400, n_topics=2, n_features=60, random_state=0).data
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X[:300])
    >>> path = num_topics_path(model, X[:300], X[300:])
    >>> path.num_topics.tolist(), path.best
    ([3, 2], 2)
    >>> merge_topics(model, path.groups()).components_.shape
    (2, 60)
    """
    held, topics = steerable(model), topics_of(model)
    check_whole(n_words=n_words)
    K, least = len(topics.components), 1 + (topics.background is not None)
    steps = _steps(num_topics, K, least)
    counts = topics.counts(X_heldout)
    known = covariates_of(topics, X_heldout, counts, heldout_covariates, "heldout_covariates", "X_heldout")
    heldout = check_rows(held, counts, None, "score", covariates=known)
    corpus = documents_of(topics, X, covariates)
    tokens = corpus.lengths @ corpus.doc_topic
    hierarchy = hierarchy_of(topics, corpus.shares, "likelihood", n_words)
    rows = []
    for n in steps:
        groups = all_groups(hierarchy.cut(n - least + 1), K)
        merged = held._model.regrouped([np.array(group) for group in groups], tokens)
        log_likelihood, length = held._completion(merged, heldout)
        n_tokens = length.sum()
        if not n_tokens:
            raise ValueError("X_heldout must have a document of two tokens or more, of which one can be held out.")
        completion = log_likelihood.sum() / n_tokens
        error = np.sqrt(((log_likelihood - completion * length) ** 2).sum()) / n_tokens
        beside = merged.components[least - 1 :]
        coherence = np.asarray(npmi(beside, corpus.counts, n_words=min(n_words, beside.shape[1]), per_topic=True))
        rows.append([completion, error, coherence.mean(), coherence.std() / np.sqrt(len(coherence))])
    completion, completion_error, coherence, coherence_error = np.array(rows).T
    return NumTopicsPath(np.array(steps), completion, completion_error, coherence, coherence_error, hierarchy)


def _steps(given: Sequence[int] | None, K: int, least: int) -> list[int]:
    """Numbers of topics to look at, the most first."""
    if given is None:
        first = min(max(2, least), K)
        return sorted({round(n) for n in np.geomspace(first, K, N_STEPS)}, reverse=True)
    for n in given:
        check_whole(num_topics=n)
    steps = sorted({int(n) for n in given}, reverse=True)
    if not steps or steps[0] > K or steps[-1] < least:
        raise ValueError(f"num_topics must hold numbers of topics from {least} to {K}; got {list(given)}.")
    return steps
