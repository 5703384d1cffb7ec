"""Several devices of one host."""

import subprocess
import sys

import pytest

SCRIPT = """
import jax, numpy as np
from sklearn_etm import AmortizedLDATransformer, LNTMTransformer
from sklearn_etm._engine import devices
from sklearn_etm.datasets import make_topics_corpus

X = make_topics_corpus(300, n_topics=5, n_features=200, random_state=0).data
assert devices.mesh().size == 4
for Model in (LNTMTransformer, AmortizedLDATransformer):
    with jax.default_device(jax.devices()[0]):
        assert devices.mesh() is None
        one = Model(5, background=False, random_state=0).fit(X)
    four = Model(5, background=False, random_state=0).fit(X)
    assert np.abs(four.components_ - one.components_).max() < 1e-4, Model
    assert np.abs(four.transform(X) - one.transform(X)).max() < 1e-3, Model
    assert four.partial_fit(X[:50]).components_.shape == (5, 200)
print("the same")
"""


@pytest.mark.slow
def test_topics_of_several_devices_are_those_of_one(monkeypatch):
    """Four devices that XLA makes of the processor: documents are split among them, sums are the same to rounding."""
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=4")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, timeout=300)
    assert done.stdout == "the same\n", done.stderr
