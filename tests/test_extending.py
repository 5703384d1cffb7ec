"""The families of docs/extending.md: fitted, pickled, gone on with, as those of the package."""

import importlib.util
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linear_sum_assignment

from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.steering import drop_topics

pytestmark = pytest.mark.slow  # models of other families compile programs of their own

FOLDER = Path(__file__).parents[1] / "docs" / "extending"


def load(name):
    """The module that a page shows."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=["laplace_topics.SparseTopicTransformer", "shared_scale.SharedScaleTransformer"])
def Model(request):
    module, name = request.param.split(".")
    return getattr(load(module), name)


@pytest.fixture(scope="module")
def corpus():
    return make_topics_corpus(600, 4, 80, doc_length=60, random_state=0)


def test_a_family_of_ones_own_is_as_those_of_the_package(Model, corpus):
    model = Model(4, separation=0.0, learn_prior=True, random_state=0).fit(corpus.data)
    distance = 0.5 * np.abs(corpus.components[:, None] - model.components_[None]).sum(axis=-1)
    assert distance[linear_sum_assignment(distance)].max() < 0.15
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.transform(corpus.data), model.transform(corpus.data))
    assert_array_equal(copy.partial_fit(corpus.data).components_, model.partial_fit(corpus.data).components_)
    assert model.log_marginal_likelihood(corpus.data[:5], n_temperatures=20).perplexity < 80


def test_what_does_not_say_how_is_not_steered(Model, corpus):
    model = Model(4, max_iter=1, em_iter=0, random_state=0).fit(corpus.data)
    with pytest.raises(NotImplementedError, match=r"(LaplaceTopics|SharedScaleDocuments) does not say"):
        drop_topics(model, [1])


def test_topics_tell_their_deviations(corpus):
    model = load("laplace_topics").SparseTopicTransformer(4, max_iter=2, random_state=0).fit(corpus.data)
    logits = np.log(np.asarray(corpus.data.sum(axis=0)).ravel() + 0.5) + model.deviations_
    beta = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert_allclose(beta / beta.sum(axis=1, keepdims=True), model.components_, rtol=1e-3)


def test_one_scale_is_learned_for_all_topics(corpus):
    Model = load("shared_scale").SharedScaleTransformer
    given, learned = (Model(4, learn_prior=flag, max_iter=3, random_state=0).fit(corpus.data) for flag in (False, True))
    for model in (given, learned):
        assert np.ptp(model.doc_topic_prior_scale_) == 0
    assert given.doc_topic_prior_scale_[0] != learned.doc_topic_prior_scale_[0]
