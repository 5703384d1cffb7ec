"""What covariates of documents say of their topics."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_scalar

from .._inputs.columns import objects
from .._inputs.covariates import check_covariates, covariate_names, given_names, numbers
from .._inputs.topics import topics_of
from .._inputs.vectorizer import check_same_order, row_index
from .._inputs.weights import check_weights
from .._warnings import warn
from ._draws import Draws, Known, check_draws, draws_of, known_of, n_documents
from ._frame import frame
from ._regression import Design, Estimates, Pooled

UNKNOWN = 1e-6  # share of a covariate's deviation, above which what the model knows does not tell it
MUCH_MISSING = 0.1


@np.errstate(under="ignore")
def estimate_effect(
    model: Any,
    X: Any,
    covariates: Any,
    *,
    contrasts: Any = None,
    at: Any = None,
    model_covariates: Any = None,
    sample_weight: Any = None,
    n_draws: int = 50,
    confidence: float = 0.95,
    random_state: Any = None,
    feature_names: Any = None,
) -> Any:
    r"""Effects of covariates on the proportions of topics, with intervals that know how sure the topics are.

    Proportions of a document are not seen, they are inferred from its words. So they are drawn from its posterior S
    times, each time regressed on the covariates, and the regressions are pooled: the method of composition,

    .. math:: \theta_{dk}^{(s)} = \gamma_{0k} + c_d^\top \gamma_k + \varepsilon_{dk}, \qquad
        \operatorname{Var}(a^\top \hat\gamma_k) = \frac{v}{1 - b / v} + \frac{b}{S}

    v is the mean over draws of the variance of least squares that allows each document a variance of its own (HC3), b
    the variance between draws, both of :math:`a^\top \hat\gamma_k`. b / v is the share of what there is to know that is
    not in the words: the model's prior, which fills it in, was learned from the same documents (von Hippel and
    Bartlett, 2021). Effects, contrasts and means are in units of proportions: 0.03 is three per cent
    of a document more.

    Parameters
    ----------
    model : fitted model of this package, pipeline or search with one
        Its topics, and its ``sample_posterior``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    covariates : {array-like, sparse matrix} of shape (n_samples, p)
        Numbers, one row for each document; an intercept is added. Categories, splines and interactions are what
        scikit-learn's transformers make of them: ``OneHotEncoder(drop="first")``, ``SplineTransformer(include_bias=
        False)``, ``PolynomialFeatures(include_bias=False)``, side by side in a ``ColumnTransformer``.
    contrasts : {array-like, sparse matrix} of shape (m, p), or mapping from names to rows, optional
        Sums of effects to estimate instead of the effects themselves, such as the difference of two rows of covariates:
        ``design.transform(after) - design.transform(before)``.
    at : {array-like, sparse matrix} of shape (m, p), or mapping from names to rows, optional
        Covariates at which to estimate the mean proportion of each topic.
    model_covariates : {array-like, sparse matrix} of shape (n_samples, q), optional
        What the model itself was fitted with, of these documents, where that is something else than ``covariates``. By
        default those, if the model was fitted with covariates.
    sample_weight : array-like of shape (n_samples,), optional
        What a document counts for in the regression, as the weights of a survey: 2 is not two documents that agree.
        Those of weight 0 are left out.
    n_draws : int, default=50
        Number S of draws, 2 or more. They are in memory at once: ``8 * n_draws * n_samples * num_topics`` bytes.
    confidence : float, default=0.95
        Probability that the intervals are made for, in (0, 1).
    random_state : int, RandomState or None, default=None
        Of the draws; an int for the same numbers every time.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each covariate and topic, with the columns

        - ``covariate``: its name, of a data frame, or c0, c1, ...; with ``contrasts``, ``contrast`` instead, and with
          ``at``, ``at``: the name, the label in the index of a data frame, or the number of the row
        - ``topic`` (its row in ``components_``), ``label`` (see :func:`topic_labels`)
        - ``effect``: of one unit of the covariate, on the proportion of the topic; with ``at``, ``prevalence`` instead,
          the mean proportion of the topic
        - ``standard_error``
        - ``low``, ``high``: the interval, by Student's t, with degrees of freedom for documents and draws
        - ``p_value``: of no effect, two-sided, of each row by itself; not with ``at``

        Effects of a covariate sum to 0 over the topics, mean proportions to 1. Where a model has a background, it has
        no rows, and proportions are those of the other topics among themselves.

    Raises
    ------
    TypeError
        If ``model`` has no ``sample_posterior``, or covariates are a string.
    ValueError
        If covariates, weights, contrasts or points are not finite numbers, or of another shape; if there are not more
        documents than independent covariates; if the model was fitted with other covariates, and ``model_covariates``
        are not given; if both ``contrasts`` and ``at`` are given; or if ``n_draws`` or ``confidence`` is out of range.

    Warns
    -----
    UserWarning
        If a covariate is the same for all documents: its effect is 0, without an interval. If covariates are collinear:
        effects are then shared among them, so that only contrasts and means that their sums decide have a meaning. If a
        document alone tells of a covariate, as the single one of a group does: its own variance cannot be known and is
        taken to be that of all. If the model was fitted without some covariates, and documents are short.

    See Also
    --------
    topics_over : Plain means by group or date.
    sklearn_etm.plotting.EffectDisplay : The figures drawn.

    Notes
    -----
    The regression is linear in proportions, whatever the model's own prior is. Means of rare topics can so have
    intervals that begin below 0; nothing is clipped.

    Fit the model with covariates, where they are to be looked at: posteriors of short documents lean on the prior, and
    one that does not know of covariates draws all of them to the same mean, and effects towards 0. Topics are taken as
    known: intervals do not contain their uncertainty, and a topic that mixes two has effects between those of the two.

    References
    ----------
    .. [1] Treier, S. & Jackman, S. (2008). Democracy as a latent variable. American Journal of Political Science 52.
    .. [2] Roberts, M., Stewart, B. & Airoldi, E. (2016). A model of text for experimentation in the social sciences.
       Journal of the American Statistical Association 111.
    .. [3] von Hippel, P. & Bartlett, J. (2021). Maximum likelihood multiple imputation: faster imputations and
       consistent standard errors without posterior draws. Statistical Science 36.
    .. [4] Long, J. & Ervin, L. (2000). Using heteroscedasticity consistent standard errors in the linear regression
       model. The American Statistician 54.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.inspection import estimate_effect
    >>> X = make_topics_corpus(60, n_topics=3, n_features=40, doc_length=30, random_state=0).data
    >>> year = np.arange(60) / 10
    >>> model = LNTMTransformer(3, em_iter=1, max_iter=2, random_state=0).fit(X, covariates=year)
    >>> table = estimate_effect(model, X, year, random_state=0)
    >>> list(table)
    ['covariate', 'topic', 'label', 'effect', 'standard_error', 'low', 'high', 'p_value']
    >>> means = estimate_effect(model, X, year, at=[0, 5], random_state=0)
    >>> [round(float(means["prevalence"][rows].sum()), 6) for rows in (slice(0, 3), slice(3, 6))]
    [1.0, 1.0]
    """
    if contrasts is not None and at is not None:
        raise ValueError("Pass contrasts or at, one at a time: their tables have other columns.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1; got {confidence!r}.")
    check_scalar(n_draws, "n_draws", Integral, min_val=2)
    topics = topics_of(model, feature_names)
    check_draws(topics)
    counts = topics.counts(X)
    regressors = _Regressors.of(covariates, X, n_documents(counts))
    question = _Question.of(contrasts, at, regressors)
    design, counted = _design(regressors, sample_weight)
    known = known_of(topics, counts, covariates, model_covariates)
    draws = draws_of(topics, counts, n_draws, random_state, known)
    pooled = Pooled.of(design, draws.theta[:, counted])
    _warn_of_unknown(regressors, known, pooled)
    estimates = pooled.at(design.points(question.rows) if question.kind == "at" else design.differences(question.rows))
    return frame(_columns(question, draws, estimates, confidence))


class _Regressors(NamedTuple):
    """Covariates of documents, with their names."""

    values: NDArray[np.float64]  # (n, p)
    names: NDArray[Any]  # (p,)
    given_names: NDArray[Any] | None

    @classmethod
    def of(cls, covariates: Any, X: Any, n: int) -> _Regressors:
        """Those of the n rows of X."""
        check_same_order(X, covariates, "covariates")
        values = check_covariates(covariates, n)
        return cls(values, covariate_names(covariates, values.shape[1]), given_names(covariates))


class _Question(NamedTuple):
    """What is to be estimated: effects, contrasts of them, or means."""

    kind: str  # "covariate", "contrast" or "at"
    names: NDArray[Any]  # (m,)
    rows: NDArray[np.float64]  # (m, p)

    @classmethod
    def of(cls, contrasts: Any, at: Any, regressors: _Regressors) -> _Question:
        """Each effect, where nothing else is asked for."""
        if at is not None:
            return cls("at", *_named_rows(at, "at", regressors))
        if contrasts is not None:
            return cls("contrast", *_named_rows(contrasts, "contrasts", regressors))
        return cls("covariate", regressors.names, np.eye(len(regressors.names)))


def _named_rows(given: Any, name: str, regressors: _Regressors) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Rows of numbers for the covariates, and what they are called."""
    p, index = len(regressors.names), row_index(given)
    if isinstance(given, Mapping):
        index = list(given)
        given = np.stack([_dense(row).ravel() for row in given.values()])
    elif np.ndim(given) == 1 and p > 1 and not sp.issparse(given):
        index, given = None, np.asarray(given)[None]
    rows, columns = numbers(given, name), given_names(given)
    if rows.shape[1] != p:
        raise ValueError(f"{name} must have a column for each of the {p} covariates; it has {rows.shape[1]}.")
    if columns is not None and regressors.given_names is not None and list(columns) != list(regressors.given_names):
        raise ValueError(
            f"The columns of {name} are {', '.join(columns)}; they must be those of covariates, in their order: "
            f"{', '.join(regressors.names)}."
        )
    names = np.arange(len(rows)) if index is None else objects(list(index))
    return names, rows


