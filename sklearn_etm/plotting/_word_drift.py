"""Words of one topic over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._inputs.texts import printable
from ..inspection import components_over
from ._common import (
    COLORS,
    GREY,
    SMALL_FIGURE,
    draw_band,
    given_panels,
    import_pyplot,
    new_panels,
    numbered,
    text_width,
    without_frame,
)

MAX_COLUMNS = 4
TINY = 1e-9  # probability that a scale reaches at least


class WordDriftDisplay:
    """Words of one topic over time, with intervals: a panel for each word.

    A line is the probability of the word in the topic, smoothed in time, and its band a bootstrap interval. The dashed
    line is the probability in all slices of time together, where the word does not drift.

    Make it with `from_estimator`.

    Parameters
    ----------
    times : ndarray of shape (n_slices,)
        Slices of time, sorted.
    words : ndarray of str, of shape (n_words,)
        The words.
    probabilities, lows, highs : ndarray of shape (n_slices, n_words)
        Probability of each word in the topic, and the ends of its interval.
    overall : ndarray of shape (n_words,)
        The same in all slices together.
    title : str, optional
        Of the figure, where it is the display's own: number and label of the topic.

    Attributes
    ----------
    axes_ : ndarray of Axes, of shape (n_words,)
        The panels.
    figure_ : Figure
        The figure that holds them.
    lines_ : list of Line2D
        Probability of each word.
    intervals_ : list of FillBetweenPolyCollection
        Their bands.

    See Also
    --------
    sklearn_etm.inspection.components_over : The figures as a table.
    TopicShareDisplay : How much of each topic there is, over time.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.plotting import WordDriftDisplay
    >>> X = [[9, 0, 0], [7, 1, 0], [0, 9, 0], [0, 5, 4]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> display = WordDriftDisplay.from_estimator(lda, X, [2001, 2001, 2002, 2002], 0, n_words=2, random_state=0)
    >>> display.times.tolist(), display.probabilities.shape
    ([2001, 2002], (2, 2))
    """

    def __init__(
        self,
        times: NDArray[Any],
        words: NDArray[np.str_],
        probabilities: NDArray[np.float64],
        lows: NDArray[np.float64],
        highs: NDArray[np.float64],
        overall: NDArray[np.float64],
        *,
        title: str | None = None,
    ):
        self.times = times
        self.words = words
        self.probabilities = probabilities
        self.lows = lows
        self.highs = highs
        self.overall = overall
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        times: Any,
        topic: int,
        *,
        freq: str | None = None,
        words: str | Sequence[str] | None = None,
        n_words: int = 8,
        by: str = "drift",
        smoothing: float | str = "auto",
        confidence: float = 0.95,
        n_bootstrap: int = 1000,
        random_state: Any = None,
        covariates: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        n_columns: int | None = None,
        share_scale: bool = False,
        color: Any = None,
    ) -> WordDriftDisplay:
        """Draw words of a topic of a model.

        Parameters
        ----------
        model : fitted model, pipeline or search with one
            Its ``transform`` gives the documents their topics.
        X : documents as ``model`` was fitted on
            Texts for a pipeline, counts else.
        times : sequence of length n_samples
            The slice of time of each document.
        topic : int
            Row of ``components_``.
        freq, words, n_words, by, smoothing, confidence, n_bootstrap, random_state, covariates, feature_names
            As in `sklearn_etm.inspection.components_over`, which computes the figures; by default of the 8 words that
            drift most.
        ax, n_columns, share_scale, color
            As in `plot`.

        Returns
        -------
        display : WordDriftDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            If ``topic`` is no integer, if there are fewer ``ax`` than words, or as
            `sklearn_etm.inspection.components_over` raises them.
        """
        import_pyplot()
        if np.ndim(topic):
            raise ValueError(f"topic must be one integer, the row of components_ to draw; got {topic!r}.")
        table = components_over(
            model,
            X,
            times,
            freq=freq,
            topics=topic,
            words=words,
            n_words=n_words,
            by=by,
            smoothing=smoothing,
            confidence=confidence,
            n_bootstrap=n_bootstrap,
            random_state=random_state,
            covariates=covariates,
            feature_names=feature_names,
        ).table
        column = {name: np.asarray(table[name]) for name in ("time", "word", "probability", "low", "high", "overall")}
        n_slices = len(set(column["time"].tolist()))
        probabilities, lows, highs = (column[name].reshape(-1, n_slices).T for name in ("probability", "low", "high"))
        (title,) = numbered([topic], np.asarray(table["label"])[:1])
        words_of, overall = column["word"][::n_slices], column["overall"][::n_slices]
        display = cls(column["time"][:n_slices], words_of, probabilities, lows, highs, overall, title=title)
        return display.plot(ax, n_columns=n_columns, share_scale=share_scale, color=color)

    def plot(
        self, ax: Any = None, *, n_columns: int | None = None, share_scale: bool = False, color: Any = None
    ) -> WordDriftDisplay:
        """Draw the panels.

        Parameters
        ----------
        ax : Axes or array-like of Axes, optional
            One for each word, or more, which are left alone. By default those of a new figure.
        n_columns : int, optional
            Panels abreast in a new figure, by default up to 4.
        share_scale : bool, default=False
            Whether all panels have the same scale, or each its own.
        color : color, optional
            Of lines and bands.

        Returns
        -------
        self : WordDriftDisplay
        """
        self.axes_ = self._new_axes(n_columns) if ax is None else given_panels(ax, len(self.words), "words")
        self.figure_ = self.axes_[0].figure
        self.lines_, self.intervals_ = [], []
        color = COLORS[0] if color is None else color
        tops = np.maximum(1.05 * np.maximum(self.highs.max(axis=0), self.overall), TINY)
        curves = zip(self.axes_, self.probabilities.T, self.lows.T, self.highs.T, strict=True)
        for i, (panel, probability, low, high) in enumerate(curves):
            panel.axhline(self.overall[i], color=GREY, linestyle="--", linewidth=1)
            line, band = draw_band(panel, self.times, probability, low, high, color)
            self.lines_.append(line)
            self.intervals_.append(band)
            panel.set_ylim(0, tops.max() if share_scale else tops[i])
            panel.set_title(printable(self.words[i]), size="medium", parse_math=False)
            panel.tick_params(labelsize="small")
            without_frame(panel)
        return self

    def _new_axes(self, n_columns: int | None) -> NDArray[Any]:
        """Panels of a new figure."""
        n_columns = min(len(self.words), MAX_COLUMNS) if n_columns is None else n_columns
        width = max(2.6, SMALL_FIGURE / n_columns, 0.3 + 0.09 * max(text_width(word) for word in self.words))
        panels = new_panels(len(self.words), n_columns, width, 2.2)
        panels[0].figure.suptitle(self.title, parse_math=False)
        panels[0].figure.supylabel("probability in the topic", size="medium")
        return panels
