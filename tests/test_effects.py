"""Effects of covariates on topics, and correlations of topics: tables and pictures."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from conftest import SMALL
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import t
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer
from sklearn.utils import check_random_state

from sklearn_etm import LNTMTransformer
from sklearn_etm._document_prior import Structure, learned
from sklearn_etm._fitted.meanfield import Documents, Normals, Words, improved
from sklearn_etm._fitted.slices import drawn
from sklearn_etm._rows import Rows
from sklearn_etm.inspection import estimate_effect, topic_correlation
from sklearn_etm.plotting import EffectDisplay, TopicCorrelationDisplay

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(30, 3)) + 0.1 * RNG.normal(size=(4, 30, 3))
THETA = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=2, keepdims=True)  # draws of 30 documents
C = RNG.normal(size=(30, 2))
FRAME = pd.DataFrame(C, columns=["year", "length"])
GROUPS = np.arange(30) % 3
DUMMIES = np.eye(3)[GROUPS][:, 1:]
WEIGHTS = RNG.uniform(0.5, 2, 30)


class Drawn:
    """A model whose posteriors are some draws, the same in each call."""

    components_ = np.eye(3)

    def __init__(self, theta=THETA, **attributes):
        self.theta = theta
        vars(self).update(attributes)

    def transform(self, X):
        return self.theta.mean(axis=0)

    def sample_posterior(self, X, n_samples, *, random_state=None, covariates=None):
        return np.resize(self.theta, (n_samples, *self.theta.shape[1:]))


def of(table, column, K=3):
    return np.asarray(table[column]).reshape(-1, K)


def effect(covariates=C, model=None, n_draws=4, **options):
    model = Drawn() if model is None else model
    return estimate_effect(model, np.ones((model.theta.shape[1], 3)), covariates, n_draws=n_draws, **options)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


# Known answers


def test_pooled_regressions_agree_with_textbook_formulas():
    """Least squares, HC3 and pooling as they are written in the papers, with weights."""
    design, W = np.column_stack([np.ones(30), C]), np.diag(WEIGHTS)
    inverse = np.linalg.inv(design.T @ W @ design)
    leverage = np.diag(design @ inverse @ design.T @ W)
    table = effect(sample_weight=WEIGHTS, confidence=0.8)
    for k in range(3):
        each, within = [], []
        for draw in THETA[:, :, k]:
            each.append(inverse @ design.T @ W @ draw)
            residual = (draw - design @ each[-1]) / (1 - leverage)
            within.append(inverse @ design.T @ W @ np.diag(residual**2) @ W @ design @ inverse)
        for i in (1, 2):
            v, b = np.mean(within, axis=0)[i, i], np.var(each, axis=0, ddof=1)[i]
            row = table[(table["topic"] == k) & (table["covariate"] == f"c{i - 1}")].iloc[0]
            assert row["effect"] == pytest.approx(np.mean(each, axis=0)[i])
            assert row["standard_error"] == pytest.approx(np.sqrt(v / (1 - b / v) + b / 4))
            reach = (row["high"] - row["low"]) / 2 / row["standard_error"]
            assert t.ppf(0.9, 27) < reach < t.ppf(0.9, 1)
            degrees = np.linspace(1, 27, 2601)
            found = degrees[np.abs(t.ppf(0.9, degrees) - reach).argmin()]
            size = abs(row["effect"]) / row["standard_error"]
            assert row["p_value"] == pytest.approx(2 * t.sf(size, found), rel=0.01)


def test_draws_that_agree_add_nothing():
    """The regression of proportions that are known, with the degrees of freedom of the documents."""
    table = effect(model=Drawn(THETA[:1]), confidence=0.9)
    reach = of(table, "high") - of(table, "effect")
    assert_allclose(reach, t.ppf(0.95, 27) * of(table, "standard_error"))


def test_effects_of_groups_are_differences_of_means():
    means = np.stack([THETA.mean(axis=0)[g == GROUPS].mean(axis=0) for g in range(3)])
    table = effect(DUMMIES)
    assert_allclose(of(table, "effect"), means[1:] - means[0])
    assert_allclose(of(effect(DUMMIES, at=[[0, 0], [1, 0], [0, 1]]), "prevalence"), means)
    assert_allclose(of(effect(DUMMIES, contrasts={"2 - 1": [-1, 1]}), "effect"), [means[2] - means[1]])


def test_effects_sum_to_nothing_and_means_to_all():
    assert_allclose(of(effect(), "effect").sum(axis=1), 0, atol=1e-12)
    assert_allclose(of(effect(at=C[:5]), "prevalence").sum(axis=1), 1)


def test_contrasts_are_differences_of_means():
    points = effect(at=C[:2])
    contrast = effect(contrasts=C[1:2] - C[:1])
    assert_allclose(of(contrast, "effect")[0], np.diff(of(points, "prevalence"), axis=0)[0])


def test_documents_of_weight_zero_are_absent():
    weights = np.r_[np.zeros(10), WEIGHTS[10:]]
    some = effect(C[10:], Drawn(THETA[:, 10:]), sample_weight=WEIGHTS[10:])
    pd.testing.assert_frame_equal(effect(sample_weight=weights), some)
    pd.testing.assert_frame_equal(effect(sample_weight=3 * WEIGHTS), effect(sample_weight=WEIGHTS))


def test_units_do_not_matter():
    table, other = effect(), effect(C * [1e6, 1e-6] + [1e3, 0])
    assert_allclose(of(other, "effect") * [[1e6], [1e-6]], of(table, "effect"), atol=1e-10)
    assert_allclose(of(other, "p_value"), of(table, "p_value"), rtol=1e-6)


def test_the_background_is_apart():
    table = effect(model=Drawn(background_topic_=0))
    theta = THETA[:, :, 1:] / THETA[:, :, 1:].sum(axis=2, keepdims=True)
    assert_array_equal(table["topic"].unique(), [1, 2])
    design = np.column_stack([np.ones(30), C])
    expected = np.linalg.lstsq(design, theta.mean(axis=0), rcond=None)[0][1:]
    assert_allclose(of(table, "effect", K=2), expected)


# What is handed in


def test_names_of_rows_and_columns():
    assert_array_equal(effect()["covariate"].unique(), ["c0", "c1"])
    assert_array_equal(effect(FRAME)["covariate"].unique(), ["year", "length"])
    assert_array_equal(effect(FRAME["year"])["covariate"].unique(), ["year"])
    assert_array_equal(effect(FRAME, at=FRAME[:2].set_axis(["a", "b"]))["at"].unique(), ["a", "b"])
    assert_array_equal(
        effect(FRAME, contrasts={"a": [1, 0], "b": sp.csr_array([[0, 1]])})["contrast"].unique(), ["a", "b"]
    )
    assert_array_equal(effect(C[:, 0], at=[0.0, 1.0, 2.0])["at"].unique(), [0, 1, 2])
    pd.testing.assert_frame_equal(effect(sp.csr_array(C), at=sp.csr_array(C[:1])), effect(at=C[0]))


def test_transformers_of_scikit_learn_make_covariates():
    documents = pd.DataFrame({"source": np.array(["x", "y", "z"])[GROUPS], "year": np.arange(30.0)})
    design = ColumnTransformer(
        [
            ("source", OneHotEncoder(drop="first", sparse_output=False), ["source"]),
            ("year", SplineTransformer(4, degree=2, include_bias=False), ["year"]),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    covariates = design.fit_transform(documents)
    years = documents.assign(source="y")[::10]
    table = effect(covariates, at=design.transform(years))
    assert_array_equal(table["at"].unique(), [0, 10, 20])
    assert_array_equal(effect(covariates)["covariate"].unique()[:2], ["source_y", "source_z"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"covariates": C[:5]}, ValueError, "covariates must have one row for each of the 30 rows of X; they have 5"),
        ({"covariates": np.where(C > 1, np.nan, C)}, ValueError, "covariates contains NaN"),
        ({"covariates": "year"}, TypeError, "must be numbers.*got the string 'year'"),
        ({"covariates": np.array(["a", "b"] * 15)}, ValueError, "must be numbers.*OneHotEncoder"),
        ({"covariates": RNG.normal(size=(30, 29))}, ValueError, "30 documents cannot tell the effects of 29"),
        ({"contrasts": [[1.0]]}, ValueError, "contrasts must have a column for each of the 2 covariates; it has 1"),
        ({"at": [[1.0, np.nan]]}, ValueError, "at contains NaN"),
        ({"at": C[:1], "contrasts": C[:1]}, ValueError, "contrasts or at, one at a time"),
        (
            {"covariates": FRAME, "at": FRAME[["length", "year"]]},
            ValueError,
            "columns of at are length, year; they",
        ),
        ({"sample_weight": np.ones(3)}, ValueError, "one number for each of the 30 rows of X; its shape is .3,."),
        ({"sample_weight": -WEIGHTS}, ValueError, "sample_weight must not be negative"),
        ({"sample_weight": np.zeros(30)}, ValueError, "sample_weight is zero for all rows"),
        ({"confidence": 95}, ValueError, "confidence must be between 0 and 1; got 95"),
        ({"n_draws": 1}, ValueError, "n_draws == 1, must be >= 2"),
        ({"model_covariates": C}, ValueError, "fitted without covariates: leave out model_covariates"),
    ],
)
def test_bad_input(options, error, message):
    with pytest.raises(error, match=message):
        effect(**{"covariates": C} | options)


@pytest.mark.parametrize("call", [lambda m, X: estimate_effect(m, X, C), topic_correlation])
def test_models_without_posteriors(call):
    lda = LatentDirichletAllocation(3).fit(np.ones((30, 3)))
    for model, kind in [(lda, "a LatentDirichletAllocation"), (np.eye(3), "an array of topics")]:
        with pytest.raises(TypeError, match=f"sample_posterior.*got {kind}"):
            call(model, np.ones((30, 3)))


def test_constant_covariates_have_no_effect():
    with pytest.warns(UserWarning, match="the same for all documents, and have no effect: c1"):
        table = effect(np.column_stack([C[:, 0], np.full(30, 7.0)]))
    assert_allclose(of(table, "effect")[0], of(effect(C[:, 0]), "effect")[0])
    assert_array_equal(of(table, "effect")[1], 0)
    assert_array_equal(of(table, "p_value")[1], 1)


def test_collinear_covariates_share_what_they_tell():
    """What does not depend on how it is shared is as it is without the last column."""
    whole = np.eye(3)[GROUPS]
    with pytest.warns(UserWarning, match=r"collinear: c0, c1, c2 .*drop='first'"):
        table = effect(whole, at=np.eye(3))
    expected = effect(DUMMIES, at=[[0, 0], [1, 0], [0, 1]])
    for column in ("prevalence", "standard_error", "low", "high"):
        assert_allclose(of(table, column), of(expected, column))


def test_a_group_of_one_document():
    """Its mean is what it is; its variance is taken to be that of all."""
    alone = (np.arange(30) == 4).astype(float)
    with pytest.warns(UserWarning, match="1 of 30 documents alone tell"):
        table = effect(alone, model=Drawn(THETA[:1]))
    rest = np.delete(THETA[0], 4, axis=0)
    assert_allclose(of(table, "effect")[0], THETA[0, 4] - rest.mean(axis=0))
    assert_allclose(of(table, "standard_error")[0] ** 2, rest.var(axis=0, ddof=1) * (1 + 1 / 29), rtol=0.02)


# Models of the package


@pytest.fixture(scope="module")
def covariates():
    return pd.DataFrame(np.random.default_rng(1).normal(size=(60, 2)), columns=["year", "length"])


@pytest.fixture(scope="module")
def model(X, covariates):
    return LNTMTransformer(**SMALL, covariance="full").fit(X, covariates=covariates)


def test_draws_are_those_of_the_model(model, X, covariates):
    table = estimate_effect(model, X, covariates, n_draws=5, random_state=0)
    draws = model.sample_posterior(X, 5, random_state=0, covariates=covariates)
    pd.testing.assert_frame_equal(
        table.drop(columns="label"), effect(covariates, Drawn(draws), n_draws=5).drop(columns="label")
    )


def test_pipelines_bring_their_counts_and_words(model, X, covariates):
    pipeline = Pipeline([("same", FunctionTransformer()), ("topics", model)])
    table = estimate_effect(pipeline, X, covariates, random_state=0)
    pd.testing.assert_frame_equal(table, estimate_effect(model, X, covariates, random_state=0))


def test_without_pandas_tables_are_dicts(model, X, hide_pandas):
    covariates = np.random.default_rng(1).normal(size=(60, 2))
    hide_pandas()
    table = estimate_effect(model, X, covariates, n_draws=5, random_state=0)
    assert_allclose(of(table, "effect").sum(axis=1), 0, atol=1e-12)
    display = EffectDisplay.from_estimator(model, X, covariates, 1, n_draws=5, random_state=0)
    assert_allclose(np.sort(display.estimates), np.sort(of(table, "effect")[1]))
    graph = TopicCorrelationDisplay.from_estimator(model, X, covariates=covariates, n_bootstrap=2, random_state=0)
    assert graph.correlations.shape == (3, 3)


def test_other_covariates_than_those_of_the_fit(model, X, covariates):
    year = covariates[["year"]]
    with pytest.raises(ValueError, match="fitted with the covariates year, length, and these are year: pass"):
        estimate_effect(model, X, year)
    with pytest.raises(ValueError, match="these are length, year"):
        estimate_effect(model, X, covariates[["length", "year"]])
    table = estimate_effect(model, X, year, model_covariates=covariates, random_state=0)
    assert_array_equal(table["covariate"].unique(), ["year"])
    with pytest.raises(ValueError, match="model_covariates must have one row for each of the 60"):
        estimate_effect(model, X, year, model_covariates=covariates[:5])


def test_models_that_do_not_know_of_covariates_say_so(X, covariates):
    model = LNTMTransformer(**SMALL).fit(X)
    with pytest.warns(UserWarning, match=r"fitted without year, length, and words leave \d+% open"):
        estimate_effect(model, X, covariates, random_state=0)


def test_covariates_that_are_columns_of_X(model, X, covariates):
    both = sp.hstack([X, sp.csr_array(covariates.to_numpy())], format="csr")
    other = LNTMTransformer(**SMALL, covariance="full", covariate_columns=slice(40, None)).fit(both)
    table = estimate_effect(other, both, covariates, random_state=0)
    pd.testing.assert_frame_equal(table, estimate_effect(model, X, covariates, random_state=0))
    with pytest.raises(ValueError, match="columns of X: leave out model_covariates"):
        estimate_effect(other, both, covariates, model_covariates=covariates)


def true_topics(rng, n, length, effects, covariance):
    """Covariates and proportions that are drawn, and posteriors under the topics that documents are drawn from."""
    p, K = effects.shape
    topics = np.repeat(np.eye(K), 30, axis=1) * rng.dirichlet(np.ones(30), K)[:, np.arange(30 * K) % 30]
    c = np.column_stack([rng.normal(size=n), *(rng.random((p - 1, n)) < 0.4)])
    z = c @ effects + rng.multivariate_normal(np.zeros(K), covariance, n)
    theta = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    words = sp.csr_array(rng.multinomial(length, theta @ topics).astype(float))
    start = Normals.like(np.full((n, K), 1 / K), np.full(n, length))
    prior = learned(Rows(words, None, c), Words(topics), np.full((n, K), 1 / K), Structure("full", 1, 1.0))
    documents = Documents(words, Words(topics), prior.means(c, n), prior.precision)
    q = improved(start, documents, 10)
    draws = drawn(q, documents, 50, check_random_state(int(rng.integers(2**31))))
    return c, theta, Drawn(draws, components_=topics)


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 400 effects, and of 200 that are 0; the truth is the regression of true proportions of many documents."""
    K, rng = 5, np.random.default_rng(0)
    effects = np.stack([rng.normal(0, 0.5, K), rng.normal(0, 0.8, K), np.zeros(K)])
    covariance = 1.5 * np.eye(K) + 0.5 * np.outer(*[rng.normal(size=K)] * 2)
    c, theta, _ = true_topics(rng, 20000, 1, effects, covariance)
    z = np.tile(c, (10, 1)) @ effects + rng.multivariate_normal(np.zeros(K), covariance, 200_000)
    theta = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    truth = np.linalg.lstsq(np.column_stack([np.ones(len(z)), np.tile(c, (10, 1))]), theta, rcond=None)[0][1:]
    held, positive = [], []
    for _ in range(40):
        c, theta, model = true_topics(rng, 800, 75, effects, covariance)
        table = effect(c, model, n_draws=50, confidence=0.9)
        low, high = of(table, "low", K), of(table, "high", K)
        held.append((low <= truth) & (truth <= high))
        positive.append(of(table, "p_value", K)[2] < 0.1)
    assert 0.85 <= np.mean(np.stack(held)[:, :2]) <= 0.95
    assert np.mean(positive) == pytest.approx(0.1, abs=0.05)


