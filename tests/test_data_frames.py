"""Data frames: the index of documents through counts, models, tables and the page; output as data frames."""

import json
import re
from copy import copy

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from conftest import SMALL
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_etm import LNTMTransformer, NamedVectorizer
from sklearn_etm.inspection import (
    components_over,
    document_table,
    report,
    representative_documents,
    similar_documents,
    topics_over,
)
from sklearn_etm.metrics import make_topic_scorer
from sklearn_etm.plotting import DocumentMapDisplay, TopicShareDisplay, WordDriftDisplay

NAMES = ["goal", "star", "vote"]
TEXTS = ["star star goal", "vote", "goal goal goal star", "star", "vote vote star", "goal"]
INDEXES = [
    pd.Index([5, 3, 0, 2, 1, 4]),
    pd.Index([10, 12, 13, 17, 21, 40], name="id"),
    pd.Index(list("fbcade")),
    pd.date_range("2024-01-01", periods=6, tz="Europe/Paris"),
    pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]], names=["source", "number"]),
    pd.CategoricalIndex(list("fbcade")),
]


class WordsAsTopics(TransformerMixin, BaseEstimator):
    """Each word is a topic."""

    components_ = np.eye(3)

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        X = X.toarray() if sp.issparse(X) else np.asarray(X)
        return np.where(X.sum(axis=1, keepdims=True), X, 1.0)


@pytest.fixture
def pipeline():
    return make_pipeline(CountVectorizer(vocabulary=NAMES), WordsAsTopics())


@pytest.fixture(params=INDEXES, ids=lambda index: type(index).__name__)
def frame(request):
    return pd.DataFrame({"text": TEXTS, "row": range(6)}, index=request.param)


@pytest.fixture(scope="module")
def words():
    return [f"w{v:02}" for v in range(40)]


@pytest.fixture(scope="module")
def documents(X, words):
    """The counts that the tests share as texts, in a shuffled data frame."""
    texts = [" ".join(np.repeat(words, row)) for row in X.toarray().astype(int)]
    frame = pd.DataFrame({"text": texts, "length": X.sum(axis=1)})
    return frame.sample(frac=1, random_state=0)


# --- counts and models --------------------------------------------------------------------------------------


def test_counts_carry_the_index_of_their_rows(frame):
    counts = NamedVectorizer().fit_transform(frame["text"])
    assert counts.index.equals(frame.index)
    mask = np.array([True, False, True, False, False, True])
    for rows in ([4, 0], np.array([2, 2]), slice(1, 5, 2), slice(None, None, -1), mask, mask.tolist()):
        assert counts[rows].index.equals(frame.iloc[rows].index)
    assert counts[1:3, [2, 0]].index.equals(frame.index[1:3])
    assert counts[:, :2].index.equals(frame.index)
    assert counts[..., [1]].index.equals(frame.index)
    assert counts[np.ix_([3, 1], [0])].index.equals(frame.index[[3, 1]])
    assert counts[np.ix_([3, 1], [2, 0])].feature_names.tolist() == ["vote", "goal"]
    assert (counts + counts).index is None and (2 * counts).index is None and counts.copy().index is None
    assert NamedVectorizer().fit_transform(TEXTS).index is None
    assert NamedVectorizer().fit_transform(pl.Series(TEXTS)).index is None


def test_a_vectorizer_of_what_is_not_rows_gives_no_index():
    """`CountVectorizer` takes the names of a data frame's columns for texts."""
    assert NamedVectorizer().fit_transform(pd.DataFrame({"a star": [1], "a goal": [2]})).index is None


