"""Topics that go together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from .._inputs.topics import topics_of
from ..inspection import topic_correlation, topic_labels
from ._common import COLORS, axes_or_new, import_pyplot, numbered, text_width

KINDS = ("matrix", "graph")
WIDEST = 6.0  # points of a line of correlation 1
COLORMAP = "PuOr_r"  # orange where topics go together, purple where they avoid each other


class TopicCorrelationDisplay:
    """Correlations of topics: a matrix, or a graph of those that are sure.

    Topics stand in the order of a hierarchical clustering (average linkage of 1 - r, leaves ordered so that neighbours
    are as alike as can be). The graph has them on a circle, and a line where the interval of a correlation excludes 0:
    red where they go together, blue and dashed where they avoid each other, the wider the stronger.

    Make it with `from_estimator`.

    Parameters
    ----------
    correlations : ndarray of shape (num_topics, num_topics)
        Correlations.
    topics : ndarray of int, of shape (num_topics,)
        Numbers of the topics: rows of ``components_``.
    labels : sequence of str, of length num_topics
        What they are called.
    lows, highs : ndarray of shape (num_topics, num_topics), optional
        Ends of the intervals, which the graph needs.

    Attributes
    ----------
    ax_ : Axes
        Axes with the picture.
    edges_ : ndarray of int, of shape (n_edges, 2)
        Rows of ``correlations`` that the graph joins, the strongest first; there are none in a matrix.
    figure_ : Figure
        The figure that holds them.
    image_ : AxesImage or None
        The matrix.
    lines_ : list of Line2D
        The lines of the graph.
    order_ : ndarray of int, of shape (num_topics,)
        Rows of ``correlations`` in the order of the picture.

    See Also
    --------
    sklearn_etm.inspection.topic_correlation : The figures as a table.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.plotting import TopicCorrelationDisplay
    >>> X = make_topics_corpus(60, n_topics=3, n_features=40, doc_length=30, random_state=0).data
    >>> model = LNTMTransformer(3, covariance="full", em_iter=1, max_iter=2, random_state=0).fit(X)
    >>> TopicCorrelationDisplay.from_estimator(model).correlations.shape
    (3, 3)
    >>> graph = TopicCorrelationDisplay.from_estimator(model, X, kind="graph", random_state=0)
    >>> len(graph.lines_) == len(graph.edges_)
    True
    """

    def __init__(
        self,
        correlations: NDArray[np.float64],
        topics: NDArray[np.intp],
        labels: Any,
        *,
        lows: NDArray[np.float64] | None = None,
        highs: NDArray[np.float64] | None = None,
    ):
        self.correlations = correlations
        self.topics = topics
        self.labels = labels
        self.lows = lows
        self.highs = highs

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any = None,
        *,
        covariates: Any = None,
        confidence: float = 0.95,
        n_bootstrap: int = 1000,
        random_state: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        kind: str = "matrix",
    ) -> TopicCorrelationDisplay:
        """Draw the correlations of a model's topics.

        Parameters
        ----------
        model : fitted model of this package, pipeline or search with one
            Its topics. Without ``X`` it must have ``topic_correlation_``, as with ``covariance="full"``.
        X : documents as ``model`` was fitted on, optional
            Texts for a pipeline, counts else. Correlations are then those of these documents, with intervals, which the
            graph needs; without them, those of the model's prior.
        covariates, confidence, n_bootstrap, random_state, feature_names
            As in `sklearn_etm.inspection.topic_correlation`, which computes the figures.
        ax, kind
            As in `plot`.

        Returns
        -------
        display : TopicCorrelationDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            If there are no documents, and the model has not learned correlations or a graph is asked for; or as
            `sklearn_etm.inspection.topic_correlation` raises them.
        """
        import_pyplot()
        _check_kind(kind, X is not None)
        if X is None:
            display = cls._of_prior(model, feature_names)
        else:
            table = topic_correlation(
                model,
                X,
                covariates=covariates,
                confidence=confidence,
                n_bootstrap=n_bootstrap,
                random_state=random_state,
                feature_names=feature_names,
            )
            display = cls._of_table(table)
        return display.plot(ax, kind=kind)

    @classmethod
    def _of_prior(cls, model: Any, feature_names: Any) -> TopicCorrelationDisplay:
        topics = topics_of(model, feature_names)
        correlations = getattr(topics.model, "topic_correlation_", None)
        if correlations is None:
            raise ValueError(
                'The model has learned no correlations: fit it with covariance="full" or "low_rank", or pass X to see '
                "those of its documents."
            )
        numbers = np.arange(len(correlations))
        if topics.background is not None:
            numbers = np.delete(numbers, topics.background)
        labels = np.asarray(topic_labels(model, feature_names=feature_names))[numbers]
        return cls(np.asarray(correlations)[np.ix_(numbers, numbers)], numbers, labels)

    @classmethod
    def _of_table(cls, table: Any) -> TopicCorrelationDisplay:
        pairs = np.stack([np.asarray(table["topic_a"]), np.asarray(table["topic_b"])])
        numbers, places = np.unique(pairs, return_inverse=True)
        a, b = places.reshape(pairs.shape)
        labels = np.empty(len(numbers), dtype=object)
        labels[a], labels[b] = np.asarray(table["label_a"]), np.asarray(table["label_b"])

        def square(name: str) -> NDArray[np.float64]:
            matrix = np.eye(len(numbers))
            matrix[a, b] = matrix[b, a] = np.asarray(table[name])
            return matrix

        return cls(square("correlation"), numbers, labels, lows=square("low"), highs=square("high"))

    def plot(self, ax: Any = None, *, kind: str = "matrix") -> TopicCorrelationDisplay:
        """Draw the matrix or the graph.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default a new figure.
        kind : {"matrix", "graph"}, default="matrix"
            All correlations as colours, or those whose intervals exclude 0 as lines.

        Returns
        -------
        self : TopicCorrelationDisplay
        """
        _check_kind(kind, self.lows is not None)
        self.order_ = _clustered(self.correlations)
        self.image_: Any = None
        self.lines_: list[Any] = []
        self.edges_ = np.empty((0, 2), dtype=np.intp)
        names = np.asarray(numbered(self.topics, self.labels))[self.order_].tolist()
        (self._plot_matrix if kind == "matrix" else self._plot_graph)(ax, names)
        self.figure_ = self.ax_.figure
        return self

    def _plot_matrix(self, ax: Any, names: list[str]) -> None:
        n, longest = len(names), max(map(text_width, names))
        side = 1.5 + 0.25 * n
        self.ax_ = ax = axes_or_new(ax, (side + 1.4 + 0.085 * longest, side + 0.5))
        shown = self.correlations[np.ix_(self.order_, self.order_)].copy()
        np.fill_diagonal(shown, np.nan)
        reach = np.nanmax(np.abs(shown))
        self.image_ = ax.imshow(shown, cmap=COLORMAP, vmin=-reach, vmax=reach)
        ax.set_yticks(range(n), names, parse_math=False)
        ax.set_xticks(range(n), [str(k) for k in self.topics[self.order_]])
        ax.tick_params(length=0, labelsize="small")
        ax.figure.colorbar(self.image_, ax=ax, label="correlation", shrink=0.7)

    def _plot_graph(self, ax: Any, names: list[str]) -> None:
        assert self.lows is not None and self.highs is not None
        longest = max(map(text_width, names))
        self.ax_ = ax = axes_or_new(ax, (5.5 + 0.16 * longest, 5.5))
        a, b = np.triu_indices(len(names), 1)
        sure = (self.lows[a, b] > 0) | (self.highs[a, b] < 0)
        edges = np.stack([a[sure], b[sure]], axis=1)
        self.edges_ = edges[np.argsort(-np.abs(self.correlations[edges[:, 0], edges[:, 1]]), kind="stable")]
        angles = np.empty(len(names))
        angles[self.order_] = np.pi / 2 - 2 * np.pi * np.arange(len(names)) / len(names)
        places = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        for i, j in self.edges_:
            r = self.correlations[i, j]
            style = {"color": COLORS[3], "linestyle": "-"} if r > 0 else {"color": COLORS[0], "linestyle": "--"}
            self.lines_ += ax.plot(*places[[i, j]].T, linewidth=max(WIDEST * abs(r), 0.5), alpha=0.6, zorder=1, **style)
        ax.scatter(*places.T, s=30, color=ax.xaxis.label.get_color(), zorder=2)
        for name, angle in zip(names, angles[self.order_], strict=True):
            _write_outside(ax, name, angle)
        ax.set_xlim(-1.1, 1.1)
        ax.set_ylim(-1.15, 1.15)
        ax.set_aspect("equal")
        ax.set_axis_off()


def _write_outside(ax: Any, name: str, angle: float) -> None:
    """A label beside its place on the circle."""
    x, y = 1.06 * np.cos(angle), 1.06 * np.sin(angle)
    vertical = "bottom" if y > 1 else "top" if y < -1 else "center"
    side = "center" if abs(np.cos(angle)) < 0.05 else "left" if x > 0 else "right"
    ax.text(x, y, name, ha=side, va=vertical, size="small", parse_math=False)


def _check_kind(kind: str, has_intervals: bool) -> None:
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}; got {kind!r}.")
    if kind == "graph" and not has_intervals:
        raise ValueError("The graph has lines where intervals exclude 0: pass X, from whose documents they come.")


def _clustered(correlations: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows in an order that has those together that correlate."""
    if len(correlations) < 3:
        return np.arange(len(correlations))
    distances = squareform(np.maximum(1 - correlations, 0.0), checks=False)
    return leaves_list(linkage(distances, "average", optimal_ordering=True))