# Correlations


NORMAL = np.random.default_rng(0).normal(size=(200, 2)) @ np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 0.0, 0.0]])


def correlated(noise=0.0):
    """Draws of 200 documents whose first two topics avoid each other, and the last two go together."""
    rng = np.random.default_rng(1)
    z = NORMAL + 0.5 * rng.normal(size=NORMAL.shape) + noise * rng.normal(size=(20, *NORMAL.shape))
    theta = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
    return z, Drawn(theta, components_=np.eye(4))


def square(table):
    matrix = np.eye(4)
    matrix[table["topic_a"], table["topic_b"]] = table["correlation"]
    return matrix + np.triu(matrix, 1).T


def test_correlations_of_known_logits():
    """With mean variance in the direction that proportions say nothing of."""
    z, model = correlated()
    centred = z[0] - z[0].mean(axis=1, keepdims=True)
    covariance = np.cov(centred.T, bias=True)
    covariance += np.trace(covariance) / 3 / 4
    table = topic_correlation(model, np.ones((200, 4)), random_state=0, n_bootstrap=50)
    assert_allclose(square(table), normed(covariance))
    assert (table["low"] <= table["correlation"]).all()
    assert (table["correlation"] <= table["high"]).all()


def normed(covariance):
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)


def test_uncertain_documents_have_wide_intervals():
    sure, unsure = (
        topic_correlation(correlated(noise)[1], np.ones((200, 4)), random_state=0, n_bootstrap=100) for noise in (0, 2)
    )
    assert ((unsure["high"] - unsure["low"]) > 1.2 * (sure["high"] - sure["low"])).all()


