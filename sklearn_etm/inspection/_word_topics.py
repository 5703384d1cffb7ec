"""Words of documents: which topic each comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._inputs.documents import Corpus, corpus_of, index_of, integers, labels_of_rows
from .._inputs.texts import analyzer_of
from .._sparse import entry_rows
from ._frame import frame
from ._words import labels_of, topic_given_word

_BLOCK_FLOATS = 2**22
_EDGES = re.compile(r"^\W+|\W+$")


@np.errstate(under="ignore")
def word_topics(
    model: Any, X: Any, *, return_distribution: bool = False, covariates: Any = None, feature_names: Any = None
) -> Any:
    r"""Which topic each word of documents comes from.

    The posterior probability that the topic :math:`k` has put the word :math:`v` into the document :math:`d`, given the
    topic proportions :math:`\theta_d` of the document, is

    .. math:: r_{dvk} = \frac{\theta_{dk} \beta_{kv}}{\sum_j \theta_{dj} \beta_{jv}}

    So one word may come from different topics in different documents. All occurrences in a document have the same.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics :math:`\beta`, and its ``transform``.
    X : documents as ``model`` was fitted on, or one text
        Texts for a pipeline, counts else.
    return_distribution : bool, default=False
        Whether to return the probabilities of all topics, too.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each document and each of its words that is in the vocabulary, in the order of ``X`` and of the
        vocabulary, with the columns

        - ``document``: its label in the index of ``X``, or its row where there is none
        - ``word``, ``count``: how often the document has it
        - ``topic``, ``label``, ``probability``: the topic of the largest :math:`r_{dvk}` (the first of equals), and how
          much that is, at most 1
    distribution : ndarray of shape (n_rows, num_topics)
        :math:`r_{dvk}` for each row of the table; rows sum to one. Only returned if ``return_distribution`` is True.

    Raises
    ------
    TypeError
        If ``model`` is an array, which cannot transform documents.
    ValueError
        If ``X`` is not what ``model`` was fitted on.

    See Also
    --------
    word_table : In which topics a word lives, over all documents.
    report : A page in which the words of documents have the colours of their topics.

    Notes
    -----
    A word that no topic has comes from the topics in the document's own proportions. Weights of topics that are no
    mixture (the product of experts of ProdLDA) are taken for one.

    References
    ----------
    .. [1] Hofmann, T. (1999). Probabilistic latent semantic indexing. SIGIR. Equation 3.

    Examples
    --------
    A bank is one thing beside rivers and another beside loans:

    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm.inspection import word_topics
    >>> texts = ["bank river water", "water river river", "bank loan money", "money loan loan"] * 20
    >>> lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    >>> table = word_topics(lda, ["bank river river", "bank loan money money"])
    >>> table[["document", "word", "count"]]
       document   word  count
    0         0   bank      1
    1         0  river      2
    2         1   bank      1
    3         1   loan      1
    4         1  money      2
    >>> topics = table["topic"].tolist()
    >>> topics[0] == topics[1] != topics[2] == topics[3]
    True
    """
    X = [X] if isinstance(X, str | bytes) else X
    index, corpus = index_of(X), corpus_of(model, X, feature_names, covariates)
    documents, words, times = _cells(corpus)
    topic, probability = _main_topics(corpus, documents, words)
    topics = corpus.topics
    table = frame(
        {
            "document": labels_of_rows(index, documents),
            "word": topics.feature_names[words],
            "count": times,
            "topic": topic,
            "label": labels_of(topics)[topic],
            "probability": probability,
        }
    )
    return (table, _responsibilities(corpus, documents, words)) if return_distribution else table


def topics_in_texts(corpus: Corpus, rows: NDArray[np.intp], texts: list[str]) -> list[list[int]]:
    """The topic that each word of some documents' texts comes from, where words are what stands between blanks.

    It is -1 for words that the document does not have in its counts, and the commonest one where a vectorizer makes
    several words of one, as of "goal-keeper".
    """
    part = corpus.rows(rows)
    documents, words, _ = _cells(part)
    topics, _ = _main_topics(part, documents, words)
    of_document: list[dict[int, int]] = [{} for _ in rows]
    for i, word, topic in zip(documents.tolist(), words.tolist(), topics.tolist(), strict=True):
        of_document[i][word] = topic
    columns = _reader(corpus)
    return [
        [_commonest([known[v] for v in columns(piece) if v in known]) for piece in text.split(" ")]
        for known, text in zip(of_document, texts, strict=True)
    ]


def _reader(corpus: Corpus) -> Callable[[str], list[int]]:
    """How a piece of text is read as columns: by the vectorizer, or as it is where this makes nothing of it."""
    column = {name: v for v, name in enumerate(corpus.topics.feature_names.tolist())}
    analyze = analyzer_of(corpus.topics.before)

    @cache
    def columns(piece: str) -> list[int]:
        plain = _EDGES.sub("", piece) or piece
        readings = ([] if analyze is None else analyze(piece), [piece], [plain], [plain.lower()])
        known = ([column[word] for word in words if word in column] for words in readings)
        return next(filter(None, known), [])

    return columns


def _commonest(topics: list[int]) -> int:
    return Counter(topics).most_common(1)[0][0] if topics else -1


def _cells(corpus: Corpus) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
    """Document, word and count of each cell that is not zero."""
    counts = corpus.counts
    return entry_rows(counts), counts.indices, integers(counts.data)


def _main_topics(
    corpus: Corpus, documents: NDArray[np.intp], words: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The topic that words of documents most probably come from, and how probable that is."""
    topic, probability = np.empty(len(words), dtype=np.intp), np.empty(len(words))
    step = max(1, _BLOCK_FLOATS // corpus.doc_topic.shape[1])
    for start in range(0, len(words), step):
        block = slice(start, start + step)
        distribution = _responsibilities(corpus, documents[block], words[block])
        topic[block], probability[block] = distribution.argmax(axis=1), distribution.max(axis=1)
    return topic, probability


def _responsibilities(corpus: Corpus, documents: NDArray[np.intp], words: NDArray[np.intp]) -> NDArray[np.float64]:
    """Probabilities of the topics that words of documents come from, (n, K)."""
    return topic_given_word(corpus.topics.components[:, words], corpus.doc_topic[documents].T).T
