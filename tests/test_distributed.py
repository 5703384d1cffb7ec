"""Corpora in shards: the topics of one corpus, however it is split and whoever computes; and shards that fail."""

import os
import pickle
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from conftest import MCEM, SMALL
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import sklearn_etm
from sklearn_etm import (
    AmortizedLDATransformer,
    ETMTransformer,
    LNTMTransformer,
    NamedVectorizer,
    ProdLDATransformer,
)
from sklearn_etm._engine.programs import n_compiled
from sklearn_etm._inputs.vectorizer import with_names
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.distributed import Local, Processes, fit_shards, score_shards, transform_shards

N = 300
SPLITS = {
    "one": [],
    "three": [90, 200],
    "seven": [10, 11, 50, 120, 200, 290],
    "with empty ones": [0, 120, 120, N],
}


@pytest.fixture(scope="module")
def counts():
    """Documents with three topics, some of them empty."""
    X = sp.csr_array(make_topics_corpus(N, 3, 40, doc_length=30, random_state=0).data)
    kept = np.ones(N)
    kept[[0, 120, 299]] = 0
    X = sp.csr_array(sp.diags_array(kept) @ X)
    X.eliminate_zeros()
    return X


def split(X, cuts):
    return [X[rows] for rows in np.split(np.arange(X.shape[0]), cuts)]


@pytest.fixture(scope="module")
def shards(counts):
    return split(counts, SPLITS["three"])


@pytest.fixture
def files(shards, tmp_path):
    for i, shard in enumerate(shards):
        sp.save_npz(tmp_path / f"part-{i}.npz", shard)
    return sorted(tmp_path.glob("part-*.npz"))


@pytest.fixture(scope="module")
def lntm(shards):
    """A model that was fitted to shards by a sample of half of the documents; read it, do not change it."""
    return fit_shards(LNTMTransformer(**SMALL), shards, sample_size=150)


@pytest.mark.parametrize(
    ("Model", "parameters"),
    [
        (LNTMTransformer, {"background": True, "learn_prior": True}),
        pytest.param(AmortizedLDATransformer, {}, marks=pytest.mark.slow),
    ],
)
def test_shards_are_the_corpus_where_the_sample_is_all_of_it(Model, parameters, counts):
    parameters = {**SMALL, "em_iter": 3, **parameters}
    expected = Model(**parameters).fit(counts)
    for cuts in SPLITS.values():
        model = fit_shards(Model(**parameters), split(counts, cuts))
        assert_allclose(model.components_, expected.components_, rtol=1e-4)
        assert_allclose(model.transform(counts), expected.transform(counts), rtol=1e-4, atol=1e-6)
        assert model.loss_curve_ == expected.loss_curve_
        assert model.n_samples_seen_ == expected.n_samples_seen_ == N - 3
    assert_allclose(model.partial_fit(counts).components_, expected.partial_fit(counts).components_, rtol=1e-3)


def test_an_etm_in_shards_is_as_good(counts, shards):
    """Adam, by which its topics are fitted to expected counts, makes more of rounding."""
    expected = ETMTransformer(**SMALL).fit(counts)
    model = fit_shards(ETMTransformer(**SMALL), shards)
    assert abs(model.score(counts) - expected.score(counts)) < 1e-3


def test_the_sample_is_the_same_however_documents_are_split(counts, lntm):
    for cuts in SPLITS.values():
        model = fit_shards(LNTMTransformer(**SMALL), split(counts, cuts), sample_size=150)
        assert model.loss_curve_ == lntm.loss_curve_  # of the documents of the sample
        assert_allclose(model.components_, lntm.components_, rtol=1e-4)
    another = fit_shards(LNTMTransformer(**{**SMALL, "random_state": 1}), [counts], sample_size=150)
    assert another.loss_curve_ != lntm.loss_curve_