def test_correlations_of_documents_are_those_of_the_prior(model, X, covariates):
    """EM goes on where it stopped: posteriors under the learned prior have its moments, but for its shrinkage."""
    table = topic_correlation(model, X, covariates=covariates, random_state=0, n_bootstrap=2)
    prior = model.topic_correlation_[table["topic_a"], table["topic_b"]]
    assert_allclose(table["correlation"], prior, atol=0.2)
    with pytest.raises(ValueError, match="fitted with the covariates year, length: pass those"):
        topic_correlation(model, X)
    with pytest.raises(ValueError, match="confidence must be between"):
        topic_correlation(model, X, covariates=covariates, confidence=1)
    with pytest.raises(ValueError, match="A model of one topic has no correlations"):
        topic_correlation(Drawn(np.ones((2, 5, 1)), components_=np.ones((1, 3))), np.ones((5, 3)))


# Pictures


def test_an_effect_is_drawn_as_the_table_has_it():
    table = effect(FRAME, confidence=0.9)
    rows = table[table["covariate"] == "length"].sort_values("effect", ascending=False)
    for asked in ("length", 1):
        display = EffectDisplay.from_estimator(Drawn(), np.ones((30, 3)), FRAME, asked, n_draws=4, confidence=0.9)
        assert_array_equal(display.topics, rows["topic"])
        assert_allclose(display.lines_[0].get_xdata(), rows["effect"])
        ends = np.stack([segment[:, 0] for segment in display.intervals_[0].get_segments()])
        assert_allclose(ends, rows[["low", "high"]])
        assert display.axes_[0].get_title() == "length"
        assert [label.get_text() for label in display.axes_[0].get_yticklabels()] == [
            f"{k}: {label}" for k, label in zip(rows["topic"], rows["label"], strict=True)
        ]


