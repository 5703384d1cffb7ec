"""Diversity of topics: whether their top words differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ._words import top_words


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
