"""Measures of the top words of topics: answers known on paper, and figures of other implementations."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from sklearn_etm.metrics import embedding_coherence, exclusivity, inverted_rbo, npmi, top_words, umass


def random_topics(n_topics=6, n_features=40, seed=0):
    """Return topics that share words to a different degree."""
    return np.random.default_rng(seed).dirichlet(np.full(n_features, 0.1), n_topics)


def ranking(*topics, words="abcdefghij", n_features=None):
    """Return components that rank the given words first, in the given order."""
    words = list(words)[:n_features]
    components = np.zeros((len(topics), len(words)))
    for row, topic in zip(components, topics, strict=True):
        row[[words.index(word) for word in topic]] = np.arange(len(topic), 0, -1)
    return components


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


# --- inverted_rbo -------------------------------------------------------------------------------------------


def test_inverted_rbo_known_on_paper():
    """The same two words in the other order: the first rank differs, and from the second on all is the same."""
    swapped = ranking("ab", "ba")
    for weight in (0.0, 0.3, 0.9, 1.0):
        assert inverted_rbo(swapped, n_words=2, weight=weight) == pytest.approx(1 - weight)


def test_inverted_rbo_equals_octis():
    """OCTIS 1.14.0: one minus the mean of `rbo(...).ext` over pairs, as its `InvertedRBO` with these lists has it."""
    five = ranking("abcde", "bacdf", "ghiaj")
    assert inverted_rbo(five, n_words=5, weight=0.5) == pytest.approx(0.81875, rel=1e-12)
    assert inverted_rbo(five, n_words=5) == pytest.approx(0.64411, rel=1e-12)
    ten = ranking("abcdefghij", "jihgfedcba", "klmnoabcde", "afkpbglqch", words="abcdefghijklmnopq")
    assert inverted_rbo(ten, weight=0.5) == pytest.approx(0.8613720444775133, rel=1e-12)
    assert inverted_rbo(ten) == pytest.approx(0.6334064393547618, rel=1e-12)


def test_inverted_rbo_at_its_bounds():
    """The same topics, disjoint ones, and one that has no other."""
    assert inverted_rbo(np.tile(random_topics(1), (4, 1))) == pytest.approx(0, abs=1e-12)
    assert inverted_rbo(np.repeat(np.eye(3), 10, axis=1)) == 1
    assert inverted_rbo(random_topics(1)) == 1


@pytest.mark.parametrize("weight", [-0.1, 1.1, math.nan])
def test_inverted_rbo_needs_a_weight(weight):
    with pytest.raises(ValueError, match=f"weight must be a number from 0 to 1; got {weight}"):
        inverted_rbo(random_topics(), weight=weight)


# --- embedding_coherence ------------------------------------------------------------------------------------


def test_embedding_coherence_equals_scikit_learn_cosines():
    """The mean of the cosines above the diagonal."""
    topics = random_topics()
    vectors = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    expected = [cosine_similarity(vectors[words])[np.triu_indices(10, k=1)].mean() for words in top_words(topics)]
    assert_allclose(embedding_coherence(topics, vectors, per_topic=True), expected, rtol=1e-5)
    assert embedding_coherence(topics, vectors) == pytest.approx(np.mean(expected))


@pytest.mark.filterwarnings("error")
def test_embedding_coherence_known_on_paper():
    """One way whatever the length, against each other, and a word without a vector in two of three pairs."""
    vectors = [[1, 0], [5, 0], [-2, 0], [0, 0], [3, 3]]
    topics = ranking("ab", "ac", "ad", n_features=5)
    assert_allclose(embedding_coherence(topics, vectors, n_words=2, per_topic=True), [1, -1, 0])
    assert embedding_coherence(ranking("abd", n_features=5), vectors, n_words=3) == pytest.approx(1 / 3)


def test_embedding_coherence_needs_a_vector_for_every_column():
    with pytest.raises(ValueError, match="one row for each of the 40 columns of components; got 39 rows"):
        embedding_coherence(random_topics(), np.ones((39, 2)))


def test_embedding_coherence_needs_pairs():
    with pytest.raises(ValueError, match=r"n_words must be at least 2.*got 1"):
        embedding_coherence(random_topics(), np.ones((40, 2)), n_words=1)


# --- other implementations ----------------------------------------------------------------------------------

DOCUMENTS = [
    "cat dog fish",
    "cat dog",
    "dog fish bird",
    "cat bird",
    "sun moon star",
    "sun moon",
    "moon star cat",
    "star sun dog",
    "sun bird",
    "dog cat moon sun",
]
TOPICS = [["dog", "cat", "fish"], ["sun", "moon", "star"], ["cat", "moon", "sun"], ["bird", "dog", "cat"]]


def counted(documents, topics):
    """Counts of documents, and components that rank the words of topics."""
    vectorizer = CountVectorizer().fit(documents)
    return vectorizer.transform(documents), ranking(*topics, words=vectorizer.get_feature_names_out())


def test_npmi_equals_gensim():
    """gensim 4.4.0, `CoherenceModel(topics, texts=..., coherence="c_npmi", window_size=100, topn=3)`.

    A window longer than any document, and only pairs that occur together: gensim gives the others about -0.9.
    """
    X, components = counted(DOCUMENTS, TOPICS)
    gensim = [0.19403661435741948, 0.2776377913620082, -0.020389120587620657, -0.06691641103804274]
    assert_allclose(npmi(components, X, top_n=3, per_topic=True), gensim, rtol=1e-9)


def test_umass_equals_gensim():
    """gensim 4.4.0, `CoherenceModel(topics, corpus=..., coherence="u_mass", topn=3)`.

    With gensim's smoothing, `direct_confirmation_measure.EPSILON`, set to the paper's one document, 1 / 10.
    """
    X, components = counted(DOCUMENTS, TOPICS)
    gensim = [-0.5500866356514518, -0.34055041584399365, -0.47570545188004854, -0.34469125584351273]
    assert_allclose(umass(components, X, top_n=3, per_topic=True), gensim, rtol=1e-12)


# --- validation ---------------------------------------------------------------------------------------------


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
