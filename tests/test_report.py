"""The report: what the page holds, that texts in it are only ever text, and that it needs nothing else; notebooks."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import set_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.inspection import report, representative_documents, topic_labels, topic_table, topics_over

WORDS = ["star", "goal", "vote"]
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>&lt;\u2028\u2029",
    "{{data}}",
]


class Fixed(TransformerMixin, BaseEstimator):
    """Topics that are given, and documents that have them as they have their words."""

    def __init__(self, components):
        self.components = components

    def fit(self, X, y=None):
        return self

    @property
    def components_(self):
        return np.asarray(self.components, dtype=float)

    def transform(self, X):
        X = X.toarray() if sp.issparse(X) else np.asarray(X)
        return X @ self.components_.T + 1e-9


class Page(HTMLParser):
    """Elements of a page, the text of each, and its data."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.texts = [], {}
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.data = json.loads(self.texts["script", "data"])

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, text):
        if self.elements:
            tag, attributes = self.elements[-1]
            key = tag, attributes.get("id")
            self.texts[key] = self.texts.get(key, "") + text

    def text(self, tag, id=None):
        return self.texts[tag, id].strip()


@pytest.fixture
def model():
    return Fixed(np.eye(3))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "topics.html"


X = sp.csr_array([[6, 1, 3], [0, 30, 0], [0, 2, 20], [9, 0, 0], [0, 0, 0]])
TEXTS = ["Six stars.", "Goals!", "Votes  and\ngoals", "Nine stars.", ""]


# What is in the page


def test_page_tells_what_the_tables_tell(model, path):
    groups = ["a", "b", "a", "b", "b"]
    given = dict(feature_names=WORDS)
    returned = report(model, X, TEXTS, path=path, groups=groups, n_documents=2, random_state=0, **given)
    assert returned == path
    data = Page(path).data
    table = topic_table(model, X, **given).to_dict("records")
    for topic, row in zip(data["topics"], table, strict=True):
        for name in ("topic", "label", "share", "document_share", "coherence", "exclusivity"):
            assert topic[name] == (row[name] if name in ("topic", "label") else pytest.approx(row[name], rel=1e-3))
        assert ", ".join(word for word, _ in topic["words"]) == row["words"]
        assert ", ".join(topic["distinctive"]) == row["words_by_relevance"]
        chosen = representative_documents(model, X, n=2, **given).query(f"topic == {row['topic']}")
        assert [d for d, _ in topic["documents"]] == chosen["document"].tolist()
    prevalence = topics_over(model, X, groups, random_state=0)
    assert data["groups"]["names"] == ["a", "b"] and data["groups"]["sizes"] == [2, 3]
    np.testing.assert_allclose(np.ravel(data["groups"]["prevalence"]), prevalence["prevalence"], rtol=1e-3)
    assert data["n_documents"] == 5 and data["n_tokens"] == 71


def test_the_background_is_called_so(model, path):
    model.background_topic_ = 1
    report(model, X, TEXTS, path=path, feature_names=WORDS, random_state=0)
    labels = {topic["topic"]: topic["label"] for topic in Page(path).data["topics"]}
    assert labels == dict(enumerate(topic_labels(model, feature_names=WORDS)))
    assert labels[1].startswith("background: ")


def test_topics_are_a_tree(path):
    topics = np.eye(4) * 0.6 + 0.1
    topics[3] = topics[1]
    report(Fixed(topics), np.eye(4), path=path, random_state=0)
    tree = Page(path).data["tree"]
    assert tree["leaves"] == [0, 1, 2, 3] and tree["merges"][0][:2] == [1, 3]
    report(Fixed(topics[:2]), np.eye(4), path=path, random_state=0)
    assert Page(path).data["tree"] is None


def test_documents_have_their_text_group_and_topics(model, path):
    report(model, X, TEXTS, path=path, groups=list("ababb"), feature_names=WORDS)
    document = Page(path).data["documents"][2]
    assert document["text"] == "Votes and goals" and document["length"] == 22 and document["group"] == 0
    assert document["topics"][:2] == [[2, pytest.approx(20 / 22, rel=1e-3)], [1, pytest.approx(2 / 22, rel=1e-3)]]


