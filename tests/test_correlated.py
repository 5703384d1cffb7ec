"""Topics that correlate, and documents with covariates."""

import pickle
import re
import warnings
from copy import copy
from functools import partial

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from conftest import MCEM, SMALL
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linear_sum_assignment
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import sklearn_etm
from sklearn_etm import ETMTransformer, LNTMTransformer, MonteCarloLNTMTransformer, NamedVectorizer
from sklearn_etm._document_prior import Structure, _low_rank, _structured, learned, sampled
from sklearn_etm._fitted import slices
from sklearn_etm._fitted.chains import Sampler
from sklearn_etm._fitted.meanfield import Documents, Normals, Words, _solve, expected_counts, improved
from sklearn_etm._rows import Rows
from sklearn_etm.inspection import (
    components_over,
    document_table,
    estimate_effect,
    pyldavis_data,
    report,
    representative_documents,
    similar_documents,
    top_words,
    topic_correlation,
    topic_hierarchy,
    topic_table,
    topics_over,
    unusual_documents,
    word_scores,
    word_table,
    word_topics,
)
from sklearn_etm.plotting import (
    DocumentMapDisplay,
    TopicHierarchyDisplay,
    TopicMapDisplay,
    TopicShareDisplay,
    TopicWordsDisplay,
)
from sklearn_etm.steering import merge_topics, name_topics, num_topics_path

MODELS = [LNTMTransformer, ETMTransformer, pytest.param(MCEM, id="MonteCarloEM")]
OPTIONS = {"full": {}, "low_rank": {"covariance": "low_rank", "rank": 1}, "background": {"background": True}}
VARIANTS = [
    pytest.param((Model, OPTIONS[name]), id=f"{Model.__name__}-{name}")
    for Model in (LNTMTransformer, ETMTransformer, MCEM)
    for name in OPTIONS
    if (Model, name) != (MCEM, "background")
]
C = np.random.default_rng(1).normal(size=(60, 2))


def centred(covariance):
    rows = covariance - covariance.mean(axis=0)
    return rows - rows.mean(axis=1, keepdims=True)


def correlation(covariance):
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)


class Drawn:
    """Documents of the model, with topics that correlate and two covariates, the second of which does nothing."""

    def __init__(self, n, length, seed=0):
        rng = np.random.default_rng(seed)
        K, V = 6, 120
        self.topics = rng.dirichlet(np.full(V, 0.1), K)
        axes = rng.normal(size=(K, 2))
        self.covariance = axes @ axes.T + 0.4 * np.eye(K)
        self.effects = np.stack([rng.normal(size=K), np.zeros(K)])
        self.covariates = rng.normal(size=(n, 2))
        z = self.covariates @ self.effects + rng.multivariate_normal(np.zeros(K), self.covariance, n)
        self.theta = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        words = [
            rng.multinomial(1 + m, p) for m, p in zip(rng.poisson(length, n), self.theta @ self.topics, strict=True)
        ]
        self.rows = Rows(sp.csr_array(np.stack(words).astype(float)), None, self.covariates)


@pytest.fixture(scope="module")
def drawn():
    return Drawn(3000, 80)


# Known answers


def test_correlations_and_effects_are_found(drawn):
    """Where topics are known, what is left to learn is the prior that documents were drawn with."""
    uniform = np.full_like(drawn.theta, 1 / 6)
    prior = learned(drawn.rows, Words(drawn.topics), uniform, Structure("full", 1, 1.0))
    truth, found = correlation(centred(drawn.covariance)), correlation(centred(prior.covariance))
    assert_allclose(found, truth, atol=0.12)
    strong = np.abs(truth) > 0.3
    assert_array_equal(np.sign(found[strong]), np.sign(truth[strong]))
    effects = drawn.effects - drawn.effects.mean(axis=1, keepdims=True)
    assert_allclose(prior.effects[0], effects[0], atol=0.17)  # nearly: what few tokens say is drawn to the mean
    assert_allclose(prior.effects[1], 0, atol=0.05)


def test_few_axes_are_enough_for_a_covariance_of_few():
    axes = np.random.default_rng(0).normal(size=(8, 2))
    given = axes @ axes.T + np.diag(np.linspace(0.5, 1.5, 8))
    found = _low_rank(given, 2)
    assert_allclose(found, given, atol=0.1)
    assert_array_equal(np.diag(_structured(given, Structure("diagonal", 1, 1.0), 100)), np.diag(given))


def test_posteriors_maximise_the_bound():
    """Two topics without a word in common: the tokens of each are known."""
    X = sp.csr_array([[5.0, 2.0]])
    words, precision = Words(np.eye(2)), np.array([[0.7, -0.3], [-0.3, 0.9]])
    means = np.array([[0.2, -0.1]])
    q = improved(Normals(np.zeros((1, 2)), np.ones((1, 2))), Documents(X, words, means, precision), 30)

    def bound(loc, variance):
        log_sum = np.log(np.exp(loc + variance / 2).sum())
        prior = (loc - means[0]) @ precision @ (loc - means[0]) + np.diag(precision) @ variance
        return np.array([5.0, 2.0]) @ loc - 7 * log_sum - prior / 2 + np.log(variance).sum() / 2

    best = bound(q.loc[0], q.variance[0])
    for i in range(2):
        for step in (-1e-2, 1e-2):
            moved = np.zeros(2)
            moved[i] = step
            assert bound(q.loc[0] + moved, q.variance[0]) < best
            assert bound(q.loc[0], q.variance[0] * np.exp(moved)) < best