def _dense(row: Any) -> NDArray[Any]:
    return row.toarray() if sp.issparse(row) else np.asarray(row)


def _design(regressors: _Regressors, sample_weight: Any) -> tuple[Design, NDArray[np.bool_]]:
    """The design of the documents that count, and which these are; with warnings of what it cannot tell."""
    values, names, _ = regressors
    given = check_weights(sample_weight, len(values))
    weights = np.ones(len(values)) if given is None else given
    counted = weights > 0
    design = Design.of(values[counted], weights[counted])
    n = len(design.columns)
    if n <= design.rank:
        raise ValueError(
            f"{n} documents cannot tell the effects of {design.rank - 1} independent covariates and an intercept: "
            "there must be more of them."
        )
    if design.constant.any():
        warn(
            f"These covariates are the same for all documents, and have no effect: {', '.join(names[design.constant])}."
        )
    if design.collinear:
        warn(
            f"Covariates are collinear: {', '.join(names[~design.constant])} hold fewer independent ones. Effects are "
            "shared among them, and only sums that this does not change have a meaning; leave one out, as "
            "OneHotEncoder(drop='first') and SplineTransformer(include_bias=False) do."
        )
    if (n_alone := int(design.alone.sum())) > 0:
        warn(
            f"{n_alone} of {n} documents alone tell what some covariates do, as the single document of a group does. "
            "Nothing says how such documents differ among themselves: their variance is taken to be that of all."
        )
    return design, counted


