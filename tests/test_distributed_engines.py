"""The engines of docs/engines: the same bits as in one process, and shards that fail are named."""

import importlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from conftest import SMALL
from numpy.testing import assert_array_equal

import sklearn_etm
from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.distributed import fit_shards, score_shards

pytestmark = pytest.mark.slow

FOLDER = str(Path(__file__).parents[1] / "docs" / "engines")
PATHS = os.pathsep.join([str(Path(sklearn_etm.__file__).parents[1]), FOLDER])  # of the package and of engines


@pytest.fixture(scope="module")
def load():
    """Importer of the modules that the page shows, which workers find as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        patch.setenv("PYTHONPATH", PATHS)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        yield importlib.import_module


@pytest.fixture(scope="module")
def spark(load):
    pyspark = pytest.importorskip("pyspark", reason="Spark is not installed: pip install pyspark, with Java 17")
    context = pyspark.SparkContext("local[2]", "sklearn_etm")
    yield load("spark_engine").Spark(context)
    context.stop()


@pytest.fixture(scope="module")
def ray(load):
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install ray")
    ray.init(num_cpus=2, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": PATHS}})
    yield load("ray_engine").Ray()
    ray.shutdown()


@pytest.fixture(scope="module", params=["spark", "ray"])
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Nineteen shards: three groups of eight of Spark's, the last not full."""
    folder = tmp_path_factory.mktemp("shards")
    X = sp.csr_array(make_topics_corpus(300, 3, 40, doc_length=30, random_state=0).data)
    for i, rows in enumerate(np.array_split(np.arange(300), 19)):
        sp.save_npz(folder / f"part-{i:02}.npz", X[rows])
    return sorted(folder.iterdir())


def test_an_engine_comes_to_the_same_bits(engine, files):
    expected = fit_shards(LNTMTransformer(**SMALL), files, sample_size=150)
    model = fit_shards(LNTMTransformer(**SMALL), files, sample_size=150, map_reduce=engine)
    assert_array_equal(model.components_, expected.components_)
    assert score_shards(model, files, map_reduce=engine) == score_shards(expected, files)


def test_a_shard_that_cannot_be_used_is_named(engine, files):
    model = LNTMTransformer(**SMALL)
    with pytest.raises(Exception, match=r"Shard 1 \(nowhere\.npz\) cannot be used"):
        fit_shards(model, [files[0], "nowhere.npz"], map_reduce=engine)
    assert not hasattr(model, "components_")
