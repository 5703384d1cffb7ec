import warnings
from datetime import date, datetime, timedelta, timezone
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from scipy.stats import binom, entropy
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.inspection import (
    document_table,
    pyldavis_data,
    representative_documents,
    similar_documents,
    topic_table,
    topics_over,
    unusual_documents,
)

NAMES = ["star", "goal", "vote"]


class WordsAsTopics(TransformerMixin, BaseEstimator):
    """Each word is a topic, so that proportions are those of the words; equal ones for an empty document."""

    components_ = np.eye(3)

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        X = X.toarray() if sp.issparse(X) else np.asarray(X)
        return np.where(X.sum(axis=1, keepdims=True), X, 1.0)


@pytest.fixture
def model():
    return WordsAsTopics()


@pytest.fixture
def pipeline():
    return make_pipeline(CountVectorizer(vocabulary=NAMES), WordsAsTopics())


# Documents


def test_document_table_on_paper(model):
    X = sp.csr_array([[6, 1, 3], [0, 0, 0], [0, 2, 2]])
    table = document_table(model, X, feature_names=NAMES, n_topics=2)
    assert list(table.columns) == [
        *("document", "topic", "label", "proportion", "topic_2", "proportion_2", "entropy", "length"),
    ]
    assert table["topic"].tolist() == [0, 0, 1] and table["topic_2"].tolist() == [2, 1, 2]
    np.testing.assert_allclose(table["proportion"], [0.6, 1 / 3, 0.5])
    np.testing.assert_allclose(table["proportion_2"], [0.3, 1 / 3, 0.5])
    np.testing.assert_allclose(table["entropy"], [entropy([6, 1, 3]), np.log(3), np.log(2)])
    assert table["length"].tolist() == [10, 0, 4]


def test_more_topics_than_there_are_lists_all(model):
    assert "topic_3" in document_table(model, [[1, 0, 0]], n_topics=9)
    assert "topic_4" not in document_table(model, [[1, 0, 0]], n_topics=9)


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pl.Series, tuple])
def test_texts_of_a_pipeline_are_shown(pipeline, kind):
    texts = ["star  star\ngoal", "vote " * 50]
    shown = document_table(pipeline, kind(texts))["text"].tolist()
    assert shown[0] == "star star goal"
    assert shown[1].endswith("...") and "vote vote vote" in shown[1] and len(shown[1]) <= 100
    assert document_table(pipeline, kind(texts), ["A", "B"])["text"].tolist() == ["A", "B"]


def test_texts_go_with_counts(model):
    assert document_table(model, [[1, 0, 0]], ["A star."])["text"].tolist() == ["A star."]
    with pytest.raises(ValueError, match="each of the 1 documents of X; got 2"):
        document_table(model, [[1, 0, 0]], ["A", "B"])


def test_two_tokens_do_not_represent_a_topic(model):
    X = [[2, 0, 0], [36, 4, 0], [0, 30, 0], [0, 0, 30], [18, 2, 0]]
    table = representative_documents(model, X, n=3, feature_names=NAMES)
    first = table[table["topic"] == 0]
    assert first["document"].tolist() == [1, 4, 0]
    np.testing.assert_allclose(first["proportion"], [0.9, 0.9, 1.0])
    assert first["length"].tolist() == [40, 20, 2]
    by_proportion = representative_documents(model, X, n=1, prior_tokens=0)
    assert by_proportion["document"].tolist() == [0, 2, 3]


def test_representatives_follow_the_formula(model, rng):
    X = rng.poisson(30, size=(40, 3))
    lengths = X.sum(axis=1, keepdims=True)
    evidence = (X + 10 * X.sum(axis=0) / X.sum()) / (lengths + 10)
    table = representative_documents(model, X, n=40)
    for k in range(3):
        chosen = table[table["topic"] == k]["document"].to_numpy()
        assert sorted(chosen) == list(range(40))
        assert (np.diff(evidence[chosen, k]) <= 1e-12).all()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_representatives_of_few_and_of_empty_documents(model):
    table = representative_documents(model, [[0, 0, 0], [0, 5, 0]], n=3)
    assert table["topic"].tolist() == [0, 0, 1, 1, 2, 2]
    assert len(representative_documents(model, [[0, 0, 0]], prior_tokens=0)) == 3
    with pytest.raises(ValueError, match="prior_tokens"):
        representative_documents(model, [[0, 0, 1]], prior_tokens=-1)


