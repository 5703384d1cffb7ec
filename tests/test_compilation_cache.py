"""Compiled programs kept in a folder, for the processes that follow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_etm
from sklearn_etm import use_compilation_cache

FIT = """
import sys, warnings
import numpy as np
import sklearn_etm

warnings.simplefilter("ignore")
if sys.argv[2] == "late":
    sklearn_etm.LNTMTransformer(2, max_iter=1, em_iter=0, hidden_layer_sizes=(2,)).fit(np.eye(6))
print(sklearn_etm.use_compilation_cache(sys.argv[1]))
from jax import monitoring
hits = []
monitoring.register_event_listener(lambda event, **kwargs: hits.append(event.endswith("/cache_hits")))
model = sklearn_etm.LNTMTransformer(3, max_iter=1, em_iter=1, hidden_layer_sizes=(3,), random_state=0).fit(np.eye(6))
print(sum(hits), model.transform(np.eye(6)).tobytes().hex())
"""


def run(folder, when):
    environment = {name: value for name, value in os.environ.items() if "COMPILATION_CACHE" not in name}
    environment["PYTHONPATH"] = str(Path(sklearn_etm.__file__).parents[1])
    command = [sys.executable, "-c", FIT, str(folder), when]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    where, answer = output.splitlines()
    assert where == str(folder)
    hits, theta = answer.split()
    return int(hits), theta


@pytest.fixture
def environment(monkeypatch):
    """The variables that the function sets, taken back after the test, with JAX not to be told."""
    for name in ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.delitem(sys.modules, "jax")


@pytest.mark.slow
def test_programs_are_read_by_the_next_process(tmp_path):
    """Also when JAX has compiled before the call."""
    first, theta = run(tmp_path, "early")
    assert first == 0 and len(list(tmp_path.iterdir())) >= 3
    read, again = run(tmp_path, "late")
    assert read >= 3 and again == theta  # SVI, topics, EM


@pytest.mark.slow
def test_entries_that_are_torn_are_compiled_again(tmp_path):
    _, theta = run(tmp_path, "early")
    for entry in tmp_path.iterdir():
        entry.write_bytes(entry.read_bytes()[:100])
    assert run(tmp_path, "early") == (0, theta)


def test_folder_is_handed_to_processes_that_follow(tmp_path, environment, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert use_compilation_cache() == tmp_path / "cache" / "sklearn_etm"
    assert os.environ["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "cache" / "sklearn_etm")
    assert use_compilation_cache(tmp_path / "other") == tmp_path / "other"
    assert use_compilation_cache() == tmp_path / "other"  # the one in use
    assert list(tmp_path.rglob("*")) == [tmp_path / "cache", tmp_path / "other", tmp_path / "cache" / "sklearn_etm"]


@pytest.mark.parametrize("path", ["file/folder", "~no such user/folder", "a\0b"])
def test_folder_that_cannot_be_written_to_is_warned_of(tmp_path, environment, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder")
    before = dict(os.environ)
    with pytest.warns(UserWarning, match=r"not kept: .* cannot be written to .*Pass the path"):
        assert use_compilation_cache(path) is None
    assert dict(os.environ) == before