def test_proportions_have_the_index_of_the_texts(fitted, documents, words):
    """And equal those of plain counts."""
    model = copy(fitted).set_output(transform="pandas")
    vectorizer = NamedVectorizer(CountVectorizer(vocabulary=words)).fit(documents["text"])
    counts = vectorizer.transform(documents["text"])
    proportions = model.transform(counts)
    assert proportions.index.equals(documents.index)
    assert list(proportions.columns) == list(model.get_feature_names_out())
    assert_array_equal(proportions, fitted.transform(sp.csr_array(counts)))
    pd.testing.assert_frame_equal(model.transform(counts[[5, 3]]), proportions.iloc[[5, 3]])
    assert model.transform(sp.csr_array(counts)).index.equals(pd.RangeIndex(60))
    assert isinstance(model.set_output(transform="polars").transform(counts), pl.DataFrame)
    assert isinstance(model.set_output(transform="default").transform(counts), np.ndarray)
    if hasattr(fitted, "acceptance_rate_"):
        mean, std = model.set_output(transform="pandas").transform(counts, return_std=True)
        assert mean.index.equals(documents.index) and std.shape == mean.shape


def test_a_pipeline_makes_data_frames_of_topics(documents, words):
    """Of a plain vectorizer, scikit-learn refuses it."""
    vectorizer = CountVectorizer(vocabulary=words)
    with pytest.raises(ValueError, match="Unable to configure output"):
        make_pipeline(vectorizer, LNTMTransformer(**SMALL)).set_output(transform="pandas")
    topics = make_pipeline(NamedVectorizer(vectorizer), LNTMTransformer(**SMALL)).set_output(transform="pandas")
    frame = documents.sample(frac=1, random_state=1)
    joined = documents.join(topics.fit_transform(frame["text"]))
    proportions = joined[[f"lntmtransformer{k}" for k in range(3)]]
    assert_array_equal(proportions.loc[frame.index], topics.transform(frame["text"]))


@pytest.fixture
def columns(words):
    """Topics of one column, beside another."""
    cleaner = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    vectorizer = NamedVectorizer(make_pipeline(cleaner, CountVectorizer(vocabulary=words, lowercase=False)))
    return ColumnTransformer(
        [("topics", make_pipeline(vectorizer, LNTMTransformer(**SMALL)), "text"), ("n", StandardScaler(), ["length"])],
        verbose_feature_names_out=False,
    )


@pytest.mark.parametrize("setting", ["set_output", "global"])
def test_topics_stay_with_the_other_columns_of_their_rows(columns, setting, documents):
    """A data frame that was shuffled, and a part of one."""
    if setting == "set_output":
        columns = columns.set_output(transform="pandas")
    with config_context(transform_output="pandas" if setting == "global" else "default"):
        table = columns.fit_transform(documents.assign(text=documents["text"].str.upper()))
        part = columns.transform(documents.iloc[20:30])
    assert table.index.equals(documents.index)
    lengths = documents["length"]
    assert_allclose(table["length"], (lengths - lengths.mean()) / lengths.std(ddof=0))
    expected = columns.named_transformers_["topics"].transform(documents["text"])
    assert_array_equal(table.drop(columns="length"), expected)
    pd.testing.assert_frame_equal(part, table.loc[part.index])
    assert part.index.equals(documents.index[20:30])


@pytest.mark.filterwarnings("ignore:When `set_output` is configured")
def test_a_cleaner_that_gives_a_series_keeps_the_index(fitted, documents, words):
    vectorizer = NamedVectorizer(CountVectorizer(vocabulary=words))
    steps = [FunctionTransformer(lambda texts: texts.str.lower()), vectorizer.fit(words), copy(fitted)]
    with config_context(transform_output="pandas"):
        assert make_pipeline(*steps).transform(documents["text"]).index.equals(documents.index)


