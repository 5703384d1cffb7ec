"""Agreement of topics with known classes of the documents."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from .._inputs.columns import distinct, read_column
from ._validation import check_dense


@np.errstate(under="ignore")
def cluster_purity(labels: ArrayLike, doc_topic: ArrayLike) -> float:
    r"""Share of documents that have the commonest label of their topic.

    A document belongs to its largest topic (the first of equals):

    .. math::

        \frac{1}{N} \sum_k \max_c \, | \{ d : z_d = k, \, y_d = c \} |,
        \qquad z_d = \arg\max_k \theta_{dk}

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Known classes :math:`y` of the documents: numbers, strings or other values, in a list, an array or a column of
        a data frame.
    doc_topic : array-like of shape (n_samples, num_topics)
        Topic proportions or weights :math:`\theta`.

    Returns
    -------
    purity : float
        From the share of the commonest label to 1; a ratio, without unit. It grows with the number of
        topics, so compare models of equal ``num_topics``.

    Raises
    ------
    ValueError
        When ``labels`` has not one label per row of ``doc_topic``, which all must be there (no None, NaN or null), when
        ``doc_topic`` is not two-dimensional or is empty, or when either holds NaN or infinite values.

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


@np.errstate(under="ignore")
def cluster_nmi(labels: ArrayLike, doc_topic: ArrayLike) -> float:
    r"""Normalised mutual information of labels and largest topics.

    .. math:: \frac{I(y; z)}{(H(y) + H(z)) / 2}, \qquad z_d = \arg\max_k \theta_{dk}

    with the mutual information :math:`I` and the entropies :math:`H` of the labels :math:`y` and the topics
    :math:`z` (the first of equals), as :func:`sklearn.metrics.normalized_mutual_info_score` computes it.

    Parameters
    ----------
    labels : array-like of shape (n_samples,)
        Known classes of the documents: numbers, strings or other values, in a list, an array or a column of a data
        frame.
    doc_topic : array-like of shape (n_samples, num_topics)
        Topic proportions or weights :math:`\theta`.

    Returns
    -------
    nmi : float
        From 0 (independent) to 1 (the same partition); a ratio, without unit. As in scikit-learn, 1 when
        labels and topics both have a single value, and 0 when only one of them has.

    Raises
    ------
    ValueError
        When ``labels`` has not one label per row of ``doc_topic``, which all must be there (no None, NaN or null), when
        ``doc_topic`` is not two-dimensional or is empty, or when either holds NaN or infinite values.

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


def _check_clustering(labels: ArrayLike, doc_topic: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the labels, as numbers, and the largest topics of the documents."""
    topics = check_dense(doc_topic, "doc_topic").argmax(axis=1)
    n = len(topics)
    column = read_column(labels, n, f"labels must hold one label for each of the {n} rows of doc_topic")
    n_missing = n - len(column.rows)
    if n_missing:
        raise ValueError(
            f"labels contains NaN or None: {n_missing} of {n} documents have no label. Leave them out, with "
            "known = ~pandas.isna(labels), labels[known] and doc_topic[known], or give them a label of their own."
        )
    values, codes = distinct(column, "labels")
    if any(isinstance(value, float | np.floating) and np.isinf(value) for value in values):
        raise ValueError("labels contains infinity.")
    return codes, topics
