"""Fitted models in files, and in processes without JAX."""

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import skops.io as skops
from conftest import SMALL
from numpy.testing import assert_array_equal
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sklearn_etm
from sklearn_etm import ETMTransformer, LNTMTransformer

TRAINING_LIBRARIES = {"flax", "jax", "jaxlib", "numpyro", "optax"}

WITHOUT_JAX = f"""
import pickle, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {TRAINING_LIBRARIES}:
            raise ImportError(f"{{name}} is not installed here")

sys.meta_path.insert(0, Absent())
with open(sys.argv[1], "rb") as file:
    pipeline, texts = pickle.load(file)
answers = pipeline[:-1].transform(texts), pipeline.predict_proba(texts), pipeline[:-1].score(texts)
with open(sys.argv[2], "wb") as file:
    pickle.dump(answers, file)
"""

IMPORT_ONLY = f"""
import sys
import sklearn_etm, sklearn_etm.metrics, sklearn_etm.datasets, sklearn_etm.embeddings
print(*{TRAINING_LIBRARIES} & {{name.partition(".")[0] for name in sys.modules}})
"""

FIRST_FIT = """
import os
import numpy as np
from sklearn_etm import LNTMTransformer

np.random.seed(0)
environment, expected = dict(os.environ), np.random.RandomState(0).rand()
LNTMTransformer(2, max_iter=1, em_iter=0, hidden_layer_sizes=(2,)).fit(np.eye(6))
print(dict(os.environ) == environment, np.random.rand() == expected)
"""

LARGER_FIRST = """
import pickle, sys

with open(sys.argv[1], "rb") as file:
    models, X = pickle.load(file)
larger = X + X[::-1]
with open(sys.argv[2], "wb") as file:
    pickle.dump([(model.fit(larger), model.fit(X).components_)[1] for model in models], file)
"""


def run(script, *arguments):
    """Output of a script in a new interpreter that imports the same package."""
    environment = {**os.environ, "PYTHONPATH": str(Path(sklearn_etm.__file__).parents[1])}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def unpickled(model):
    return pickle.loads(pickle.dumps(model))


def modules_of(data):
    """Top-level packages of all that a pickle refers to."""
    found = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            found.add(module.partition(".")[0])
            return super().find_class(module, name)

    Recorder(io.BytesIO(data)).load()
    return found


@pytest.fixture
def texts(X):
    return [" ".join(f"word{v}" for v in np.repeat(row, row)) for row in X.toarray().astype(int)[:-1]]


def test_import_loads_no_training_library():
    assert run(IMPORT_ONLY).split() == []


def test_pipeline_serves_where_jax_cannot_be_imported(make_model, texts, tmp_path):
    labels = np.arange(len(texts)) % 2
    pipeline = make_pipeline(CountVectorizer(), make_model(), LogisticRegression()).fit(texts, labels)
    (tmp_path / "pipeline.pickle").write_bytes(pickle.dumps((pipeline, texts)))
    run(WITHOUT_JAX, tmp_path / "pipeline.pickle", tmp_path / "answers.pickle")
    theta, probabilities, score = pickle.loads((tmp_path / "answers.pickle").read_bytes())
    assert_array_equal(theta, pipeline[:-1].transform(texts))
    assert_array_equal(probabilities, pipeline.predict_proba(texts))
    assert score == pipeline[:-1].score(texts)


@pytest.mark.parametrize("learn", ["fit", "partial_fit"])
def test_pickle_refers_to_nothing_but_numpy_and_the_package(make_model, X, learn):
    model = getattr(make_model(), learn)(X)
    assert modules_of(pickle.dumps(model)) <= {"numpy", "sklearn_etm", "builtins", "copyreg"}


@pytest.mark.parametrize("learn", ["fit", "partial_fit"])
def test_pickle_holds_no_training_row(make_model, X, learn):
    """Four times the documents, the same file size; and rare counts are nowhere in it."""
    marked = X.astype(np.float64)
    marked.data[:8] = np.arange(8) + 1234.5
    small = pickle.dumps(getattr(make_model(), learn)(marked))
    large = pickle.dumps(getattr(make_model(), learn)(sp.vstack([marked] * 4, format="csr")))
    assert abs(len(large) - len(small)) < 100
    for dtype in (np.float64, np.float32):
        assert marked.data[:8].astype(dtype).tobytes() not in small


def test_unpickled_model_is_the_same(fitted, X):
    copy = unpickled(fitted)
    assert_array_equal(copy.transform(X), fitted.transform(X))
    assert copy.score(X) == fitted.score(X)
    assert copy.loss_curve_ == fitted.loss_curve_
    assert copy.get_feature_names_out().tolist() == fitted.get_feature_names_out().tolist()


@pytest.mark.parametrize("learn", ["fit", "partial_fit"])
def test_partial_fit_goes_on_after_unpickling_to_the_bit(make_model, X, learn):
    model = getattr(make_model(), learn)(X)
    copy = unpickled(model)
    for batch in (X[::-1], X):
        model.partial_fit(batch)
        copy = unpickled(copy.partial_fit(batch))
    assert_array_equal(copy.components_, model.components_)
    assert_array_equal(copy.transform(X), model.transform(X))
    assert copy.loss_curve_ == model.loss_curve_


def test_partial_fit_of_a_copy_leaves_the_original_alone(fitted, X):
    before = pickle.dumps(fitted)
    unpickled(fitted).partial_fit(X)
    assert pickle.dumps(fitted) == before


def test_memory_mapped_model(fitted, X, tmp_path):
    joblib.dump(fitted, tmp_path / "model.joblib")
    mapped = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    assert_array_equal(mapped.transform(X), fitted.transform(X))
    assert mapped.score(X) == fitted.score(X)
    assert_array_equal(mapped.partial_fit(X).components_, unpickled(fitted).partial_fit(X).components_)


def test_skops_has_to_trust_the_class_alone(Model, X):
    model = Model(**SMALL).fit(X)
    data = skops.dumps(model)
    untrusted = skops.get_untrusted_types(data=data)
    assert untrusted == [f"{type(model).__module__}.{type(model).__name__}"]
    loaded = skops.loads(data, trusted=untrusted)
    assert_array_equal(loaded.transform(X), model.transform(X))
    assert_array_equal(loaded.partial_fit(X).components_, model.partial_fit(X).components_)


def test_first_fit_of_a_process_leaves_its_generator_and_environment_alone():
    """Importing JAX draws from NumPy's global generator and sets environment variables."""
    assert run(FIRST_FIT).split() == ["True", "True"]


def test_what_a_process_fitted_before_does_not_matter(X, tmp_path):
    """Programs are compiled for sizes that fits share: those of a larger corpus serve a smaller one, to the bit."""
    models = [LNTMTransformer(**SMALL), ETMTransformer(**SMALL)]
    (tmp_path / "models.pickle").write_bytes(pickle.dumps((models, X)))
    run(LARGER_FIRST, tmp_path / "models.pickle", tmp_path / "topics.pickle")
    for model, topics in zip(models, pickle.loads((tmp_path / "topics.pickle").read_bytes()), strict=True):
        assert_array_equal(model.fit(X).components_, topics)
