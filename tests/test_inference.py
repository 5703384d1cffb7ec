"""Inference against answers known on paper: planted topics, quadrature, closed forms, calibrated posteriors."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import MCEM, SIZES, SMALL
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linear_sum_assignment
from scipy.special import gammaln, logsumexp, softmax
from scipy.stats import kstest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline

from sklearn_etm import (
    AmortizedLDATransformer,
    ETMTransformer,
    LNTMTransformer,
    MonteCarloLNTMTransformer,
    ProdLDATransformer,
)
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.inspection import topic_labels
from sklearn_etm.metrics import completion_split

CHAINS = {"num_samples": 20}
SLOW_2 = pytest.param(2, marks=pytest.mark.slow)


def counts_of(theta, components, length, seed):
    rng = np.random.default_rng(seed)
    return np.stack([rng.multinomial(length, p / p.sum()) for p in theta @ components]).astype(float)


# Planted topics


@pytest.mark.parametrize(
    ("Model", "parameters"),
    [
        (LNTMTransformer, {}),
        pytest.param(LNTMTransformer, {"learn_prior": True}, marks=pytest.mark.slow),
        (MonteCarloLNTMTransformer, CHAINS),
        pytest.param(MonteCarloLNTMTransformer, CHAINS | {"num_chains": 2}, marks=pytest.mark.slow),
        (ETMTransformer, {"embedding_size": 20}),
        (AmortizedLDATransformer, {}),
        pytest.param(AmortizedLDATransformer, {"doc_topic_family": "dirichlet"}, marks=pytest.mark.slow),
        pytest.param(
            AmortizedLDATransformer, {"doc_topic_family": "dirichlet", "learn_prior": True}, marks=pytest.mark.slow
        ),
    ],
    ids=str,
)
def test_planted_topics_are_found(Model, parameters):
    """Total variation under 0.1, topics matched by the Hungarian algorithm."""
    K = 5
    corpus = make_topics_corpus(1500, K, 100, doc_length=80, random_state=0)
    model = Model(K, separation=0.0, random_state=0, **parameters).fit(corpus.data)
    distance = 0.5 * np.abs(corpus.components[:, None] - model.components_[None]).sum(axis=-1)
    rows, columns = linear_sum_assignment(distance)
    assert distance[rows, columns].max() < 0.1


@pytest.mark.parametrize("Model", [LNTMTransformer, pytest.param(AmortizedLDATransformer, marks=pytest.mark.slow)])
def test_learned_prior_tells_sparse_documents_from_diffuse_ones(Model):
    learned = []
    for concentration in (0.05, 1.0):
        X = make_topics_corpus(600, 4, 80, doc_topic_prior=concentration, random_state=0).data
        model = Model(4, learn_prior=True, doc_topic_prior=0.3, max_iter=15, random_state=0).fit(X)
        learned.append(model.doc_topic_prior_.mean())
    assert learned[0] < 0.3 < learned[1]


@pytest.mark.slow
def test_monte_carlo_em_learns_how_much_topics_are_used():
    """Documents drawn from a logistic normal with a mean: the closed form of the M-step finds it, up to a shift."""
    rng = np.random.default_rng(0)
    mean = np.array([1.5, 0.0, -1.5])
    theta = softmax(mean + 2.0 * rng.standard_normal((2000, 3)), axis=1)
    topics = np.kron(np.eye(3), np.full((1, 10), 0.1))
    model = MonteCarloLNTMTransformer(3, separation=0.0, max_iter=40, random_state=0, **CHAINS)
    model.fit(counts_of(theta, topics, 60, 0))
    order = np.argsort([row.reshape(3, 10).sum(axis=1).argmax() for row in model.components_])
    learned = model.doc_topic_prior_mean_[order]
    assert_allclose(learned - learned.mean(), mean, atol=0.25)
    # topics keep a percent of each other's words, so that documents look a little sparser than they are
    assert_allclose(model.doc_topic_prior_scale_, 2.0, atol=0.5)


def test_topics_weigh_unlike_where_their_prior_says_so(X):
    """Documents of one word that all topics use alike get the mean of the prior."""
    prior = [0.1, 0.2, 0.7]
    for Model in (LNTMTransformer, ETMTransformer, AmortizedLDATransformer):
        model = Model(**SMALL, doc_topic_prior=prior).fit(X)
        assert_allclose(model.doc_topic_prior_, prior, rtol=1e-5)
        assert_allclose(model.transform(X[-1:]), [prior], rtol=1e-5)


@pytest.mark.parametrize("Model", [LNTMTransformer, MCEM], ids=["svi", "mcem"])
def test_likelihoods_give_the_same_topics_and_losses_that_differ_by_the_lengths(X, Model):
    X = X[:-1]  # without the empty document
    multinomial, poisson = (Model(**SMALL, likelihood=name).fit(X) for name in ("multinomial", "poisson"))
    assert_array_equal(poisson.components_, multinomial.components_)
    N = X.sum(axis=1)
    constant = (N * np.log(N) - N).sum() - gammaln(X.data + 1).sum()
    difference = np.subtract(multinomial.reconstruction_curve_, poisson.reconstruction_curve_)
    assert_allclose(difference, constant / X.shape[0], rtol=1e-9)
    estimates = [
        m.log_marginal_likelihood(X, n_temperatures=5, random_state=0).log_likelihood.sum()
        for m in (multinomial, poisson)
    ]
    assert_allclose(estimates[1] - estimates[0], constant, rtol=1e-3)


# Marginal likelihood


@pytest.fixture(scope="module", params=[LNTMTransformer, MCEM], ids=["svi", "mcem"])
def NormalModel(request):
    """A model whose topic proportions are a softmax of normals."""
    return request.param


def fitted_on_planted(K, Model, **parameters):
    X = make_topics_corpus(250, K, 30, doc_length=20, doc_topic_prior=0.5, random_state=0).data
    model = Model(num_topics=K, doc_topic_prior=0.5, random_state=0, **SIZES, **parameters).fit(X)
    return model, X[:8]


def grid(model):
    """Points of z with the log of their prior weight, by a product of Gauss-Hermite rules."""
    nodes, weights = np.polynomial.hermite_e.hermegauss({2: 120, 3: 60}[len(model.components_)])
    K = len(model.components_)
    z = np.stack(np.meshgrid(*[nodes] * K, indexing="ij"), axis=-1).reshape(-1, K)
    log_weight = np.log(np.stack(np.meshgrid(*[weights] * K, indexing="ij"), axis=-1).reshape(-1, K)).sum(axis=1)
    log_weight -= 0.5 * K * np.log(2 * np.pi)
    return model.doc_topic_prior_mean_ + model.doc_topic_prior_scale_ * z, log_weight


def quadrature(model, X):
    """log p(x) and the posterior mean of theta."""
    z, log_weight = grid(model)
    theta = softmax(z, axis=1)
    log_joint = X @ np.log(theta @ model.components_).T + log_weight
    log_p = logsumexp(log_joint, axis=1)
    return log_p, np.exp(log_joint - log_p[:, None]) @ theta


@pytest.mark.parametrize("K", [SLOW_2, 3])
def test_annealing_equals_quadrature(K, NormalModel):
    model, X = fitted_on_planted(K, NormalModel)
    result = model.log_marginal_likelihood(X, n_temperatures=200, random_state=0)
    exact, _ = quadrature(model, X)
    assert_allclose(result.log_likelihood, exact, rtol=0.01)
    assert (np.abs(result.log_likelihood - exact) < 5 * result.standard_error + 0.01).all()
    assert_allclose(result.perplexity, np.exp(-exact.sum() / X.sum()), rtol=0.01)


@pytest.mark.parametrize("K", [SLOW_2, 3])
def test_chains_of_transform_have_the_mean_of_quadrature(K):
    model, X = fitted_on_planted(K, MCEM, **CHAINS)
    model.set_params(num_samples=1500)
    theta, std = model.transform(X, return_std=True)
    assert_allclose(theta, model.transform(X))
    _, exact = quadrature(model, X)
    assert (np.abs(theta - exact) < 6 * std / np.sqrt(300) + 0.003).all()


@pytest.mark.slow
def test_bounds_are_in_order():
    corpus = make_topics_corpus(500, 5, 100, doc_length=60, random_state=0)
    model = LNTMTransformer(5, random_state=0).fit(corpus.data)
    results = [
        model.log_marginal_likelihood(corpus.data[:50], method=method, n_temperatures=500, random_state=0)
        for method in ("elbo", "iwae", "ais")
    ]
    total = [r.log_likelihood.sum() for r in results]
    error = [np.sqrt((r.standard_error**2).sum()) for r in results]
    assert total[0] < total[1] + 3 * (error[0] + error[1]) and total[1] < total[2] + 3 * (error[1] + error[2])
    assert results[0].perplexity > results[2].perplexity
    assert (results[2].effective_sample_size <= 25 + 1e-9).all()
    assert results[2].effective_sample_size.mean() > 15


@pytest.mark.parametrize("method", ["ais", "iwae", "elbo"])
def test_marginal_likelihood_of_one_topic_is_that_of_its_words(method, X):
    model = LNTMTransformer(**SMALL | {"num_topics": 1, "max_iter": 20}).fit(X)
    result = model.log_marginal_likelihood(X, method=method, n_temperatures=5, random_state=0)
    exact = X @ np.log(np.maximum(model.components_[0], 1e-30))
    if method == "ais":
        assert_allclose(result.log_likelihood, exact, rtol=1e-5)
        assert_allclose(result.standard_error, 0, atol=1e-3)
    else:  # the posterior of the one logit is not quite the prior: a bound from below
        assert (result.log_likelihood < exact + 4 * result.standard_error + 1e-6).all()
        assert result.log_likelihood.sum() > 1.1 * exact.sum()


@pytest.mark.parametrize("Model", [LNTMTransformer, ETMTransformer, AmortizedLDATransformer])
def test_elbo_of_one_topic_is_the_entropy_of_the_words(Model):
    X = sp.csr_array(make_topics_corpus(200, 3, 20, random_state=0).data)
    model = Model(1, separation=0.0, topic_smoothing=0.0, random_state=0, **SIZES).fit(X)
    unigram = X.sum(axis=0) / X.sum()
    exact = -(X.sum(axis=0) * np.log(np.maximum(unigram, 1e-12))).sum() / X.shape[0]
    assert_allclose(model.reconstruction_curve_[-1], exact, rtol=5e-3)


@pytest.mark.parametrize("Model", [LNTMTransformer, ETMTransformer, AmortizedLDATransformer])
def test_one_word_costs_nothing(Model):
    model = Model(**SMALL).fit(np.full((30, 1), 3.0))
    assert_allclose(model.reconstruction_curve_, 0, atol=1e-3)
    assert_allclose(model.components_, 1)
    result = model.log_marginal_likelihood(np.full((3, 1), 3.0), n_temperatures=5, random_state=0)
    assert_allclose(result.log_likelihood, 0, atol=1e-3)


@pytest.mark.parametrize("K", [1, 3])
def test_empty_documents_have_probability_one_and_draws_of_the_prior(K, NormalModel, X):
    model = NormalModel(**SMALL | {"num_topics": K}).fit(X)
    result = model.log_marginal_likelihood(X[-1:], n_temperatures=5, random_state=0)
    assert_allclose(result.log_likelihood, 0, atol=1e-5)
    draws = model.sample_posterior(sp.csr_array((1, X.shape[1])), 2000, random_state=0)
    assert draws.shape == (2000, 1, K)
    z = model.doc_topic_prior_mean_ + model.doc_topic_prior_scale_ * np.random.default_rng(0).normal(size=(50_000, K))
    if K > 1:
        assert kstest(draws[:, 0, 0], softmax(z, axis=1)[:, 0]).pvalue > 1e-3


@pytest.mark.slow
def test_dirichlet_draws_of_an_empty_document_are_of_the_prior(X):
    model = AmortizedLDATransformer(**SMALL, doc_topic_family="dirichlet", doc_topic_prior=[0.5, 1.0, 2.0]).fit(X)
    draws = model.sample_posterior(X[-1:], 4000, random_state=0)[:, 0]
    assert_allclose(draws.mean(axis=0), np.array([0.5, 1, 2]) / 3.5, atol=0.02)


@pytest.mark.parametrize("arguments", [{"method": "exact"}, {"n_chains": 0}, {"n_temperatures": 2.5}])
def test_marginal_likelihood_refuses(arguments, X):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))} must be"):
        LNTMTransformer(**SMALL).fit(X).log_marginal_likelihood(X, **arguments)


def test_methods_that_a_model_lacks_are_absent(X):
    dirichlet = AmortizedLDATransformer(**SMALL, doc_topic_family="dirichlet").fit(X)
    for method in ("encode", "log_marginal_likelihood"):
        assert hasattr(AmortizedLDATransformer(), method) and not hasattr(dirichlet, method)
        with pytest.raises(AttributeError) as caught:
            getattr(dirichlet, method)
        assert 'fit with doc_topic_family="logistic_normal"' in str(caught.value.__cause__)
    assert not hasattr(ProdLDATransformer, "log_marginal_likelihood")
    assert not hasattr(MonteCarloLNTMTransformer, "encode")


# Posteriors


def test_posteriors_of_chains_are_calibrated():
    """Simulation-based calibration (Talts et al., 2018): ranks of theta among its posterior's draws are uniform."""
    model, _ = fitted_on_planted(3, MCEM, **CHAINS, num_leapfrog_steps=10)
    rng = np.random.default_rng(1)
    z = model.doc_topic_prior_mean_ + model.doc_topic_prior_scale_ * rng.standard_normal((600, 3))
    theta = softmax(z, axis=1)
    X = counts_of(theta, model.components_, 20, 2)
    draws = model.sample_posterior(X, 100, random_state=0)[4::5]  # thinned, so that draws are nearly independent
    ranks = (draws < theta).sum(axis=0) + rng.random((600, 3))  # of 20, ties broken
    for k in range(3):
        assert kstest(ranks[:, k] / 21, "uniform").pvalue > 1e-3


