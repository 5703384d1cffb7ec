"""Displays: figures that other functions give, what is drawn of them, and what must not overlap."""

import subprocess
import sys
from itertools import combinations, permutations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import MCEM, SMALL
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, KFold, RandomizedSearchCV, ShuffleSplit
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.inspection import top_words, topic_labels, topic_map, topics_over
from sklearn_etm.metrics import one_standard_error
from sklearn_etm.plotting import (
    DocumentMapDisplay,
    EffectDisplay,
    LossCurveDisplay,
    NumTopicsDisplay,
    TopicCorrelationDisplay,
    TopicMapDisplay,
    TopicShareDisplay,
    TopicWordsDisplay,
)

TEXTS = ["star orbit star", "orbit moon star", "goal team goal", "team goal league goal", "moon goal", ""] * 3
OKABE_ITO = {"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442"}
# Long, not Latin, wide, and what a legend or mathtext would take for its own.
WORDS = ["Donaudampfschifffahrtsgesellschaft", "космонавтика", "ελληνικά", "$x_1$", "_private", "x^2", "100%", "a"]
FROM_DOCUMENTS = [
    pytest.param(lambda model, X: TopicWordsDisplay.from_estimator(model, X), id="words"),
    pytest.param(lambda model, X: TopicMapDisplay.from_estimator(model, X), id="map"),
    pytest.param(lambda model, X: DocumentMapDisplay.from_estimator(model, X), id="documents"),
    pytest.param(lambda model, X: TopicShareDisplay.from_estimator(model, X, ["a"] * len(TEXTS)), id="share"),
]


@pytest.fixture(autouse=True)
def one_figure_and_the_same_settings(monkeypatch):
    """No display shows a figure, opens more than its own, or changes matplotlib's settings."""
    settings = matplotlib.rcParams.copy()
    monkeypatch.setattr(plt, "show", lambda *args, **kwargs: pytest.fail("plt.show was called"))
    yield
    plt.close("all")
    assert matplotlib.rcParams == settings


@pytest.fixture(scope="module")
def lda(X):
    """Four topics."""
    return LatentDirichletAllocation(4, max_iter=5, random_state=0).fit(X)


@pytest.fixture(scope="module")
def lntm(X):
    """A model with a loss: that of other tests, which is compiled."""
    return LNTMTransformer(**SMALL).fit(X)


@pytest.fixture(scope="module")
def pipeline():
    """From texts to topics."""
    return make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(TEXTS)


def random_topics(K, V=8):
    return np.random.default_rng(0).dirichlet(np.full(V, 0.3), K)


def token_shares(model, X):
    """By the obvious formula."""
    tokens = np.asarray(X.sum(axis=1)).ravel()
    return np.average(model.transform(X), axis=0, weights=tokens)


def box(text):
    """Where a text is, in pixels, without the line to what it labels."""
    return Text.get_window_extent(text)


def overlapping(boxes):
    return [(a, b) for a, b in combinations(boxes, 2) if a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1]


def assert_readable(texts, ax):
    """Texts cover neither each other nor the edge of the axes."""
    ax.figure.canvas.draw()
    boxes = [box(text) for text in texts]
    assert not overlapping(boxes)
    frame = ax.get_window_extent()
    for b in boxes:
        assert frame.x0 <= b.x0 and b.x1 <= frame.x1 and frame.y0 <= b.y0 and b.y1 <= frame.y1


# --- all of them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draw", FROM_DOCUMENTS)
def test_pipelines_and_searches_bring_their_words_and_take_texts(draw, pipeline):
    """A search over a pipeline draws what its best pipeline does: the same texts everywhere."""
    search = GridSearchCV(pipeline, {"latentdirichletallocation__n_components": [2]}, cv=2).fit(TEXTS)
    texts = [
        [text.get_text() for text in draw(model, TEXTS).figure_.findobj(Text) if text.get_text()]
        for model in (pipeline, search)
    ]
    assert texts[0] == texts[1]
    assert any("goal" in text for text in texts[0])


@pytest.mark.parametrize("draw", FROM_DOCUMENTS)
def test_models_that_are_not_fitted_or_hold_no_topics(draw):
    with pytest.raises(NotFittedError):
        draw(LatentDirichletAllocation(), [[1, 2]])
    with pytest.raises(NotFittedError):
        draw(make_pipeline(CountVectorizer(), NMF()), TEXTS)
    with pytest.raises(TypeError, match="components_"):
        draw(LogisticRegression().fit([[0], [1]], [0, 1]), [[1]])
    assert plt.get_fignums() == []


@pytest.mark.parametrize("draw", FROM_DOCUMENTS)
@pytest.mark.parametrize("dense", [False, True])
def test_one_figure_is_opened_and_counts_are_not_modified(draw, dense, lda, X):
    counts = X[-len(TEXTS) :].toarray() if dense else X[-len(TEXTS) :]
    before = counts.copy()
    display = draw(lda, counts)
    assert plt.get_fignums() == [display.figure_.number]
    assert_array_equal(abs(counts - before).sum(), 0)


