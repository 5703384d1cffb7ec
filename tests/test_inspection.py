from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from conftest import SMALL
from scipy.spatial.distance import pdist, squareform
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_etm import LNTMTransformer, metrics
from sklearn_etm.inspection import (
    align_topics,
    compare_models,
    components_over,
    document_table,
    pyldavis_data,
    representative_documents,
    similar_documents,
    top_words,
    topic_labels,
    topic_map,
    topic_similarity,
    topic_stability,
    topic_table,
    topics_over,
    word_scores,
    word_table,
)

NAMES = ["star", "moon", "goal", "team", "the"]
TEXTS = ["the star the moon star", "moon star moon", "the goal team", "team goal goal the", "", "the star goal"] * 3


class Known(TransformerMixin, BaseEstimator):
    """A model of given topics, that puts each word into the topic in which it is most probable."""

    def __init__(self, components):
        self.components = components

    def fit(self, X, y=None):
        self.components_ = np.asarray(self.components)
        return self

    def transform(self, X):
        words = np.eye(len(self.components_))[self.components_.argmax(axis=0)]
        tokens = np.asarray(X) @ words
        return np.where(tokens.sum(axis=1, keepdims=True), tokens, 1.0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def topics(rng):
    return rng.dirichlet(np.full(30, 0.2), 8)


@pytest.fixture(scope="module")
def pipeline():
    return make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(TEXTS)


@pytest.fixture(scope="module")
def known():
    """Topics 0 and 1 have two words each, and one that both have."""
    return Known([[0.4, 0.2, 0.0, 0.0, 0.4], [0.0, 0.0, 0.3, 0.4, 0.3]]).fit(None)


# Words


def test_relevance_is_the_formula_with_shares_of_tokens(topics, rng):
    X = rng.poisson(0.5, size=(20, 30))
    model = LatentDirichletAllocation(3, random_state=0).fit(X)
    beta = model.components_ / model.components_.sum(axis=1, keepdims=True)
    shares = sum(row.sum() * theta for row, theta in zip(X, model.transform(X), strict=True)) / X.sum()
    marginal = sum(share * row for share, row in zip(shares, beta, strict=True))
    expected = 0.3 * np.log(beta) + 0.7 * np.log(beta / marginal)
    np.testing.assert_allclose(word_scores(model, by="relevance", X=X, lambda_=0.3), expected)
    expected = 0.6 * np.log(beta) + 0.4 * np.log(beta / beta.mean(axis=0))
    np.testing.assert_allclose(word_scores(model, by="relevance"), expected)


@pytest.mark.parametrize(("lambda_", "leader"), [(1.0, "the"), (0.0, "star")])
def test_relevance_runs_from_lift_to_probability(lambda_, leader):
    topics = [[0.3, 0.1, 0.0, 0.0, 0.6], [0.0, 0.1, 0.3, 0.0, 0.6]]
    assert top_words(topics, n_words=1, by="relevance", lambda_=lambda_, feature_names=NAMES)[0] == leader


def test_words_of_a_topic_without_tokens_are_ranked():
    model = Known([[0.6, 0.4, 0.0, 0.0], [0.0, 0.0, 0.6, 0.4]]).fit(None)
    assert top_words(model, n_words=2, by="relevance", X=[[3, 1, 0, 0]], feature_names=NAMES[:4])[1].tolist() == [
        "goal",
        "team",
    ]


def test_frex_is_the_harmonic_mean_of_ranks(topics):
    V = topics.shape[1]
    exclusivity = topics / topics.sum(axis=0)
    for k, scores in enumerate(word_scores(topics, by="frex", weight=0.7)):
        for v in range(V):
            by_exclusivity = np.mean([exclusivity[k] <= exclusivity[k, v]])
            by_frequency = np.mean([topics[k] <= topics[k, v]])
            assert scores[v] == pytest.approx(1 / (0.7 / by_exclusivity + 0.3 / by_frequency))


def test_frex_averages_tied_ranks():
    np.testing.assert_allclose(
        word_scores([[0.25, 0.25, 0.5]], by="frex"), [[1 / (0.5 / (2 / 3) + 0.5 / 0.5)] * 2 + [0.8]]
    )


def test_words_of_a_vocabulary_smaller_than_asked_for():
    assert top_words([[0.2, 0.8]], n_words=10, feature_names=["star", "goal"]).tolist() == [["goal", "star"]]
    assert topic_table([[0.2, 0.8]], n_words=10, feature_names=["star", "goal"])["words"].tolist() == ["goal, star"]
    assert topic_table([[1.0]], feature_names=["star"])["words"].tolist() == ["star"]


@pytest.mark.parametrize(
    "call",
    [
        lambda: top_words([[1.0]], by="tfidf"),
        lambda: top_words([[1.0]], by="relevance", lambda_=1.5),
        lambda: top_words([[1.0]], by="frex", weight=np.nan),
        lambda: top_words([[1.0]], n_words=0),
        lambda: topic_table([[1.0]], sort="size"),
        lambda: topic_table([[1.0]], threshold=0.0),
        lambda: topic_table([[1.0]], threshold=1.1),
        lambda: topic_similarity([[1.0]], metric="euclid"),
    ],
)
def test_values_out_of_range_are_refused(call):
    with pytest.raises(ValueError, match=r"must be|>="):
        call()


def test_labels_are_unique_and_the_same_everywhere(pipeline):
    twice = topic_labels([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]], n_words=1, feature_names=["star", "goal"])
    assert twice.tolist() == ["goal (0)", "goal (1)", "star"]
    labels = topic_labels(pipeline).tolist()
    assert topic_table(pipeline, TEXTS, sort="topic")["label"].tolist() == labels
    assert topics_over(pipeline, TEXTS, ["a"] * len(TEXTS), n_bootstrap=1)["label"].tolist() == labels
    assert topic_stability([pipeline, pipeline]).topics["label"].tolist() == labels