def test_similar_documents_are_near_by_hellinger(model, rng):
    X, query = rng.poisson(30, size=(40, 3)) + 1, rng.poisson(30, size=(4, 3)) + 1
    points, sought = (np.sqrt(rows / rows.sum(axis=1, keepdims=True)) for rows in (X, query))
    similarity = 1 - np.sqrt(((sought[:, None] - points) ** 2).sum(axis=2) / 2)
    table = similar_documents(model, X, query, n=5)
    np.testing.assert_allclose(table["similarity"], -np.sort(-similarity, axis=1)[:, :5].ravel())
    np.testing.assert_allclose(table["similarity"], similarity[table["query"], table["document"]])
    assert len(similar_documents(model, X[:3], query)) == 12


def test_similarity_is_one_for_the_same_and_zero_without_a_topic_in_common(pipeline):
    table = similar_documents(pipeline, ["vote", "star star", "star"], ["star"], n=3)
    np.testing.assert_allclose(table["similarity"], [1, 1, 0], atol=1e-7)
    assert table["text"].tolist()[2] == "vote"


COPIES = ["star goal star", "star star goal", "Goal, star, star!", "goal", "vote", "vote", "star goal star new", "goal"]


def test_copies_of_a_document_stand_for_a_topic_once(pipeline):
    """The same words as often, in whatever order: documents 0, 3 and 4 are all that there are."""
    table = representative_documents(pipeline, COPIES, n=5)
    assert table["document"].tolist() == [0, 3, 4, 3, 0, 4, 4, 3, 0]
    assert table["text"].tolist() == [COPIES[d] for d in table["document"]]
    assert representative_documents(pipeline, COPIES, n=1)["document"].tolist() == [0, 3, 4]


def test_copies_of_a_document_are_found_once(pipeline):
    table = similar_documents(pipeline, COPIES, ["vote", COPIES[6]], n=4)
    assert table["query"].tolist() == [0, 0, 0, 1, 1, 1]
    assert table["document"].tolist()[0] == 4 and table["document"].tolist()[3:5] == [0, 3]
    assert table["text"].tolist() == [COPIES[d] for d in table["document"]]


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array, sp.coo_array, np.asarray])
def test_copies_in_any_format_are_the_same_counts(model, make):
    """Words in another order, in parts, and zeros that are written down."""
    words, times = [0, 2, 2, 1, 0, 1, 0, 2], [2, 1, 2, 0, 2, 3, 1, 3]
    X = sp.csr_array((times, words, [0, 2, 4, 6, 8]), shape=(4, 3))  # (2, 0, 1), (0, 0, 2), (2, 3, 0), (1, 0, 3)
    both = sp.vstack([X, sp.csr_array(([1, 2, 1, 0, 0, 2], [0, 2, 0, 1, 0, 2], [0, 1, 4, 6]), shape=(3, 3))])
    assert both.toarray().tolist()[4:] == [[1, 0, 0], [1, 0, 2], [0, 0, 2]]
    X = make(both.toarray()) if make is np.asarray else make(both)
    assert sorted(set(representative_documents(model, X, n=9)["document"])) == [0, 1, 2, 3, 4, 5]


def test_weights_that_differ_are_no_copies(model):
    X = np.array([[0.5, 0.25, 0.0], [0.5, 0.25 + 1e-12, 0.0], [0.5, 0.25, 0.0]])
    assert len(representative_documents(model, X, n=3)) == 6


def test_every_document_keeps_its_row_in_other_tables(pipeline):
    assert document_table(pipeline, COPIES)["text"].tolist() == COPIES


@pytest.mark.parametrize("function", [document_table, representative_documents])
def test_arrays_of_topics_have_no_documents(function):
    with pytest.raises(TypeError, match="fitted model"):
        function(np.eye(3), np.eye(3))


@pytest.mark.parametrize("function", [document_table, representative_documents, topic_table, pyldavis_data])
def test_signs_of_hashed_words_are_no_counts(model, function):
    X = HashingVectorizer(n_features=3).transform(["star moon sky comet", "goal team ball play"])
    assert X.min() < 0
    with pytest.raises(ValueError, match=r"Negative values in X.*HashingVectorizer\(alternate_sign=False, norm=None\)"):
        function(model, X)


# Groups


X6 = np.array([[4, 0, 0], [2, 2, 0], [0, 0, 3], [0, 0, 0], [0, 5, 0], [0, 1, 0]])


def prevalences(table):
    return {group: rows["prevalence"].tolist() for group, rows in table.groupby("group")}


