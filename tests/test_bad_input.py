"""Bad input: a clear error that changes nothing, or a finite and sensible fit."""

import pickle
import re
import warnings
from functools import partial
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from conftest import MCEM, MODELS, SMALL, VARIANTS
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_etm import (
    AmortizedLDATransformer,
    ETMTransformer,
    LNTMTransformer,
    MonteCarloLNTMTransformer,
    ProdLDATransformer,
)
from sklearn_etm.embeddings import corpus_vectors
from sklearn_etm.inspection import document_table
from sklearn_etm.metrics import completion_split, npmi

COUNTS = np.random.default_rng(0).poisson(1.0, size=(20, 6)).astype(float)
WORDS = ["ant", "bee", "cat", "dog", "elk", "fox"]
METHODS = ["fit", "partial_fit", "transform", "score", "score_samples", "perplexity"]


def with_cell(value):
    X = COUNTS.astype(type(value)) if isinstance(value, complex) else COUNTS.copy()
    X[3, 2] = value
    return X


# Not counts: what it is, and what the message must say
BAD_COUNTS = {
    "negative": (with_cell(-2.0), "Negative values .* X goes down to -2.* CountVectorizer"),
    "negative sparse": (sp.csr_array(with_cell(-2.0)), "Negative values .*alternate_sign=False, norm=None"),
    "NaN": (with_cell(np.nan), "X contains NaN"),
    "NaN sparse": (sp.csr_array(with_cell(np.nan)), "X contains NaN"),
    "infinity": (with_cell(np.inf), "X contains infinity"),
    "too large": (with_cell(1e39), r"X holds the count 1e\+39"),
    "complex": (with_cell(1j), "Complex data not supported"),
    "complex sparse": (sp.csr_array(with_cell(1j)), "Complex data not supported"),
    "texts": (["some text", "another"], "X holds text.* CountVectorizer"),
    "a series of texts": (pd.Series(["some text", "another"]), "X holds text.* CountVectorizer"),
    "words in columns": (np.array([["ant", "bee"], ["cat", "dog"]], dtype=object), "X holds text.* CountVectorizer"),
    "one dimension": (COUNTS[0], "Expected 2D array, got 1D array"),
    "three dimensions": (COUNTS[None], "dim 3"),
    "no rows": (COUNTS[:0], r"0 sample\(s\) .* minimum of 1"),
    "no columns": (COUNTS[:, :0], r"0 feature\(s\) .* minimum of 1"),
}


class Array:
    """As one of Dask, which says of itself that it is a graph."""

    shape, dtype, ndim = COUNTS.shape, COUNTS.dtype, 2
    graph: ClassVar = {"block": COUNTS}

    def __dask_graph__(self):
        return self.graph

    def __array__(self, dtype=None, copy=None):
        assert self.graph is None, "must not be computed unasked"
        return COUNTS


@pytest.fixture(scope="module", params=VARIANTS)
def learned(request):
    """A fitted model of six words; read it, do not change it."""
    return request.param(**SMALL).fit(COUNTS)


def assert_unchanged(model, before):
    assert pickle.dumps(model) == before


def assert_sensible(model, X):
    """Finite topics and proportions that are distributions, finite losses and score."""
    assert model.components_.shape == (model.num_topics, X.shape[1])
    for distributions in (model.components_, model.transform(X)):
        assert (distributions >= 0).all()
        assert_allclose(distributions.sum(axis=1), 1, rtol=1e-6)
    assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.score_samples(X)).all()
    if model.score_samples(X).any():
        assert np.isfinite(model.score(X))


# Counts


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("X", "message"), BAD_COUNTS.values(), ids=BAD_COUNTS)
def test_not_counts(learned, X, message, method):
    before = pickle.dumps(learned)
    with pytest.raises(ValueError, match=message):
        getattr(learned, method)(X)
    assert_unchanged(learned, before)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("X", "message"), BAD_COUNTS.values(), ids=BAD_COUNTS)
def test_not_counts_leave_an_unfitted_model_unfitted(model, X, message, method):
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(X)
    assert_unchanged(model, before)