def test_word_table_is_bayes_rule(known):
    X = [[3, 0, 0, 0, 0], [0, 0, 1, 0, 0]]  # topic 0 has 3 of 4 tokens
    table = word_table(known, ["the", "team"], X, feature_names=NAMES)
    assert table["word"].tolist() == ["the", "the", "team", "team"]
    assert table["topic"].tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(table["p_word_given_topic"], [0.4, 0.3, 0.4, 0.0])
    np.testing.assert_allclose(table["p_topic_given_word"], [0.8, 0.2, 1.0, 0.0])
    np.testing.assert_allclose(word_table(known, "the", feature_names=NAMES)["p_topic_given_word"], [4 / 7, 3 / 7])


def test_word_that_no_topic_has_tells_nothing_of_the_topic():
    np.testing.assert_allclose(word_table([[1.0, 0.0]] * 4, "x1")["p_topic_given_word"], 0.25)


def test_unknown_word_is_named_with_those_spelled_alike(known):
    with pytest.raises(ValueError, match=r"'stars' \(near: star\).*'qqq'"):
        word_table(known, ["stars", "goal", "qqq"], feature_names=NAMES)
    with pytest.raises(ValueError, match="star"):
        word_table([[0.5, 0.5]], "star", feature_names=["star", "star"])


# Topics


TWICE = ["star", "moon", "star", "goal", ""]


def test_words_that_come_once_are_found_among_others_that_come_twice(known):
    """Blank words and words that differ in case only are words like others."""
    table = word_table(known, ["goal", ""], feature_names=TWICE)
    np.testing.assert_allclose(table["p_word_given_topic"], [0.4, 0.0, 0.4, 0.3])
    cases = word_table(known, ["Star", "STAR"], feature_names=["star", "Star", "STAR", " ", ""])
    np.testing.assert_allclose(cases["p_word_given_topic"], [0.2, 0.0, 0.3, 0.0])
    with pytest.raises(ValueError, match=r"once, to tell which column is meant: \['star'\]"):
        word_table(known, ["goal", "star"], feature_names=TWICE)


