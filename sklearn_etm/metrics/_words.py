"""The words that topics are looked at by."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._validation import check_dense


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
    scores = check_dense(components, "components", ensure_all_finite=False)
    if np.isnan(scores).any():
        raise ValueError("components contains NaN, which has no place in a ranking; replace it, by 0 say.")
    if not isinstance(n, Integral) or not 1 <= n <= scores.shape[1]:
        raise ValueError(
            f"The number of top words (n, n_words or top_n) must be an integer from 1 to {scores.shape[1]}, the "
            f"number of columns of components; got {n!r}."
        )
    return np.argsort(-scores, axis=1, kind="stable")[:, :n]


def topic_means(values: NDArray[np.float64], per_topic: bool) -> float | NDArray[np.float64]:
    """Average over the words, or pairs of words, of every topic, and over topics unless ``per_topic``."""
    topics = values.mean(axis=1)
    return topics if per_topic else float(topics.mean())
