"""Documents that count more or less often than once."""

import pickle
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import SMALL
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer, ProdLDATransformer
from sklearn_etm._engine.batches import Corpus
from sklearn_etm._engine.em import EStep
from sklearn_etm._fitted.proportions import Refinement
from sklearn_etm._rows import Rows
from sklearn_etm._start import start
from sklearn_etm.inspection import topic_table, topics_over
from sklearn_etm.metrics import completion_perplexity

WEIGHTS = np.tile([0.0, 1.0, 2.0], 20)


def test_weights_of_one_are_no_weights(make_model, X):
    plain = make_model().fit(X)
    weighted = make_model().fit(X, sample_weight=np.ones(60))
    assert_allclose(weighted.components_, plain.components_, rtol=1e-4)
    assert weighted.score(X, sample_weight=np.full(60, 3.0)) == pytest.approx(weighted.score(X), abs=1e-12)


def test_documents_without_a_weight_are_absent(make_model, X):
    present = make_model().fit(X[WEIGHTS > 0], sample_weight=WEIGHTS[WEIGHTS > 0])
    absent = make_model().fit(X, sample_weight=WEIGHTS)
    assert_array_equal(absent.components_, present.components_)
    assert absent.n_samples_seen_ == pytest.approx(WEIGHTS[:59].sum())  # the last document has no token
    more = pickle.loads(pickle.dumps(present)).partial_fit(X[WEIGHTS > 0], sample_weight=WEIGHTS[WEIGHTS > 0])
    assert_array_equal(absent.partial_fit(X, sample_weight=WEIGHTS).components_, more.components_)


def test_topics_of_a_document_do_not_depend_on_its_weight(fitted, X):
    twice = sp.vstack([X, X[WEIGHTS == 2]])
    weights = np.where(WEIGHTS == 0, 1.0, WEIGHTS)
    assert fitted.score(X, sample_weight=weights) == pytest.approx(fitted.score(twice), abs=1e-9)
    assert fitted.perplexity(X, sample_weight=weights) == pytest.approx(fitted.perplexity(twice), abs=1e-6)


def test_expected_counts_of_weighted_documents_are_those_of_repeated_ones(X):
    """What an E-step counts is exact; passes see a document that counts twice in one batch, not in two."""
    model = LNTMTransformer(**SMALL).fit(X)
    training = model._resume()
    e_step = training.trainer.e_step(
        training.learned(),
        training.trainer.problem.topics(training.trainer.topic_parameters(training.learned())),
        Refinement.under(model._model.prior, 3, None),
    )
    assert isinstance(e_step, EStep)
    repeated = X[np.repeat(np.arange(60), WEIGHTS.astype(int))]

    def counted(rows):
        return e_step.counts(Corpus(rows, model._features(), 64, np.random.RandomState(0)))

    assert_allclose(counted(Rows(X, WEIGHTS)), counted(Rows(repeated)), rtol=1e-4, atol=1e-6)


def test_training_starts_from_weighted_documents_as_from_repeated_ones(X):
    X = X[:59]
    one_cluster = {"K": 1, "spares_topic": False}  # so that k-means has nothing to draw
    begin = partial(start, n_features=8, size=8, **one_cluster)
    weighted = begin(Rows(X, WEIGHTS[:59]).learnable, rng=np.random.RandomState(0))
    repeated = begin(Rows(X[np.repeat(np.arange(59), WEIGHTS[:59].astype(int))]), rng=np.random.RandomState(0))
    for name in ("idf", "unigram", "topics", "n_tokens"):
        assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-5, err_msg=name)
    assert_allclose(weighted.vectors @ weighted.vectors.T, repeated.vectors @ repeated.vectors.T, atol=1e-4)


@pytest.mark.parametrize("Model", [LNTMTransformer, ProdLDATransformer])
def test_heavy_documents_lead_the_topics(Model):
    """Two themes of words; the first has nearly all of the weight, so that the loss and the topics are its own."""
    rng = np.random.default_rng(0)
    first, second = (rng.poisson(3, (100, 10)) for _ in range(2))
    X = sp.block_diag([first, second], format="csr")
    weights = np.repeat([1000.0, 1.0], 100)
    model = Model(num_topics=1, random_state=0).fit(X, sample_weight=weights)
    assert model.components_[0, :10].sum() > 0.99


def test_weights_are_routed_to_pipelines_and_searches():
    texts = ["cats purr and cats sleep", "dogs bark and dogs run", "rain falls and snow falls"] * 20
    weights = np.tile([1.0, 2.0, 3.0], 20)
    with config_context(enable_metadata_routing=True):
        model = LNTMTransformer(**SMALL).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline(CountVectorizer(), model).fit(texts, sample_weight=weights)
        result = cross_validate(pipeline, texts, params={"sample_weight": weights}, cv=2, error_score="raise")
    direct = LNTMTransformer(**SMALL).fit(CountVectorizer().fit_transform(texts), sample_weight=weights)
    assert_array_equal(pipeline[-1].components_, direct.components_)
    assert np.isfinite(result["test_score"]).all()


def test_tables_count_documents_by_their_weights(fitted, X):
    """Weights of 0, 1 and 2 are documents that are left out, there once, and there twice."""
    often = np.repeat(np.arange(60), WEIGHTS.astype(int))
    by_weight, repeated = topic_table(fitted, X, sample_weight=WEIGHTS), topic_table(fitted, X[often])
    for column in ("share", "prevalence", "document_share"):
        assert_allclose(by_weight[column], repeated[column])
    groups = np.repeat(["a", "b", "c"], [20, 20, 20])
    by_weight = topics_over(fitted, X, groups, sample_weight=WEIGHTS, random_state=0)
    repeated = topics_over(fitted, X[often], groups[often], random_state=0)
    assert_allclose(by_weight["prevalence"], repeated["prevalence"])
    assert (by_weight["low"] <= by_weight["prevalence"]).all() and (by_weight["high"] >= by_weight["prevalence"]).all()
    assert topics_over(fitted, X, groups, sample_weight=groups == "b")["group"].unique().tolist() == ["b"]
    halves = completion_perplexity(fitted.transform, fitted.components_, X, sample_weight=WEIGHTS)
    assert halves == pytest.approx(completion_perplexity(fitted.transform, fitted.components_, X[often]))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), r"one number for each of the 60 rows of X; its shape is \(3,\)"),
        (np.ones((60, 1)), r"one number for each of the 60 rows of X; its shape is \(60, 1\)"),
        (np.where(WEIGHTS, WEIGHTS, -1.0), "must not be negative: it goes down to -1"),
        (np.where(WEIGHTS, WEIGHTS, np.nan), "sample_weight contains NaN"),
        (np.zeros(60), "is zero for all rows"),
        (["much"] * 60, "could not convert string"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score"])
def test_bad_weights(X, weights, message, method):
    model = LNTMTransformer(**SMALL).fit(X)
    before = model.components_.copy()
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(X, sample_weight=weights)
    assert_array_equal(model.components_, before)
