"""Distances between topics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._topics import topics_of


def topic_map(model: Any, feature_names: Any = None) -> NDArray[np.float64]:
    r"""Topics laid out in two dimensions, such as have similar words near each other.

    Classical multidimensional scaling of the Hellinger distances between topics,

    .. math:: H(\beta_j, \beta_k) = \sqrt{\tfrac{1}{2} \sum_v (\sqrt{\beta_{jv}} - \sqrt{\beta_{kv}})^2}

    These are Euclidean distances between :math:`\sqrt{\beta_k / 2}`, so that the first two principal components
    of these points are its exact solution: no random start, and no distance on the map is larger than the true one.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (n_components, n_features)
        Its topics; rows are normalised.
    feature_names : sequence of str, optional
        The word of each column. The map does not depend on them.

    Returns
    -------
    positions : ndarray of shape (n_components, 2)
        In units of Hellinger distance, which is at most 1; the mean of the topics is at the origin. Along each axis
        the topic farthest out (the first of equals) has a positive coordinate. The second coordinate is 0 for two
        topics, both are for one; equal topics have equal positions.

    Raises
    ------
    TypeError, ValueError, sklearn.exceptions.NotFittedError
        If ``model`` holds no topics, or is not fitted.

    See Also
    --------
    topic_similarity : All pairs of topics, without the loss of a map.

    References
    ----------
    .. [1] Gower, J. C. (1966). Some distance properties of latent root and vector methods used in multivariate
       analysis. Biometrika 53.

    Examples
    --------
    >>> from sklearn_etm.inspection import topic_map
    >>> topic_map([[1.0, 0.0], [0.0, 1.0]]).round(3)
    array([[ 0.5,  0. ],
           [-0.5,  0. ]])
    """
    points = np.sqrt(topics_of(model, feature_names).components / 2)
    U, singular_values, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    axes = U * singular_values
    positions = np.zeros((len(points), 2))
    positions[:, : axes.shape[1]] = axes[:, :2]
    positions[np.abs(positions) < 1e-12] = 0.0
    farthest = (np.abs(positions) >= (1 - 1e-6) * np.abs(positions).max(axis=0)).argmax(axis=0)
    return positions * np.where(positions[farthest, [0, 1]] < 0, -1.0, 1.0)