def test_documents_without_text_are_told_by_their_words(model, path):
    report(model, X, path=path, feature_names=WORDS)
    data = Page(path).data
    assert not data["has_texts"]
    assert [document["text"] for document in data["documents"]] == [
        "star, vote, goal",
        "goal",
        "vote, goal",
        "star",
        "",
    ]


def test_copies_of_a_document_stand_for_a_topic_once(path):
    texts = ["star star"] * 4 + ["star goal"] * 3 + ["vote"] * 2
    pipeline = make_pipeline(CountVectorizer(vocabulary=WORDS), Fixed(np.eye(3)))
    report(pipeline, texts, path=path, n_documents=4)
    data = Page(path).data
    for topic in data["topics"]:
        shown = [texts[d] for d, _ in topic["documents"]]
        assert shown[0] == ["star star", "star goal", "vote"][topic["topic"]] and sorted(shown) == sorted(set(texts))
    assert len(data["documents"]) == 9


def test_pipeline_of_texts(path):
    pipeline = make_pipeline(CountVectorizer(vocabulary=WORDS), Fixed(np.eye(3)))
    report(pipeline, ["star star goal", "vote"], path=path)
    assert Page(path).data["documents"][0]["text"] == "star star goal"


def test_documents_that_are_left_out_are_counted(model, path):
    rng = np.random.default_rng(0)
    counts = rng.poisson(3, size=(500, 3))
    report(model, counts, ["long " * 1000] * 500, path=path, n_searchable=40, random_state=0)
    data = Page(path).data
    documents = [document["document"] for document in data["documents"]]
    assert len(documents) == 40 and data["n_documents"] == 500
    assert {d for topic in data["topics"] for d, _ in topic["documents"]} <= set(documents)
    assert all(len(document["text"]) <= 300 for document in data["documents"])
    assert path.stat().st_size < 100_000
    report(model, counts, path=path, n_searchable=0)
    assert len(Page(path).data["documents"]) == 9


def test_same_seed_same_page(model, tmp_path):
    counts = np.random.default_rng(0).poisson(3, size=(50, 3))
    first, again, other = (
        report(model, counts, path=tmp_path / f"{i}.html", groups=["a", "b"] * 25, n_searchable=20, random_state=seed)
        for i, seed in enumerate([0, 0, 1])
    )
    assert first.read_bytes() == again.read_bytes() != other.read_bytes()


def test_dates_are_binned(model, path):
    dates = ["2024-01-03", "2024-05-01", "2025-01-03", "2025-02-03", None]
    with pytest.warns(UserWarning, match="1 of 5 documents have no group") as warned:
        report(model, X, path=path, groups=pd.to_datetime(pd.Series(dates)), freq="Y")
    assert len(warned) == 1 and warned[0].filename == __file__
    data = Page(path).data
    assert data["groups"]["names"] == ["2024-01-01", "2025-01-01"]
    assert [document["group"] for document in data["documents"]] == [0, 0, 1, 1, -1]


@pytest.mark.parametrize("n_topics", [1, 2, 200])
def test_any_number_of_topics(n_topics, path):
    rng = np.random.default_rng(0)
    report(Fixed(rng.dirichlet(np.ones(30), n_topics)), rng.poisson(1, size=(40, 30)), path=path)
    data = Page(path).data
    assert len(data["topics"]) == n_topics
    assert sum(topic["share"] for topic in data["topics"]) == pytest.approx(1, abs=1e-3)


def test_vocabulary_of_one_word(path):
    report(Fixed([[1.0]]), [[2], [0]], path=path)
    (topic,) = Page(path).data["topics"]
    assert topic["words"] == [["x0", 1]] and "coherence" not in topic