def with_index(kind, part, value):
    """A sparse matrix that was changed after it was made."""
    X = getattr(sp, f"{kind}_array")(COUNTS)
    if kind == "lil":
        X.rows[0][-1] = value
    elif kind == "coo":
        X.coords[part][3] = value
    else:
        getattr(X, part)[3] = value
    return X


OUTSIDE = {
    f"{kind}, {part} {value}": (kind, part, value)
    for kinds, parts in ((("csr", "csc", "bsr"), ("indices", "indptr")), (("coo",), (0, 1)), (("lil",), ("rows",)))
    for kind in kinds
    for part in parts
    for value in (-1, 1000)
}


@pytest.mark.parametrize("method", ["transform", "partial_fit"])
@pytest.mark.parametrize("name", OUTSIDE)
def test_indices_that_point_outside(learned, name, method):
    """SciPy would read and write there: it ends the process, or gives wrong topics."""
    before = pickle.dumps(learned)
    with pytest.raises(ValueError, match=r"whose indices point outside of its shape \(20, 6\)"):
        getattr(learned, method)(with_index(*OUTSIDE[name]))
    assert_unchanged(learned, before)


LOOKS = {
    "table": lambda X: document_table(SimpleNamespace(components_=np.eye(6), transform=lambda X: np.ones((20, 6))), X),
    "coherence": lambda X: npmi(np.eye(6), X, n_words=2),
    "completion": completion_split,
    "vectors": lambda X: corpus_vectors(X, 2),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_indices_that_point_outside_of_what_is_looked_at(look):
    with pytest.raises(ValueError, match=r"whose indices point outside of its shape \(20, 6\)"):
        look(with_index("csc", "indices", 1000))


def test_counts_with_room_for_more(learned):
    """CSR may hold more than it uses."""
    X = sp.csr_array(COUNTS)
    expected = learned.transform(X), learned.score_samples(X)
    X.data, X.indices = np.append(X.data, [7.0, 7.0]), np.append(X.indices, [0, 0]).astype(X.indices.dtype)
    assert_allclose(learned.transform(X), expected[0], rtol=1e-12)
    assert_allclose(learned.score_samples(X), expected[1], rtol=1e-12)
    assert len(X.data) == X.nnz + 2


@pytest.mark.filterwarnings("error")
def test_infinities_of_both_signs_are_refused_without_a_warning(learned):
    X = COUNTS.copy()
    X[0, 0], X[1, 1] = np.inf, -np.inf
    for container in (np.asarray, sp.csr_array, sp.csc_array):
        with pytest.raises(ValueError, match="X contains infinity"):
            learned.transform(container(X))


@pytest.mark.parametrize("method", METHODS[:-1])
def test_collections_of_dask(learned, method):
    before = pickle.dumps(learned)
    with pytest.raises(
        TypeError, match=rf"{method} takes .* is a Dask Array\. Pass X\.compute\(\) or .* transform_blocks"
    ):
        getattr(learned, method)(Array())
    assert_unchanged(learned, before)


def test_what_wraps_arrays_of_dask_and_others(learned, monkeypatch):
    """As xarray, which has no graph where it has none of Dask's."""
    monkeypatch.setattr(Array, "graph", None)
    assert_allclose(learned.transform(Array()), learned.transform(COUNTS))


@pytest.mark.parametrize("method", [*METHODS[2:], "inverse_transform"])
def test_not_fitted(model, method):
    with pytest.raises(NotFittedError, match="fit"):
        getattr(model, method)(COUNTS)


@pytest.mark.parametrize("method", ["partial_fit", "transform", "score", "score_samples", "perplexity"])
def test_another_number_of_columns(learned, method):
    before = pickle.dumps(learned)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 6 features"):
        getattr(learned, method)(COUNTS[:, :5])
    assert_unchanged(learned, before)


def test_another_number_of_columns_with_warm_start(learned):
    model = pickle.loads(pickle.dumps(learned)).set_params(warm_start=True)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=r"X has 5 features, but .* is expecting 6 features"):
        model.fit(COUNTS[:, :5])
    assert_unchanged(model, before)


