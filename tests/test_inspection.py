import numpy as np
import pytest
from scipy.spatial.distance import pdist

from sklearn_etm.inspection import topic_map


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def hellinger(components):
    return pdist(np.sqrt(components)) / np.sqrt(2)


def test_map_of_three_topics_has_their_hellinger_distances(rng):
    topics = rng.dirichlet(np.full(30, 0.2), 3)
    np.testing.assert_allclose(pdist(topic_map(topics)), hellinger(topics))


def test_map_never_lengthens_distances_and_is_centred(rng):
    topics = rng.dirichlet(np.full(30, 0.2), 8)
    positions = topic_map(topics)
    assert (pdist(positions) <= hellinger(topics) + 1e-12).all()
    np.testing.assert_allclose(positions.mean(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("topics", "positions"),
    [
        ([[1.0, 3.0]], [[0, 0]]),
        ([[1.0], [1.0]], [[0, 0], [0, 0]]),
        ([[1, 0], [0, 1]], [[0.5, 0], [-0.5, 0]]),
        ([[2, 0], [0, 7], [0, 1], [4, 0]], [[0.5, 0], [-0.5, 0], [-0.5, 0], [0.5, 0]]),
    ],
)
def test_map_of_few_and_of_equal_topics(topics, positions):
    np.testing.assert_allclose(topic_map(topics), positions, atol=1e-12)


def test_map_moves_with_the_order_of_topics(rng):
    topics = rng.dirichlet(np.full(30, 0.2), 8)
    order = rng.permutation(8)
    np.testing.assert_allclose(topic_map(topics[order]), topic_map(topics)[order], atol=1e-9)
