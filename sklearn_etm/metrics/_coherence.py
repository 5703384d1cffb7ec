"""Coherence of topics: whether their top words belong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize

from .._inputs.names import column_names
from .._inputs.vectorizer import feature_names as carried_names
from ..embeddings._align import find_vectors, is_array
from ._validation import check_counts, check_dense, given_by_words
from ._words import UNKNOWN_WORDS, leading_columns, leading_words, topic_means


@np.errstate(under="ignore")
def npmi(
    components: Any, X: Any, *, n_words: int = 10, per_topic: bool = False, feature_names: Any = None
) -> float | NDArray[np.float64]:
    r"""Coherence of topics: normalised pointwise mutual information of their top words.

    The mean over all pairs of a topic's top words, and then over topics, of

    .. math:: \frac{\log \frac{p(w_i, w_j)}{p(w_i) \, p(w_j)}}{- \log p(w_i, w_j)}

    where :math:`p(w_i)` is the share of the documents of ``X`` that contain the word, and :math:`p(w_i, w_j)`
    the share that contain both.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features), or lists of str
        Any score by which words are to be ranked, as in :func:`top_word_columns`; or the words of each topic, the best
        first, of which the first ``n_words`` count, all where there are fewer.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Reference counts: of the documents the model was fitted on, or of any others with the same columns, such as
        held-out ones or a larger corpus read by the same vectorizer. Only which word occurs in which document matters.
    n_words : int, default=10
        Number of top words per topic, at least 2.
    per_topic : bool, default=False
        Whether to return the coherence of every topic rather than their mean.
    feature_names : sequence of str or mapping from words to columns, optional
        The word of each column of ``X``, which topics that are given by their words need; not where ``X`` tells it, as
        data frames and the counts of `NamedVectorizer` do.

    Returns
    -------
    npmi : float, or ndarray of shape (num_topics,)
        From -1 (never together) over 0 (independent) to 1 (only together); a ratio, without unit. By
        convention a pair found together in no document has -1, also when a word of it is in no document, and
        a pair found together in every document has 1.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 2 to ``n_features``, when ``X`` has other columns than ``components``,
        when ``X`` holds NaN, infinite or negative values or ``components`` NaN, or when either is not two-dimensional
        or is empty. Of lists of words, when a word is not in the vocabulary, or comes twice in it or in a topic; when
        a topic has fewer than two words; when nothing tells the words of the columns.

    See Also
    --------
    umass : Coherence by conditional probabilities.
    embedding_coherence : Coherence by word vectors.

    Notes
    -----
    A document is one window, however long. Figures with sliding windows of some words, the default of gensim's
    ``c_npmi``, are others.

    References
    ----------
    .. [1] Bouma, G. (2009). Normalized (pointwise) mutual information in collocation extraction. GSCL.
    .. [2] Lau, J. H., Newman, D. & Baldwin, T. (2014). Machine reading tea leaves: automatically evaluating
       topic coherence and topic model quality. EACL.

    Examples
    --------
    Words 0 and 1 are only found together, words 2 and 3 never:

    >>> from sklearn_etm.metrics import npmi
    >>> X = [[1, 2, 0, 0], [3, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    >>> components = [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    >>> npmi(components, X, n_words=2, per_topic=True)
    array([ 1., -1.])

    Topics of another tool, or chosen by hand, may be given by their words:

    >>> topics = [["star", "moon"], ["goal", "team"]]
    >>> npmi(topics, X, feature_names=["star", "moon", "goal", "team"], per_topic=True)
    array([ 1., -1.])
    """
    counts = _pair_document_counts(components, X, n_words, feature_names)
    return topic_means([_npmi(*(n / np.shape(X)[0] for n in of_topic)) for of_topic in counts], per_topic)


@np.errstate(under="ignore")
def umass(
    components: Any, X: Any, *, n_words: int = 10, per_topic: bool = False, feature_names: Any = None
) -> float | NDArray[np.float64]:
    r"""Coherence of topics: UMass, the log-probability of a top word given a higher-ranked one.

    The mean over all pairs of a topic's top words, :math:`w_j` ranked above :math:`w_i`, and then over
    topics, of

    .. math:: \log \frac{D(w_i, w_j) + 1}{D(w_j)}

    where :math:`D(w_j)` is the number of documents of ``X`` that contain the word, and :math:`D(w_i, w_j)`
    the number that contain both.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features), or lists of str
        Any score by which words are to be ranked, as in :func:`top_word_columns`; or the words of each topic, the best
        first, of which the first ``n_words`` count, all where there are fewer.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Reference counts: of the documents the model was fitted on, as in the paper, or of any others with the same
        columns. Only which word occurs in which document matters.
    n_words : int, default=10
        Number of top words per topic, at least 2.
    per_topic : bool, default=False
        Whether to return the coherence of every topic rather than their mean.
    feature_names : sequence of str or mapping from words to columns, optional
        The word of each column of ``X``, which topics that are given by their words need; not where ``X`` tells it, as
        data frames and the counts of `NamedVectorizer` do.

    Returns
    -------
    umass : float, or ndarray of shape (num_topics,)
        In nats per pair; higher is better, seldom above 0. By convention a pair has 0 when its higher-ranked
        word is in no document: such topics look good, so take reference counts in which the words occur.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 2 to ``n_features``, when ``X`` has other columns than ``components``,
        when ``X`` holds NaN, infinite or negative values or ``components`` NaN, or when either is not two-dimensional
        or is empty. Of lists of words, when a word is not in the vocabulary, or comes twice in it or in a topic; when
        a topic has fewer than two words; when nothing tells the words of the columns.

    See Also
    --------
    npmi : Coherence by mutual information, which follows human judgement more closely.

    Notes
    -----
    The paper takes the sum over pairs; the mean allows comparison between different ``n_words``.

    References
    ----------
    .. [1] Mimno, D., Wallach, H., Talley, E., Leenders, M. & McCallum, A. (2011). Optimizing semantic
       coherence in topic models. EMNLP.

    Examples
    --------
    Word 0 is in four documents, one of which has word 1: log(2 / 4).

    >>> from sklearn_etm.metrics import umass
    >>> round(umass([[0.6, 0.4]], [[1, 1], [2, 0], [1, 0], [1, 0]], n_words=2), 4)
    -0.6931
    """
    counts = _pair_document_counts(components, X, n_words, feature_names)
    pairs = [np.log((together + 1) / np.maximum(earlier, 1)) for together, _, earlier in counts]
    return topic_means(pairs, per_topic)


@np.errstate(under="ignore")
def embedding_coherence(
    components: Any, embeddings: Any, *, n_words: int = 10, per_topic: bool = False, feature_names: Any = None
) -> float | NDArray[np.float64]:
    r"""Coherence of topics: cosine similarity of the word vectors of their top words.

    The mean over all pairs of a topic's top words, and then over topics, of

    .. math:: \frac{\rho_i \cdot \rho_j}{\| \rho_i \| \, \| \rho_j \|}

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features), or lists of str
        Any score by which words are to be ranked, as in :func:`top_word_columns`; or the words of each topic, the best
        first, of which the first ``n_words`` count, all where there are fewer.
    embeddings : array-like of shape (n_features, embedding_size), or mapping from words to vectors, path or callable
        Word vectors :math:`\rho`, one for every column of ``components``, zeros for a word that has none; or what
        :func:`sklearn_etm.embeddings.align_embeddings` takes, which must have all of the top words. Best are such as
        were learned from another, larger corpus.
    n_words : int, default=10
        Number of top words per topic, at least 2.
    per_topic : bool, default=False
        Whether to return the coherence of every topic rather than their mean.
    feature_names : sequence of str or mapping from words to columns, optional
        The word of each column of ``components``, or of each row of ``embeddings``, where one of them is given by words
        and the other is an array.

    Returns
    -------
    coherence : float, or ndarray of shape (num_topics,)
        From -1 to 1 (all vectors point the same way); a ratio, without unit. By convention a pair has 0 when a vector
        of it is zero.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 2 to ``n_features``, when ``embeddings`` has not one row for every
        column of ``components`` or holds NaN or infinite values, when ``components`` holds NaN, or when either is not
        two-dimensional or is empty. Of words, when one has no vector or is not in the vocabulary, comes twice in a
        topic, or when a topic has fewer than two.

    See Also
    --------
    npmi : Coherence by the documents in which words occur together.

    References
    ----------
    .. [1] Fang, A., Macdonald, C., Ounis, I. & Habel, P. (2016). Using word embedding to evaluate the coherence of
       topics from Twitter data. SIGIR.
    .. [2] Ding, R., Nallapati, R. & Xiang, B. (2018). Coherence-aware neural topic modeling. EMNLP.

    Examples
    --------
    The vectors of words 0 and 1 point the same way, those of words 2 and 3 are at right angles:

    >>> from sklearn_etm.metrics import embedding_coherence
    >>> embeddings = [[1, 0], [2, 0], [0, 1], [3, 0]]
    >>> components = [[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]]
    >>> embedding_coherence(components, embeddings, n_words=2, per_topic=True)
    array([1., 0.])

    Topics may be given by their words, and vectors as well:

    >>> vectors = {"star": [1, 0], "moon": [2, 0], "goal": [0, 1], "team": [3, 0]}
    >>> embedding_coherence([["star", "moon"], ["goal", "team"]], vectors, per_topic=True)
    array([1., 0.])
    """
    columns, vectors = _columns_and_vectors(components, embeddings, n_words, feature_names)
    pairs = []
    for words in _with_pairs(columns, n_words):
        unit = normalize(vectors[words])
        pairs.append((unit @ unit.T)[np.tril_indices(len(words), k=-1)])
    return topic_means(pairs, per_topic)


def _npmi(together: NDArray[Any], later: NDArray[Any], earlier: NDArray[Any]) -> NDArray[np.float64]:
    """NPMI of pairs, of the shares of documents with both words, and with each."""
    pairs = np.where(together == 1, 1.0, -1.0)
    regular = (together > 0) & (together < 1)
    joint = together[regular]
    pairs[regular] = np.log(joint / (later * earlier)[regular]) / -np.log(joint)
    return pairs


def _pair_document_counts(
    components: Any, X: Any, n_words: int, feature_names: Any
) -> Iterator[tuple[NDArray[np.float64], ...]]:
    """Count the documents with both words, the lower-ranked and the higher-ranked one of pairs of top words.

    Yields three arrays of shape (n_pairs,) for each topic.
    """
    if given_by_words(components):
        known = (feature_names, carried_names(X), getattr(X, "columns", None))
        names = _names(next((names for names in known if names is not None), None))
        columns, counts = leading_columns(components, n_words, names), check_counts(X, "X", len(names), "feature_names")
    else:
        columns = leading_columns(components, n_words)
        counts = check_counts(X, "X", n_columns=np.shape(components)[1])
    present = counts.astype(bool).astype(np.float64).tocsc()
    for words in _with_pairs(columns, n_words):
        together = (present[:, words].T @ present[:, words]).toarray()
        single = np.diagonal(together)
        later, earlier = np.tril_indices(len(words), k=-1)
        yield together[later, earlier], single[later], single[earlier]


def _columns_and_vectors(
    components: Any, embeddings: Any, n_words: int, feature_names: Any
) -> tuple[list[NDArray[np.intp]], NDArray[np.float64]]:
    """Rows of the top words of every topic, and the vectors that these are rows of."""
    by_words = given_by_words(components)
    if not is_array(embeddings):
        if not by_words:
            names = _names(feature_names, np.shape(components)[1])
            components = [[names[v] for v in topic] for topic in leading_columns(components, n_words)]
        return leading_columns(components, n_words), _vectors_of(leading_words(components, n_words), embeddings)
    columns = leading_columns(components, n_words, _names(feature_names) if by_words else None)
    vectors = check_dense(embeddings, "embeddings")
    n_columns = len(_names(feature_names)) if by_words else np.shape(components)[1]
    if len(vectors) != n_columns:
        raise ValueError(
            f"embeddings must have one row for each of the {n_columns} columns of "
            f"{'feature_names' if by_words else 'components'}; got {len(vectors)} rows."
        )
    return columns, vectors


def _vectors_of(topics: list[list[str]], embeddings: Any) -> NDArray[np.float64]:
    """Vectors of the words of topics, in the order of the alphabet."""
    words = sorted({word for topic in topics for word in topic})
    found = find_vectors(embeddings, words)
    if not found.known.all():
        unknown = [word for word, known in zip(words, found.known, strict=True) if not known]
        raise ValueError(f"embeddings has no vector of {len(unknown)} words, such as {unknown[:5]}.{UNKNOWN_WORDS}")
    return check_dense(found.rows, "embeddings")


def _names(feature_names: Any, n_features: int | None = None) -> list[str]:
    """The word of each column."""
    if feature_names is None:
        raise ValueError(
            "Words can only be told from columns where the word of each column is known: pass "
            "feature_names=vectorizer.get_feature_names_out()."
        )
    return column_names(feature_names, n_features)


def _with_pairs(columns: list[NDArray[np.intp]], n_words: int) -> list[NDArray[np.intp]]:
    """Return the columns of the words of topics, if there are at least two each."""
    if n_words < 2:
        raise ValueError(f"n_words must be at least 2, for pairs of words; got {n_words}.")
    for k, words in enumerate(columns):
        if len(words) < 2:
            raise ValueError(f"A topic must have at least 2 words, for pairs of them; topic {k} has one.")
    return columns
