"""Documents as texts: what is shown of them, and what is said of things that are none."""

import io
import re

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_etm import NamedVectorizer
from sklearn_etm.inspection import (
    components_over,
    document_table,
    pyldavis_data,
    report,
    representative_documents,
    similar_documents,
    topic_table,
    topics_over,
    word_scores,
    word_table,
)
from sklearn_etm.metrics import make_topic_scorer
from sklearn_etm.plotting import DocumentMapDisplay, TopicMapDisplay, TopicShareDisplay, TopicWordsDisplay

matplotlib.use("agg")

WORDS = ["goal", "planète", "star"]
TEXTS = ["star planète star", "goal goal", "star"]


class WordsAsTopics(TransformerMixin, BaseEstimator):
    """Each word is a topic, so that proportions are those of the words."""

    components_ = np.eye(3)

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.toarray() if sp.issparse(X) else np.asarray(X)


def pipeline(*before, **options):
    """Steps before a vectorizer of three words, which they cannot change, and topics."""
    vectorizer = CountVectorizer(vocabulary=WORDS, **options)
    vectorizer.get_feature_names_out()  # from here on, it counts as fitted
    return make_pipeline(*before, vectorizer, WordsAsTopics())


def shown(model, X, texts=None):
    return document_table(model, X, texts, feature_names=WORDS)["text"].tolist()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


# What is shown


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda texts: np.array(texts, dtype=object), pd.Series])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_bytes_are_shown_as_they_are_read(kind, encoding):
    model = pipeline(encoding=encoding)
    documents = kind([text.encode(encoding) for text in TEXTS])
    if encoding != "utf-16" or kind is not np.array:  # NumPy cuts the NULs at the end of bytes
        assert shown(model, documents) == TEXTS
        assert representative_documents(model, documents, texts=documents, n=1)["text"].tolist() == [
            "goal goal", "star planète star", "star",
        ]  # fmt: skip
        assert similar_documents(model, documents, documents[:1], n=1)["text"].tolist() == TEXTS[:1]


def test_bytes_that_cannot_be_decoded_are_shown_as_far_as_they_can():
    model = pipeline(encoding="ascii", decode_error="ignore")
    assert shown(model, [b"star \xff goal"]) == ["star \ufffd goal"]


def test_bytes_in_the_page(tmp_path):
    page = report(pipeline(), [text.encode() for text in TEXTS], path=tmp_path / "t.html").read_text(encoding="utf-8")
    assert re.findall(r'"text":"([^"]*)"', page) == TEXTS


@pytest.mark.parametrize(
    "documents",
    [
        [text.split() for text in TEXTS],
        [tuple(text.split()) for text in TEXTS],
        [np.array(text.split()) for text in TEXTS],
        pd.Series([text.split() for text in TEXTS]),
        pl.Series([text.split() for text in TEXTS]),
    ],
)
def test_tokens_are_joined(documents):
    assert shown(pipeline(analyzer=list), documents) == TEXTS


def test_lists_of_counts_are_no_texts():
    assert "text" not in document_table(WordsAsTopics(), [[1, 0, 2], [0, 1, 0]])


@pytest.mark.parametrize("dtype", ["string[pyarrow]", "string", "str", object])
def test_missing_texts_of_a_column_are_blank(dtype):
    """What a cleaning step makes of them is its own affair."""
    column = pd.Series(["star goal", None, "planète"], dtype=dtype)
    model = pipeline(FunctionTransformer(lambda column: column.fillna("")))
    assert shown(model, column) == ["star goal", "", "planète"]
    assert shown(WordsAsTopics(), np.eye(3), column) == ["star goal", "", "planète"]


@pytest.mark.parametrize(
    "texts",
    [pd.Series(TEXTS, dtype="string[pyarrow]"), pl.Series(TEXTS), pa.array(TEXTS), iter(TEXTS), np.array(TEXTS)],
)
def test_texts_of_counts_in_any_column(texts):
    assert shown(WordsAsTopics(), np.eye(3), texts) == TEXTS


def test_files_are_shown_by_what_is_in_them(tmp_path):
    paths = [tmp_path / f"{i}.txt" for i in range(3)]
    for path, text in zip(paths, TEXTS, strict=True):
        path.write_text(text * 1000, encoding="latin-1")
    model = pipeline(input="filename", encoding="latin-1")
    for names in (paths, [str(path) for path in paths]):
        assert [text[:17] for text in shown(model, names)] == [(text * 9)[:17] for text in TEXTS]
        assert shown(model, names, ["A", "B", "C"]) == ["A", "B", "C"]
    assert "text" not in document_table(pipeline(input="file"), [io.StringIO(text) for text in TEXTS])


def test_what_a_cleaning_step_reads_is_shown():
    clean = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    model = pipeline(clean, lowercase=False)
    for nested in (model, make_pipeline(make_pipeline(*model[:-1]), model[-1])):
        assert shown(nested, ["STAR goal"]) == ["STAR goal"]


def test_vectorizers_inside_others_tell_how_bytes_are_read():
    named = NamedVectorizer(make_pipeline(CountVectorizer(vocabulary=WORDS, encoding="latin-1"))).fit(TEXTS)
    assert shown(make_pipeline(named, WordsAsTopics()), [text.encode("latin-1") for text in TEXTS]) == TEXTS