def test_steps_solve_their_equations():
    rng = np.random.default_rng(0)
    theta, n, gradient = rng.dirichlet(np.ones(5), 4), rng.uniform(1, 50, (4, 1)), rng.normal(size=(4, 5))
    root = rng.normal(size=(5, 5))
    precision = root @ root.T + np.eye(5)
    x = _solve(n, theta, precision, gradient)
    for d in range(4):
        hessian = n[d] * (np.diag(theta[d]) - np.outer(theta[d], theta[d])) + precision
        assert_allclose(x[d], np.linalg.solve(hessian, gradient[d]), rtol=1e-6)


@pytest.mark.parametrize("with_background", [False, True])
def test_expected_counts_of_words_in_topics(with_background):
    rng = np.random.default_rng(0)
    counts, topics, loc = rng.poisson(1.0, (7, 5)), rng.dirichlet(np.ones(5), 3), rng.normal(size=(7, 3))
    background, share, weights = rng.dirichlet(np.ones(5)), rng.uniform(0.1, 0.6, 7), rng.uniform(0, 2, 7)
    theta = np.exp(loc) / np.exp(loc).sum(axis=1, keepdims=True)
    if with_background:
        words, topics = Words(topics, background, share), np.vstack([background, topics])
        theta = np.column_stack([share, (1 - share)[:, None] * theta])
    else:
        words = Words(topics)
    dealt = theta[:, :, None] * topics
    truth = np.einsum("d,dv,dkv->kv", weights, counts, dealt / dealt.sum(axis=1, keepdims=True))
    documents = Documents(sp.csr_array(counts.astype(float)), words, np.zeros((7, 3)), np.eye(3))
    assert_allclose(expected_counts(Normals(loc, np.ones((7, 3))), documents, weights), truth, rtol=1e-9)


def test_topics_are_what_joint_rounds_expect_of_them():
    """Where two topics share no word, each has the words of its documents, whatever the prior."""
    X = sp.csr_array(np.kron(np.eye(2), [[3, 1, 2], [1, 4, 1], [2, 2, 6]] * 10))
    model = LNTMTransformer(2, covariance="full", joint_iter=1, random_state=0).fit(X)
    group = model.components_[0, :3].sum() < 0.5
    corpus = np.asarray(X.sum(axis=0)).ravel()
    counts = np.kron(np.eye(2), corpus[:3]) + 0.06 * 6 * corpus / corpus.sum()
    truth = counts / counts.sum(axis=1, keepdims=True)
    assert_allclose(model.components_, truth[::-1] if group else truth, atol=0.01)


@pytest.mark.parametrize("with_background", [False, True])
def test_draws_have_the_moments_of_the_posterior(with_background):
    """Short documents of three topics, many times each: sums over a grid of the two differences of logits."""
    rng = np.random.default_rng(0)
    counts, topics = rng.poisson([[0.5], [2.0], [6.0]], (3, 6)), rng.dirichlet(np.full(6, 0.5), 3)
    root = rng.normal(size=(3, 3))
    covariance, means = root @ root.T + 0.5 * np.eye(3), rng.normal(size=(3, 3))
    background, share = rng.dirichlet(np.ones(6)), np.array([0.5, 0.2, 0.4]) * with_background
    copies = np.repeat(np.arange(3), 500)
    words = Words(topics, background, share[copies]) if with_background else Words(topics)
    X = sp.csr_array(counts[copies].astype(float))
    documents = Documents(X, words, means[copies], np.linalg.inv(covariance))
    q = improved(Normals(np.zeros((1500, 3)), np.ones((1500, 3))), documents, 10)
    draws = slices.drawn(q, documents, 24, np.random.RandomState(0)).reshape(24, 3, 500, 3)
    differences = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    normal = multivariate_normal(cov=differences @ covariance @ differences.T)
    axes = [np.linspace(-9, 9, 101) * np.sqrt(v) for v in np.diag(normal.cov)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    for d in range(3):
        z = np.column_stack([grid + differences @ means[d], np.zeros(len(grid))])
        theta = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        p = (1 - share[d]) * theta @ topics + share[d] * background
        weight = np.exp(np.log(p) @ counts[d]) * normal.pdf(grid)
        mean, second = weight @ theta / weight.sum(), (weight[:, None] * theta).T @ theta / weight.sum()
        drawn_theta = draws[:, d].reshape(-1, 3)
        assert_allclose(drawn_theta.mean(axis=0), mean, atol=0.012)
        assert_allclose(np.cov(drawn_theta.T), second - np.outer(mean, mean), atol=0.004)


@pytest.mark.parametrize("covariance", ["diagonal", "full", "low_rank"])
def test_two_topics_have_one_variance(covariance):
    """That of the difference of their logits is all that words say, and it is found whatever the structure."""
    rng = np.random.default_rng(0)
    z = rng.normal(0.5, 1.5, 3000)
    theta = np.stack([1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))], axis=1)
    topics = np.array([[0.5, 0.4, 0.1, 0.0], [0.0, 0.1, 0.4, 0.5]])
    counts = np.stack([rng.multinomial(150, p) for p in theta @ topics]).astype(float)
    prior = learned(Rows(sp.csr_array(counts)), Words(topics), np.full_like(theta, 0.5), Structure(covariance, 1, 1.0))
    difference = np.array([1.0, -1.0])
    assert difference @ prior.mean == pytest.approx(0.5, abs=0.1)
    assert difference @ prior.covariance @ difference == pytest.approx(1.5**2, rel=0.1)