@pytest.mark.parametrize("output", ["pandas", "polars"])
@pytest.mark.parametrize(
    "vectorizer",
    [
        TfidfVectorizer(use_idf=False, norm=None),
        make_pipeline(CountVectorizer(), VarianceThreshold()),
        FeatureUnion([("words", CountVectorizer()), ("pairs", CountVectorizer(ngram_range=(2, 2)))]),
    ],
    ids=["tf", "selection", "union"],
)
def test_counts_with_names_under_a_global_setting(output, vectorizer):
    """Parts of scikit-learn refuse to make data frames of sparse counts."""
    texts = pd.Series(TEXTS, index=INDEXES[0])
    expected = NamedVectorizer(vectorizer).fit(texts)
    with config_context(transform_output=output):
        named = NamedVectorizer(vectorizer)
        counts = named.fit_transform(texts)
        again = named.transform(texts)
    for made in (counts, again):
        assert_array_equal(made.toarray(), expected.transform(texts).toarray())
        assert_array_equal(made.feature_names, expected.get_feature_names_out())
        assert made.index.equals(texts.index)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_global_output_of_data_frames_changes_no_figure(output, pipeline, tmp_path):
    texts = pd.Series(TEXTS, index=INDEXES[0])

    def figures():
        scorers = [make_topic_scorer(name, n_words=2) for name in ("npmi", "exclusivity")]
        return [
            *(scorer(pipeline, texts) for scorer in [*scorers, make_topic_scorer("completion")]),
            *cross_val_score(pipeline, texts, cv=2, scoring=scorers[0]),
            document_table(pipeline, texts).drop(columns="text"),
            report(pipeline, texts, path=tmp_path / "page.html", random_state=0).read_bytes(),
            DocumentMapDisplay.from_estimator(pipeline, texts).coordinates,
        ]

    expected = figures()
    with config_context(transform_output=output):
        for got, right in zip(figures(), expected, strict=True):
            assert_array_equal(got, right)
    plt.close("all")


# --- tables -------------------------------------------------------------------------------------------------


def test_document_table_can_be_joined(pipeline, frame):
    table = document_table(pipeline, frame["text"])
    assert table.index.equals(frame.index)
    assert table.index.names == frame.index.names
    joined = frame.join(table.drop(columns="text"))
    assert len(joined) == 6
    for row in joined.itertuples():
        assert row.proportion == max(row.text.count(word) for word in NAMES) / len(row.text.split())
    assert table["document"].tolist() == frame.index.tolist()


def test_documents_are_called_by_their_labels(pipeline, frame):
    for table in (
        representative_documents(pipeline, frame["text"], n=2),
        similar_documents(pipeline, frame["text"], ["vote", "star"], n=2),
        document_table(pipeline, frame["text"]),
    ):
        assert frame.loc[table["document"].tolist(), "text"].tolist() == table["text"].tolist()
        if not isinstance(frame.index, pd.MultiIndex):
            assert frame.loc[table["document"], "text"].tolist() == table["text"].tolist()
    query = frame["text"].iloc[[4, 1]]
    table = similar_documents(pipeline, frame["text"], query, n=1)
    assert table["query"].tolist() == table["document"].tolist() == query.index.tolist()


def test_documents_of_counts_are_called_by_the_index_of_their_texts(frame):
    counts = CountVectorizer(vocabulary=NAMES).transform(TEXTS)
    model = WordsAsTopics()
    assert document_table(model, counts)["document"].tolist() == list(range(6))
    assert document_table(model, counts, frame["text"]).index.equals(frame.index)
    table = representative_documents(model, counts, frame["text"], n=2)
    assert frame.loc[table["document"].tolist(), "text"].tolist() == table["text"].tolist()
    named = pd.DataFrame(counts.toarray(), index=frame.index, columns=NAMES)
    assert document_table(model, named).index.equals(frame.index)
    assert document_table(model, named, TEXTS)["document"].tolist() == frame.index.tolist()
    carried = NamedVectorizer(CountVectorizer(vocabulary=NAMES)).fit_transform(frame["text"])
    assert document_table(model, carried).index.equals(frame.index)