def _warn_of_unknown(regressors: _Regressors, known: Known, pooled: Pooled) -> None:
    """Warn where effects are drawn towards 0, since the prior of documents does not know of covariates."""
    fitted = np.column_stack([np.ones(len(known.values)), known.values])
    left = regressors.values - fitted @ np.linalg.lstsq(fitted, regressors.values, rcond=None)[0]
    unknown = (left.std(axis=0) > UNKNOWN * pooled.design.scales) & ~pooled.design.constant
    missing = pooled.missing
    if unknown.any() and missing > MUCH_MISSING:
        names = ", ".join(regressors.names[unknown])
        warn(
            f"The model was fitted without {names}, and words leave {missing:.0%} open of what there is to know of the "
            "topics of documents: effects are drawn towards 0 by about as much. Fit the model with these covariates."
        )


def _columns(question: _Question, draws: Draws, estimates: Estimates, confidence: float) -> dict[str, NDArray[Any]]:
    """Those of the table."""
    m, K = estimates.value.shape
    low, high = estimates.interval(confidence)
    columns = {
        question.kind: np.repeat(question.names, K),
        "topic": np.tile(draws.topics, m),
        "label": np.tile(draws.labels, m),
        "prevalence" if question.kind == "at" else "effect": estimates.value.ravel(),
        "standard_error": estimates.standard_error.ravel(),
        "low": low.ravel(),
        "high": high.ravel(),
    }
    return columns if question.kind == "at" else columns | {"p_value": estimates.p_value.ravel()}
