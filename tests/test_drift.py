"""Words of topics over time: against slow obvious formulas, on planted drift, and on none."""

import warnings
from datetime import date

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from matplotlib.collections import PolyCollection
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm.inspection import _over_time, components_over, topic_labels
from sklearn_etm.metrics import completion_split
from sklearn_etm.plotting import WordDriftDisplay

matplotlib.use("agg")


class Blocks:
    """Two topics of the same number of words, none in both: proportions are those of the words."""

    def __init__(self, n_words=10):
        self.components_ = np.kron(np.eye(2), np.full(n_words, 1 / n_words))

    def transform(self, X):
        return np.asarray(X @ (self.components_ > 0).T, dtype=float)


def drawn(drift, seed=0, n_documents=1800, n_slices=6):
    """Counts and slices; the first two words of topic 0, .3 and .05, swap over time if they drift."""
    rng = np.random.default_rng(seed)
    times = np.arange(n_documents) % n_slices
    first = np.array([0.3, 0.05, *[0.65 / 8] * 8])
    moved = drift * times[:, None] / (n_slices - 1)
    beta = (1 - moved) * first + moved * first[[1, 0, *range(2, 10)]]
    share = rng.beta(0.5, 0.5, n_documents)
    words = np.hstack([share[:, None] * beta, (1 - share)[:, None] * np.tile(first, (n_documents, 1))])
    return sp.csr_array(rng.multinomial(20, words)), times


@pytest.fixture(scope="module")
def lda():
    return LatentDirichletAllocation(3, max_iter=5, random_state=0).fit(COUNTS)


COUNTS = np.random.default_rng(0).poisson(0.8, (40, 7)) + np.eye(40, 7, dtype=int)
YEARS = np.random.default_rng(1).choice([2001, 2002, 2003, 2005, 2015], 40)


def counted(model, X, times):
    """Expected tokens, (T, K, V), document by document."""
    beta = model.components_ / model.components_.sum(axis=1, keepdims=True)
    tokens = np.zeros((len(np.unique(times)), *beta.shape))
    for x, theta, t in zip(X, model.transform(X), np.unique(times, return_inverse=True)[1], strict=True):
        tokens[t] += x * theta[:, None] * beta / (theta @ beta)
    return tokens


def solved(n, weight, steps):
    """Words of slices, (T, V), by a dense solver: neighbours weigh so many tokens, divided by the step."""
    A = np.diag(n.sum(axis=1))
    for t, step in enumerate(steps):
        pair = np.ix_([t, t + 1], [t, t + 1])
        A[pair] += weight / step * np.array([[1, -1], [-1, 1]])
    return np.linalg.solve(A, n)


@pytest.mark.parametrize("smoothing", [0.3, 10.0])
def test_words_of_slices_are_those_of_a_dense_solver(lda, smoothing):
    """Steps of years count: 1, 1, 2, 10, in medians."""
    table = components_over(lda, COUNTS, YEARS, n_words=7, smoothing=smoothing, n_bootstrap=1).table
    n = counted(lda, COUNTS, YEARS)
    names = [f"x{v}" for v in range(7)]
    for k, rows in table.groupby("topic"):
        expected = solved(n[:, k], smoothing * n[:, k].sum() / 5, np.array([1, 1, 2, 10]) / 1.5)
        read = rows.pivot(index="time", columns="word", values="probability")
        assert_allclose(read[names], expected, rtol=1e-9)
        assert_allclose(rows.groupby("word")["overall"].first()[names], n[:, k].sum(axis=0) / n[:, k].sum())
        assert_allclose(rows["tokens"], np.tile(n[:, k].sum(axis=1), 7))
        assert (rows["overall"].iloc[::5].diff().iloc[1:] <= 0).all()
    assert (table["smoothing"] == smoothing).all()
    assert table["time"].tolist() == [2001, 2002, 2003, 2005, 2015] * 21
    assert table["n_documents"].iloc[:5].tolist() == np.unique(YEARS, return_counts=True)[1].tolist()
    assert_allclose(table.groupby(["topic", "time"])["tokens"].first().sum(), COUNTS.sum())


