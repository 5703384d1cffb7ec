"""Choice of a model by cross-validation: scorers, and the one-standard-error rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_array

from .._inputs.topics import Topics, proportions, topics_of, word_columns
from .._sparse import widened
from ._clustering import cluster_nmi, cluster_purity
from ._coherence import npmi, umass
from ._completion import completion_perplexity
from ._diversity import exclusivity, inverted_rbo, topic_diversity, topic_exclusive_words

OF_WORDS: dict[str, Callable[[Topics, Any, int], Any]] = {
    "exclusivity": lambda topics, X, n: exclusivity(topics.components, n_words=n),
    "inverted_rbo": lambda topics, X, n: inverted_rbo(topics.components, n_words=n),
    "npmi": lambda topics, X, n: npmi(topics.components, _word_counts(topics, X), n_words=n),
    "topic_diversity": lambda topics, X, n: topic_diversity(topics.components, n_words=n),
    "topic_exclusive_words": lambda topics, X, n: topic_exclusive_words(topics.components, n_words=n),
    "umass": lambda topics, X, n: umass(topics.components, _word_counts(topics, X), n_words=n),
}
OF_LABELS = {"cluster_nmi": cluster_nmi, "cluster_purity": cluster_purity}
NAMES = sorted(["completion", *OF_WORDS, *OF_LABELS])


@np.errstate(under="ignore")
def make_topic_scorer(measure: str, *, n_words: int | None = None) -> Callable[..., float]:
    r"""Scorer of topic models for scikit-learn's searches and cross-validation.

    Parameters
    ----------
    measure : str
        What the topics are judged by; higher is better throughout.

        - "completion": mean log-likelihood of a held-out token in nats, :math:`-\log` of
          :func:`completion_perplexity`. Of the models of this package it is their own ``score``, which knows of
          covariates among the columns, and of other decoders than mixtures of topics.
        - "npmi", "umass": coherence, with the documents that are scored as reference.
        - "topic_diversity", "topic_exclusive_words", "inverted_rbo", "exclusivity": how much topics differ. They look
          at the topics alone, whatever documents are scored.
        - "cluster_nmi", "cluster_purity": agreement with the labels ``y``.
    n_words : int, optional
        Top words per topic, 10 by default, also of "topic_diversity" and "topic_exclusive_words". Not for "completion"
        and clusters, which do not look at top words.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None)``, a float. ``estimator`` is a fitted topic model and ``X`` are counts, or it is
        a fitted pipeline with a topic model, and ``X`` is what the pipeline takes: texts, say. It can be pickled.

    Raises
    ------
    ValueError
        When there is no such measure, when ``n_words`` is not a positive integer, or is given for a measure without top
        words. By the scorer: what the measure itself raises, and when it needs labels and ``y`` is None.

    See Also
    --------
    one_standard_error : The smallest model that is about as good as the best.

    Notes
    -----
    A search gives a scorer the documents of the validation fold. Coherence on few documents is noisy, and words that
    occur in none of them count as never together in "npmi", and in favour of a topic in "umass".

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.metrics import make_topic_scorer
    >>> X = make_topics_corpus(200, n_topics=3, n_features=60, random_state=0).data
    >>> search = GridSearchCV(
    ...     LatentDirichletAllocation(random_state=0),
    ...     {"n_components": [1, 3]},
    ...     scoring={name: make_topic_scorer(name) for name in ("completion", "npmi", "topic_diversity")},
    ...     refit="completion",
    ...     cv=2,
    ... )
    >>> search.fit(X).best_params_
    {'n_components': 3}
    """
    if measure not in NAMES:
        raise ValueError(f"measure must be one of {', '.join(NAMES)}; got {measure!r}.")
    if n_words is None:
        return _TopicScorer(measure, 10 if measure in OF_WORDS else None)
    if measure not in OF_WORDS:
        raise ValueError(f"{measure!r} does not look at top words: leave n_words out; got {n_words!r}.")
    if not isinstance(n_words, Integral) or n_words < 1:
        raise ValueError(f"n_words must be an integer of at least 1; got {n_words!r}.")
    return _TopicScorer(measure, int(n_words))


@dataclass(frozen=True)
class _TopicScorer:
    measure: str
    n_words: int | None  # of measures of top words only

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        topics = topics_of(estimator)
        if self.n_words is not None:
            return float(OF_WORDS[self.measure](topics, X, self.n_words))
        if self.measure == "completion":
            return _completion(topics, X)
        if y is None:
            raise ValueError(f"{self.measure!r} compares topics with labels: pass y, one label for each document.")
        return OF_LABELS[self.measure](y, topics.doc_topic(X))


def _word_counts(topics: Topics, X: Any) -> Any:
    """Counts of the model's words, without columns of X that are covariates."""
    counts, words = topics.counts(X), word_columns(topics.model)
    return counts if words is None else check_array(widened(counts), accept_sparse="csr")[:, words]


def _completion(topics: Topics, X: Any) -> float:
    model, counts = topics.model, topics.counts(X)
    if hasattr(model, "_is_mixture"):  # one of this package
        return float(model.score(counts))
    perplexity = completion_perplexity(lambda X: proportions(model.transform(X)), topics.components, counts)
    return float(-np.log(perplexity))


