"""Prevalence of topics in groups of documents: classes, authors, dates."""

from __future__ import annotations

import warnings
from numbers import Integral, Number
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

from ._corpus import check_same_order, corpus_of
from ._frame import frame
from ._words import labels_of

_BLOCK_FLOATS = 2**22


def topics_over(
    model: Any,
    X: Any,
    groups: Any,
    *,
    freq: str | None = None,
    confidence: float = 0.95,
    n_bootstrap: int = 1000,
    random_state: Any = None,
    feature_names: Any = None,
) -> Any:
    """Prevalence of each topic by class, date or any other column, with its uncertainty.

    The prevalence of a topic is its mean proportion over documents, each counting the same.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    groups : sequence of length n_samples
        The group of each document: strings, numbers, dates; a list, an array, or a column of pandas or polars. They
        are those of the rows of ``X`` by their places, as everywhere in scikit-learn, not by an index.
    freq : str, optional
        Bins dates by calendar: a unit of NumPy's datetimes, with a multiple or without, ``"10Y"``, ``"Y"``, ``"3M"``
        (quarters), ``"M"``, ``"W"`` (weeks that begin on Monday), ``"D"`` or ``"h"``. ``groups`` may then be anything
        that NumPy reads as dates, ISO 8601 strings among them, and a group is called by the start of its bin.
    confidence : float, default=0.95
        Share of bootstrap means between ``low`` and ``high``, in (0, 1).
    n_bootstrap : int, default=1000
        How often the documents of each group are drawn anew.
    random_state : int, RandomState or None, default=None
        Draws them; an int for the same numbers every time.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each group and topic, groups sorted, with the columns

        - ``group``, ``topic`` (its row in ``components_``), ``label`` (see :func:`topic_labels`)
        - ``prevalence``: mean proportion of the topic over the documents of the group, each counting the same
        - ``low``, ``high``: percentiles of the prevalence in documents drawn from the group with replacement
        - ``n_documents``: number of documents in the group; the interval of a single one has no width

        Bins without documents have no rows.

    Raises
    ------
    TypeError
        If ``model`` is an array, or groups do not sort together.
    ValueError
        If ``groups`` has another length than ``X``, or the index of ``X`` in another order, names no group at all, or
        does not hold dates where ``freq`` is given; if ``freq``, ``confidence`` or ``n_bootstrap`` is out of range.

    Warns
    -----
    UserWarning
        If some documents have no group (None, NaN, NaT): how many were left out. If dates with a time zone are binned,
        which happens in UTC.

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
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1; got {confidence!r}.")
    check_scalar(n_bootstrap, "n_bootstrap", Integral, min_val=1)
    check_same_order(X, groups, "groups")
    corpus = corpus_of(model, X, feature_names)
    names, members = _members(groups, freq, len(corpus.doc_topic))
    n_groups, n_topics = len(members), corpus.doc_topic.shape[1]
    rng = check_random_state(random_state)
    bounds = [_bootstrap(corpus.doc_topic[rows], confidence, n_bootstrap, rng) for rows in members]
    return frame(
        {
            "group": np.repeat(names, n_topics),
            "topic": np.tile(np.arange(n_topics), n_groups),
            "label": np.tile(labels_of(corpus.topics.components, corpus.topics.feature_names), n_groups),
            "prevalence": np.concatenate([corpus.doc_topic[rows].mean(axis=0) for rows in members]),
            "low": np.concatenate([low for low, _ in bounds]),
            "high": np.concatenate([high for _, high in bounds]),
            "n_documents": np.repeat([len(rows) for rows in members], n_topics),
        }
    )


def _members(groups: Any, freq: str | None, n_documents: int) -> tuple[NDArray[Any], list[NDArray[np.intp]]]:
    """Names of the groups, sorted, and the rows of each."""
    values = _array(groups)
    if values.shape != (n_documents,):
        raise ValueError(
            f"groups must name the group of each of the {n_documents} documents; got shape {values.shape}."
        )
    missing = _missing(groups, values)
    if missing.all():
        raise ValueError("groups names no group: every entry is None or NaN.")
    if missing.any():
        warnings.warn(
            f"{missing.sum()} of {n_documents} documents have no group (None or NaN) and are left out; "
            "give them a name, such as 'unknown', to count them.",
            UserWarning,
            stacklevel=3,
        )
    known = np.flatnonzero(~missing)
    kept = values[known] if freq is None else _binned(values[known], freq)
    try:
        names, group = np.unique(kept, return_inverse=True)
    except TypeError as error:
        raise TypeError("groups must be of one kind, to be sorted: all strings, all numbers, or all dates.") from error
    if names.dtype == object:
        names = np.array(names.tolist())
    return names, [known[group == i] for i in range(len(names))]


def _array(groups: Any) -> NDArray[Any]:
    """Entries as they are: NumPy would make strings of a list of strings and NaN."""
    return np.asarray(groups) if hasattr(groups, "dtype") else np.array(list(groups), dtype=object)


def _missing(groups: Any, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which entries are None, NaN or NaT."""
    if values.dtype.kind == "M":
        return np.isnat(values)
    if hasattr(groups, "isna"):
        return np.asarray(groups.isna())
    return np.array([value is None or value != value for value in values.tolist()], dtype=bool)


def _binned(dates: NDArray[Any], freq: str) -> NDArray[Any]:
    """Start of the calendar bin of each date."""
    try:
        unit = np.dtype(f"datetime64[{freq}]")
    except TypeError as error:
        raise ValueError(
            f"freq must be a unit of NumPy's datetimes, such as 'Y', '3M', 'M', 'W' or 'D'; got {freq!r}."
        ) from error
    number = next((date for date in dates if isinstance(date, Number)), None)
    if number is not None:
        raise ValueError(f"With freq, groups must hold dates; got the number {number}. Years are dates as strings.")
    try:
        dates = dates.astype("datetime64[us]")
    except (TypeError, ValueError) as error:
        raise ValueError(f"With freq, groups must hold dates: {error}") from error
    shift = np.timedelta64(3 if np.datetime_data(unit)[0] == "W" else 0, "D")  # day 0, 1970-01-01, was a Thursday
    return (dates + shift).astype(unit).astype("datetime64[us]") - shift


def _bootstrap(
    rows: NDArray[np.float64], confidence: float, n_bootstrap: int, rng: np.random.RandomState
) -> NDArray[np.float64]:
    """Percentiles of the means of rows drawn with replacement: lower and upper, (2, K)."""
    n = len(rows)
    step = max(1, _BLOCK_FLOATS // n)
    means = []
    for start in range(0, n_bootstrap, step):
        draws = np.arange(min(step, n_bootstrap - start))
        drawn = rng.randint(n, size=(len(draws), n)) + n * draws[:, None]
        times = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape)
        means.append(times.astype(np.float64) @ rows / n)
    tail = (1 - confidence) / 2
    return np.quantile(np.concatenate(means), [tail, 1 - tail], axis=0)
