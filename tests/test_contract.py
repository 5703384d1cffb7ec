"""The scikit-learn contract of every public estimator."""

import inspect
import os
from concurrent.futures import ThreadPoolExecutor
from unittest import SkipTest

import jax
import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from conftest import MCEM, SMALL
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_etm
from sklearn_etm import (
    AmortizedLDATransformer,
    ETMTransformer,
    LNTMTransformer,
    NamedVectorizer,
    PhraseVectorizer,
    ProdLDATransformer,
)
from sklearn_etm.metrics import completion_perplexity, completion_split

FORMATS = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


PUBLIC = [LNTMTransformer(**SMALL), ETMTransformer(**SMALL), MCEM(**SMALL)]
OPTIONS = [  # share most of their code with those; each takes a minute to compile for all the sizes of the checks
    AmortizedLDATransformer(**SMALL),
    AmortizedLDATransformer(**SMALL, doc_topic_family="dirichlet", learn_prior=True),
    ProdLDATransformer(**{name: value for name, value in SMALL.items() if name != "em_iter"}),
    LNTMTransformer(**SMALL, likelihood="poisson"),
]


MINI_BATCHES = "a pass deals documents to batches at random: a document that counts twice is in one, its copies in two"
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": MINI_BATCHES,  # what is exact, test_weights.py tests
    "check_sample_weight_equivalence_on_sparse_data": MINI_BATCHES,
}


def run_check(estimator, check):
    try:
        check(estimator)
    except SkipTest as skipped:
        pytest.fail(f"skipped: {skipped}")


@parametrize_with_checks(PUBLIC, expected_failed_checks=lambda estimator: EXPECTED_FAILURES)
def test_scikit_learn_check(estimator, check):
    run_check(estimator, check)


@pytest.mark.slow
@parametrize_with_checks(OPTIONS, expected_failed_checks=lambda estimator: EXPECTED_FAILURES)
def test_scikit_learn_check_of_options(estimator, check):
    run_check(estimator, check)


def test_every_public_estimator_is_checked():
    models = {value for value in vars(sklearn_etm).values() if inspect.isclass(value)} - {
        NamedVectorizer,
        PhraseVectorizer,
    }
    assert models == set(map(type, PUBLIC + OPTIONS))


# Parameters


def test_parameters_survive_clone_and_set_params(Model):
    model = Model(num_topics=7, learning_rate=0.5)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(num_topics=8).get_params()["num_topics"] == 8


def test_clone_of_a_fitted_model_is_not_fitted(fitted):
    assert not hasattr(clone(fitted), "components_")


def test_fit_changes_no_parameter(make_model, X):
    model = make_model()
    before = model.get_params()
    assert model.fit(X).get_params() == before


def test_embeddings_are_cloned_and_never_written_to(X):
    vectors = np.random.default_rng(0).standard_normal((X.shape[1], 4))
    before = vectors.copy()
    vectors.flags.writeable = False
    model = clone(ETMTransformer(**SMALL, embeddings=vectors)).fit(X)
    assert_array_equal(vectors, before)
    assert model.word_embeddings_.shape == vectors.shape
    assert model.topic_embeddings_.shape == (3, 4)


# Output


def test_topics_are_distributions_over_words(fitted, X):
    assert fitted.components_.shape == (3, X.shape[1])
    assert (fitted.components_ >= 0).all()
    assert_allclose(fitted.components_.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "returned"),
    [("float32", "float32"), ("float64", "float64"), ("int32", "float64"), ("int64", "float64"), ("uint8", "float64")],
)
@pytest.mark.parametrize("as_container", [sp.csr_array, lambda X: X.toarray()], ids=["sparse", "dense"])
def test_float_type_is_kept_and_integers_become_float64(fitted, X, given, returned, as_container):
    theta = fitted.transform(as_container(X.astype(given)))
    assert theta.dtype == returned
    assert_allclose(theta, fitted.transform(X), rtol=1e-6)


