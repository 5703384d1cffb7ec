"""Slim models, versions of what is saved, plain arrays, and files that are whole or not there."""

import copy
import gc
import json
import os
import pickle
import re
import resource
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import MCEM, MODELS, SMALL
from numpy.testing import assert_array_equal
from safetensors.numpy import load_file
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import sklearn_etm
from sklearn_etm import AmortizedLDATransformer, ETMTransformer, LNTMTransformer, NamedVectorizer, ProdLDATransformer
from sklearn_etm._files import formats
from sklearn_etm._files.arrays import write
from sklearn_etm.embeddings import WordVectors
from sklearn_etm.inspection import topic_table
from sklearn_etm.plotting import LossCurveDisplay, TopicWordsDisplay

SUFFIXES = [".npz", ".safetensors"]
WORDS = [f"word{i}" for i in range(40)]
RNG = np.random.default_rng(0)
TABLE = {word: RNG.normal(size=4) for word in [*WORDS, "unseen", "others"]}
OF_PRODUCTS = {name: value for name, value in SMALL.items() if name != "em_iter"}
QUICK = {"n_chains": 2, "n_temperatures": 5, "random_state": 0}


@pytest.fixture(scope="module")
def table_model(X):
    """An ETM with vectors of a table, by names."""
    return ETMTransformer(**SMALL, embeddings=TABLE, vocabulary=WORDS).fit(X)


@pytest.fixture(scope="module")
def lntm(X):
    return LNTMTransformer(**SMALL).fit(X)


def arrays_of(value, found):
    """All arrays in a plain state, each once."""
    if isinstance(value, np.ndarray):
        found[id(value)] = value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        arrays_of(item, found)
    return found.values()


def restored(model):
    """A model that went through arrays and JSON."""
    arrays, header = model.to_arrays()
    return type(model).from_arrays(arrays, json.loads(json.dumps(header, allow_nan=False)))


def assert_same(model, other, X):
    """Equal to the bit in all that a fitted model says."""
    assert_array_equal(other.transform(X), model.transform(X))
    assert_array_equal(other.components_, model.components_)
    assert other.score(X) == model.score(X)
    assert str(other.get_params()) == str(model.get_params())
    assert other.loss_curve_ == model.loss_curve_
    assert other.get_feature_names_out().tolist() == model.get_feature_names_out().tolist()


# Slim models


def test_slim_model_says_the_same(fitted, X):
    before = pickle.dumps(fitted)
    slim = fitted.slim()
    assert pickle.dumps(fitted) == before
    for model in (slim, slim.slim(), pickle.loads(pickle.dumps(slim)), copy.deepcopy(slim), restored(slim)):
        assert_same(fitted, model, X)
    assert slim.perplexity(X) == fitted.perplexity(X)
    draws = [model.sample_posterior(X, 3, random_state=0) for model in (slim, fitted)]
    assert_array_equal(*draws)
    expected = fitted.log_marginal_likelihood(X[:5], **QUICK)
    assert_array_equal(slim.log_marginal_likelihood(X[:5], **QUICK).log_likelihood, expected.log_likelihood)
    assert_array_equal(slim.inverse_transform(np.eye(3)), fitted.inverse_transform(np.eye(3)))
    assert str(topic_table(slim, X)) == str(topic_table(fitted, X))
    TopicWordsDisplay.from_estimator(slim)
    LossCurveDisplay.from_estimator(slim)
    if hasattr(fitted, "encode"):
        assert_array_equal(slim.encode(X).scale, fitted.encode(X).scale)
    assert not hasattr(clone(slim), "components_")


def test_slim_model_of_vectors_is_searched_and_extended(table_model, X):
    slim = table_model.slim()
    assert slim.nearest_words("unseen") == table_model.nearest_words("unseen")
    assert slim.find_topics("word1 unseen") == table_model.find_topics("word1 unseen")
    larger = sp.hstack([X, X[:, :1]], format="csr")
    extended = slim.extend_vocabulary(["unseen"])
    assert_array_equal(extended.transform(larger), table_model.extend_vocabulary(["unseen"]).transform(larger))
    with pytest.raises(ValueError, match="is slim"):
        extended.partial_fit(larger)


