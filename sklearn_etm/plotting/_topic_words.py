"""Bars of the words that lead each topic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._inputs.documents import shares_in
from .._inputs.texts import printable
from .._inputs.topics import topic_rows, topics_of
from ..inspection import word_scores
from ..metrics import top_word_columns
from ._common import (
    COLORS,
    SMALL_FIGURE,
    given_panels,
    import_pyplot,
    largest,
    new_panels,
    text_width,
    without_frame,
)

MAX_TOPICS = 20  # drawn where none are asked for
PAGE_WIDTH = 16.0  # inches that panels abreast may take


class TopicWordsDisplay:
    """The words that lead each topic, as bars: a panel for each topic.

    Make it with `from_estimator`.

    Parameters
    ----------
    words : ndarray of str, of shape (n_drawn, n_words)
        Words of each topic, from top to bottom.
    probabilities : ndarray of shape (n_drawn, n_words)
        Their probabilities in the topic.
    topics : ndarray of int, of shape (n_drawn,)
        Numbers of the topics: rows of ``components_``.
    shares : ndarray of shape (n_drawn,), optional
        Share of all tokens that each topic has.
    title : str, optional
        Of the figure, where it is the display's own: which of the topics these are.

    Attributes
    ----------
    axes_ : ndarray of Axes, of shape (n_drawn,)
        The panels.
    bars_ : list of BarContainer
        Bars of each panel.
    figure_ : Figure
        The figure that holds them.

    See Also
    --------
    sklearn_etm.inspection.top_words : The words as an array.

    Examples
    --------
    >>> from sklearn_etm.plotting import TopicWordsDisplay
    >>> topics = [[0.5, 0.5, 0.0], [0.6, 0.0, 0.4]]
    >>> display = TopicWordsDisplay.from_estimator(topics, n_words=2, feature_names=["the", "star", "goal"])
    >>> display.words
    array([['the', 'star'],
           ['the', 'goal']], dtype='<U4')
    >>> display.probabilities
    array([[0.5, 0.5],
           [0.6, 0.4]])
    """

    def __init__(
        self,
        words: NDArray[np.str_],
        probabilities: NDArray[np.float64],
        topics: NDArray[np.intp],
        *,
        shares: NDArray[np.float64] | None = None,
        title: str | None = None,
    ):
        self.words = words
        self.probabilities = probabilities
        self.topics = topics
        self.shares = shares
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any = None,
        *,
        topics: Any = None,
        n_words: int = 10,
        by: str = "probability",
        covariates: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        n_columns: int | None = None,
        share_scale: bool = False,
        color: Any = None,
    ) -> TopicWordsDisplay:
        """Draw the words of a model's topics.

        Parameters
        ----------
        model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
            Its topics.
        X : documents as ``model`` was fitted on, optional
            Texts for a pipeline, counts else. With them, titles say which share of all tokens a topic has, and the
            largest topic comes first.
        topics : sequence of int, optional
            Topics to draw, in this order. By default all, or where there are more than 20 the first 20 of the order
            above, which the title of the figure tells.
        n_words : int, default=10
            Words of each topic; where the vocabulary has fewer, all of them.
        by : {"probability", "relevance", "frex"}, default="probability"
            How words are ranked, see `sklearn_etm.inspection.word_scores`. Bars are probabilities all the same.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
            Those of the documents, where the model was fitted with some by keyword; without them all are taken to be
            as the mean of `fit`, with a warning.
        feature_names : sequence of str or mapping, optional
            The word of each column, where ``model`` does not know them.
        ax, n_columns, share_scale, color
            As in `plot`.

        Returns
        -------
        display : TopicWordsDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            If ``model`` holds no topics or is not fitted, if there is no such topic or no such ranking, if
            ``n_words`` is not a positive integer, if there are fewer ``ax`` than topics, or if there
            are ``covariates`` without ``X``, or others than those of the model.
        """
        import_pyplot()
        found = topics_of(model, feature_names)
        n_topics = len(found.components)
        scores = word_scores(model, by=by, X=X, covariates=covariates, feature_names=feature_names)
        columns = top_word_columns(scores, n_words=min(n_words, scores.shape[1]))
        shares = shares_in(found, X, covariates)
        title = None
        if topics is None:
            topics = (np.arange(n_topics) if shares is None else largest(shares))[:MAX_TOPICS]
            if n_topics > MAX_TOPICS:
                title = f"The {'first' if shares is None else 'largest'} {MAX_TOPICS} of {n_topics} topics"
        topics = topic_rows(topics, n_topics)
        display = cls(
            found.feature_names[columns[topics]],
            np.take_along_axis(found.components, columns, axis=1)[topics],
            topics,
            shares=None if shares is None else shares[topics],
            title=title,
        )
        return display.plot(ax, n_columns=n_columns, share_scale=share_scale, color=color)

    def plot(
        self, ax: Any = None, *, n_columns: int | None = None, share_scale: bool = False, color: Any = None
    ) -> TopicWordsDisplay:
        """Draw the panels.

        Parameters
        ----------
        ax : Axes or array-like of Axes, optional
            One for each topic, or more, which are left alone. By default those of a new figure.
        n_columns : int, optional
            Panels abreast in a new figure. By default as many as make it roughly square, within 16 inches.
        share_scale : bool, default=False
            Whether all panels have the same scale. By default each has its own, which its ticks tell.
        color : color, optional
            Of the bars.

        Returns
        -------
        self : TopicWordsDisplay
        """
        self.axes_ = self._new_axes(n_columns) if ax is None else given_panels(ax, len(self.topics))
        self.figure_ = self.axes_[0].figure
        shares = [None] * len(self.topics) if self.shares is None else self.shares
        self.bars_ = []
        rows = zip(self.axes_, self.topics, self.words, self.probabilities, shares, strict=True)
        for panel, k, words, probabilities, share in rows:
            position = np.arange(len(words))
            self.bars_.append(
                panel.barh(position, probabilities, height=0.75, color=COLORS[0] if color is None else color)
            )
            panel.set_title(f"Topic {k}" + ("" if share is None else f" · {share:.1%} of tokens"), size="medium")
            panel.set_yticks(position, [printable(word) for word in words], size="small", parse_math=False)
            panel.set_ylim(len(words) - 0.4, -0.6)
            panel.set_xlim(0, 1.05 * (self.probabilities if share_scale else probabilities).max())
            panel.tick_params(axis="y", length=0)
            panel.tick_params(axis="x", labelsize="small")
            panel.locator_params(axis="x", nbins=3)
            without_frame(panel)
        return self

    def _new_axes(self, n_columns: int | None) -> NDArray[Any]:
        """Panels of a new figure, wide enough for the longest word."""
        n_topics, n_words = self.words.shape
        width = 1.9 + 0.07 * max(text_width(word) for word in self.words.flat)
        if n_columns is None:
            square = n_topics if n_topics <= 3 else min(5, int(np.ceil(np.sqrt(n_topics))))
            n_columns = max(1, min(square, int(PAGE_WIDTH / width)))
        width = max(width, SMALL_FIGURE / n_columns)
        panels = new_panels(n_topics, n_columns, width, height=0.55 + 0.19 * n_words)
        panels[0].figure.suptitle(self.title)
        panels[0].figure.supxlabel("probability of the word in the topic", size="medium")
        return panels
