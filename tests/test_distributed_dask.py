"""Dask as the engine, and its collections as shards: the same bits as in one process, and nothing left behind."""

import os
import signal
import sys
import time
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import ClassVar

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
from conftest import SMALL
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.model_selection import GridSearchCV

from sklearn_etm import LNTMTransformer, NamedVectorizer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.distributed import Dask, fit_shards, score_shards, transform_blocks, transform_shards

REASON = "Dask is not installed: pip install sklearn-etm[dask]"
CUTS = [0, 90, 200, 300]  # of shards
WORDS = [f"w{i}" for i in range(40)]
fit = partial(fit_shards, sample_size=150)


@pytest.fixture(scope="module")
def dask():
    pytest.importorskip("distributed", reason=REASON)
    return pytest.importorskip("dask", reason=REASON)


@pytest.fixture(scope="module")
def client(dask):
    """Of two workers in this process."""
    from distributed import Client

    with Client(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0") as client:
        yield client


@pytest.fixture(scope="module")
def counts():
    return sp.csr_array(make_topics_corpus(CUTS[-1], 3, 40, doc_length=30, random_state=0).data)


@pytest.fixture(scope="module")
def shards(counts):
    return [counts[a:b] for a, b in pairwise(CUTS)]


@pytest.fixture(scope="module")
def lntm(shards):
    """A model that was fitted in this process; read it, do not change it."""
    return fit(LNTMTransformer(**SMALL), shards)


@pytest.fixture(scope="module")
def texts(counts):
    """The documents in words."""
    return [" ".join(np.repeat(WORDS, row.astype(int))) for row in counts.toarray()]


def array_of(dask, shards):
    """An array of Dask whose blocks are these shards; matrices, since older versions do not join sparse arrays."""
    import dask.array as da

    shards = [sp.csr_matrix(shard) for shard in shards]
    return da.concatenate([da.from_delayed(dask.delayed(shard), shard.shape, meta=shard[:0]) for shard in shards])


def assert_nothing_is_left(client):
    """Neither here nor at the scheduler, which hears of it a little later."""
    until = time.monotonic() + 10
    while (client.futures or client.cluster.scheduler.tasks) and time.monotonic() < until:
        time.sleep(0.05)
    assert not client.futures and not client.cluster.scheduler.tasks


def test_workers_come_to_the_same_bits_and_keep_nothing(client, lntm, shards, tmp_path):
    model = fit(LNTMTransformer(**SMALL), shards, map_reduce=client)
    assert_array_equal(model.components_, lntm.components_)
    assert score_shards(model, shards, map_reduce=Dask(client)) == score_shards(lntm, shards)
    paths = transform_shards(model, shards, tmp_path, map_reduce=client)
    assert_array_equal(np.load(paths[2]), lntm.transform(shards[2]))
    assert_nothing_is_left(client)


@pytest.mark.parametrize("engine", ["local", "client"])
@pytest.mark.parametrize("kind", ["array", "persisted", "delayed"])
def test_blocks_are_shards(engine, kind, dask, client, lntm, shards):
    X = array_of(dask, shards) if kind != "delayed" else [dask.delayed(shard) for shard in shards]
    X = X.persist() if kind == "persisted" else X
    model = fit(LNTMTransformer(**SMALL), X, map_reduce=client if engine == "client" else engine)
    assert_array_equal(model.components_, lntm.components_)
    del X
    assert_nothing_is_left(client)


@pytest.mark.parametrize("kind", ["bag", "delayed"])
def test_partitions_of_texts_are_shards(kind, dask, client, lntm, shards, texts):
    import dask.bag as db

    parts = [dask.delayed(texts[a:b]) for a, b in pairwise(CUTS)]
    X = db.from_delayed(parts) if kind == "bag" else parts
    vectorizer = NamedVectorizer(CountVectorizer(vocabulary=WORDS)).fit(texts[:1])
    model = fit(LNTMTransformer(**SMALL), X, map_reduce=client, vectorizer=vectorizer)
    assert_array_equal(model.components_, lntm.components_)
    assert_array_equal(model.feature_names_in_, WORDS)
    assert score_shards(model, X, vectorizer=vectorizer) == score_shards(lntm, shards)


def test_texts_that_are_hashed(dask, client, texts):
    import dask.bag as db

    vectorizer = HashingVectorizer(n_features=64, alternate_sign=False, norm=None)
    X = db.from_sequence(texts, npartitions=3)
    model = fit(LNTMTransformer(**SMALL), X, map_reduce=client, vectorizer=vectorizer)
    expected = fit(LNTMTransformer(**SMALL), [vectorizer.transform(part.compute()) for part in X.to_delayed()])
    assert_array_equal(model.components_, expected.components_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_topics_of_blocks(dtype, dask, lntm, counts, shards):
    import dask.array as da

    shards = [shard.astype(dtype) for shard in shards]
    expected = lntm.transform(counts.astype(dtype))
    for X in (array_of(dask, shards), da.from_array(counts.toarray().astype(dtype), chunks=(90, -1))):
        theta = transform_blocks(lntm, X)
        assert theta.chunks == (X.chunks[0], (3,)) and theta.dtype == expected.dtype
        computed = theta.compute(scheduler="synchronous")
        assert computed.dtype == expected.dtype
        assert_allclose(computed, expected, rtol=1e-6)


def test_blocks_without_rows(dask, lntm, shards):
    """As a filter leaves them: Dask does not know then how many rows there are."""
    X = array_of(dask, shards)
    X = X.map_blocks(lambda block: block[: 0 if block.shape[0] > 100 else None], chunks=((np.nan,) * 3, (40,)))
    kept = [shards[0], shards[1][:0], shards[2]]
    assert_array_equal(fit(LNTMTransformer(**SMALL), X).components_, fit(LNTMTransformer(**SMALL), kept).components_)
    theta = transform_blocks(lntm, X).compute(scheduler="synchronous")
    assert_allclose(theta, lntm.transform(sp.vstack(kept)), rtol=1e-12)


def test_topics_of_blocks_are_arrays_whatever_the_output_is_set_to(dask, lntm, shards):
    model = LNTMTransformer(**SMALL).fit(shards[0]).set_output(transform="pandas")
    theta = transform_blocks(model, array_of(dask, shards[:1])).compute(scheduler="synchronous")
    assert isinstance(theta, np.ndarray) and not isinstance(model.transform(shards[0]), np.ndarray)


def test_what_is_not_in_blocks_of_rows_is_refused(dask, lntm, shards, texts):
    import dask.array as da
    import dask.bag as db

    X = array_of(dask, shards)
    columns = da.from_array(np.ones((6, 40)), chunks=(3, 20))
    for function in (partial(transform_blocks, lntm), partial(score_shards, lntm)):
        with pytest.raises(ValueError, match=r"blocks of whole rows.*\(20, 20\)"):
            function(columns)
    with pytest.raises(ValueError, match="40 columns, and LNTMTransformer was fitted with 60"):
        transform_blocks(LNTMTransformer(**SMALL).fit(np.ones((5, 60))), X)
    with pytest.raises(TypeError, match=r"got csr_array\. Counts in memory go to model\.transform"):
        transform_blocks(lntm, shards[0])
    for other in (db.from_sequence(texts, npartitions=3), dask.delayed(shards[0])):
        with pytest.raises(TypeError, match=f"got {type(other).__name__}"):
            transform_blocks(lntm, other)
    with pytest.raises(TypeError, match=r"single Delayed.*: pass \[shard\]"):
        score_shards(lntm, dask.delayed(shards[0]))


def test_a_block_that_cannot_be_used_is_named_or_left_out(dask, client, shards):
    def gone():
        raise OSError("the disk is gone")

    X = [shards[0], dask.delayed(gone)(), shards[2]]
    model = LNTMTransformer(**SMALL)
    with pytest.raises(ValueError, match=r"Shard 1 cannot be used \(OSError: the disk is gone\)"):
        fit(model, X, map_reduce=client)
    assert not hasattr(model, "components_")
    with pytest.warns(UserWarning, match="1 of 3 shards were left out"):
        fit(model, X, map_reduce=client, on_error="skip")
    assert model.n_shards_skipped_ == 1
    assert_nothing_is_left(client)


class Acting:
    """A shard that does something when it is read for the n-th time; of this process, whoever loads it."""

    reads: ClassVar[list[int]] = []

    def __init__(self, shard, n, act):
        self.shard, self.n, self.act = shard, n, act
        self.reads.clear()

    def __call__(self):
        self.reads.append(1)
        if len(self.reads) == self.n:
            self.act()
        return self.shard


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def drop_everything():
    from distributed import Future, default_client

    default_client().cancel([Future(key) for key in list(default_client().futures)])


@pytest.mark.slow  # on a busy machine Dask's finalizers may swallow the interrupt: a second one is needed then
def test_an_interrupt_in_a_round_leaves_everything_as_it_was(client, shards):
    model = LNTMTransformer(**{**SMALL, "em_iter": 3})
    before = vars(model).copy()
    second_round = Acting(shards[1], 4, interrupt)  # after totals, sample and a round
    with pytest.raises(KeyboardInterrupt):
        fit(model, [shards[0], second_round, shards[2]], map_reduce=client)
    assert vars(model) == before and len(second_round.reads) == 4
    assert_nothing_is_left(client)


def test_a_cluster_without_workers_is_waited_for_and_then_told_of(dask, shards):
    from distributed import Client

    model = LNTMTransformer(**SMALL)
    with Client(n_workers=0, processes=False, dashboard_address=":0") as client:
        with pytest.raises(RuntimeError, match=r"no worker.* for 0\.1 seconds"):
            fit(model, shards, map_reduce=Dask(client, patience=0.1))
        assert not hasattr(model, "components_")
        assert_nothing_is_left(client)


def test_tasks_that_somebody_drops_are_told_of(client, shards):
    model = LNTMTransformer(**SMALL)
    with pytest.raises(RuntimeError, match="dropped the tasks"):
        fit(model, [shards[0], Acting(shards[1], 3, drop_everything)], map_reduce=client)
    assert not hasattr(model, "components_")
    assert_nothing_is_left(client)


def test_arguments_of_the_engine(client):
    for patience in (-1, np.nan, "long"):
        with pytest.raises(ValueError, match="patience must be a finite number of at least 0"):
            Dask(client, patience=patience)
    with pytest.raises(ValueError, match="asynchronous"):
        Dask(SimpleNamespace(asynchronous=True))


@pytest.mark.slow
def test_topics_of_blocks_need_no_jax_where_they_are_computed(dask, lntm, counts, shards):
    from distributed import Client

    with Client(n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
        theta = transform_blocks(lntm, array_of(dask, shards)).compute()
        assert_allclose(theta, lntm.transform(counts), rtol=1e-12)
        assert not any(client.run(lambda: "jax" in sys.modules).values())


@pytest.mark.slow
def test_a_search_over_dask_finds_what_one_process_finds(dask, counts):
    """The recipe of docs/scaling.md."""
    from distributed import Client

    model = LNTMTransformer(**SMALL)
    search = GridSearchCV(model, {"num_topics": [2, 3, 5]}, cv=3, n_jobs=-1, refit=False)
    expected = clone(search).set_params(n_jobs=1).fit(counts).cv_results_["mean_test_score"]
    with Client(n_workers=2, threads_per_worker=1, dashboard_address=":0"), joblib.parallel_config(backend="dask"):
        assert_allclose(search.fit(counts).cv_results_["mean_test_score"], expected, rtol=1e-12)
