"""How alike topics are, of one model and of two, and which correspond."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_similarity

from .._inputs.topics import Topics, proportions, topics_of
from .._warnings import warn
from ..embeddings._align import find_vectors, is_array
from ..metrics._words import check_once

_METRICS = ("hellinger", "cosine")
_LOW_COVERAGE = 0.5


class Alignment(NamedTuple):
    """Topics of two models that correspond, one to one, as `align_topics` finds them.

    Attributes
    ----------
    pairs : ndarray of shape (n_pairs, 2)
        Topic of the first model, and of the second.
    similarity : ndarray of shape (n_pairs,)
        Of each pair.
    matrix : ndarray of shape (num_topics_a, num_topics_b)
        Similarity of all topics of the first model to all of the second.

    Examples
    --------
    >>> from sklearn_etm.inspection import align_topics
    >>> alignment = align_topics([[0.9, 0.1, 0.0], [0.0, 0.0, 1.0]], [[0.0, 0.1, 0.9], [0.5, 0.5, 0.0]])
    >>> for (a, b), similarity in zip(alignment.pairs, alignment.similarity):
    ...     print(f"topic {a} is topic {b}, similarity {similarity:.2f}")
    topic 0 is topic 1, similarity 0.68
    topic 1 is topic 0, similarity 0.77
    >>> alignment.matrix.shape
    (2, 2)
    """

    pairs: NDArray[np.intp]
    similarity: NDArray[np.float64]
    matrix: NDArray[np.float64]


@np.errstate(under="ignore")
def topic_map(model: Any, *, feature_names: Any = None) -> NDArray[np.float64]:
    r"""Topics laid out in two dimensions, such as have similar words near each other.

    Classical multidimensional scaling of the Hellinger distances between topics,

    .. math:: H(\beta_j, \beta_k) = \sqrt{\tfrac{1}{2} \sum_v (\sqrt{\beta_{jv}} - \sqrt{\beta_{kv}})^2}

    These are Euclidean distances between :math:`\sqrt{\beta_k / 2}`, so that the first two principal components
    of these points are its exact solution: no random start, and no distance on the map is larger than the true one.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics; rows are normalised.
    feature_names : sequence of str or mapping, optional
        The word of each column. The map does not depend on them.

    Returns
    -------
    positions : ndarray of shape (num_topics, 2)
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
    points -= points.mean(axis=0)
    values, axes = np.linalg.eigh(points @ points.T)  # of as many rows as topics, not words
    largest = (axes * np.sqrt(values.clip(0.0)))[:, :-3:-1]
    positions = np.zeros((len(points), 2))
    positions[:, : largest.shape[1]] = largest
    positions[np.abs(positions) < 1e-7] = 0.0  # rounding, of a square root
    farthest = (np.abs(positions) >= (1 - 1e-6) * np.abs(positions).max(axis=0)).argmax(axis=0)
    return positions * np.where(positions[farthest, [0, 1]] < 0, -1.0, 1.0)


