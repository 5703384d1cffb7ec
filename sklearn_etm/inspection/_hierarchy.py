"""Topics as a tree: which are nearly one, and what it costs to make one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import linkage as scipy_linkage
from scipy.special import xlogy
from sklearn.utils import check_scalar

from .._inputs.documents import shares_in
from .._inputs.topics import Topics, topics_of
from ._frame import frame
from ._words import labels_of, leading

LINKAGES = ("likelihood", "hellinger")


@dataclass(frozen=True, eq=False)
class TopicHierarchy:
    """Topics as a tree, as `topic_hierarchy` makes it.

    Attributes
    ----------
    method : {"likelihood", "hellinger"}
        Which topics were merged first.
    linkage : ndarray of shape (n_leaves - 1, 4)
        The merges as SciPy has them, see `scipy.cluster.hierarchy.linkage`: two nodes, the height of their merge, and
        the number of leaves below.
    leaves : ndarray of shape (n_leaves,)
        Topics that are leaves: all but the background, which no topic is merged with.
    labels : list of str
        What the leaves are called.
    costs : ndarray of shape (n_leaves - 1,)
        What each merge costs: nats per token, or Hellinger distance.
    shares : ndarray of shape (n_leaves,)
        Share of each leaf among their tokens.
    words : list of list of str
        Leading words of each node, leaves first and then merges, the most probable first.

    Examples
    --------
    >>> from sklearn_etm.inspection import topic_hierarchy
    >>> topics = [[0.5, 0.5, 0.0, 0.0], [0.0, 0.1, 0.5, 0.4], [0.4, 0.6, 0.0, 0.0], [0.0, 0.0, 0.6, 0.4]]
    >>> hierarchy = topic_hierarchy(topics, feature_names=["star", "moon", "goal", "team"], n_words=2)
    >>> hierarchy.members[4:]  # those of the merges
    [[0, 2], [1, 3], [0, 1, 2, 3]]
    >>> hierarchy.cut(3)  # one merge, the cheapest
    [[0, 2]]
    """

    method: str
    linkage: NDArray[np.float64]
    leaves: NDArray[np.intp]
    labels: list[str]
    costs: NDArray[np.float64]
    shares: NDArray[np.float64]
    words: list[list[str]]

    @property
    def members(self) -> list[list[int]]:
        """Topics below each node, leaves first and then merges, in the order of their numbers."""
        below = [[int(k)] for k in self.leaves]
        for a, b in self.linkage[:, :2].astype(int):
            below.append(sorted(below[a] + below[b]))
        return below

    @property
    def table(self) -> Any:
        """The merges, the cheapest first: a DataFrame, or a dict of arrays where pandas is not installed.

        ``num_topics`` that are left after it, beside the background; ``topics`` below it; ``cost`` of it; ``height``;
        ``share`` of the tokens; and ``words``.
        """
        n = len(self.leaves)
        members = self.members[n:]
        place = {int(k): i for i, k in enumerate(self.leaves)}
        return frame(
            {
                "num_topics": np.arange(n - 1, 0, -1),
                "topics": [", ".join(map(str, topics)) for topics in members],
                "cost": self.costs,
                "height": self.linkage[:, 2],
                "share": np.array([sum(self.shares[place[k]] for k in topics) for topics in members]),
                "words": [", ".join(words) for words in self.words[n:]],
            }
        )

    def cut(self, num_topics: int) -> list[list[int]]:
        """Groups of topics that become one where so many are left: what `sklearn_etm.steering.merge_topics` takes.

        Parameters
        ----------
        num_topics : int
            Number of topics that are left, the background not among them: from 1 to that of the leaves.

        Returns
        -------
        groups : list of list of int
            Those of two topics or more.

        Raises
        ------
        TypeError, ValueError
            If ``num_topics`` is no integer, or out of range.
        """
        n = len(self.leaves)
        check_scalar(num_topics, "num_topics", (int, np.integer), min_val=1, max_val=n)
        nodes = set(range(n))
        for step, (a, b) in enumerate(self.linkage[: n - num_topics, :2].astype(int)):
            nodes = nodes - {int(a), int(b)} | {n + step}
        members = self.members
        return sorted(members[node] for node in nodes if node >= n)


@np.errstate(under="ignore")
def topic_hierarchy(
    model: Any,
    X: Any = None,
    *,
    linkage: str = "likelihood",
    n_words: int = 5,
    covariates: Any = None,
    feature_names: Any = None,
) -> TopicHierarchy:
    r"""Topics as a tree: those that are nearly one are merged first.

    - ``"likelihood"``: what a merge costs in log-likelihood of the words, given which topic each token is of. Of
      topics with shares :math:`\pi_i, \pi_j` of the tokens and the mixture :math:`\beta_m` of both,

      .. math:: \pi_i \mathrm{KL}(\beta_i \| \beta_m) + \pi_j \mathrm{KL}(\beta_j \| \beta_m)

      nats per token. The cheapest merge is next, and its height is what all until then have cost together.
    - ``"hellinger"``: average linkage of the Hellinger distances of the topics, whatever their sizes.

    Parameters
    ----------
    model : fitted model, pipeline or search with one, or array-like of shape (num_topics, n_features)
        Its topics. The background, where there is one, is no part of the tree.
    X : documents as ``model`` was fitted on, optional
        They give the topics their shares of the tokens; without them all are taken to be of one size.
    linkage : {"likelihood", "hellinger"}, default="likelihood"
        Which topics are merged first.
    n_words : int, default=5
        Words of each node.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    hierarchy : TopicHierarchy
        With ``table``, the merges one a row; ``cut(n)``, groups for `sklearn_etm.steering.merge_topics`; and
        ``linkage``, as SciPy has it.

    Raises
    ------
    ValueError
        If ``linkage`` is none of the two, or there are fewer than two topics beside the background; if there are
        ``covariates`` without ``X``, or others than those of the model.
    TypeError, sklearn.exceptions.NotFittedError
        If ``model`` holds no topics, or is not fitted.

    See Also
    --------
    topic_similarity : All pairs of topics.
    sklearn_etm.plotting.TopicHierarchyDisplay : The tree as a picture.

    References
    ----------
    .. [1] Slonim, N. & Tishby, N. (1999). Agglomerative information bottleneck. NIPS.

    Examples
    --------
    >>> from sklearn_etm.inspection import topic_hierarchy
    >>> topics = [[0.5, 0.5, 0.0, 0.0], [0.0, 0.1, 0.5, 0.4], [0.4, 0.6, 0.0, 0.0], [0.0, 0.0, 0.6, 0.4]]
    >>> hierarchy = topic_hierarchy(topics, feature_names=["star", "moon", "goal", "team"], n_words=2)
    >>> hierarchy.cut(2)
    [[0, 2], [1, 3]]
    >>> hierarchy.table[["topics", "words"]]
           topics       words
    0        0, 2  moon, star
    1        1, 3  goal, team
    2  0, 1, 2, 3  moon, goal
    """
    if linkage not in LINKAGES:
        raise ValueError(f"linkage must be one of {list(LINKAGES)}; got {linkage!r}.")
    topics = topics_of(model, feature_names)
    shares = shares_in(topics, X, covariates)
    return hierarchy_of(topics, np.ones(len(topics.components)) if shares is None else shares, linkage, n_words)


def hierarchy_of(topics: Topics, shares: NDArray[np.float64], linkage: str, n_words: int) -> TopicHierarchy:
    """The tree of topics that have these shares of the tokens, (K,)."""
    leaves = np.array([k for k in range(len(topics.components)) if k != topics.background])
    if len(leaves) < 2:
        raise ValueError(f"A tree needs two topics beside the background; the model has {len(leaves)}.")
    shares = np.maximum(shares[leaves], 1e-9)
    shares /= shares.sum()
    counts = topics.components[leaves] * shares[:, None]
    if linkage == "likelihood":
        merges, costs = _by_likelihood(counts)
    else:
        merges = scipy_linkage(np.sqrt(topics.components[leaves] / 2), "average")
        costs = merges[:, 2].copy()
    labels = [str(label) for label in np.asarray(labels_of(topics), dtype=object)[leaves]]
    return TopicHierarchy(linkage, merges, leaves, labels, costs, shares, _words(topics, counts, merges, n_words))


def _by_likelihood(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Merges as SciPy has them, at heights of all that was lost; and what each cost: of shares of the tokens (n, V)."""
    n = len(counts)
    counts, size, node, is_left = counts.copy(), np.ones(n), np.arange(n), np.ones(n, dtype=bool)
    information = _information(counts)
    cost = np.full((n, n), np.inf)
    for i in range(n):
        cost[i, i + 1 :] = _costs(counts, information, i, np.arange(i + 1, n))
    merges, costs = np.zeros((n - 1, 4)), np.zeros(n - 1)
    for step in range(n - 1):
        i, j = divmod(int(cost.argmin()), n)
        costs[step] = max(cost[i, j], 0.0)
        merges[step] = *sorted((node[i], node[j])), costs[: step + 1].sum(), size[i] + size[j]
        counts[i] += counts[j]
        size[i], node[i], information[i] = size[i] + size[j], n + step, _information(counts[i : i + 1])[0]
        is_left[j] = False
        cost[j], cost[:, j] = np.inf, np.inf
        others = np.setdiff1d(np.flatnonzero(is_left), [i])
        cost[np.minimum(i, others), np.maximum(i, others)] = _costs(counts, information, i, others)
    return merges, costs


def _information(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    r""":math:`\sum_v n_v \log (n_v / n)` of topics with counts of words, (n,)."""
    return xlogy(counts, counts).sum(axis=1) - xlogy(counts.sum(axis=1), counts.sum(axis=1))


def _costs(
    counts: NDArray[np.float64], information: NDArray[np.float64], i: int, others: NDArray[np.intp]
) -> NDArray[np.float64]:
    """What it costs to merge a topic with each of others, in nats."""
    merged = np.array([_information(counts[i : i + 1] + counts[j : j + 1])[0] for j in others])
    return information[i] + information[others] - merged


def _words(topics: Topics, counts: NDArray[np.float64], merges: NDArray[np.float64], n_words: int) -> list[list[str]]:
    nodes = list(counts)
    for a, b in merges[:, :2].astype(int):
        nodes.append(nodes[a] + nodes[b])
    return [[str(word) for word in row] for row in leading(topics.feature_names, np.array(nodes), n_words)]