@pytest.mark.parametrize(
    "times", [list("abcde"), pd.Categorical([3, 1, 2, 9, 5], categories=[3, 1, 2, 9, 5], ordered=True)]
)
def test_slices_of_no_known_distance_are_equally_far(lda, times):
    X = COUNTS[:5]
    table = components_over(lda, X, times, topics=1, words="x2", smoothing=2, n_bootstrap=1).table
    n = counted(lda, X, range(5))[:, 1]
    assert_allclose(table["probability"], solved(n, 2 * n.sum() / 5, np.ones(4))[:, 2])


def test_dates_are_as_far_as_their_days(lda):
    days = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 4), date(2024, 3, 1), date(2024, 3, 5)]
    tables = [
        components_over(lda, COUNTS[:5], times, n_words=7, smoothing=2, random_state=0).table
        for times in (days, np.array(days, dtype="M8[s]"), [day.toordinal() for day in days])
    ]
    for table in tables[1:]:
        assert_allclose(table[["probability", "low", "high"]], tables[0][["probability", "low", "high"]])


def test_the_ends_of_smoothing(lda):
    n = counted(lda, COUNTS, YEARS)
    still = components_over(lda, COUNTS, YEARS, smoothing=np.inf, n_bootstrap=1).table
    assert_allclose(still["probability"], still["overall"])
    apart = components_over(lda, COUNTS, YEARS, words=["x3"], smoothing=1e-9, n_bootstrap=1).table
    assert_allclose(apart["probability"], (n[..., 3] / n.sum(axis=2)).T.ravel(), rtol=1e-6)


def test_smoothing_is_chosen_by_held_out_halves_of_documents():
    """Documents of a slice are all the same, so that any folds are."""
    model, times = Blocks(3), np.repeat([0, 1, 2], 6)
    X = np.array([[4, 2, 0, 2, 2, 2], [2, 2, 2, 0, 4, 2], [0, 2, 4, 2, 2, 2]])[times]
    table, completion = components_over(model, X, times, random_state=0)
    observed, heldout = (half.toarray() for half in completion_split(X))
    theta = model.transform(observed) / observed.sum(axis=1, keepdims=True)
    n = counted(model, X, times)
    pooled = n.sum(axis=0) / n.sum(axis=(0, 2))[:, None]
    tried = [np.inf, 1000, 300, 100, 30, 10, 3, 1, 0.3, 0.1]

    def said(smoothings):
        topics = np.tile(pooled, (3, 1, 1))
        for k, c in enumerate(smoothings):
            if np.isfinite(c):
                topics[:, k] = solved(n[:, k] * 2 / 3, c * n[:, k].sum() / 3, [1, 1])
        probability = np.einsum("dk,dkv->dv", theta, topics[times])
        return (heldout * np.log(probability)).sum() / heldout.sum()

    first = [said([c, np.inf]) for c in tried]
    best = tried[int(np.argmax(first))]
    assert max(first) > max(said([np.inf, c]) for c in tried)
    assert completion["smoothing"].tolist() == tried * 2
    assert_allclose(completion["log_likelihood"], [*first, *(said([best, c]) for c in tried)])
    assert table["smoothing"].tolist()[0] == best < np.inf


def test_planted_drift_is_found_and_led_by():
    X, times = drawn(drift=True)
    table, completion = components_over(Blocks(), X, times, n_words=3, by="drift", random_state=0)
    assert set(table["word"][:12]) == {"x0", "x1"}
    away = (table["low"] > table["overall"]) | (table["high"] < table["overall"])
    planted = table[away & (table["topic"] == 0) & table["word"].isin(["x0", "x1"])]
    assert set(planted["time"]) >= {0, 1, 4, 5}
    assert (table.groupby("topic")["smoothing"].first() <= [10, np.inf]).all()
    assert not away[table["topic"] == 1].any()
    best = completion.loc[completion.groupby("topic")["log_likelihood"].idxmax(), "smoothing"]
    assert best.tolist() == table.groupby("topic")["smoothing"].first().tolist()
    ends = table[table["word"] == "x0"]["probability"].to_numpy()[[0, 5]]
    assert_allclose(ends, [0.3, 0.05], atol=0.05)


