"""Topics as a tree, its picture, and the path of the number of topics."""

from itertools import pairwise

import numpy as np
import pytest
from conftest import SMALL
from numpy.testing import assert_allclose, assert_array_equal
from scipy.cluster.hierarchy import fcluster, is_valid_linkage
from scipy.special import rel_entr
from sklearn.decomposition import LatentDirichletAllocation

from sklearn_etm import LNTMTransformer, ProdLDATransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.inspection import topic_hierarchy, topic_similarity
from sklearn_etm.plotting import TopicHierarchyDisplay
from sklearn_etm.steering import merge_topics, num_topics_path

RNG = np.random.default_rng(0)
TOPICS = RNG.dirichlet(np.full(30, 0.3), size=7)


@pytest.fixture(scope="module")
def corpus():
    return make_topics_corpus(240, n_topics=3, n_features=40, doc_length=40, random_state=0).data.astype(float)


@pytest.fixture(scope="module")
def model(corpus):
    """Of more topics than there are, the first the background."""
    parameters = SMALL | {"num_topics": 10, "max_iter": 4}
    with pytest.warns(UserWarning, match="Topics"):
        return LNTMTransformer(**parameters).fit(corpus[:180])


def test_merges_cost_what_the_formula_says():
    hierarchy = topic_hierarchy(TOPICS)
    a, b = hierarchy.linkage[0, :2].astype(int)
    together = (TOPICS[a] + TOPICS[b]) / 2
    cost = (rel_entr(TOPICS[a], together).sum() + rel_entr(TOPICS[b], together).sum()) / 7
    assert hierarchy.costs[0] == pytest.approx(cost)
    every = [
        (rel_entr(p, (p + q) / 2).sum() + rel_entr(q, (p + q) / 2).sum()) / 7
        for i, p in enumerate(TOPICS)
        for q in TOPICS[:i]
    ]
    assert cost == pytest.approx(min(every))


def test_all_merges_cost_all_that_topics_say_of_words(model, corpus):
    """Together they cost the mutual information of topic and word, whatever their order."""
    hierarchy = topic_hierarchy(model, corpus)
    topics = model.components_[1:]
    mean = hierarchy.shares @ topics
    information = hierarchy.shares @ rel_entr(topics, mean).sum(axis=1)
    assert hierarchy.linkage[-1, 2] == pytest.approx(information, rel=1e-9)
    assert_allclose(np.cumsum(hierarchy.costs), hierarchy.linkage[:, 2])


@pytest.mark.parametrize("linkage", ["likelihood", "hellinger"])
def test_cuts_are_scipys(linkage):
    hierarchy = topic_hierarchy(TOPICS, linkage=linkage)
    assert is_valid_linkage(hierarchy.linkage)
    for n in range(1, 8):
        labels = fcluster(hierarchy.linkage, n, "maxclust")
        expected = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
        assert hierarchy.cut(n) == sorted(group for group in expected if len(group) > 1)
    assert hierarchy.cut(7) == [] and hierarchy.cut(1) == [list(range(7))]


def test_equal_topics_are_merged_first_at_no_cost():
    hierarchy = topic_hierarchy([*TOPICS, TOPICS[2]])
    assert hierarchy.cut(7) == [[2, 7]] and hierarchy.costs[0] == pytest.approx(0, abs=1e-12)
    distances = topic_hierarchy(TOPICS, linkage="hellinger").linkage[0, 2]
    similarity = topic_similarity(TOPICS)
    assert distances == pytest.approx(1 - similarity[~np.eye(7, dtype=bool)].max())


def test_the_background_is_no_leaf(model, corpus):
    hierarchy = topic_hierarchy(model, corpus)
    assert_array_equal(hierarchy.leaves, range(1, 10))
    table = hierarchy.table
    assert table["num_topics"].tolist() == list(range(8, 0, -1))
    assert table["share"].iloc[-1] == pytest.approx(1)
    assert merge_topics(model, hierarchy.cut(4)).components_.shape[0] == 5


def test_models_of_scikit_learn(corpus):
    lda = LatentDirichletAllocation(4, max_iter=2, random_state=0).fit(corpus)
    assert len(topic_hierarchy(lda, corpus).cut(2)) <= 2


@pytest.mark.parametrize("n", [0, 8, -1])
def test_bad_cuts(n):
    with pytest.raises(ValueError, match="num_topics"):
        topic_hierarchy(TOPICS).cut(n)
    with pytest.raises(TypeError, match="num_topics"):
        topic_hierarchy(TOPICS).cut(2.5)


def test_bad_trees():
    with pytest.raises(ValueError, match="linkage must be one of"):
        topic_hierarchy(TOPICS, linkage="ward")
    with pytest.raises(ValueError, match="two topics beside the background; the model has 1"):
        topic_hierarchy(TOPICS[:1])


# The path


def test_a_path_is_what_merging_gives(model, corpus):
    training, heldout = corpus[:180], corpus[180:]
    path = num_topics_path(model, training, heldout, num_topics=[10, 5, 2])
    assert_array_equal(path.num_topics, [10, 5, 2])
    for n, completion in zip(path.num_topics, path.completion, strict=True):
        merged = merge_topics(model, path.groups(int(n)), training)
        assert merged.components_.shape[0] == n
        assert completion == pytest.approx(merged.score(heldout), abs=1e-5)
    each = path.completion - path.completion.max() + path.completion_error[path.completion.argmax()]
    assert path.best == path.num_topics[each >= 0].min()
    assert len(path.table) == 3 and (path.completion_error > 0).all()


def test_the_path_stops_where_topics_are_needed(model, corpus):
    """Of three topics and a background, two are too few."""
    path = num_topics_path(model, corpus[:180], corpus[180:])
    scores = dict(zip(path.num_topics.tolist(), path.completion, strict=True))
    assert scores[4] - scores[2] > 5 * (scores[10] - scores[4])
    assert 3 <= path.best <= 6


def test_bad_paths(model, corpus):
    for steps, error in (([11], ValueError), ([1], ValueError), ([], ValueError), ([2.5], ValueError)):
        with pytest.raises(error, match="num_topics"):
            num_topics_path(model, corpus, corpus, num_topics=steps)
    with pytest.raises(ValueError, match="X_heldout must have a document of two tokens"):
        num_topics_path(model, corpus, np.eye(40))
    path = num_topics_path(model, corpus, corpus, num_topics=[3])
    with pytest.raises(ValueError, match="num_topics must be from 2 to 10; got 1"):
        path.groups(1)
    product = ProdLDATransformer(num_topics=3, max_iter=1, random_state=0).fit(corpus)
    with pytest.raises(TypeError, match="all topics of a document together"):
        num_topics_path(product, corpus, corpus)


# The picture


def test_every_topic_has_a_line():
    topics = RNG.dirichlet(np.full(50, 0.1), size=100)
    display = TopicHierarchyDisplay.from_estimator(topics, num_topics=10)
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert len(labels) == 100 and labels[0].startswith(f"{display.leaves_[-1]}: ")
    places = [label.get_window_extent() for label in display.ax_.get_yticklabels()]
    assert all(low.y1 <= high.y0 + 1 for low, high in pairwise(places))  # none over another
    assert sorted(display.leaves_) == list(range(100))


def test_the_line_cuts_where_the_groups_are():
    display = TopicHierarchyDisplay.from_estimator(TOPICS, linkage="hellinger", num_topics=3)
    (at,) = [line.get_xdata()[0] for line in display.ax_.lines]
    assert (display.hierarchy.linkage[:, 2] < at).sum() == 4
    with pytest.raises(ValueError, match="num_topics"):
        display.plot(num_topics=9)