@pytest.mark.filterwarnings("ignore:Only")
def test_models_are_compared_by_words_that_come_once_in_both(known):
    other = [[0.1, 0.9, 0.0], [1.0, 0.0, 0.0]]
    names = {"feature_names_a": TWICE, "feature_names_b": ["goal", "moon", "sky"]}
    assert align_topics(known, other, **names).pairs.tolist() == [[0, 0], [1, 1]]
    with pytest.raises(ValueError, match=r"once, to tell which column is meant: \['star'\]"):
        topic_similarity(known, other, **names | {"feature_names_b": ["goal", "moon", "star"]})


def test_columns_of_the_same_word_have_the_same_vector(known):
    vectors = {"star": [1.0, 0.2], "moon": [0.8, 0.0], "goal": [0.0, 1.0], "team": [0.1, 0.7], "": [0.2, 0.8]}
    names = {"feature_names_a": TWICE, "feature_names_b": ["team", "moon"]}
    assert align_topics(known, np.eye(2), embeddings=vectors, **names).pairs.tolist() == [[0, 1], [1, 0]]


def test_topic_table_on_paper(known):
    X = [[2, 2, 0, 0, 0], [1, 0, 2, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 9, 0]]
    table = topic_table(known, X, n_words=2, feature_names=NAMES, threshold=0.6)
    assert table["topic"].tolist() == [1, 0]
    np.testing.assert_allclose(table["share"], [12 / 17, 5 / 17])
    np.testing.assert_allclose(table["prevalence"], [(0 + 3 / 4 + 1 / 2 + 1) / 4, (1 + 1 / 4 + 1 / 2 + 0) / 4])
    assert table["document_share"].tolist() == [0.5, 0.25]
    assert table["words"].tolist() == ["team, goal", "star, the"]
    assert table["words_by_frex"].tolist() == ["team, goal", "star, moon"]
    np.testing.assert_allclose(
        table["coherence"], metrics.npmi(known.components_, X, n_words=2, per_topic=True)[[1, 0]]
    )
    np.testing.assert_allclose(table["exclusivity"], [1.0, (1 + 4 / 7) / 2])
    assert topic_table(known, X, n_words=2, feature_names=NAMES, sort="topic")["topic"].tolist() == [0, 1]


def test_a_topic_has_one_prevalence_and_one_share_of_documents(known):
    """By each function that tells of them; a proportion at the threshold counts."""
    X = [[3, 0, 1, 0, 0], [1, 0, 1, 0, 0], [0, 1, 0, 3, 0], [0, 0, 0, 9, 0]]  # 3/4, 1/2, 1/4 and 0 of topic 0
    table = topic_table(known, X, feature_names=NAMES, threshold=0.5, sort="topic")
    assert table["document_share"].tolist() == [0.5, 0.75]
    np.testing.assert_allclose(table["prevalence"], [0.375, 0.625])
    over = topics_over(known, X, ["all"] * 4, feature_names=NAMES, n_bootstrap=2)
    np.testing.assert_allclose(over["prevalence"], table["prevalence"])
    doc_topic = np.array([[3, 1], [2, 2], [1, 3], [0, 4]]) / 4
    for min_share in (0.5, 0.51, 0.75, 0.76):
        dead = metrics.dead_topics(doc_topic, threshold=0.5, min_share=min_share)
        assert dead.tolist() == (table["document_share"] < min_share).tolist()


def test_topic_table_of_an_array_has_what_needs_no_documents(known):
    table = topic_table(known.components_, feature_names=NAMES)
    assert not {"share", "prevalence", "document_share", "coherence"} & set(table)
    assert table["topic"].tolist() == [0, 1]
    with pytest.raises(TypeError, match="fitted model"):
        topic_table(known.components_, np.ones((2, 5)), feature_names=NAMES)


def test_words_come_from_the_vectorizer(pipeline):
    search = GridSearchCV(Pipeline(pipeline.steps), {"latentdirichletallocation__n_components": [2]}, cv=2).fit(TEXTS)
    for model in (pipeline, search):
        assert set(top_words(model, n_words=5).ravel()) == set(NAMES)
        assert set(topic_table(model, TEXTS)) >= {"share", "coherence", "words_by_relevance"}


