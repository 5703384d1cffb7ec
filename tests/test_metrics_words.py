"""Measures of the top words of topics: answers known on paper, and figures of other implementations."""

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from sklearn_etm import NamedVectorizer
from sklearn_etm.metrics import (
    duplicate_topics,
    embedding_coherence,
    exclusivity,
    inverted_rbo,
    npmi,
    top_word_columns,
    topic_diversity,
    topic_exclusive_words,
    topic_redundancy,
    umass,
)


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
    assert value == pytest.approx(exclusivity(topics, n_words=10, per_topic=True).mean())


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
    expected = [
        cosine_similarity(vectors[words])[np.triu_indices(10, k=1)].mean() for words in top_word_columns(topics)
    ]
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

    A window longer than any document, and only pairs that occur together: gensim smooths the others by 1e-12.
    """
    X, components = counted(DOCUMENTS, TOPICS)
    gensim = [0.19403661435741948, 0.2776377913620082, -0.020389120587620657, -0.06691641103804274]
    assert_allclose(npmi(components, X, n_words=3, per_topic=True), gensim, rtol=1e-9)


def test_umass_equals_gensim():
    """gensim 4.4.0, `CoherenceModel(topics, corpus=..., coherence="u_mass", topn=3)`.

    With gensim's smoothing, `direct_confirmation_measure.EPSILON`, set to the paper's one document, 1 / 10.
    """
    X, components = counted(DOCUMENTS, TOPICS)
    gensim = [-0.5500866356514518, -0.34055041584399365, -0.47570545188004854, -0.34469125584351273]
    assert_allclose(umass(components, X, n_words=3, per_topic=True), gensim, rtol=1e-12)


# --- topics given by their words ----------------------------------------------------------------------------

LISTS = [["star", "moon", "sky"], ["goal", "team", "moon"], ["star", "goal", "ball"]]
NAMES = ["ball", "goal", "moon", "sky", "star", "team", "vote"]
CORPUS = np.random.default_rng(0).poisson(0.8, (60, 7))
VECTORS = np.random.default_rng(1).normal(size=(7, 4))
MEASURES = {
    "npmi": lambda topics, n, **known: npmi(topics, CORPUS, n_words=n, **known),
    "umass": lambda topics, n, **known: umass(topics, CORPUS, n_words=n, **known),
    "embedding_coherence": lambda topics, n, **known: embedding_coherence(topics, VECTORS, n_words=n, **known),
    "topic_diversity": lambda topics, n, **known: topic_diversity(topics, n_words=n),
    "topic_exclusive_words": lambda topics, n, **known: topic_exclusive_words(topics, n_words=n),
    "inverted_rbo": lambda topics, n, **known: inverted_rbo(topics, n_words=n),
}
OF_REFERENCE = [pytest.param(MEASURES[name], id=name) for name in ("npmi", "umass", "embedding_coherence")]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize(
    "topics", [LISTS, tuple(map(tuple, LISTS)), np.array(LISTS), np.array(LISTS, dtype=object), pd.DataFrame(LISTS)]
)
def test_words_are_measured_as_scores_that_rank_them_so(measure, n, topics):
    expected = measure(ranking(*LISTS, words=NAMES), n)
    assert measure(topics, n, feature_names=NAMES) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("measure", OF_REFERENCE)
@pytest.mark.parametrize("names", [np.array(NAMES), {word: i for i, word in enumerate(NAMES)}, pd.Index(NAMES)])
def test_names_of_any_kind(measure, names):
    expected = measure(ranking(*LISTS, words=NAMES), 3, per_topic=True)
    assert_allclose(measure(LISTS, 3, feature_names=names, per_topic=True), expected)


@pytest.mark.parametrize("measure", [npmi, umass])
def test_counts_that_know_their_words_need_no_names(measure):
    named = NamedVectorizer(CountVectorizer(token_pattern=r"\w+"))
    counts = named.fit_transform([" ".join(np.repeat(NAMES, row)) for row in CORPUS])
    expected = measure(ranking(*LISTS, words=NAMES), CORPUS, n_words=3)
    for X in (counts, pd.DataFrame(CORPUS, columns=NAMES), pd.DataFrame(CORPUS[:, ::-1], columns=NAMES[::-1])):
        assert measure(LISTS, X) == pytest.approx(expected)
    assert measure(LISTS, CORPUS, feature_names=NAMES[::-1]) != pytest.approx(expected)


def test_lists_of_fewer_words_are_measured_whole():
    """Topics of two and three words: three of five words are in one topic only, four different."""
    topics = [["star", "moon"], ["goal", "team", "moon"]]
    assert topic_diversity(topics) == 4 / 5 and topic_exclusive_words(topics) == 3 / 5
    for measure in (npmi, umass):
        whole = measure(topics, CORPUS, feature_names=NAMES, per_topic=True)
        alone = [measure([topic], CORPUS, feature_names=NAMES, n_words=len(topic)) for topic in topics]
        assert_allclose(whole, alone)
    with pytest.raises(ValueError, match=r"pass n_words, .*got 2 to 3"):
        inverted_rbo(topics)
    assert inverted_rbo(topics, n_words=2) == 1
    assert inverted_rbo([["star", "moon"], ["moon", "star"]], weight=0.3) == pytest.approx(0.7)


@pytest.mark.parametrize("measure", [npmi, umass])
def test_coherence_of_words_equals_gensim(measure):
    """The lists that the figures of gensim above are of, rather than scores that rank them."""
    X, components = counted(DOCUMENTS, TOPICS)
    names = CountVectorizer().fit(DOCUMENTS).get_feature_names_out()
    expected = measure(components, X, n_words=3, per_topic=True)
    assert_allclose(measure(TOPICS, X, feature_names=names, per_topic=True), expected)


def map_all(mapping, words):
    return np.array([mapping[word] for word in words])


def test_vectors_are_looked_up_by_word():
    mapping = dict(zip(NAMES, VECTORS, strict=True))
    expected = embedding_coherence(ranking(*LISTS, words=NAMES), VECTORS, n_words=3)
    by_call = partial(map_all, mapping)
    for embeddings in (mapping, pd.DataFrame(VECTORS, index=NAMES), by_call):
        assert embedding_coherence(LISTS, embeddings) == pytest.approx(expected)
        scores = ranking(*LISTS, words=NAMES)
        assert embedding_coherence(scores, embeddings, n_words=3, feature_names=NAMES) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"no vector of 1 words, such as \['comet'\]. Leave them out"):
        embedding_coherence([["star", "comet"]], mapping)
    with pytest.raises(ValueError, match="pass feature_names"):
        embedding_coherence(ranking(*LISTS, words=NAMES), mapping, n_words=3)


@pytest.mark.filterwarnings("error")
def test_words_that_no_document_has_are_finite():
    nothing = np.zeros_like(CORPUS)
    assert npmi(LISTS, nothing, feature_names=NAMES) == -1 and umass(LISTS, nothing, feature_names=NAMES) == 0
    assert embedding_coherence(LISTS, np.zeros_like(VECTORS), feature_names=NAMES) == 0


@pytest.mark.parametrize("measure", OF_REFERENCE)
def test_words_of_no_reference_are_refused(measure):
    with pytest.raises(ValueError, match=r"Not among the 7 words.*'comet'.*'moons' \(near: moon\).*Leave them out"):
        measure([["star", "comet"], ["moons", "team"]], 2, feature_names=NAMES)
    with pytest.raises(ValueError, match="pass feature_names=vectorizer"):
        measure(LISTS, 3)
    with pytest.raises(ValueError, match=r"7.*(columns|rows).*6|6.*columns.*7 rows"):
        measure(LISTS[:1], 3, feature_names=NAMES[1:])
    with pytest.raises(ValueError, match="once, to tell which column is meant"):
        measure(LISTS, 3, feature_names=[*NAMES[:-1], "star"])
    with pytest.raises(ValueError, match="at least 2 words, for pairs of them; topic 1 has one"):
        measure([["star", "moon"], ["goal"]], 2, feature_names=NAMES)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize(
    ("topics", "message"),
    [
        (["star", "moon"], r"Write a single topic as \[words\]"),
        (["star, moon", "goal, team"], "must be lists of words"),
        ([["star", "moon"], []], "Topic 1 has no words"),
        ([["star", "moon", "star"]], "Topic 0 holds 'star' more than once"),
        ([["star", None]], "topic 0 holds None"),
        ([["star", "moon"], [("goal", 0.5), ("team", 0.2)]], r"without their weights; topic 1 holds \('goal', 0.5\)"),
    ],
)
def test_topics_that_are_no_lists_of_words(measure, topics, message):
    with pytest.raises(ValueError, match=message):
        measure(topics, 2, feature_names=NAMES)


@pytest.mark.parametrize("n", [0, 1.5, "2"])
@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_number_of_words_must_be_one(measure, n):
    with pytest.raises(ValueError, match=f"must be a positive integer; got {n!r}"):
        measure(LISTS, n, feature_names=NAMES)


@pytest.mark.parametrize("measure", [exclusivity, topic_redundancy, duplicate_topics, top_word_columns])
def test_measures_of_probabilities_say_so(measure):
    with pytest.raises(ValueError, match=r"components must hold numbers.*got words"):
        measure(LISTS)


# --- validation ---------------------------------------------------------------------------------------------


def coherence_of(components):
    """Call with as many vectors as there are columns."""
    return embedding_coherence(components, np.ones((2, 3)))


@pytest.mark.parametrize("measure", [exclusivity, inverted_rbo, coherence_of])
@pytest.mark.parametrize(
    ("components", "message"),
    [
        ([[0.5, np.nan]], "components contains NaN"),
        ([0.5, 0.5], r"components must be two-dimensional; got shape \(2,\)"),
        ([[0.5, 0.5]], r"integer from 1 to 2, .*got 10"),
        (sp.csr_matrix([[0.5, 0.5]]), "Sparse data was passed for components"),
    ],
)
def test_topics_must_be_topics(measure, components, message):
    """NaN, a row alone, fewer words than are asked for, and a sparse matrix."""
    with pytest.raises((ValueError, TypeError), match=message):
        measure(components)


def test_exclusivity_needs_probabilities_or_weights():
    with pytest.raises(ValueError, match=r"components .* not negative; got -0.5.*np.exp"):
        exclusivity([[0.5, -0.5]], n_words=1)


@pytest.mark.parametrize("measure", [inverted_rbo, lambda topics: embedding_coherence(topics, random_topics(40, 5))])
def test_words_ranked_by_log_scores(measure):
    """Scores below zero and -inf only rank."""
    topics = random_topics()
    topics[:, ::3] = 0
    with np.errstate(divide="ignore"):
        assert measure(np.log(topics)) == measure(topics)