def test_means_of_groups_on_paper(model):
    table = topics_over(model, X6, ["b", "b", "a", "a", "c", "c"], feature_names=NAMES, n_bootstrap=10)
    expected = {"a": [1 / 6, 1 / 6, 4 / 6], "b": [0.75, 0.25, 0.0], "c": [0.0, 1.0, 0.0]}
    assert prevalences(table) == {group: pytest.approx(means) for group, means in expected.items()}
    assert list(table.columns) == ["group", "topic", "label", "prevalence", "low", "high", "n_documents"]
    assert table["topic"].tolist() == [0, 1, 2] * 3
    assert (table["n_documents"] == 2).all()


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_interval_of_whole_topics_is_binomial(model, confidence):
    n, successes = 400, 120
    X = np.eye(3, dtype=int)[[0] * successes + [1] * (n - successes)]
    table = topics_over(model, X, ["a"] * n, confidence=confidence, n_bootstrap=4000, random_state=0)
    low, high = binom.ppf([(1 - confidence) / 2, (1 + confidence) / 2], n, successes / n) / n
    assert table["low"][0] == pytest.approx(low, abs=0.004)
    assert table["high"][0] == pytest.approx(high, abs=0.004)


def test_same_seed_same_interval(model, rng):
    X = rng.poisson(3, size=(30, 3)) + 1
    first, again, other = (topics_over(model, X, ["a"] * 30, random_state=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first["low"].equals(other["low"])
    assert ((first["low"] < first["prevalence"]) & (first["prevalence"] < first["high"])).all()


def test_interval_of_one_document_has_no_width(model):
    table = topics_over(model, X6, list("abcdef"))
    assert (table["low"] == table["prevalence"]).all() and (table["high"] == table["prevalence"]).all()


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ([2, 10, 2, 10, 2, 2], [2, 10]),
        (np.array([0.5, 1.5] * 3), [0.5, 1.5]),
        ([True, False] * 3, [False, True]),
        (pd.Series(["b", "a"] * 3, index=range(10, 16)), ["a", "b"]),
        (pd.Series(["b", "a"] * 3, dtype="category"), ["a", "b"]),
        (pl.Series(["b", "a"] * 3), ["a", "b"]),
        ([date(2024, 5, 1), date(2023, 5, 1)] * 3, [date(2023, 5, 1), date(2024, 5, 1)]),
    ],
)
def test_groups_of_any_kind_are_sorted(model, groups, names):
    assert topics_over(model, X6, groups, n_bootstrap=1)["group"].tolist()[::3] == names


@pytest.mark.parametrize(
    ("groups", "means"),
    [
        (["a", None, "a", "b", np.nan, "b"], ["a", "b"]),
        ([1.0, np.nan, 1.0, 2.0, np.nan, 2.0], [1, 2]),
        (pd.Series([1, None, 1, 2, None, 2], dtype="Int64"), [1, 2]),
        (pd.Series(["a", None, "a", "b", pd.NA, "b"], dtype="string"), ["a", "b"]),
        (pd.to_datetime(pd.Series(["2020", None, "2020", "2021", None, "2021"])), pd.to_datetime(["2020", "2021"])),
        (pl.Series(["a", None, "a", "b", None, "b"]), ["a", "b"]),
    ],
)
def test_documents_without_a_group_are_left_out_loudly(model, groups, means):
    with pytest.warns(UserWarning, match="2 of 6 documents have no group") as record:
        table = topics_over(model, X6, groups, n_bootstrap=1)
    assert record[0].filename == __file__
    assert table["group"].tolist()[::3] == list(means)
    np.testing.assert_allclose(table["prevalence"], [0.5, 0, 0.5, 1 / 6, 2 / 3, 1 / 6])


DATES = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-31", "2024-04-01", "2029-12-30"]


@pytest.mark.parametrize(
    ("freq", "period"), [("Y", "Y"), ("3M", "Q"), ("M", "M"), ("W", "W-SUN"), ("D", "D"), ("10Y", None)]
)
def test_dates_are_binned_as_pandas_bins_them(model, freq, period):
    series = pd.Series(pd.to_datetime(DATES))
    starts = series.dt.to_period(period).dt.start_time if period else pd.Series(pd.to_datetime(["2020-01-01"] * 6))
    for dates in (DATES, series, np.array(DATES, dtype="datetime64[D]"), pl.Series(DATES).str.to_datetime()):
        table = topics_over(model, X6, dates, freq=freq, n_bootstrap=1)
        bins = table.drop_duplicates("group")
        assert bins["group"].tolist() == sorted(set(starts))
        assert bins["n_documents"].tolist() == starts.value_counts().sort_index().tolist()


@pytest.mark.parametrize("missing", [None, np.nan, pd.NaT])
def test_missing_dates_are_left_out_loudly(model, missing):
    with pytest.warns(UserWarning, match="1 of 6"):
        table = topics_over(model, X6, [missing, *DATES[1:]], freq="Y", n_bootstrap=1)
    assert table["n_documents"].tolist()[::3] == [4, 1]