def test_the_sample_has_its_size_and_is_fair(counts):
    """Each document is its number, times a word."""
    from sklearn_etm.distributed._fit import ShardedCorpus
    from sklearn_etm.distributed._shards import Shards

    numbered = sp.csr_array(np.arange(1.0, 20_001)[:, None])
    corpus = ShardedCorpus(Shards(split(numbered, [300, 9000]), "local", "raise"), False)
    sample = corpus.sample(5000, np.random.RandomState(0)).toarray().ravel() - 1
    assert len(np.unique(sample)) == 5000 and (np.diff(sample) > 0).all()
    assert_allclose(np.histogram(sample, 10, (0, 20_000))[0], 500, atol=100)
    other = corpus.sample(5000, np.random.RandomState(1)).toarray().ravel() - 1
    assert 1000 < len(np.intersect1d(sample, other)) < 1500  # 1250 of independent ones
    assert corpus.sample(30_000, np.random.RandomState(0)).shape == (20_000, 1)


def test_topics_know_words_that_the_sample_has_not(counts):
    X = sp.hstack([counts, sp.csr_array((N, 1))]).tolil()
    X[17, -1] = 40
    X = sp.csr_array(X)
    for seed in range(3):  # one document of six is sampled
        model = fit_shards(LNTMTransformer(**{**SMALL, "random_state": seed}), [X], sample_size=50)
        assert model.components_[:, -1].max() > 1e-3


@pytest.mark.slow
def test_processes_come_to_the_same_bits(lntm, files, shards, tmp_path):
    model = fit_shards(LNTMTransformer(**SMALL), files, sample_size=150, map_reduce=Processes(2))
    assert_array_equal(model.components_, lntm.components_)
    assert score_shards(model, files, map_reduce=Processes(2)) == score_shards(lntm, shards)
    paths = transform_shards(model, files, tmp_path, map_reduce=Processes(2))
    assert_array_equal(np.load(paths[1]), lntm.transform(shards[1]))


@pytest.mark.slow
@pytest.mark.parametrize("n_jobs", [1, 3, 7])
def test_any_number_of_processes_comes_to_the_same_bits(n_jobs, counts):
    parts = split(counts, SPLITS["seven"])
    expected = fit_shards(LNTMTransformer(**SMALL), parts, sample_size=150)
    model = fit_shards(LNTMTransformer(**SMALL), parts, sample_size=150, map_reduce=Processes(n_jobs))
    assert_array_equal(model.components_, expected.components_)


def as_text(broadcast, item):
    return str(broadcast + item)


def in_brackets(a, b):
    return f"({a} {b})"


@pytest.mark.parametrize("n", [1, pytest.param(7, marks=pytest.mark.slow), 16, 37])
def test_processes_combine_in_the_tree_whoever_combines(n):
    expected = Local().map_reduce(as_text, range(n), 10, in_brackets)
    assert Processes(2).map_reduce(as_text, range(n), 10, in_brackets) == expected
    if n == 7:
        assert expected == "(((10 11) (12 13)) ((14 15) 16))"


def killing(file, marks, n_lives):
    """Loads a file, and kills the worker that does so in its third read and some after it."""
    marks = Path(marks)
    (marks / f"{len(list(marks.iterdir()))}").touch()
    n = len(list(marks.iterdir()))
    if 3 <= n < 3 + n_lives:
        os.kill(os.getpid(), signal.SIGKILL)
    return sp.load_npz(file)


