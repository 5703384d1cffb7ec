"""Topics as a tree."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.cluster.hierarchy import dendrogram

from ..inspection import TopicHierarchy, topic_hierarchy
from ._common import COLORS, axes_or_new, import_pyplot, numbered, without_frame

HEIGHT = 0.2  # inches of a topic
LEAST_HEIGHT = 2.0
UNITS = {"likelihood": "log-likelihood that merges have cost, in nats per token", "hellinger": "Hellinger distance"}


class TopicHierarchyDisplay:
    """Topics as a tree, such as are nearly one being merged near the names.

    Names are on the right, one a line, however many there are; the axis tells what merges cost.

    Make it with `from_estimator`.

    Parameters
    ----------
    hierarchy : TopicHierarchy
        As `sklearn_etm.inspection.topic_hierarchy` gives it.

    Attributes
    ----------
    ax_ : Axes
        Axes with the tree.
    figure_ : Figure
        The figure that holds them.
    leaves_ : ndarray of shape (n_leaves,)
        Topics from the top to the bottom.

    See Also
    --------
    sklearn_etm.inspection.topic_hierarchy : The merges as a table.

    Examples
    --------
    >>> from sklearn_etm.plotting import TopicHierarchyDisplay
    >>> topics = [[0.9, 0.1, 0.0], [0.0, 0.1, 0.9], [0.8, 0.2, 0.0]]
    >>> names = ["star", "moon", "goal"]
    >>> TopicHierarchyDisplay.from_estimator(topics, feature_names=names).leaves_.tolist()
    [2, 0, 1]
    """

    def __init__(self, hierarchy: TopicHierarchy):
        self.hierarchy = hierarchy

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any = None,
        *,
        linkage: str = "likelihood",
        covariates: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        num_topics: int | None = None,
    ) -> TopicHierarchyDisplay:
        """Draw the tree of a model's topics.

        Parameters
        ----------
        model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
            Its topics.
        X : documents as ``model`` was fitted on, optional
            They give the topics their shares of the tokens.
        linkage : {"likelihood", "hellinger"}, default="likelihood"
            Which topics are merged first, see `sklearn_etm.inspection.topic_hierarchy`.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
            Those of the documents, where the model was fitted with some by keyword; without them all are taken to be
            as the mean of `fit`, with a warning.
        feature_names : sequence of str or mapping, optional
            The word of each column, where ``model`` does not know them.
        ax, num_topics
            As in `plot`.

        Returns
        -------
        display : TopicHierarchyDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            As `sklearn_etm.inspection.topic_hierarchy` and `plot` do.
        """
        import_pyplot()
        hierarchy = topic_hierarchy(model, X, linkage=linkage, covariates=covariates, feature_names=feature_names)
        return cls(hierarchy).plot(ax, num_topics=num_topics)

    def plot(self, ax: Any = None, *, num_topics: int | None = None) -> TopicHierarchyDisplay:
        """Draw the tree.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default a new figure, as high as there are topics.
        num_topics : int, optional
            Colour the groups of ``hierarchy.cut(num_topics)``, and draw a line where that is.

        Returns
        -------
        self : TopicHierarchyDisplay

        Raises
        ------
        ValueError
            If ``num_topics`` is out of range.
        """
        hierarchy = self.hierarchy
        n, heights = len(hierarchy.leaves), hierarchy.linkage[:, 2]
        groups = [] if num_topics is None else hierarchy.cut(num_topics)
        self.ax_ = ax = axes_or_new(ax, (8, max(HEIGHT * n + 1, LEAST_HEIGHT)))
        self.figure_ = ax.figure
        ink = ax.xaxis.label.get_color()
        color = self._colors(groups, ink)
        drawn = dendrogram(hierarchy.linkage, orientation="left", ax=ax, link_color_func=color, no_labels=True)
        order = np.array(drawn["leaves"])
        ax.set_yticks(10 * np.arange(n) + 5)  # where SciPy draws leaves
        names = numbered(hierarchy.leaves[order], np.asarray(hierarchy.labels, dtype=object)[order])
        ax.set_yticklabels(names, size="small", parse_math=False)
        ax.yaxis.tick_right()
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(UNITS[hierarchy.method])
        if num_topics is not None and num_topics < n:
            low, high = heights[n - num_topics - 1], heights[n - num_topics] if num_topics > 1 else heights[-1] * 1.02
            ax.axvline((low + high) / 2, color=ink, linestyle=":", linewidth=1)
        without_frame(ax)
        ax.spines["left"].set_visible(False)
        self.leaves_ = hierarchy.leaves[order[::-1]]
        return self

    def _colors(self, groups: list[list[int]], ink: Any) -> Any:
        """The colour of a node: that of its group, in turns."""
        members = self.hierarchy.members
        of_topic = {k: COLORS[i % len(COLORS)] for i, group in enumerate(groups) for k in group}
        within = [set(group) for group in groups]

        def color(node: int) -> Any:
            topics = set(members[node])
            return of_topic[min(topics)] if any(topics <= group for group in within) else ink

        return color