def test_without_drift_intervals_hold_what_does_not_drift():
    """With hardly any smoothing at the nominal rate of 5 %; with the smoothing that is chosen, hardly ever."""
    rates = {}
    for smoothing in (1e-9, "auto"):
        away = []
        for seed in range(3):
            X, times = drawn(drift=False, seed=seed)
            table = components_over(Blocks(), X, times, smoothing=smoothing, n_bootstrap=400, random_state=0).table
            away.append((table["low"] > table["overall"]) | (table["high"] < table["overall"]))
        rates[smoothing] = np.mean(away)
    assert 0.02 < rates[1e-9] < 0.08
    assert rates["auto"] < 0.01


def test_interval_of_documents_of_one_word_is_binomial():
    n, successes = 400, 120
    X = np.eye(4, dtype=int)[[0] * successes + [1] * (n - successes)]
    table = components_over(Blocks(2), X, ["a"] * n, words=["x0"], n_bootstrap=4000, random_state=0).table
    assert_allclose(table["probability"][0], 0.3)
    assert_allclose(table.loc[0, ["low", "high"]].tolist(), binom.ppf([0.025, 0.975], n, 0.3) / n, atol=0.004)


def test_blocks_of_words_and_pairs_change_nothing(lda, monkeypatch):
    options = {"n_bootstrap": 20, "by": "drift", "random_state": 3}
    whole = components_over(lda, COUNTS, YEARS, **options)
    monkeypatch.setattr(_over_time, "_BLOCK_FLOATS", 30)
    by_blocks = components_over(lda, COUNTS, YEARS, **options)
    for one, other in zip(whole, by_blocks, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_seeds(lda):
    first, again, other = (
        components_over(lda, COUNTS, YEARS, n_bootstrap=20, smoothing=1, random_state=seed).table for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first["low"].equals(other["low"]) and first["probability"].equals(other["probability"])
    assert (first["low"] <= first["high"]).all()


@pytest.mark.parametrize("smoothing", ["auto", 1e-9, 1, 1e12])
@pytest.mark.parametrize("times", [["a"] * 40, range(40), [0] + [1] * 39])
def test_one_slice_and_slices_of_one_document(lda, times, smoothing):
    """Also where documents say nothing at all."""
    X = COUNTS * (np.arange(40) % 4 > 0)[:, None]
    table, completion = components_over(lda, X, times, n_words=7, smoothing=smoothing, n_bootstrap=10, random_state=0)
    assert np.isfinite(table[["probability", "low", "high", "overall"]]).all(axis=None)
    assert_allclose(table.groupby(["topic", "time"])["probability"].sum(), 1)
    assert (completion is None) == (smoothing != "auto" or len(set(times)) == 1)


def test_slices_without_tokens_lie_between_their_neighbours_and_topics_without_are_those_of_the_model():
    X, times = [[4, 0, 0, 0], [0, 0, 0, 0], [0, 4, 0, 0]], [1, 2, 3]
    table = components_over(Blocks(2), X, times, words=["x0", "x2"], smoothing=1e-6, n_bootstrap=2).table
    assert_allclose(table["probability"], [1, 0.5, 0, *[0] * 3, *[0] * 3, *[0.5] * 3], atol=1e-5)
    assert_allclose(table["low"], table["probability"])
    assert table["tokens"].tolist() == [4, 0, 4] * 2 + [0] * 6


def test_words_that_no_topic_of_a_document_has_are_told_apart_by_its_proportions():
    model = Blocks(2)
    model.components_ = np.array([[0.5, 0.5, 0, 0, 0], [0, 0, 0.5, 0.5, 0]])
    table = components_over(model, [[1, 0, 3, 0, 4]], [0], words="x4").table
    assert_allclose(table["probability"], [1 / 2, 3 / 6])
    assert table["tokens"].tolist() == [2, 6]


def test_what_the_background_says_is_not_counted_in_topics():
    """Word x0 is as probable in the background as in the topic, and half of each document is background."""
    model = Blocks(2)
    model.background_topic_, model.components_ = 0, np.array([[0.5, 0.5, 0], [0.5, 0, 0.5]])
    model.transform = lambda X: np.full((len(X), 2), 0.5)
    table = components_over(model, [[4, 2, 2]], [0], n_words=3).table
    assert table.groupby("topic")["tokens"].first().tolist() == [4, 4]
    assert table[table["topic"] == 1].set_index("word")["probability"].to_dict() == {"x0": 0.5, "x2": 0.5, "x1": 0}
    assert [label.startswith("background: ") for label in table["label"].unique()] == [True, False]


def test_documents_without_a_time_are_left_out_loudly(lda):
    times = pd.to_datetime(pd.Series(YEARS).astype(str)).where(np.arange(40) % 5 > 0)
    with pytest.warns(UserWarning, match="8 of 40 documents have no time") as told:
        table = components_over(lda, COUNTS, times, freq="Y", smoothing=3, random_state=0).table
    assert told[0].filename == __file__
    kept = times.notna().to_numpy()
    expected = components_over(lda, COUNTS[kept], times[kept].tolist(), smoothing=3, random_state=0).table
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)


def test_words_of_a_fitted_pipeline():
    texts, years = ["star moon star moon", "goal team goal team"] * 10, ["2001", "2002"] * 10
    pipeline = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    tables = [
        components_over(pipeline, texts, years, freq="Y", random_state=0).table,
        components_over(
            pipeline[-1],
            pipeline[0].transform(texts),
            years,
            freq="Y",
            random_state=0,
            feature_names=pipeline[0].get_feature_names_out(),
        ).table,
    ]
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["time"].dt.year.tolist()[:2] == [2001, 2002]


def test_names_of_columns_are_no_reason_to_warn(lda):
    """The halves of documents that choose the smoothing have no names, and are of columns that were looked at."""
    frame = pd.DataFrame(COUNTS, columns=[f"w{i}" for i in range(7)])
    named = LatentDirichletAllocation(3, max_iter=5, random_state=0).fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        completion = components_over(named, frame, YEARS, n_bootstrap=2, random_state=0).completion
    expected = components_over(lda, COUNTS, YEARS, n_bootstrap=2, random_state=0).completion
    pd.testing.assert_frame_equal(completion, expected)


@pytest.mark.parametrize(
    ("error", "message", "times", "options"),
    [
        (ValueError, "times must name the time of each of the 40", YEARS[1:], {}),
        (ValueError, "times names no time", [None] * 40, {}),
        (ValueError, r"times.*got shape \(40, 1\)", YEARS[:, None], {}),
        (TypeError, "times must be of one kind", ["a", 1] * 20, {}),
        (ValueError, "times must hold dates.*got the number.*to_datetime.times", YEARS, {"freq": "Y"}),
        (ValueError, "times must hold dates.*to_datetime.times", ["03/04/2021"] * 40, {"freq": "Y"}),
        (ValueError, "freq must be a unit", ["2021"] * 40, {"freq": "fortnight"}),
        (ValueError, "numbered from 0 to 2", YEARS, {"topics": [0, 3]}),
        (ValueError, "topics must be integers", YEARS, {"topics": []}),
        (ValueError, "Not among the 7 words.*'x9'", YEARS, {"words": ["x1", "x9"]}),
        (ValueError, "words must name a word", YEARS, {"words": []}),
        (ValueError, "n_words", YEARS, {"n_words": 0}),
        (ValueError, "by must be one of", YEARS, {"by": "frex"}),
        (ValueError, "smoothing must be 'auto' or a number above 0", YEARS, {"smoothing": 0}),
        (ValueError, "smoothing must be", YEARS, {"smoothing": np.nan}),
        (ValueError, "smoothing must be", YEARS, {"smoothing": "much"}),
        (ValueError, "confidence must be", YEARS, {"confidence": 95}),
        (ValueError, "n_bootstrap", YEARS, {"n_bootstrap": 0}),
        (TypeError, "n_bootstrap", YEARS, {"n_bootstrap": 1.5}),
    ],
)
def test_what_is_refused(lda, error, message, times, options):
    with pytest.raises(error, match=message):
        components_over(lda, COUNTS, times, **options)


def test_models_and_documents_that_are_refused(lda):
    with pytest.raises(NotFittedError):
        components_over(LatentDirichletAllocation(), COUNTS, YEARS)
    with pytest.raises(TypeError, match="cannot transform documents"):
        components_over(np.eye(7), COUNTS, YEARS)
    with pytest.raises(ValueError, match="X has 6 features"):
        components_over(lda, COUNTS[:, 1:], YEARS)
    with pytest.raises(ValueError, match=r"No document with a time has two tokens.*smoothing=10"):
        components_over(lda, np.eye(7), range(7))


# Pictures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("times", "freq"), [(YEARS, None), (YEARS.astype(str), "Y"), (YEARS.astype(str), None), (YEARS / 2, None)]
)
def test_words_are_lines_with_bands(lda, times, freq):
    options = {"freq": freq, "smoothing": 1, "n_bootstrap": 20, "random_state": 0}
    display = WordDriftDisplay.from_estimator(lda, COUNTS, times, 1, n_words=3, n_columns=2, **options)
    table = components_over(lda, COUNTS, times, topics=[1], n_words=3, by="drift", **options).table
    display.figure_.canvas.draw()
    assert display.figure_.get_suptitle() == f"1: {topic_labels(lda)[1]}"
    assert display.times.tolist() == np.asarray(table["time"])[:5].tolist()
    for i, (panel, line, band) in enumerate(zip(display.axes_, display.lines_, display.intervals_, strict=True)):
        rows = table[5 * i : 5 * i + 5]
        assert panel.get_title() == rows["word"].iloc[0] == display.words[i]
        assert_array_equal(line.get_ydata(), rows["probability"])
        assert isinstance(band, PolyCollection)
        assert {*rows["low"], *rows["high"]} <= {*band.get_paths()[0].vertices[:, 1]}
        assert panel.lines[0].get_ydata() == [rows["overall"].iloc[0]] * 2
        assert panel.get_ylim()[0] == 0 and panel.get_ylim()[1] > rows["high"].max()
    assert len({panel.get_ylim() for panel in display.plot(share_scale=True).axes_}) == 1


def test_names_of_many_slices_are_thinned(lda):
    names = [f"${i:02d}$" for i in range(40)]
    display = WordDriftDisplay.from_estimator(lda, COUNTS, names, 0, words="x1", smoothing=1, n_bootstrap=2)
    assert [tick.get_text() for tick in display.axes_[0].get_xticklabels()] == names[::7]


def test_words_are_drawn_on_axes_that_are_given(lda):
    axes = plt.subplots(1, 3)[1]
    display = WordDriftDisplay.from_estimator(
        lda, COUNTS, YEARS, 0, words=["x1", "x2"], smoothing=1, n_bootstrap=2, ax=axes, color="#123456"
    )
    assert display.axes_.tolist() == axes[:2].tolist() and not axes[2].lines
    assert display.figure_ is axes[0].figure and display.lines_[0].get_color() == "#123456"
    for topic, ax, message in [(0, axes[0], "each of the 2 words"), (3, None, "numbered"), ([0], None, "one integer")]:
        with pytest.raises(ValueError, match=message):
            WordDriftDisplay.from_estimator(
                lda, COUNTS, YEARS, topic, words=["x1", "x2"], smoothing=1, n_bootstrap=2, ax=ax
            )
