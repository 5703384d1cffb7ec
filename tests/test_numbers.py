"""Counts whose numbers are awkward: small types, large sums, a regular order, few documents; NumPy set to raise."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from conftest import MCEM, SMALL
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_etm import ETMTransformer, LNTMTransformer
from sklearn_etm._rows import Rows
from sklearn_etm._start import start
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.distributed import transform_shards
from sklearn_etm.embeddings import corpus_vectors
from sklearn_etm.embeddings._pmi import word_vectors
from sklearn_etm.inspection import document_table, pyldavis_data, report, topic_map, topic_table
from sklearn_etm.metrics import completion_perplexity, completion_split, npmi

TOPICS = np.array([[0.9, 0.05, 0.05], [0.05, 0.5, 0.45]])


class Stand_in:
    """A topic model of three words, fitted by hand."""

    components_ = TOPICS

    def transform(self, X):
        theta = (X + 0.0) @ TOPICS.T + 0.1
        return theta / theta.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def tokens():
    """Counts of 60 documents given token by token, 400 a document, and what they add up to."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(60), 400)
    columns = np.where(rng.random(len(rows)) < 0.75, 0, rng.integers(0, 40, len(rows)))
    return (rows, columns), sp.csr_array((np.ones(len(rows)), (rows, columns)), shape=(60, 40))


@pytest.fixture(scope="module")
def model(X):
    return LNTMTransformer(**SMALL).fit(X)


@pytest.mark.parametrize("as_format", ["coo", "csr"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "float32", "uint64"])
def test_sums_of_duplicates_do_not_wrap(model, tokens, dtype, as_format):
    (rows, columns), true = tokens
    ones = np.ones(len(rows), dtype=dtype)
    if as_format == "coo":
        X = sp.coo_array((ones, (rows, columns)), shape=true.shape)
    else:  # rows are in order
        X = sp.csr_array((ones, columns, np.arange(0, len(rows) + 1, 400)), shape=true.shape)
    assert_allclose(model.transform(X), model.transform(true), rtol=1e-5)
    assert_array_equal(document_table(model, X)["length"], np.full(60, 400))
    assert_array_equal(pyldavis_data(model, X)["term_frequency"], true.sum(axis=0))
    assert sum(part.sum() for part in completion_split(X)) == 60 * 400
    assert_array_equal(corpus_vectors(X, embedding_size=5), corpus_vectors(true, embedding_size=5))


def test_explicit_zeros_are_no_words(tmp_path):
    """The words of a document without a text are those it has, in the page as in tables."""
    dense = np.array([[2.0, 1, 0], [0, 1, 2], [1, 0, 1]] * 4)
    explicit = sp.csr_array((dense.ravel(), np.tile(np.arange(3), 12), np.arange(0, 37, 3)), shape=dense.shape)
    pages = [report(Stand_in(), X, path=tmp_path / "page.html", random_state=0).read_text() for X in (dense, explicit)]
    assert pages[0] == pages[1]
    assert_array_equal(npmi(TOPICS, explicit, n_words=2), npmi(TOPICS, dense, n_words=2))


def test_truth_values_in_sparse_columns_of_pandas(model, X):
    truth = pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(X > 0))
    assert_allclose(model.transform(truth), model.transform(sp.csr_array(X > 0)), rtol=1e-12)
    assert model.score(truth) == model.score(sp.csr_array(X > 0))
    assert_array_equal(document_table(model, truth)["length"], (X > 0).sum(axis=1))


@pytest.mark.parametrize("dtype", ["float16", "longdouble", "uint8"])
def test_types_that_sparse_arrays_do_not_have(dtype):
    X = np.array([[3, 1, 0], [0, 2, 2]], dtype=dtype)
    assert_array_equal(document_table(Stand_in(), X)["length"], [4, 4])


def test_sums_beyond_what_float32_counts_to():
    """2**24 is the largest number that adding 1 changes there."""
    X = sp.csr_array(np.array([[2.0**24, 1, 0]] + [[1, 0, 1]] * 9, dtype=np.float32))
    table = document_table(Stand_in(), X)
    assert table["length"][0] == 2**24 + 1
    assert pyldavis_data(Stand_in(), X)["term_frequency"][0] == 2**24 + 9
    ones = np.ones(2**24 + 8, dtype=np.float32)
    token_by_token = sp.csr_array((ones, np.zeros(len(ones), np.int32), [0, len(ones)]), shape=(1, 3))
    assert document_table(Stand_in(), token_by_token)["length"][0] == len(ones)