@pytest.mark.parametrize(
    "model",
    [NMF(2, random_state=0, max_iter=1000), LNTMTransformer(**SMALL)],
    ids=["nmf", "lntm"],
)
def test_other_models(model):
    pipeline = make_pipeline(CountVectorizer(), model).fit(TEXTS)
    table = topic_table(pipeline, TEXTS)
    assert table["share"].sum() == pytest.approx(1)
    assert np.isfinite(table.select_dtypes("number")).all(axis=None)
    assert len(document_table(pipeline, TEXTS)) == len(TEXTS)


# Similarity


def hellinger(components):
    return pdist(np.sqrt(components)) / np.sqrt(2)


def test_map_of_three_topics_has_their_hellinger_distances(topics):
    np.testing.assert_allclose(pdist(topic_map(topics[:3])), hellinger(topics[:3]))


def test_map_never_lengthens_distances_and_is_centred(topics):
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


def test_map_moves_with_the_order_of_topics(topics, rng):
    order = rng.permutation(8)
    np.testing.assert_allclose(topic_map(topics[order]), topic_map(topics)[order], atol=1e-9)


def test_similarity_of_topics(topics):
    np.testing.assert_allclose(topic_similarity(topics), 1 - squareform(hellinger(topics)), atol=1e-12)
    np.testing.assert_allclose(
        topic_similarity(topics, metric="cosine"), 1 - squareform(pdist(topics, "cosine")), atol=1e-12
    )


def test_similarity_is_by_the_names_of_words():
    a, b = [[0.5, 0.3, 0.2]], [[0.3, 0.5, 0.2], [0.5, 0.3, 0.2]]
    similarity = topic_similarity(
        a, b, feature_names_a=["star", "moon", "goal"], feature_names_b=["moon", "star", "team"]
    )
    np.testing.assert_allclose(similarity[0, 0], 1)
    assert similarity[0, 1] < 0.9


def test_vocabularies_that_cannot_be_compared():
    with pytest.raises(ValueError, match="no word in common"):
        topic_similarity([[1.0]], [[1.0]], feature_names_a=["star"], feature_names_b=["goal"])
    with pytest.raises(ValueError, match="no words are known"):
        topic_similarity([[1.0]], [[0.5, 0.5]])
    with pytest.warns(UserWarning, match="Only 10%") as record:
        topic_similarity([[0.1, 0.9]], [[1.0]], feature_names_a=["star", "goal"], feature_names_b=["star"])
    assert record[0].filename == __file__


@pytest.mark.parametrize(("n_a", "n_b"), [(4, 4), (3, 5), (5, 3), (1, 2)])
def test_alignment_has_the_largest_sum(rng, n_a, n_b):
    a, b = rng.dirichlet(np.ones(10), n_a), rng.dirichlet(np.ones(10), n_b)
    alignment = align_topics(a, b)
    np.testing.assert_allclose(alignment.matrix, topic_similarity(a, b))
    few = alignment.matrix if n_a <= n_b else alignment.matrix.T
    best = max(few[range(len(few)), list(p)].sum() for p in permutations(range(few.shape[1]), len(few)))
    assert alignment.similarity.sum() == pytest.approx(best)
    np.testing.assert_allclose(alignment.matrix[tuple(alignment.pairs.T)], alignment.similarity)
    assert (np.diff(alignment.pairs[:, 0]) > 0).all()


SKY, SPORT = {"star": [1.0, 0.2], "moon": [0.9, 0.1]}, {"goal": [0.1, 1.0], "team": [0.3, 0.8]}


def test_alignment_by_word_vectors_of_different_vocabularies(tmp_path):
    names = {"feature_names_a": ["star", "goal", "unheard"], "feature_names_b": ["team", "moon"]}
    a, b = [[0.7, 0.1, 0.2], [0.1, 0.7, 0.2]], [[0.9, 0.1], [0.2, 0.8]]
    alignment = align_topics(a, b, embeddings=SKY | SPORT, **names)
    assert alignment.pairs.tolist() == [[0, 1], [1, 0]]
    centre = np.mean(list((SKY | SPORT).values()), axis=0)
    sky = (0.7 * np.array(SKY["star"]) + 0.1 * np.array(SPORT["goal"])) / 0.8 - centre
    other = 0.2 * np.array(SPORT["team"]) + 0.8 * np.array(SKY["moon"]) - centre
    assert alignment.similarity[0] == pytest.approx(sky @ other / np.linalg.norm(sky) / np.linalg.norm(other), rel=1e-5)
    path = tmp_path / "vectors.txt"
    path.write_text("".join(f"{word} {x} {y}\n" for word, (x, y) in (SKY | SPORT).items()))
    np.testing.assert_allclose(align_topics(a, b, embeddings=path, **names).matrix, alignment.matrix, rtol=1e-5)