def said(model, X):
    """Error and warnings of `transform`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            error = ("none", model.transform(X).shape)
        except ValueError as raised:
            error = type(raised), str(raised)
    return error, [(w.category, str(w.message)) for w in caught]


NOT_ROWS = [with_cell(np.nan), with_cell(-np.inf), with_cell(-2.0), with_cell(1e39), COUNTS[:0], COUNTS[:, :5], COUNTS]


@pytest.fixture(scope="module", params=[False, True], ids=["without names", "with names"])
def named_or_not(request):
    """A fitted model that knows the names of its columns, or does not."""
    return LNTMTransformer(**SMALL).fit(pd.DataFrame(COUNTS, columns=WORDS) if request.param else COUNTS)


@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix])
@pytest.mark.parametrize("X", NOT_ROWS)
def test_rows_of_counts_are_checked_as_whatever_scikit_learn_checks(named_or_not, container, X):
    """Counts in CSR do not pass through its validation where that has nothing to say; all else does."""
    expected = said(named_or_not, sp.csc_array(X))
    assert said(named_or_not, container(X)) == expected
    assert ("none" in expected[0]) == (X is COUNTS)
    assert bool(expected[1]) == hasattr(named_or_not, "feature_names_in_")


def test_other_column_names(make_model):
    frame = pd.DataFrame(COUNTS, columns=WORDS)
    model = make_model().fit(frame)
    before = pickle.dumps(model)
    for method in ("partial_fit", "transform", "score"):
        with pytest.raises(ValueError, match="feature names should match"):
            getattr(model, method)(frame[WORDS[::-1]])
    assert_unchanged(model, before)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_all_zero_counts_teach_nothing(model, method):
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=r"X holds no token: .* empty.* min_df"):
        getattr(model, method)(0 * COUNTS)
    assert_unchanged(model, before)


def test_all_zero_counts_after_a_fit(learned):
    before = pickle.dumps(learned)
    with pytest.raises(ValueError, match="X holds no token"):
        learned.fit(0 * COUNTS)
    assert_unchanged(learned, before)
    assert_unchanged(learned.partial_fit(0 * COUNTS), before)  # an empty batch of a stream is no error
    mean = learned.doc_topic_prior_ / learned.doc_topic_prior_.sum()
    assert_allclose(learned.transform(0 * COUNTS), np.tile(mean, (len(COUNTS), 1)), rtol=1e-12)
    with pytest.raises(ValueError, match="at least two tokens"):
        learned.score(0 * COUNTS)
    assert not learned.score_samples(0 * COUNTS).any()


@pytest.mark.parametrize("shape", [(6,), (2, 4), (2, 3, 1)])
def test_inverse_transform_of_another_shape(learned, shape):
    message = rf"must be of shape \(n_samples, 3\).*got {re.escape(str(shape))}"
    with pytest.raises(ValueError, match=message):
        learned.inverse_transform(np.ones(shape))


# Counts that are odd, and yet counts

one_word = np.ones((20, 1))
ODD_COUNTS = {
    "a column that is zero": COUNTS * (np.arange(6) != 2),
    "only one column that is not zero": COUNTS * (np.arange(6) == 2),
    "one document": COUNTS[:1] + 1,
    "one document of one token": np.eye(1, 6),
    "two documents": COUNTS[:2],
    "one word": one_word,
    "one word in one document": one_word[:1],
    "documents of one token": np.eye(6),
    "equal documents": np.tile(COUNTS[:1], (20, 1)),
    "more topics than documents and words": COUNTS[:2, :2] + 1,
    "a cell of 1e6": with_cell(1e6),
    "all cells of 1e6": np.full_like(COUNTS, 1e6),
    "tiny weights": COUNTS * 1e-6,
    "tf-idf weights": COUNTS / np.maximum(np.linalg.norm(COUNTS, axis=1, keepdims=True), 1),
    "truth values": COUNTS > 0,
    "mostly empty": np.concatenate([COUNTS[:2], np.zeros((50, 6))]),
    "a last batch of one document": np.tile(COUNTS, (2, 1))[:33],
    "documents that hardly differ": 100 + COUNTS,
}


@pytest.mark.parametrize("Model", [LNTMTransformer, ETMTransformer])
@pytest.mark.parametrize("X", ODD_COUNTS.values(), ids=ODD_COUNTS)
def test_odd_counts(Model, X):
    check_odd_counts(partial(Model, **SMALL), X)


@pytest.mark.slow
@pytest.mark.parametrize("Model", [AmortizedLDATransformer, MCEM], ids=["AmortizedLDA", "MonteCarloEM"])
@pytest.mark.parametrize("X", ODD_COUNTS.values(), ids=ODD_COUNTS)
def test_odd_counts_of_other_models(Model, X):
    check_odd_counts(partial(Model, **SMALL), X)


def check_odd_counts(make_model, X):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Topics?|num_topics=3 for")  # few odd documents need not have three topics
        warnings.filterwarnings("ignore", "X holds fractions")
        if hasattr(make_model(), "num_chains"):  # two passes do not adapt chains, and say so
            warnings.simplefilter("ignore", ConvergenceWarning)
        assert_sensible(make_model().fit(X), X)
        streamed = make_model().partial_fit(X)
        assert_sensible(streamed, X)
        assert_sensible(streamed.partial_fit(X), X)


def test_a_hashed_vocabulary_is_warned_of_and_thinned_out():
    texts = ["red green blue", "green blue", "one two three", "two three red"] * 10
    words = HashingVectorizer(n_features=1 << 15, alternate_sign=False, norm=None)
    model = LNTMTransformer(**SMALL)
    with pytest.warns(UserWarning, match=r"32768 columns, 6 of which are used: .*VarianceThreshold\(\) before"):
        make_pipeline(words, model).fit(texts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*say nearly the same")
        make_pipeline(words, VarianceThreshold(), model).fit(texts)
    assert model.n_features_in_ == 6


def test_fractions_are_warned_of_once_and_where_somebody_sees_the_model(make_model):
    fractions = COUNTS / np.linalg.norm(COUNTS + 1, axis=1, keepdims=True)
    with pytest.warns(UserWarning, match="X holds fractions.*alternate_sign=False, norm=None") as caught:
        make_model().fit(fractions)
    assert [warning.filename for warning in caught if "fractions" in str(warning.message)] == [__file__]
    with pytest.warns(UserWarning, match="X holds fractions") as caught:
        GridSearchCV(make_model(), {"learning_rate": [0.01, 0.02]}, cv=2).fit(fractions)
    assert sum("fractions" in str(warning.message) for warning in caught) == 1  # of the model that it refits


@pytest.mark.parametrize(("n_samples", "batch_size"), [(4, 3), (9, 5)])
def test_batches_of_unequal_size(make_model, n_samples, batch_size):
    X = np.random.default_rng(0).poisson(3.0, size=(n_samples, 4)) + 1
    assert_sensible(make_model(batch_size=batch_size, max_iter=10).fit(X), X)


def test_a_huge_cell_does_not_hide_the_other_documents(make_model):
    model = make_model().fit(with_cell(1e6))
    assert_sensible(model, COUNTS)
    assert model.transform(COUNTS).std(axis=0).max() > 0.01


def test_one_topic(make_model):
    model = make_model(num_topics=1).fit(COUNTS)
    assert_sensible(model, COUNTS)
    assert_allclose(model.transform(COUNTS), 1)


@pytest.mark.parametrize(
    "Model", [LNTMTransformer, *(pytest.param(Model, marks=pytest.mark.slow) for Model in [*MODELS[1:], MCEM])]
)
def test_more_topics_than_documents_and_words_and_no_hidden_layer(Model):
    model = Model(**SMALL | {"num_topics": 30, "hidden_layer_sizes": ()})
    assert_sensible(model.fit(COUNTS), COUNTS)


def test_more_embedding_dimensions_than_words():
    model = ETMTransformer(**SMALL).fit(COUNTS)
    assert_sensible(model, COUNTS)
    assert model.word_embeddings_.shape[1] == model.topic_embeddings_.shape[1] == model.embedding_size > COUNTS.shape[1]


# Parameters

whole = [0, -1, 2.5, "3", None, np.nan, True]
whole_or_zero = [-1, 2.5, "3", None, np.nan]
positive = [0, -1.0, np.nan, np.inf, "1", None]
flag = ["yes", None, 2]
BAD_PARAMETERS = {
    "num_topics": whole,
    "doc_topic_prior": [*positive, [0.1, 0.0, 0.1], [[0.1, 0.1, 0.1]]],
    "topic_word_prior": positive,
    "doc_topic_family": ["normal", 1, None],
    "likelihood": ["gaussian", None, 1],
    "learn_prior": [1, 0, "yes", None],
    "background": [1, 0, "yes", None],
    "covariance": ["diag", None, True],
    "rank": whole,
    "covariate_penalty": positive,
    "covariate_columns": [1, "", [], [0.5], [[0]], True],
    "num_chains": whole,
    "num_e_steps": whole,
    "num_leapfrog_steps": whole,
    "step_size": positive,
    "target_accept": [0, 1, -0.1, 2, np.nan, "1", None],
    "num_samples": whole,
    "topic_prior_scale": positive,
    "topic_smoothing": [-1.0, np.nan, np.inf, "1", None],
    "seed_words": [1, "gun", ["gun"], {"a": []}, {"a": "gun"}, {"": [1]}, {1.5: [1]}, {"a": [1.5]}, {"a": [True]}],
    "seed_strength": positive,
    "separation": [-0.1, np.inf, np.nan, "1", None],
    "encoder_features": whole,
    "hidden_layer_sizes": [(0,), (8, -1), (2.5,), 8, "8", None],
    "max_iter": whole,
    "em_iter": whole_or_zero,
    "joint_iter": whole_or_zero,
    "transform_iter": whole_or_zero,
    "batch_size": [0, -1, 2.5, "large", None, [8]],
    "learning_rate": positive,
    "early_stopping": flag,
    "validation_fraction": [0, 1, -0.1, 2, np.nan, "1", None],
    "n_iter_no_change": [0, -1, 2.5, np.nan, "3", None],
    "tol": [-1.0, np.nan, "1", None],
    "warm_start": flag,
    "random_state": [-1, 2**32, 1.5, "seed", np.random.default_rng(0)],
    "checkpoint_dir": [1, True, b"fits", ["fits"]],
    "on_interrupt": ["stop", None, True],
    "verbose": [-1, "yes", None],
    "train_embeddings": flag,
    "embedding_size": whole,
    "oov": ["zero", None, 1],
    "center_embeddings": flag,
    "normalize_embeddings": flag,
}
BAD_EMBEDDINGS = {"embeddings", "vocabulary"}  # have tests of their own


def test_every_parameter_is_tested():
    names = {name for Model in [*MODELS, MCEM] for name in Model().get_params()}
    assert names == BAD_PARAMETERS.keys() | BAD_EMBEDDINGS


@pytest.mark.parametrize(
    ("Model", "name", "value"),
    [
        (Model, name, value)
        for Model in [*MODELS, MonteCarloLNTMTransformer, ProdLDATransformer]
        for name in Model().get_params()
        for value in BAD_PARAMETERS.get(name, [])
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_parameter_out_of_range(Model, name, value, method):
    model = Model(**{name: value})
    with pytest.raises(ValueError, match=f"^{name} .*must be .*got {re.escape(repr(value))}"):
        getattr(model, method)(COUNTS)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


def test_a_concentration_for_each_topic(model):
    with pytest.raises(ValueError, match=r"doc_topic_prior has 2 concentrations, but num_topics is 3"):
        model.set_params(doc_topic_prior=[0.1, 0.2]).fit(COUNTS)


CHANGES = {  # of parameters that a model in training has made something of
    "num_topics": 5,
    "doc_topic_prior": 0.5,
    "likelihood": "poisson",
    "doc_topic_family": "dirichlet",
    "background": True,
    "seed_words": {"a": [1]},
    "seed_strength": 2.0,
    "covariate_columns": [5],
    "topic_prior_scale": 3.0,
    "topic_word_prior": 0.5,
    "hidden_layer_sizes": (9,),
    "encoder_features": 9,
    "step_size": 0.5,
    "embeddings": "corpus",
    "train_embeddings": False,
    "embedding_size": 7,
    "oov": "random",
    "center_embeddings": True,
    "normalize_embeddings": True,
}
OTHERS = {  # that may change
    "topic_smoothing": 10.0,
    "covariance": "low_rank",
    "rank": 2,
    "covariate_penalty": 1.0,
    "separation": 0.5,
    "max_iter": 3,
    "em_iter": 2,
    "joint_iter": 2,
    "transform_iter": 2,
    "batch_size": 4,
    "learning_rate": 0.01,
    "early_stopping": False,
    "validation_fraction": 0.2,
    "n_iter_no_change": 5,
    "tol": 1e-3,
    "warm_start": True,
    "random_state": 1,
    "checkpoint_dir": None,
    "on_interrupt": "keep",
    "verbose": 0,
    "num_chains": 2,
    "num_e_steps": 2,
    "num_leapfrog_steps": 3,
    "target_accept": 0.7,
    "num_samples": 5,
    "vocabulary": None,
}


def assert_refuses_to_go_on(model, name):
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=f"^{name} is .*but the model in training has .*Set {name} back"):
        model.partial_fit(COUNTS)
    assert_unchanged(model, before)
    with pytest.raises(ValueError, match=f"^{name} is "):
        model.set_params(warm_start=True).fit(COUNTS)


def test_parameters_that_the_state_holds_cannot_change(learned):
    given = learned.get_params()
    assert given.keys() <= CHANGES.keys() | OTHERS.keys() | {"learn_prior"}
    changes = {name: value for name, value in CHANGES.items() if name in given and given[name] != value}
    for name, value in (changes | {"learn_prior": not learned.learn_prior}).items():
        assert_refuses_to_go_on(pickle.loads(pickle.dumps(learned)).set_params(**{name: value}), name)


def test_vocabulary_of_word_vectors_cannot_change():
    model = ETMTransformer(**SMALL, embeddings=VECTORS, vocabulary=WORDS).fit(COUNTS)
    before = pickle.dumps(model.set_params(vocabulary=WORDS[::-1]))
    with pytest.raises(ValueError, match="vocabulary names other words than at first"):
        model.partial_fit(COUNTS)
    assert_unchanged(model, before)
    model.set_params(vocabulary=dict(zip(WORDS, range(6), strict=True))).partial_fit(COUNTS)  # the same, as a mapping


def test_parameters_that_may_change_take_effect(learned):
    model = pickle.loads(pickle.dumps(learned))
    expected = pickle.loads(pickle.dumps(learned)).partial_fit(COUNTS).components_
    others = {name: value for name, value in OTHERS.items() if name in model.get_params()}
    assert np.isfinite(model.set_params(**others).partial_fit(COUNTS).components_).all()
    separated = pickle.loads(pickle.dumps(learned)).set_params(separation=50.0).partial_fit(COUNTS)
    assert np.abs(separated.components_ - expected).max() > 1e-3
    with pytest.raises(ValueError, match="learning_rate"):
        model.set_params(learning_rate=-1.0).partial_fit(COUNTS)


def test_early_stopping_that_leaves_no_document(model):
    model.set_params(early_stopping=True, validation_fraction=0.9)
    with pytest.raises(
        ValueError, match=r"early_stopping holds out 2 of 2 documents.*validation_fraction=0\.9.* Lower"
    ):
        model.fit(COUNTS[:2])


def test_early_stopping_on_documents_that_cannot_be_scored(model):
    with pytest.raises(ValueError, match=r"early_stopping holds out 1 .*two tokens"):
        model.set_params(early_stopping=True).fit(np.eye(6))


# Training that fails


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_that_becomes_non_finite(learned, method):
    """It says why, a fitted model stays as it was, one that was not fitted stays so."""
    diverging = pickle.loads(pickle.dumps(learned)).set_params(learning_rate=1e30, max_iter=20)
    unfitted = clone(diverging)
    for model in (diverging, unfitted):
        before = pickle.dumps(model)
        with pytest.raises(FloatingPointError, match=r"non-finite.*learning_rate=1e\+30.* Lower learning_rate"):
            for _ in range(20):
                getattr(model, method)(COUNTS)
                before = pickle.dumps(model)
        assert_unchanged(model, before)


@pytest.mark.parametrize("warm_start", [False, True])
def test_interrupted_fit_leaves_a_fitted_model_as_it_was(learned, monkeypatch, warm_start):
    model = pickle.loads(pickle.dumps(learned)).set_params(verbose=1, warm_start=warm_start)
    before = pickle.dumps(model)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("builtins.print", interrupt)
        model.fit(COUNTS[::-1])
    assert_unchanged(model, before)


# Word vectors

VECTORS = np.random.default_rng(0).standard_normal((6, 4))
MAPPING = dict(zip(WORDS, VECTORS, strict=True))
BAD_WORD_VECTORS = {
    "too few rows": (VECTORS[:5], None, r"embeddings must have the shape \(6, .*got \(5, 4\)"),
    "too many rows": (np.tile(VECTORS, (2, 1)), None, r"embeddings must have the shape \(6, .*got \(12, 4\)"),
    "transposed": (VECTORS.T, None, r"embeddings must have the shape \(6, .*got \(4, 6\)"),
    "one dimension": (VECTORS[:, 0], None, r"embeddings must have the shape \(6, .*got \(6,\)"),
    "no dimension": (VECTORS[:, :0], None, r"embeddings must have the shape \(6, .*got \(6, 0\)"),
    "NaN": (np.where(np.arange(6)[:, None] == 2, np.nan, VECTORS), None, "embeddings must be finite; row 2"),
    "infinity": (np.where(np.arange(6)[:, None] == 2, np.inf, VECTORS), None, "embeddings must be finite; row 2"),
    "no vectors at all": (object(), WORDS, "embeddings must be an array .* mapping"),
    "a number": (3, None, "embeddings must be an array .* mapping"),
    "mapping without vocabulary": (MAPPING, None, r"wrap the vectorizer: NamedVectorizer.*get_feature_names_out"),
    "vocabulary too short": (MAPPING, WORDS[:5], "vocabulary has 5 words, but X has 6 columns"),
    "vocabulary too long": (VECTORS, [*WORDS, "gnu"], "vocabulary has 7 words, but X has 6 columns"),
    "vocabulary with repeats": (MAPPING, ["ant", *WORDS[:5]], "vocabulary must hold each word once.*'ant'"),
    "vocabulary without an order": (MAPPING, set(WORDS), "vocabulary must have the order of the columns, .* set"),
    "vocabulary of frequencies": (
        MAPPING,
        dict.fromkeys(WORDS, 1),
        "vocabulary is a mapping, which must have the number",
    ),
    "a data frame in another order": (
        pd.DataFrame(VECTORS, index=range(6, 0, -1)),
        WORDS,
        "index is neither words nor 0",
    ),
    "words as columns": (pd.DataFrame(MAPPING), WORDS, r"columns are called as words .*frame\.T"),
    "no word known": (MAPPING, [word.upper() for word in WORDS], "embeddings has a vector for none of the 6 .*'ANT'"),
    "mapping with NaN": ({**MAPPING, "cat": np.full(4, np.nan)}, WORDS, "embeddings must be finite.*'cat'"),
    "vectors of two lengths": (
        {**MAPPING, "cat": np.ones(3)},
        WORDS,
        "embeddings must have vectors of one length.*'cat'",
    ),
}


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(("embeddings", "vocabulary", "message"), BAD_WORD_VECTORS.values(), ids=BAD_WORD_VECTORS)
def test_bad_word_vectors(embeddings, vocabulary, message, method):
    model = ETMTransformer(**SMALL, embeddings=embeddings, vocabulary=vocabulary)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(COUNTS)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


def test_few_words_known():
    embeddings = {word: MAPPING[word] for word in WORDS[:3]}
    with pytest.warns(UserWarning, match="50%.*'dog'"):
        model = ETMTransformer(**SMALL, embeddings=embeddings, vocabulary=WORDS).fit(COUNTS)
    assert_sensible(model, COUNTS)
    assert model.embedding_coverage_ == 0.5


@pytest.mark.parametrize("train_embeddings", [True, False])
@pytest.mark.parametrize(
    "embeddings",
    [np.zeros((6, 4)), np.ones((6, 4)), 1e30 * VECTORS, 1e-30 * VECTORS, VECTORS.tolist()],
    ids=["zero", "equal", "huge", "tiny", "lists"],
)
def test_odd_word_vectors(embeddings, train_embeddings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = ETMTransformer(**SMALL, embeddings=embeddings, train_embeddings=train_embeddings).fit(COUNTS)
    assert_sensible(model, COUNTS)
    assert np.isfinite(model.word_embeddings_).all()
    assert np.isfinite(model.topic_embeddings_).all()