def alternating(n_documents, n_words, rng):
    """Every second document is of another language, with a theme of its own in each."""
    X = np.zeros((n_documents, 4 * n_words))
    for d in range(n_documents):
        first = (d % 4) * n_words
        X[d, first : first + n_words] = rng.poisson(1.0, n_words)
    return sp.csr_array(X)


def test_rows_that_alternate_are_all_looked_at(monkeypatch):
    """Words of the odd rows have vectors of their own where not all pairs of words can be counted."""
    X = alternating(400, 30, np.random.default_rng(0))
    monkeypatch.setattr("sklearn_etm.embeddings._pmi.MAX_PAIRS", 60_000)  # of 150,000
    vectors = word_vectors(X, 10)
    for language in (vectors.reshape(2, 2, 30, 10)[:, i] for i in range(2)):
        assert len(np.unique(language.reshape(60, 10).round(6), axis=0)) == 60


def test_a_sample_is_drawn_evenly_and_repeats():
    X = sp.csr_array(np.arange(1.0, 1001)[:, None])
    rows = Rows(X).sample(300).counts.toarray().ravel()
    assert_array_equal(rows, Rows(X).sample(300).counts.toarray().ravel())
    assert len(np.unique(rows)) == 300 and (np.diff(rows) > 0).all()
    for step in (2, 3, 4):
        share = np.bincount(rows.astype(int) % step) / 300
        assert np.abs(share - 1 / step).max() < 0.1
    assert_array_equal(Rows(X).sample(1000).counts.toarray(), X.toarray())


def test_no_warning_of_topics_that_every_second_document_has():
    X = alternating(2000, 10, np.random.default_rng(0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LNTMTransformer(5, random_state=0).fit(X)
    shares = np.bincount(model.transform(X).argmax(axis=1), minlength=5) / 2000
    assert (np.sort(shares)[1:] > 0.1).all()


@pytest.mark.parametrize("Model", [LNTMTransformer, ETMTransformer])
def test_two_topics_of_few_documents_are_told_apart(Model):
    """Forty documents of eight words on two themes; a fifth of the words are those of all documents."""
    rng = np.random.default_rng(0)
    words = np.full((2, 40), 0.2 / 40)
    for k in range(2):
        words[k, 20 * k : 20 * k + 20] += 0.8 * rng.dirichlet(np.ones(20))
    X = np.array([rng.multinomial(8, words[d % 2]) for d in range(40)])
    model = Model(2, random_state=0).fit(X)
    main = model.transform(X).argmax(axis=1)
    assert len(set(main[::2])) == len(set(main[1::2])) == 1 and main[0] != main[1]
    top = np.argsort(-model.components_)[:, :6]
    assert not set(top[0]) & set(top[1])


@pytest.mark.parametrize("make", [LNTMTransformer, ETMTransformer, MCEM])
def test_underflow_is_no_error_where_the_user_makes_it_one(make, X, tmp_path):
    counts = X.toarray()
    counts[7, 5] = 5000
    vectors = {"embeddings": 30 * np.random.RandomState(0).normal(size=(40, 8))} if make is ETMTransformer else {}
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make(**SMALL, **vectors).fit(counts).partial_fit(counts[:20])
        assert np.isfinite(model.score(counts))
        model.sample_posterior(counts[:3], n_samples=2)
        model.log_marginal_likelihood(counts[:3], n_temperatures=5)
        assert np.isfinite(completion_perplexity(model.transform, model.components_, counts))
        assert np.isfinite(npmi(model.components_, counts, n_words=5))
        topic_table(model, counts)
        topic_map(model)
        report(model, counts, path=tmp_path / "report.html")
        transform_shards(model, [sp.csr_array(counts)], tmp_path)
    assert np.geterr()["under"] == "ignore"


@pytest.mark.parametrize("K", [3, 12])
def test_a_topic_that_is_spared_starts_as_the_corpus(K):
    rows = Rows(sp.csr_array(make_topics_corpus(200, n_topics=3, n_features=40, random_state=0).data))
    spared, plain = (
        start(rows, K, 8, 0, np.random.RandomState(0), spares_topic=spares_topic) for spares_topic in (True, False)
    )
    assert_array_equal(spared.topics[0], spared.unigram)
    assert spared.topics.shape == plain.topics.shape == (K, 40)
    assert (np.abs(plain.topics - plain.unigram).sum(axis=1) > 0.1).all()
