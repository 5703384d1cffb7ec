"""All topics at a glance."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import metrics
from .._inputs.documents import documents_if_any
from .._inputs.topics import topics_of
from .._inputs.weights import check_weights
from ..metrics._health import document_shares
from ._frame import frame
from ._words import frex, labels_of, leading, relevance

_ORDERS = ("share", "topic")


@np.errstate(under="ignore")
def topic_table(
    model: Any,
    X: Any = None,
    *,
    n_words: int = 10,
    sort: str = "share",
    threshold: float = 0.1,
    sample_weight: Any = None,
    covariates: Any = None,
    feature_names: Any = None,
) -> Any:
    """All topics at a glance, one row a topic.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics.
    X : documents as ``model`` was fitted on, optional
        Texts for a pipeline, counts else.
    n_words : int, default=10
        Number of words to list and to measure; where the vocabulary has fewer, all of them.
    sort : {"share", "topic"}, default="share"
        Order of the rows: the largest topic first, or by number. Without ``X`` it is always by number.
    threshold : float, default=0.1
        Smallest proportion of a topic in a document that counts in ``document_share``, above 0 and at most 1.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each document of ``X`` counts in ``share``, ``prevalence`` and ``document_share``; once where it is
        None.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        With the columns

        - ``topic``: its row in ``components_``
        - ``label``: see :func:`topic_labels`
        - ``share``: of all tokens of ``X``, the mean proportion over documents, weighted by their length
        - ``prevalence``: the mean proportion over the documents of ``X``, each counting the same
        - ``document_share``: share of the documents of ``X`` with a proportion of ``threshold`` or more
        - ``words``, ``words_by_relevance``, ``words_by_frex``: see :func:`word_scores`; joined by ", "
        - ``coherence``: :func:`sklearn_etm.metrics.npmi` of ``words`` on ``X``
        - ``exclusivity``: :func:`sklearn_etm.metrics.exclusivity` of ``words``

        ``share``, ``prevalence``, ``document_share`` and ``coherence`` are there where ``X`` is given.

    Raises
    ------
    ValueError
        If ``n_words`` is not a positive integer, ``sort`` is none of the two, or ``threshold`` is not in (0, 1];
        if there are ``covariates`` without ``X``, or others than those of the model.
    TypeError
        If ``X`` is given with topics that are an array.

    Notes
    -----
    A document without known words counts in ``prevalence`` and ``document_share`` with what ``transform`` gives it.
    Coherence is a matter of pairs of words, and is not given where there is one.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm.inspection import topic_table
    >>> texts = ["star moon star", "goal team goal"] * 10
    >>> lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    >>> topic_table(lda, texts, n_words=2, threshold=0.5)[["label", "document_share", "words", "coherence"]]
                  label  document_share       words  coherence
    0  star, moon, team             0.5  star, moon        1.0
    1  goal, team, moon             0.5  goal, team        1.0
    """
    if sort not in _ORDERS:
        raise ValueError(f"sort must be one of {list(_ORDERS)}; got {sort!r}.")
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be a number above 0 and at most 1; got {threshold!r}.")
    topics = topics_of(model, feature_names)
    components, names = topics.components, topics.feature_names
    corpus = documents_if_any(topics, X, covariates)
    weights = None if corpus is None else check_weights(sample_weight, len(corpus.doc_topic))
    shares = None if corpus is None else corpus.weighted_shares(weights)
    scores = {
        "words": components,
        "words_by_relevance": relevance(components, shares),
        "words_by_frex": frex(components),
    }
    columns: dict[str, Any] = {"topic": np.arange(len(components)), "label": labels_of(topics)}
    if corpus is not None:
        columns |= {
            "share": shares,
            "prevalence": np.average(corpus.doc_topic, axis=0, weights=weights),
            "document_share": document_shares(corpus.doc_topic, threshold, weights),
        }
    columns |= {name: [", ".join(words) for words in leading(names, score, n_words)] for name, score in scores.items()}
    n_measured = min(n_words, len(names))
    if corpus is not None and n_measured > 1:
        columns["coherence"] = metrics.npmi(components, corpus.counts, n_words=n_measured, per_topic=True)
    columns["exclusivity"] = metrics.exclusivity(components, n_words=n_measured, per_topic=True)
    order = np.argsort(-shares, kind="stable") if shares is not None and sort == "share" else columns["topic"]
    return frame({name: np.asarray(values)[order] for name, values in columns.items()})
