"""Warnings after a fit, as a user sees them."""

import re
import warnings

import numpy as np
import pytest
from conftest import SMALL

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus

MORE = {**SMALL, "max_iter": 15, "em_iter": 4}


@pytest.fixture(scope="module")
def corpus():
    return make_topics_corpus(400, n_topics=3, n_features=60, random_state=0).data


def test_topics_that_are_as_many_as_asked_for(corpus):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LNTMTransformer(**MORE).fit(corpus)


def test_more_topics_than_there_are(corpus):
    with pytest.warns(UserWarning, match=r"Topics .*(hardly used|nearly the same).*[Tt]ry"):
        LNTMTransformer(**{**MORE, "num_topics": 30}).fit(corpus)


def test_documents_that_do_not_differ():
    X = np.random.default_rng(0).poisson(1.0, size=(400, 30))
    with pytest.warns(UserWarning, match="The posterior has collapsed: .* nats per document.*Try"):
        LNTMTransformer(**{**MORE, "max_iter": 100}, separation=0).fit(X)


def test_too_few_documents_to_tell(corpus):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LNTMTransformer(**{**MORE, "num_topics": 30}).fit(corpus[:200])


def test_fewer_documents_than_topics(corpus):
    with pytest.warns(UserWarning, match=r"num_topics=30 for 12 documents with a known word.*fewer topics"):
        LNTMTransformer(**{**MORE, "num_topics": 30}).fit(corpus[:12])


def test_a_background_of_which_all_documents_have_a_little_is_not_hardly_used():
    X = make_topics_corpus(400, n_topics=10, n_features=300, doc_length=8, random_state=0).data
    model = LNTMTransformer(10, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        theta = model.fit(X).transform(X)
    assert theta[:, 0].max() < 0.1
    assert not any(re.search(r"Topics? 0\b", str(warning.message)) for warning in caught)