def test_slim_model_cannot_be_trained_further(fitted, X):
    slim = fitted.slim()
    before = pickle.dumps(slim)
    with pytest.raises(ValueError, match=r"is slim.*Go on with the model that slim\(\) was called on, or fit anew"):
        slim.partial_fit(X)
    assert pickle.dumps(slim) == before
    with pytest.raises(ValueError, match="is slim"):
        pickle.loads(before).set_params(warm_start=True).fit(X)
    assert_array_equal(pickle.loads(before).fit(X).components_, fitted.components_)


@pytest.mark.parametrize(
    "Model", [LNTMTransformer, *(pytest.param(Model, marks=pytest.mark.slow) for Model in [*MODELS[1:], MCEM])]
)
def test_slim_pickle_holds_its_arrays_and_little_else(Model):
    X = sp.csr_array(np.random.default_rng(0).poisson(0.1, (50, 3000)))
    model = Model(**SMALL | {"num_topics": 10, "max_iter": 1, "encoder_features": 50}).fit(X)
    slim = model.slim()
    n_bytes = sum(array.nbytes for array in arrays_of(slim.__getstate__(), {}))
    assert len(pickle.dumps(slim)) < 1.1 * n_bytes
    assert len(pickle.dumps(slim)) < 0.64 * len(pickle.dumps(model))


@pytest.mark.parametrize("make", [LNTMTransformer, ETMTransformer, AmortizedLDATransformer, ProdLDATransformer])
def test_slim_model_in_single_precision(make, X):
    model = make(**OF_PRODUCTS).fit(X)  # rounds of EM included, where there are any
    slim = model.slim(dtype=np.float32)
    assert slim.components_.dtype == np.float32
    assert model.components_.dtype == np.float64
    assert abs(slim.transform(X) - model.transform(X)).max() < 1e-6
    assert slim.score(X) == pytest.approx(model.score(X), abs=1e-6)
    assert restored(slim).components_.dtype == np.float32
    with pytest.raises(ValueError, match=r"dtype must be numpy\.float64 or numpy\.float32; got 'int32'"):
        model.slim(dtype="int32")


@pytest.mark.parametrize("call", [lambda model: model.slim(), lambda model: model.to_arrays()])
def test_only_fitted_models_are_taken_apart(model, call):
    with pytest.raises(NotFittedError):
        call(model)


# Versions


def changed(model, **entries):
    """A pickle of a model whose state has other entries."""

    class Changed:
        def __reduce__(self):
            return object.__new__, (type(model),), {**model.__getstate__(), **entries}

    return pickle.dumps(Changed())


def test_every_step_between_formats_has_a_function():
    assert set(formats.MIGRATIONS) == set(range(1, formats.FORMAT))


@pytest.mark.parametrize("estimator", [LNTMTransformer(), ETMTransformer(), NamedVectorizer(CountVectorizer())])
def test_newer_states_are_refused(estimator):
    newer = changed(estimator, _sklearn_etm_format=formats.FORMAT + 1, _sklearn_etm_version="99.0")
    with pytest.raises(ValueError, match=rf"written by sklearn_etm 99\.0 in format .*{sklearn_etm.__version__}, which"):
        pickle.loads(newer)


