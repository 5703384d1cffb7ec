"""Document completion: how well one half of a document predicts the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from .._inputs.weights import check_weights
from .._numbers import BLOCK_FLOATS
from .._sparse import entry_rows, row_sums
from ._validation import check_counts, check_distributions


@np.errstate(under="ignore")
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
    X = check_counts(X, "X")
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


@np.errstate(under="ignore")
def completion_log_likelihood(doc_topic: ArrayLike, components: ArrayLike, X_heldout: Any) -> NDArray[np.float64]:
    r"""Log-likelihood of the held-out tokens of every document.

    .. math:: \ell_d = \sum_v x_{dv} \, \log \sum_k \theta_{dk} \beta_{kv}

    Parameters
    ----------
    doc_topic : array-like of shape (n_samples, num_topics)
        Topic proportions :math:`\theta`, inferred from other tokens than those of ``X_heldout``. Rows sum to
        one.
    components : array-like of shape (num_topics, n_features)
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
    not grow with their number times ``num_topics``.

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
    beta = check_distributions(components, "components")
    X = check_counts(X_heldout, "X_heldout", n_columns=beta.shape[1])
    theta = check_distributions(doc_topic, "doc_topic", shape=(X.shape[0], beta.shape[0]))

    word_topic = np.ascontiguousarray(beta.T)
    rows = entry_rows(X)
    log_likelihood = np.zeros(X.shape[0])
    step = max(1, BLOCK_FLOATS // beta.shape[0])
    for start in range(0, X.nnz, step):
        block = slice(start, start + step)
        probability = np.einsum("nk,nk->n", theta[rows[block]], word_topic[X.indices[block]])
        np.add.at(log_likelihood, rows[block], xlogy(X.data[block], probability))
    return log_likelihood


@np.errstate(under="ignore")
def completion_perplexity(
    transform: Callable[[Any], ArrayLike], components: ArrayLike, X: Any, *, sample_weight: ArrayLike | None = None
) -> float:
    r"""Document-completion perplexity: how well one half of a document predicts the other.

    Documents are split by :func:`completion_split`, topic proportions are inferred from the observed halves,
    and the held-out tokens are scored:

    .. math:: \exp\left( - \frac{\sum_d \ell_d}{\sum_{dv} x_{dv}} \right)

    with :math:`\ell_d` the :func:`completion_log_likelihood` and :math:`x` the counts of the held-out half.

    Parameters
    ----------
    transform : callable
        Takes counts of shape (n_kept, n_features), as a CSR matrix, and returns topic proportions of shape
        (n_kept, num_topics) with rows summing to one. A fitted model's ``transform`` method, say.
    components : array-like of shape (num_topics, n_features)
        Word probabilities of every topic. Rows sum to one.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Counts of documents, best such as the model was not fitted on.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each document counts; once where it is None.

    Returns
    -------
    perplexity : float
        Per token, every held-out token weighing the same; lower is better. A model which gives every word
        the same probability has ``n_features``. ``inf`` when a held-out word has probability zero.

    Raises
    ------
    ValueError
        When no document that counts has tokens in both halves, when the rows of ``components`` or of what ``transform``
        returns do not sum to one, when the shapes do not fit together, or when an array is not
        two-dimensional or holds NaN, infinite or negative values.

    Notes
    -----
    Documents without tokens in both halves, such as those of a single token, or of weight 0 are left out.

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
    beta = check_distributions(components, "components")
    observed, heldout = completion_split(check_counts(X, "X", n_columns=beta.shape[1]))
    weights = check_weights(sample_weight, observed.shape[0])
    kept = (np.diff(observed.indptr) > 0) & (np.diff(heldout.indptr) > 0)
    if weights is not None:
        kept &= weights > 0
    if not kept.any():
        raise ValueError(
            f"No document of X has tokens in both halves{'' if weights is None else ', and a weight'}; give documents "
            f"of two tokens or more, which none of the {len(kept)} rows of X is."
        )
    observed, heldout = observed[kept], heldout[kept]
    shape = (observed.shape[0], beta.shape[0])
    theta = check_distributions(transform(observed), "transform(X)", shape=shape)
    log_likelihood = completion_log_likelihood(theta, beta, heldout)
    weights = np.ones(len(log_likelihood)) if weights is None else weights[kept]
    return float(np.exp(-(weights @ log_likelihood) / (weights @ row_sums(heldout))))
