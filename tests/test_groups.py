"""Groups, dates and labels in whatever holds them: the same figures, or an error that tells what to pass."""

import datetime as dt
import re
import warnings
from collections import deque
from decimal import Decimal

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklearn_etm.inspection import components_over, report, topics_over
from sklearn_etm.metrics import cluster_nmi, cluster_purity, make_topic_scorer
from sklearn_etm.plotting import TopicShareDisplay

matplotlib.use("agg")


class ThreeWords:
    """Each word is a topic, and proportions are those of the words."""

    components_ = np.eye(3)

    def transform(self, X):
        return X.toarray() if hasattr(X, "toarray") else np.asarray(X)


X = np.eye(3, dtype=int)[[0, 1, 2] * 4] * 5
NAMES, NUMBERS = ["a", "b", None] * 4, [1, 2, None] * 4
DAYS = [dt.datetime(2021, month, 3, 14, 5) for month in range(1, 13)]
GAPS = [None if i % 3 == 2 else day for i, day in enumerate(DAYS)]
MONTHS = ["Jan", "Feb", "Mar"] * 4
CALENDAR = ["Dec", "Jan", "Feb", "Mar"]


@pytest.fixture(scope="module")
def model():
    return ThreeWords()


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def groups_of(model, groups, **options):
    """Names of the groups in their order, in the table, the picture and the page alike."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"random_state": 0} | options
        table = topics_over(model, X, groups, n_bootstrap=2, **options)
        display = TopicShareDisplay.from_estimator(model, X, groups, n_bootstrap=2, **options)
        over = components_over(model, X, groups, topics=0, words="x0", smoothing=1, n_bootstrap=2, **options).table
    names = table["group"].tolist()[::3]
    assert over["time"].tolist() == names and over["n_documents"].tolist() == table["n_documents"].tolist()[::3]
    assert pd.Series(display.groups).tolist() == names
    display.figure_.set_layout_engine("none")
    display.figure_.draw_without_rendering()
    return names


# What is missing, in every container

MISSING = {
    "list of NA": [*pd.Series(NAMES, dtype="string")],
    "list of NA and numbers": [*pd.Series(NUMBERS, dtype="Int64")],
    "None, NaN, NA, NaT": np.array(["a", "b", None, "a", "b", np.nan, "a", "b", pd.NA, "a", "b", pd.NaT], dtype=object),
    "tuple": tuple(NAMES),
    "deque": deque(NUMBERS),
    "decimals": [Decimal("1.5"), Decimal("2.5"), Decimal("NaN")] * 4,
    "floats": np.array([1.0, 2.0, np.nan] * 4),
    "masked strings": np.ma.array(["a", "b", "c"] * 4, mask=[0, 0, 1] * 4),
    "masked integers": np.ma.array([1, 2, 3] * 4, mask=[0, 0, 1] * 4),
    "masked dates": np.ma.array(np.array(["2021", "2022", "2023"] * 4, dtype="M8[ns]"), mask=[0, 0, 1] * 4),
    "entries of a masked array": list(np.ma.array([1, 2, 3] * 4, mask=[0, 0, 1] * 4)),
    "bytes": [b"a", b"plan\xc3\xa8te", None] * 4,
    "Series": pd.Series(NAMES, index=range(12, 0, -1)),
    "object Series": pd.Series(["a", "b", pd.NA] * 4, dtype=object),
    "string": pd.Series(NAMES, dtype="string"),
    "string[pyarrow]": pd.Series(NAMES, dtype="string[pyarrow]"),
    "Int64": pd.Series(NUMBERS, dtype="Int64"),
    "int64[pyarrow]": pd.Series(NUMBERS, dtype="int64[pyarrow]"),
    "boolean": pd.Series([True, False, None] * 4, dtype="boolean"),
    "Categorical": pd.Categorical(NAMES),
    "categories": pd.Series(NAMES, dtype="category"),
    "intervals": pd.cut([0.0, 1.0, np.nan] * 4, 2),
    "periods": pd.PeriodIndex(["2021Q1", "2021Q2", "NaT"] * 4, freq="Q"),
    "time zone": pd.to_datetime(pd.Series(["2021-01-01", "2022-01-01", None] * 4)).dt.tz_localize("Europe/Berlin"),
    "polars": pl.Series(NAMES),
    "polars integers": pl.Series(NUMBERS),
    "polars NaN": pl.Series([1.0, 2.0, float("nan")] * 4),
    "polars Categorical": pl.Series(NAMES, dtype=pl.Categorical),
    "polars Enum": pl.Series(NAMES, dtype=pl.Enum(["c", "a", "b"])),
    "polars dates": pl.Series([dt.date(2021, 1, 1), dt.date(2022, 1, 1), None] * 4),
    "pyarrow": pa.array(NAMES),
    "pyarrow integers": pa.array(NUMBERS),
    "pyarrow dictionaries": pa.chunked_array([pa.array(NAMES[i : i + 6]).dictionary_encode() for i in (0, 6)]),
    "scalars of pyarrow": list(pa.array(NAMES)),
    "tuples": [("a", 1), ("b", 2), None] * 4,
}


@pytest.mark.parametrize("groups", MISSING.values(), ids=MISSING)
def test_what_is_missing_is_left_out_and_counted(model, groups, tmp_path):
    """Eight documents have a group: those of the first topic one, those of the second the other."""
    with pytest.warns(UserWarning, match="4 of 12 documents have no group") as told:
        table = topics_over(model, X, groups, n_bootstrap=2)
    assert [warning.filename for warning in told if "have no group" in str(warning.message)] == [__file__]
    assert table["n_documents"].tolist() == [4] * 6
    assert sorted(table["prevalence"].tolist()[::3]) == [0, 1] and table["prevalence"].tolist()[2::3] == [0, 0]
    with pytest.warns(UserWarning, match="4 of 12"):
        page = report(model, X, path=tmp_path / "t.html", groups=groups, random_state=0).read_text(encoding="utf-8")
    assert page.count('"group":-1') == 4 and '"sizes":[4,4]' in page
    assert len(groups_of(model, groups)) == 2


@pytest.mark.parametrize("groups", MISSING.values(), ids=MISSING)
@pytest.mark.parametrize("measure", [cluster_purity, cluster_nmi])
def test_documents_without_a_label_are_refused(measure, groups):
    with pytest.raises(ValueError, match="4 of 12 documents have no label"):
        measure(groups, X)


@pytest.mark.parametrize("measure", ["cluster_purity", "cluster_nmi"])
@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(MONTHS, dtype="category"),
        pl.Series(MONTHS, dtype=pl.Categorical),
        pa.array(MONTHS),
        pd.cut(np.tile([0.0, 1.0, 2.0], 4), 3),
        pd.PeriodIndex(["2021Q1", "2021Q2", "2021Q3"] * 4, freq="Q"),
        pd.Series([1, 2, 3] * 4, dtype="Int64"),
        [b"a", b"b", b"c"] * 4,
    ],
)
def test_labels_of_any_kind_are_compared(model, measure, labels):
    assert make_topic_scorer(measure)(model, X, labels) == 1
    of_one_topic = make_topic_scorer(measure)(model, np.ones_like(X), labels)
    assert of_one_topic == pytest.approx(1 / 3 if measure == "cluster_purity" else 0)


def test_groups_are_read_once(model, tmp_path):
    groups = (name for name in MONTHS)
    assert '"names":["Feb","Jan","Mar"]' in report(model, X, path=tmp_path / "t.html", groups=groups).read_text("utf-8")


# Order


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        (pd.Categorical(MONTHS, CALENDAR, ordered=True), ["Jan", "Feb", "Mar"]),
        (pd.Series(pd.Categorical(MONTHS, CALENDAR)), ["Jan", "Feb", "Mar"]),
        (pd.CategoricalIndex(MONTHS, CALENDAR[::-1]), ["Mar", "Feb", "Jan"]),
        (pd.Series(MONTHS, dtype="category"), ["Feb", "Jan", "Mar"]),
        (pd.Categorical([3, 1, 1] * 4, [3, 2, 1], ordered=True), [3, 1]),
        (pd.qcut(np.arange(12.0), 3, labels=["low", "mid", "high"]), ["low", "mid", "high"]),
        (pd.cut(range(11, -1, -1), [-1, 2, 10, 99]), [pd.Interval(*ends) for ends in ((-1, 2), (2, 10), (10, 99))]),
        (pl.Series(MONTHS, dtype=pl.Enum(CALENDAR)), ["Jan", "Feb", "Mar"]),
        (pl.Series(MONTHS, dtype=pl.Categorical), ["Feb", "Jan", "Mar"]),
        (pa.array(pd.Categorical(MONTHS, CALENDAR, ordered=True)), ["Jan", "Feb", "Mar"]),
        (MONTHS, ["Feb", "Jan", "Mar"]),
    ],
)
def test_categories_keep_their_order_and_unused_ones_do_not_appear(model, groups, names, tmp_path):
    assert groups_of(model, groups) == names
    page = report(model, X, path=tmp_path / "t.html", groups=groups).read_text(encoding="utf-8")
    written = re.search(r'"names":\[(.*?)\],"sizes"', page)[1]
    assert [name.strip('"') for name in re.findall(r'"[^"]*"', written)] == [str(name) for name in names]


# Dates

MONTH_STARTS = [pd.Timestamp(2021, month, 1) for month in range(1, 13)]
DATES = {
    "datetimes": DAYS,
    "dates": [day.date() for day in DAYS],
    "ISO 8601": [day.isoformat() for day in DAYS],
    "with a blank": [str(day) for day in DAYS],
    "with Z": [day.isoformat() + "Z" for day in DAYS],
    "with an offset": [day.isoformat() + "+02:00" for day in DAYS],
    "nanoseconds": [day.isoformat() + ".123456789" for day in DAYS],
    "months": [f"{day:%Y-%m}" for day in DAYS],
    "days without hyphens": [f"{day:%Y%m%d}" for day in DAYS],
    "days and times without hyphens": [f"{day:%Y%m%dT%H%M%S}" for day in DAYS],
    "padded": [f" {day:%Y-%m-%d}\n" for day in DAYS],
    "bytes": np.array([f"{day:%Y-%m-%d}" for day in DAYS], dtype="S"),
    "Timestamps": list(pd.to_datetime(DAYS)),
    "periods": list(pd.PeriodIndex(DAYS, freq="D")),
    "strings of pandas": pd.Series([day.isoformat() for day in DAYS], dtype="string[pyarrow]"),
    "nanoseconds of NumPy": np.array(DAYS, dtype="M8[ns]"),
    "scalars of NumPy": list(np.array(DAYS, dtype="M8[D]")),
    "categories": pd.Categorical(DAYS, categories=DAYS[::-1]),
    "polars": pl.Series([day.date() for day in DAYS]),
    "polars with a time zone": pl.Series(DAYS).dt.replace_time_zone("Europe/Berlin"),
    "pyarrow": pa.array(DAYS),
    "days of pyarrow": pd.Series([day.date() for day in DAYS], dtype=pd.ArrowDtype(pa.date32())),
    "of several kinds": [*DAYS[:6], *(day.isoformat() for day in DAYS[6:])],
}


@pytest.mark.parametrize("dates", DATES.values(), ids=DATES)
def test_dates_are_read_as_they_are_written(model, dates):
    assert groups_of(model, dates, freq="M") == MONTH_STARTS
    assert groups_of(model, dates, freq="Y") == MONTH_STARTS[:1]


@pytest.mark.parametrize(
    "write",
    [
        "{:%d/%m/%Y}", "{:%m/%d/%Y}", "{:%d.%m.%Y}", "{:%d-%m-%Y}", "{:%y-%m-%d}", "{:%Y/%m/%d}", "{:%b %Y}",
        "{:%Y%m}", "{:%d%m%Y}", "{0.year}-{0.month}-{0.day}", "{:%Y-%m-%d %H:%M UTC}", "{:%m}", "{:%B}",
        "12{:%Y}", "{:%Y}Q1", "now",
    ],
)  # fmt: skip
def test_dates_that_need_guessing_are_refused(model, write):
    with pytest.raises(ValueError, match=r"ISO 8601.*got .*to_datetime\(groups, format="):
        topics_over(model, X, [write.format(day) for day in DAYS], freq="M")


@pytest.mark.parametrize(
    "numbers",
    [
        [int(f"{day:%Y%m%d}") for day in DAYS],
        np.array([int(day.timestamp()) for day in DAYS]),
        pd.Series(range(1, 13), dtype="Int64"),
        pl.Series([2021.0] * 12),
        [True] * 12,
    ],
)
def test_numbers_are_no_dates(model, numbers):
    with pytest.raises(ValueError, match=r"got the number .*format='%Y%m%d'.*unit='s'"):
        topics_over(model, X, numbers, freq="M")


@pytest.mark.parametrize("values", [pd.cut(range(12), 3), [dt.time(3)] * 12, [dt.timedelta(3)] * 12, [(2021, 1)] * 12])
def test_what_is_no_date_is_refused(model, values):
    with pytest.raises(ValueError, match="groups must hold dates; got"):
        topics_over(model, X, values, freq="M")


@pytest.mark.parametrize("blank", ["", "  ", None, "\n"])
def test_blanks_are_no_dates_and_are_counted(model, blank):
    dates = [blank, *(day.isoformat() for day in DAYS[1:])]
    with pytest.warns(UserWarning, match="1 of 12 documents have no group"):
        table = topics_over(model, X, dates, freq="M", n_bootstrap=2)
    assert table["group"].tolist()[::3] == MONTH_STARTS[1:]


@pytest.mark.parametrize("year", [1, 1066, 1676, 2263, 9999])
@pytest.mark.parametrize("kind", [str, dt.date.fromisoformat, np.datetime64, lambda text: text.replace("-", "")])
def test_any_year_of_the_calendar(model, year, kind):
    table = topics_over(model, X, [kind(f"{year:04d}-05-17")] * 12, freq="Y", n_bootstrap=2)
    assert np.asarray(table["group"]).astype("M8[Y]").astype(int).tolist() == [year - 1970] * 3


@pytest.mark.parametrize(
    "late",
    [
        [dt.datetime(2021, 1, 31, 23, tzinfo=dt.timezone(dt.timedelta(hours=-5)))] * 12,
        ["2021-01-31T23:00-05:00"] * 12,
        pd.Series(pd.to_datetime(["2021-01-31T23:00"] * 12)).dt.tz_localize("America/New_York"),
        pl.Series([dt.datetime(2021, 1, 31, 23)] * 12).dt.replace_time_zone("America/New_York"),
        pa.array([dt.datetime(2021, 2, 1, 4)] * 12, type=pa.timestamp("us", "America/New_York")),
    ],
)
def test_time_zones_are_told_of_once(model, late):
    """The last hour of January in New York is February in UTC."""
    with pytest.warns(UserWarning, match="timezones") as told:
        table = topics_over(model, X, late, freq="M", n_bootstrap=2)
    assert len(told) == 1 and told[0].filename == __file__
    assert table["group"].tolist() == MONTH_STARTS[1:2] * 3


def test_dates_in_utc_are_nothing_to_tell_of(model):
    for dates in (["2021-01-31T23:00Z"] * 12, pl.Series(DAYS).dt.replace_time_zone("UTC")):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            topics_over(model, X, dates, freq="M", n_bootstrap=2)


def test_clocks_of_polars_keep_their_zone_without_bins(model):
    midnights = pl.Series([day.replace(hour=0, minute=0) for day in DAYS]).dt.replace_time_zone("Europe/Berlin")
    assert [name.day for name in groups_of(model, midnights)] == [3] * 12


def test_numbers_of_months_are_numbers(model):
    assert groups_of(model, [12, 2, 11, 1, 3, 10] * 2) == [1, 2, 3, 10, 11, 12]


# What groups are not


@pytest.mark.parametrize(
    ("error", "groups", "message"),
    [
        (ValueError, "abcdefghijkl", "in a list, an array or a column of a data frame; got a str"),
        (ValueError, dict.fromkeys(range(12)), "got a dict"),
        (ValueError, set(range(12)), "got a set"),
        (ValueError, pd.DataFrame({"a": MONTHS}), r"got shape \(12, 1\)"),
        (ValueError, pl.DataFrame({"a": MONTHS}), r"got shape \(12, 1\)"),
        (ValueError, [["a"]] * 12, r"got shape \(12, 1\)"),
        (ValueError, [np.array(["a", "b"])] * 12, r"got shape \(12, 2\)"),
        (ValueError, 3, "got a int"),
        (ValueError, np.array("a"), r"got shape \(\)"),
        (ValueError, pl.Series([None] * 12), "names no group"),
        (TypeError, ["a", 1] * 6, "one kind"),
        (TypeError, [{"a": 1}] * 12, "one kind"),
    ],
)
def test_groups_that_are_refused(model, error, groups, message):
    with pytest.raises(error, match=f"groups.*{message}"):
        topics_over(model, X, groups)


def test_groups_of_documents_that_do_not_count(model):
    groups, weights = [None, *"abababababa"], [1] + [0] * 11
    refused = pytest.raises(ValueError, match="groups names no group of a document whose sample_weight is above 0")
    with pytest.warns(UserWarning, match="1 of 12 documents have no group"), refused:
        topics_over(model, X, groups, n_bootstrap=2, sample_weight=weights)


def test_documents_without_a_known_word_are_told_of(model):
    X = np.concatenate([np.ones((4, model.components_.shape[1])), np.zeros((2, model.components_.shape[1]))])
    with pytest.warns(UserWarning, match="2 of 6 documents have no word that the model knows"):
        topics_over(model, X, list("aaabbb"), n_bootstrap=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        topics_over(model, X, list("aaabbb"), n_bootstrap=2, sample_weight=[1, 1, 1, 1, 0, 0])
