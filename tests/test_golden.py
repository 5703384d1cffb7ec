"""Files that this and former versions have written: loaded for ever, with the same answers."""

import gzip
import json
import pickle
import runpy
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_allclose
from sklearn.base import clone

import sklearn_etm
from sklearn_etm._files import formats

FOLDERS = sorted(Path(__file__).parent.joinpath("golden").glob("format-*"))
NO_MODELS = ("about.json", "expected.npz")
FILES = [file for folder in FOLDERS for file in sorted(folder.iterdir()) if file.name not in NO_MODELS]
IDS = {file: f"{file.parent.name}-{file.name}" for file in FILES}
WORDS = [f"word{i:02}" for i in range(12)]
GO_ON = {"lntm.pickle.gz", "etm-table.npz"}  # the others compile for long
SLIM = ("lntm-slim", "etm-slim-single")
CHAINS = ("monte-carlo", "monte-carlo-covariates", "monte-carlo-poisson")

pytestmark = pytest.mark.filterwarnings("ignore:Trying to unpickle estimator")  # scikit-learn's, of other versions


def name_of(file):
    return file.name.partition(".")[0]


def load(file):
    if file.suffix == ".gz":
        return pickle.loads(gzip.decompress(file.read_bytes()))
    if file.suffix == ".joblib":
        return joblib.load(file)
    if file.suffix == ".skops":
        return skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
    return sklearn_etm.load(file)


def documents(file):
    X = np.load(file.with_name("expected.npz"))["X"]
    if name_of(file).endswith("-pipeline"):
        return [" ".join(np.repeat(WORDS, row)) for row in X.astype(int)]
    return np.pad(X, ((0, 0), (0, 1))) if name_of(file) == "etm-extended" else X


def test_there_are_files_of_every_format():
    assert {folder.name for folder in FOLDERS} == {f"format-{n}" for n in range(1, formats.FORMAT + 1)}


@pytest.mark.parametrize("file", FILES, ids=IDS.get)
def test_a_file_gives_the_same_answers(file):
    model, X = load(file), documents(file)
    tolerance = 1e-9 if name_of(file) in CHAINS else 1e-12  # of steps of chains one rounds after the other
    expected = np.load(file.with_name("expected.npz"))[name_of(file)]
    assert_allclose(model.transform(X), expected, rtol=0, atol=tolerance)
    score = json.loads(file.with_name("about.json").read_text())["scores"][name_of(file)]
    assert model.score(X) == pytest.approx(score, abs=tolerance)
    assert repr(model)
    assert clone(model).get_params().keys() == model.get_params().keys()


@pytest.mark.parametrize(
    "file",
    [pytest.param(file, id=IDS[file], marks=() if file.name in GO_ON else pytest.mark.slow) for file in FILES],
)
def test_training_goes_on_from_a_file(file):
    model, X = load(file), documents(file)
    last = model[-1] if name_of(file).endswith("-pipeline") else model
    X = model[:-1].transform(X) if name_of(file).endswith("-pipeline") else X
    if name_of(file) in SLIM:
        with pytest.raises(ValueError, match="is slim"):
            last.partial_fit(X)
        return
    n_seen, before = last.n_samples_seen_, last.components_
    last.partial_fit(X)
    assert last.n_samples_seen_ == n_seen + len(documents(file))
    assert 0 < abs(last.components_ - before).max() < 0.5
    assert np.isfinite(last.score(X))


def test_files_of_a_release_are_not_written_again(tmp_path):
    """The script is copied beside a folder that says that a release has written it."""
    script = Path(__file__).parent / "golden" / "make.py"
    (tmp_path / "make.py").write_text(script.read_text())
    folder = tmp_path / f"format-{formats.FORMAT}"
    folder.mkdir()
    (folder / "about.json").write_text('{"version": "0.1.0"}')
    with pytest.raises(SystemExit, match=f"^{folder.name} was written by the release 0.1.0"):
        runpy.run_path(str(tmp_path / "make.py"), run_name="__main__")
    assert [file.name for file in folder.iterdir()] == ["about.json"]