@np.errstate(under="ignore")
def topic_similarity(
    model_a: Any,
    model_b: Any = None,
    *,
    metric: str = "hellinger",
    feature_names_a: Any = None,
    feature_names_b: Any = None,
) -> NDArray[np.float64]:
    r"""Similarity of all topics of a model, or of those of one to those of another.

    - ``"hellinger"``: one minus the Hellinger distance,
      :math:`1 - \sqrt{\tfrac{1}{2} \sum_v (\sqrt{\beta_{jv}} - \sqrt{\beta_{kv}})^2}`, in which all words count
    - ``"cosine"``: :math:`\beta_j \cdot \beta_k / (|\beta_j| \, |\beta_k|)`, in which the most probable words do

    Parameters
    ----------
    model_a : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics; rows are normalised.
    model_b : the same, optional
        By default ``model_a``. Of different vocabularies the words that are in both are compared, by name, and rows are
        normalised over these; a topic that has none of them is taken to have all of them equally.
    metric : {"hellinger", "cosine"}, default="hellinger"
        The similarity.
    feature_names_a, feature_names_b : sequence of str or mapping, optional
        The word of each column, where a model does not know them.

    Returns
    -------
    similarity : ndarray of shape (num_topics_a, num_topics_b)
        From 0 (no word in common) to 1 (equal).

    Raises
    ------
    ValueError
        If ``metric`` is none of the two, if the models have no word in common, or columns differ that no words are
        known of.

    Warns
    -----
    UserWarning
        If the words in common are less than half of the topics of a model, by probability.

    See Also
    --------
    align_topics : Which topics correspond; also by word vectors.
    topic_map : The distances in two dimensions.

    Examples
    --------
    >>> from sklearn_etm.inspection import topic_similarity
    >>> topic_similarity([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]).round(2)
    array([[1.  , 0.46, 0.  ],
           [0.46, 1.  , 0.  ],
           [0.  , 0.  , 1.  ]])
    """
    if metric not in _METRICS:
        raise ValueError(f"metric must be one of {list(_METRICS)}; got {metric!r}.")
    a = topics_of(model_a, feature_names_a)
    b = a if model_b is None else topics_of(model_b, feature_names_b)
    return similarity_of(a, b, metric)


@np.errstate(under="ignore")
def align_topics(
    model_a: Any, model_b: Any, *, embeddings: Any = None, feature_names_a: Any = None, feature_names_b: Any = None
) -> Alignment:
    r"""Topics of two models that correspond, one to one, so that the sum of their similarities is largest.

    Without word vectors, the similarity is one minus the Hellinger distance on the words that are in both
    vocabularies, see :func:`topic_similarity`. With word vectors :math:`\rho_v`, it is the cosine of the expected word
    vectors of the topics,

    .. math:: \tau_k = \sum_v \beta_{kv} \rho_v - \bar\rho

    where :math:`\bar\rho` is the mean over all words of both vocabularies. The vocabularies may then differ.

    Parameters
    ----------
    model_a, model_b : fitted models, pipelines or searches with one, or array-likes of shape (num_topics, n_features)
        Their topics. The numbers of topics may differ.
    embeddings : mapping from words to vectors, path of a file of them, or callable, optional
        As :func:`sklearn_etm.embeddings.align_embeddings` takes them. Words without a vector do not count.
    feature_names_a, feature_names_b : sequence of str or mapping, optional
        The word of each column, where a model does not know them.

    Returns
    -------
    alignment : Alignment
        A named tuple:

        - ``pairs``, of shape (n_pairs, 2): numbers of a topic of ``model_a`` and one of ``model_b``, in the order of
          ``model_a``; as many as the model with fewer topics has
        - ``similarity``, of shape (n_pairs,): of these pairs; from 0 to 1, or with ``embeddings`` from -1 to 1
        - ``matrix``, of shape (num_topics_a, num_topics_b): of all topics

    Raises
    ------
    ValueError
        If the models have no word in common and there are no ``embeddings``, or these know no word of a model; if
        columns differ that no words are known of; if vectors are not finite, or not of one length.
    TypeError
        If ``embeddings`` is an array, which has no words.

    Warns
    -----
    UserWarning
        If the words compared are less than half of the topics of a model, by probability.

    See Also
    --------
    compare_models : A table of what differs.

    Notes
    -----
    The mean is taken away because word vectors have a large part in common: without it, the cosines of any two topics
    are nearly the same.

    Examples
    --------
    >>> from sklearn_etm.inspection import align_topics
    >>> a, b = [[0.9, 0.1, 0.0], [0.0, 0.0, 1.0]], [[0.0, 0.1, 0.9], [0.5, 0.5, 0.0]]
    >>> align_topics(a, b).pairs.tolist()
    [[0, 1], [1, 0]]

    Models without a word in common:

    >>> vectors = {"star": [1.0, 0.1], "moon": [0.9, 0.0], "goal": [0.0, 1.0], "team": [0.1, 0.9]}
    >>> a, b = [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]
    >>> names = {"feature_names_a": ["star", "goal"], "feature_names_b": ["team", "moon"]}
    >>> align_topics(a, b, embeddings=vectors, **names).pairs.tolist()
    [[0, 1], [1, 0]]
    """
    topics_a, topics_b = topics_of(model_a, feature_names_a), topics_of(model_b, feature_names_b)
    return best_pairs(similarity_of(topics_a, topics_b, embeddings=embeddings))


