"""Effects of covariates on topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._inputs.topics import topic_rows
from ..inspection import estimate_effect
from ._common import COLORS, axes_or_new, import_pyplot, largest, numbered, text_width, without_frame
from ._topic_share import MAX_TOPICS, TopicShareDisplay

EFFECT_LABEL = "effect on the proportion in a document"


class EffectDisplay:
    """An effect on topics as points with intervals, or mean proportions of topics at values of covariates.

    An effect is drawn in one axes, a row for each topic, the largest effect first. Mean proportions have a panel for
    each topic: a line with a band over numbers and dates, dots with intervals for all else.

    Make it with `from_estimator`.

    Parameters
    ----------
    estimates, lows, highs : ndarray of shape (n_drawn,), or (n_values, n_drawn)
        The effect on each topic, or its mean proportion at each value, and the ends of the intervals.
    topics : ndarray of int, of shape (n_drawn,)
        Numbers of the topics: rows of ``components_``.
    labels : sequence of str, of length n_drawn
        What they are called.
    values : ndarray of shape (n_values,), optional
        Numbers, dates or names of the points; without them, an effect is drawn.
    name : str, optional
        Of the covariate or contrast, or of what ``values`` are.

    Attributes
    ----------
    axes_ : ndarray of Axes
        The axes, one for an effect, or one for each topic.
    figure_ : Figure
        The figure that holds them.
    intervals_ : list of LineCollection or FillBetweenPolyCollection
        Intervals: one collection for an effect, one for each topic else.
    lines_ : list of Line2D
        The dots of an effect, or the line or dots of each topic.

    See Also
    --------
    sklearn_etm.inspection.estimate_effect : The figures as a table.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.plotting import EffectDisplay
    >>> X = make_topics_corpus(60, n_topics=3, n_features=40, doc_length=30, random_state=0).data
    >>> year = np.arange(60) / 10
    >>> model = LNTMTransformer(3, em_iter=1, max_iter=2, random_state=0).fit(X, covariates=year)
    >>> display = EffectDisplay.from_estimator(model, X, year, "c0", random_state=0)
    >>> display.estimates.shape
    (3,)
    >>> curve = EffectDisplay.from_estimator(model, X, year, at=np.arange(6), values=np.arange(6), random_state=0)
    >>> curve.estimates.shape
    (6, 3)
    """

    def __init__(
        self,
        estimates: NDArray[np.float64],
        lows: NDArray[np.float64],
        highs: NDArray[np.float64],
        topics: NDArray[np.intp],
        labels: Any,
        *,
        values: NDArray[Any] | None = None,
        name: str | None = None,
    ):
        self.estimates = estimates
        self.lows = lows
        self.highs = highs
        self.topics = topics
        self.labels = labels
        self.values = values
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        covariates: Any,
        effect: Any = None,
        *,
        at: Any = None,
        values: Any = None,
        topics: Any = None,
        model_covariates: Any = None,
        sample_weight: Any = None,
        n_draws: int = 50,
        confidence: float = 0.95,
        random_state: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        color: Any = None,
    ) -> EffectDisplay:
        """Draw an effect on a model's topics, or their mean proportions.

        Parameters
        ----------
        model : fitted model of this package, pipeline or search with one
            Its topics, and its ``sample_posterior``.
        X : documents as ``model`` was fitted on
            Texts for a pipeline, counts else.
        covariates : {array-like, sparse matrix} of shape (n_samples, p)
            Numbers, one row for each document.
        effect : str, int, row of shape (p,), or mapping of a name to a row, optional
            What to draw: a covariate by its name or column, or a contrast, such as the difference of two rows of
            covariates, with a name for the title. It may be left out where there is one covariate.
        at : {array-like, sparse matrix} of shape (m, p), optional
            Covariates at which to draw the mean proportions, instead of an effect.
        values : sequence of length m, optional
            What the points ``at`` are called, numbers and dates in their order; by default their labels in the index of
            a data frame, or their numbers. The name of a Series is that of the axis.
        topics : sequence of int, optional
            Topics to draw, in this order. By default all; of mean proportions the largest first, at most 8.
        model_covariates, sample_weight, n_draws, confidence, random_state, feature_names
            As in `sklearn_etm.inspection.estimate_effect`, which computes the figures.
        ax, color
            As in `plot`.

        Returns
        -------
        display : EffectDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            If there is no such covariate or topic, if both or neither of ``effect`` and ``at`` are given, or as
            `sklearn_etm.inspection.estimate_effect` raises them.
        """
        import_pyplot()
        options = {
            "model_covariates": model_covariates,
            "sample_weight": sample_weight,
            "n_draws": n_draws,
            "confidence": confidence,
            "random_state": random_state,
            "feature_names": feature_names,
        }
        if at is not None and effect is not None:
            raise ValueError("Pass an effect, or at, which draws mean proportions: not both.")
        if at is not None:
            table = estimate_effect(model, X, covariates, at=at, **options)
            return cls._of_means(table, values, topics).plot(ax, color=color)
        contrasts = _contrast(effect)
        table = estimate_effect(model, X, covariates, contrasts=contrasts, **options)
        return cls._of_effect(table, effect, topics).plot(ax, color=color)

    @classmethod
    def _of_means(cls, table: Any, values: Any, topics: Any) -> EffectDisplay:
        numbers, labels, (estimates, lows, highs) = _by_topic(table, ("prevalence", "low", "high"))
        points = np.asarray(table["at"])[:: len(numbers)] if values is None else np.asarray(values)
        if points.shape != (len(estimates),):
            raise ValueError(f"values must hold one for each of the {len(estimates)} rows of at; got {points.shape}.")
        chosen = largest(estimates.mean(axis=0), MAX_TOPICS) if topics is None else _places(topics, numbers)
        estimates, lows, highs = (part[:, chosen] for part in (estimates, lows, highs))
        name = getattr(values, "name", None)
        name = None if name is None else str(name)
        return cls(estimates, lows, highs, numbers[chosen], labels[chosen], values=points, name=name)

    @classmethod
    def _of_effect(cls, table: Any, effect: Any, topics: Any) -> EffectDisplay:
        numbers, labels, parts = _by_topic(table, ("effect", "low", "high"))
        if "contrast" in table:
            row, name = 0, str(np.asarray(table["contrast"])[0]) or "the contrast"
        else:
            names = [str(name) for name in np.asarray(table["covariate"])[:: len(numbers)]]
            row = _place_of(effect, names)
            name = names[row]
        estimates, lows, highs = (part[row] for part in parts)
        chosen = largest(estimates) if topics is None else _places(topics, numbers)
        return cls(estimates[chosen], lows[chosen], highs[chosen], numbers[chosen], labels[chosen], name=name)

    def plot(self, ax: Any = None, *, color: Any = None) -> EffectDisplay:
        """Draw it.

        Parameters
        ----------
        ax : Axes, or array-like of Axes, optional
            One for an effect; for mean proportions one for each topic. By default those of a new figure.
        color : color, optional
            Of dots, lines, bands and intervals.

        Returns
        -------
        self : EffectDisplay
        """
        if self.values is None:
            return self._plot_effect(ax, COLORS[0] if color is None else color)
        panels = TopicShareDisplay(self.values, self.estimates, self.lows, self.highs, self.topics, self.labels)
        panels.plot(ax, color=color)
        self.axes_, self.figure_ = panels.axes_, panels.figure_
        if ax is None and self.name is not None and not self.figure_.get_supxlabel():
            self.figure_.supxlabel(self.name, size="medium", parse_math=False)
        self.lines_, self.intervals_ = panels.lines_, panels.intervals_
        return self

    def _plot_effect(self, ax: Any, color: Any) -> EffectDisplay:
        names, rows = numbered(self.topics, self.labels), np.arange(len(self.topics))
        size = 4.0 + 0.08 * max(map(text_width, names)), 0.9 + 0.27 * len(names)
        ax = axes_or_new(ax, size)
        ax.axvline(0, color=ax.spines["left"].get_edgecolor(), linewidth=0.8)
        self.intervals_ = [ax.hlines(rows, self.lows, self.highs, color=color, alpha=0.5, linewidth=3)]
        self.lines_ = ax.plot(self.estimates, rows, "o", color=color, markersize=5)
        ax.set_yticks(rows, names, parse_math=False)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(EFFECT_LABEL)
        ax.set_title(self.name, size="medium", parse_math=False)
        without_frame(ax)
        self.axes_, self.figure_ = np.array([ax], dtype=object), ax.figure
        return self


def _by_topic(table: Any, columns: tuple[str, ...]) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[Any]]]:
    """Numbers and labels of topics, and columns as (m, K)."""
    numbers, first = np.unique(np.asarray(table["topic"]), return_index=True)
    parts = [np.asarray(table[name]).reshape(-1, len(numbers)) for name in columns]
    return numbers, np.asarray(table["label"])[first], parts


def _places(topics: Any, numbers: NDArray[Any]) -> NDArray[np.intp]:
    """Where the topics that were asked for are among those with numbers."""
    asked = topic_rows(topics, int(numbers[-1]) + 1)
    if missing := sorted(set(asked.tolist()) - set(numbers.tolist())):
        raise ValueError(f"There are no effects on the background, which is topic {missing[0]}.")
    return np.searchsorted(numbers, asked)


def _contrast(effect: Any) -> dict[str, Any] | None:
    """A contrast by its name; None where a covariate is asked for."""
    if effect is None or isinstance(effect, str | int | np.integer):
        return None
    if not isinstance(effect, Mapping):
        return {"": effect}
    if len(effect) != 1:
        raise ValueError(f"One effect is drawn: pass a mapping of one name to a contrast; got {len(effect)} names.")
    return dict(effect)


def _place_of(effect: Any, names: list[str]) -> int:
    """Which covariate was asked for."""
    if effect is None and len(names) == 1:
        return 0
    if isinstance(effect, str) and effect in names:
        return names.index(effect)
    if isinstance(effect, int | np.integer) and 0 <= effect < len(names):
        return int(effect)
    asked = "effect must say which" if effect is None else f"There is no covariate {effect!r}"
    raise ValueError(f"{asked}: one of {', '.join(names)}, a column from 0 to {len(names) - 1}, or a contrast.")