def test_given_axes_are_drawn_on_and_no_figure_is_opened(lda, lntm, X):
    figure, axes = plt.subplots(2, 3, figsize=(15, 10))
    assert TopicWordsDisplay.from_estimator(lda, topics=[0], ax=axes[0, 0]).axes_.tolist() == [axes[0, 0]]
    shares = TopicShareDisplay.from_estimator(lda, X, ["a"] * 60, topics=[0], ax=axes[0, 1])
    assert shares.axes_.tolist() == [axes[0, 1]]
    assert LossCurveDisplay.from_estimator(lntm, ax=axes[0, 2]).ax_ is axes[0, 2]
    assert TopicMapDisplay.from_estimator(lda, ax=axes[1, 0]).ax_ is axes[1, 0]
    assert DocumentMapDisplay.from_estimator(lda, X, ax=axes[1, 1]).ax_ is axes[1, 1]
    assert NumTopicsDisplay.from_estimator(search_with_known_scores(), ax=axes[1, 2]).ax_ is axes[1, 2]
    assert plt.get_fignums() == [figure.number]


def test_subfigures(lda, X):
    """Labels are placed by the layout of the whole figure."""
    left, right = plt.figure(layout="constrained", figsize=(16, 6)).subfigures(1, 2)
    for subfigure, Display in ((left, TopicMapDisplay), (right, DocumentMapDisplay)):
        display = Display.from_estimator(lda, X, ax=subfigure.subplots())
        assert display.figure_ is subfigure
        assert_readable(display.texts_, display.ax_)


def test_dark_styles(lda, lntm, X):
    """Texts and lines that are not coloured take their colours from the settings."""
    with plt.style.context("dark_background"):
        topics = TopicMapDisplay.from_estimator(lda, X)
        documents = DocumentMapDisplay.from_estimator(lda, X)
        numbers = NumTopicsDisplay.from_estimator(search_with_known_scores())
        figures = [
            *(display.figure_ for display in (topics, documents, numbers)),
            TopicWordsDisplay.from_estimator(lda, X).figure_,
            LossCurveDisplay.from_estimator(lntm).figure_,
            TopicShareDisplay.from_estimator(lda, X, ["a"] * 60).figure_,
        ]
        assert {to_hex(text.get_color()) for figure in figures for text in figure.findobj(Text)} == {"#ffffff"}
        assert {to_hex(text.arrow_patch.get_edgecolor()) for text in topics.texts_} == {"#ffffff"}
        assert {to_hex(text.get_bbox_patch().get_facecolor()) for text in documents.texts_} == {"#000000"}
        assert to_hex(numbers.threshold_.get_color()) == "#ffffff"