@pytest.mark.parametrize("kind", [list, np.array, pl.Series, pd.Series, pd.Index])
def test_documents_without_an_index_are_called_by_their_rows(pipeline, kind):
    """A fresh index of pandas has the numbers of rows."""
    table = document_table(pipeline, kind(TEXTS))
    assert table.index.equals(pd.RangeIndex(6))
    assert table["document"].tolist() == list(range(6))
    table = representative_documents(pipeline, kind(TEXTS), n=1)
    assert [TEXTS[d] for d in table["document"]] == table["text"].tolist()


def test_labels_that_come_twice(pipeline):
    """Rows stay in their order."""
    texts = pd.Series(TEXTS, index=[0, 0, 1, 1, 2, 2])
    table = document_table(pipeline, texts)
    assert table.index.equals(texts.index)
    assert table["text"].tolist() == TEXTS


@pytest.fixture
def pages(tmp_path):
    """Maker of reports, that returns what the page holds."""

    def page(*args, **kwargs):
        source = report(*args, path=tmp_path / "page.html", **kwargs).read_text(encoding="utf-8")
        return json.loads(re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', source, re.DOTALL)[1])

    return page


def test_report_calls_documents_by_their_labels(pipeline, frame, pages):
    by_label = {document["label"]: document["text"] for document in pages(pipeline, frame["text"])["documents"]}
    assert by_label == dict(zip(map(str, frame.index), TEXTS, strict=True))
    counts = pipeline[0].transform(TEXTS)
    labels = [document["label"] for document in pages(pipeline[-1], counts, frame["text"])["documents"]]
    assert labels == list(map(str, frame.index))
    assert [document["label"] for document in pages(pipeline, TEXTS)["documents"]] == list("012345")


def companions(pipeline, X):
    """What takes a value for each row, by the name of its argument."""
    return {
        "groups": [
            lambda groups: topics_over(pipeline, X, groups, random_state=0),
            lambda groups: TopicShareDisplay.from_estimator(pipeline, X, groups),
            lambda groups: report(pipeline, X, path="never.html", groups=groups),
        ],
        "times": [
            lambda times: components_over(pipeline, X, times),
            lambda times: WordDriftDisplay.from_estimator(pipeline, X, times, 0),
        ],
        "texts": [
            lambda texts: document_table(pipeline, X, texts),
            lambda texts: representative_documents(pipeline, X, texts),
            lambda texts: similar_documents(pipeline, X, X, texts),
            lambda texts: report(pipeline, X, texts, path="never.html"),
        ],
        "coordinates": [
            lambda pairs: DocumentMapDisplay.from_estimator(
                pipeline, X, coordinates=pd.concat([pairs.str.len()] * 2, axis=1)
            )
        ],
    }


@pytest.mark.parametrize("name", ["groups", "times", "texts", "coordinates"])
def test_values_of_the_same_rows_in_another_order_are_refused(pipeline, frame, name, tmp_path, monkeypatch):
    """By places, as rows are matched, they would be those of other documents."""
    monkeypatch.chdir(tmp_path)
    moved = frame["text"].iloc[[1, 0, 2, 3, 5, 4]]
    for call in companions(pipeline, frame["text"])[name]:
        with pytest.raises(ValueError, match=rf"{name}.*another order.*{name}\.loc\[X\.index\].*{name}\.to_numpy\(\)"):
            call(moved)
    assert not list(tmp_path.iterdir())
    plt.close("all")


def test_values_are_matched_by_their_places(pipeline, frame):
    """An index of other labels is not looked at, as nowhere in scikit-learn."""
    groups = pd.Series(list("aabbcc"), index=range(100, 106))
    means = topics_over(pipeline, frame["text"], groups, random_state=0)
    for others in (groups.tolist(), groups.set_axis(frame.index), groups.to_numpy()):
        pd.testing.assert_frame_equal(topics_over(pipeline, frame["text"], others, random_state=0), means)
    shown = [f"text {i}" for i in range(6)]
    table = document_table(pipeline, frame["text"], pd.Series(shown, index=range(100, 106)))
    assert table["text"].tolist() == shown and table.index.equals(frame.index)
