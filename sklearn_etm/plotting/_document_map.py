"""Documents in two dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.utils import check_array

from .._inputs.documents import corpus_of
from .._inputs.topics import topic_rows
from .._inputs.vectorizer import check_same_order
from ..inspection import topic_labels
from ._common import COLORS, GREY, axes_or_new, import_pyplot, largest, numbered, show_as_map
from ._labels import place_labels


class DocumentMapDisplay:
    """Documents as points on a map, with the colour of the topic that has most of them.

    Make it with `from_estimator`.

    Parameters
    ----------
    coordinates : ndarray of shape (n_samples, 2)
        Where each document is.
    main_topics : ndarray of int, of shape (n_samples,)
        The topic of the largest proportion in each document.
    topics : ndarray of int, of shape (n_colored,)
        Topics with a colour; documents of others are grey. At most 7.
    labels : sequence of str, of length n_colored
        What these topics are called.

    Attributes
    ----------
    ax_ : Axes
        Axes with the map.
    figure_ : Figure
        The figure that holds it.
    medians_ : PathCollection
        Dots at the medians of the coloured topics' documents, for each axis alone.
    points_ : PathCollection
        The documents: grey ones first, else in the order given. They are pixels also in files of vector graphics.
    texts_ : list of Annotation
        The labels that there is room for. They are placed for the size that the figure has when it is drawn.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.plotting import DocumentMapDisplay
    >>> X = [[9, 0], [7, 1], [1, 9], [0, 5]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> display = DocumentMapDisplay.from_estimator(lda, X)
    >>> display.coordinates.shape, len(display.texts_)
    ((4, 2), 2)
    """

    def __init__(
        self, coordinates: NDArray[np.float64], main_topics: NDArray[np.intp], topics: NDArray[np.intp], labels: Any
    ):
        self.coordinates = coordinates
        self.main_topics = main_topics
        self.topics = topics
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        *,
        coordinates: Any = None,
        topics: Any = None,
        n_words: int = 3,
        covariates: Any = None,
        feature_names: Any = None,
        ax: Any = None,
        point_size: float | None = None,
    ) -> DocumentMapDisplay:
        """Draw a map of documents.

        Parameters
        ----------
        model : fitted model, pipeline or search with one
            Its ``transform`` gives the documents their topics.
        X : documents as ``model`` was fitted on
            Texts for a pipeline, counts else.
        coordinates : array-like of shape (n_samples, 2), optional
            Where each document is, for example from UMAP or t-SNE. By default the first two principal components of
            the square roots of topic proportions, whose distances are, up to a factor, Hellinger distances.
        topics : sequence of int, optional
            Topics to colour, at most 7. By default those that are the main topic of most documents.
        n_words : int, default=3
            Words in each label, those of `sklearn_etm.inspection.topic_labels`.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
            Those of the documents, where the model was fitted with some by keyword; without them all are taken to be
            as the mean of `fit`, with a warning.
        feature_names : sequence of str or mapping, optional
            The word of each column, where ``model`` does not know them.
        ax, point_size
            As in `plot`.

        Returns
        -------
        display : DocumentMapDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            If ``model`` cannot transform documents or is not fitted, if there is no such topic, more than 7 are
            asked for, or one that is the main topic of no document, or if ``coordinates`` are not two finite numbers
            for each document, or have the index of ``X`` in another order.
        """
        import_pyplot()
        check_same_order(X, coordinates, "coordinates")
        corpus = corpus_of(model, X, feature_names, covariates)
        n_documents, n_topics = corpus.doc_topic.shape
        main_topics = corpus.doc_topic.argmax(axis=1)
        sizes = np.bincount(main_topics, minlength=n_topics)
        if topics is None:
            topics = [k for k in largest(sizes, len(COLORS)) if sizes[k]]
        topics = _check_coloured(topics, sizes)
        if coordinates is None:
            coordinates = _principal_components(np.sqrt(corpus.doc_topic))
        coordinates = check_array(coordinates, dtype=np.float64, input_name="coordinates")
        if coordinates.shape != (n_documents, 2):
            raise ValueError(f"coordinates must have shape {(n_documents, 2)}; got {coordinates.shape}.")
        labels = topic_labels(model, n_words=n_words, feature_names=feature_names)[topics]
        return cls(coordinates, main_topics, topics, labels).plot(ax, point_size=point_size)

    def plot(self, ax: Any = None, *, point_size: float | None = None) -> DocumentMapDisplay:
        """Draw the map.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default a new figure. Give it the size it is to keep: labels are placed once.
        point_size : float, optional
            Area of a document in square points. By default the more documents, the smaller, from 30 to 3.

        Returns
        -------
        self : DocumentMapDisplay

        Warns
        -----
        UserWarning
            If there is no room for some of the labels: which.
        """
        self.ax_ = ax = axes_or_new(ax, (10, 8))
        self.figure_ = ax.figure
        own_colors = COLORS[: len(self.topics)]
        colors = np.full(len(self.coordinates), GREY)
        for k, color in zip(self.topics, own_colors, strict=True):
            colors[self.main_topics == k] = color
        if (colors == GREY).any():
            ax.set_xlabel("grey: documents of other topics")
        show_as_map(ax, self.coordinates, margin=20)

        order = np.argsort(colors != GREY, kind="stable")
        size = np.clip(60_000 / len(order), 3, 30) if point_size is None else point_size
        self.points_ = ax.scatter(
            *self.coordinates[order].T, s=size, c=colors[order], alpha=0.6, linewidth=0, rasterized=True
        )
        medians = np.array([np.median(self.coordinates[self.main_topics == k], axis=0) for k in self.topics])
        text_color = ax.xaxis.label.get_color()
        self.medians_ = ax.scatter(*medians.T, s=60, c=own_colors, edgecolor=text_color, zorder=3)
        self.texts_ = place_labels(
            ax,
            medians,
            np.full(len(medians), 5.0),
            numbered(self.topics, self.labels),
            margin=6.0,
            size="small",
            parse_math=False,
            bbox={"boxstyle": "round", "facecolor": ax.get_facecolor(), "edgecolor": GREY, "alpha": 0.85},
            zorder=4,
        )
        return self


def _check_coloured(topics: Any, sizes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Topics that can have a colour of their own, and a place."""
    topics = topic_rows(topics, len(sizes))
    if len(topics) > len(COLORS):
        raise ValueError(f"At most {len(COLORS)} topics have colours that can be told apart; topics has {len(topics)}.")
    without = [int(k) for k in topics if not sizes[k]]
    if without:
        raise ValueError(f"No document of X has one of the topics {without} as its main topic.")
    return topics


def _principal_components(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first two principal components of points, (n, 2); zeros for those that there are not."""
    components = np.zeros((len(points), 2))
    n_components = min(2, *points.shape)
    with np.errstate(invalid="ignore"):  # shares of a variance of 0
        components[:, :n_components] = PCA(n_components, svd_solver="full").fit_transform(points)
    return components
