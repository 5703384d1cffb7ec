"""Which topic each word of documents comes from: answers known on paper, and the page that marks them."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import NamedVectorizer
from sklearn_etm.inspection import _word_topics, report, topic_labels, word_topics

WORDS = ["bank", "loan", "river", "the"]
TOPICS = np.array([[0.4, 0.0, 0.6, 0.0], [0.2, 0.8, 0.0, 0.0]])  # of rivers and of loans


class Known:
    """Topics, and documents with the proportions that are given; a model of counts."""

    components_ = TOPICS

    def __init__(self, *doc_topic):
        self.doc_topic = np.array(doc_topic)

    def transform(self, X):
        return self.doc_topic[: X.shape[0] if hasattr(X, "shape") else len(X)]


class ByWords:
    """Proportions by the words that one topic alone has; equal ones where there are none."""

    components_ = TOPICS

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        counts = np.asarray(X.toarray() if sp.issparse(X) else X, dtype=float)
        own = counts[:, [2, 1]]
        return np.where(own.sum(axis=1, keepdims=True) > 0, own, 1.0)


def pipeline(**options):
    vectorizer = CountVectorizer(vocabulary=WORDS, **options)
    vectorizer.get_feature_names_out()  # from here on, it counts as fitted
    return make_pipeline(vectorizer, ByWords())


# The table


def test_word_topics_on_paper():
    """Of a document that is a third about rivers, "bank" is as much of rivers as of loans: 1/3 * .4 = 2/3 * .2."""
    model, X = Known([1 / 3, 2 / 3], [0.9, 0.1]), [[2, 1, 0, 0], [1, 0, 3, 0]]
    table, distribution = word_topics(model, X, return_distribution=True, feature_names=WORDS)
    assert list(table.columns) == ["document", "word", "count", "topic", "label", "probability"]
    assert table["document"].tolist() == [0, 0, 1, 1]
    assert table["word"].tolist() == ["bank", "loan", "bank", "river"]
    assert table["count"].tolist() == [2, 1, 1, 3] and table["count"].dtype.kind == "i"
    np.testing.assert_allclose(distribution, [[1 / 2, 1 / 2], [0, 1], [18 / 19, 1 / 19], [1, 0]])
    assert table["topic"].tolist() == [0, 1, 0, 0]
    np.testing.assert_allclose(table["probability"], [1 / 2, 1, 18 / 19, 1])
    assert table["label"].tolist() == topic_labels(model, feature_names=WORDS)[table["topic"]].tolist()


def test_a_word_that_no_topic_has_tells_nothing_of_the_topic():
    table, distribution = word_topics(Known([0.3, 0.7]), [[0, 0, 0, 5]], return_distribution=True)
    np.testing.assert_allclose(distribution, [[0.3, 0.7]])
    assert table["topic"].tolist() == [1]


@pytest.mark.parametrize("block", [1, 7, 2**22])
def test_word_topics_are_the_formula(block, monkeypatch):
    monkeypatch.setattr(_word_topics, "_BLOCK_FLOATS", block)
    X = np.random.default_rng(0).poisson(0.7, (30, 12))
    lda = LatentDirichletAllocation(4, max_iter=5, random_state=0).fit(X)
    theta, beta = lda.transform(X), lda.components_ / lda.components_.sum(axis=1, keepdims=True)
    table, distribution = word_topics(lda, X, return_distribution=True)
    assert len(table) == (X > 0).sum()
    for row, found in zip(table.itertuples(), distribution, strict=True):
        joint = theta[row.document] * beta[:, int(row.word.removeprefix("x"))]
        np.testing.assert_allclose(found, joint / joint.sum())
        assert row.count == X[row.document, int(row.word.removeprefix("x"))]
        assert row.topic == found.argmax() and row.probability == found.max()
    alone = word_topics(lda, X)
    pd.testing.assert_frame_equal(alone, table)


def test_one_word_comes_from_another_topic_in_another_document():
    table = word_topics(pipeline(), ["Bank, river!", "The bank: a loan."])
    assert table["word"].tolist() == ["bank", "river", "bank", "loan", "the"]
    assert table["topic"].tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("text", ["bank river river", b"bank river river"])
def test_one_text_is_one_document(text):
    assert word_topics(pipeline(), text)["count"].tolist() == [1, 2]


def test_documents_of_unknown_words_have_no_rows():
    assert word_topics(pipeline(), ["zebra", "loan", ""])["document"].tolist() == [1]
    assert len(word_topics(pipeline(), ["zebra"])) == 0
    table, distribution = word_topics(pipeline(), [""], return_distribution=True)
    assert list(table.columns)[:2] == ["document", "word"] and distribution.shape == (0, 2)


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_matrix, sp.coo_array, np.asarray, pd.DataFrame])
def test_counts_in_any_format(make):
    """A count in two parts, and a zero that is written down."""
    parts = sp.coo_array(([1, 2, 0, 1.5], ([0, 0, 0, 1], [2, 2, 1, 0])), shape=(2, 4))
    X = make(parts.toarray() if make in (np.asarray, pd.DataFrame) else parts)
    table = word_topics(Known([0.5, 0.5], [0.5, 0.5]), X)
    assert table["word"].tolist() == ["x2", "x0"] and table["count"].tolist() == [3, 1.5]


def test_arrays_of_topics_and_wrong_documents_are_refused():
    with pytest.raises(TypeError, match="fitted model"):
        word_topics(TOPICS, np.eye(4))
    with pytest.raises(ValueError, match="reads texts"):
        word_topics(pipeline(), np.eye(4))


def test_without_pandas_the_table_is_a_dict(hide_pandas):
    hide_pandas()
    assert word_topics(pipeline(), ["loan bank"])["topic"].tolist() == [1, 1]


# The page


def marks(path, model, X, texts=None, **options):
    """Texts of the page in pieces, with the topic of each."""
    page = report(model, X, texts, path=path / "t.html", **options).read_text(encoding="utf-8")
    documents = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])["documents"]
    return [list(zip(document["text"].split(" "), document["word_topics"], strict=True)) for document in documents]


def test_words_of_the_page_have_their_topics(tmp_path):
    texts = ["The (Bank) of a\n river: RIVER, water", "bank/loan loan...", "zebra  -- \U0001f600", "", "river,"]
    assert marks(tmp_path, pipeline(stop_words=["the"]), texts) == [
        [("The", -1), ("(Bank)", 0), ("of", -1), ("a", -1), ("river:", 0), ("RIVER,", 0), ("water", -1)],
        [("bank/loan", 1), ("loan...", 1)],
        [("zebra", -1), ("--", -1), ("\U0001f600", -1)],
        [("", -1)],
        [("river,", 0)],
    ]


def test_page_and_table_agree(tmp_path):
    texts = [" ".join(np.random.default_rng(i).choice(WORDS, 9)) for i in range(8)]
    lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(3, max_iter=5, random_state=0)).fit(texts)
    table = word_topics(lda, texts).set_index(["document", "word"])["topic"]
    for d, pieces in enumerate(marks(tmp_path, lda, texts, random_state=0)):
        assert pieces == [(word, table[d, word]) for word in texts[d].split()]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"analyzer": str.split}, "river loan Bank"),
        ({"tokenizer": str.split, "token_pattern": None}, "river loan Bank"),
        ({"lowercase": False}, "river loan Bank bank"),
        ({"strip_accents": "unicode"}, "Rìver lôan Bánk"),
        ({"ngram_range": (1, 2)}, "river loan Bank"),
        ({"input": "content", "encoding": "latin-1"}, "river loan Bank"),
    ],
)
def test_words_are_known_as_the_vectorizer_reads_them(tmp_path, options, text):
    (pieces,) = marks(tmp_path, pipeline(**options), [text])
    assert [topic for _, topic in pieces][:2] == [0, 1]


def test_words_of_counts_are_known_by_their_names(tmp_path):
    model, X = Known([0.9, 0.1], [0.1, 0.9]), np.array([[1, 0, 2, 0], [1, 3, 0, 0]])
    assert marks(tmp_path, model, X, ["A River, a bank; a loan", "BANK"], feature_names=WORDS) == [
        [("A", -1), ("River,", 0), ("a", -1), ("bank;", 0), ("a", -1), ("loan", -1)],
        [("BANK", 1)],
    ]
    assert marks(tmp_path, model, X, feature_names=WORDS) == [[("river,", 0), ("bank", 0)], [("loan,", 1), ("bank", 1)]]


def test_files_are_marked_by_what_is_in_them(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("A river, a loan.")
    vectorizer = NamedVectorizer(CountVectorizer(input="filename", vocabulary=WORDS)).fit([file])
    pieces = [("A", -1), ("river,", 0), ("a", -1), ("loan.", 1)]
    assert marks(tmp_path, make_pipeline(vectorizer, ByWords()), [file]) == [pieces]


def test_page_can_be_coloured(tmp_path):
    page = report(pipeline(), ["river bank"], path=tmp_path / "t.html").read_text(encoding="utf-8")
    assert '<label><input type="checkbox" id="colors"> Colour words by topic</label>' in page
    assert ".colored .tinted" in page and 'byId("colors").addEventListener("change", color)' in page
