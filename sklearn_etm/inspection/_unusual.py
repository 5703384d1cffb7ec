"""Documents that fit nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.utils import check_scalar

from .._inputs.documents import Corpus, corpus_of, index_of, labels_of_rows, texts_of
from .._inputs.texts import analyzer_of
from .._sparse import row_sums
from ..metrics import completion_log_likelihood
from ._documents import text_column
from ._frame import frame
from ._words import labels_of

MAD = 1.4826  # standard deviations of a normal in a median of absolute deviations
LEAST_PROBABILITY = 1e-12


@np.errstate(under="ignore")
def unusual_documents(
    model: Any, X: Any, texts: Any = None, *, n: int | None = None, covariates: Any = None, feature_names: Any = None
) -> Any:
    r"""Documents that fit nowhere, the most unusual first.

    What the topics of a document say of its words beyond how common these are is, per token,

    .. math:: g_d = \frac{1}{N_d} \sum_v x_{dv} \log \frac{\sum_k \theta_{dk} \beta_{kv}}{p_v}

    with :math:`p_v` the share of the word among all tokens of ``X``. Its ``score`` is how far it is below what is usual
    for documents of that length, in standard deviations: :math:`(m_d - g_d) / s_d`, where :math:`m_d = a + b / N_d` and
    :math:`s_d^2 = c + e / N_d` are fitted to all documents by their medians.

    No document is an outlier by itself: where to draw a line is the reader's choice. A score above 3 is rare.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else: the corpus that is usual, with what may be unusual in it.
    texts : sequence of str, optional
        The text of each row of ``X``; by default ``X`` itself, if it is texts.
    n : int, optional
        Number of documents; by default all.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        With the columns

        - ``document``: its label in the index of ``X`` or ``texts``, or its row where there is none
        - ``score``: how unusual it is, in standard deviations; NaN for a document without known words, which comes last
        - ``unknown_share``: share of its words that are not in the vocabulary, where texts and the vectorizer's way to
          read them are known; 0 for a text without words
        - ``length``: its number of known words
        - ``topic``, ``label``, ``proportion``: its main topic, and how much of it that is
        - ``text``: the beginning of its text, where texts are known

    Raises
    ------
    TypeError
        If ``model`` is an array, which cannot transform documents, or ``n`` is not an integer.
    ValueError
        If ``n`` is less than 1, if fewer than five documents have known words, or there are not as many texts as
        documents.

    Notes
    -----
    Words of rare documents are rare as well: a score by probability alone would find those. Copies of an unusual
    document are usual where there are enough of them to make a topic.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm.inspection import unusual_documents
    >>> texts = ["star moon star", "moon star moon", "goal team goal", "team goal team"] * 10 + ["goal star moon team"]
    >>> lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    >>> unusual_documents(lda, texts, n=1)["text"].tolist()
    ['goal star moon team']
    """
    index, corpus = index_of(X, texts), corpus_of(model, X, feature_names, covariates)
    n = None if n is None else check_scalar(n, "n", Integral, min_val=1)
    known = texts_of(corpus.topics, X, texts, len(corpus.doc_topic))
    score = _scores(corpus)
    rows = np.argsort(-np.where(np.isnan(score), -np.inf, score), kind="stable")[:n]
    main = corpus.doc_topic[rows].argmax(axis=1)
    columns: dict[str, Any] = {"document": labels_of_rows(index, rows), "score": score[rows]}
    if known is not None and (shares := _unknown_shares(corpus, [known[i] for i in rows])) is not None:
        columns["unknown_share"] = shares
    columns |= {
        "length": corpus.lengths[rows],
        "topic": main,
        "label": labels_of(corpus.topics)[main],
        "proportion": corpus.doc_topic[rows, main],
    }
    return frame(columns | text_column(known, rows))


def _scores(corpus: Corpus) -> NDArray[np.float64]:
    """How far each document is below what is usual, (n_samples,)."""
    counts, length = corpus.counts, row_sums(corpus.counts)
    filled = length > 0
    if filled.sum() < 5:
        raise ValueError(f"X has {filled.sum()} documents with known words: what is usual takes five or more.")
    share = np.maximum(corpus.word_counts, LEAST_PROBABILITY) / corpus.word_counts.sum()
    components = np.maximum(corpus.topics.components, LEAST_PROBABILITY)
    components = components / components.sum(axis=1, keepdims=True)
    explained = completion_log_likelihood(corpus.doc_topic[filled], components, counts[filled])
    gain = (explained - counts[filled] @ np.log(share)) / length[filled]
    usual, spread = _usual(gain, 1 / length[filled])
    out = np.full(len(length), np.nan)
    out[filled] = (usual - gain) / spread
    return out


def _usual(gain: NDArray[np.float64], of_length: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """What is usual, and how much it varies, as lines over 1 / length: of medians, which outliers hardly move."""
    order = np.argsort(of_length, kind="stable")
    bins = np.array_split(order, max(min(len(order) // 50, 20), 1))
    at = np.array([of_length[b].mean() for b in bins])
    middle = np.array([np.median(gain[b]) for b in bins])
    line = np.linalg.lstsq(_terms(at)[:, : len(bins)], middle, rcond=None)[0]
    usual = _terms(of_length)[:, : len(line)] @ line
    variance = np.array([(MAD * np.median(np.abs(gain[b] - usual[b]))) ** 2 for b in bins])
    spread = np.sqrt(_terms(of_length) @ nnls(_terms(at), variance)[0])
    return usual, np.maximum(spread, 1e-6 * (1 + np.abs(usual)))


def _terms(of_length: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a line over 1 / length is a sum of, (n, 2)."""
    return np.column_stack([np.ones_like(of_length), of_length])


def _unknown_shares(corpus: Corpus, texts: Sequence[str]) -> NDArray[np.float64] | None:
    """Share of the words of texts that are not in the vocabulary; None where it is not known how to read them."""
    analyze = analyzer_of(corpus.topics.before)
    if analyze is None:
        return None
    vocabulary = set(corpus.topics.feature_names.tolist())
    words = [analyze(text) for text in texts]
    return np.array([sum(word not in vocabulary for word in read) / max(len(read), 1) for read in words])
