"""Words, texts and groups that UTF-8 and XML cannot say: tables, pages and pictures show them as far as they can."""

import io
import warnings
from xml.etree import ElementTree

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator

from sklearn_etm import LNTMTransformer
from sklearn_etm.inspection import (
    compare_models,
    components_over,
    document_table,
    pyldavis_data,
    report,
    representative_documents,
    similar_documents,
    top_words,
    topic_labels,
    topic_stability,
    topic_table,
    topics_over,
    word_table,
)
from sklearn_etm.plotting import (
    DocumentMapDisplay,
    LossCurveDisplay,
    TopicMapDisplay,
    TopicShareDisplay,
    TopicWordsDisplay,
    WordDriftDisplay,
)

matplotlib.use("agg")

# Half an emoji, a byte that was no UTF-8, NUL, escape, what Unicode has set aside; words that are merely unusual
BROKEN = ["star\ud83d", "\udcffmoon", "go\x00al", "te\x1bam", "ba\uffffll"]
SHOWN = ["star\ufffd", "\ufffdmoon", "go\ufffdal", "te\ufffdam", "ba\ufffdll"]
UNUSUAL = ["\U0001f600", "\u202e\u05e9\u05dc", "$x^2$", "a\tb\nc", "<b>&amp;"]
WORDS = [*BROKEN, *UNUSUAL]
N = len(WORDS)


class WordsAsTopics(BaseEstimator):
    """Each word is a topic."""

    components_ = np.eye(N)
    loss_curve_ = (2.0, 1.0)

    def transform(self, X):
        return X.toarray() if hasattr(X, "toarray") else np.asarray(X)


X = np.eye(N, dtype=int)
model, names = WordsAsTopics(), {"feature_names": WORDS}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


TABLES = {
    "topic_table": lambda: topic_table(model, X, **names),
    "word_table": lambda: word_table(model, WORDS, **names),
    "document_table": lambda: document_table(model, X, WORDS, **names),
    "representative_documents": lambda: representative_documents(model, X, WORDS, **names),
    "similar_documents": lambda: similar_documents(model, X, X, WORDS),
    "topics_over": lambda: topics_over(model, X, WORDS, n_bootstrap=2, **names),
    "components_over": lambda: components_over(model, X, WORDS, n_bootstrap=2, smoothing=1, **names).table,
    "compare_models": lambda: compare_models(model, model, feature_names_a=WORDS, feature_names_b=WORDS),
    "topic_stability": lambda: topic_stability([model, model], **names).topics,
}


@pytest.mark.parametrize("call", TABLES.values(), ids=TABLES)
def test_tables_can_be_written(call):
    written = call().to_csv(encoding="utf-8")
    assert all(word in written for word in SHOWN)
    assert {"\U0001f600", "$x^2$", "<b>&amp;"} <= {word for word in UNUSUAL if word in written}
    written.encode()


def test_tables_without_pandas_can_be_written(hide_pandas):
    hide_pandas()
    table = document_table(model, X, WORDS, **names)
    assert table["text"].tolist()[:5] == SHOWN and topics_over(model, X, WORDS)["group"].dtype.kind == "U"


def test_words_are_looked_up_as_they_are():
    assert word_table(model, BROKEN, **names)["topic"].tolist()[::N] == [0, 1, 2, 3, 4]
    assert set(top_words(model, n_words=1, **names).ravel()) == set(WORDS)
    assert len(set(topic_labels(model, n_words=1, feature_names=["a\ud83d", "a\udc00", *WORDS[2:]]))) == N
    assert pyldavis_data(model, X, **names)["vocab"][:5] == SHOWN


def test_page_can_be_written(tmp_path):
    path = report(model, X, WORDS, path=tmp_path / "t.html", groups=WORDS, title="\ud83d\x00 1 < 2", **names)
    page = path.read_text(encoding="utf-8")
    assert "<title>\ufffd\ufffd 1 &lt; 2</title>" in page
    assert all(word in page for word in SHOWN) and "\x00" not in page


@pytest.mark.parametrize("representation", ["_repr_html_", "_repr_mimebundle_"])
def test_notebooks_can_show_models(representation):
    fitted = LNTMTransformer(N)
    fitted.components_, fitted.feature_names_in_ = np.eye(N), np.array(WORDS, dtype=object)
    shown = getattr(fitted, representation)()
    shown = shown if isinstance(shown, str) else shown["text/html"]
    assert all(f"<bdi>{word}</bdi>" in shown for word in SHOWN)
    shown.encode()


PICTURES = {
    "words": lambda: TopicWordsDisplay.from_estimator(model, **names),
    "map": lambda: TopicMapDisplay.from_estimator(model, n_words=1, **names),
    "documents": lambda: DocumentMapDisplay.from_estimator(model, X, topics=range(6), n_words=1, **names),
    "groups": lambda: TopicShareDisplay.from_estimator(model, X, WORDS, n_bootstrap=2, **names),
    "groups given": lambda: TopicShareDisplay(np.array(BROKEN), *[np.full((5, 1), 0.5)] * 3, [0], BROKEN[:1]).plot(),
    "drift": lambda: WordDriftDisplay.from_estimator(
        model, X, WORDS, 0, n_words=N, n_bootstrap=2, smoothing=1, n_columns=N, **names
    ),
    "loss": lambda: LossCurveDisplay.from_estimator(model, name=WORDS[0] + "$x^2$"),
}


@pytest.mark.parametrize("kind", ["none", "path"])
@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_pictures_can_be_written(draw, kind):
    with warnings.catch_warnings(), plt.rc_context({"svg.fonttype": kind}):
        warnings.filterwarnings("ignore", message="Glyph|No room")
        figure, file = draw().figure_, io.BytesIO()
        figure.savefig(file, format="svg")
        figure.savefig(io.BytesIO(), format="png")
    texts = "".join(ElementTree.fromstring(file.getvalue()).itertext())
    assert kind == "path" or "star\ufffd" in texts
    with_dollars = [text for text in figure.findobj(matplotlib.text.Text) if "$" in text.get_text()]
    assert not any(text.get_parse_math() for text in with_dollars)