def test_rows_are_distributions_over_topics(fitted, X):
    theta = fitted.transform(X)
    assert theta.shape == (60, 3)
    assert (theta > 0).all()
    assert_allclose(theta.sum(axis=1), 1, rtol=1e-12)


def test_feature_names_out(fitted):
    prefix = type(fitted).__name__.lower()
    assert fitted.get_feature_names_out().tolist() == [f"{prefix}{k}" for k in range(3)]


def test_set_output_pandas_keeps_the_index(make_model, X):
    model = make_model().set_output(transform="pandas").fit(X)
    frame = pd.DataFrame(X.toarray(), index=np.arange(100, 160), columns=[f"word{v}" for v in range(40)])
    theta = clone(model).fit(frame).transform(frame)
    assert theta.columns.tolist() == model.get_feature_names_out().tolist()
    assert theta.index.tolist() == frame.index.tolist()
    assert_array_equal(theta.to_numpy(), model.set_output(transform="default").transform(X))


def test_set_output_polars(make_model, X):
    model = make_model().fit(X)
    expected = model.transform(X)
    theta = model.set_output(transform="polars").transform(X)
    assert isinstance(theta, pl.DataFrame)
    assert theta.columns == model.get_feature_names_out().tolist()
    assert_array_equal(theta.to_numpy(), expected)


def test_inverse_transform_gives_word_distributions(fitted, X):
    theta = fitted.transform(X)
    words = fitted.inverse_transform(theta)
    assert words.shape == X.shape
    assert_allclose(words.sum(axis=1), 1, rtol=1e-12)
    assert_allclose(fitted.inverse_transform(np.eye(3)), fitted.components_)
    assert_allclose(fitted.inverse_transform(sp.csr_array(np.eye(3))), fitted.components_)


# Input


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("format", FORMATS)
def test_sparse_format_does_not_matter(fitted, X, format, kind):
    container = getattr(sp, f"{format}_{kind}")(X)
    assert_array_equal(fitted.transform(container), fitted.transform(X))
    assert_array_equal(clone(fitted).fit(container).components_, fitted.components_)


def test_dense_equals_sparse(fitted, X):
    assert_array_equal(fitted.transform(X.toarray()), fitted.transform(X))
    assert_array_equal(clone(fitted).fit(X.toarray()).components_, fitted.components_)


def test_64_bit_indices(fitted, X):
    wide = X.astype(np.float64)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    assert_array_equal(clone(fitted).fit(wide).components_, fitted.components_)
    assert_array_equal(clone(fitted).partial_fit(wide).components_, clone(fitted).partial_fit(X).components_)
    assert_array_equal(fitted.transform(wide), fitted.transform(X))
    assert fitted.score(wide) == fitted.score(X)
    assert wide.indices.dtype == np.int64


def test_duplicates_explicit_zeros_and_unsorted_columns_do_not_matter(fitted, X):
    n_samples = X.shape[0]
    rows, columns = X.nonzero()
    rows = np.concatenate([rows, rows, np.arange(n_samples)])
    columns = np.concatenate([columns, columns, np.full(n_samples, 3)])
    data = np.concatenate([X.data / 2, X.data / 2, np.zeros(n_samples)])
    order = np.lexsort([np.random.default_rng(0).random(len(rows)), rows])
    indptr = np.searchsorted(rows[order], np.arange(n_samples + 1))
    messy = sp.csr_array((data[order], columns[order], indptr), shape=X.shape)
    before = messy.copy()

    assert not messy.has_canonical_format
    assert_array_equal(fitted.transform(messy), fitted.transform(X))
    assert_array_equal(clone(fitted).fit(messy).components_, fitted.components_)
    assert fitted.score(messy) == fitted.score(X)
    assert_array_equal(messy.data, before.data)
    assert_array_equal(messy.indices, before.indices)


