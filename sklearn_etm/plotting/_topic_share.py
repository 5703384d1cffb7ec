"""Prevalence of topics in groups of documents, and over time."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._inputs.texts import printable
from .._inputs.topics import topic_rows, topics_of
from ..inspection import topics_over
from ._common import (
    COLORS,
    SMALL_FIGURE,
    are_dates,
    are_numbers,
    draw_band,
    given_panels,
    import_pyplot,
    largest,
    new_panels,
    numbered,
    text_width,
    without_frame,
)

MAX_TOPICS = 8  # drawn where none are asked for
MAX_COLUMNS = 4
TITLE_WIDTH = 26  # characters
TINY = 1e-9  # proportion that a scale reaches at least
KINDS = ("auto", "lines", "dots")


class TopicShareDisplay:
    """Prevalence of topics in groups of documents or over time, with intervals: a panel for each topic.

    The prevalence of a topic is its mean proportion over the documents of a group, each counting the same.
    Categories are rows with a dot and an interval, dates and numbers an axis with a line and a band.

    Make it with `from_estimator`.

    Parameters
    ----------
    groups : ndarray of shape (n_groups,)
        Names, numbers or dates of the groups, sorted.
    prevalences, lows, highs : ndarray of shape (n_groups, n_drawn)
        Prevalence of each topic in the group, and the ends of its interval.
    topics : ndarray of int, of shape (n_drawn,)
        Numbers of the topics: rows of ``components_``.
    labels : sequence of str, of length n_drawn
        What they are called.
    title : str, optional
        Of the figure, where it is the display's own: which of the topics these are.

    Attributes
    ----------
    axes_ : ndarray of Axes, of shape (n_drawn,)
        The panels.
    figure_ : Figure
        The figure that holds them.
    intervals_ : list of LineCollection or FillBetweenPolyCollection
        Intervals of each topic: bars or a band.
    lines_ : list of Line2D
        Prevalence of each topic: a line, or dots alone.

    See Also
    --------
    sklearn_etm.inspection.topics_over : The figures as a table.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.plotting import TopicShareDisplay
    >>> X = [[9, 0], [7, 1], [1, 9], [0, 5]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> display = TopicShareDisplay.from_estimator(lda, X, ["a", "a", "b", "b"], random_state=0)
    >>> display.groups.tolist(), display.prevalences.shape
    (['a', 'b'], (2, 2))
    """

    def __init__(
        self,
        groups: NDArray[Any],
        prevalences: NDArray[np.float64],
        lows: NDArray[np.float64],
        highs: NDArray[np.float64],
        topics: NDArray[np.intp],
        labels: Any,
        *,
        title: str | None = None,
    ):
        self.groups = groups
        self.prevalences = prevalences
        self.lows = lows
        self.highs = highs
        self.topics = topics
        self.labels = labels
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        groups: Any,
        *,
        freq: str | None = None,
        topics: Any = None,
        confidence: float = 0.95,
        n_bootstrap: int = 1000,
        random_state: Any = None,
        covariates: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        kind: str = "auto",
        n_columns: int | None = None,
        share_scale: bool = True,
        color: Any = None,
    ) -> TopicShareDisplay:
        """Draw the prevalence of a model's topics.

        Parameters
        ----------
        model : fitted model, pipeline or search with one
            Its ``transform`` gives the documents their topics.
        X : documents as ``model`` was fitted on
            Texts for a pipeline, counts else.
        groups : sequence of length n_samples
            The group of each document: strings, numbers, dates. Numbers that are names, such as those of classes, are
            drawn as such with ``kind="dots"``.
        freq, confidence, n_bootstrap, random_state, covariates
            As in `sklearn_etm.inspection.topics_over`, which computes the figures: calendar bins of dates, share of
            bootstrap means in an interval, number of these means, what draws them, and the documents' covariates.
        topics : sequence of int, optional
            Topics to draw, in this order. By default all but the background, those that are largest on average over the
            groups first, or where there are more than 8 the largest 8, which the title of the figure tells.
        feature_names : sequence of str or mapping, optional
            The word of each column, where ``model`` does not know them.
        ax, kind, n_columns, share_scale, color
            As in `plot`.

        Returns
        -------
        display : TopicShareDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            If ``model`` cannot transform documents or is not fitted, if there is no such topic or kind, if there
            are fewer ``ax`` than topics, or as `sklearn_etm.inspection.topics_over` raises them.
        """
        import_pyplot()
        table = topics_over(
            model,
            X,
            groups,
            freq=freq,
            confidence=confidence,
            n_bootstrap=n_bootstrap,
            random_state=random_state,
            covariates=covariates,
            feature_names=feature_names,
        )
        column = {name: np.asarray(table[name]) for name in ("group", "topic", "label", "prevalence", "low", "high")}
        n_topics = int(column["topic"].max()) + 1
        groups = column["group"][::n_topics]
        prevalences, lows, highs = (column[name].reshape(-1, n_topics) for name in ("prevalence", "low", "high"))
        title = None
        if topics is None:
            background = topics_of(model, feature_names).background
            own = np.array([k for k in range(n_topics) if k != background])
            topics = own[largest(prevalences.mean(axis=0)[own], MAX_TOPICS)]
            if len(own) > MAX_TOPICS:
                title = f"The largest {MAX_TOPICS} of {len(own)} topics"
        topics = topic_rows(topics, n_topics)
        labels = column["label"][topics]
        display = cls(groups, prevalences[:, topics], lows[:, topics], highs[:, topics], topics, labels, title=title)
        return display.plot(ax, kind=kind, n_columns=n_columns, share_scale=share_scale, color=color)

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "auto",
        n_columns: int | None = None,
        share_scale: bool = True,
        color: Any = None,
    ) -> TopicShareDisplay:
        """Draw the panels.

        Parameters
        ----------
        ax : Axes or array-like of Axes, optional
            One for each topic, or more, which are left alone. By default those of a new figure.
        kind : {"auto", "lines", "dots"}, default="auto"
            Lines with bands, or dots with intervals. By default lines for dates and numbers, dots for all else.
        n_columns : int, optional
            Panels abreast in a new figure, by default up to 4.
        share_scale : bool, default=True
            Whether all panels have the same scale, or each its own.
        color : color, optional
            Of lines, bands, dots and intervals.

        Returns
        -------
        self : TopicShareDisplay
        """
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {list(KINDS)}; got {kind!r}.")
        lines = kind == "lines" or (kind == "auto" and (are_numbers(self.groups) or are_dates(self.groups)))
        titles = [fill(title, TITLE_WIDTH) for title in numbered(self.topics, self.labels)]
        self.axes_ = self._new_axes(lines, titles, n_columns) if ax is None else given_panels(ax, len(titles))
        self.figure_ = self.axes_[0].figure
        self.lines_, self.intervals_ = [], []
        draw = self._draw_lines if lines else self._draw_dots
        color = COLORS[0] if color is None else color
        rows = zip(self.axes_, titles, self.prevalences.T, self.lows.T, self.highs.T, strict=True)
        for panel, title, prevalence, low, high in rows:
            line, interval = draw(panel, prevalence, low, high, color)
            self.lines_.append(line)
            self.intervals_.append(interval)
            top = 1.05 * max((self.highs if share_scale else high).max(), TINY)
            bottom = 1.05 * min((self.lows if share_scale else low).min(), 0)  # means of a regression can be below 0
            (panel.set_ylim if lines else panel.set_xlim)(bottom, top)
            panel.set_title(title, size="medium", parse_math=False)
            panel.tick_params(labelsize="small")
            without_frame(panel)
        return self

    def _draw_lines(self, panel: Any, prevalence: Any, low: Any, high: Any, color: Any) -> tuple[Any, Any]:
        return draw_band(panel, self.groups, prevalence, low, high, color)

    def _draw_dots(self, panel: Any, prevalence: Any, low: Any, high: Any, color: Any) -> tuple[Any, Any]:
        rows = np.arange(len(self.groups))
        interval = panel.hlines(rows, low, high, color=color, alpha=0.5, linewidth=3)
        (dots,) = panel.plot(prevalence, rows, "o", color=color, markersize=5)
        panel.set_yticks(rows, [printable(str(group)) for group in self.groups], parse_math=False)
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.tick_params(axis="y", length=0)
        panel.locator_params(axis="x", nbins=4)
        panel.grid(axis="y", alpha=0.3)
        return dots, interval

    def _new_axes(self, lines: bool, titles: list[str], n_columns: int | None) -> NDArray[Any]:
        """Panels of a new figure, that share the axis of the groups."""
        n_columns = min(len(titles), MAX_COLUMNS) if n_columns is None else n_columns
        n_lines = max(title.count("\n") + 1 for title in titles)
        width = max(
            2.6,
            SMALL_FIGURE / n_columns,
            0.3 + 0.09 * max(text_width(line) for title in titles for line in title.split("\n")),
        )
        height = 0.2 * n_lines + (2.0 if lines else 0.5 + 0.24 * len(self.groups))
        panels = new_panels(len(titles), n_columns, width, height, **({} if lines else {"sharey": True}))
        figure = panels[0].figure
        figure.suptitle(self.title)
        label = "mean proportion in documents"  # which is no longer than one row of panels is high
        (figure.supylabel if lines else figure.supxlabel)(label, size="medium")
        return panels
