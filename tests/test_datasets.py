"""Tests of the corpora."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import scipy
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

import sklearn_etm.datasets
from sklearn_etm.datasets import load_docstrings, make_topics_corpus

# Prints what identifies the corpus, and the modules that loading it imported.
SCRIPT = """
import hashlib, json, sys
from sklearn_etm.datasets import load_docstrings
before = set(sys.modules)
corpus = load_docstrings()
imported = set(sys.modules) - before
content = json.dumps([corpus.data, corpus.names, corpus.target.tolist(), corpus.target_names, corpus.DESCR])
print(json.dumps([hashlib.sha256(content.encode()).hexdigest(), sorted(imported)]))
"""


@pytest.fixture(scope="module")
def corpus():
    return load_docstrings()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Load the corpus in two interpreters that differ in all that must not matter."""
    source = str(Path(sklearn_etm.datasets.__file__).parents[1])
    outputs = []
    for hash_seed, locale in (("1", "C"), ("2", "C.UTF-8")):
        environment = {**os.environ, "PYTHONPATH": source, "PYTHONHASHSEED": hash_seed, "LC_ALL": locale}
        directory = tmp_path_factory.mktemp("working_directory")
        output = subprocess.check_output([sys.executable, "-c", SCRIPT], env=environment, cwd=directory)
        outputs.append(json.loads(output))
    return outputs


def test_docstrings_are_thousands_from_each_large_package(corpus):
    assert len(corpus.data) > 2000
    packages = [name.partition(".")[0] for name in corpus.names]
    for package in ("numpy", "scipy", "sklearn"):
        assert packages.count(package) > 500


def test_docstrings_attributes_are_consistent(corpus):
    assert len(corpus.data) == len(corpus.names) == len(corpus.target)
    assert all(isinstance(text, str) for text in corpus.data)
    assert np.issubdtype(corpus.target.dtype, np.integer)
    assert corpus.target_names == sorted(set(corpus.target_names))
    assert_array_equal(np.unique(corpus.target), np.arange(len(corpus.target_names)))
    for name, target in zip(corpus.names, corpus.target, strict=True):
        assert name.split(".")[0] == corpus.target_names[target].split(".")[0]


def test_docstrings_are_the_same_in_any_process(corpus, runs):
    (first, _), (second, _) = runs
    assert first == second
    content = json.dumps([corpus.data, corpus.names, corpus.target.tolist(), corpus.target_names, corpus.DESCR])
    assert hashlib.sha256(content.encode()).hexdigest() == first


def test_docstrings_are_read_without_importing_the_packages(runs):
    for _, imported in runs:
        packages = {module.partition(".")[0] for module in imported}
        assert packages.isdisjoint({"jax", "jaxlib", "numpyro", "flax", "optax"})


def test_docstrings_have_no_duplicates(corpus):
    normalized = [" ".join(text.split()) for text in corpus.data]
    assert len(set(normalized)) == len(normalized)


def test_docstrings_leave_out_tests_private_names_and_vendored_code(corpus):
    excluded = re.compile(r"\.(tests|testing|conftest|test_\w+|\w+_test|externals|third_party|setup)\.")
    assert [name for name in corpus.names if excluded.search(name)] == []
    assert [name for name in corpus.names if name.rpartition(".")[2].startswith("_")] == []


@pytest.mark.parametrize(
    ("module", "function", "target", "phrase"),
    [
        ("scipy.stats", "gmean", "scipy.stats", "geometric mean"),
        ("scipy.special", "wrightomega", "scipy.special", "Wright Omega function"),
        ("sklearn.linear_model", "Ridge.fit", "sklearn.linear_model", "Fit Ridge regression model"),
        ("numpy.linalg", "svd", "numpy.linalg", "Singular Value Decomposition"),
        ("numpy._core", "ufunc.reduce", "numpy", "dimension by one"),
    ],
)
def test_docstrings_of_known_functions(corpus, module, function, target, phrase):
    matches = [
        index
        for index, name in enumerate(corpus.names)
        if name.startswith(f"{module}.") and name.endswith(f".{function}")
    ]
    assert any(phrase in corpus.data[index] for index in matches)
    assert {corpus.target_names[corpus.target[index]] for index in matches} == {target}


def test_small_subpackages_are_merged_into_their_package(corpus):
    for target_name, size in zip(corpus.target_names, np.bincount(corpus.target), strict=True):
        assert size >= 20 or "." not in target_name


def test_docstrings_are_prose(corpus):
    markup = re.compile(r"^\s*>>> |\.\. (?:math|code-block|note)::|:(?:math|func):`|^\s*-{4,}\s*$", re.M)
    assert [text for text in corpus.data if markup.search(text)] == []


def test_example_output_is_removed_and_the_text_around_it_kept(corpus):
    text = corpus.data[corpus.names.index("numpy.linalg._linalg.matrix_power")]
    assert "Raise a square matrix to the (integer) power" in text
    assert "Somewhat more sophisticated example" in text
    assert "array([" not in text