def test_a_contrast_is_drawn_of_chosen_topics():
    _, ax = plt.subplots()
    display = EffectDisplay.from_estimator(
        Drawn(), np.ones((30, 3)), C, C[1] - C[0], topics=[2, 0], n_draws=4, ax=ax, color="k"
    )
    assert display.axes_[0] is ax
    assert_allclose(display.estimates, of(effect(contrasts=C[1] - C[0]), "effect")[0, [2, 0]])
    assert display.lines_[0].get_color() == "k"


def test_mean_proportions_are_drawn_as_curves():
    values = np.linspace(-1, 1, 5)
    points = np.column_stack([values, np.zeros(5)])
    display = EffectDisplay.from_estimator(Drawn(), np.ones((30, 3)), C, at=points, values=values, n_draws=4)
    table = effect(at=points)
    for k, line in zip(display.topics, display.lines_, strict=True):
        assert_allclose(line.get_xdata(), values)
        assert_allclose(line.get_ydata(), of(table, "prevalence")[:, k])
    low = of(table, "low").min()
    assert all(ax.get_ylim()[0] <= low for ax in display.axes_) or low >= 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "effect must say which: one of c0, c1"),
        ({"effect": "year"}, "There is no covariate 'year': one of c0, c1"),
        ({"effect": 5}, "There is no covariate 5"),
        ({"effect": 0, "at": C[:1]}, "not both"),
        ({"at": C[:2], "values": [1]}, "values must hold one for each of the 2 rows of at"),
        ({"effect": 0, "topics": [7]}, "topics are numbered from 0 to 2"),
    ],
)
def test_bad_input_of_pictures(options, message):
    with pytest.raises(ValueError, match=message):
        EffectDisplay.from_estimator(Drawn(), np.ones((30, 3)), C, n_draws=4, **options)
    assert not plt.get_fignums()