@pytest.mark.parametrize("method", [pytest.param("ais", marks=pytest.mark.slow), "iwae"])
def test_marginal_likelihood_of_two_topics(method):
    """An integral over the difference of their logits."""
    X = sp.csr_array(np.random.default_rng(0).poisson(1.0, (60, 6)).astype(float))
    model = LNTMTransformer(**SMALL | {"num_topics": 2}, covariance="full").fit(X, covariates=C)
    prior, difference = model._model.prior, np.array([1.0, -1.0])
    result = model.log_marginal_likelihood(
        X[:3], method, n_chains=2000 if method == "iwae" else 50, n_temperatures=200, random_state=0, covariates=C[:3]
    )
    scale = np.sqrt(difference @ prior.covariance @ difference)
    for d in range(3):
        mean = difference @ prior.means(C[d : d + 1], 1)[0]
        z = np.linspace(mean - 9 * scale, mean + 9 * scale, 2001)
        theta = np.stack([1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))], axis=1)
        density = np.exp(np.log(theta @ model.components_) @ X[[d]].toarray()[0]) * norm(mean, scale).pdf(z)
        truth = np.log(np.trapezoid(density, z))
        assert result.log_likelihood[d] == pytest.approx(truth, abs=max(4 * result.standard_error[d], 0.02))


