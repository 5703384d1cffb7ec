"""Health of a fit: topics that no document uses, topics that repeat each other, and a collapsed posterior."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr
from sklearn.utils import check_array

from ._validation import check_dense, check_distributions, check_topics


@np.errstate(under="ignore")
def effective_num_topics(doc_topic: ArrayLike) -> float:
    r"""Number of topics in use: how many equally large ones would be as evenly spread.

    The exponential of the entropy of the topics' mean proportions:

    .. math:: \exp \Bigl( - \sum_k \bar\theta_k \log \bar\theta_k \Bigr), \qquad
        \bar\theta_k = \frac{1}{N} \sum_d \theta_{dk}

    Parameters
    ----------
    doc_topic : array-like of shape (n_samples, num_topics)
        Topic proportions :math:`\theta`. Rows sum to one.

    Returns
    -------
    effective : float
        From 1 (all documents are of one topic alone) to ``num_topics`` (all topics are as large).

    Raises
    ------
    ValueError
        When the rows of ``doc_topic`` do not sum to one, or when it is not two-dimensional, is empty or holds NaN,
        infinite or negative values.

    See Also
    --------
    dead_topics : The topics that are hardly used.

    Notes
    -----
    It tells how evenly topics are used over the corpus, not whether they differ: topics that all documents mix alike,
    as after a collapse, count in full. See :func:`topic_redundancy` and :func:`topic_kl` for these.

    References
    ----------
    .. [1] Hill, M. O. (1973). Diversity and evenness: a unifying notation and its consequences. Ecology 54. The number
       of order 1.

    Examples
    --------
    >>> from sklearn_etm.metrics import effective_num_topics
    >>> round(effective_num_topics([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), 4)
    2.0
    """
    theta = check_distributions(doc_topic, "doc_topic")
    return float(np.exp(entr(theta.mean(axis=0)).sum()))


@np.errstate(under="ignore")
def dead_topics(doc_topic: ArrayLike, *, threshold: float = 0.1, min_share: float = 0.001) -> NDArray[np.bool_]:
    r"""Topics that hardly any document uses.

    A document uses a topic when the topic's proportion in it is ``threshold`` or more. A topic is dead when the share
    of documents which use it is below ``min_share``: by default, when fewer than one document in a thousand is for a
    tenth about it.

    Parameters
    ----------
    doc_topic : array-like of shape (n_samples, num_topics)
        Topic proportions. Rows sum to one.
    threshold : float, default=0.1
        Smallest proportion that counts as use, above 0 and at most 1.
    min_share : float, default=0.001
        Smallest share of documents that keeps a topic alive, above 0 and at most 1. Where it is less than one document,
        a single one suffices.

    Returns
    -------
    dead : ndarray of bool, of shape (num_topics,)

    Raises
    ------
    ValueError
        When ``threshold`` or ``min_share`` is out of its range, when the rows of ``doc_topic`` do not sum to one, or
        when it is not two-dimensional, is empty or holds NaN, infinite or negative values.

    See Also
    --------
    effective_num_topics : The number of topics in use.

    Notes
    -----
    With more than ``1 / threshold`` topics, all are dead where every document has equal proportions, as after a
    collapse to the prior.

    Examples
    --------
    >>> from sklearn_etm.metrics import dead_topics
    >>> dead_topics([[0.90, 0.08, 0.02], [0.15, 0.80, 0.05]])
    array([False, False,  True])
    """
    for name, value in {"threshold": threshold, "min_share": min_share}.items():
        if not 0 < value <= 1:
            raise ValueError(f"{name} must be a number above 0 and at most 1; got {value!r}.")
    theta = check_distributions(doc_topic, "doc_topic")
    dead: NDArray[np.bool_] = document_shares(theta, threshold) < min_share
    return dead


def document_shares(
    doc_topic: NDArray[np.float64], threshold: float, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Share of the documents, by their weights, with a proportion of ``threshold`` or more of each topic, (K,)."""
    shares: NDArray[np.float64] = np.average(doc_topic >= threshold, axis=0, weights=weights)
    return shares


@np.errstate(under="ignore")
def topic_redundancy(components: ArrayLike) -> NDArray[np.float64]:
    r"""Similarity of each topic to the other one that is nearest to it.

    .. math:: \max_{j \ne k} \; 1 - \mathrm{JSD}(\beta_k, \beta_j)

    with the Jensen-Shannon divergence in bits, the mean Kullback-Leibler divergence of both topics from their mixture.
    It compares whole distributions rather than top words.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features)
        Probabilities or weights of words in topics :math:`\beta`, not negative; rows are divided by their sums.

    Returns
    -------
    redundancy : ndarray of shape (num_topics,)
        From 0 (no word in common with any other topic) to 1 (another topic is the same). By convention 0 for a single
        topic, and a topic of zeros has equal probabilities.

    Raises
    ------
    ValueError
        When ``components`` is not two-dimensional, is empty or holds NaN, infinite or negative values.

    See Also
    --------
    duplicate_topics : The pairs of topics that are this similar.
    topic_diversity : A measure of the top words.

    References
    ----------
    .. [1] Lin, J. (1991). Divergence measures based on the Shannon entropy. IEEE Transactions on Information Theory 37.

    Examples
    --------
    >>> from sklearn_etm.metrics import topic_redundancy
    >>> topic_redundancy([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    array([1., 1., 0.])
    """
    redundancy: NDArray[np.float64] = _similarities(components).max(axis=1)
    return redundancy


@np.errstate(under="ignore")
def duplicate_topics(components: ArrayLike, *, threshold: float = 0.75) -> NDArray[np.intp]:
    """Pairs of topics that are nearly the same.

    Parameters
    ----------
    components : array-like of shape (num_topics, n_features)
        Probabilities or weights of words in topics, not negative; rows are divided by their sums.
    threshold : float, default=0.75
        Smallest similarity of duplicates, above 0 and at most 1: one minus the Jensen-Shannon divergence in bits, as in
        :func:`topic_redundancy`.

    Returns
    -------
    pairs : ndarray of int, of shape (n_pairs, 2)
        Rows of ``components``, the lower one first; the most similar pair first.

    Raises
    ------
    ValueError
        When ``threshold`` is out of its range, or when ``components`` is not two-dimensional, is empty or holds NaN,
        infinite or negative values.

    Notes
    -----
    Distinct topics of 20 Newsgroups, among 50 or 200, have similarities up to 0.73; the parts into which a planted
    topic falls when too many are asked for mostly have more than 0.75.

    Examples
    --------
    >>> from sklearn_etm.metrics import duplicate_topics
    >>> duplicate_topics([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.4, 0.6, 0.0]])
    array([[0, 2]])
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be a number above 0 and at most 1; got {threshold!r}.")
    similarities = np.triu(_similarities(components))
    pairs = np.argwhere(similarities >= threshold)
    return pairs[np.argsort(-similarities[tuple(pairs.T)], kind="stable")]


@np.errstate(under="ignore")
def topic_kl(loc: ArrayLike, scale: ArrayLike, prior_mean: ArrayLike, prior_scale: ArrayLike) -> NDArray[np.float64]:
    r"""Divergence of the approximate posterior from the prior by topic, a monitor of posterior collapse.

    Of a logistic-normal model with an encoder, the mean over documents of

    .. math:: \mathrm{KL}(q(z_{dk}) \,\|\, p(z_k)) = \log \frac{s_k}{\sigma_{dk}}
        + \frac{\sigma_{dk}^2 + (\mu_{dk} - m_k)^2}{2 s_k^2} - \frac{1}{2}

    where :math:`q(z_{dk}) = N(\mu_{dk}, \sigma_{dk}^2)` and :math:`p(z_k) = N(m_k, s_k^2)`, and the topic proportions
    of a document are the softmax of :math:`z_d`.

    Parameters
    ----------
    loc, scale : array-like of shape (n_samples, num_topics)
        Means :math:`\mu` and standard deviations :math:`\sigma` of the documents' approximate posteriors.
    prior_mean, prior_scale : array-like of shape (num_topics,)
        Mean :math:`m` and standard deviation :math:`s` of the prior, a model's ``doc_topic_prior_mean_`` and
        ``doc_topic_prior_scale_``.

    Returns
    -------
    kl : ndarray of shape (num_topics,)
        In nats per document, at least 0 up to rounding; their sum is the KL term of the ELBO. A topic near 0 has
        collapsed: the encoder says of it what the prior says, whatever the document.

    Raises
    ------
    ValueError
        When shapes do not fit together, when a standard deviation is not positive, or when an array is empty or holds
        NaN or infinite values.

    See Also
    --------
    dead_topics : Topics that hardly any document uses.

    Notes
    -----
    It tells how much the encoder says of a topic, not how much documents use it: "hardly any of it" is also something
    to say, and dead topics may have as many nats as others.

    References
    ----------
    .. [1] Kingma, D. P. & Welling, M. (2014). Auto-encoding variational Bayes. ICLR. Appendix B.
    .. [2] Lucas, J., Tucker, G., Grosse, R. & Norouzi, M. (2019). Don't blame the ELBO! A linear VAE perspective on
       posterior collapse. NeurIPS.

    Examples
    --------
    The first topic is at the prior; the second is a standard deviation off, on either side:

    >>> from sklearn_etm.metrics import topic_kl
    >>> topic_kl([[0.0, 1.0], [0.0, -1.0]], [[1.0, 1.0], [1.0, 1.0]], [0.0, 0.0], [1.0, 1.0])
    array([0. , 0.5])
    """
    mu, sigma = check_dense(loc, "loc"), check_dense(scale, "scale")
    m = check_array(prior_mean, dtype=np.float64, ensure_2d=False, input_name="prior_mean")
    s = check_array(prior_scale, dtype=np.float64, ensure_2d=False, input_name="prior_scale")
    if not (mu.shape == sigma.shape and mu.shape[1:] == m.shape == s.shape):
        raise ValueError(
            "loc and scale must be of shape (n_samples, num_topics), prior_mean and prior_scale (num_topics,); "
            f"got {mu.shape}, {sigma.shape}, {m.shape} and {s.shape}."
        )
    smallest = min(sigma.min(), s.min())
    if smallest <= 0:
        raise ValueError(f"scale and prior_scale are standard deviations, which must be above 0; got {smallest:.6g}.")
    kl = np.log(s) - np.log(sigma) + ((sigma / s) ** 2 + ((mu - m) / s) ** 2 - 1) / 2
    return np.asarray(kl.mean(axis=0))


def _similarities(components: ArrayLike) -> NDArray[np.float64]:
    """One minus the Jensen-Shannon divergence, in bits, of every two topics; 0 on the diagonal."""
    beta = check_topics(components)
    entropy = _bits(beta)
    similarities = np.zeros((len(beta), len(beta)))
    for k in range(1, len(beta)):
        divergence = _bits((beta[k] + beta[:k]) / 2) - (entropy[k] + entropy[:k]) / 2
        similarities[k, :k] = similarities[:k, k] = 1 - divergence
    return similarities.clip(0, 1)


def _bits(distributions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of every row, in bits."""
    bits: NDArray[np.float64] = entr(distributions).sum(axis=1) / np.log(2)
    return bits