def test_vectors_of_no_use_are_refused():
    names = {"feature_names_a": ["star"], "feature_names_b": ["goal"]}
    with pytest.raises(ValueError, match=r"none of the 1 words.*goal"):
        align_topics([[1.0]], [[1.0]], embeddings=SKY, **names)
    with pytest.raises(ValueError, match="none of the 1 words"):
        align_topics([[1.0]], [[1.0]], embeddings={"other": [1.0]}, **names)
    with pytest.raises(TypeError, match="mapping"):
        align_topics([[1.0]], [[1.0]], embeddings=np.eye(2), **names)
    with pytest.warns(UserWarning, match=r"Only 25%.*in embeddings"):
        align_topics([[0.25, 0.75]], [[1.0]], embeddings=SKY, feature_names_a=["star", "x"], feature_names_b=["moon"])


# Tables and what they go to


def tables(model):
    return {
        "topic_table": topic_table(model, TEXTS),
        "document_table": document_table(model, TEXTS),
        "representative_documents": representative_documents(model, TEXTS),
        "similar_documents": similar_documents(model, TEXTS, TEXTS[:2]),
        "word_table": word_table(model, ["star", "the"], TEXTS),
        "topics_over": topics_over(model, TEXTS, list("ab") * 9, n_bootstrap=10, random_state=0),
        "components_over": (
            drift := components_over(model, TEXTS, list("ab") * 9, n_bootstrap=10, random_state=0)
        ).table,
        "completion": drift.completion,
        "compare_models": compare_models(model, model),
        "topic_stability": topic_stability([model, model]).topics,
    }


def test_tables_without_pandas_have_the_same_columns(pipeline, hide_pandas, monkeypatch):
    frames = tables(pipeline)
    hide_pandas()
    without = tables(pipeline)
    monkeypatch.undo()
    for name, columns in without.items():
        assert isinstance(frames[name], pd.DataFrame) and type(columns) is dict
        assert list(columns) == list(frames[name].columns)
        for column, values in columns.items():
            assert isinstance(values, np.ndarray)
            assert values.tolist() == frames[name][column].tolist()


def test_tables_hold_nothing_missing(pipeline):
    for table in tables(pipeline).values():
        assert len(table) and not table.isna().any(axis=None)


def test_pyldavis_data_describes_the_corpus(pipeline):
    data = pyldavis_data(pipeline, TEXTS)
    counts = pipeline[0].transform(TEXTS).toarray()
    assert data["vocab"] == pipeline[0].get_feature_names_out().tolist()
    np.testing.assert_array_equal(data["doc_lengths"], counts.sum(axis=1))
    np.testing.assert_array_equal(data["term_frequency"], counts.sum(axis=0))
    for name, shape in (("topic_term_dists", (2, 5)), ("doc_topic_dists", (len(TEXTS), 2))):
        assert data[name].shape == shape and data[name].dtype == np.float64
        np.testing.assert_allclose(data[name].sum(axis=1), 1)


def test_weights_of_nmf_count_as_much_as_their_topics_hold():
    """A document of 18 and 6 tokens of two topics is 3/4 the first, however NMF's factors share the scale."""
    X = np.repeat([[9, 9, 0, 0], [0, 0, 9, 9], [9, 9, 3, 3]], 5, axis=0)
    nmf = NMF(2, init="nndsvd", max_iter=500, tol=1e-8).fit(X)
    nmf.components_ *= [[2.0], [0.5]]
    proportions = document_table(nmf, X, n_topics=1)["proportion"]
    np.testing.assert_allclose(proportions, np.repeat([1, 1, 0.75], 5), rtol=1e-3)