@pytest.mark.parametrize("as_container", [sp.csr_array, sp.csr_matrix, lambda X: X.toarray()])
def test_read_only_memmap(fitted, X, tmp_path, as_container):
    joblib.dump(as_container(X.astype(np.float64)), tmp_path / "X.joblib")
    mapped = joblib.load(tmp_path / "X.joblib", mmap_mode="r")
    assert_array_equal(clone(fitted).fit(mapped).components_, fitted.components_)
    assert_array_equal(clone(fitted).partial_fit(mapped).components_, clone(fitted).partial_fit(X).components_)
    assert_array_equal(fitted.transform(mapped), fitted.transform(X))
    assert fitted.score(mapped) == fitted.score(X)


def test_data_frame_of_sparse_columns(fitted, X):
    words = [f"word{v}" for v in range(X.shape[1])]
    frame = pd.DataFrame.sparse.from_spmatrix(sp.csr_matrix(X), columns=words)
    model = clone(fitted).fit(frame)
    assert_array_equal(model.components_, fitted.components_)
    assert_array_equal(model.transform(frame), fitted.transform(X))
    assert model.feature_names_in_.tolist() == words


def test_polars_data_frame(fitted, X):
    frame = pl.DataFrame(X.toarray(), schema=[f"word{v}" for v in range(X.shape[1])])
    model = clone(fitted).fit(frame)
    assert_array_equal(model.components_, fitted.components_)
    assert_array_equal(model.transform(frame), fitted.transform(X))


# Determinism and independence


def test_transform_repeats_to_the_bit(fitted, X):
    assert_array_equal(fitted.transform(X), fitted.transform(X))


def test_transform_of_a_row_does_not_depend_on_the_others(fitted, X):
    theta = fitted.transform(X)
    alone = np.vstack([fitted.transform(X[[i]]) for i in range(X.shape[0])])
    assert_allclose(alone, theta, rtol=1e-10)
    backwards = np.arange(X.shape[0])[::-1]
    assert_allclose(fitted.transform(X[backwards]), theta[backwards], rtol=1e-10)


@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix])
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.float64, np.float32, bool])
def test_one_document_in_whatever_counts_come_in(fitted, X, container, dtype):
    """A row alone, of any type and with its words in any order, is that row; and it is not written to."""
    binary = (X > 0).astype(np.float64)
    row = container(binary[[5]].astype(dtype))
    row.indices, row.has_sorted_indices = row.indices[::-1].copy(), False
    before = row.copy()
    theta = fitted.transform(row)
    assert theta.dtype == (np.float32 if dtype is np.float32 else np.float64)
    assert_allclose(theta, fitted.transform(binary)[[5]], rtol=1e-6 if dtype is np.float32 else 1e-10)
    assert_array_equal(row.indices, before.indices)
    assert row.dtype == dtype


def test_transform_of_a_large_corpus_equals_that_of_its_parts(fitted, X):
    copies = 1000
    theta = fitted.transform(sp.vstack([X] * copies, format="csr"))
    assert_allclose(theta, np.tile(fitted.transform(X), (copies, 1)), rtol=1e-10)


def test_eight_threads_on_one_model_get_their_own_answers(fitted, X):
    parts = [X[[i]] for i in range(30)] + [X[i : i + 7] for i in range(30)]
    expected = [fitted.transform(part) for part in parts]
    with ThreadPoolExecutor(8) as threads:
        for answer, alone in zip(threads.map(fitted.transform, parts * 4), expected * 4, strict=True):
            assert_allclose(answer, alone, rtol=1e-12)


def test_transform_does_not_depend_on_batch_size(fitted, X):
    theta = fitted.transform(X)
    other = clone(fitted).fit(X).set_params(batch_size=7)
    assert_array_equal(other.transform(X), theta)