@pytest.mark.slow
def test_a_worker_that_is_killed_changes_nothing(lntm, files, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    some = [files[0], partial(killing, files[1], marks, 1), files[2]]
    model = fit_shards(LNTMTransformer(**SMALL), some, sample_size=150, map_reduce=Processes(2))
    assert_array_equal(model.components_, lntm.components_)
    assert len(list(marks.iterdir())) == 4  # totals, sample, and a round twice


@pytest.mark.slow
def test_workers_that_are_always_killed_are_an_error(files, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    some = [files[0], partial(killing, files[1], marks, 99), files[2]]
    model = LNTMTransformer(**SMALL)
    with pytest.raises(RuntimeError, match=r"died 3 times, the last with 1 of 3 shards done"):
        fit_shards(model, some, map_reduce=Processes(2))
    assert not hasattr(model, "components_")


class Recording:
    """An engine of a user's, which runs tasks in another order and pickles all that another process would be sent."""

    def map_reduce(self, function, items, broadcast, combine):
        sent = [pickle.dumps((function, broadcast, item)) for item in items]
        results = {}
        for i in reversed(range(len(sent))):
            run, *arguments = pickle.loads(sent[i])
            results[i] = pickle.loads(pickle.dumps(run(*arguments)))
        level = [results[i] for i in range(len(items))]
        while len(level) > 1:
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            level = [combine(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
        return level[0]


def test_an_engine_is_one_method(counts, tmp_path):
    parts = split(counts, SPLITS["seven"])
    expected = fit_shards(LNTMTransformer(**SMALL), parts, sample_size=150)
    model = fit_shards(LNTMTransformer(**SMALL), parts, sample_size=150, map_reduce=Recording())
    assert_array_equal(model.components_, expected.components_)
    assert score_shards(model, parts, map_reduce=Recording()) == score_shards(expected, parts)


@pytest.mark.parametrize("cuts", SPLITS.values(), ids=SPLITS)
def test_scores_and_proportions_are_those_of_all_rows(fitted, X, cuts, tmp_path):
    parts = split(X, [min(cut, X.shape[0]) for cut in cuts])
    assert_allclose(score_shards(fitted, parts), fitted.score(X), rtol=1e-12)
    paths = transform_shards(fitted, parts, tmp_path / "topics")
    assert [path.name for path in paths] == [f"shard-{i:05}.npy" for i in range(len(parts))]
    theta = np.concatenate([np.load(path, mmap_mode="r") for path in paths])
    assert_allclose(theta, fitted.transform(X), rtol=1e-12, atol=1e-15)


def test_scores_need_two_tokens(lntm):
    with pytest.raises(ValueError, match="at least two tokens"):
        score_shards(lntm, [sp.csr_array((3, 40)), sp.csr_array((0, 40))])


def truncated(files):
    files[1].write_bytes(files[1].read_bytes()[:200])
    return files[1]


def with_value(shards, value):
    X = sp.csr_array(shards[1], dtype=float, copy=True)
    X.data[5] = value
    return X


def with_index_outside(shards):
    X = sp.csr_array(shards[1], copy=True)
    X.indices[5] = 1_000_000
    return X


BAD = {
    "truncated": (lambda files, shards: truncated(files), "BadZipFile"),
    "not there": (lambda files, shards: "nowhere.npz", "FileNotFoundError"),
    "other columns": (lambda files, shards: shards[1][:, :30], "30 columns"),
    "negative": (lambda files, shards: with_value(shards, -1), "goes down to -1"),
    "outside": (lambda files, shards: with_index_outside(shards), "indices point outside"),
    "NaN": (lambda files, shards: with_value(shards, np.nan), "NaN"),
    "dense": (lambda files, shards: shards[1].toarray, "ndarray"),
    "raises": (lambda files, shards: {}.popitem, "KeyError"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_shard_that_cannot_be_used_is_named(bad, files, shards, lntm, tmp_path):
    make, message = BAD[bad]
    some = [shards[0], make(files, shards), shards[2]]
    model = LNTMTransformer(**SMALL).fit(shards[0])
    before = pickle.dumps(model)
    for function in (fit_shards, score_shards, partial(transform_shards, out=tmp_path)):
        with pytest.raises(ValueError, match=rf"(?s)Shard 1 .*{message}"):
            function(model, some)
    assert pickle.dumps(model) == before


@pytest.mark.parametrize("bad", BAD)
def test_a_shard_that_cannot_be_used_is_left_out(bad, files, shards, tmp_path):
    make, message = BAD[bad]
    some = [shards[0], make(files, shards), shards[2]]
    with pytest.warns(UserWarning, match=rf"(?s)1 of 3 shards were left out.*shard 1 .*{message}"):
        model = fit_shards(LNTMTransformer(**SMALL), some, on_error="skip")
    expected = LNTMTransformer(**SMALL).fit(sp.csr_array(sp.vstack([shards[0], shards[2]])))
    assert_allclose(model.components_, expected.components_, rtol=1e-4)
    assert model.n_shards_skipped_ == 1 and model.n_samples_seen_ == expected.n_samples_seen_
    with pytest.warns(UserWarning, match="1 of 3 shards"):
        paths = transform_shards(model, some, tmp_path / "out", on_error="skip")
    assert paths[1] is None and len(list((tmp_path / "out").iterdir())) == 2
    assert not hasattr(model.fit(shards[0]), "n_shards_skipped_")


class Failing:
    """A shard that cannot be read any more after some times."""

    def __init__(self, X, n):
        self.X, self.n = X, n

    def __call__(self):
        self.n -= 1
        if self.n < 0:
            raise OSError("the disk is gone")
        return self.X


def test_a_shard_that_is_lost_in_a_round(shards):
    share = shards[1].sum() / sum(shard.sum() for shard in shards)
    model = LNTMTransformer(**{**SMALL, "em_iter": 2})
    with pytest.raises(ValueError, match=r"Shard 1 cannot be used \(OSError: the disk is gone\)"):
        fit_shards(model, [shards[0], Failing(shards[1], 3), shards[2]])
    assert not hasattr(model, "components_") and not hasattr(model, "n_features_in_")
    with pytest.warns(UserWarning, match=f"left out, with {share:.2%} of the tokens: shard 1"):
        fit_shards(model, [shards[0], Failing(shards[1], 3), shards[2]], on_error="skip")
    assert model.n_shards_skipped_ == 1
    assert model.n_samples_seen_ == sum(np.count_nonzero(np.diff(shards[i].indptr)) for i in (0, 2))
    with pytest.raises(ValueError, match="No shard can be used"):
        fit_shards(model, [Failing(shards[1], 3)], on_error="skip")


def test_shards_without_a_token(shards):
    with pytest.raises(ValueError, match="No shard holds a token"):
        fit_shards(LNTMTransformer(**SMALL), [sp.csr_array((3, 40)), sp.csr_array((0, 40))])


def test_joint_rounds_are_refused_before_anything_is_read():
    with pytest.raises(ValueError, match="all documents in memory, which shards are not"):
        fit_shards(LNTMTransformer(covariate_columns=[0], joint_iter=3), [{}.popitem])


@pytest.mark.parametrize("model", [MCEM(), ProdLDATransformer()], ids=["MonteCarloEM", "ProdLDA"])
def test_models_without_rounds_are_told_of_before_anything_is_read(model):
    with pytest.raises(TypeError, match=f"{type(model).__name__} does not have. Call its partial_fit"):
        fit_shards(model, [{}.popitem])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": LNTMTransformer(em_iter=0)}, "em_iter"),
        ({"model": LNTMTransformer(num_topics=0)}, "num_topics"),
        ({"model": make_pipeline(LNTMTransformer())}, "Of a pipeline"),
        ({"shards": []}, "at least one"),
        ({"shards": "part.npz"}, "sequence"),
        ({"shards": [np.ones((3, 40))]}, "shard 0 is a ndarray"),
        ({"sample_size": 0}, "sample_size"),
        ({"map_reduce": "spark"}, "map_reduce"),
        ({"on_error": "ignore"}, "on_error"),
        ({"shards": [["a text"]]}, "shard 0 is a list. Texts take a vectorizer="),
        ({"vectorizer": str.split}, "method transform"),
        ({"vectorizer": CountVectorizer(), "shards": ["a.txt"]}, "With a vectorizer, .* shard 0 is a str"),
    ],
)
def test_arguments_are_checked_before_anything_is_read(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fit_shards(**{"model": LNTMTransformer(**SMALL), "shards": [{}.popitem], **arguments})


def test_a_warm_start_goes_on(lntm, counts, shards):
    model = pickle.loads(pickle.dumps(lntm)).set_params(warm_start=True, max_iter=1)
    fit_shards(model, shards, sample_size=150)
    assert model.n_iter_ == 1 and not np.allclose(model.components_, lntm.components_)
    with pytest.raises(ValueError, match=r"Shard 0 .*41 columns, and 40"):
        fit_shards(model, [sp.csr_array((3, 41))])


def test_a_fit_that_stopped_in_a_round_goes_on_to_the_bit(shards, tmp_path):
    parameters = {**SMALL, "em_iter": 3}
    expected = fit_shards(LNTMTransformer(**parameters), shards, sample_size=150)
    broken = [shards[0], Failing(shards[1], 4), shards[2]]
    model = LNTMTransformer(**parameters, checkpoint_dir=tmp_path)
    with pytest.raises(ValueError, match="the disk is gone"):
        fit_shards(model, broken, sample_size=150)
    assert len(list(tmp_path.iterdir())) == 1
    again = Failing(shards[1], 3)  # totals, sample, and the round that is left
    fit_shards(model, [shards[0], again, shards[2]], sample_size=150)
    assert_array_equal(model.components_, expected.components_)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_process_that_was_killed_in_a_round_goes_on_to_the_bit(files, shards, tmp_path):
    parameters = {**SMALL, "em_iter": 3}
    expected = fit_shards(LNTMTransformer(**parameters), shards, sample_size=150)
    (marks := tmp_path / "marks").mkdir()
    (folder := tmp_path / "checkpoints").mkdir()
    model = LNTMTransformer(**parameters, checkpoint_dir=folder)
    some = [files[0], partial(killing, files[1], marks, 2), files[2]]  # in its first round, then in its first reading
    (tmp_path / "call.pkl").write_bytes(cloudpickle.dumps(partial(fit_shards, model, some, sample_size=150)))
    code = f"import pickle; pickle.load(open({str(tmp_path / 'call.pkl')!r}, 'rb'))()"
    environment = {**os.environ, "PYTHONPATH": str(Path(sklearn_etm.__file__).parents[1])}
    for _ in range(2):
        killed = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, env=environment)
        assert killed.returncode == -signal.SIGKILL
        assert len(list(folder.iterdir())) == 1
    assert_array_equal(fit_shards(model, some, sample_size=150).components_, expected.components_)
    assert not list(folder.iterdir())


@pytest.mark.slow
def test_neither_import_nor_scores_need_jax(lntm, files, tmp_path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(lntm))
    code = f"""
import pickle, sys
from sklearn_etm.distributed import score_shards, transform_shards
model = pickle.load(open({str(tmp_path / "model.pkl")!r}, "rb"))
score_shards(model, {[str(file) for file in files]!r})
transform_shards(model, {[str(file) for file in files]!r}, {str(tmp_path)!r})
assert "jax" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# Names of columns, and texts


WORDS = [f"w{i}" for i in range(40)]


def named(shards, words=WORDS):
    """As the counts of a NamedVectorizer are."""
    texts = [[" ".join(np.repeat(words, row)) for row in shard.toarray().astype(int)] for shard in shards]
    vectorizer = NamedVectorizer(CountVectorizer(vocabulary=words)).fit(texts[0])
    return [vectorizer.transform(part) for part in texts]


def test_shards_know_the_names_of_their_columns(lntm, shards):
    some = named(shards)
    for parts in (some, [shards[0], *some[1:]]):
        model = fit_shards(LNTMTransformer(**SMALL), parts, sample_size=150)
        assert_array_equal(model.feature_names_in_, WORDS)
        assert_array_equal(model.components_, lntm.components_)
        assert score_shards(model, some) == score_shards(lntm, shards)
    assert not hasattr(lntm, "feature_names_in_")


def test_word_vectors_are_looked_up_by_the_names_of_shards(shards):
    vectors = dict(zip(WORDS, np.random.RandomState(0).normal(size=(40, 5)), strict=True))
    model = fit_shards(ETMTransformer(**SMALL, embeddings=vectors), named(shards))
    expected = fit_shards(ETMTransformer(**SMALL, embeddings=vectors, vocabulary=WORDS), shards)
    assert_array_equal(model.components_, expected.components_)


def test_a_shard_of_other_words_is_named(shards):
    some = named(shards)
    some[1] = named(shards, [*WORDS[:7], "z", *WORDS[8:]])[1]
    model = LNTMTransformer(**SMALL)
    with pytest.raises(ValueError, match="Shard 1 has other words than shard 0: column 7 is 'z', and 'w7' there"):
        fit_shards(model, some)
    with pytest.warns(UserWarning, match="1 of 3 shards were left out"):
        fit_shards(model, some, on_error="skip")
    expected = fit_shards(LNTMTransformer(**SMALL), [some[0], some[2]])
    assert_allclose(model.components_, expected.components_, rtol=1e-4)
    for function in (score_shards, fit_shards):  # both compare with those of the model
        with pytest.raises(ValueError, match=r"Shard 1 .*column 7 is 'z', and 'w7' is expected"):
            function(model.set_params(warm_start=True), some)


def test_texts_are_counted_in_the_tasks(lntm, shards):
    texts = [[" ".join(np.repeat(WORDS, row)) for row in shard.toarray().astype(int)] for shard in shards]
    vectorizer = CountVectorizer(vocabulary=WORDS)
    some = [texts[0], lambda: texts[1], pd.Series(texts[2])]
    model = fit_shards(LNTMTransformer(**SMALL), some, sample_size=150, vectorizer=vectorizer)
    assert_array_equal(model.components_, lntm.components_)
    assert score_shards(model, [*some, [], lambda: iter([])], vectorizer=vectorizer) == score_shards(lntm, shards)


@pytest.mark.parametrize(
    ("texts", "message"),
    [("one text", "this is one text"), (pd.DataFrame({"w0": ["w1", "w2"]}), "gives 1 rows for a DataFrame of 2")],
)
def test_what_is_no_list_of_texts_is_refused(texts, message, lntm):
    with pytest.raises(ValueError, match=f"Shard 0 .*{message}"):
        score_shards(lntm, [lambda: texts], vectorizer=CountVectorizer(vocabulary=WORDS))


@pytest.mark.slow
def test_what_a_process_fitted_before_changes_nothing(counts, shards, lntm):
    """Sizes that programs are compiled for are those of a shard: nothing is compiled again, and no bit moves."""
    fit_shards(LNTMTransformer(**SMALL), [sp.vstack([counts * 7] * 9, format="csr")], sample_size=2000)
    compiled = dict(n_compiled)
    model = fit_shards(LNTMTransformer(**SMALL), shards, sample_size=150)
    assert_array_equal(model.components_, lntm.components_)
    assert n_compiled == compiled


@pytest.mark.parametrize("columns", [[0, 1], "numbers__"])
def test_covariates_are_columns_of_shards(counts, columns, tmp_path):
    covariates = np.random.default_rng(0).normal(size=(N, 2))
    both = sp.hstack([covariates, counts], format="csr")
    if isinstance(columns, str):
        names = np.array(["numbers__a", "numbers__b", *(f"words__{i}" for i in range(40))], dtype=object)
        both = with_names(both, names)
    parameters = SMALL | {"covariance": "full"}
    whole = LNTMTransformer(**parameters).fit(counts, covariates=covariates)
    model = LNTMTransformer(**parameters, covariate_columns=columns)
    fit_shards(model, [both[:100], both[100:]], sample_size=N)
    assert_allclose(model.components_, whole.components_, rtol=1e-4)
    assert_allclose(model.covariate_effects_, whole.covariate_effects_, atol=1e-4)
    score = score_shards(model, [both[:100], both[100:]])
    assert score == pytest.approx(whole.score(counts, covariates=covariates), rel=1e-4)
    (path,) = transform_shards(model, [both], tmp_path)
    assert_allclose(np.load(path), whole.transform(counts, covariates=covariates), atol=1e-4)
    nameless = sp.csr_array(both)  # as from a file: the model knows which columns are covariates
    assert score_shards(model, [nameless[:100], nameless[100:]]) == score
    with pytest.warns(UserWarning, match="was fitted with covariates, which shards cannot have"):
        score_shards(whole, [counts])
