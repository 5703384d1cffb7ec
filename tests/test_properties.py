"""Whatever comes through the public methods, in any order: an answer that is one, or a refusal that changes nothing."""

import copy
import pickle
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import MCEM, MODELS, SMALL
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import sklearn_etm
from sklearn_etm import ProdLDATransformer

N_WORDS = 6
COUNTS = np.random.default_rng(0).poisson(1.0, size=(20, N_WORDS)).astype(float)
OF_PRODUCTS = {name: value for name, value in SMALL.items() if name != "em_iter"}
MAKERS = [*MODELS, MCEM, lambda **parameters: ProdLDATransformer(**OF_PRODUCTS)]
METHODS = ["transform", "score", "score_samples", "perplexity", "partial_fit", "fit"]
QUICK = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
DTYPES = ["bool", *(f"{sign}int{n}" for sign in ("", "u") for n in (8, 16, 32, 64)), "float16", "float32", "float64"]
ODD = [np.nan, np.inf, -np.inf, -1.0, -0.0, 0.5, 5e-324, 1e-30, 300.0, 2.0**24 + 1, 2.0**53, 1e39, 1e300]
FORMATS = ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"]


@pytest.fixture(scope="module", params=MAKERS, ids=["LNTM", "ETM", "LDA", "MonteCarloEM", "ProdLDA"])
def learned(request):
    return pickle.dumps(request.param(**SMALL).fit(COUNTS))


@st.composite
def dense_counts(draw):
    """Counts of any type, some of which are none."""
    shape = draw(st.sampled_from([(20, 6)] * 4 + [(1, 6), (2, 6), (0, 6), (20, 5), (20, 1), (0, 0)]))
    X = draw(arrays.arrays(np.float64, shape, elements=st.integers(0, 5), fill=st.just(0)))
    for _ in range(draw(st.integers(0, 2)) if X.size else 0):
        cell = draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1))
        X[cell] = draw(st.sampled_from(ODD))
    with np.errstate(all="ignore"):
        return X.astype(draw(st.sampled_from(DTYPES)))


@st.composite
def in_a_container(draw, X):
    """The same counts in a list, in objects or sparse, with duplicates, zeros that are stored, and in no order."""
    kind = draw(st.sampled_from(["array", "Fortran", "list", "object", *FORMATS, "csr", "unsorted"]))
    if kind in ("array", "Fortran", "list", "object"):
        return {"array": X, "Fortran": np.asfortranarray(X), "list": X.tolist(), "object": X.astype(object)}[kind]
    if X.dtype == np.float16:  # SciPy has none
        X = X.astype(np.float32)
    if kind != "unsorted":
        return getattr(sp, f"{kind}_{draw(st.sampled_from(['array', 'matrix']))}")(X)
    rows, columns = np.indices(X.shape).reshape(2, -1)
    order = draw(st.permutations(range(2 * X.size))) if X.size < 20 else np.arange(2 * X.size)[::-1]
    data = np.concatenate([X.ravel(), np.zeros_like(X.ravel())])
    order = np.asarray(order, dtype=int)
    cells = (data[order], (np.tile(rows, 2)[order], np.tile(columns, 2)[order]))
    return sp.coo_array(cells, shape=X.shape).asformat(draw(st.sampled_from(["coo", "csr", "csc"])))


def content(X):
    """What may not change in X."""
    parts = (getattr(X, name, None) for name in ("data", "indices", "indptr", "coords")) if sp.issparse(X) else [X]
    return pickle.dumps([X.shape, *parts] if sp.issparse(X) else [*parts])


def asked(model, method, X):
    """The answer, or the error, neither of which has changed X; nor has an error changed the model."""
    before, model_before = content(X), pickle.dumps(model)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return getattr(model, method)(X)
    except (ValueError, TypeError) as error:
        assert len(str(error)) > 10
        assert pickle.dumps(model) == model_before
        return error
    finally:
        assert content(X) == before


def assert_proportions(theta, n):
    assert theta.shape == (n, 3)
    assert (theta >= 0).all()
    assert_allclose(theta.sum(axis=1), 1, rtol=1e-5)


def check_counts_of_any_kind(learned, data, method):
    X = data.draw(dense_counts())
    model, held = pickle.loads(learned), data.draw(in_a_container(X))
    answer = asked(model, method, held)
    values = X.astype(np.float64)
    is_sane = np.isfinite(values).all() and values.min(initial=0) >= 0 and values.max(initial=0) <= 2.0**53
    is_sane = is_sane and len(X) > 0 and X.shape[1] == N_WORDS
    if not is_sane and method != "fit":
        assert isinstance(answer, ValueError | TypeError)
    elif method == "transform":
        assert_proportions(answer, len(X))
        assert_allclose(answer, model.transform(sp.csr_array(X.astype(np.float64))), atol=1e-5)
    elif method == "score_samples":
        assert np.isfinite(answer).all()
    elif not isinstance(answer, Exception) and hasattr(answer, "transform"):
        assert np.isfinite(answer.components_).all()


