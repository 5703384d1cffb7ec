"""Coherence of topics: whether their top words belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.preprocessing import normalize

from ._validation import check_counts, check_dense
from ._words import top_words, topic_means


def npmi(components: ArrayLike, X: Any, *, top_n: int = 10, per_topic: bool = False) -> float | NDArray[np.float64]:
    r"""Coherence of topics: normalised pointwise mutual information of their top words.

    The mean over all pairs of a topic's top words, and then over topics, of

    .. math:: \frac{\log \frac{p(w_i, w_j)}{p(w_i) \, p(w_j)}}{- \log p(w_i, w_j)}

    where :math:`p(w_i)` is the share of the documents of ``X`` that contain the word, and :math:`p(w_i, w_j)`
    the share that contain both.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Any score by which words are to be ranked, as in :func:`top_words`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Reference counts: of the documents the model was fitted on, or of any others with the same columns, such as
        held-out ones or a larger corpus read by the same vectorizer. Only which word occurs in which document matters.
    top_n : int, default=10
        Number of top words per topic, at least 2.
    per_topic : bool, default=False
        Whether to return the coherence of every topic rather than their mean.

    Returns
    -------
    npmi : float, or ndarray of shape (n_components,)
        From -1 (never together) over 0 (independent) to 1 (only together); a ratio, without unit. By
        convention a pair found together in no document has -1, also when a word of it is in no document, and
        a pair found together in every document has 1.

    Raises
    ------
    ValueError
        When ``top_n`` is not an integer from 2 to ``n_features``, when ``X`` has other columns than
        ``components``, when ``X`` holds NaN, infinite or negative values or ``components`` NaN, or when
        either is not two-dimensional or is empty.

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
    >>> npmi(components, X, top_n=2, per_topic=True)
    array([ 1., -1.])
    """
    together, later, earlier = (n / np.shape(X)[0] for n in _pair_document_counts(components, X, top_n))
    pairs = np.where(together == 1, 1.0, -1.0)
    regular = (together > 0) & (together < 1)
    joint = together[regular]
    pairs[regular] = np.log(joint / (later * earlier)[regular]) / -np.log(joint)
    return topic_means(pairs, per_topic)


def umass(components: ArrayLike, X: Any, *, top_n: int = 10, per_topic: bool = False) -> float | NDArray[np.float64]:
    r"""Coherence of topics: UMass, the log-probability of a top word given a higher-ranked one.

    The mean over all pairs of a topic's top words, :math:`w_j` ranked above :math:`w_i`, and then over
    topics, of

    .. math:: \log \frac{D(w_i, w_j) + 1}{D(w_j)}

    where :math:`D(w_j)` is the number of documents of ``X`` that contain the word, and :math:`D(w_i, w_j)`
    the number that contain both.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Any score by which words are to be ranked, as in :func:`top_words`.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Reference counts: of the documents the model was fitted on, as in the paper, or of any others with the same
        columns. Only which word occurs in which document matters.
    top_n : int, default=10
        Number of top words per topic, at least 2.
    per_topic : bool, default=False
        Whether to return the coherence of every topic rather than their mean.

    Returns
    -------
    umass : float, or ndarray of shape (n_components,)
        In nats per pair; higher is better, seldom above 0. By convention a pair has 0 when its higher-ranked
        word is in no document: such topics look good, so take reference counts in which the words occur.

    Raises
    ------
    ValueError
        When ``top_n`` is not an integer from 2 to ``n_features``, when ``X`` has other columns than
        ``components``, when ``X`` holds NaN, infinite or negative values or ``components`` NaN, or when
        either is not two-dimensional or is empty.

    See Also
    --------
    npmi : Coherence by mutual information, which follows human judgement more closely.

    Notes
    -----
    The paper takes the sum over pairs; the mean allows comparison between different ``top_n``.

    References
    ----------
    .. [1] Mimno, D., Wallach, H., Talley, E., Leenders, M. & McCallum, A. (2011). Optimizing semantic
       coherence in topic models. EMNLP.

    Examples
    --------
    Word 0 is in four documents, one of which has word 1: log(2 / 4).

    >>> from sklearn_etm.metrics import umass
    >>> round(umass([[0.6, 0.4]], [[1, 1], [2, 0], [1, 0], [1, 0]], top_n=2), 4)
    -0.6931
    """
    together, _, earlier = _pair_document_counts(components, X, top_n)
    return topic_means(np.log((together + 1) / np.maximum(earlier, 1)), per_topic)


def embedding_coherence(
    components: ArrayLike, embeddings: ArrayLike, *, n_words: int = 10, per_topic: bool = False
) -> float | NDArray[np.float64]:
    r"""Coherence of topics: cosine similarity of the word vectors of their top words.

    The mean over all pairs of a topic's top words, and then over topics, of

    .. math:: \frac{\rho_i \cdot \rho_j}{\| \rho_i \| \, \| \rho_j \|}

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Any score by which words are to be ranked, as in :func:`top_words`.
    embeddings : array-like of shape (n_features, n_dimensions)
        Word vectors :math:`\rho`, one for every column of ``components``, zeros for a word that has none; best such as
        were learned from another, larger corpus.
    n_words : int, default=10
        Number of top words per topic, at least 2.
    per_topic : bool, default=False
        Whether to return the coherence of every topic rather than their mean.

    Returns
    -------
    coherence : float, or ndarray of shape (n_components,)
        From -1 to 1 (all vectors point the same way); a ratio, without unit. By convention a pair has 0 when a vector
        of it is zero.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 2 to ``n_features``, when ``embeddings`` has not one row for every
        column of ``components`` or holds NaN or infinite values, when ``components`` holds NaN, or when either is not
        two-dimensional or is empty.

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
    """
    top = _words_of_pairs(components, n_words, "n_words")
    vectors = check_dense(embeddings, "embeddings")
    if len(vectors) != np.shape(components)[1]:
        raise ValueError(
            f"embeddings must have one row for each of the {np.shape(components)[1]} columns of components; got "
            f"{len(vectors)} rows."
        )
    unit = normalize(vectors[top.ravel()]).reshape(*top.shape, -1)
    cosine = unit @ unit.swapaxes(1, 2)
    later, earlier = np.tril_indices(n_words, k=-1)
    return topic_means(cosine[:, later, earlier], per_topic)


def _words_of_pairs(components: ArrayLike, n: int, name: str) -> NDArray[np.intp]:
    """Return the top words, at least two per topic; ``name`` is that of the argument."""
    top = top_words(components, n)
    if n < 2:
        raise ValueError(f"{name} must be at least 2, for pairs of words; got {n}.")
    return top


def _pair_document_counts(components: ArrayLike, X: Any, top_n: int) -> tuple[NDArray[np.float64], ...]:
    """Count the documents with both words, the lower-ranked and the higher-ranked one of pairs of top words.

    Returns three arrays of shape (n_components, n_pairs).
    """
    top = _words_of_pairs(components, top_n, "top_n")
    X = check_counts(X, "X", n_columns=np.shape(components)[1])
    present = X.astype(bool).astype(np.float64).tocsc()
    together = np.stack([(present[:, words].T @ present[:, words]).toarray() for words in top])
    single = np.diagonal(together, axis1=1, axis2=2)
    later, earlier = np.tril_indices(top_n, k=-1)
    return together[:, later, earlier], single[:, later], single[:, earlier]
