"""Agreement of topics with known classes of the documents."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix
from sklearn.utils import assert_all_finite

from ._validation import check_dense


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


def _check_clustering(labels: ArrayLike, doc_topic: ArrayLike) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the labels and the largest topics of the documents."""
    topics = check_dense(doc_topic, "doc_topic").argmax(axis=1)
    labels = np.asarray(labels)
    if labels.shape != topics.shape:
        raise ValueError(
            f"labels must hold one label for each of the {len(topics)} rows of doc_topic; got shape {labels.shape}."
        )
    assert_all_finite(labels, input_name="labels")
    return labels, topics