@pytest.mark.parametrize("method", METHODS[:4])
@settings(QUICK, max_examples=30)
@given(data=st.data())
def test_counts_of_any_kind(learned, method, data):
    check_counts_of_any_kind(learned, data, method)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
@settings(QUICK, max_examples=100)
@given(data=st.data())
def test_counts_of_any_kind_at_length(learned, method, data):
    check_counts_of_any_kind(learned, data, method)


# Orders of calls

CHANGES = [
    {"transform_iter": 0},
    {"transform_iter": -1},
    {"learning_rate": np.nan},
    {"num_topics": 4},
    {"num_topics": 3},
]
CHANGES += [{"verbose": 0}, {"separation": 0.0}, {"learn_prior": True}, {"learn_prior": False}, {"warm_start": True}]
BATCHES = [COUNTS, COUNTS[::-1], sp.csc_matrix(COUNTS), 0 * COUNTS, -COUNTS, COUNTS[:, :5], COUNTS * np.nan]


class AnyOrder(RuleBasedStateMachine):
    """One estimator, and what its last fit made it answer."""

    make = staticmethod(MODELS[0])

    def __init__(self):
        super().__init__()
        self.model = self.make(**SMALL)
        self.theta = None  # of COUNTS, since the model was last changed

    @property
    def is_fitted(self):
        return hasattr(self.model, "components_")

    @rule(X=st.sampled_from(BATCHES), method=st.sampled_from(METHODS))
    def ask(self, X, method):
        answer = asked(self.model, method, X)
        if isinstance(answer, Exception):
            if not self.is_fitted and "fit" not in method:
                assert isinstance(answer, NotFittedError)
        elif "fit" in method:
            assert answer is self.model
            self.theta = None
        else:
            assert np.isfinite(answer).all()

    @rule(change=st.sampled_from(CHANGES))
    def set_a_parameter(self, change):
        if change.keys() <= self.model.get_params().keys():
            self.model.set_params(**change)
            self.theta = None

    @rule(way=st.sampled_from(["pickle", "deepcopy", ".npz", ".safetensors", "slim"]))
    def go_on_with_a_copy(self, way):
        if way == "pickle":
            self.model = pickle.loads(pickle.dumps(self.model))
        elif way == "deepcopy":
            self.model = copy.deepcopy(self.model)
        elif not self.is_fitted:
            with pytest.raises(NotFittedError):
                self.model.to_arrays()
        elif way == "slim":
            self.model = self.model.slim()
        else:
            self.go_through_a_file(way)

    def go_through_a_file(self, suffix):
        with tempfile.TemporaryDirectory() as folder:
            if self.model.get_params().get("transform_iter") == -1 or np.isnan(self.model.learning_rate):
                with pytest.raises(ValueError, match="must be"):
                    sklearn_etm.save(self.model, Path(folder, f"model{suffix}"))
                return
            sklearn_etm.save(self.model, Path(folder, f"model{suffix}"))
            self.model = sklearn_etm.load(Path(folder, f"model{suffix}"))

    @rule()
    def clone(self):
        parameters = str(self.model.get_params())
        self.model, self.theta = clone(self.model), None
        assert str(self.model.get_params()) == parameters
        assert not self.is_fitted

    @invariant()
    def the_same_answer_as_before(self):
        if not self.is_fitted:
            return
        theta = asked(self.model, "transform", COUNTS)
        if isinstance(theta, Exception):
            return
        if self.theta is not None:
            assert_array_equal(theta, self.theta)
        assert len(theta) == 20
        assert_allclose(theta.sum(axis=1), 1)
        self.theta = theta


def run(make, n_examples, n_steps):
    machine = type(f"AnyOrderOf{make.__name__}", (AnyOrder,), {"make": staticmethod(make)}).TestCase
    machine.settings = settings(QUICK, max_examples=n_examples, stateful_step_count=n_steps)
    machine("runTest").runTest()


@pytest.mark.parametrize("make", MAKERS[:1])
def test_calls_in_any_order(make):
    run(make, 5, 10)


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS, ids=["LNTM", "ETM", "LDA", "MonteCarloEM", "ProdLDA"])
def test_calls_in_any_order_at_length(make):
    run(make, 30, 20)