# What is no list of texts

CALLS = {
    "document_table": document_table,
    "representative_documents": representative_documents,
    "topic_table": topic_table,
    "word_scores": lambda model, X: word_scores(model, by="relevance", X=X),
    "word_table": lambda model, X: word_table(model, "star", X, feature_names=WORDS),
    "topics_over": lambda model, X: topics_over(model, X, ["a"] * 3),
    "components_over": lambda model, X: components_over(model, X, ["a"] * 3).table,
    "similar_documents": lambda model, X: similar_documents(model, X, TEXTS),
    "query": lambda model, X: similar_documents(model, TEXTS, X),
    "pyldavis_data": pyldavis_data,
    "report": lambda model, X: report(model, X, groups=["a"] * 3),
    "TopicWordsDisplay": TopicWordsDisplay.from_estimator,
    "TopicMapDisplay": TopicMapDisplay.from_estimator,
    "DocumentMapDisplay": DocumentMapDisplay.from_estimator,
    "TopicShareDisplay": lambda model, X: TopicShareDisplay.from_estimator(model, X, ["a"] * 3),
    "npmi": make_topic_scorer("npmi", n_words=2),
    "umass": make_topic_scorer("umass", n_words=2),
    "completion": make_topic_scorer("completion"),
    "cluster_nmi": lambda model, X: make_topic_scorer("cluster_nmi")(model, X, ["a"] * 3),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("star goal", r"list.*pass \[text\], not the text 'star goal'"),
        (b"star goal", r"list.*pass \[text\]"),
        ({"a": "star goal"}, "list.*got a dict"),
        (set(TEXTS), "list.*got a set"),
        (np.eye(3), r"reads texts.*ndarray of shape \(3, 3\).*pipeline\[-1\]"),
        (sp.csr_matrix(np.eye(3)), r"reads texts.*csr_matrix of shape \(3, 3\).*pipeline\[-1\]"),
        (sp.coo_array(np.eye(3)), r"reads texts.*coo_array of shape \(3, 3\).*pipeline\[-1\]"),
        (pd.DataFrame(np.eye(3), columns=WORDS), r"reads texts.*DataFrame of shape \(3, 3\).*pipeline\[-1\]"),
        (pd.DataFrame({"text": TEXTS}), r"reads texts.*shape \(3, 1\).*one column"),
        (pl.DataFrame({"text": TEXTS}), r"reads texts.*shape \(3, 1\).*one column"),
        ([1, 2, 3], "cannot read X.*list of str"),
        (["star", None, "goal"], "cannot read X.*NoneType.*list of str"),
        ([["star"], ["goal"], []], "cannot read X.*list of str"),
    ],
)
def test_a_pipeline_says_what_it_reads(call, X, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if call is CALLS["query"] and isinstance(X, str | bytes):
        assert call(pipeline(), X)["query"].tolist() == [0] * 3
        return
    with pytest.raises(ValueError, match=message):
        call(pipeline(), X)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    "X",
    [
        "star", TEXTS, pd.Series(TEXTS), np.array(TEXTS), pl.Series(TEXTS), [b"star"] * 3,
        [["star"], ["goal"], ["star"]], np.array([["star"], ["goal"], ["star"]]),
        np.array([["star"], ["goal"], ["star"]], dtype=object),
    ],
)  # fmt: skip
def test_a_model_of_counts_says_that_texts_are_none(call, X, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = LatentDirichletAllocation(3, max_iter=1).fit(np.eye(3))
    with pytest.raises(ValueError, match=r"holds text.*CountVectorizer|reads texts"):
        call(make_pipeline(model) if call is not CALLS["query"] else model, X)


def test_a_cleaning_step_that_cannot_read_is_quoted():
    model = pipeline(FunctionTransformer(lambda column: column.str.lower()))
    with pytest.raises(ValueError, match=r"'list' object has no attribute 'str'.*what the pipeline was fitted on"):
        document_table(model, TEXTS, feature_names=WORDS)


def test_what_is_not_fitted_is_told_as_such():
    with pytest.raises(NotFittedError):
        document_table(make_pipeline(TfidfTransformer(), WordsAsTopics()), np.eye(3), feature_names=WORDS)


def test_steps_that_read_tables_are_given_tables():
    weighted = make_pipeline(TfidfTransformer(use_idf=False, norm=None), WordsAsTopics())
    weighted[0].fit(np.eye(3))
    assert document_table(weighted, np.eye(3))["topic"].tolist() == [0, 1, 2]
    dicts = make_pipeline(DictVectorizer(), WordsAsTopics())
    dicts[0].fit([{"goal": 1, "planète": 1, "star": 1}])
    assert document_table(dicts, [{"star": 3}])["topic"].tolist() == [2]


def test_one_string_is_no_list_of_texts():
    with pytest.raises(ValueError, match=r"texts must be in a list, one text for each of the 3 documents"):
        document_table(WordsAsTopics(), np.eye(3), "abc")


def test_a_document_of_unknown_words_is_listed():
    table = document_table(pipeline(), ["zebra giraffe", "star"])
    assert table["length"].tolist() == [0, 1] and table["proportion"].tolist() == [1 / 3, 1]
