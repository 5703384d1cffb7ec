"""Prevalence of topics in groups of documents: classes, authors, dates."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

from .._inputs.columns import distinct, objects, read_column
from .._inputs.documents import corpus_of
from .._inputs.vectorizer import check_same_order
from .._inputs.weights import check_weights
from .._warnings import warn
from ._dates import bin_starts, read_dates
from ._frame import frame
from ._words import labels_of

_BLOCK_FLOATS = 2**22


@np.errstate(under="ignore")
def topics_over(
    model: Any,
    X: Any,
    groups: Any,
    *,
    freq: str | None = None,
    confidence: float = 0.95,
    n_bootstrap: int = 1000,
    random_state: Any = None,
    sample_weight: Any = None,
    covariates: Any = None,
    feature_names: Any = None,
) -> Any:
    """Prevalence of each topic by class, date or any other column, with its uncertainty.

    The prevalence of a topic is its mean proportion over documents, each counting the same, or by its weight.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    groups : sequence of length n_samples
        The group of each document: strings, numbers, dates, intervals, ...; a list, an array, or a column of pandas,
        polars or pyarrow. They are those of the rows of ``X`` by their places, as everywhere in scikit-learn, not by an
        index.
    freq : str, optional
        Bins dates by calendar: a unit of NumPy's datetimes, with a multiple or without, ``"10Y"``, ``"Y"``, ``"3M"``
        (quarters), ``"M"``, ``"W"`` (weeks that begin on Monday), ``"D"`` or ``"h"``. ``groups`` then holds dates of
        Python, NumPy, pandas or polars, or strings as ISO 8601 writes dates: "2021", "2021-04", "2021-04-03",
        "20210403", "2021-04-03T14:05". No other way of writing is guessed at. A group is called by the start of its
        bin.
    confidence : float, default=0.95
        Share of bootstrap means between ``low`` and ``high``, in (0, 1).
    n_bootstrap : int, default=1000
        How often the documents of each group are drawn anew.
    random_state : int, RandomState or None, default=None
        Draws them; an int for the same numbers every time.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each document counts; once where it is None. Those of weight 0 are left out.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each group and topic, groups sorted, or in the order of their categories where they have one (those
        of a pandas ``Categorical``, a polars ``Enum`` or an ordered dictionary of pyarrow), with the columns

        - ``group``, ``topic`` (its row in ``components_``), ``label`` (see :func:`topic_labels`)
        - ``prevalence``: mean proportion of the topic over the documents of the group
        - ``low``, ``high``: percentiles of the prevalence in documents drawn from the group with replacement
        - ``n_documents``: number of documents in the group; the interval of a single one has no width

        Bins and categories without documents have no rows.

    Raises
    ------
    TypeError
        If ``model`` is an array, or groups do not sort together.
    ValueError
        If ``groups`` has another length than ``X``, or the index of ``X`` in another order, names no group at all, or
        holds something else than dates, such as numbers or 03/04/2021, where ``freq`` is given; if ``freq``,
        ``confidence`` or ``n_bootstrap`` is out of range.

    Warns
    -----
    UserWarning
        If some documents have no group (None, NaN, NaT, NA, null or, of dates, a blank): how many were left out. If
        dates with another time zone than UTC are binned, which happens in UTC. If some documents have no word that the
        model knows: they count all the same.

    Notes
    -----
    The interval tells how much the mean of these documents depends on which documents they are. It does not contain the
    uncertainty of the topics, nor that of the proportions of each document. A document without known words counts
    with what ``transform`` gives it.

    References
    ----------
    .. [1] Efron, B. & Tibshirani, R. (1993). An Introduction to the Bootstrap, chapter 13. Chapman & Hall.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.inspection import topics_over
    >>> X = [[9, 0], [7, 1], [1, 9], [0, 5]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> table = topics_over(lda, X, ["2023-11-30", "2024-01-01", "2024-03-10", "2024-12-31"], freq="Y", random_state=0)
    >>> table["group"].dt.year.tolist(), table["n_documents"].tolist()
    ([2023, 2023, 2024, 2024], [1, 1, 3, 3])
    """
    check_bootstrap(confidence, n_bootstrap)
    check_same_order(X, groups, "groups")
    corpus = corpus_of(model, X, feature_names, covariates)
    n = len(corpus.doc_topic)
    weights = check_weights(sample_weight, n)
    members = members_of(groups, freq, n)
    if weights is not None:
        members = members.within(weights > 0)
        if not members.rows:
            raise ValueError("groups names no group of a document whose sample_weight is above 0.")
    _warn_of_empty(members, corpus.lengths)
    prevalence = members.prevalence(corpus.doc_topic, weights, confidence, n_bootstrap, random_state)
    n_groups, n_topics = prevalence.prevalence.shape
    return frame(
        {
            "group": np.repeat(members.names, n_topics),
            "topic": np.tile(np.arange(n_topics), n_groups),
            "label": np.tile(labels_of(corpus.topics), n_groups),
            "prevalence": prevalence.prevalence.ravel(),
            "low": prevalence.low.ravel(),
            "high": prevalence.high.ravel(),
            "n_documents": np.repeat([len(rows) for rows in members.rows], n_topics),
        }
    )


def _warn_of_empty(members: Members, lengths: NDArray[Any]) -> None:
    """Warn where documents of groups say nothing of their topics."""
    counted = lengths[np.concatenate(members.rows)]
    if n_empty := np.count_nonzero(counted == 0):
        warn(
            f"{n_empty} of {len(counted)} documents have no word that the model knows: they count as the mean of its "
            "prior. Leave them out to see what the others are about."
        )


class Members(NamedTuple):
    """Groups in their order, and the documents of each."""

    names: NDArray[Any]  # (n_groups,)
    rows: list[NDArray[np.intp]]

    def within(self, kept: NDArray[np.bool_]) -> Members:
        """Those of some documents, in the groups that have any of these."""
        rows = [group[kept[group]] for group in self.rows]
        filled = [i for i, group in enumerate(rows) if len(group)]
        return Members(self.names[filled], [rows[i] for i in filled])

    def prevalence(
        self,
        doc_topic: NDArray[Any],
        weights: NDArray[np.float64] | None,
        confidence: float,
        n_bootstrap: int,
        random_state: Any,
    ) -> Prevalence:
        """Mean proportions of topics in the groups, with their intervals; of documents by their weights."""
        rng = check_random_state(random_state)
        weights = np.ones(len(doc_topic)) if weights is None else weights
        bounds = [_bootstrap(doc_topic[rows], weights[rows], confidence, n_bootstrap, rng) for rows in self.rows]
        means = [np.average(doc_topic[rows], axis=0, weights=weights[rows]) for rows in self.rows]
        return Prevalence(np.stack(means), *np.stack(bounds, axis=1))


class Prevalence(NamedTuple):
    """Of each topic in each group, three arrays of shape (n_groups, K)."""

    prevalence: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def members_of(groups: Any, freq: str | None, n_documents: int, noun: str = "group") -> Members:
    """The groups that documents are in, sorted, or in the order that their categories have; what messages call one."""
    name = f"{noun}s"
    column = read_column(groups, n_documents, f"{name} must name the {noun} of each of the {n_documents} documents")
    if freq is not None:
        column = column.where(np.array([not isinstance(v, str) or bool(v.strip()) for v in column.values], dtype=bool))
    n_missing = n_documents - len(column.rows)
    if n_missing == n_documents:
        raise ValueError(f"{name} names no {noun}: every entry is None or NaN.")
    if n_missing:
        warn(
            f"{n_missing} of {n_documents} documents have no {noun} (None or NaN) and are left out"
            + ("; give them a name, such as 'unknown', to count them." if noun == "group" else "."),
        )
    if freq is not None:
        dates, shifted = read_dates(column.values, name)
        if shifted:
            warn(
                "Dates with timezones are binned in UTC. To have their own clocks count, pass them without, as "
                f"{name}.dt.tz_localize(None) of a column of pandas.",
            )
        column = column._replace(values=bin_starts(dates, freq), categories=None)
    names, codes = distinct(column, name)
    return Members(_array(names), [column.rows[codes == i] for i in range(len(names))])


def _array(names: list[Any]) -> NDArray[Any]:
    """Names as NumPy has them: strings, numbers or dates where all are, else objects."""
    array = np.array(names)
    return array if array.ndim == 1 else objects(names)


def resampled(n: int, n_bootstrap: int, rng: np.random.RandomState) -> Iterator[NDArray[np.float64]]:
    """How often each of n rows is among n that are drawn with replacement, (n_draws, n), some draws at a time."""
    step = max(1, _BLOCK_FLOATS // n)
    for start in range(0, n_bootstrap, step):
        draws = np.arange(min(step, n_bootstrap - start))
        drawn = rng.randint(n, size=(len(draws), n)) + n * draws[:, None]
        yield np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(np.float64)


def interval(replicates: NDArray[np.float64], confidence: float, axis: int) -> NDArray[np.float64]:
    """Lower and upper percentile of replicates, the first axis."""
    tail = (1 - confidence) / 2
    return np.quantile(replicates, [tail, 1 - tail], axis=axis)


def check_bootstrap(confidence: float, n_bootstrap: int) -> None:
    """Raise where there are no such intervals."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1; got {confidence!r}.")
    check_scalar(n_bootstrap, "n_bootstrap", Integral, min_val=1)


def _bootstrap(
    rows: NDArray[np.float64],
    weights: NDArray[np.float64],
    confidence: float,
    n_bootstrap: int,
    rng: np.random.RandomState,
) -> NDArray[np.float64]:
    """Percentiles of the weighted means of rows drawn with replacement: lower and upper, (2, K)."""
    weighted = weights[:, None] * rows
    means = [often @ weighted / (often @ weights)[:, None] for often in resampled(len(rows), n_bootstrap, rng)]
    return interval(np.concatenate(means), confidence, axis=0)