def quadrature(model, x, c):
    """log p(x) and posterior mean of theta, K = 3: an integral over z_1, z_2, z_3 that is one over two differences."""
    prior, differences = model._model.prior, np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    normal = multivariate_normal(
        differences @ prior.means(c[None], 1)[0], differences @ prior.covariance @ differences.T
    )
    axes = [m + s * np.linspace(-8, 8, 400) for m, s in zip(normal.mean, np.sqrt(np.diag(normal.cov)), strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    theta = np.exp(np.pad(points, ((0, 0), (0, 1))))
    theta /= theta.sum(axis=1, keepdims=True)
    log_joint = np.log(theta @ model.components_) @ x + normal.logpdf(points)
    log_p = logsumexp(log_joint)
    return log_p + np.log([axis[1] - axis[0] for axis in axes]).sum(), np.exp(log_joint - log_p) @ theta


@pytest.mark.parametrize(
    ("Model", "method"),
    [(LNTMTransformer, "ais"), (LNTMTransformer, "iwae"), pytest.param(MCEM, "ais", marks=pytest.mark.slow)],
)
def test_marginal_likelihood_agrees_with_quadrature(Model, method):
    X = sp.csr_array(np.random.default_rng(0).poisson(1.0, (60, 6)).astype(float))
    model = Model(**SMALL, covariance="full").fit(X, covariates=C)
    arguments = {"n_chains": 50} if Model is MCEM else {"method": method, "n_chains": 2000 if method == "iwae" else 50}
    result = model.log_marginal_likelihood(X[:2], n_temperatures=200, random_state=0, covariates=C[:2], **arguments)
    for d in range(2):
        truth, _ = quadrature(model, X[[d]].toarray()[0], C[d])
        assert result.log_likelihood[d] == pytest.approx(truth, abs=max(4 * result.standard_error[d], 0.02))


def test_chains_have_the_mean_of_quadrature():
    X = sp.csr_array(np.random.default_rng(0).poisson(1.0, (60, 6)).astype(float))
    model = MCEM(**SMALL, covariance="full").fit(X, covariates=C).set_params(num_samples=600)
    theta, std = model.transform(X[:2], covariates=C[:2], return_std=True)
    draws = model.sample_posterior(X[:2], 600, covariates=C[:2], random_state=0)
    for d in range(2):
        _, truth = quadrature(model, X[[d]].toarray()[0], C[d])
        assert_allclose(theta[d], truth, atol=0.04)
        assert_allclose(draws[:, d].mean(axis=0), truth, atol=0.04)
    assert_allclose(std, draws.std(axis=0), atol=0.04)


def test_sampled_priors_are_as_wide_as_those_that_documents_are_drawn_with(drawn):
    """Normals of independent logits are narrower than posteriors, and so are priors that are learned from them."""
    structure, words, rows = Structure("full", 1, 1.0), Words(drawn.topics), drawn.rows.of(slice(1500))
    first = learned(rows, words, np.full((1500, 6), 1 / 6), structure)
    found = sampled(rows, drawn.topics, first, structure, Sampler(0, 1.0, 10, 10, 1))
    truth = centred(drawn.covariance)
    shares = [np.trace(centred(prior.covariance)) / np.trace(truth) for prior in (first, found)]
    assert shares[0] < 0.9 < shares[1] < 1.1
    assert_allclose(correlation(centred(found.covariance)), correlation(truth), atol=0.15)
    effects = drawn.effects - drawn.effects.mean(axis=1, keepdims=True)
    assert_allclose(found.effects, effects, atol=0.2)


@pytest.mark.slow
def test_correlations_of_topics_that_were_found():
    """All is learned from words: the sign of every correlation beyond .3, and what covariates do."""
    drawn = Drawn(3000, 80)
    model = MonteCarloLNTMTransformer(6, covariance="full", random_state=0)
    model.fit(drawn.rows.counts, covariates=drawn.covariates)
    distance = 0.5 * np.abs(drawn.topics[:, None] - model.components_).sum(axis=2)
    own = linear_sum_assignment(distance)[1]
    truth, found = correlation(centred(drawn.covariance)), centred(model.topic_covariance_[np.ix_(own, own)])
    strong = np.abs(truth) > 0.3
    assert_array_equal(np.sign(found[strong]), np.sign(truth[strong]))
    effects, (learnt, null) = drawn.effects[0] - drawn.effects[0].mean(), model.covariate_effects_[:, own]
    assert np.corrcoef(learnt, effects)[0, 1] > 0.98
    assert 0.7 < (learnt @ effects) / (effects @ effects) < 1.1  # topics with words of others: drawn to 0
    assert_allclose(null, 0, atol=0.1)


@pytest.mark.slow
def test_topics_are_nearer_to_the_truth_where_they_are_learned_beside_their_prior():
    drawn, off = Drawn(2000, 60), []
    for n in (0, 30):
        model = LNTMTransformer(6, covariance="full", joint_iter=n, random_state=0)
        model.fit(drawn.rows.counts, covariates=drawn.covariates)
        distance = 0.5 * np.abs(drawn.topics[:, None] - model.components_).sum(axis=2)
        off.append(distance[linear_sum_assignment(distance)].mean())
    assert off[1] < 0.6 * off[0]


def test_joint_rounds_need_something_to_learn_beside_the_topics(X):
    model = LNTMTransformer(**SMALL, joint_iter=2)
    with pytest.raises(ValueError, match='set covariance="full" or "low_rank", or pass covariates; or joint_iter=0'):
        model.fit(X)
    assert not hasattr(model, "components_")
    assert model.fit(X, covariates=C).covariate_effects_.shape == (2, 3)


@pytest.mark.parametrize(
    "options", [{"background": True}, pytest.param({"covariance": "low_rank", "rank": 1}, marks=pytest.mark.slow)]
)
def test_streams_go_on_after_joint_rounds(X, options):
    model = ETMTransformer(**SMALL, joint_iter=2, **options).fit(X, covariates=C, sample_weight=np.arange(60) % 3)
    before = model.components_.copy()
    copy = pickle.loads(pickle.dumps(model))
    for one in (model, copy):
        one.partial_fit(X, covariates=C)
    assert_array_equal(model.components_, copy.components_)
    assert np.abs(model.components_ - before).max() > 1e-4
    assert_allclose(model.components_.sum(axis=1), 1.0)


# As a user works with them


@pytest.fixture(scope="module", params=VARIANTS)
def model(request, X):
    Model, variant = request.param
    return Model(**SMALL | {"covariance": "full"} | variant).fit(X, covariates=C)


def has_background(model):
    return getattr(model, "background_topic_", None) is not None


def test_attributes_say_what_was_learned(model):
    K = 3
    assert model.topic_covariance_.shape == model.topic_correlation_.shape == (K, K)
    assert_allclose(np.diag(model.topic_correlation_), 1.0)
    assert_allclose(model.topic_covariance_, model.topic_covariance_.T)
    assert np.linalg.eigvalsh(model.topic_covariance_)[0] > 0
    assert model.covariate_effects_.shape == (2, K)
    assert_allclose(model.covariate_effects_.sum(axis=1), 0, atol=1e-12)
    assert_array_equal(model.covariate_names_, ["c0", "c1"])
    if has_background(model):
        assert_array_equal(model.topic_correlation_[0], [1, 0, 0])
        assert_array_equal(model.covariate_effects_[:, 0], 0)


def test_serving(model, X, tmp_path):
    theta = model.transform(X, covariates=C)
    assert_allclose(theta.sum(axis=1), 1.0)
    assert theta.min() >= 0
    if has_background(model):
        assert (theta[:, 0] < theta[:, 1:].max(axis=1)).all()
    assert_allclose(model.transform(X[10:20], covariates=C[10:20]), theta[10:20], atol=1e-9)
    draws = model.sample_posterior(X, 20, random_state=0, covariates=C)
    assert draws.shape == (20, 60, 3)
    assert_allclose(draws.sum(axis=2), 1.0)
    assert_array_equal(pickle.loads(pickle.dumps(model)).transform(X, covariates=C), theta)
    sklearn_etm.save(model, tmp_path / "model.npz")
    loaded = sklearn_etm.load(tmp_path / "model.npz")
    assert_array_equal(loaded.transform(X, covariates=C), theta)
    assert_array_equal(loaded.covariate_names_, model.covariate_names_)
    assert loaded.slim().score(X, covariates=C) == model.score(X, covariates=C)


def test_documents_without_covariates_have_the_mean_of_those_of_fit(model, X):
    with pytest.warns(UserWarning, match=r"transform of this \w+ got no covariates, and it was fitted with 2"):
        theta = model.transform(X)
    mean = C[:59].mean(axis=0)  # the last document has no token
    assert_allclose(theta, model.transform(X, covariates=np.tile(mean, (60, 1))), atol=1e-9)


def test_an_empty_document_is_what_its_covariates_say(model, X):
    empty = sp.csr_array((1, 40))
    high, low = (model.transform(empty, covariates=[[c, 0.0]])[0] for c in (5.0, -5.0))
    topic = model.covariate_effects_[0].argmax()
    assert high[topic] > low[topic]


def test_streams_go_on(model, X):
    again = pickle.loads(pickle.dumps(model))
    before = again.covariate_effects_
    again.partial_fit(X[:30], covariates=C[:30])
    assert (again.covariate_effects_ != before).any()
    assert again.topic_correlation_.shape == (3, 3)
    with pytest.raises(ValueError, match="was fitted with 2 covariates: pass those of these rows"):
        again.partial_fit(X[:30])


def test_what_looks_at_models_with_chains_and_changes_them(X):
    model = MCEM(**SMALL, covariance="full").fit(X, covariates=C)
    effects = estimate_effect(model, X, C, n_draws=4, random_state=0)
    assert_allclose(effects.groupby("covariate")["effect"].sum(), 0, atol=1e-9)
    pairs = topic_correlation(model, X, covariates=C, n_bootstrap=2, random_state=0)
    assert pairs["correlation"].abs().max() < 1
    merged = merge_topics(model, [[0, 2]])
    assert merged.covariate_effects_.shape == (2, 2)
    assert_allclose(merged.transform(X, covariates=C).sum(axis=1), 1.0)


def test_a_fit_without_forgets_what_one_with_had_learned(model, X):
    again = clone(model).set_params(covariance="diagonal").fit(X, covariates=C).fit(X)
    assert (
        not {"topic_covariance_", "topic_correlation_", "covariate_effects_", "covariate_names_"} & vars(again).keys()
    )
    assert_array_equal(again.components_, clone(again).fit(X).components_)


@pytest.mark.parametrize("Model", MODELS)
def test_covariates_are_routed(X, Model):
    with config_context(enable_metadata_routing=True):
        model = Model(**SMALL).set_fit_request(covariates=True).set_score_request(covariates=True)
        scores = cross_val_score(model, X[:59], params={"covariates": C[:59]}, cv=2, error_score="raise")
    assert np.isfinite(scores).all()


def test_names_and_kinds_of_covariates(X):
    frame = pd.DataFrame(C, columns=["year", "length"])
    model = LNTMTransformer(**SMALL).fit(X, covariates=frame)
    assert_array_equal(model.covariate_names_, ["year", "length"])
    one = LNTMTransformer(**SMALL).fit(X, covariates=C[:, 0])
    assert one.covariate_effects_.shape == (1, 3)
    groups = OneHotEncoder(drop="first").fit_transform(np.array(["a", "b", "c"] * 20)[:, None])
    assert LNTMTransformer(**SMALL).fit_transform(X, covariates=groups).shape == (60, 3)


@pytest.mark.parametrize("columns", [[40, 41], [-2, -1], slice(40, None), "numbers__"])
@pytest.mark.parametrize("Model", MODELS)
def test_columns_beside_the_words_are_covariates(X, columns, Model):
    by_keyword = Model(**SMALL).fit(X, covariates=C)
    both = sp.hstack([X, C], format="csr")
    if isinstance(columns, str):
        names = [f"words__w{i}" for i in range(40)] + ["numbers__year", "numbers__length"]
        both = pd.DataFrame(both.toarray(), columns=names)
    model = Model(**SMALL, covariate_columns=columns).fit(both)
    assert_array_equal(model.components_, by_keyword.components_)
    assert_allclose(model.covariate_effects_, by_keyword.covariate_effects_, rtol=1e-9)
    assert_allclose(model.transform(both), by_keyword.transform(X, covariates=C), rtol=1e-9)
    assert model.score(both) == pytest.approx(by_keyword.score(X, covariates=C))
    assert model.sample_posterior(both, 3).shape == (3, 60, 3)
    assert not hasattr(model, "encode") or model.encode(both).loc.shape == (60, 3)
    again = pickle.loads(pickle.dumps(model)).partial_fit(both)
    assert again.n_features_in_ == 42 and again.components_.shape == (3, 40)


def test_words_and_covariates_in_a_pipeline(tmp_path):
    frame = pd.DataFrame({"text": ["cats purr", "dogs bark loud", "cats sleep", "dogs run"] * 10, "year": range(40)})
    beside = ColumnTransformer([("words", CountVectorizer(), "text"), ("numbers", StandardScaler(), ["year"])])
    topics = LNTMTransformer(**SMALL | {"num_topics": 2}, covariate_columns=[-1])
    pipeline = make_pipeline(beside, topics)
    assert np.isfinite(cross_val_score(pipeline, frame, cv=2, error_score="raise")).all()
    pipeline.fit(frame)
    table = topic_table(pipeline, frame)
    assert "bark" in " ".join(table["words"]) and "year" not in " ".join(table["words"])
    assert set(word_table(pipeline, ["bark"])["word"]) == {"bark"}  # without the name of its part
    named = make_pipeline(NamedVectorizer(beside), clone(topics).set_params(covariate_columns="numbers__")).fit(frame)
    assert_array_equal(named[-1].covariate_names_, ["numbers__year"])
    assert_array_equal(topic_table(named, frame)["words"], table["words"])
    sklearn_etm.save(pipeline[-1], tmp_path / "model.npz")
    X = beside.transform(frame)
    assert_array_equal(sklearn_etm.load(tmp_path / "model.npz").transform(X), pipeline[-1].transform(X))


def test_vocabularies_grow_beside_covariates(X):
    both = sp.hstack([C, X], format="csr")
    model = ETMTransformer(**SMALL, embeddings={f"w{i}": [i, 1.0] for i in range(50)}, covariate_columns=[0, 1])
    model.set_params(vocabulary=[f"w{i}" for i in range(40)]).fit(both)
    assert set(word_table(model, ["w0", "w39"])["word"]) == {"w0", "w39"}  # of the vocabulary, not of all columns
    assert "<bdi>w" in model._repr_html_()
    grown = model.extend_vocabulary(["w45"])
    assert grown.n_features_in_ == 43
    assert_array_equal(grown.word_columns_, range(2, 43))
    wider = sp.hstack([both, sp.csr_array((60, 1))], format="csr")
    assert_allclose(grown.transform(wider), model.transform(both), atol=0.01)  # a new word takes a little of each topic


def test_words_have_their_names_behind_covariates(X):
    """Covariates come first, as the ColumnTransformer has them; the new word is one of the same part."""
    names = ["numbers__year", "numbers__length", *(f"words__w{i}" for i in range(40))]
    frame = pd.DataFrame(np.column_stack([C, X.toarray()]), columns=names)
    vectors = {f"w{i}": [i, 1.0] for i in range(50)}
    model = ETMTransformer(**SMALL, embeddings=vectors, covariate_columns="numbers__").fit(frame)
    best = top_words(model, n_words=8)
    shown = re.findall("<bdi>(.*?)</bdi>", model._repr_html_())
    assert shown == best.ravel().tolist() and shown[0].startswith("w")
    grown = model.extend_vocabulary(["w45"])
    assert grown.feature_names_in_[-1] == "words__w45"
    assert dict(grown.nearest_words("w45", n=40)).keys() == {f"w{i}" for i in range(40)}
    assert grown.transform(frame.assign(words__w45=0)).shape == (60, 3)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([42], "covariate_columns holds .42., and X has 42 columns"),
        ([0, -42], "names a column twice"),
        (slice(None), "are 42 of the 42 columns"),
        (slice(0, 0), "are 0 of the 42 columns"),
        ("numbers__", "the columns of X have none"),
    ],
)
def test_bad_columns(X, columns, message):
    with pytest.raises(ValueError, match=message):
        LNTMTransformer(**SMALL, covariate_columns=columns).fit(sp.hstack([X, C], format="csr"))


