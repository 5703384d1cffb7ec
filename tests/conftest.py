"""What the tests share: both models, small, and counts to fit them on."""

import os
import sys

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before SciPy is imported, or scikit-learn skips a check
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")

from functools import partial

import jax
import numpy as np
import pytest
import scipy.sparse as sp

from sklearn_etm import AmortizedLDATransformer, ETMTransformer, LNTMTransformer, MonteCarloLNTMTransformer
from sklearn_etm.datasets import make_topics_corpus

MODELS = [LNTMTransformer, ETMTransformer, AmortizedLDATransformer]
OF_ENCODERS = {"encoder_features", "hidden_layer_sizes", "em_iter"}
SIZES = {"encoder_features": 8, "hidden_layer_sizes": (8,)}  # equal sizes share programs: to compile takes longest
SMALL = {"num_topics": 3, **SIZES, "max_iter": 2, "em_iter": 1, "random_state": 0}


def MCEM(**parameters):
    """A small model with chains, of parameters some of which are of models with encoders alone."""
    own = {name: value for name, value in parameters.items() if name not in OF_ENCODERS}
    return MonteCarloLNTMTransformer(**{"num_samples": 4, "num_leapfrog_steps": 5} | own)


VARIANTS = [*(pytest.param(Model, id=Model.__name__) for Model in MODELS), pytest.param(MCEM, id="MonteCarloEM")]
REASONS_TO_SKIP = {
    "no chromium is installed",
    "scikit-learn has callbacks since 1.9",
    "mlflow-skinny is not installed: pip install --group mlflow",
    "gensim is not installed: pip install sklearn-etm[vectors]",
    "Spark is not installed: pip install pyspark, with Java 17",
    "Ray is not installed: pip install ray",
    "ip netns is not permitted",
    "Dask is not installed: pip install sklearn-etm[dask]",
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that is skipped for another reason fails: nobody would see that it no longer protects."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in REASONS_TO_SKIP:
            report.outcome, report.longrepr = "failed", f"skipped: {reason}"
    return report


def pytest_configure(config):
    """Workers, and runs that follow, share what one has compiled; but for the slow tests it is hardly optimised."""
    if config.option.markexpr == "not slow":  # programs of tests compile for longer than they run
        os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        jax.config.update("jax_disable_most_optimizations", True)
    if hasattr(config, "cache"):
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(config.cache.mkdir("jax"))  # for processes that tests start
        jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])


class _Absent:
    """Finds no pandas."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")


@pytest.fixture
def hide_pandas(monkeypatch):
    """Call it, and it is as if pandas were not installed."""

    def hide():
        for name in [name for name in sys.modules if name.partition(".")[0] == "pandas"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [_Absent(), *sys.meta_path])

    return hide


@pytest.fixture(params=VARIANTS)
def Model(request):
    """Class of each public estimator."""
    return request.param


@pytest.fixture
def make_model(Model):
    """Maker of small models that fit in a moment; keyword arguments override."""
    return partial(Model, **SMALL)


@pytest.fixture
def model(make_model):
    """A small model, not fitted."""
    return make_model()


@pytest.fixture(scope="session", params=VARIANTS)
def fitted(request, X):
    """A small fitted model, shared by all tests: read it, do not change it."""
    return request.param(**SMALL).fit(X)


@pytest.fixture(scope="session")
def X():
    """Counts of 60 documents over 40 words, read-only; the last document is empty, and so is the last column."""
    counts = make_topics_corpus(n_samples=59, n_topics=3, n_features=39, doc_length=30, random_state=0).data
    counts = sp.csr_array(sp.block_diag([counts, np.zeros((1, 1))], format="csr"))
    counts.eliminate_zeros()
    for part in (counts.data, counts.indices, counts.indptr):
        part.flags.writeable = False
    return counts