def test_newer_files_are_refused(lntm, tmp_path, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(formats, "FORMAT", formats.FORMAT + 1)
        newer.setattr(formats, "__version__", "99.0")
        sklearn_etm.save(lntm, tmp_path / "model.npz")
        content = pickle.dumps(lntm)
    with pytest.raises(ValueError, match=r"model\.npz was written by sklearn_etm 99\.0 in format"):
        sklearn_etm.load(tmp_path / "model.npz")
    with pytest.raises(ValueError, match=r"This LNTMTransformer was written by sklearn_etm 99\.0 in format"):
        pickle.loads(content)


def test_older_states_are_brought_up_to_date(lntm, X, tmp_path, monkeypatch):
    """As if components_ had once been called topics_."""

    def renamed(state):
        return {"components_" if name == "topics_" else name: value for name, value in state.items()}

    arrays, header = lntm.to_arrays()
    header = json.loads(json.dumps(header).replace('"components_": {', '"topics_": {'))
    state = {("topics_" if name == "components_" else name): v for name, v in lntm.__getstate__().items()}
    monkeypatch.setattr(formats, "MIGRATIONS", formats.MIGRATIONS | {formats.FORMAT: renamed})
    monkeypatch.setattr(formats, "FORMAT", formats.FORMAT + 1)
    unpickled = object.__new__(LNTMTransformer)
    unpickled.__setstate__(state)
    for model in (unpickled, LNTMTransformer.from_arrays(arrays, header)):
        assert_same(lntm, model, X)
        assert model.__getstate__()["_sklearn_etm_format"] == formats.FORMAT
        assert not hasattr(model, "_sklearn_etm_format")


def test_states_without_a_format_are_refused(lntm):
    with pytest.raises(ValueError, match="This LNTMTransformer does not say which format it is in"):
        pickle.loads(changed(lntm, _sklearn_etm_format=None))


@pytest.mark.parametrize(
    "entries",
    [
        {"_model": {"class": "TopicModel", "prior": None}},
        {"_model": {"class": "Unknown"}},
        {"_state": {"class": "FitState", "surplus": 1}},
    ],
)
def test_states_that_do_not_fit_are_refused(lntm, entries):
    with pytest.raises(ValueError, match="This LNTMTransformer is damaged or cut off"):
        pickle.loads(changed(lntm, **entries))


def test_a_parameter_that_is_newer_than_the_file_has_its_default(fitted, X):
    """As if separation, and learn_prior, which training holds on to, had been added since."""
    arrays, header = fitted.to_arrays()
    del header["state"]["separation"], header["state"]["learn_prior"], header["state"]["_held"]["dict"]["learn_prior"]
    older = type(fitted).from_arrays(arrays, header)
    assert repr(older) == repr(fitted)
    assert older.get_params() == fitted.get_params() == clone(older).get_params()
    assert_array_equal(older.partial_fit(X).components_, copy.deepcopy(fitted).partial_fit(X).components_)
    with pytest.raises(ValueError, match="learn_prior is"):
        older.set_params(learn_prior=not older.learn_prior).partial_fit(X)


# Arrays


def test_arrays_have_names_and_hold_numbers(fitted, X):
    arrays, header = fitted.to_arrays()
    assert {"components_", "doc_topic_prior_mean_", "state/constants/topics/log_unigram"} <= set(arrays)
    assert any(name.startswith("state/learned/parameters/") for name in arrays)
    assert all(type(array) is np.ndarray and array.dtype.kind in "biuf" for array in arrays.values())
    assert len({id(array) for array in arrays.values()}) == len(arrays)
    assert header["class"] == type(fitted).__name__
    assert header["version"] == sklearn_etm.__version__
    assert_same(fitted, restored(fitted), X)
    assert_array_equal(restored(fitted).partial_fit(X).components_, copy.deepcopy(fitted).partial_fit(X).components_)


def test_parameters_of_all_kinds_survive(X):
    parameters = {
        "doc_topic_prior": np.array([0.1, 0.2, 0.3]),
        "hidden_layer_sizes": [np.int64(8)],
        "learning_rate": np.float32(0.01),
        "n_iter_no_change": np.inf,
        "random_state": np.random.RandomState(3),
        "early_stopping": np.bool_(False),
        "embeddings": np.eye(40)[:, :4],
        "vocabulary": np.array(WORDS),
    }
    model = ETMTransformer(**SMALL | parameters).fit(X)
    again = restored(model)
    for name, value in parameters.items():
        held = getattr(again, name)
        assert type(held) is type(value)
        if name == "random_state":
            assert held.randint(1000) == value.randint(1000)
        else:
            assert np.array_equal(held, value)
    assert type(again.hidden_layer_sizes[0]) is np.int64
    assert again.learning_rate.dtype == np.float32


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_slice_of_columns_survives(X, suffix, tmp_path):
    both = sp.hstack([X, np.arange(60.0)[:, None]], format="csr")
    model = LNTMTransformer(**SMALL, covariate_columns=slice(40, None)).fit(both)
    sklearn_etm.save(model, tmp_path / f"model{suffix}")
    again = sklearn_etm.load(tmp_path / f"model{suffix}")
    assert again.covariate_columns == slice(40, None)
    assert_array_equal(again.partial_fit(both).components_, model.partial_fit(both).components_)


def test_vectors_of_a_table_are_those_of_the_words(table_model, X):
    arrays, header = table_model.to_arrays()
    again = ETMTransformer.from_arrays(arrays, header)
    assert again.embeddings is TABLE  # which an estimator of this process has
    assert_array_equal(again.partial_fit(X).components_, copy.deepcopy(table_model).partial_fit(X).components_)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_vectors_of_a_table_that_is_gone(table_model, X, suffix, tmp_path):
    table = {word: vector[::-1] for word, vector in TABLE.items()}
    model = ETMTransformer(**SMALL, embeddings=table, vocabulary=WORDS).fit(X)
    expected = model.nearest_words("word3"), model.find_topics("word1 word2")
    sklearn_etm.save(model, tmp_path / f"model{suffix}")
    del table, model
    gc.collect()
    alone = sklearn_etm.load(tmp_path / f"model{suffix}")
    assert repr(alone.embeddings) == "CutVectors(40 of 42 words, 4 dimensions)"
    assert (alone.nearest_words("word3"), alone.find_topics("word1 word2")) == expected
    again = restored(alone)
    larger = sp.hstack([X, X[:, :1]], format="csr")
    extended = [model.extend_vocabulary(["unseen"], TABLE).transform(larger) for model in (alone, again)]
    assert_array_equal(*extended)
    alone.partial_fit(X)


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"embeddings": WordVectors(WORDS, np.ones((40, 4)))}, r"embeddings of ETMTransformer .* holds a WordVectors"),
        ({"embeddings": len}, r"embeddings of ETMTransformer cannot .* holds a builtin_function_or_method\. Save"),
        ({"vocabulary": {1.5: "a"}}, r"vocabulary of ETMTransformer .* a dict with the key 1\.5, which is neither"),
        ({"random_state": np.random}, "random_state of ETMTransformer .* holds a module"),
        ({"vocabulary": np.array([1, "a"], dtype=object)}, "vocabulary of ETMTransformer .* an array of object"),
    ],
)
def test_what_is_not_plain_is_refused_by_name(table_model, parameters, what):
    with pytest.raises(TypeError, match=what):
        copy.deepcopy(table_model).set_params(**parameters).to_arrays()