def test_other_scripts_and_long_words(path):
    words = ["שלום", "日本語", "w" * 5000]
    report(Fixed(np.eye(3)), np.eye(3, dtype=int), words, path=path, feature_names=words, title="مرحبا")
    page = Page(path)
    assert page.text("title") == "مرحبا"
    assert {topic["words"][0][0] for topic in page.data["topics"]} == set(words)


# Texts are text


@pytest.fixture
def hostile(path):
    n = len(HOSTILE)
    report(
        Fixed(np.eye(n)), np.eye(n, dtype=int) * 9, HOSTILE, path=path,
        feature_names=HOSTILE, groups=HOSTILE, title="".join(HOSTILE),
    )  # fmt: skip
    return path


def test_no_text_becomes_markup(hostile, model, tmp_path):
    page, plain = Page(hostile), Page(report(model, X, TEXTS, path=tmp_path / "plain.html", title="T"))
    tags = [tag for tag, _ in page.elements]
    assert tags == [tag for tag, _ in plain.elements]
    assert tags.count("script") == 2 and "img" not in tags
    attributes = {name for _, given in page.elements for name in given}
    assert not [name for name in attributes if name.startswith("on")]
    raw = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.source, re.DOTALL)[1]
    assert not re.search("[<>&\u2028\u2029]", raw)


def test_hostile_texts_come_through_unchanged(hostile):
    data = Page(hostile).data
    shown = [" ".join(text.split()) for text in HOSTILE]
    assert [document["text"] for document in data["documents"]] == shown
    assert {topic["words"][0][0] for topic in data["topics"]} == set(HOSTILE)
    assert sorted(data["groups"]["names"]) == sorted(HOSTILE)
    assert {topic["label"] for topic in data["topics"]} == set(topic_labels(np.eye(6), feature_names=HOSTILE))


def test_text_that_utf8_cannot_say(model, path):
    report(model, X, ["\ud800 stars", *TEXTS[1:]], path=path, title="\udcff")
    assert Page(path).data["documents"][0]["text"] == "\ud800 stars"


def test_page_asks_for_nothing(hostile):
    page = Page(hostile)
    assert not [given for _, given in page.elements if "src" in given or "data" in given]
    assert all(given["href"].startswith("#") for _, given in page.elements if "href" in given)
    code = page.text("style") + page.text("script")
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(|innerHTML|eval\(", code)
    assert set(re.findall(r"https?://[^\s\"']+", code)) == {"http://www.w3.org/2000/svg"}
    (policy,) = [given["content"] for _, given in page.elements if "http-equiv" in given]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy


@pytest.fixture(scope="session")
def chromium():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    return found or pytest.skip("no chromium is installed")


def rendered(chromium, url, profile):
    """The page's elements as the browser has them once scripts have run."""
    options = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
        "--disable-component-update --disable-sync --virtual-time-budget=2000 --dump-dom"
    )
    command = [chromium, *options.split(), f"--user-data-dir={profile}", url]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True).stdout


def test_browser_shows_the_page(chromium, hostile, tmp_path):
    shown = rendered(chromium, f"{hostile.as_uri()}#topic-2", tmp_path / "profile")
    elements = re.findall(r"<(\w+)([^<>]*)>", shown)
    assert sum(tag == "article" for tag, _ in elements) == len(HOSTILE)
    assert sum(tag == "circle" for tag, _ in elements) == len(HOSTILE)
    assert sum(tag == "script" for tag, _ in elements) == 2 and not any(tag == "img" for tag, _ in elements)
    assert re.search(r'<article class="topic selected" id="topic-2"', shown)


# Errors, before anything is written