def test_empty_document_gets_the_mean_of_the_prior(fitted, X):
    mean = fitted.doc_topic_prior_ / fitted.doc_topic_prior_.sum()
    assert_allclose(fitted.transform(X)[-1], mean, rtol=1e-12)
    assert_allclose(fitted.transform(sp.csr_array((2, X.shape[1]))), [mean, mean], rtol=1e-12)
    if not fitted.learn_prior:
        assert_allclose(mean, 1 / 3, rtol=1e-12)


def test_empty_documents_do_not_change_what_is_learned(fitted, X):
    assert_array_equal(clone(fitted).fit(X[:-1]).components_, fitted.components_)


def test_same_random_state_is_equal_to_the_bit(fitted, X):
    again = clone(fitted).fit(X)
    assert_array_equal(again.components_, fitted.components_)
    assert_array_equal(again.transform(X), fitted.transform(X))
    assert again.loss_curve_ == fitted.loss_curve_


def test_random_state_instance_is_advanced(fitted, X):
    rng = np.random.RandomState(0)
    first = clone(fitted).set_params(random_state=np.random.RandomState(0)).fit(X)
    second = clone(fitted)
    second.random_state = rng
    assert_array_equal(second.fit(X).components_, first.components_)
    assert not np.array_equal(second.fit(X).components_, first.components_)


def test_another_random_state_gives_other_topics(fitted, X):
    other = clone(fitted).set_params(random_state=1).fit(X)
    assert np.abs(other.components_ - fitted.components_).max() > 1e-6


def test_without_random_state_every_fit_differs(make_model, X):
    model = make_model(random_state=None)
    first = model.fit(X).components_
    assert np.abs(model.fit(X).components_ - first).max() > 1e-6


def global_state():
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return (name, keys.tolist(), *rest), dict(jax.config.values), dict(os.environ)


@pytest.mark.parametrize("random_state", [0, None])
def test_no_global_state_is_touched(make_model, X, random_state):
    before = global_state()
    model = make_model(random_state=random_state).fit(X)
    model.partial_fit(X)
    model.score(X)
    assert global_state() == before


@pytest.mark.parametrize(
    "configuration", [lambda: jax.enable_x64(True), lambda: jax.default_prng_impl("rbg")], ids=["x64", "rbg"]
)
def test_the_users_jax_configuration_does_not_matter(fitted, X, configuration):
    with configuration():
        model = clone(fitted).fit(X)
        assert_array_equal(model.components_, fitted.components_)
        streamed = model.partial_fit(X)
    assert_array_equal(streamed.components_, clone(fitted).fit(X).partial_fit(X).components_)


# Score


def test_perplexity_is_exp_of_minus_score(fitted, X):
    assert_allclose(fitted.perplexity(X), np.exp(-fitted.score(X)), rtol=1e-12)


def test_perplexity_is_that_of_the_metrics(fitted, X):
    expected = completion_perplexity(fitted.transform, fitted.components_, X)
    assert_allclose(fitted.perplexity(X), expected, rtol=1e-10)


def test_score_is_the_mean_of_score_samples_per_held_out_token(fitted, X):
    held_out = completion_split(X)[1].sum()
    assert_allclose(fitted.score_samples(X).sum() / held_out, fitted.score(X), rtol=1e-12)


def test_score_does_not_change_when_rows_are_duplicated_or_shuffled(fitted, X):
    score = fitted.score(X)
    assert_allclose(fitted.score(sp.vstack([X, X, X], format="csr")), score, rtol=1e-12)
    assert_allclose(fitted.score(X[np.random.default_rng(0).permutation(X.shape[0])]), score, rtol=1e-12)


def test_empty_documents_and_single_tokens_do_not_enter_the_score(fitted, X):
    one_token = sp.csr_array(np.eye(5, X.shape[1]))
    empty = sp.csr_array((5, X.shape[1]))
    assert_allclose(fitted.score(sp.vstack([X, one_token, empty], format="csr")), fitted.score(X), rtol=1e-12)
    assert_array_equal(fitted.score_samples(sp.vstack([one_token, empty], format="csr")), 0)