def test_vectors_that_lack_something_are_refused(table_model):
    arrays, header = table_model.to_arrays()
    header = json.loads(json.dumps(header))
    del header["state"]["_space"]["dict"]["table"]["dict"]["words"]
    with pytest.raises(ValueError, match=r"This ETMTransformer is damaged or cut off: .*'words'"):
        ETMTransformer.from_arrays(arrays, header)


def test_arrays_of_another_class_are_refused(lntm):
    with pytest.raises(ValueError, match="are the arrays of a LNTMTransformer, not of a ETMTransformer"):
        ETMTransformer.from_arrays(*lntm.to_arrays())


def test_arrays_that_lack_something_are_refused(lntm):
    arrays, header = lntm.to_arrays()
    for name in arrays:
        with pytest.raises(ValueError, match=re.escape(f"damaged or cut off: the array '{name}' is missing")):
            LNTMTransformer.from_arrays({other: v for other, v in arrays.items() if other != name}, header)
    for state in ({}, [], None, {"_model": {"unknown": 1}}, {"_model": {"dict": {"class": "TopicModel"}}}):
        with pytest.raises(ValueError, match="is damaged or cut off"):
            LNTMTransformer.from_arrays(arrays, {**header, "state": state})


# Files


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files(fitted, X, suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    assert sklearn_etm.save(fitted, path) is None
    loaded = sklearn_etm.load(str(path))
    assert type(loaded) is type(fitted)
    assert_same(fitted, loaded, X)
    assert_array_equal(loaded.partial_fit(X).components_, copy.deepcopy(fitted).partial_fit(X).components_)
    sklearn_etm.save(fitted.slim(), tmp_path / f"slim{suffix}")
    assert_same(fitted, sklearn_etm.load(tmp_path / f"slim{suffix}"), X)
    sklearn_etm.save(sklearn_etm.load(path), tmp_path / f"again{suffix}")
    assert (tmp_path / f"again{suffix}").read_bytes() == path.read_bytes()


def test_files_are_read_by_others(fitted, tmp_path):
    arrays, header = fitted.to_arrays()
    sklearn_etm.save(fitted, tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        assert {name: archive[name].tobytes() for name in arrays} == {name: a.tobytes() for name, a in arrays.items()}
        assert json.loads(archive["header.json"])["state"] == header["state"]
    sklearn_etm.save(fitted, tmp_path / "model.safetensors")
    tensors = load_file(tmp_path / "model.safetensors")
    assert {name: a.tobytes() for name, a in tensors.items()} == {name: a.tobytes() for name, a in arrays.items()}


def test_words_that_are_not_used_take_no_space(X, tmp_path):
    """As of a hashed vocabulary."""
    hashed = sp.csr_array((X.data, 70 * X.indices, X.indptr), shape=(len(X.indptr) - 1, 70 * X.shape[1]))
    model = LNTMTransformer(**SMALL).fit(hashed)
    sklearn_etm.save(model, tmp_path / "model.npz")
    assert (tmp_path / "model.npz").stat().st_size < 0.2 * len(pickle.dumps(model))
    assert_same(model, sklearn_etm.load(tmp_path / "model.npz"), hashed)


def test_files_of_a_users_class(X, tmp_path):
    class OwnTransformer(LNTMTransformer):
        pass

    sklearn_etm.save(OwnTransformer(**SMALL).fit(X), tmp_path / "model.npz")
    assert type(sklearn_etm.load(tmp_path / "model.npz")) is OwnTransformer
    del OwnTransformer
    gc.collect()
    with pytest.raises(ValueError, match=r"holds a .*OwnTransformer: import the module that defines it first"):
        sklearn_etm.load(tmp_path / "model.npz")


def test_pipelines_and_other_names_are_refused(lntm, tmp_path):
    with pytest.raises(TypeError, match=r"got Pipeline\. Write other estimators.*by skops\.io\.dump.*joblib\.dump"):
        sklearn_etm.save(make_pipeline(CountVectorizer(), lntm), tmp_path / "model.npz")
    for call in (lambda path: sklearn_etm.save(lntm, path), sklearn_etm.load):
        with pytest.raises(ValueError, match=r"must end in \.npz or \.safetensors; got .*model\.pkl"):
            call(tmp_path / "model.pkl")
    with pytest.raises(FileNotFoundError):
        sklearn_etm.load(tmp_path / "none.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_files_are_refused(lntm, X, suffix, tmp_path):
    """A flipped bit is refused; those of dates and the like within a zip, which nobody reads, change nothing."""
    path = tmp_path / f"model{suffix}"
    sklearn_etm.save(lntm.slim(), path)
    content, (expected, header) = path.read_bytes(), lntm.slim().to_arrays()
    rng = np.random.default_rng(0)
    for position in [*range(16), *rng.integers(0, len(content), 150)]:
        flipped = bytearray(content)
        flipped[position] ^= 1 << rng.integers(8)
        path.write_bytes(flipped)
        try:
            arrays, loaded_header = sklearn_etm.load(path).to_arrays()
        except ValueError as error:
            assert str(error).startswith(f"model{suffix} is damaged or cut off: ")
        else:
            assert suffix == ".npz"
            assert loaded_header == header
            assert {name: a.tobytes() for name, a in arrays.items()} == {n: a.tobytes() for n, a in expected.items()}
    for length in [0, 1, 7, 8, 100, len(content) // 2, len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=f"model{suffix} is damaged or cut off: "):
            sklearn_etm.load(path)


CHANGED = {  # arrays and entries of a state that nobody could answer with, and what is said of them
    "NaN": ({"components_": lambda a: a * np.nan}, {}, "components_ holds numbers that are not finite"),
    "topics that are no distributions": ({"components_": lambda a: 2 * a}, {}, "topics must be distributions of words"),
    "fewer words": ({"components_": lambda a: a[:, :-1]}, {}, "must be numbers of the shape"),
    "no topic": ({"components_": lambda a: a[:0]}, {}, "topics must be distributions"),
    "one dimension": ({"components_": np.ravel}, {}, "not enough values to unpack"),
    "a prior below zero": ({"doc_topic_prior_scale_": lambda a: -a}, {}, "the scale of the prior holds numbers"),
    "another prior": (
        {"doc_topic_prior_mean_": lambda a: a[:1]},
        {},
        "the mean of the prior must be numbers of the shape",
    ),
    "infinite weights": (
        {"model/inference/loc/weight": lambda a: a + np.inf},
        {},
        "the weights of a layer holds numbers",
    ),
    "other weights": ({"model/inference/features/projection": np.transpose}, {}, "must be numbers of the shape"),
    "another parameter": ({}, {"transform_iter": "many"}, "transform_iter of LNTMTransformer must be an integer"),
    "another number of words": ({}, {"n_features_in_": 7}, "components_ has the shape"),
    "wide strings": (
        {},
        {"feature_names_in_": {"strings": ["<U500000000", ["a"] * 40]}},
        "is too wide for its strings",
    ),
    "few names": ({}, {"feature_names_in_": {"strings": ["|O", ["a"]]}}, "feature_names_in_ must have 40 names"),
    "no model": ({}, {"_model": None}, "object is not a mapping"),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", CHANGED)
def test_files_that_somebody_has_changed_are_refused(lntm, name, suffix, tmp_path):
    """With the checksum that belongs to it."""
    change, entries, message = CHANGED[name]
    arrays, header = lntm.to_arrays()
    assert change.keys() <= arrays.keys()
    arrays = arrays | {array: made(arrays[array]) for array, made in change.items()}
    write(tmp_path / f"model{suffix}", arrays, {**header, "state": header["state"] | entries})
    with pytest.raises(ValueError, match=f"This LNTMTransformer is damaged or cut off: .*({message})"):
        sklearn_etm.load(tmp_path / f"model{suffix}")


def test_a_class_that_is_none(lntm, tmp_path):
    arrays, header = lntm.to_arrays()
    write(tmp_path / "model.npz", arrays, header | {"class": []})
    with pytest.raises(ValueError, match=r"holds a \[\]: import the module"):
        sklearn_etm.load(tmp_path / "model.npz")


def test_arrays_larger_than_their_file_take_no_memory(tmp_path):
    header = repr({"descr": "<f4", "fortran_order": False, "shape": (10**12,)}).encode() + b"\n"
    with zipfile.ZipFile(tmp_path / "model.npz", "w") as archive:
        archive.writestr("header.json", "{}")
        archive.writestr("a.npy", b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(8))
    with pytest.raises(ValueError, match=r"damaged or cut off: an array must be of the shape \(1000000000000,\)"):
        sklearn_etm.load(tmp_path / "model.npz")


def test_a_model_that_could_not_be_loaded_is_not_saved(lntm, tmp_path):
    with pytest.raises(ValueError, match="transform_iter of LNTMTransformer must be an integer of at least 0; got -1"):
        sklearn_etm.save(copy.deepcopy(lntm).set_params(transform_iter=-1), tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_zip_of_other_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    with pytest.raises(ValueError, match=r"arrays\.npz is damaged .*: it has no header\.json, as files of sklearn_etm"):
        sklearn_etm.load(tmp_path / "arrays.npz")


@contextmanager
def largest_file(n_bytes):
    """As on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_cannot_be_written_leaves_the_former_one(lntm, X, suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    sklearn_etm.save(lntm.slim(), path)
    before = path.read_bytes()
    with largest_file(len(before) // 2), pytest.raises(OSError, match="File too large"):
        sklearn_etm.save(lntm, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


SAVE_FOR_EVER = """
import sys
import sklearn_etm

model = sklearn_etm.load(sys.argv[1])
print("loaded", flush=True)
while True:
    sklearn_etm.save(model, sys.argv[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_process_that_is_killed_leaves_a_file_that_is_whole(lntm, X, suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    sklearn_etm.save(lntm, path)
    environment = {**os.environ, "PYTHONPATH": str(Path(sklearn_etm.__file__).parents[1])}
    for seconds in (0.01, 0.05, 0.1, 0.2, 0.3):
        command = [sys.executable, "-c", SAVE_FOR_EVER, str(path)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
        assert_same(lntm, sklearn_etm.load(path), X)


def test_a_link_and_permissions_stay(lntm, tmp_path):
    (tmp_path / "v1.npz").touch(mode=0o640)
    (tmp_path / "model.npz").symlink_to("v1.npz")
    sklearn_etm.save(lntm, tmp_path / "model.npz")
    assert (tmp_path / "model.npz").is_symlink()
    assert (tmp_path / "v1.npz").stat().st_mode & 0o777 == 0o640
    sklearn_etm.load(tmp_path / "model.npz")