@pytest.mark.parametrize(
    ("error", "groups", "options"),
    [
        (ValueError, ["a"] * 5, {}),
        (ValueError, [None] * 6, {}),
        (ValueError, [["a"]] * 6, {}),
        (TypeError, ["a", 1] * 3, {}),
        (ValueError, ["yesterday"] * 6, {"freq": "Y"}),
        (ValueError, [2023, 2024] * 3, {"freq": "Y"}),
        (ValueError, DATES, {"freq": "fortnight"}),
        (ValueError, ["a"] * 6, {"confidence": 95}),
        (ValueError, ["a"] * 6, {"n_bootstrap": 0}),
    ],
)
def test_groups_that_are_refused(model, error, groups, options):
    with pytest.raises(error, match=r"groups|freq|confidence|n_bootstrap"):
        topics_over(model, X6, groups, **options)


def test_dates_with_a_time_zone_are_binned_in_utc(model):
    dates = pd.Series([datetime(2024, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))] * 6)
    with pytest.warns(UserWarning, match="timezones"):
        table = topics_over(model, X6, dates, freq="Y", n_bootstrap=1)
    assert table["group"].dt.year.tolist() == [2023] * 3


def test_groups_of_a_fitted_pipeline():
    texts = ["star moon star moon", "goal team goal team"] * 10
    lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    table = topics_over(lda, texts, ["sky", "sport"] * 10, random_state=0)
    mean = lda.transform(texts)[::2].mean(axis=0)
    np.testing.assert_allclose(table[table["group"] == "sky"]["prevalence"], mean)


# Unusual documents


@pytest.fixture(scope="module")
def mixed():
    """Documents of three topics, and at the end some in which words of all topics are drawn at random."""
    corpus = make_topics_corpus(300, n_topics=3, n_features=60, doc_length=40, random_state=0)
    strange = np.random.default_rng(0).multinomial(40, np.full(60, 1 / 60), size=15)
    lda = LatentDirichletAllocation(3, random_state=0).fit(corpus.data)
    return lda, sp.csr_array(sp.vstack([corpus.data, sp.csr_array(strange)]), dtype=float)


def test_strange_documents_are_unusual(mixed):
    table = unusual_documents(*mixed)
    assert set(table["document"][:15]) == set(range(300, 315))
    assert (table["score"][:15] > 3).all() and (table["score"].diff().dropna() <= 0).all()
    assert table["score"].median() == pytest.approx(0, abs=0.3)
    assert unusual_documents(*mixed, n=4)["document"].tolist() == table["document"][:4].tolist()


def test_length_alone_is_not_unusual(mixed):
    lda, X = mixed
    beginnings = np.random.default_rng(0).binomial(X[:150].toarray().astype(int), 0.3)
    X = sp.csr_array(np.concatenate([beginnings, X[150:300].toarray()]), dtype=float)
    score = unusual_documents(lda, X).sort_values("document")["score"].to_numpy()
    assert abs(np.median(score[:150]) - np.median(score[150:])) < 0.5


def test_documents_of_one_length():
    """There is no line over lengths to be found, and no reason to warn."""
    model = SimpleNamespace(components_=np.full((1, 8), 1 / 8), transform=lambda X: np.ones((X.shape[0], 1)))
    X = np.random.default_rng(0).multinomial(40, np.full(8, 1 / 8), size=200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score = unusual_documents(model, X)["score"]
    assert score.median() == pytest.approx(0, abs=0.1)


def test_unknown_words_are_counted():
    texts = ["star moon star", "moon star moon", "goal team goal", "team goal team"] * 5
    lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    table = unusual_documents(lda, [*texts, "star zebra Quagga moon", "nothing", ""], n=None).set_index("document")
    assert table["unknown_share"].loc[[0, 20, 21, 22]].tolist() == [0, 0.5, 1, 0]
    assert table.index[-2:].tolist() == [21, 22] and table["score"].iloc[-2:].isna().all()
    assert "unknown_share" not in unusual_documents(lda[1], lda[0].transform(texts))


def test_bad_arguments_of_unusual_documents(mixed):
    lda, X = mixed
    with pytest.raises(ValueError, match="n == 0"):
        unusual_documents(lda, X, n=0)
    with pytest.raises(ValueError, match="4 documents with known words"):
        unusual_documents(lda, X[:4])
    with pytest.raises(ValueError, match="texts must hold one text"):
        unusual_documents(lda, X, ["one"])
    with pytest.raises(TypeError, match="cannot transform documents"):
        unusual_documents(lda.components_, X)