def test_posteriors_of_monte_carlo_em_depend_on_no_other_row_and_repeat(X):
    model = MCEM(**SMALL, **CHAINS).fit(X)
    theta, std = model.transform(X, return_std=True)
    some = np.array([5, 2, 40])
    for got, whole in zip(model.transform(X[some], return_std=True), (theta, std), strict=True):
        assert_allclose(got, whole[some], rtol=1e-9)
    assert_array_equal(model.transform(X), theta)
    assert (std[:-1] > 0).all()


def test_chains_move_after_the_shortest_adaptation(X):
    """Two draws after one transition that adapts, of documents so long that only small steps are accepted."""
    model = MCEM(**SMALL, num_samples=2).fit(X)
    _, std = model.transform(200 * X[:20], return_std=True)
    assert (std.max(axis=1) > 0).mean() > 0.5


def test_callbacks_and_pipelines_do_not_move_the_chains(X):
    """In a pipeline scikit-learn asks for fitted attributes during the fit: no generator may move by that."""
    model = MCEM(**SMALL, **CHAINS)
    assert_array_equal(make_pipeline(clone(model)).fit_transform(X), model.fit_transform(X))


def test_product_of_experts_is_the_normalised_product(X):
    model = ProdLDATransformer(3, max_iter=2, random_state=0, **SIZES).fit(X)
    theta = model.transform(X)
    product = np.exp(theta @ np.log(np.maximum(model.components_, 1e-300)))
    words = product / product.sum(axis=1, keepdims=True)
    assert_allclose(model.inverse_transform(theta), words)
    observed, held_out = completion_split(X)
    expected = held_out.multiply(np.log(model.inverse_transform(model.transform(observed)))).sum(axis=1)
    expected[observed.sum(axis=1) == 0] = 0.0
    assert_allclose(model.score_samples(X), expected)