@np.errstate(under="ignore")
def one_standard_error(
    param: str = "num_topics", *, scoring: str = "score", greater_is_simpler: bool = False
) -> Callable[[Mapping[str, Any]], int]:
    r"""Choose the simplest model that is within one standard error of the best.

    For ``refit`` of scikit-learn's searches. The candidates whose mean score is at least

    .. math:: \max_i \bar s_i - \frac{\hat\sigma}{\sqrt n}

    are about as good as the best one, where :math:`\hat\sigma` is the standard deviation of the best candidate's scores
    on :math:`n` validation folds. Of these, whatever their other parameters are, the one with the smallest ``param`` is
    chosen, say with the fewest topics, and the best-scored one where several have it.

    Parameters
    ----------
    param : str, default="num_topics"
        The searched parameter that makes a model complex, a number. Its own name will do where it belongs to a step of
        a pipeline: "num_topics" finds "lntmtransformer__num_topics".
    scoring : str, default="score"
        The measure that candidates are compared by, as the search's ``scoring`` names it; "score" where it has only
        one.
    greater_is_simpler : bool, default=False
        Whether a model is the simpler, the larger ``param`` is, as with a strength of regularisation.

    Returns
    -------
    refit : callable
        Takes a search's ``cv_results_`` and returns the index of the candidate. It can be pickled.

    Raises
    ------
    ValueError
        By the callable: when ``cv_results_`` has no such score or parameter, or several such parameters, when the
        parameter is not a number, or when no candidate has a finite mean score.

    See Also
    --------
    make_topic_scorer : Measures to choose by.
    sklearn_etm.plotting.NumTopicsDisplay : The scores and this choice as a picture.

    Notes
    -----
    Candidates whose mean score is not finite, as of failed fits, are left out, and those without the parameter, in a
    search over several grids, count as the least simple. The divisor of :math:`\hat\sigma^2` is :math:`n - 1`; with a
    single split the error is taken to be 0.

    With a callable ``refit`` a search has ``best_index_``, ``best_params_`` and ``best_estimator_``, and no
    ``best_score_``.

    References
    ----------
    .. [1] Breiman, L., Friedman, J. H., Olshen, R. A. & Stone, C. J. (1984). Classification and Regression Trees,
       section 3.4.3. Wadsworth.
    .. [2] Hastie, T., Tibshirani, R. & Friedman, J. (2009). The Elements of Statistical Learning, section 7.10.
       Springer.

    Examples
    --------
    Three planted topics. With more than these, the score stays within a standard error.

    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.metrics import make_topic_scorer, one_standard_error
    >>> search = GridSearchCV(
    ...     LatentDirichletAllocation(random_state=0),
    ...     {"n_components": [2, 3, 6]},
    ...     scoring=make_topic_scorer("completion"),
    ...     refit=one_standard_error("n_components"),
    ...     cv=3,
    ... )
    >>> search.fit(make_topics_corpus(150, n_topics=3, n_features=60, random_state=0).data).best_params_
    {'n_components': 3}
    """
    return _OneStandardError(param, scoring, greater_is_simpler)


@dataclass(frozen=True)
class _OneStandardError:
    param: str
    scoring: str
    greater_is_simpler: bool

    def __call__(self, cv_results: Mapping[str, Any]) -> int:
        known = [key.removeprefix("mean_test_") for key in cv_results if key.startswith("mean_test_")]
        if self.scoring not in known:
            raise ValueError(
                f"cv_results_ has no score {self.scoring!r}; it has {known}. Name one of them: scoring=..."
            )
        mean, error = mean_and_error(fold_scores(cv_results, self.scoring))
        if not np.isfinite(mean).any():
            raise ValueError(
                f"No candidate has a finite mean_test_{self.scoring}: {mean.tolist()}. Look at the search's warnings, "
                'or pass it error_score="raise".'
            )
        return best_and_simplest(mean, error, _complexity(cv_results, self.param, self.greater_is_simpler))[1]


def fold_scores(cv_results: Mapping[str, Any], scoring: str) -> np.ndarray:
    """Test scores of a search, (n_candidates, n_folds)."""
    folds = [key for key in cv_results if key.startswith("split") and key.endswith(f"_test_{scoring}")]
    return np.column_stack([np.asarray(cv_results[key], dtype=np.float64) for key in folds])


def mean_and_error(folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over folds, and its standard error, which is taken to be 0 for a single one, (n_candidates,) each."""
    n = folds.shape[1]
    with np.errstate(invalid="ignore"):  # of failed fits
        mean = folds.mean(axis=1)
        return mean, folds.std(axis=1, ddof=1) / np.sqrt(n) if n > 1 else np.zeros_like(mean)


def best_and_simplest(mean: np.ndarray, error: np.ndarray, complexity: np.ndarray) -> tuple[int, int]:
    """The best candidate, and the simplest of all that are within its standard error of it.

    Of equally good ones the simplest is the best, then the one with the smallest error; of equally simple ones the best
    is taken. So it does not depend on the order of candidates how simple these two are. Some mean must be finite.
    """
    mean = np.where(np.isfinite(mean), mean, -np.inf)
    best = np.lexsort((error, complexity, -mean))[0]
    as_good = np.flatnonzero(mean >= mean[best] - error[best])
    simplest = as_good[np.lexsort((-mean[as_good], complexity[as_good]))[0]]
    return int(best), int(simplest)


def _complexity(cv_results: Mapping[str, Any], param: str, greater_is_simpler: bool) -> np.ndarray:
    """Signed values of a parameter, of any step; infinite for the candidates that do not have it."""
    searched = [key.removeprefix("param_") for key in cv_results if key.startswith("param_")]
    names = [name for name in searched if name == param or name.endswith(f"__{param}")]
    if len(names) != 1:
        raise ValueError(
            f"param must name one parameter that was searched; {param!r} names {names or 'none'} of {searched}."
        )
    values = cv_results[f"param_{names[0]}"]
    sign = -1 if greater_is_simpler else 1
    try:
        return np.array([np.inf if value is np.ma.masked else sign * float(value) for value in values])
    except (TypeError, ValueError) as error:
        raise ValueError(f"The values of {names[0]} must be numbers; got {list(values)}.") from error
