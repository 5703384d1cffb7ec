"""Measures of topic models, on arrays.

Nothing here knows how the topics were found: every function takes topics (``components``), topic proportions
of documents (``doc_topic``) and counts (``X``), so that any two topic models can be compared with it.
Everything is computed in float64, count matrices stay sparse, and no function returns NaN: where a formula is
undefined, the docstring states the value that takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix
from sklearn.utils import assert_all_finite, check_array

__all__ = [
    "cluster_nmi",
    "cluster_purity",
    "completion_log_likelihood",
    "completion_perplexity",
    "completion_split",
    "npmi",
    "top_words",
    "topic_diversity",
    "topic_exclusive_words",
    "umass",
]

# Room for rows normalised in single precision; it moves a perplexity by at most one part in ten thousand.
_ROW_SUM_TOLERANCE = 1e-4

# Floats gathered at a time by `completion_log_likelihood`: 8 MB, small enough for a processor's cache.
_BLOCK_FLOATS = 2**20


def completion_split(X: Any) -> tuple[Any, Any]:
    """Split the tokens of every document into two halves, without randomness.

    A cell holding the integer count ``c`` gives ``c // 2`` tokens to each half. The tokens left over in a
    row, one for every odd cell, go in column order to the observed half, the held-out half, the observed
    half, and so on. A cell that is not an integer gives ``c / 2`` to each half.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Counts, not negative. Not modified.

    Returns
    -------
    X_observed, X_heldout : CSR matrices of shape (n_samples, n_features)
        The two halves; their sum is ``X``. In ``X``'s dtype when this is float32 or float64, else in
        float64; sparse arrays when ``X`` is one, else sparse matrices; columns sorted, no explicit zeros.

    Raises
    ------
    ValueError
        When ``X`` is not two-dimensional, is empty, or holds NaN, infinite or negative values.

    See Also
    --------
    completion_perplexity : The measure which uses this split.

    Notes
    -----
    A row is split the same way wherever it stands and whatever the other rows are, so that figures of
    different models and of different runs are measured on the same tokens. With integer counts the observed
    half of a document has as many tokens as the held-out half or one more.

    A word that occurs twice is in both halves here, while random halves may put both tokens on one side.
    Perplexities are therefore usually lower than on random halves, and compare only with each other.

    References
    ----------
    .. [1] Wallach, H., Murray, I., Salakhutdinov, R. & Mimno, D. (2009). Evaluation methods for topic models.
       ICML.

    Examples
    --------
    >>> from sklearn_etm.metrics import completion_split
    >>> observed, heldout = completion_split([[3, 0, 1, 2, 1]])
    >>> observed.toarray()
    array([[2., 0., 0., 1., 1.]])
    >>> heldout.toarray()
    array([[1., 0., 1., 1., 0.]])
    """
    X = _check_counts(X, "X")
    odd = X.data % 2 == 1
    odd_before = np.concatenate([[0], np.cumsum(odd)])
    odd_before_in_row = odd_before[:-1] - np.repeat(odd_before[X.indptr[:-1]], np.diff(X.indptr))
    leftover = odd & (odd_before_in_row % 2 == 0)
    integer = X.data == np.floor(X.data)

    observed, heldout = X.copy(), X.copy()
    observed.data = np.where(integer, X.data // 2 + leftover, X.data / 2).astype(X.dtype, copy=False)
    heldout.data = X.data - observed.data
    observed.eliminate_zeros()
    heldout.eliminate_zeros()
    return observed, heldout


def completion_log_likelihood(doc_topic: ArrayLike, components: ArrayLike, X_heldout: Any) -> NDArray[np.float64]:
    r"""Log-likelihood of the held-out tokens of every document.

    .. math:: \ell_d = \sum_v x_{dv} \, \log \sum_k \theta_{dk} \beta_{kv}

    Parameters
    ----------
    doc_topic : array-like of shape (n_samples, n_components)
        Topic proportions :math:`\theta`, inferred from other tokens than those of ``X_heldout``. Rows sum to
        one.
    components : array-like of shape (n_components, n_features)
        Word probabilities of every topic, :math:`\beta`. Rows sum to one.
    X_heldout : {array-like, sparse matrix} of shape (n_samples, n_features)
        Counts :math:`x` of the held-out tokens.

    Returns
    -------
    log_likelihood : ndarray of shape (n_samples,)
        In nats, for whole documents: divide by the row sums of ``X_heldout`` for nats per token. 0 for a
        document without held-out tokens, ``-inf`` for one with a held-out word of probability zero.

    Raises
    ------
    ValueError
        When the rows of ``doc_topic`` or ``components`` do not sum to one, when the shapes do not fit
        together, or when an array is not two-dimensional or holds NaN, infinite or negative values.

    See Also
    --------
    completion_split : Observed and held-out halves of documents.
    completion_perplexity : The same, as one figure for a corpus.

    Notes
    -----
    Only the cells of ``X_heldout`` that are not zero are visited, and these in blocks, so that memory does
    not grow with their number times ``n_components``.

    References
    ----------
    .. [1] Wallach, H., Murray, I., Salakhutdinov, R. & Mimno, D. (2009). Evaluation methods for topic models.
       ICML.

    Examples
    --------
    >>> from sklearn_etm.metrics import completion_log_likelihood
    >>> components = [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]]
    >>> completion_log_likelihood([[0.5, 0.5], [1.0, 0.0]], components, [[1, 1, 0], [0, 0, 1]]).round(3)
    array([-2.079,   -inf])
    """
    beta = _check_distributions(components, "components")
    X = _check_counts(X_heldout, "X_heldout", n_columns=beta.shape[1])
    theta = _check_distributions(doc_topic, "doc_topic", shape=(X.shape[0], beta.shape[0]))

    word_topic = np.ascontiguousarray(beta.T)
    rows = np.repeat(np.arange(X.shape[0]), np.diff(X.indptr))
    log_likelihood = np.zeros(X.shape[0])
    step = max(1, _BLOCK_FLOATS // beta.shape[0])
    for start in range(0, X.nnz, step):
        block = slice(start, start + step)
        probability = np.einsum("nk,nk->n", theta[rows[block]], word_topic[X.indices[block]])
        np.add.at(log_likelihood, rows[block], xlogy(X.data[block], probability))
    return log_likelihood


def completion_perplexity(transform: Callable[[Any], ArrayLike], components: ArrayLike, X: Any) -> float:
    r"""Document-completion perplexity: how well one half of a document predicts the other.

    Documents are split by :func:`completion_split`, topic proportions are inferred from the observed halves,
    and the held-out tokens are scored:

    .. math:: \exp\left( - \frac{\sum_d \ell_d}{\sum_{dv} x_{dv}} \right)

    with :math:`\ell_d` the :func:`completion_log_likelihood` and :math:`x` the counts of the held-out half.

    Parameters
    ----------
    transform : callable
        Takes counts of shape (n_kept, n_features), as a CSR matrix, and returns topic proportions of shape
        (n_kept, n_components) with rows summing to one. A fitted model's ``transform`` method, say.
    components : array-like of shape (n_components, n_features)
        Word probabilities of every topic. Rows sum to one.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Counts of documents, best such as the model was not fitted on.

    Returns
    -------
    perplexity : float
        Per token, every held-out token weighing the same; lower is better. A model which gives every word
        the same probability has ``n_features``. ``inf`` when a held-out word has probability zero.

    Raises
    ------
    ValueError
        When no document has tokens in both halves, when the rows of ``components`` or of what ``transform``
        returns do not sum to one, when the shapes do not fit together, or when an array is not
        two-dimensional or holds NaN, infinite or negative values.

    Notes
    -----
    Documents without tokens in both halves, such as those of a single token, are left out.

    References
    ----------
    .. [1] Wallach, H., Murray, I., Salakhutdinov, R. & Mimno, D. (2009). Evaluation methods for topic models.
       ICML.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.metrics import completion_perplexity
    >>> X = [[4, 2, 0, 0], [2, 4, 0, 0], [0, 0, 2, 2], [0, 0, 2, 4]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> components = lda.components_ / lda.components_.sum(axis=1, keepdims=True)
    >>> completion_perplexity(lda.transform, components, X) < 4
    True
    """
    beta = _check_distributions(components, "components")
    observed, heldout = completion_split(_check_counts(X, "X", n_columns=beta.shape[1]))
    kept = (np.diff(observed.indptr) > 0) & (np.diff(heldout.indptr) > 0)
    if not kept.any():
        raise ValueError(
            f"No document of X has tokens in both halves; give documents of two tokens or more, which none "
            f"of the {len(kept)} rows of X is."
        )
    observed, heldout = observed[kept], heldout[kept]
    shape = (observed.shape[0], beta.shape[0])
    theta = _check_distributions(transform(observed), "transform(X)", shape=shape)
    total = completion_log_likelihood(theta, beta, heldout).sum()
    return float(np.exp(-total / heldout.sum(dtype=np.float64)))


def top_words(components: ArrayLike, n: int = 10) -> NDArray[np.intp]:
    """Columns of the ``n`` largest values of every topic, the largest first.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Any score by which words are to be ranked: probabilities, weights, or logarithms (``-inf`` may occur).
    n : int, default=10
        Number of words, at most ``n_features``.

    Returns
    -------
    columns : ndarray of int, of shape (n_components, n)
        Of equal values, the lower column comes first.

    Raises
    ------
    ValueError
        When ``n`` is not an integer from 1 to ``n_features``, or when ``components`` is not two-dimensional,
        is empty or holds NaN.

    Examples
    --------
    >>> from sklearn_etm.metrics import top_words
    >>> top_words([[0.1, 0.6, 0.3], [0.4, 0.2, 0.4]], n=2)
    array([[1, 2],
           [0, 2]])
    """
    scores = _check_dense(components, "components", ensure_all_finite=False)
    if np.isnan(scores).any():
        raise ValueError("components contains NaN, which has no place in a ranking; replace it, by 0 say.")
    if not isinstance(n, Integral) or not 1 <= n <= scores.shape[1]:
        raise ValueError(
            f"The number of top words (n or top_n) must be an integer from 1 to {scores.shape[1]}, the "
            f"number of columns of components; got {n!r}."
        )
    return np.argsort(-scores, axis=1, kind="stable")[:, :n]


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
        Reference counts; only which word occurs in which document matters.
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
    return _topic_means(pairs, per_topic)


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
        Reference counts, those the model was fitted on in the paper; only which word occurs in which document
        matters.
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
    return _topic_means(np.log((together + 1) / np.maximum(earlier, 1)), per_topic)


def topic_diversity(components: ArrayLike, *, top_n: int = 25) -> float:
    """Share of different words among the top words of all topics.

    The number of different words, divided by ``n_components * top_n``.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Any score by which words are to be ranked, as in :func:`top_words`.
    top_n : int, default=25
        Number of top words per topic.

    Returns
    -------
    diversity : float
        From ``1 / n_components`` (all topics have the same top words) to 1 (no word is in two topics).

    Raises
    ------
    ValueError
        When ``top_n`` is not an integer from 1 to ``n_features``, or when ``components`` is not
        two-dimensional, is empty or holds NaN.

    See Also
    --------
    topic_exclusive_words : The stricter share, of words in one topic only.

    References
    ----------
    .. [1] Dieng, A. B., Ruiz, F. J. R. & Blei, D. M. (2020). Topic modeling in embedding spaces. TACL 8.

    Examples
    --------
    >>> from sklearn_etm.metrics import topic_diversity
    >>> topic_diversity([[0.5, 0.4, 0.1], [0.1, 0.5, 0.4]], top_n=2)
    0.75
    """
    top = top_words(components, top_n)
    return np.unique(top).size / top.size


def topic_exclusive_words(components: ArrayLike, *, top_n: int = 25) -> float:
    """Share of top words that are a top word of one topic only.

    The number of words which are among the top words of exactly one topic, divided by the number of all top
    words, ``n_components * top_n``.

    Parameters
    ----------
    components : array-like of shape (n_components, n_features)
        Any score by which words are to be ranked, as in :func:`top_words`.
    top_n : int, default=25
        Number of top words per topic.

    Returns
    -------
    share : float
        From 0 (every top word is shared) to 1 (no word is in two topics); never above
        :func:`topic_diversity`.

    Raises
    ------
    ValueError
        When ``top_n`` is not an integer from 1 to ``n_features``, or when ``components`` is not
        two-dimensional, is empty or holds NaN.

    See Also
    --------
    topic_diversity : The share in which a word of several topics counts once, rather than not at all.

    References
    ----------
    .. [1] Wu, X., Dong, X., Nguyen, T. & Luu, A. T. (2023). Effective neural topic modeling with embedding
       clustering regularization. ICML. There, too, called topic diversity.

    Examples
    --------
    >>> from sklearn_etm.metrics import topic_exclusive_words
    >>> topic_exclusive_words([[0.5, 0.4, 0.1], [0.1, 0.5, 0.4]], top_n=2)
    0.5
    """
    top = top_words(components, top_n)
    _, n_topics = np.unique(top, return_counts=True)
    return int((n_topics == 1).sum()) / top.size


def cluster_purity(labels: ArrayLike, doc_topic: ArrayLike) -> float:
    r"""Share of documents that have the commonest label of their topic.

    A document belongs to its largest topic (the first of equals):

    .. math::

        \frac{1}{N} \sum_k \max_c \, | \{ d : z_d = k, \, y_d = c \} |,
        \qquad z_d = \arg\max_k \theta_{dk}

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Known classes :math:`y` of the documents, numbers or strings.
    doc_topic : array-like of shape (n_samples, n_components)
        Topic proportions or weights :math:`\theta`.

    Returns
    -------
    purity : float
        From the share of the commonest label to 1; a ratio, without unit. It grows with the number of
        topics, so compare models of equal ``n_components``.

    Raises
    ------
    ValueError
        When ``labels`` has not one label per row of ``doc_topic``, when ``doc_topic`` is not two-dimensional
        or is empty, or when either holds NaN or infinite values.

    See Also
    --------
    cluster_nmi : A measure in which more topics are no advantage by themselves.

    References
    ----------
    .. [1] Manning, C. D., Raghavan, P. & Schütze, H. (2008). Introduction to Information Retrieval, section
       16.3. Cambridge University Press.

    Examples
    --------
    >>> from sklearn_etm.metrics import cluster_purity
    >>> cluster_purity(["a", "a", "b", "b"], [[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.3, 0.7]])
    0.75
    """
    labels, topics = _check_clustering(labels, doc_topic)
    return int(contingency_matrix(labels, topics).max(axis=0).sum()) / len(topics)


def cluster_nmi(labels: ArrayLike, doc_topic: ArrayLike) -> float:
    r"""Normalised mutual information of labels and largest topics.

    .. math:: \frac{I(y; z)}{(H(y) + H(z)) / 2}, \qquad z_d = \arg\max_k \theta_{dk}

    with the mutual information :math:`I` and the entropies :math:`H` of the labels :math:`y` and the topics
    :math:`z` (the first of equals), as :func:`sklearn.metrics.normalized_mutual_info_score` computes it.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Known classes of the documents, numbers or strings.
    doc_topic : array-like of shape (n_samples, n_components)
        Topic proportions or weights :math:`\theta`.

    Returns
    -------
    nmi : float
        From 0 (independent) to 1 (the same partition); a ratio, without unit. As in scikit-learn, 1 when
        labels and topics both have a single value, and 0 when only one of them has.

    Raises
    ------
    ValueError
        When ``labels`` has not one label per row of ``doc_topic``, when ``doc_topic`` is not two-dimensional
        or is empty, or when either holds NaN or infinite values.

    See Also
    --------
    sklearn.metrics.normalized_mutual_info_score : The same for two lists of labels.
    cluster_purity : Share of documents with the commonest label of their topic.

    References
    ----------
    .. [1] Manning, C. D., Raghavan, P. & Schütze, H. (2008). Introduction to Information Retrieval, section
       16.3. Cambridge University Press.

    Examples
    --------
    >>> from sklearn_etm.metrics import cluster_nmi
    >>> cluster_nmi(["a", "a", "b", "b"], [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7]])
    1.0
    """
    return float(normalized_mutual_info_score(*_check_clustering(labels, doc_topic)))


def _pair_document_counts(components: ArrayLike, X: Any, top_n: int) -> tuple[NDArray[np.float64], ...]:
    """Count the documents with both words, the lower-ranked and the higher-ranked one of pairs of top words.

    Returns three arrays of shape (n_components, n_pairs).
    """
    top = top_words(components, top_n)
    if top_n < 2:
        raise ValueError(f"top_n must be at least 2, for pairs of words; got {top_n}.")
    X = _check_counts(X, "X", n_columns=np.shape(components)[1])
    present = X.astype(bool).astype(np.float64).tocsc()
    together = np.stack([(present[:, words].T @ present[:, words]).toarray() for words in top])
    single = np.diagonal(together, axis1=1, axis2=2)
    later, earlier = np.tril_indices(top_n, k=-1)
    return together[:, later, earlier], single[:, later], single[:, earlier]


def _topic_means(pairs: NDArray[np.float64], per_topic: bool) -> float | NDArray[np.float64]:
    """Average over the pairs of every topic, and over topics unless ``per_topic``."""
    topics = pairs.mean(axis=1)
    return topics if per_topic else float(topics.mean())


def _check_two_dimensional(values: Any, name: str) -> None:
    if np.ndim(values) != 2:
        raise ValueError(f"{name} must be two-dimensional; got shape {np.shape(values)}. Write a single row as [row].")


def _check_dense(values: Any, name: str, **kwargs: Any) -> NDArray[np.float64]:
    """Return ``values`` as a dense float64 matrix."""
    _check_two_dimensional(values, name)
    matrix: NDArray[np.float64] = check_array(values, dtype=np.float64, input_name=name, **kwargs)
    return matrix


def _check_distributions(values: Any, name: str, shape: tuple[int, int] | None = None) -> NDArray[np.float64]:
    """Return ``values`` as a float64 matrix of the shape, the rows of which are distributions."""
    matrix = _check_dense(values, name)
    if shape is not None and matrix.shape != shape:
        raise ValueError(f"{name} must have shape (n_samples, n_components) = {shape}; got {matrix.shape}.")
    if matrix.min() < 0:
        raise ValueError(f"{name} holds probabilities, which must not be negative; got {matrix.min():.6g}.")
    sums = matrix.sum(axis=1)
    worst = np.abs(sums - 1).argmax()
    if abs(sums[worst] - 1) > _ROW_SUM_TOLERANCE:
        raise ValueError(
            f"The rows of {name} must sum to one; row {worst} sums to {sums[worst]:.6g}. Divide by the row "
            f"sums: P / P.sum(axis=1, keepdims=True), with P for {name}."
        )
    return matrix


def _check_counts(X: Any, name: str, n_columns: int | None = None) -> Any:
    """Return a copy of the counts in CSR format, every cell once and columns sorted."""
    _check_two_dimensional(X, name)
    X = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], copy=True, input_name=name)
    if not sp.issparse(X):
        X = sp.csr_matrix(X)
    X.sum_duplicates()
    if X.nnz and X.data.min() < 0:
        raise ValueError(f"{name} holds counts, which must not be negative; got {X.data.min():.6g}.")
    if n_columns is not None and X.shape[1] != n_columns:
        raise ValueError(
            f"{name} has {X.shape[1]} columns and components has {n_columns}; both need one column for every "
            f"word of the same vocabulary."
        )
    return X


def _check_clustering(labels: ArrayLike, doc_topic: ArrayLike) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the labels and the largest topics of the documents."""
    topics = _check_dense(doc_topic, "doc_topic").argmax(axis=1)
    labels = np.asarray(labels)
    if labels.shape != topics.shape:
        raise ValueError(
            f"labels must hold one label for each of the {len(topics)} rows of doc_topic; got shape {labels.shape}."
        )
    assert_all_finite(labels, input_name="labels")
    return labels, topics