def test_product_of_experts_finds_planted_topics():
    """Documents of one topic each, which mixture and product describe alike."""
    topics = np.kron(np.eye(4), np.full((1, 8), 1 / 8)) + 0.002
    topics /= topics.sum(axis=1, keepdims=True)
    X = counts_of(np.eye(4)[np.arange(800) % 4], topics, 50, 0)
    model = ProdLDATransformer(4, separation=0.0, random_state=0).fit(X)
    distance = 0.5 * np.abs(topics[:, None] - model.components_[None]).sum(axis=-1)
    assert distance[linear_sum_assignment(distance)].max() < 0.1


def test_likelihood_is_that_of_the_fit(X):
    """A parameter that was set since does not change what was learned."""
    model = LNTMTransformer(**SMALL, likelihood="poisson").fit(X)
    fitted = model.log_marginal_likelihood(X[:2], "iwae", random_state=0).log_likelihood
    assert_array_equal(
        model.set_params(likelihood="multinomial")
        .log_marginal_likelihood(X[:2], "iwae", random_state=0)
        .log_likelihood,
        fitted,
    )


def test_acceptance_is_reported_and_warned_of(X, capsys):
    model = MCEM(**SMALL, **CHAINS, num_leapfrog_steps=20, verbose=1).fit(X)
    assert len(model.acceptance_rate_) == model.n_iter_ == 2
    assert f"acceptance {model.acceptance_rate_[-1]:.2f}" in capsys.readouterr().out
    assert model.step_size_ > 0
    with pytest.warns(ConvergenceWarning, match=r"accepted \d+%.*Lower step_size"):
        MCEM(**SMALL, step_size=1e4, num_e_steps=1).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MCEM(**SMALL | {"max_iter": 20}, **CHAINS, num_leapfrog_steps=20).fit(X)