LOOKS = {
    "topic_table": topic_table,
    "document_table": document_table,
    "representative_documents": representative_documents,
    "unusual_documents": unusual_documents,
    "word_topics": word_topics,
    "topics_over": partial(topics_over, groups=np.arange(60) % 3, n_bootstrap=2, random_state=0),
    "components_over": lambda *args, **options: (
        components_over(*args, times=np.arange(60) % 3, smoothing=1.0, n_bootstrap=2, random_state=0, **options).table
    ),
    "pyldavis_data": lambda *args, **options: pd.DataFrame(pyldavis_data(*args, **options)["doc_topic_dists"]),
    "similar_documents": lambda model, X, covariates=None: similar_documents(
        model, X, X[:5], covariates=covariates, query_covariates=None if covariates is None else covariates[:5]
    ),
    "word_scores": lambda model, X, **options: pd.DataFrame(word_scores(model, by="relevance", X=X, **options)),
    "top_words": lambda model, X, **options: pd.DataFrame(top_words(model, by="relevance", X=X, **options)),
    "word_table": lambda model, X, **options: word_table(model, ["x0", "x7"], X, **options),
    "topic_hierarchy": lambda *args, **options: topic_hierarchy(*args, **options).table,
    "name_topics": lambda model, X, **options: pd.DataFrame(
        name_topics(model, X, [f"t{i}" for i in range(60)], lambda *told: str(told[1::-1])[:80], **options).topic_names_
    ),
    "num_topics_path": lambda model, X, **options: (
        num_topics_path(model, X, X[:20], num_topics=[2], heldout_covariates=C[:20], **options).table
    ),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_what_is_looked_at_knows_of_covariates(model, X, look):
    """It is what a model tells that has transformed the documents with their covariates already."""
    theta = model.transform(X, covariates=C)
    known = copy(model)
    known.transform = lambda X: theta[: X.shape[0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "1 of 60 documents have no word")
        table = look(model, X, covariates=C)
    pd.testing.assert_frame_equal(table, look(known, X))
    with pytest.warns(UserWarning, match="transform of this .* got no covariates"):
        look(model, X)


def test_merged_topics_are_weighed_with_covariates(X):
    model = LNTMTransformer(**SMALL).fit(X, covariates=C)
    n_tokens = X.sum(axis=1) @ model.transform(X, covariates=C)
    merged = merge_topics(model, [[0, 2]], X, covariates=C)
    expected = np.average(model.components_[[0, 2]], axis=0, weights=n_tokens[[0, 2]])
    assert_allclose(merged.components_[0], expected, rtol=1e-6)


def test_the_path_knows_of_covariates_of_heldout_documents(model, X):
    path = num_topics_path(model, X[:40], X[40:], num_topics=[3], covariates=C[:40], heldout_covariates=C[40:])
    assert_allclose(path.completion, [model.score(X[40:], covariates=C[40:])])


def test_drift_knows_of_covariates_beside_the_words(X):
    """The halves of documents that choose the smoothing have the covariates of the documents."""
    both = sp.hstack([C[:, :1], X, C[:, 1:]], format="csr")
    by_columns = LNTMTransformer(**SMALL, covariate_columns=[0, -1]).fit(both)
    by_keyword = LNTMTransformer(**SMALL).fit(X, covariates=C)
    options = {"times": np.arange(60) % 3, "n_bootstrap": 2, "random_state": 0}
    expected = components_over(by_keyword, X, covariates=C, **options)
    found = components_over(by_columns, both, **options)
    pd.testing.assert_frame_equal(found.completion, expected.completion)
    pd.testing.assert_frame_equal(found.table, expected.table)


def test_pictures_and_pages_know_of_covariates(model, X, tmp_path):
    theta = model.transform(X, covariates=C)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "1 of 60 documents have no word")
        assert report(model, X, path=tmp_path / "topics.html", covariates=C, random_state=0).exists()
        display = DocumentMapDisplay.from_estimator(model, X, covariates=C)
        shares = TopicShareDisplay.from_estimator(model, X, np.arange(60) % 2, covariates=C, n_bootstrap=2)
        words = TopicWordsDisplay.from_estimator(model, X, by="relevance", covariates=C)
        circles = TopicMapDisplay.from_estimator(model, X, covariates=C)
        tree = TopicHierarchyDisplay.from_estimator(model, X, covariates=C).hierarchy
    assert_array_equal(display.main_topics, theta.argmax(axis=1))
    assert_allclose(shares.prevalences, [theta[i::2].mean(axis=0)[shares.topics] for i in range(2)])
    of_all_tokens = np.average(theta, axis=0, weights=X.sum(axis=1))
    assert_allclose(circles.shares, of_all_tokens)
    assert_allclose(words.shares, of_all_tokens[words.topics])
    assert_allclose(tree.shares, of_all_tokens[tree.leaves] / of_all_tokens[tree.leaves].sum())
    plt.close("all")


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (C[:5], "covariates must have one row for each of the 60 rows of X; they have 5"),
        (C[:, :1], "fitted with the covariates year, length, and these are 1 without names: pass what"),
        (pd.DataFrame(C, columns=["length", "year"]), "and these are length, year: pass what"),
        (pd.DataFrame(C, columns=["year", "length"], index=range(59, -1, -1)), "index of covariates has the labels"),
    ],
)
def test_bad_covariates_of_what_is_looked_at(X, covariates, message):
    frame = pd.DataFrame(X.toarray(), columns=[f"w{i}" for i in range(40)])
    model = LNTMTransformer(**SMALL).fit(frame, covariates=pd.DataFrame(C, columns=["year", "length"]))
    with pytest.raises(ValueError, match=message):
        topic_table(model, frame, covariates=covariates)


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda model, X: topic_table(model, covariates=C), "there are none: pass X, or leave out covariates"),
        (lambda model, X: word_table(model, "x0", covariates=C), "there are none: pass X"),
        (lambda model, X: topic_hierarchy(model, covariates=C), "there are none: pass X"),
        (lambda model, X: merge_topics(model, [[0, 2]], covariates=C), "there are none: pass X"),
        (lambda model, X: TopicMapDisplay.from_estimator(model, covariates=C), "there are none: pass X"),
        (
            lambda model, X: similar_documents(model, X, X[:5], covariates=C, query_covariates=C),
            "query_covariates must have one row for each of the 5 rows of query; they have 60",
        ),
        (
            lambda model, X: num_topics_path(model, X, X[:9], covariates=C, heldout_covariates=C),
            "heldout_covariates must have one row for each of the 9 rows of X_heldout; they have 60",
        ),
    ],
)
def test_covariates_are_those_of_the_documents(X, look, message):
    with pytest.raises(ValueError, match=message):
        look(LNTMTransformer(**SMALL).fit(X, covariates=C), X)


