"""Words of topics: which describe one, and in which topics a word lives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.utils import check_scalar

from .. import metrics
from .._inputs.documents import shares_in
from .._inputs.texts import printable
from .._inputs.topics import Topics, topics_of
from ..metrics._words import find_columns
from ._frame import frame

RANKINGS = ("probability", "relevance", "frex")
_SMALLEST_SHARE = 1e-12


@np.errstate(under="ignore")
def word_scores(
    model: Any,
    *,
    by: str = "probability",
    X: Any = None,
    lambda_: float = 0.6,
    weight: float = 0.5,
    covariates: Any = None,
    feature_names: Any = None,
) -> NDArray[np.float64]:
    r"""Scores by which the words of each topic are ranked.

    - ``"probability"``: :math:`\beta_{kv}`, which common words lead.
    - ``"relevance"`` [1]_: :math:`\lambda \log \beta_{kv} + (1 - \lambda) \log \frac{\beta_{kv}}{p_v}`, where
      :math:`p_v = \sum_k \pi_k \beta_{kv}` is the probability of the word in all topics together.
    - ``"frex"`` [2]_: frequent and exclusive, the harmonic mean of the ranks of :math:`\beta_{kv}` and of
      :math:`e_{kv} = \beta_{kv} / \sum_j \beta_{jv}` among the words of the topic,
      :math:`\left( \frac{w}{\mathrm{rank}(e_{kv}) / V} + \frac{1 - w}{\mathrm{rank}(\beta_{kv}) / V} \right)^{-1}`.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics :math:`\beta`; rows are normalised.
    by : {"probability", "relevance", "frex"}, default="probability"
        The score.
    X : documents as ``model`` was fitted on, optional
        Texts for a pipeline, counts else. They give the topics their weights :math:`\pi_k` in ``"relevance"``, the
        share of all tokens that a topic has; without them, topics weigh the same. Not used by the other scores.
    lambda_ : float, default=0.6
        :math:`\lambda` of ``"relevance"``, from 0 (lift alone) to 1 (probability alone).
    weight : float, default=0.5
        :math:`w` of ``"frex"``, from 0 (frequency alone) to 1 (exclusivity alone).
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    scores : ndarray of shape (num_topics, n_features)
        The larger, the better the word describes the topic. ``"relevance"`` is in nats, and ``-inf`` for a word of
        probability 0; ``"frex"`` is from 0 to 1, with tied ranks averaged.

    Raises
    ------
    ValueError
        If ``by`` is none of the three, or ``lambda_`` or ``weight`` is not in [0, 1]; if ``"relevance"`` is given
        ``covariates`` without ``X``, or others than those of the model.
    TypeError
        If ``X`` is given with topics that are an array.

    See Also
    --------
    top_words : The words that lead.

    Notes
    -----
    A topic without tokens in ``X`` counts as having :math:`10^{-12}` of them, so that its words have a lift.

    References
    ----------
    .. [1] Sievert, C. & Shirley, K. (2014). LDAvis: a method for visualizing and interpreting topics. ACL workshop on
       interactive language learning, visualization, and interfaces. 0.6 is the :math:`\lambda` of its user study.
    .. [2] Bischof, J. & Airoldi, E. (2012). Summarizing topical content with word frequency and exclusivity. ICML.
       Equal weights and tied ranks as in the R package stm.

    Examples
    --------
    >>> from sklearn_etm.inspection import word_scores
    >>> word_scores([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]], by="frex").round(2)
    array([[0.74, 0.91, 0.33],
           [0.74, 0.33, 0.91]])
    """
    if by not in RANKINGS:
        raise ValueError(f"by must be one of {list(RANKINGS)}; got {by!r}.")
    for name, value in (("lambda_", lambda_), ("weight", weight)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} must be from 0 to 1; got {value!r}.")
    topics = topics_of(model, feature_names)
    if by == "probability":
        return topics.components
    if by == "frex":
        return frex(topics.components, weight)
    return relevance(topics.components, shares_in(topics, X, covariates), lambda_)


@np.errstate(under="ignore")
def top_words(
    model: Any,
    n_words: int = 10,
    *,
    by: str = "probability",
    X: Any = None,
    lambda_: float = 0.6,
    weight: float = 0.5,
    covariates: Any = None,
    feature_names: Any = None,
) -> NDArray[np.str_]:
    """The words that describe each topic best, the best first.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics.
    n_words : int, default=10
        Number of words; where the vocabulary has fewer, all of them are returned.
    by, X, lambda_, weight, covariates, feature_names
        As in :func:`word_scores`, which ranks them.

    Returns
    -------
    words : ndarray of str, of shape (num_topics, min(n_words, n_features))
        Of words with equal scores, the one of the lower column comes first.

    Raises
    ------
    TypeError, ValueError
        If ``n_words`` is not a positive integer, or an argument of :func:`word_scores` is out of range.

    See Also
    --------
    topic_table : These words, with the figures of each topic.
    sklearn_etm.metrics.top_word_columns : Columns instead of words.

    Examples
    --------
    >>> from sklearn_etm.inspection import top_words
    >>> topics = [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]]
    >>> top_words(topics, n_words=1, feature_names=["the", "star", "goal"])
    array([['the'],
           ['the']], dtype='<U4')
    >>> top_words(topics, n_words=1, by="relevance", feature_names=["the", "star", "goal"])
    array([['star'],
           ['goal']], dtype='<U4')
    """
    options = {"lambda_": lambda_, "weight": weight, "covariates": covariates, "feature_names": feature_names}
    scores = word_scores(model, by=by, X=X, **options)
    return leading(topics_of(model, feature_names).feature_names, scores, n_words)


@np.errstate(under="ignore")
def topic_labels(model: Any, *, n_words: int = 3, feature_names: Any = None) -> NDArray[np.str_]:
    """A short name for each topic: its most relevant words.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics.
    n_words : int, default=3
        Number of words, those of highest relevance (see :func:`word_scores`) where topics weigh the same. So a
        label depends on the model alone, and is the same in every table.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    labels : ndarray of str, of shape (num_topics,)
        Words joined by ", ". No two are the same: topics with the same words have their number added, in parentheses.

    Examples
    --------
    >>> from sklearn_etm.inspection import topic_labels
    >>> topic_labels([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]], n_words=2, feature_names=["the", "star", "goal"])
    array(['star, the', 'goal, the'], dtype='<U9')
    """
    topics = topics_of(model, feature_names)
    return labels_of(topics, n_words)


@np.errstate(under="ignore")
def word_table(
    model: Any, words: str | Sequence[str], X: Any = None, *, covariates: Any = None, feature_names: Any = None
) -> Any:
    r"""In which topics words live.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics.
    words : str or sequence of str
        Words to look up.
    X : documents as ``model`` was fitted on, optional
        Texts for a pipeline, counts else. They give the topics their weights :math:`\pi_k`, the share of all tokens
        that a topic has; without them, topics weigh the same.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        For each word, in the order given, all topics, that which most of its tokens come from first:

        - ``word``, ``topic`` (its row in ``components_``), ``label`` (see :func:`topic_labels`)
        - ``p_word_given_topic``: :math:`\beta_{kv}`
        - ``p_topic_given_word``: :math:`\pi_k \beta_{kv} / \sum_j \pi_j \beta_{jv}`, or :math:`\pi_k` if no topic has
          the word

    Raises
    ------
    ValueError
        If a word is not in the vocabulary (words that are spelled alike are named), or is there twice; if there are
        ``covariates`` without ``X``, or others than those of the model.

    Examples
    --------
    >>> from sklearn_etm.inspection import word_table
    >>> word_table([[0.6, 0.4, 0.0], [0.2, 0.0, 0.8]], "the", feature_names=["the", "star", "goal"])
      word  topic            label  p_word_given_topic  p_topic_given_word
    0  the      0  the, star, goal                 0.6                0.75
    1  the      1  goal, the, star                 0.2                0.25
    """
    topics = topics_of(model, feature_names)
    words = [words] if isinstance(words, str) else [str(word) for word in words]
    columns = find_columns(words, topics.feature_names.tolist())
    n_topics = len(topics.components)
    shares = shares_in(topics, X, covariates)
    shares = np.full(n_topics, 1 / n_topics) if shares is None else shares
    p_word = topics.components[:, columns].T
    p_topic = topic_given_word(p_word.T, shares).T
    order = np.argsort(-p_topic, axis=1, kind="stable")
    labels = labels_of(topics)
    return frame(
        {
            "word": np.repeat(words, n_topics),
            "topic": order.ravel(),
            "label": labels[order.ravel()],
            "p_word_given_topic": np.take_along_axis(p_word, order, axis=1).ravel(),
            "p_topic_given_word": np.take_along_axis(p_topic, order, axis=1).ravel(),
        }
    )


def relevance(
    components: NDArray[Any], shares: NDArray[Any] | None = None, lambda_: float = 0.6
) -> NDArray[np.float64]:
    """Relevance of words, (K, V); equal shares by default."""
    shares = np.ones(len(components)) if shares is None else np.maximum(shares, _SMALLEST_SHARE)
    marginal = shares @ components / shares.sum()
    with np.errstate(divide="ignore"):
        return np.log(components) - (1 - lambda_) * np.log(np.where(marginal > 0, marginal, 1.0))


def frex(components: NDArray[Any], weight: float = 0.5) -> NDArray[np.float64]:
    """FREX of words, (K, V)."""
    n_topics, n_words = components.shape
    exclusivity = topic_given_word(components, np.full(n_topics, 1 / n_topics))
    frequency_rank, exclusivity_rank = (rankdata(scores, axis=1) / n_words for scores in (components, exclusivity))
    return 1 / (weight / exclusivity_rank + (1 - weight) / frequency_rank)


def topic_given_word(components: NDArray[Any], shares: NDArray[Any]) -> NDArray[np.float64]:
    """Probability that a token of the word is of the topic, (K, V); the shares for words that no topic has.

    Topics have the same shares, (K,), for all words, or others for each, (K, V).
    """
    shares = shares[:, None] if shares.ndim == 1 else shares
    joint = shares * components
    total = joint.sum(axis=0)
    return np.where(total > 0, joint / np.where(total > 0, total, 1.0), shares)


def leading(names: NDArray[np.str_], scores: NDArray[Any], n: int) -> NDArray[np.str_]:
    """Names of the n columns of highest scores, (K, n), or of all where there are fewer."""
    n = check_scalar(n, "n_words", Integral, min_val=1)
    return names[metrics.top_word_columns(scores, n_words=min(n, len(names)))]


def labels_of(topics: Topics, n: int = 3) -> NDArray[np.str_]:
    """Labels of topics, their names or words, no two the same; that of the background says so."""
    words = leading(topics.feature_names, relevance(topics.components), n)
    labels = [printable(", ".join(row)) for row in words]
    n_topics = Counter(labels)
    labels = [f"{label} ({k})" if n_topics[label] > 1 else label for k, label in enumerate(labels)]
    if topics.background is not None:
        labels[topics.background] = f"background: {labels[topics.background]}"
    return np.array([label if name is None else name for name, label in zip(topics.names, labels, strict=True)])
