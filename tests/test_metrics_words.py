"""Measures of the top words of topics: answers known on paper, and figures of other implementations."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from sklearn_etm.metrics import exclusivity


def random_topics(n_topics=6, n_features=40, seed=0):
    """Return topics that share words to a different degree."""
    return np.random.default_rng(seed).dirichlet(np.full(n_features, 0.1), n_topics)


# --- exclusivity --------------------------------------------------------------------------------------------


def test_exclusivity_known_on_paper():
    """Words of one topic only, of two topics alike, and two thirds of a word."""
    components = [[0.5, 0.3, 0.2, 0, 0], [0, 0.3, 0.1, 0.6, 0], [0, 0, 0, 0, 1]]
    assert_allclose(exclusivity(components, n_words=1, per_topic=True), [1, 1, 1])
    assert_allclose(exclusivity(components, n_words=2, per_topic=True)[:2], [3 / 4, 3 / 4])
    assert_allclose(exclusivity(components, n_words=3, per_topic=True)[:2], [13 / 18, 11 / 18])


def test_exclusivity_is_the_mean_over_topics():
    topics = random_topics()
    value = exclusivity(topics)
    assert isinstance(value, float)
    assert value == pytest.approx(exclusivity(topics, 10, per_topic=True).mean())


def test_exclusivity_equals_the_obvious_formula():
    topics = random_topics()
    expected = [np.mean([topic[v] / topics[:, v].sum() for v in np.argsort(-topic)[:7]]) for topic in topics]
    assert_allclose(exclusivity(topics, n_words=7, per_topic=True), expected, rtol=1e-12)


def test_exclusivity_of_weights_is_that_of_probabilities():
    """Large topics, as pseudo-counts have them, are not more exclusive for that."""
    topics = random_topics()
    assert exclusivity(topics * [[1], [10], [100], [2], [3], [4]]) == pytest.approx(exclusivity(topics))


def test_exclusivity_at_its_bounds():
    """Equal topics, disjoint topics, and a single one."""
    assert exclusivity(np.tile(random_topics(1), (4, 1))) == pytest.approx(1 / 4)
    assert exclusivity(np.repeat(np.eye(3), 10, axis=1)) == 1
    assert exclusivity(random_topics(1)) == 1


@pytest.mark.filterwarnings("error")
def test_exclusivity_where_nothing_is_known():
    """Word 3 has no topic: half. A topic of zeros is uniform: 1/4 against 1/2, 1/2, 0, 0."""
    assert_allclose(exclusivity([[1, 1, 0, 0], [0, 1, 1, 0]], n_words=4, per_topic=True), [1 / 2, 1 / 2])
    assert_allclose(exclusivity([[1, 1, 0, 0], [0, 0, 0, 0]], n_words=2, per_topic=True), [2 / 3, 1 / 3])


@pytest.mark.parametrize("measure", [exclusivity])
@pytest.mark.parametrize(
    ("components", "message"),
    [
        ([[0.5, -0.5]], r"components .* not negative; got -0.5.*np.exp"),
        ([[0.5, np.nan]], "components contains NaN"),
        ([0.5, 0.5], r"components must be two-dimensional; got shape \(2,\)"),
        (sp.csr_matrix([[0.5, 0.5]]), "Sparse data was passed for components"),
        ([[0.5, 0.5]], "integer from 1 to 2, .*got 10"),
    ],
)
def test_words_are_measured_by_topics(measure, components, message):
    with pytest.raises((ValueError, TypeError), match=message):
        measure(components)