@pytest.mark.parametrize(
    ("error", "message", "given"),
    [
        (ValueError, "each of the 5 documents of X; got 4", {"texts": TEXTS[:4]}),
        (ValueError, "each of the 5 documents; got shape", {"groups": ["a"] * 4}),
        (ValueError, "n_words", {"n_words": 0}),
        (TypeError, "n_documents", {"n_documents": 1.5}),
        (ValueError, "n_searchable", {"n_searchable": -1}),
        (ValueError, "freq", {"groups": ["2024-01-01"] * 5, "freq": "fortnight"}),
        (ValueError, "feature_names", {"feature_names": ["a"]}),
        (ValueError, "random_state|seed", {"random_state": "a"}),
    ],
)
def test_errors_leave_the_file_as_it_was(model, path, error, message, given):
    path.write_text("before")
    with pytest.raises(error, match=message):
        report(model, X, path=path, **given)
    assert path.read_text() == "before" and list(path.parent.iterdir()) == [path]


def test_failure_in_writing_leaves_the_file_as_it_was(model, path, monkeypatch):
    path.write_text("before")

    def full(source, target):
        raise OSError("No space left on device")

    monkeypatch.setattr("sklearn_etm._files.whole.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        report(model, X, path=path)
    assert path.read_text() == "before" and list(path.parent.iterdir()) == [path]


def test_errors_of_paths_and_models(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        report(model, X, path=tmp_path / "nowhere" / "topics.html")
    with pytest.raises(IsADirectoryError, match="folder"):
        report(model, X, path=tmp_path)
    with pytest.raises(TypeError, match="fitted model"):
        report(np.eye(3), X, path=tmp_path / "topics.html")


def test_too_many_groups(path):
    with pytest.raises(ValueError, match="101 groups"):
        report(Fixed(np.eye(3)), np.ones((101, 3), dtype=int), path=path, groups=range(101))
    assert not path.exists()


# Notebooks


@pytest.fixture(scope="module")
def fitted_by_hand():
    """A maker of models that have topics, without the time that fitting takes."""

    def make(components, **attributes):
        model = LNTMTransformer(len(components))
        model.components_ = np.asarray(components, dtype=float)
        for name, value in attributes.items():
            setattr(model, name, value)
        return model

    return make


def test_topics_are_below_the_diagram(fitted_by_hand):
    model = fitted_by_hand([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]], feature_names_in_=np.array(WORDS, dtype=object))
    for html in (model._repr_html_(), model._repr_mimebundle_()["text/html"]):
        diagram, table = html.split("<table><thead><tr><th>topic", 1)
        assert "sk-top-container" in diagram
        assert re.findall(r"<bdi>(\w+)</bdi>", table) == ["goal", "vote", "star", "star", "vote", "goal"]
        assert "more" not in table


def test_columns_without_names_are_numbers_and_many_topics_are_counted(fitted_by_hand):
    table = fitted_by_hand(np.tile(np.arange(20.0), (50, 1)))._repr_html_()
    assert re.findall(r"<bdi>(\w+)</bdi>", table)[:8] == [str(v) for v in range(19, 11, -1)]
    assert table.count("<bdi>") == 15 * 8 and "and 35 more" in table


def test_words_are_escaped(fitted_by_hand):
    model = fitted_by_hand(np.eye(6), feature_names_in_=np.array(HOSTILE, dtype=object))
    plain = fitted_by_hand(np.eye(6), feature_names_in_=np.array(["w"] * 6, dtype=object))
    counts = [(html.count("<script"), html.count("<img")) for html in (model._repr_html_(), plain._repr_html_())]
    assert counts[0] == counts[1]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in model._repr_html_()


@pytest.mark.parametrize("components", [None, 3, [[np.nan, 1]], [["a"]], np.ones((0, 3)), np.ones((2, 0)), [[1.0] * 9]])
def test_repr_never_raises(fitted_by_hand, components):
    model = fitted_by_hand([[1.0]], feature_names_in_=np.array(["a"], dtype=object))
    model.components_ = components
    assert "sk-top-container" in model._repr_html_()


def test_unfitted_and_text_display_are_scikit_learns():
    assert "most probable words" not in LNTMTransformer()._repr_html_()
    set_config(display="text")
    try:
        assert not hasattr(LNTMTransformer(), "_repr_html_")
        assert list(LNTMTransformer()._repr_mimebundle_()) == ["text/plain"]
    finally:
        set_config(display="diagram")