def test_min_words(corpus):
    assert min(len(text.split()) for text in corpus.data) == 30
    longer = load_docstrings(min_words=200)
    assert min(len(text.split()) for text in longer.data) >= 200
    assert longer.data == [text for text in corpus.data if len(text.split()) >= 200]


def test_return_X_y(corpus):
    data, target = load_docstrings(return_X_y=True)
    assert data == corpus.data
    assert_array_equal(target, corpus.target)


def test_description_states_versions_and_count(corpus):
    for module in (np, scipy, sklearn):
        assert f"{module.__name__} {module.__version__}" in corpus.DESCR
    assert str(len(corpus.data)) in corpus.DESCR


def test_missing_package_is_left_out(corpus, monkeypatch):
    # What the import system records for a package that cannot be imported.
    monkeypatch.setitem(sys.modules, "scipy", None)
    without = load_docstrings()
    assert "scipy" not in without.DESCR
    assert not any(name.startswith("scipy.") for name in without.names)
    assert len(without.data) > 1000
    assert set(without.names) < set(corpus.names)


def test_changing_the_result_does_not_change_the_next():
    first = load_docstrings()
    first.data[0] = "changed"
    assert load_docstrings().data[0] != "changed"


def test_topics_corpus_shapes():
    corpus = make_topics_corpus(n_samples=50, n_topics=4, n_features=30, random_state=0)
    assert sparse.issparse(corpus.data)
    assert corpus.data.format == "csr"
    assert corpus.data.dtype == np.int64
    assert corpus.data.shape == (50, 30)
    assert corpus.data.has_canonical_format
    assert corpus.components.shape == (4, 30)
    assert corpus.doc_topic.shape == (50, 4)
    assert_allclose(corpus.components.sum(axis=1), 1)
    assert_allclose(corpus.doc_topic.sum(axis=1), 1)


def assert_counts_match(data, doc_topic, components):
    """Check summed counts against their expectation, in standard deviations of a Poisson count."""
    lengths = data.sum(axis=1).A1
    expected = lengths @ doc_topic @ components
    observed = data.sum(axis=0).A1
    frequent = expected > 20
    assert frequent.sum() > 10
    deviations = (observed - expected)[frequent] / np.sqrt(expected[frequent])
    assert np.abs(deviations).max() < 5
    assert np.mean(deviations**2) < 1.5


def test_topics_corpus_words_follow_the_planted_topics():
    # More documents than are drawn at a time, to see that each keeps its own mixture.
    corpus = make_topics_corpus(25_000, 5, 100, doc_length=30, topic_word_prior=0.5, random_state=0)
    dominant_topic = corpus.doc_topic.argmax(axis=1)
    groups = [slice(None), slice(1000), slice(-1000, None)]
    groups += [np.flatnonzero(dominant_topic == topic)[-1000:] for topic in range(5)]
    for group in groups:
        assert_counts_match(corpus.data[group], corpus.doc_topic[group], corpus.components)


def test_topics_corpus_words_of_a_long_document_follow_its_mixture():
    corpus = make_topics_corpus(10, 5, 100, doc_length=20_000, topic_word_prior=0.5, random_state=0)
    for document in range(10):
        row = slice(document, document + 1)
        assert_counts_match(corpus.data[row], corpus.doc_topic[row], corpus.components)


def test_topics_corpus_document_lengths():
    corpus = make_topics_corpus(10_000, 3, 50, doc_length=40, random_state=0)
    lengths = corpus.data.sum(axis=1).A1
    assert lengths.mean() == pytest.approx(40, abs=5 * np.sqrt(40 / 10_000))
    assert lengths.var() == pytest.approx(40, rel=0.1)


def test_topics_corpus_has_no_empty_document():
    corpus = make_topics_corpus(1000, 3, 50, doc_length=0.1, random_state=0)
    assert corpus.data.sum(axis=1).min() == 1


def test_topics_corpus_priors_concentrate():
    diffuse = make_topics_corpus(200, 10, 100, doc_topic_prior=10, topic_word_prior=10, random_state=0)
    sharp = make_topics_corpus(200, 10, 100, doc_topic_prior=0.05, topic_word_prior=0.01, random_state=0)
    assert diffuse.doc_topic.max(axis=1).mean() < 0.3 < 0.6 < sharp.doc_topic.max(axis=1).mean()
    assert diffuse.components.max() < 0.1 < 0.3 < sharp.components.max(axis=1).mean()


def test_topics_corpus_is_reproducible():
    first = make_topics_corpus(random_state=7)
    same = make_topics_corpus(random_state=np.random.RandomState(7))
    other = make_topics_corpus(random_state=8)
    assert_array_equal(first.data.toarray(), same.data.toarray())
    assert_array_equal(first.components, same.components)
    assert_array_equal(first.doc_topic, same.doc_topic)
    assert (first.data != other.data).nnz > 0


def test_topics_corpus_memory_grows_with_words_drawn():
    tracemalloc.start()
    try:
        corpus = make_topics_corpus(30_000, 2, 100_000, doc_length=10, random_state=0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert corpus.data.shape == (30_000, 100_000)
    assert peak < 100e6
