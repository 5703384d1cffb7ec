"""Fitted models in files, and in processes without JAX."""

import copy
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import cloudpickle
import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import skops.io as skops
from conftest import MCEM, MODELS, SMALL
from numpy.testing import assert_array_equal
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sklearn_etm
from sklearn_etm import ETMTransformer, LNTMTransformer, NamedVectorizer

TRAINING_LIBRARIES = {"flax", "jax", "jaxlib", "numpyro", "optax"}

WITHOUT_JAX = f"""
import pickle, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {TRAINING_LIBRARIES}:
            raise ImportError(f"{{name}} is not installed here")

sys.meta_path.insert(0, Absent())
with open(sys.argv[1], "rb") as file:
    pipelines, texts = pickle.load(file)
answers = [(p[:-1].transform(texts), p.predict_proba(texts), p[:-1].score(texts)) for p in pipelines]
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


def by_joblib(model, path, mmap_mode=None, **options):
    joblib.dump(model, path, **options)
    return joblib.load(path, mmap_mode=mmap_mode)


def by_skops(model, path):
    skops.dump(model, path)
    return skops.load(path, trusted=skops.get_untrusted_types(file=path))


WAYS = {
    **{f"pickle-{n}": lambda model, path, n=n: pickle.loads(pickle.dumps(model, n)) for n in range(6)},
    "cloudpickle": lambda model, path: pickle.loads(cloudpickle.dumps(model)),
    "deepcopy": lambda model, path: copy.deepcopy(model),
    "joblib": by_joblib,
    "joblib-compressed": lambda model, path: by_joblib(model, path, compress=3),
    "joblib-mapped": lambda model, path: by_joblib(model, path, mmap_mode="r"),
    "skops": by_skops,
}


def modules_of(data):
    """Top-level packages of all that a pickle refers to."""
    found = set()

    class Recorder(pickle.Unpickler):
        def find_class(self, module, name):
            found.add(module.partition(".")[0])
            return super().find_class(module, name)

    Recorder(io.BytesIO(data)).load()
    return found


TABLE = {f"word{v}": np.random.default_rng(v).normal(size=4) for v in range(40)}


@pytest.fixture
def texts(X):
    return [" ".join(f"word{v}" for v in np.repeat(row, row)) for row in X.toarray().astype(int)[:-1]]


def test_import_loads_no_training_library():
    assert run(IMPORT_ONLY).split() == []


def test_pipelines_serve_where_jax_cannot_be_imported(texts, tmp_path):
    labels = np.arange(len(texts)) % 2
    pipelines = [
        make_pipeline(CountVectorizer(), Model(**SMALL), LogisticRegression()).fit(texts, labels)
        for Model in [*MODELS, MCEM]
    ]
    (tmp_path / "pipelines.pickle").write_bytes(pickle.dumps((pipelines, texts)))
    run(WITHOUT_JAX, tmp_path / "pipelines.pickle", tmp_path / "answers.pickle")
    answers = pickle.loads((tmp_path / "answers.pickle").read_bytes())
    for (theta, probabilities, score), pipeline in zip(answers, pipelines, strict=True):
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


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_save_a_model(fitted, X, way, tmp_path):
    fitted.transform(X)  # which leaves nothing behind that could not be saved
    copy = WAYS[way](fitted, tmp_path / "model")
    assert_array_equal(copy.transform(X), fitted.transform(X))
    assert_array_equal(copy.components_, fitted.components_)
    assert copy.score(X) == fitted.score(X)
    assert repr(copy) == repr(fitted)


@pytest.mark.parametrize("way", ["joblib-mapped", "cloudpickle", "skops", "deepcopy", "pickle-0"])
def test_partial_fit_goes_on_however_it_was_saved(fitted, X, way, tmp_path):
    copy = WAYS[way](fitted, tmp_path / "model")
    assert_array_equal(copy.partial_fit(X).components_, unpickled(fitted).partial_fit(X).components_)


PIPELINES = {
    "counts-lntm": lambda: make_pipeline(CountVectorizer(), LNTMTransformer(**SMALL)),
    "named-etm-table": lambda: make_pipeline(NamedVectorizer(), ETMTransformer(**SMALL, embeddings=TABLE)),
    "named-etm-classifier": lambda: make_pipeline(
        NamedVectorizer(CountVectorizer()), ETMTransformer(**SMALL, embedding_size=4), LogisticRegression()
    ),
}


@pytest.mark.parametrize("make", PIPELINES.values(), ids=PIPELINES)
@pytest.mark.parametrize("way", ["skops", "joblib-compressed", "cloudpickle", "deepcopy"])
def test_pipelines(make, way, texts, tmp_path):
    pipeline = make().fit(texts, np.arange(len(texts)) % 2)
    answer = pipeline.predict_proba if hasattr(pipeline, "predict_proba") else pipeline.transform
    before = WAYS[way](pipeline, tmp_path / "before")
    expected = answer(texts)
    for saved in (before, WAYS[way](pipeline, tmp_path / "after")):
        assert_array_equal(getattr(saved, answer.__name__)(texts), expected)


CHECKED = {
    "joblib": (lambda model, path: joblib.dump(model, path, compress=3), joblib.load),
    "joblib-lzma": (lambda model, path: joblib.dump(model, path, compress=("lzma", 1)), joblib.load),
    "skops": (skops.dump, lambda path: skops.load(path, trusted=skops.get_untrusted_types(file=path))),
}


@pytest.mark.parametrize("way", CHECKED)
def test_a_flipped_bit_is_refused_or_changes_nothing(fitted, way, tmp_path):
    """The latter in what zip says of a file: its date or name."""
    dump, load = CHECKED[way]
    path = tmp_path / "model"
    dump(fitted, path)
    (expected, header), n_refused = fitted.to_arrays(), 0
    for _ in flips(path, 15):
        try:
            arrays, loaded_header = load(path).to_arrays()
        except Exception:
            n_refused += 1
        else:
            assert loaded_header == header
            assert {name: a.tobytes() for name, a in arrays.items()} == {n: a.tobytes() for n, a in expected.items()}
    assert n_refused > 5


def flips(path, n):
    """Flip one bit of a file, n times."""
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for position in rng.integers(0, len(content), n):
        flipped = bytearray(content)
        flipped[position] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        yield


def names_of_types(*classes):
    return sorted(f"{cls.__module__}.{cls.__name__}" for cls in classes)


def test_skops_has_to_trust_the_class_alone(Model, X):
    model = Model(**SMALL)
    for _ in range(2):
        assert skops.get_untrusted_types(data=skops.dumps(model)) == names_of_types(type(model))
        model.fit(X).transform(X)
    assert skops.get_untrusted_types(data=skops.dumps(model.slim())) == names_of_types(type(model))
    assert skops.get_untrusted_types(data=skops.dumps(model.partial_fit(X))) == names_of_types(type(model))


@pytest.mark.parametrize("make", PIPELINES.values(), ids=PIPELINES)
def test_skops_has_to_trust_our_steps_alone(make, texts):
    pipeline = make().fit(texts, np.arange(len(texts)) % 2)
    ours = [type(step) for step in pipeline if type(step).__module__.startswith("sklearn_etm.")]
    for _ in range(2):
        assert skops.get_untrusted_types(data=skops.dumps(pipeline)) == names_of_types(*ours)
        pipeline[:2].transform(texts)


def test_first_fit_of_a_process_leaves_its_generator_and_environment_alone():
    """Importing JAX draws from NumPy's global generator and sets environment variables."""
    assert run(FIRST_FIT).split() == ["True", "True"]


@pytest.mark.slow
def test_what_a_process_fitted_before_does_not_matter(X, tmp_path):
    """Programs are compiled for sizes that fits share: those of a larger corpus serve a smaller one, to the bit."""
    models = [LNTMTransformer(**SMALL), ETMTransformer(**SMALL)]
    (tmp_path / "models.pickle").write_bytes(pickle.dumps((models, X)))
    run(LARGER_FIRST, tmp_path / "models.pickle", tmp_path / "topics.pickle")
    for model, topics in zip(models, pickle.loads((tmp_path / "topics.pickle").read_bytes()), strict=True):
        assert_array_equal(model.fit(X).components_, topics)