def similarity_of(a: Topics, b: Topics, metric: str = "hellinger", embeddings: Any = None) -> NDArray[np.float64]:
    """Similarity of topics, (K_a, K_b), by the words they share or by word vectors."""
    if embeddings is not None:
        return cosine_similarity(*_expected_vectors(a, b, embeddings))
    rows = _on_shared_words(a, b)
    return _hellinger(*rows) if metric == "hellinger" else cosine_similarity(*rows)


def best_pairs(similarity: NDArray[np.float64]) -> Alignment:
    """Pairs, one to one, whose similarities have the largest sum."""
    pairs = np.column_stack(linear_sum_assignment(similarity, maximize=True))
    return Alignment(pairs, similarity[tuple(pairs.T)], similarity)


def _hellinger(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    return 1 - cdist(np.sqrt(a), np.sqrt(b)) / np.sqrt(2)


def _on_shared_words(a: Topics, b: Topics) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Topics of both models over the words that are in both vocabularies."""
    if np.array_equal(a.feature_names, b.feature_names):
        return a.components, b.components
    if _unnamed(a) and _unnamed(b):
        raise ValueError(
            f"The models have {a.components.shape[1]} and {b.components.shape[1]} columns, and no words are known of "
            "them: pass feature_names_a and feature_names_b."
        )
    shared, columns_a, columns_b = np.intersect1d(a.feature_names, b.feature_names, return_indices=True)
    if not len(shared):
        raise ValueError(
            f"The models have no word in common, with words such as {a.feature_names[:3].tolist()} and "
            f"{b.feature_names[:3].tolist()}: pass feature_names_a and feature_names_b if these are not their words, "
            "or embeddings to align_topics to compare different vocabularies."
        )
    for topics in (a, b):
        check_once(shared.tolist(), topics.feature_names.tolist())
    return (
        _restricted(a, columns_a, "in both vocabularies"),
        _restricted(b, columns_b, "in both vocabularies"),
    )


def _expected_vectors(a: Topics, b: Topics, embeddings: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected word vectors of the topics of both models, from the mean of all words."""
    if is_array(embeddings):
        raise TypeError(
            "embeddings must tell the words of its vectors: pass a mapping from words to vectors, or a path."
        )
    words = np.union1d(a.feature_names, b.feature_names)
    known, rows, _ = find_vectors(embeddings, words.tolist())
    words = words[known]
    columns_a, columns_b = (np.flatnonzero(np.isin(topics.feature_names, words)) for topics in (a, b))
    for topics, columns in ((a, columns_a), (b, columns_b)):
        if not len(columns):
            raise ValueError(
                f"embeddings has a vector for none of the {len(topics.feature_names)} words of a model, such as "
                f"{topics.feature_names[:3].tolist()}: check case and language, or pass feature_names."
            )
    rows_a, rows_b = _restricted(a, columns_a, "in embeddings"), _restricted(b, columns_b, "in embeddings")
    vectors = rows - rows.mean(axis=0, dtype=np.float64)
    return (
        rows_a @ vectors[np.searchsorted(words, a.feature_names[columns_a])],
        rows_b @ vectors[np.searchsorted(words, b.feature_names[columns_b])],
    )


def _restricted(topics: Topics, columns: Any, where: str) -> NDArray[np.float64]:
    """Topics over some of the words; loud if these are the smaller part."""
    rows = topics.components[:, columns]
    coverage = rows.sum() / len(rows)
    if coverage < _LOW_COVERAGE:
        warn(
            f"Only {coverage:.0%} of the topics of a model, by probability, are words {where}; similarities tell of "
            "these.",
        )
    return proportions(rows)


def _unnamed(topics: Topics) -> bool:
    return np.array_equal(topics.feature_names, [f"x{i}" for i in range(len(topics.feature_names))])
