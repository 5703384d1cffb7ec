"""Documents: what each is about, which stand for a topic, and which are alike."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import entropy
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import check_scalar

from .._inputs.documents import Corpus, corpus_of, covariates_of, excerpt, index_of, labels_of_rows, texts_of
from ._frame import frame
from ._words import labels_of

PRIOR_TOKENS = 10.0  # average tokens that are added to a document that is to stand for a topic


@np.errstate(under="ignore")
def document_table(
    model: Any, X: Any, texts: Any = None, *, n_topics: int = 3, covariates: Any = None, feature_names: Any = None
) -> Any:
    """What each document is about, one row a document.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    texts : sequence of str, optional
        The text of each row of ``X``; by default ``X`` itself, if it is texts.
    n_topics : int, default=3
        How many topics to list; where the model has fewer, all of them.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        In the order of ``X``, with the index of ``X`` or, where that has none, of ``texts``, so that it can be joined
        with a Series or DataFrame that they are or come from, and with the columns

        - ``document``: its label in this index, or its row where there is none
        - ``topic``, ``label``, ``proportion``: its main topic (the first of equals), and how much of it that is
        - ``topic_2``, ``proportion_2``, ... : the topics that follow
        - ``entropy``: of its topic proportions, in nats; from 0 (one topic) to the logarithm of the number of topics
        - ``length``: sum of its row of counts, which is its number of known words
        - ``text``: the beginning of its text, where texts are known

        A document without known words is listed with what ``transform`` gives it, and has the length 0.

    Raises
    ------
    TypeError
        If ``model`` is an array, which cannot transform documents, or ``n_topics`` is not an integer.
    ValueError
        If ``n_topics`` is less than 1, there are not as many texts as documents, or ``texts`` has the index of ``X`` in
        another order.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm.inspection import document_table
    >>> texts = ["star moon star", "goal team goal", "moon star moon", "team goal", "star goal"]
    >>> lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    >>> table = document_table(lda, texts)
    >>> list(table.columns)
    ['document', 'topic', 'label', 'proportion', 'topic_2', 'proportion_2', 'entropy', 'length', 'text']
    >>> table["length"].tolist()
    [3, 3, 3, 2, 2]
    """
    index, corpus = index_of(X, texts), corpus_of(model, X, feature_names, covariates)
    n_topics = min(check_scalar(n_topics, "n_topics", Integral, min_val=1), corpus.doc_topic.shape[1])
    order = np.argsort(-corpus.doc_topic, axis=1, kind="stable")[:, :n_topics]
    rows = np.arange(len(order))
    proportions = np.take_along_axis(corpus.doc_topic, order, axis=1)
    labels = labels_of(corpus.topics)
    columns: dict[str, Any] = {
        "document": labels_of_rows(index, rows),
        "topic": order[:, 0],
        "label": labels[order[:, 0]],
        "proportion": proportions[:, 0],
    }
    for i in range(1, n_topics):
        columns |= {f"topic_{i + 1}": order[:, i], f"proportion_{i + 1}": proportions[:, i]}
    known = texts_of(corpus.topics, X, texts, len(rows))
    columns |= {"entropy": entropy(corpus.doc_topic, axis=1), "length": corpus.lengths}
    return frame(columns | text_column(known, rows), index)


@np.errstate(under="ignore")
def representative_documents(
    model: Any,
    X: Any,
    texts: Any = None,
    *,
    n: int = 3,
    prior_tokens: float = PRIOR_TOKENS,
    covariates: Any = None,
    feature_names: Any = None,
) -> Any:
    r"""The documents that stand for each topic.

    Documents are ranked by the proportion :math:`\theta_{dk}` of the topic in them, drawn towards its share
    :math:`\pi_k` of all tokens as if :math:`m` average tokens were added to the :math:`N_d` of the document,

    .. math:: \frac{N_d \theta_{dk} + m \pi_k}{N_d + m}

    so that of documents with equal proportions the longest comes first, and a few words are not enough to lead. Copies
    of a document, which have the same words as often, are left out.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    texts : sequence of str, optional
        The text of each row of ``X``; by default ``X`` itself, if it is texts.
    n : int, default=3
        Number of documents for each topic; where ``X`` has fewer different ones, all of them are listed.
    prior_tokens : float, default=10
        :math:`m`, in tokens; 0 ranks by proportions alone.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        ``n`` rows a topic, the best document first, of equal ones and of copies the first in ``X``, with the columns
        ``topic``, ``label``, ``document`` (its label in the index of ``X``, or of ``texts`` where ``X`` has none; its
        row where both have none), ``proportion`` (:math:`\theta_{dk}` itself), ``length`` (sum of its row of counts)
        and, where texts are known, ``text``, the beginning of its text.

    Raises
    ------
    TypeError
        If ``model`` is an array, which cannot transform documents, or ``n`` is not an integer.
    ValueError
        If ``n`` is less than 1, ``prior_tokens`` is negative, there are not as many texts as documents, or ``texts``
        has the index of ``X`` in another order.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.inspection import representative_documents
    >>> X = [[2, 0], [20, 0], [10, 10], [0, 20], [0, 2]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> table = representative_documents(lda, X, n=1, feature_names=["star", "goal"])
    >>> sorted(table["document"].tolist())
    [1, 3]
    """
    n = check_scalar(n, "n", Integral, min_val=1)
    if not prior_tokens >= 0:
        raise ValueError(f"prior_tokens must not be negative; got {prior_tokens!r}.")
    index, corpus = index_of(X, texts), corpus_of(model, X, feature_names, covariates)
    known = texts_of(corpus.topics, X, texts, len(corpus.doc_topic))
    lengths, best = corpus.lengths, representatives_of(corpus, n, prior_tokens)
    topic, rows = np.repeat(np.arange(len(best)), best.shape[1]), best.ravel()
    columns = {
        "topic": topic,
        "label": labels_of(corpus.topics)[topic],
        "document": labels_of_rows(index, rows),
        "proportion": corpus.doc_topic[rows, topic],
        "length": lengths[rows],
    }
    return frame(columns | text_column(known, rows))


@np.errstate(under="ignore")
def similar_documents(
    model: Any,
    X: Any,
    query: Any,
    texts: Any = None,
    *,
    n: int = 10,
    covariates: Any = None,
    query_covariates: Any = None,
) -> Any:
    r"""Documents that are about the same topics.

    Similarity is one minus the Hellinger distance between topic proportions,

    .. math:: 1 - \sqrt{\tfrac{1}{2} \sum_k (\sqrt{\theta_{qk}} - \sqrt{\theta_{dk}})^2}

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Only its ``transform`` matters.
    X : documents as ``model`` was fitted on
        Those to search: texts for a pipeline, counts else.
    query : documents of the same kind, or one text
        Those to find others for, in a list or rows of a matrix. Documents of ``X`` find themselves first, or the one
        that they are a copy of.
    texts : sequence of str, optional
        The text of each row of ``X``; by default ``X`` itself, if it is texts.
    n : int, default=10
        Number of documents to find for each; where ``X`` has fewer different ones, all of them are listed.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    query_covariates : {array-like, sparse matrix} of shape (n_queries, n_covariates), optional
        The same of ``query``.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        ``n`` rows a query, the nearest first, with the columns ``query`` (its label in the index of ``query``, or its
        row where there is none), ``document`` (its label in the index of ``X``, or of ``texts`` where ``X`` has none;
        its row where both have none), ``similarity`` (from 0, no topic in common, to 1) and, where texts are known,
        ``text``, the beginning of its text.

    Raises
    ------
    TypeError
        If ``model`` is an array, which cannot transform documents, or ``n`` is not an integer.
    ValueError
        If ``n`` is less than 1, there are not as many texts as documents, or ``texts`` has the index of ``X`` in
        another order; if covariates are not those that the model was fitted with, of these documents.

    Notes
    -----
    Of copies of a document, which have the same words as often, the first is found alone. Documents without known words
    are copies of each other in this sense.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.inspection import similar_documents
    >>> X = [[9, 0], [7, 1], [1, 9], [5, 5]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> similar_documents(lda, X, [[0, 8]], n=2)["document"].tolist()
    [2, 3]
    """
    n = check_scalar(n, "n", Integral, min_val=1)
    query = [query] if isinstance(query, str | bytes) else query
    index, corpus = index_of(X, texts), corpus_of(model, X, covariates=covariates)
    asked = corpus.topics.counts(query)
    known_of_query = covariates_of(corpus.topics, query, asked, query_covariates, "query_covariates", "query")
    known, different = texts_of(corpus.topics, X, texts, len(corpus.doc_topic)), corpus.different
    points = np.sqrt(corpus.doc_topic[different])
    sought = np.sqrt(corpus.topics._replace(before=()).doc_topic(asked, known_of_query))
    distances, nearest = NearestNeighbors(n_neighbors=min(n, len(points))).fit(points).kneighbors(sought)
    rows = different[nearest.ravel()]
    columns = {
        "query": labels_of_rows(index_of(query), np.repeat(np.arange(len(nearest)), nearest.shape[1])),
        "document": labels_of_rows(index, rows),
        "similarity": 1 - distances.ravel() / np.sqrt(2),
    }
    return frame(columns | text_column(known, rows))


def representatives_of(corpus: Corpus, n: int, prior_tokens: float = PRIOR_TOKENS) -> NDArray[np.intp]:
    """Rows of the documents that stand for each topic, (K, n) or fewer, none of them a copy of another."""
    different, lengths = corpus.different, corpus.lengths
    return different[_representatives(corpus.doc_topic[different], lengths[different], corpus.shares, n, prior_tokens)]


def _representatives(
    doc_topic: NDArray[Any], lengths: NDArray[Any], shares: NDArray[Any], n: int, prior_tokens: float
) -> NDArray[np.intp]:
    """Rows of the documents that stand for each topic, (K, min(n, n_samples))."""
    weight = lengths + prior_tokens
    tokens = lengths[:, None] * doc_topic + prior_tokens * shares
    evidence = tokens / np.where(weight > 0, weight, 1.0)[:, None]
    return np.argsort(-evidence.T, axis=1, kind="stable")[:, :n]


def text_column(texts: list[str] | None, documents: NDArray[np.intp]) -> dict[str, Any]:
    """The beginnings of the documents' texts, if they are known."""
    return {} if texts is None else {"text": [excerpt(texts[i]) for i in documents]}
