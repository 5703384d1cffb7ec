"""Diversity of topics: whether their top words differ."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from .._inputs.topics import proportions
from ._validation import check_topics
from ._words import leading_columns, top_word_columns, topic_means


@np.errstate(under="ignore")
def topic_diversity(components: ArrayLike, *, n_words: int = 25) -> float:
    """Share of different words among the top words of all topics.

    The number of different words, divided by ``num_topics * n_words``.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features), or lists of str
        Any score by which words are to be ranked, as in :func:`top_word_columns`; or the words of each topic, the best
        first, of which the first ``n_words`` count, all where there are fewer.
    n_words : int, default=25
        Number of top words per topic; 25 in the definition of the measure [1]_.

    Returns
    -------
    diversity : float
        From ``1 / num_topics`` (all topics have the same top words) to 1 (no word is in two topics).

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 1 to ``n_features``, or when ``components`` is not two-dimensional, is
        empty or holds NaN. Of lists of words, when a topic has none, or one more than once.

    See Also
    --------
    topic_exclusive_words : The stricter share, of words in one topic only.
    inverted_rbo : Diversity of ranked lists of words.

    References
    ----------
    .. [1] Dieng, A. B., Ruiz, F. J. R. & Blei, D. M. (2020). Topic modeling in embedding spaces. TACL 8.

    Examples
    --------
    >>> from sklearn_etm.metrics import topic_diversity
    >>> topic_diversity([[0.5, 0.4, 0.1], [0.1, 0.5, 0.4]], n_words=2)
    0.75
    >>> topic_diversity([["star", "moon"], ["moon", "goal"]])
    0.75
    """
    top = np.concatenate(leading_columns(components, n_words))
    return np.unique(top).size / top.size


@np.errstate(under="ignore")
def topic_exclusive_words(components: ArrayLike, *, n_words: int = 10) -> float:
    """Share of top words that are a top word of one topic only.

    The number of words which are among the top words of exactly one topic, divided by the number of all top
    words, ``num_topics * n_words``.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features), or lists of str
        Any score by which words are to be ranked, as in :func:`top_word_columns`; or the words of each topic, the best
        first, of which the first ``n_words`` count, all where there are fewer.
    n_words : int, default=10
        Number of top words per topic.

    Returns
    -------
    share : float
        From 0 (every top word is shared) to 1 (no word is in two topics); never above
        :func:`topic_diversity` of as many words.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 1 to ``n_features``, or when ``components`` is not two-dimensional, is
        empty or holds NaN. Of lists of words, when a topic has none, or one more than once.

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
    >>> topic_exclusive_words([[0.5, 0.4, 0.1], [0.1, 0.5, 0.4]], n_words=2)
    0.5
    """
    top = np.concatenate(leading_columns(components, n_words))
    _, n_topics = np.unique(top, return_counts=True)
    return int((n_topics == 1).sum()) / top.size


@np.errstate(under="ignore")
def inverted_rbo(components: ArrayLike, *, n_words: int = 10, weight: float = 0.9) -> float:
    r"""Diversity of topics: how far apart their ranked lists of top words are.

    One minus the mean rank-biased overlap of all pairs of topics. Of two lists of :math:`n` words, with
    :math:`X_d` words in common among the first :math:`d` of each, it is

    .. math:: \mathrm{RBO} = p^n \frac{X_n}{n} + (1 - p) \sum_{d=1}^n p^{d-1} \frac{X_d}{d}

    so that words count the more, the higher they rank.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features), or lists of str
        Any score by which words are to be ranked, as in :func:`top_word_columns`; or the words of each topic, the best
        first, of which the first ``n_words`` count, all where there are fewer, which must be as many in each topic.
    n_words : int, default=10
        Number of top words per topic, :math:`n`.
    weight : float, default=0.9
        How slowly the weight of a rank falls, :math:`p`, from 0 (only the first word counts) to 1 (only the words in
        common count, not their ranks).

    Returns
    -------
    diversity : float
        From 0 (all topics rank the same words in the same order) to 1 (no word is in two topics), without unit. By
        convention a single topic has 1.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 1 to ``n_features``, when ``weight`` is not from 0 to 1, or when
        ``components`` is not two-dimensional, is empty or holds NaN. Of lists of words, when a topic has none, one more
        than once, or fewer than another has.

    See Also
    --------
    topic_diversity : A share of words, in which ranks do not matter.

    Notes
    -----
    The overlap is Webber's point estimate for lists of equal length without ties, extrapolated beyond rank :math:`n`,
    as OCTIS takes it.

    References
    ----------
    .. [1] Bianchi, F., Terragni, S. & Hovy, D. (2021). Pre-training is a hot topic: contextualized document embeddings
       improve topic coherence. ACL.
    .. [2] Webber, W., Moffat, A. & Zobel, J. (2010). A similarity measure for indefinite rankings. ACM TOIS 28,
       equation 32.

    Examples
    --------
    Two topics with the same two words, in the other order: :math:`1 - (0.81 + 0.1 \cdot 0.9)`.

    >>> from sklearn_etm.metrics import inverted_rbo
    >>> round(inverted_rbo([[0.6, 0.4, 0.0], [0.4, 0.6, 0.0]], n_words=2), 4)
    0.1
    """
    columns = leading_columns(components, n_words)
    if not 0 <= weight <= 1:
        raise ValueError(f"weight must be a number from 0 to 1; got {weight!r}.")
    n_words = min(len(words) for words in columns)
    if any(len(words) > n_words for words in columns):
        raise ValueError(
            "Ranked lists are compared that have as many words: pass n_words, at most the number of words of the topic "
            f"that has fewest; got {n_words} to {max(len(words) for words in columns)}."
        )
    top = np.stack(columns)
    pairs = np.triu_indices(len(top), k=1)
    if not len(pairs[0]):
        return 1.0
    agreement = np.array([_common_words(top[:, :depth])[pairs] / depth for depth in range(1, n_words + 1)])
    ranks = np.arange(n_words)
    overlap = weight**n_words * agreement[-1] + (1 - weight) * (weight**ranks @ agreement)
    return float(1 - overlap.mean())


@np.errstate(under="ignore")
def exclusivity(components: ArrayLike, *, n_words: int = 10, per_topic: bool = False) -> float | NDArray[np.float64]:
    r"""Exclusivity of topics: how much of the use of their top words is theirs.

    The mean over the top words :math:`T_k` of a topic, and then over topics, of the word's probability in this topic as
    a share of its probabilities in all topics:

    .. math:: \frac{1}{n} \sum_{v \in T_k} \frac{\beta_{kv}}{\sum_j \beta_{jv}}

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features)
        Probabilities or weights of words in topics, not negative; rows are divided by their sums.
    n_words : int, default=10
        Number of top words per topic, as in :func:`top_word_columns`.
    per_topic : bool, default=False
        Whether to return the exclusivity of every topic rather than their mean.

    Returns
    -------
    exclusivity : float, or ndarray of shape (num_topics,)
        From 0 to 1 (no other topic uses the words), and ``1 / num_topics`` where all topics are alike; a ratio,
        without unit. A single topic has 1. By convention a word that no topic has counts ``1 / num_topics``, and a
        topic of zeros has equal probabilities.

    Raises
    ------
    ValueError
        When ``n_words`` is not an integer from 1 to ``n_features``, or when ``components`` is not
        two-dimensional, is empty or holds NaN, infinite or negative values.

    See Also
    --------
    topic_exclusive_words : A share of words, which looks at ranks rather than probabilities.

    Notes
    -----
    A word's share is its exclusivity in Bischof and Airoldi, and the mean over top words a topic's in MALLET. What the
    R package stm calls so is a sum of scores which join a word's ranks by share and by frequency (FREX).

    References
    ----------
    .. [1] Bischof, J. M. & Airoldi, E. M. (2012). Summarizing topical content with word frequency and exclusivity.
       ICML.
    .. [2] McCallum, A. K. (2002). MALLET: a machine learning for language toolkit. Topic model diagnostics,
       https://mallet.cs.umass.edu/diagnostics.php.

    Examples
    --------
    The first topic has all of word 0 and three quarters of word 1, the second a quarter of word 1 and all of word 2:

    >>> from sklearn_etm.metrics import exclusivity
    >>> exclusivity([[0.4, 0.6, 0.0], [0.0, 0.2, 0.8]], n_words=2, per_topic=True)
    array([0.875, 0.625])
    """
    beta = check_topics(components)
    top = top_word_columns(beta, n_words=n_words)
    shares = np.take_along_axis(proportions(beta.T).T, top, axis=1)
    return topic_means(shares, per_topic)


def _common_words(words: NDArray[np.intp]) -> NDArray[np.float64]:
    """Number of words that each two topics have in common, (num_topics, num_topics)."""
    n_topics, n_words = words.shape
    indptr = np.arange(n_topics + 1) * n_words
    contains = sp.csr_array((np.ones(words.size), words.ravel(), indptr), shape=(n_topics, words.max() + 1))
    return (contains @ contains.T).toarray()