def test_without_matplotlib():
    """Importing neither needs nor loads it; drawing says what to install, before it computes."""
    code = """
import sys
import sklearn_etm.plotting as plotting
assert "matplotlib" not in sys.modules and "jax" not in sys.modules
sys.modules["matplotlib"] = None
for name in plotting.__all__:
    required = {"WordDriftDisplay": 4, "TopicShareDisplay": 3, "EffectDisplay": 3, "DocumentMapDisplay": 2}
    arguments = [None] * required.get(name, 1)
    try:
        getattr(plotting, name).from_estimator(*arguments)
    except ImportError as error:
        assert 'pip install "sklearn-etm[plot]"' in str(error)
    else:
        raise AssertionError(name)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_words_are_drawn_as_they_are():
    """Whatever mathtext, a legend or a format would take them for."""
    X = np.eye(8)
    lda = LatentDirichletAllocation(2, max_iter=2, random_state=0).fit(X)
    for display in (
        TopicWordsDisplay.from_estimator(lda, feature_names=WORDS),
        TopicMapDisplay.from_estimator(lda, n_words=8, feature_names=WORDS, ax=plt.subplots(figsize=(20, 4))[1]),
        DocumentMapDisplay.from_estimator(lda, X, n_words=8, feature_names=WORDS, ax=plt.subplots(figsize=(20, 4))[1]),
        TopicShareDisplay.from_estimator(lda, X, WORDS, n_bootstrap=2, feature_names=WORDS),
    ):
        display.figure_.canvas.draw()
        with_dollars = [text for text in display.figure_.findobj(Text) if "$" in text.get_text()]
        assert with_dollars and not any(text.get_parse_math() for text in with_dollars)


# --- TopicWordsDisplay --------------------------------------------------------------------------------------


def test_words_are_bars_of_their_probabilities(lda):
    """One panel a topic; names, lengths and order of the bars."""
    display = TopicWordsDisplay.from_estimator(lda, n_words=5, topics=[2, 0])
    probabilities = lda.components_ / lda.components_.sum(axis=1, keepdims=True)
    assert_array_equal(display.words, top_words(lda, n_words=5)[[2, 0]])
    assert_array_equal(display.topics, [2, 0])
    assert len(display.axes_) == len(display.bars_) == 2
    for k, ax, bars in zip([2, 0], display.axes_, display.bars_, strict=True):
        assert ax.get_title() == f"Topic {k}"
        assert [tick.get_text() for tick in ax.get_yticklabels()] == top_words(lda, n_words=5)[k].tolist()
        assert_allclose([bar.get_width() for bar in bars], -np.sort(-probabilities[k])[:5])
        assert ax.yaxis_inverted()
        assert {to_hex(bar.get_facecolor()) for bar in bars} <= OKABE_ITO


def test_words_with_documents_come_with_shares_the_largest_topic_first(lda, X):
    display = TopicWordsDisplay.from_estimator(lda, X)
    shares = token_shares(lda, X)
    assert_array_equal(display.topics, np.argsort(-shares))
    assert_allclose(display.shares, np.sort(shares)[::-1])
    k = shares.argmax()
    assert display.axes_[0].get_title() == f"Topic {k} · {shares[k]:.1%} of tokens"


def test_words_by_relevance_keep_their_probabilities():
    """A word of all topics is more probable and less relevant than one of its own."""
    display = TopicWordsDisplay.from_estimator(
        [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]], n_words=2, by="relevance", feature_names=["the", "star", "goal"]
    )
    assert_array_equal(display.words, [["star", "the"], ["goal", "the"]])
    assert_array_equal(display.probabilities, 0.5)


def test_words_of_many_topics_are_those_of_twenty_and_the_title_says_so():
    display = TopicWordsDisplay.from_estimator(random_topics(50), n_words=1)
    assert_array_equal(display.topics, np.arange(20))
    assert display.figure_.get_suptitle() == "The first 20 of 50 topics"
    lda = LatentDirichletAllocation(21, max_iter=1, random_state=0).fit(np.eye(30))
    display = TopicWordsDisplay.from_estimator(lda, np.eye(30), n_words=1)
    assert display.figure_.get_suptitle() == "The largest 20 of 21 topics"
    assert len(TopicWordsDisplay.from_estimator(random_topics(50), topics=range(50), n_words=1).axes_) == 50
    assert TopicWordsDisplay.from_estimator(random_topics(20), n_words=1).figure_.get_suptitle() == ""


def test_words_share_a_scale_if_asked(lda):
    for share_scale in (False, True):
        display = TopicWordsDisplay.from_estimator(lda, share_scale=share_scale)
        limits = [ax.get_xlim() for ax in display.axes_]
        assert (len(set(limits)) == 1) == share_scale
        for (start, end), probabilities in zip(limits, display.probabilities, strict=True):
            assert start == 0 and end > probabilities.max()


@pytest.mark.parametrize("K", [1, 2, 3, 10])
def test_long_words_stay_clear_of_other_panels(K):
    """Also words of other scripts, and fewer than were asked for."""
    display = TopicWordsDisplay.from_estimator(random_topics(K), n_words=10, feature_names=WORDS)
    display.figure_.canvas.draw()
    assert display.words.shape == (K, len(WORDS))
    words = [tick.label1.get_window_extent() for ax in display.axes_ for tick in ax.yaxis.get_major_ticks()]
    assert len(words) == K * len(WORDS)
    panels = [ax.get_window_extent() for ax in display.axes_]
    assert not overlapping(words + panels)
    assert min(word.x0 for word in words) >= 0


def test_words_of_topics_that_do_not_exist_or_have_no_axes(lda):
    for topics in ([4], [-1], [0.5], [], [[0]], "1"):
        with pytest.raises(ValueError, match="topics"):
            TopicWordsDisplay.from_estimator(lda, topics=topics)
    axes = plt.subplots(1, 3)[1]
    with pytest.raises(ValueError, match="one Axes for each of the 4 topics to draw; got 3"):
        TopicWordsDisplay.from_estimator(lda, ax=axes)


# --- LossCurveDisplay ---------------------------------------------------------------------------------------


def test_loss_is_reconstruction_and_divergence(lntm):
    display = LossCurveDisplay.from_estimator(make_pipeline(lntm))
    loss, reconstruction = display.lines_
    assert_array_equal(loss.get_xdata(), [1, 2])
    assert_array_equal(loss.get_ydata(), lntm.loss_curve_)
    assert_array_equal(reconstruction.get_ydata(), lntm.reconstruction_curve_)
    edges = display.band_.get_paths()[0].vertices
    for passed, low, high in zip([1, 2], lntm.reconstruction_curve_, lntm.loss_curve_, strict=True):
        assert_allclose(sorted({*edges[edges[:, 0] == passed, 1].round(6)}), [low, high], atol=1e-5)
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend[2] == f"KL divergence, {lntm.kl_curve_[-1]:.1f} at the end"
    assert display.ax_.get_ylabel() == "nats per document"
    assert all(tick == int(tick) for tick in display.ax_.get_xticks())


def test_parts_of_the_loss_of_monte_carlo_em_are_no_divergence(X):
    model = MCEM(**SMALL).fit(X)
    display = LossCurveDisplay.from_estimator(model)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        f"negative log joint, {model.loss_curve_[-1]:.1f} at the end",
        f"reconstruction, {model.reconstruction_curve_[-1]:.1f} at the end",
        f"negative log prior, {model.kl_curve_[-1]:.1f} at the end",
    ]


def test_losses_of_two_models_on_the_same_axes(lntm):
    first = LossCurveDisplay.from_estimator(lntm, name="first")
    LossCurveDisplay.from_estimator(lntm, name="second", ax=first.ax_, color="red")
    assert [text.get_text().split(":")[0] for text in first.ax_.get_legend().get_texts()] == 3 * ["first"] + 3 * [
        "second"
    ]


def test_loss_without_parts():
    """One pass, too."""
    display = LossCurveDisplay(np.array([3.0])).plot()
    assert len(display.lines_) == 1 and display.band_ is None
    assert display.ax_.get_ylabel() == "loss"


def test_models_without_a_loss(lda):
    for model in (lda, [[0.5, 0.5]]):
        with pytest.raises(TypeError, match="loss_curve_"):
            LossCurveDisplay.from_estimator(model)


# --- TopicMapDisplay ----------------------------------------------------------------------------------------


def test_map_of_topics(lda, X):
    """Places, areas and names."""
    display = TopicMapDisplay.from_estimator(lda, X)
    shares = token_shares(lda, X)
    assert_array_equal(display.circles_.get_offsets(), topic_map(lda))
    areas = display.circles_.get_sizes()
    assert_allclose(areas / areas.sum(), shares)
    order = np.argsort(-shares)
    assert [text.get_text() for text in display.texts_] == [f"{k}: {topic_labels(lda)[k]}" for k in order]
    assert_allclose([text.xy for text in display.texts_], topic_map(lda)[order])
    assert f"{shares.min():.1%} to {shares.max():.1%}" in display.ax_.get_xlabel()
    assert_readable(display.texts_, display.ax_)


def test_map_without_documents_has_equal_circles():
    display = TopicMapDisplay.from_estimator(random_topics(3))
    assert len(set(display.circles_.get_sizes())) == 1
    assert display.ax_.get_xlabel() == ""


@pytest.mark.parametrize("K", [1, 2, 3, pytest.param(50, marks=pytest.mark.slow)])
def test_map_of_few_and_many_topics(K):
    """Labels are readable, circles inside, and distances the same in both directions."""
    topics = random_topics(K, V=100)
    display = TopicMapDisplay.from_estimator(topics, feature_names=[f"word{v}" for v in range(100)])
    assert len(display.texts_) == K
    assert_readable(display.texts_, display.ax_)
    ax = display.ax_
    centres = ax.transData.transform(display.positions)
    radii = np.sqrt(display.circles_.get_sizes()) / 2 * display.figure_.dpi / 72
    frame = ax.get_window_extent()
    assert (centres - radii[:, None] >= frame.min).all() and (centres + radii[:, None] <= frame.max).all()
    scale = np.diff(ax.transData.transform([[0, 0], [1, 1]]), axis=0)
    assert_allclose(scale[0, 0], scale[0, 1])


def test_map_of_equal_topics_names_each():
    topics = np.vstack([random_topics(1)] * 3)
    display = TopicMapDisplay.from_estimator(topics, feature_names=WORDS)
    assert len({text.get_text() for text in display.texts_}) == 3
    assert_readable(display.texts_, display.ax_)


def test_map_names_the_largest_topics(lda, X):
    display = TopicMapDisplay.from_estimator(lda, X, n_labels=1, n_words=2)
    (text,) = display.texts_
    k = token_shares(lda, X).argmax()
    assert text.get_text() == f"{k}: {topic_labels(lda, n_words=2)[k]}"
    assert "the largest 1 of 4 topics" in display.ax_.get_xlabel()
    assert "the first 1 of 4 topics" in TopicMapDisplay.from_estimator(lda, n_labels=1).ax_.get_xlabel()


def test_map_tells_which_labels_there_is_no_room_for():
    """None is cut, and none covers another."""
    ax = plt.subplots(figsize=(3, 2))[1]
    with pytest.warns(UserWarning, match="No room for .* of 30 labels"):
        display = TopicMapDisplay.from_estimator(random_topics(30, V=100), ax=ax)
    assert 0 < len(display.texts_) < 30
    assert_readable(display.texts_, ax)


# --- TopicShareDisplay --------------------------------------------------------------------------------------

CLASSES = np.array(["b", "a", "c", "$d$"])[np.arange(60) % 4]
DAYS = np.datetime64("2024-01-01") + 3 * np.arange(60)


def test_shares_of_categories_are_dots_with_intervals(lda, X):
    """As the table has them."""
    display = TopicShareDisplay.from_estimator(lda, X, CLASSES, topics=[3, 1], random_state=0, confidence=0.9)
    table = topics_over(lda, X, CLASSES, random_state=0, confidence=0.9)
    assert display.groups.tolist() == ["$d$", "a", "b", "c"]
    for k, ax, dots, intervals in zip([3, 1], display.axes_, display.lines_, display.intervals_, strict=True):
        rows = table[table["topic"] == k]
        assert ax.get_title().replace("\n", " ") == f"{k}: {topic_labels(lda)[k]}"
        assert_array_equal(dots.get_xdata(), rows["prevalence"])
        assert dots.get_linestyle() == "None"
        assert isinstance(intervals, LineCollection)
        ends = np.array([segment[:, 0] for segment in intervals.get_segments()])
        assert_array_equal(ends, rows[["low", "high"]])
        assert ax.get_xlim()[0] == 0 and ax.get_xlim()[1] > rows["high"].max()
    assert [tick.get_text() for tick in display.axes_[0].get_yticklabels()] == ["$d$", "a", "b", "c"]


@pytest.mark.parametrize(
    ("groups", "kwargs"),
    [(np.arange(60) % 5, {}), (np.arange(60) % 5 / 2, {}), (DAYS, {"freq": "M"}), (DAYS.astype(object), {})],
)
def test_shares_of_numbers_and_dates_are_lines_with_bands(groups, kwargs, lda, X):
    display = TopicShareDisplay.from_estimator(lda, X, groups, random_state=0, n_bootstrap=20, **kwargs)
    table = topics_over(lda, X, groups, random_state=0, n_bootstrap=20, **kwargs)
    assert_array_equal(display.topics, np.argsort(-table.groupby("topic")["prevalence"].mean()))
    for k, line, band in zip(display.topics, display.lines_, display.intervals_, strict=True):
        rows = table[table["topic"] == k]
        assert_array_equal(line.get_ydata(), rows["prevalence"])
        assert_array_equal(line.get_xdata(), rows["group"])
        assert isinstance(band, PolyCollection)
        assert {*rows["low"], *rows["high"]} <= {*band.get_paths()[0].vertices[:, 1]}
    assert len({ax.get_ylim() for ax in display.axes_}) == 1


def test_numbers_can_be_names_and_scales_each_topics_own(lda, X):
    display = TopicShareDisplay.from_estimator(
        lda, X, np.arange(60) % 3, kind="dots", share_scale=False, n_bootstrap=20, random_state=0
    )
    assert [tick.get_text() for tick in display.axes_[0].get_yticklabels()] == ["0", "1", "2"]
    assert [ax.get_xlim()[1] > high for ax, high in zip(display.axes_, display.highs.max(axis=0), strict=True)]
    assert len({ax.get_xlim() for ax in display.axes_}) == 4


def test_categories_can_be_a_line(lda, X):
    display = TopicShareDisplay.from_estimator(lda, X, CLASSES, kind="lines", n_bootstrap=2, topics=[0])
    display.figure_.canvas.draw()
    assert [tick.get_text() for tick in display.axes_[0].get_xticklabels()] == ["$d$", "a", "b", "c"]


def test_shares_of_many_topics_are_those_of_the_largest_and_the_title_says_so():
    X = np.eye(30)
    lda = LatentDirichletAllocation(9, max_iter=1, random_state=0).fit(X)
    display = TopicShareDisplay.from_estimator(lda, X, ["a"] * 30, n_bootstrap=2, random_state=0)
    means = lda.transform(X).mean(axis=0)
    assert_array_equal(display.topics, np.argsort(-means)[:8])
    assert display.figure_.get_suptitle() == "The largest 8 of 9 topics"


def test_the_background_has_a_panel_where_it_is_asked_for(X):
    model = LNTMTransformer(3, background=True, max_iter=1, em_iter=1, random_state=0).fit(X)
    display = TopicShareDisplay.from_estimator(model, X, CLASSES, n_bootstrap=2, random_state=0)
    assert sorted(display.topics.tolist()) == [1, 2] and display.figure_.get_suptitle() == ""
    asked = TopicShareDisplay.from_estimator(model, X, CLASSES, topics=[0, 2], n_bootstrap=2, random_state=0)
    assert asked.topics.tolist() == [0, 2]


def test_shares_of_what_does_not_exist(lda, X):
    for kwargs, message in [({"topics": [4]}, "numbered from 0 to 3"), ({"kind": "bars"}, "kind must be one of")]:
        with pytest.raises(ValueError, match=message):
            TopicShareDisplay.from_estimator(lda, X, CLASSES, n_bootstrap=2, **kwargs)
    with pytest.raises(ValueError, match="one Axes for each of the 4 topics"):
        TopicShareDisplay.from_estimator(lda, X, CLASSES, n_bootstrap=2, ax=plt.subplots()[1])
    with pytest.raises(TypeError):
        TopicShareDisplay.from_estimator([[0.5, 0.5]], [[1, 1]], ["a"])


# --- DocumentMapDisplay -------------------------------------------------------------------------------------


def test_documents_by_principal_components(lda, X):
    """Distances on the map are those of the best plane through square roots of proportions; colours main topics."""
    display = DocumentMapDisplay.from_estimator(lda, X)
    roots = np.sqrt(lda.transform(X))
    U, singular_values, _ = np.linalg.svd(roots - roots.mean(axis=0), full_matrices=False)
    expected = (U * singular_values)[:, :2]
    assert_allclose(display.coordinates @ display.coordinates.T, expected @ expected.T, atol=1e-9)
    assert_array_equal(display.main_topics, lda.transform(X).argmax(axis=1))
    sizes = np.bincount(display.main_topics, minlength=4)
    assert display.topics.tolist() == [k for k in np.argsort(-sizes, kind="stable") if sizes[k]]
    assert display.points_.get_rasterized()
    assert_array_equal(display.points_.get_offsets(), display.coordinates)
    for k, color in zip(display.topics, display.medians_.get_facecolors(), strict=True):
        documents = display.main_topics == k
        assert_allclose(display.points_.get_facecolors()[documents, :3], np.tile(color[:3], (documents.sum(), 1)))
    medians = [np.median(display.coordinates[display.main_topics == k], axis=0) for k in display.topics]
    assert_allclose([text.xy for text in display.texts_], medians)
    assert [text.get_text() for text in display.texts_] == [f"{k}: {topic_labels(lda)[k]}" for k in display.topics]
    assert_readable(display.texts_, display.ax_)
    assert display.ax_.get_xlabel() == ""


def test_documents_where_the_user_puts_them_and_only_some_topics_coloured(lda, X):
    """Grey ones are drawn first, and are told of."""
    coordinates = np.random.default_rng(0).normal(size=(60, 2))
    display = DocumentMapDisplay.from_estimator(lda, X, coordinates=coordinates.tolist(), topics=[1], point_size=7)
    main = lda.transform(X).argmax(axis=1)
    drawn = np.r_[np.flatnonzero(main != 1), np.flatnonzero(main == 1)]
    assert_array_equal(display.points_.get_offsets(), coordinates[drawn])
    colors = [to_hex(color) for color in display.points_.get_facecolors()]
    assert set(colors[: (main != 1).sum()]) == {"#999999"}
    assert len(set(colors)) == 2 and set(colors[(main != 1).sum() :]) <= OKABE_ITO
    assert_array_equal(display.points_.get_sizes(), 7)
    assert display.ax_.get_xlabel() == "grey: documents of other topics"
    for low, high, values in zip(
        *np.array([display.ax_.get_xlim(), display.ax_.get_ylim()]).T, coordinates.T, strict=True
    ):
        assert low < values.min() and values.max() < high


def test_at_most_seven_topics_have_colours():
    X = np.eye(12)
    lda = LatentDirichletAllocation(9, max_iter=5, random_state=0).fit(X)
    main = lda.transform(X).argmax(axis=1)
    display = DocumentMapDisplay.from_estimator(lda, X)
    assert len(display.topics) == min(7, len(set(main)))
    assert {to_hex(color) for color in display.medians_.get_facecolors()} <= OKABE_ITO
    with pytest.raises(ValueError, match="At most 7"):
        DocumentMapDisplay.from_estimator(lda, X, topics=range(8))
    for k in set(range(9)) - set(main):
        with pytest.raises(ValueError, match="main topic"):
            DocumentMapDisplay.from_estimator(lda, X, topics=[k])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_documents", [1, 2, 5])
@pytest.mark.parametrize("K", [1, 2])
def test_maps_of_few_documents_and_topics(K, n_documents):
    X = np.arange(15).reshape(5, 3)
    lda = LatentDirichletAllocation(K, random_state=0).fit(X)
    display = DocumentMapDisplay.from_estimator(lda, X[:n_documents])
    assert display.coordinates.shape == (n_documents, 2)
    assert np.isfinite(display.coordinates).all()


def test_coordinates_that_do_not_fit(lda, X):
    for coordinates in (np.zeros((59, 2)), np.zeros((60, 3)), np.full((60, 2), np.nan)):
        with pytest.raises(ValueError, match="coordinates"):
            DocumentMapDisplay.from_estimator(lda, X, coordinates=coordinates)
    with pytest.raises(TypeError, match="array"):
        DocumentMapDisplay.from_estimator([[0.5, 0.5]], [[1, 1]])


# --- NumTopicsDisplay ---------------------------------------------------------------------------------------

MEANS = {2: 1.0, 4: 2.0, 8: 2.3, 16: 2.1}
FOLD_OF_ROW = np.repeat([0, 1, 2], 4)


def known_score(model, X, y=None):
    """The mean of its number of topics, and -0.6, 0 or 0.6 by the fold: a standard error of 0.6 / sqrt(3)."""
    prior = model.doc_topic_prior or 0.0
    return MEANS[model.n_components] + 0.6 * (X[0, 0] - 1) - prior


def search_with_known_scores(grid=None, Search=GridSearchCV, cv=None, scoring=known_score, **kwargs):
    X = np.column_stack([FOLD_OF_ROW, np.ones((12, 2))])
    grid = {"n_components": [16, 2, 8, 4]} if grid is None else grid
    cv = KFold(3) if cv is None else cv
    return Search(LatentDirichletAllocation(max_iter=1), grid, cv=cv, scoring=scoring, refit=False, **kwargs).fit(X)


def test_choice_of_the_number_of_topics_known_on_paper():
    """8 is best, and 4 within its standard error of 0.35."""
    display = NumTopicsDisplay.from_estimator(search_with_known_scores())
    assert_array_equal(display.num_topics, [2, 4, 8, 16])
    assert_allclose(display.mean_scores, [1.0, 2.0, 2.3, 2.1])
    assert_allclose(display.standard_errors, 0.6 / np.sqrt(3))
    assert (display.best_num_topics, display.one_standard_error_num_topics) == (8, 4)
    (line, _, (bars,)) = display.error_bars_[0]
    assert_array_equal(line.get_xydata(), np.column_stack([display.num_topics, display.mean_scores]))
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    assert_allclose(ends[:, 1] - ends[:, 0], 2 * display.standard_errors)
    assert_allclose(display.best_.get_offsets(), [[8, 2.3]])
    assert_allclose(display.one_standard_error_.get_offsets(), [[4, 2.0]])
    assert_allclose(display.threshold_.get_ydata(), 2.3 - 0.6 / np.sqrt(3))
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert {"best: 8", "fewest within one standard error: 4"} <= set(legend)
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()] == ["2", "4", "8", "16"]


def test_other_parameters_are_lines_or_averaged():
    search = search_with_known_scores({"n_components": [2, 4, 8], "doc_topic_prior": [0.5, 0.25]})
    display = NumTopicsDisplay.from_estimator(search)
    assert_array_equal(display.num_topics, [2, 4, 8, 2, 4, 8])
    assert display.settings.tolist() == ["doc_topic_prior=0.25"] * 3 + ["doc_topic_prior=0.5"] * 3
    assert_allclose(display.mean_scores, [0.75, 1.75, 2.05, 0.5, 1.5, 1.8])
    assert len(display.error_bars_) == 2
    assert (display.best_num_topics, display.one_standard_error_num_topics) == (8, 4)
    averaged = NumTopicsDisplay.from_estimator(search, average=True)
    assert_array_equal(averaged.num_topics, [2, 4, 8])
    assert_allclose(averaged.mean_scores, [0.625, 1.625, 1.925])
    assert_allclose(averaged.standard_errors, 0.6 / np.sqrt(3))


def test_fewest_are_chosen_in_any_setting():
    """Though the best is of another."""
    display = NumTopicsDisplay(
        np.array([2, 8, 4, 8]), np.array([2.9, 2.95, 1.0, 3.0]), np.full(4, 0.2), np.array(["a", "a", "b", "b"])
    )
    assert (display.best_num_topics, display.one_standard_error_num_topics) == (8, 2)


BY_PRIOR = {0.1: {2: 1.0, 4: 2.0, 8: 2.1}, 0.2: {2: 1.1, 4: 1.2, 8: 2.3}}


def score_by_prior(model, X, y=None):
    """As `known_score`, with the standard error of 0.346 in all."""
    return BY_PRIOR[model.doc_topic_prior][model.n_components] + 0.6 * (X[0, 0] - 1)


@pytest.mark.parametrize("scoring", [score_by_prior, {"score": score_by_prior, "none": lambda *_: 0.0}])
@pytest.mark.parametrize("numbers", [[2, 4, 8], [8, 2, 4]])
def test_the_picture_marks_what_a_search_takes(numbers, scoring):
    """8 topics are best with one prior, and 4 nearly as good with another."""
    search = GridSearchCV(
        LatentDirichletAllocation(max_iter=1),
        {"n_components": numbers, "doc_topic_prior": [0.2, 0.1]},
        cv=KFold(3),
        scoring=scoring,
        refit=one_standard_error("n_components"),
    )
    search.fit(np.column_stack([FOLD_OF_ROW, np.ones((12, 2))]))
    assert search.best_params_ == {"n_components": 4, "doc_topic_prior": 0.1}
    display = NumTopicsDisplay.from_estimator(search)
    assert (display.best_num_topics, display.one_standard_error_num_topics) == (8, 4)
    assert display.one_standard_error_.get_offsets()[0, 1] == search.cv_results_["mean_test_score"][search.best_index_]


def test_of_equally_good_points_the_order_decides_nothing():
    """As in the choice of a search: the simplest is best, then the one of the smallest error."""
    num_topics, means, errors = np.array([8, 4, 4, 2]), np.array([3.0, 3.0, 3.0, 2.0]), np.array([2.0, 2.0, 0.5, 0.0])
    for order in permutations(range(4)):
        i = list(order)
        display = NumTopicsDisplay(num_topics[i], means[i], errors[i], np.array(["a", "b", "c", "d"]))
        assert (display.best_num_topics, display.one_standard_error_num_topics) == (4, 4)


def test_a_single_fold_has_no_standard_error():
    display = NumTopicsDisplay.from_estimator(search_with_known_scores(cv=ShuffleSplit(1, random_state=0)))
    assert_array_equal(display.standard_errors, 0)
    assert display.best_num_topics == display.one_standard_error_num_topics == 8


def test_searches_at_random_of_pipelines_and_with_several_scorers():
    grid = {"latentdirichletallocation__n_components": [1, 2, 3]}
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(max_iter=1, random_state=0))
    scoring = {
        "one": lambda model, X, y=None: model[-1].n_components,
        "two": lambda model, X, y=None: -model[-1].n_components,
    }
    search = RandomizedSearchCV(pipeline, grid, n_iter=3, cv=2, scoring=scoring, refit="one", random_state=0).fit(TEXTS)
    display = NumTopicsDisplay.from_estimator(search)
    assert_array_equal(display.mean_scores, [1, 2, 3])
    assert display.ax_.get_ylabel() == "test one"
    assert NumTopicsDisplay.from_estimator(search, scoring="two").best_num_topics == 1
    with pytest.raises(ValueError, match="scoring must be one of"):
        NumTopicsDisplay.from_estimator(search, scoring="three")


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_candidates_without_scores_are_told_of():
    def failing(model, X, y=None):
        return np.nan if model.n_components == failing.number else known_score(model, X)

    failing.number = 16
    with pytest.warns(UserWarning, match="1 of 4 candidates"):
        display = NumTopicsDisplay.from_estimator(search_with_known_scores(scoring=failing))
    assert_array_equal(display.num_topics, [2, 4, 8])
    failing.number = 2
    with pytest.raises(ValueError, match="No candidate"):
        NumTopicsDisplay.from_estimator(search_with_known_scores({"n_components": [2]}, scoring=failing))


def test_searches_that_have_no_curve(lda):
    with pytest.raises(TypeError, match="LatentDirichletAllocation"):
        NumTopicsDisplay.from_estimator(lda)
    with pytest.raises(NotFittedError):
        NumTopicsDisplay.from_estimator(GridSearchCV(lda, {"n_components": [1]}))
    priors = search_with_known_scores({"doc_topic_prior": [0.1], "max_iter": [1, 2]}, scoring=lambda *_: 0.0)
    with pytest.raises(ValueError, match="searched were"):
        NumTopicsDisplay.from_estimator(priors)
    assert_array_equal(NumTopicsDisplay.from_estimator(priors, param="max_iter").num_topics, [1, 2])
    partly = search_with_known_scores([{"n_components": [2]}, {"max_iter": [1]}], scoring=lambda *_: 0.0)
    with pytest.raises(ValueError, match="all candidates"):
        NumTopicsDisplay.from_estimator(partly)
    names = search_with_known_scores({"n_components": [2], "learning_method": ["batch", "online"]})
    with pytest.raises(ValueError, match="over integers"):
        NumTopicsDisplay.from_estimator(names, param="learning_method")
    twice = search_with_known_scores({"n_components": [2, 2]})
    with pytest.raises(ValueError, match="average=True"):
        NumTopicsDisplay.from_estimator(twice)
    assert_array_equal(NumTopicsDisplay.from_estimator(twice, average=True).num_topics, [2])
    halving = HalvingGridSearchCV(lda, {"n_components": [1, 2]}, cv=2, min_resources=4).fit(np.eye(12))
    with pytest.raises(ValueError, match="halving"):
        NumTopicsDisplay.from_estimator(halving)


def test_ticks_of_many_numbers_do_not_overlap():
    numbers = np.arange(1, 200)
    display = NumTopicsDisplay(numbers, -1.0 * numbers, numbers * 0.0, np.full(199, "")).plot()
    display.figure_.canvas.draw()
    ticks = [tick.label1.get_window_extent() for tick in display.ax_.xaxis.get_major_ticks()]
    assert len(ticks) > 3
    assert not overlapping(ticks)


@pytest.mark.parametrize("topics", [[2], [0, 1]])
def test_pictures_lie_within_their_figures(topics):
    X = make_topics_corpus(60, n_topics=3, n_features=40, doc_length=30, random_state=0).data
    size = pd.Series(np.arange(60) / 10, name="size in kB")
    model = LNTMTransformer(**SMALL, covariance="full").fit(X, covariates=size)
    at = pd.Series(np.arange(6), name="size in kB")
    words = [f"a word {i} that is long" for i in range(40)]
    options = {"feature_names": words, "random_state": 0}
    curve = EffectDisplay.from_estimator(model, X, size, at=at.to_frame(), values=at, topics=topics, **options)
    contrast = EffectDisplay.from_estimator(model, X, size, {"large - small": [3.0]}, **options)
    assert curve.figure_.get_supxlabel() == "size in kB" and contrast.axes_[0].get_title() == "large - small"
    for figure in (curve.figure_, contrast.figure_, TopicCorrelationDisplay.from_estimator(model).figure_):
        figure.canvas.draw()
        drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= width and drawn.y1 <= height
