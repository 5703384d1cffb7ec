"""What differs between fits, and what stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_validate
from sklearn.utils import Bunch, check_random_state

from .._inputs.topics import topics_of
from ._frame import frame
from ._similarity import best_pairs, similarity_of
from ._words import labels_of, leading


@np.errstate(under="ignore")
def compare_models(
    model_a: Any,
    model_b: Any,
    *,
    embeddings: Any = None,
    n_words: int = 10,
    feature_names_a: Any = None,
    feature_names_b: Any = None,
) -> Any:
    """What has become of the topics of a model in another.

    Parameters
    ----------
    model_a, model_b : fitted models, pipelines or searches with one, or array-likes of shape (num_topics, n_features)
        Say, before and after a refit. Vocabularies and numbers of topics may differ.
    embeddings : mapping from words to vectors, path or callable, optional
        Topics are matched by it rather than by the words in common, see :func:`align_topics`.
    n_words : int, default=10
        Number of most probable words that are compared; where a vocabulary has fewer, all of them.
    feature_names_a, feature_names_b : sequence of str or mapping, optional
        The word of each column, where a model does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each pair of :func:`align_topics`, and for each topic without a partner, in the order of
        ``model_a`` and then of ``model_b``, with the columns

        - ``topic_a``, ``topic_b``: rows in ``components_``, -1 for no partner
        - ``label_a``, ``label_b``: see :func:`topic_labels`; empty for no partner
        - ``similarity``: see :func:`align_topics`; 0 for no partner
        - ``words_kept``, ``words_lost``, ``words_gained``: top words of both, of ``model_a`` alone, and of
          ``model_b`` alone, the most probable first, joined by ", "

    Raises
    ------
    ValueError
        As :func:`align_topics`; if ``n_words`` is not a positive integer.

    See Also
    --------
    topic_stability : The same over many fits.

    Examples
    --------
    >>> from sklearn_etm.inspection import compare_models
    >>> names = ["star", "moon", "goal", "team"]
    >>> a, b = [[0.6, 0.4, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]], [[0.6, 0.0, 0.4, 0.0]]
    >>> table = compare_models(a, b, n_words=2, feature_names_a=names, feature_names_b=names)
    >>> table[["topic_a", "topic_b", "words_kept", "words_lost", "words_gained"]]
       topic_a  topic_b words_kept  words_lost words_gained
    0        0        0       star        moon         goal
    1        1       -1             goal, team
    """
    topics_a, topics_b = topics_of(model_a, feature_names_a), topics_of(model_b, feature_names_b)
    alignment = best_pairs(similarity_of(topics_a, topics_b, embeddings=embeddings))
    alone_a = np.setdiff1d(np.arange(len(topics_a.components)), alignment.pairs[:, 0])
    alone_b = np.setdiff1d(np.arange(len(topics_b.components)), alignment.pairs[:, 1])
    pairs = [*alignment.pairs.tolist(), *([k, -1] for k in alone_a.tolist()), *([-1, k] for k in alone_b.tolist())]
    similarity = dict(zip(map(tuple, alignment.pairs.tolist()), alignment.similarity, strict=True))
    pairs.sort(key=lambda pair: (pair[0] < 0, pair))
    words_a, words_b = (_words_by_topic(topics, n_words) for topics in (topics_a, topics_b))
    label_a, label_b = ({-1: ""} | dict(enumerate(labels_of(topics))) for topics in (topics_a, topics_b))
    return frame(
        {
            "topic_a": [i for i, _ in pairs],
            "label_a": [label_a[i] for i, _ in pairs],
            "topic_b": [j for _, j in pairs],
            "label_b": [label_b[j] for _, j in pairs],
            "similarity": [similarity.get((i, j), 0.0) for i, j in pairs],
            "words_kept": [", ".join(w for w in words_a[i] if w in words_b[j]) for i, j in pairs],
            "words_lost": [", ".join(w for w in words_a[i] if w not in words_b[j]) for i, j in pairs],
            "words_gained": [", ".join(w for w in words_b[j] if w not in words_a[i]) for i, j in pairs],
        }
    )


@np.errstate(under="ignore")
def topic_stability(
    models: Any,
    X: Any = None,
    *,
    n_runs: int = 5,
    cv: Any = None,
    params: Mapping[str, Any] | None = None,
    embeddings: Any = None,
    random_state: Any = None,
    feature_names: Any = None,
) -> Bunch:
    """How well each topic is found again in other fits: with other seeds, on other parts of the documents.

    The topics of a reference are matched with those of each other fit by :func:`align_topics`, and the similarities of
    matched topics averaged.

    Parameters
    ----------
    models : list of fitted models, pipelines, searches or arrays of topics; or one estimator, with ``X``
        Of a list, the first is the reference. An estimator is the reference itself if it is fitted, else a clone of
        it that is fitted on ``X``; it is not modified.
    X : documents to fit on, optional
        Texts for a pipeline, counts else.
    n_runs : int, default=5
        Number of fits on all of ``X`` to compare with the reference, each with a seed of its own. Not used with ``cv``,
        nor with a list.
    cv : int or splitter of scikit-learn, optional
        Fits on the training parts of these folds instead, all with the estimator's own seed. An int makes folds of
        neighbouring documents: pass ``ShuffleSplit`` or ``KFold(shuffle=True)`` if ``X`` is sorted.
    params : dict, optional
        What ``fit`` takes beside ``X``, for all documents of it: ``{"covariates": covariates}``, say, or, of a step of
        a pipeline, ``{"lntmtransformer__sample_weight": weights}``. Only with ``X``.
    embeddings : mapping from words to vectors, path or callable, optional
        Topics are matched and compared by it rather than by their words, see :func:`align_topics`.
    random_state : int, RandomState or None, default=None
        Draws the seeds, and that of the reference if it has none of its own.
    feature_names : sequence of str or mapping, optional
        The word of each column, where the models do not know them.

    Returns
    -------
    stability : Bunch
        Dictionary-like object, with the following attributes.

        overall : float
            Mean of ``similarity``.
        topics : DataFrame, or dict of arrays where pandas is not installed
            One row a topic of the reference, with the columns ``topic``, ``label`` (see :func:`topic_labels`),
            ``stability`` (mean similarity of its partners) and ``lowest`` (the smallest).
        similarity : ndarray of shape (n_others, num_topics)
            Of each topic of the reference and its partner in each other fit; 0 where it has none, in a fit of fewer
            topics.
        models : list
            The fitted models, the reference first.

    Raises
    ------
    ValueError
        If there are fewer than two models; if an estimator has no ``random_state``, without ``cv``: its fits would be
        equal; and as :func:`align_topics`.
    TypeError
        If ``models`` is one estimator, or there are ``params``, and ``X`` is not given.

    Notes
    -----
    Matching makes the best of chance, so that the figure is above 0 for topics that have nothing to do with each
    other: compare it between models, topics or numbers of topics rather than with 0.

    References
    ----------
    .. [1] Greene, D., O'Callaghan, D. & Cunningham, P. (2014). How many topics? Stability analysis for topic models.
       ECML PKDD. There, with the overlap of top words as the similarity.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.inspection import topic_stability
    >>> X = [[9, 7, 0, 0], [7, 9, 0, 0], [0, 0, 9, 7], [0, 0, 7, 9]] * 5
    >>> lda = LatentDirichletAllocation(2, max_iter=50)
    >>> topic_stability(lda, X, n_runs=2, random_state=0).overall > 0.9
    True
    """
    if X is not None:
        models = _refits(models, X, n_runs, cv, params or {}, random_state)
    elif hasattr(models, "fit") or params is not None:
        raise TypeError("To fit one estimator again, topic_stability needs X; else pass a list of fitted models alone.")
    models = list(models)
    if len(models) < 2:
        raise ValueError(f"topic_stability compares at least two fits; got {len(models)}.")
    reference, *others = (topics_of(model, feature_names) for model in models)
    similarity = np.zeros((len(others), len(reference.components)))
    for row, other in zip(similarity, others, strict=True):
        alignment = best_pairs(similarity_of(reference, other, embeddings=embeddings))
        row[alignment.pairs[:, 0]] = alignment.similarity
    topics = frame(
        {
            "topic": np.arange(similarity.shape[1]),
            "label": labels_of(reference),
            "stability": similarity.mean(axis=0),
            "lowest": similarity.min(axis=0),
        }
    )
    return Bunch(overall=float(similarity.mean()), topics=topics, similarity=similarity, models=models)


def _words_by_topic(topics: Any, n: int) -> dict[int, list[str]]:
    """The most probable words of each topic; none for -1."""
    return {-1: []} | dict(enumerate(leading(topics.feature_names, topics.components, n).tolist()))


def _refits(estimator: Any, X: Any, n_runs: int, cv: Any, params: Mapping[str, Any], random_state: Any) -> list[Any]:
    """The estimator, fitted, and fits of its clones."""
    rng = check_random_state(random_state)
    given = {name: value for name, value in estimator.get_params().items() if name.split("__")[-1] == "random_state"}
    if cv is None and not given:
        raise ValueError(
            f"{type(estimator).__name__} has no random_state, so that its fits on the same documents are equal: "
            "pass cv."
        )

    def seeded(names: Iterable[str]) -> Any:
        return clone(estimator).set_params(**{name: rng.randint(2**31 - 1) for name in names})

    own = seeded(name for name, value in given.items() if value is None)
    reference = estimator if _is_fitted(estimator) else clone(own).fit(X, **params)
    if cv is None:
        return [reference, *(seeded(given).fit(X, **params) for _ in range(n_runs))]
    folds = cross_validate(
        own, X, cv=cv, params=dict(params), scoring=_no_score, return_estimator=True, error_score="raise"
    )
    return [reference, *folds["estimator"]]


def _is_fitted(estimator: Any) -> bool:
    try:
        topics_of(estimator)
    except NotFittedError:
        return False
    return True


def _no_score(estimator: Any, X: Any, y: Any = None) -> float:
    return 0.0
