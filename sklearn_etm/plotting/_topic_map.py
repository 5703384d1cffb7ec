"""Topics in two dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._inputs.documents import shares_in
from .._inputs.topics import topics_of
from ..inspection import topic_labels, topic_map
from ._common import COLORS, axes_or_new, axes_size, import_pyplot, largest, numbered, show_as_map
from ._labels import place_labels

ALL_CIRCLES = 0.08  # share of the axes' area that the circles have together


class TopicMapDisplay:
    """Topics as circles on a map, such as have similar words near each other.

    Distances are Hellinger distances as far as two dimensions can show them (`sklearn_etm.inspection.topic_map`), and
    the area of a circle is the topic's share of all tokens. The axes have no meaning of their own.

    Make it with `from_estimator`.

    Parameters
    ----------
    positions : ndarray of shape (num_topics, 2)
        Centres of the circles.
    labels : sequence of str, of length num_topics
        What topics are called.
    shares : ndarray of shape (num_topics,), optional
        Share of all tokens that each topic has. By default circles have equal areas.

    Attributes
    ----------
    ax_ : Axes
        Axes with the map.
    centres_ : PathCollection
        Dots at the centres, to which labels have lines.
    circles_ : PathCollection
        The circles, in the order of topics.
    figure_ : Figure
        The figure that holds them.
    texts_ : list of Annotation
        The labels that there is room for, the largest topic's first. They are placed for the size that the figure has
        when it is drawn.

    See Also
    --------
    sklearn_etm.inspection.topic_map : The positions as an array.

    Examples
    --------
    >>> from sklearn_etm.plotting import TopicMapDisplay
    >>> display = TopicMapDisplay.from_estimator([[1, 0], [0, 1]], n_words=1, feature_names=["star", "goal"])
    >>> [text.get_text() for text in display.texts_]
    ['0: star', '1: goal']
    """

    def __init__(self, positions: NDArray[np.float64], labels: Any, *, shares: NDArray[np.float64] | None = None):
        self.positions = positions
        self.labels = labels
        self.shares = shares

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any = None,
        *,
        n_words: int = 3,
        covariates: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        n_labels: int = 50,
        color: Any = None,
    ) -> TopicMapDisplay:
        """Draw a map of a model's topics.

        Parameters
        ----------
        model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
            Its topics.
        X : documents as ``model`` was fitted on, optional
            Texts for a pipeline, counts else. They give each circle its area; without them, all are the same.
        n_words : int, default=3
            Words in each label, those of `sklearn_etm.inspection.topic_labels`.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
            Those of the documents, where the model was fitted with some by keyword; without them all are taken to be
            as the mean of `fit`, with a warning.
        feature_names : sequence of str or mapping, optional
            The word of each column, where ``model`` does not know them.
        ax, n_labels, color
            As in `plot`.

        Returns
        -------
        display : TopicMapDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            If ``model`` holds no topics or is not fitted, if ``n_words`` is not a positive integer, or if there are
            ``covariates`` without ``X``, or others than those of the model.
        """
        import_pyplot()
        topics = topics_of(model, feature_names)
        display = cls(
            topic_map(model, feature_names=feature_names),
            topic_labels(model, n_words=n_words, feature_names=feature_names),
            shares=shares_in(topics, X, covariates),
        )
        return display.plot(ax, n_labels=n_labels, color=color)

    def plot(self, ax: Any = None, *, n_labels: int = 50, color: Any = None) -> TopicMapDisplay:
        """Draw the map.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default a new figure. Give it the size and limits it is to keep: labels are placed once.
        n_labels : int, default=50
            How many of the largest topics get a label. Labels of hundreds of topics take long to place.
        color : color, optional
            Of the circles.

        Returns
        -------
        self : TopicMapDisplay

        Warns
        -----
        UserWarning
            If there is no room for some of the labels: which.
        """
        self.ax_ = ax = axes_or_new(ax, (10, 8))
        self.figure_ = ax.figure
        color = COLORS[0] if color is None else color
        n_topics = len(self.positions)
        shares = np.full(n_topics, 1 / n_topics) if self.shares is None else self.shares
        ax.set_xlabel(self._key(n_labels))
        diameters = np.sqrt(shares * ALL_CIRCLES * axes_size(ax).prod() * 4 / np.pi)
        show_as_map(ax, self.positions, margin=diameters.max() / 2 + 20)
        edge = ax.get_facecolor()
        self.circles_ = ax.scatter(*self.positions.T, s=diameters**2, color=color, alpha=0.45, edgecolor=edge)
        self.centres_ = ax.scatter(*self.positions.T, s=5, color=color)
        order = largest(shares)
        self.texts_ = place_labels(
            ax,
            self.positions[order],
            diameters[order] / 2,
            numbered(order, np.asarray(self.labels)[order])[:n_labels],
            size="small",
            parse_math=False,
        )
        return self

    def _key(self, n_labels: int) -> str:
        """How to read the map."""
        key = []
        if self.shares is not None:
            key.append(f"area of a circle: share of tokens, {self.shares.min():.1%} to {self.shares.max():.1%}")
        if len(self.positions) > n_labels:
            which = "first" if self.shares is None else "largest"
            key.append(f"names: the {which} {n_labels} of {len(self.positions)} topics")
        return "; ".join(key)
