"""Dead, redundant and duplicate topics, and the divergence of posteriors: answers known on paper."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import jensenshannon

from sklearn_etm.metrics import dead_topics, duplicate_topics, effective_num_topics, topic_kl, topic_redundancy


def random_topics(n_topics=6, n_features=40, seed=0):
    """Return topics that share words to a different degree."""
    return np.random.default_rng(seed).dirichlet(np.full(n_features, 0.3), n_topics)


# --- effective_num_topics and dead_topics -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("doc_topic", "expected"),
    [
        (np.eye(4), 4),
        (np.full((3, 4), 0.25), 4),
        ([[0, 1, 0]], 1),
        ([[1.0]], 1),
        ([[1, 0, 0], [0, 1, 0]], 2),
        ([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]], 2),
        ([[0.5, 0.5, 0], [1, 0, 0]], math.exp(0.75 * math.log(4 / 3) + 0.25 * math.log(4))),
    ],
)
def test_effective_number_of_topics_known_on_paper(doc_topic, expected):
    """Equally large topics, also where every document mixes them; one; and three quarters to one."""
    assert effective_num_topics(doc_topic) == pytest.approx(expected)


def test_dead_topics_known_on_paper():
    """Used by all, at the threshold by one in four, below it, and never."""
    doc_topic = [[0.91, 0.09, 0, 0], [0.9, 0.1, 0, 0], [0.95, 0.01, 0.04, 0], [1, 0, 0, 0]]
    assert_array_equal(dead_topics(doc_topic), [False, False, True, True])
    assert_array_equal(dead_topics(doc_topic, min_share=0.25), [False, False, True, True])
    assert_array_equal(dead_topics(doc_topic, min_share=0.26), [False, True, True, True])
    assert_array_equal(dead_topics(doc_topic, threshold=0.04), [False, False, False, True])
    assert_array_equal(dead_topics(doc_topic, threshold=0.95, min_share=0.5), [False, True, True, True])


def test_dead_topics_by_default_need_one_document_in_a_thousand():
    """Two documents of 2,000 keep a topic alive, and one does not; of 1,000 or fewer, one does."""
    doc_topic = np.zeros((2000, 3))
    doc_topic[:, 0] = 1
    doc_topic[:2] = [0.9, 0.1, 0]
    doc_topic[2] = [0.9, 0, 0.1]
    assert_array_equal(dead_topics(doc_topic), [False, False, True])
    assert_array_equal(dead_topics(doc_topic[:1000]), [False, False, False])


def test_all_topics_are_dead_after_a_collapse_to_the_prior():
    """Twenty equal proportions; a single topic is in use."""
    assert dead_topics(np.full((5, 20), 1 / 20)).all()
    assert not dead_topics(np.ones((5, 1))).any()


@pytest.mark.parametrize("name", ["threshold", "min_share"])
@pytest.mark.parametrize("value", [0, 1.5, math.nan])
def test_dead_topics_need_shares(name, value):
    with pytest.raises(ValueError, match=f"{name} must be a number above 0 and at most 1; got {value}"):
        dead_topics([[0.5, 0.5]], **{name: value})


@pytest.mark.parametrize("measure", [effective_num_topics, dead_topics])
def test_use_is_measured_by_proportions(measure):
    """Weights, of `NMF` for example, are refused with a remedy."""
    with pytest.raises(ValueError, match=r"rows of doc_topic must sum to one; row 1 sums to 3.*Divide"):
        measure([[0.5, 0.5], [1, 2]])
    with pytest.raises(ValueError, match="doc_topic contains NaN"):
        measure([[0.5, math.nan]])


# --- topic_redundancy and duplicate_topics ------------------------------------------------------------------


def test_redundancy_known_on_paper():
    """The same, disjoint, and half of the words in common: the divergence of the halves is 1/2 bit."""
    components = [[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1], [0, 0, 0, 2]]
    assert_allclose(topic_redundancy(components), [0.5, 0.5, 1, 1], rtol=1e-12)
    assert_array_equal(duplicate_topics(components, threshold=0.4), [[2, 3], [0, 1]])
    assert_array_equal(duplicate_topics(components), [[2, 3]])


def test_redundancy_equals_scipy():
    """SciPy has the square root."""
    topics = random_topics()
    similar = np.array([[1 - jensenshannon(a, b, base=2) ** 2 for a in topics] for b in topics])
    np.fill_diagonal(similar, -1)
    assert_allclose(topic_redundancy(topics), similar.max(axis=1), rtol=1e-12)
    pairs = duplicate_topics(topics, threshold=0.5)
    assert {tuple(pair) for pair in pairs} == {(i, j) for i, j in np.argwhere(similar >= 0.5) if i < j}
    assert 0 < len(pairs) < 15
    assert (np.diff(similar[tuple(pairs.T)]) <= 0).all()


@pytest.mark.filterwarnings("error")
def test_near_copies_have_no_negative_divergence():
    """Rounding gives some of these a divergence below zero: a similarity above one, and the root of it is NaN."""
    noise = np.random.default_rng(1).normal(scale=1e-15, size=(20, 40))
    copies = random_topics(1) * (1 + noise)
    redundancy = topic_redundancy(copies)
    assert_allclose(redundancy, 1, rtol=1e-12)
    assert redundancy.max() == 1
    assert len(duplicate_topics(copies)) == 20 * 19 / 2


@pytest.mark.filterwarnings("error")
def test_a_single_topic_repeats_none():
    assert_array_equal(topic_redundancy(random_topics(1)), [0])
    assert duplicate_topics(random_topics(1)).shape == (0, 2)


@pytest.mark.filterwarnings("error")
def test_topics_of_zeros_are_uniform():
    """As `NMF` leaves them when it has more topics than it needs."""
    assert_allclose(topic_redundancy([[0, 0, 0], [1, 1, 1], [2, 0, 0]])[:2], 1)
    assert_array_equal(duplicate_topics([[0, 0, 0], [2, 0, 0], [1, 1, 1], [0, 0, 0]]), [[0, 2], [0, 3], [2, 3]])


@pytest.mark.parametrize("threshold", [0, -1, 1.01, math.nan])
def test_duplicates_need_a_threshold(threshold):
    with pytest.raises(ValueError, match=f"threshold must be a number above 0 and at most 1; got {threshold}"):
        duplicate_topics(random_topics(), threshold=threshold)


@pytest.mark.parametrize("measure", [topic_redundancy, duplicate_topics])
def test_topics_must_be_topics(measure):
    with pytest.raises(ValueError, match=r"components .* not negative; got -1.*np.exp"):
        measure([[1, -1]])
    with pytest.raises(ValueError, match="components contains NaN"):
        measure([[1, math.nan]])


# --- topic_kl -----------------------------------------------------------------------------------------------


def test_kl_known_on_paper():
    """At the prior; a standard deviation off; half as wide; and the mean over documents of 0 and 2."""
    loc = [[1, 3, 0, 0], [1, -1, 0, 4]]
    scale = [[2, 2, 1, 2], [2, 2, 1, 2]]
    expected = [0, 0.5, math.log(2) + 1 / 8 - 1 / 2, 1]
    assert_allclose(topic_kl(loc, scale, [1, 1, 0, 0], [2, 2, 2, 2]), expected, rtol=1e-12)


def test_kl_equals_numerical_integration():
    """Of the definition, E_q[log q - log p]."""
    mu, sigma, m, s = 0.7, 0.4, -0.2, 1.5
    z = np.linspace(mu - 8 * sigma, mu + 8 * sigma, 20_001)
    log_q, log_p = (-(((z - a) / b) ** 2) / 2 - np.log(b * math.sqrt(2 * math.pi)) for a, b in ((mu, sigma), (m, s)))
    integral = np.trapezoid(np.exp(log_q) * (log_q - log_p), z)
    assert topic_kl([[mu]], [[sigma]], [m], [s]) == pytest.approx([integral], rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0, 0]], [[1, 1]], [0], [1]), r"got \(1, 2\), \(1, 2\), \(1,\) and \(1,\)"),
        (([[0, 0]], [[1]], [0, 0], [1, 1]), r"got \(1, 2\), \(1, 1\), \(2,\) and \(2,\)"),
        (([[0, 0]], [[1, 1]], [0, 0], [[1, 1]]), r"got \(1, 2\), \(1, 2\), \(2,\) and \(1, 2\)"),
        (([[0]], [[0]], [0], [1]), r"standard deviations, .* above 0; got 0"),
        (([[0]], [[1]], [0], [-1]), r"standard deviations, .* above 0; got -1"),
        (([[0]], [[math.nan]], [0], [1]), "scale contains NaN"),
        (([[0]], [[1]], [math.inf], [1]), "prior_mean contains infinity"),
        (([0], [1], [0], [1]), r"loc must be two-dimensional; got shape \(1,\)"),
    ],
)
def test_kl_needs_posteriors_and_a_prior(arguments, message):
    with pytest.raises(ValueError, match=message):
        topic_kl(*arguments)