def test_chains_on_documents_of_every_length():
    """From one token to many, and an empty document among them."""
    X = np.zeros((30, 8))
    for d in range(1, 30):
        X[d, d % 8] = d
        X[d, (d + 1) % 8] = (d // 4) ** 2
    model = MCEM(num_topics=3, max_iter=6, random_state=0, **CHAINS).fit(X)
    theta = model.transform(X)
    assert np.isfinite(theta).all() and np.isfinite(model.loss_curve_).all()
    assert_allclose(theta.sum(axis=1), 1)


# Background


@pytest.fixture(scope="module")
def mixed():
    """Documents of nine topics, three tenths of whose words all have in common: counts, topics, what is common."""
    rng = np.random.default_rng(0)
    topics, common = rng.dirichlet(np.full(150, 0.05), 9), rng.dirichlet(np.full(150, 0.3))
    share = rng.beta(30, 70, (1000, 1))
    words = share * common + (1 - share) * (rng.dirichlet(np.full(9, 0.1), 1000) @ topics)
    return counts_of(np.eye(1000), words, 80, 0), topics, common


def test_background_takes_what_all_documents_say(mixed):
    X, topics, common = mixed
    distances = {}
    for background in (True, False):
        model = LNTMTransformer(10, background=background, random_state=0).fit(X)
        own = model.components_[1:] if background else model.components_
        distance = 0.5 * np.abs(topics[:, None] - own[None]).sum(axis=-1)
        distances[background] = distance[linear_sum_assignment(distance)].mean()
        if background:
            assert 0.5 * np.abs(common - model.components_[0]).sum() < 0.1
            theta = model.transform(X)
            assert abs(theta[:, 0].mean() - 0.3) < 0.03
            assert (theta.argmax(axis=1) != 0).all()
            assert topic_labels(model)[0].startswith("background: ")
    assert distances[True] < 0.7 * distances[False]


def test_background_is_there_where_it_was_asked_for(X):
    assert LNTMTransformer(**SMALL | {"num_topics": 10}).fit(X).background_topic_ == 0
    for parameters in ({}, {"num_topics": 10, "background": False}, {"num_topics": 10, "em_iter": 0}):
        assert LNTMTransformer(**SMALL | parameters).fit(X).background_topic_ is None
    with pytest.raises(ValueError, match="background=True spares a topic, and num_topics is 1"):
        LNTMTransformer(1, background=True).fit(X)


@pytest.mark.slow
def test_marginal_likelihood_takes_the_same_share_of_the_background_for_all():
    """Against quadrature over two topics beside the background."""
    X = make_topics_corpus(300, 3, 30, doc_length=20, doc_topic_prior=0.5, random_state=0).data
    model = LNTMTransformer(3, background=True, doc_topic_prior=0.5, random_state=0).fit(X)
    draws = model.sample_posterior(X[:2], 50, random_state=0)
    share = draws[0, 0, 0]
    assert_allclose(draws[..., 0], share)
    assert_allclose(draws.sum(axis=-1), 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    mean, scale = model.doc_topic_prior_mean_[1:], model.doc_topic_prior_scale_[1:]
    z = mean + scale * np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    weight = np.multiply.outer(weights, weights).ravel() / (2 * np.pi)
    words = share * model.components_[0] + (1 - share) * softmax(z, axis=1) @ model.components_[1:]
    exact = logsumexp(X[:8] @ np.log(words).T, b=weight, axis=1)
    result = model.log_marginal_likelihood(X[:8], n_temperatures=500, random_state=0)
    assert (np.abs(result.log_likelihood - exact) < 5 * result.standard_error + 0.02).all()
    bound = model.log_marginal_likelihood(X[:8], "iwae", n_chains=500, random_state=0)
    assert_allclose(bound.log_likelihood, exact, rtol=0.02)