def test_models_without_such_covariates_are_given_none(X):
    with pytest.raises(ValueError, match="fitted without covariates: leave out covariates"):
        topic_table(LNTMTransformer(**SMALL).fit(X), X, covariates=C)
    both = sp.hstack([X, C], format="csr")
    model = LNTMTransformer(**SMALL, covariate_columns=[40, 41]).fit(both)
    with pytest.raises(ValueError, match="that are columns of X: leave out covariates"):
        topic_table(model, both, covariates=C)


def test_covariates_that_come_twice(X):
    with pytest.raises(ValueError, match="covariates came twice"):
        LNTMTransformer(**SMALL, covariate_columns=[-1]).fit(X, covariates=C)


@pytest.mark.parametrize(
    ("covariates", "error", "message"),
    [
        (C[:5], ValueError, "one row for each of the 60 rows of X; they have 5"),
        (np.where(C > 1, np.nan, C), ValueError, "covariates contains NaN"),
        (np.full((60, 2), np.inf), ValueError, "covariates contains infinity"),
        (np.array([["north"], ["south"]] * 30), ValueError, "must be numbers.*OneHotEncoder"),
        ("year", TypeError, "must be numbers, one row for each row of X; got the string 'year'"),
        (C[:, None], ValueError, "dim 3"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "transform", "score"])
def test_bad_covariates(X, covariates, error, message, method):
    model = LNTMTransformer(**SMALL).fit(X, covariates=C)
    before = model.covariate_effects_
    with pytest.raises(error, match=message):
        getattr(model, method)(X, covariates=covariates)
    assert model.covariate_effects_ is before


def test_covariates_of_another_width(X):
    with pytest.raises(ValueError, match="covariates has 1 columns, and LNTMTransformer was fitted with 2"):
        LNTMTransformer(**SMALL).fit(X, covariates=C).transform(X, covariates=C[:, :1])
    with pytest.raises(ValueError, match="was fitted without covariates"):
        LNTMTransformer(**SMALL).fit(X).transform(X, covariates=C)


@pytest.mark.parametrize("method", ["transform", "score", "sample_posterior", "partial_fit"])
def test_covariates_by_other_names_or_in_another_order(X, method):
    frame = pd.DataFrame(C, columns=["year", "length"])
    model = LNTMTransformer(**SMALL).fit(X, covariates=frame)
    with pytest.raises(
        ValueError, match=r"with the covariates year, length, and these are length, year: pass the same"
    ):
        getattr(model, method)(X, covariates=frame[["length", "year"]])
    getattr(model, method)(X, covariates=frame)
    getattr(model, method)(X, covariates=C)  # which has no names


@pytest.mark.parametrize("name", ["covariates", "sample_weight"])
def test_rows_are_not_matched_by_their_labels(X, name):
    table = pd.DataFrame(X.toarray())
    given = {"covariates": pd.DataFrame(C), "sample_weight": pd.Series(np.arange(1.0, 61.0))}[name]
    with pytest.raises(ValueError, match=f"index of {name} has the labels of the index of X in another order"):
        LNTMTransformer(**SMALL).fit(table, **{name: given[::-1]})
    LNTMTransformer(**SMALL).fit(table, **{name: given})


def test_covariates_by_place_are_no_targets(X):
    with pytest.warns(UserWarning, match=r"y has two dimensions, and is not used.*covariates=") as caught:
        model = LNTMTransformer(**SMALL).fit(X, C)
    assert len(caught) == 1 and not hasattr(model, "covariate_effects_")


def test_covariates_that_tell_nothing(X):
    constant = np.column_stack([C[:, 0], np.full(60, 3.0)])
    with pytest.warns(UserWarning, match="the same for all documents, and have no effect: c1"):
        model = LNTMTransformer(**SMALL).fit(X, covariates=constant)
    assert_array_equal(model.covariate_effects_[1], 0)
    with pytest.warns(UserWarning, match="collinear: c0, c1"):
        model = LNTMTransformer(**SMALL).fit(X, covariates=np.column_stack([C[:, 0], 2 * C[:, 0]]))
    assert np.isfinite(model.covariate_effects_).all()


@pytest.mark.parametrize("Model", MODELS)
def test_topics_correlate_without_covariates(X, Model):
    model = Model(**SMALL, covariance="full").fit(X)
    assert model.covariate_effects_.shape == (0, 3)
    assert not hasattr(model, "covariate_names_")
    assert_allclose(model.transform(X).sum(axis=1), 1.0)
    assert_allclose(model.partial_fit(X[:30]).topic_correlation_, model.topic_correlation_.T)


@pytest.mark.parametrize("options", [{}, {"joint_iter": 2}])
def test_a_single_topic_has_nothing_to_correlate_with(X, options):
    model = LNTMTransformer(**SMALL | {"num_topics": 1}, covariance="full", **options)
    with pytest.warns(UserWarning, match="A single topic, the background aside, has no share"):
        model.fit(X, covariates=C)
    assert_allclose(model.transform(X, covariates=C), 1.0)