def test_a_background_is_not_drawn():
    model = Drawn(background_topic_=0)
    assert set(EffectDisplay.from_estimator(model, np.ones((30, 3)), C, 0, n_draws=4).topics) == {1, 2}
    with pytest.raises(ValueError, match="no effects on the background, which is topic 0"):
        EffectDisplay.from_estimator(model, np.ones((30, 3)), C, 0, topics=[0], n_draws=4)


def test_the_graph_joins_topics_whose_correlation_is_sure():
    model = correlated()[1]
    options = {"random_state": 0, "n_bootstrap": 50}
    table = topic_correlation(model, np.ones((200, 4)), **options)
    sure = table[(table["low"] > 0) | (table["high"] < 0)]
    display = TopicCorrelationDisplay.from_estimator(model, np.ones((200, 4)), kind="graph", **options)
    assert {tuple(edge) for edge in display.edges_.tolist()} == set(zip(sure["topic_a"], sure["topic_b"], strict=True))
    assert 0 < len(display.lines_) == len(sure)
    dashed = [line.get_linestyle() == "--" for line in display.lines_]
    assert_array_equal(dashed, [display.correlations[a, b] < 0 for a, b in display.edges_])
    strengths = [abs(display.correlations[a, b]) for a, b in display.edges_]
    assert strengths == sorted(strengths, reverse=True)


def test_the_matrix_has_neighbours_that_go_together(model):
    blocks = np.array([[1, 0, 0.8, 0], [0, 1, 0, 0.7], [0.8, 0, 1, 0], [0, 0.7, 0, 1]])
    display = TopicCorrelationDisplay(blocks, np.arange(4), list("abcd")).plot()
    assert {frozenset(display.order_[:2]), frozenset(display.order_[2:])} == {frozenset([0, 2]), frozenset([1, 3])}
    shown = np.asarray(display.image_.get_array())
    off = ~np.eye(4, dtype=bool)
    assert_allclose(shown[off], blocks[np.ix_(display.order_, display.order_)][off])
    assert_allclose(TopicCorrelationDisplay.from_estimator(model).correlations, model.topic_correlation_)


def test_bad_input_of_correlations(X):
    with pytest.raises(ValueError, match="learned no correlations: fit it with covariance"):
        TopicCorrelationDisplay.from_estimator(Drawn())
    with pytest.raises(ValueError, match="pass X"):
        TopicCorrelationDisplay.from_estimator(Drawn(), kind="graph")
    with pytest.raises(ValueError, match="kind must be one of"):
        TopicCorrelationDisplay.from_estimator(Drawn(), kind="heat")
    assert not plt.get_fignums()
