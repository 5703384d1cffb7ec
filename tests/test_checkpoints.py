"""Fits that are interrupted or killed, and go on from a checkpoint."""

import pickle
import random
import re
import shutil
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from conftest import SMALL
from numpy.testing import assert_array_equal
from sklearn.model_selection import GridSearchCV

from sklearn_etm import ETMTransformer, LNTMTransformer

KILLED = """
import pickle, sys

with open(sys.argv[1], "rb") as file:
    models, X = pickle.load(file)
for model in models:
    model.fit(X)
with open(sys.argv[2], "wb") as file:
    pickle.dump(models, file)
"""


class Output:
    """An output at whose ``n``-th line of a fit something happens; it holds what steps the lines are of."""

    def __init__(self, n=None, happens=None):
        self.n, self.happens, self.steps = n, happens, []

    def write(self, text):
        self.steps += re.findall(r"(?:epoch|EM|joint) \d+", text)
        if self.n is not None and len(self.steps) >= self.n:
            self.n = None
            self.happens()

    def flush(self):
        pass


def ctrl_c():
    raise KeyboardInterrupt


@pytest.fixture
def fit(monkeypatch):
    """Fit a model, of which something happens at a line; returns the steps that it told of."""

    def fit_printing(model, X, n=None, happens=ctrl_c):
        output = Output(n, happens)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", output)
            model.set_params(verbose=1).fit(X)
        return output.steps

    return fit_printing


def copied(model):
    """As another process would have it."""
    return pickle.loads(pickle.dumps(model))


def assert_equal_fits(model, expected, X):
    assert_array_equal(model.components_, expected.components_)
    assert_array_equal(model.transform(X), expected.transform(X))
    assert model.loss_curve_ == expected.loss_curve_
    assert_array_equal(copied(model).partial_fit(X).components_, copied(expected).partial_fit(X).components_)


@pytest.mark.parametrize("parameters", [{}, pytest.param({"early_stopping": True}, marks=pytest.mark.slow)])
def test_an_interrupted_fit_goes_on_to_the_bit(make_model, X, tmp_path, fit, parameters):
    parameters = {"max_iter": 3, **parameters}
    steps = fit(whole := make_model(**parameters), X)
    for n in (2, len(steps)):
        model = make_model(checkpoint_dir=tmp_path / "fits", **parameters)
        with pytest.raises(KeyboardInterrupt, match="goes on from the last pass, kept in"):
            fit(model, X, n)
        assert not hasattr(model, "components_")
        model = copied(model)
        assert fit(model, X) == steps[n - 1 :]
        assert_equal_fits(model, whole, X)
        assert not list((tmp_path / "fits").iterdir())


@pytest.mark.parametrize("background", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_joint_rounds_go_on_to_the_bit(X, tmp_path, fit, background):
    parameters = SMALL | {"covariance": "full", "joint_iter": 3, "background": background}
    steps = fit(whole := LNTMTransformer(**parameters), X)
    assert steps == ["epoch 1", "epoch 2", "EM 1", "joint 1", "joint 2", "joint 3"]
    model = LNTMTransformer(**parameters, checkpoint_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(model, X, 5)
    assert fit(model, X) == steps[4:]
    assert_equal_fits(model, whole, X)


def test_a_warm_start_goes_on_from_its_checkpoint(make_model, X, tmp_path, fit):
    begun = make_model(warm_start=True).fit(X)
    whole = copied(begun).fit(X)
    model = copied(begun).set_params(checkpoint_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(model, X, 2)
    assert_array_equal(model.components_, begun.components_)  # as it was
    assert len(fit(model, X)) < len(fit(copied(begun), X))
    assert_equal_fits(model, whole, X)


def test_a_fit_without_a_seed_goes_on_with_the_one_that_it_drew(make_model, X, tmp_path, fit):
    model = make_model(checkpoint_dir=tmp_path, random_state=None, max_iter=3)
    for n in (2, 2):  # each time one pass is kept
        with pytest.raises(KeyboardInterrupt):
            fit(model, X, n)
    assert fit(model, X)[0] == "epoch 3"
    assert model.n_iter_ == 3


def test_a_fit_with_a_checkpoint_is_like_one_without(make_model, X, tmp_path):
    assert_equal_fits(make_model(checkpoint_dir=str(tmp_path)).fit(X), make_model().fit(X), X)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_twenty_kills(X, tmp_path):
    """SIGKILL at random moments, in the middle of writing among them."""
    models = [LNTMTransformer(**SMALL | {"max_iter": 40, "tol": 0}), ETMTransformer(**SMALL | {"max_iter": 10})]
    expected = [copied(model).fit(X) for model in models]
    kept = [model.set_params(checkpoint_dir=tmp_path / "fits", verbose=1) for model in models]
    (tmp_path / "given").write_bytes(pickle.dumps((kept, X)))
    command = [sys.executable, "-c", KILLED, str(tmp_path / "given"), str(tmp_path / "fitted")]
    moments = random.Random(0)
    for _ in range(20):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for _ in range(moments.randint(1, 3)):
                process.stdout.readline()
            time.sleep(moments.random() * 0.02)
            process.kill()
    assert list((tmp_path / "fits").glob("*.safetensors"))
    subprocess.run(command, check=True, capture_output=True)
    for model, whole in zip(pickle.loads((tmp_path / "fitted").read_bytes()), expected, strict=True):
        assert_equal_fits(model, whole, X)
    assert not list((tmp_path / "fits").iterdir())


def test_a_fit_goes_on_without_room_for_its_checkpoint(X, tmp_path, fit):
    folder = tmp_path / "fits"
    model = LNTMTransformer(**SMALL, checkpoint_dir=folder)
    with pytest.warns(UserWarning, match="cannot be written: .* The fit goes on") as caught:
        fit(model, X, 1, lambda: shutil.rmtree(folder))
    assert len([w for w in caught if "cannot be written" in str(w.message)]) == 1
    assert_equal_fits(model, LNTMTransformer(**SMALL).fit(X), X)


def test_a_damaged_checkpoint_is_left_alone(X, tmp_path, fit):
    model = LNTMTransformer(**SMALL, checkpoint_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(model, X, 3)
    [path] = tmp_path.iterdir()
    torn = path.read_bytes()[:-100]
    path.write_bytes(torn)
    with pytest.warns(UserWarning, match="is damaged or cut off: .* left alone, and the fit starts anew"):
        assert len(fit(model, X)) == 3
    assert_equal_fits(model, LNTMTransformer(**SMALL).fit(X), X)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [torn]


@pytest.mark.parametrize(
    ("other", "names"),
    [({"max_iter": 4}, "max_iter"), ({"separation": 0.5, "learning_rate": 0.1}, "learning_rate, separation")],
)
def test_what_differs_from_a_fit_that_was_left_behind_is_said(X, tmp_path, fit, other, names):
    model = LNTMTransformer(**SMALL, checkpoint_dir=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        fit(model, X, 2)
    with pytest.warns(UserWarning, match=f"does not go on from, since other are: {names}. It starts anew"):
        LNTMTransformer(**SMALL | other, checkpoint_dir=tmp_path).fit(X)
    with pytest.warns(UserWarning, match="since other are: X. It starts anew"):
        LNTMTransformer(**SMALL, checkpoint_dir=tmp_path).fit(X[:50])
    assert fit(model, X)[0] == "epoch 2"


def test_a_file_of_vectors_that_has_changed_is_another(X, tmp_path, fit, monkeypatch):
    """Also where it is found as vectors are: in the home of the user, or in the folder of a model."""
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path))
    path, words = tmp_path / "vectors.txt", [f"w{i}" for i in range(40)]
    path.write_text("".join(f"{word} {i} 1\n" for i, word in enumerate(words)))
    options = {"embeddings": "~/vectors.txt", "vocabulary": words, "checkpoint_dir": tmp_path / "fits"}
    model = ETMTransformer(**SMALL, **options)
    with pytest.raises(KeyboardInterrupt):
        fit(model, X, 2)
    path.write_text("".join(f"{word} {i} 10\n" for i, word in enumerate(words)))
    with pytest.warns(UserWarning, match="since other are: embeddings. It starts anew"):
        model.fit(X)


def test_candidates_of_a_search_do_not_meet(X, tmp_path, fit):
    model = LNTMTransformer(**SMALL, checkpoint_dir=tmp_path)
    search = GridSearchCV(model, {"separation": [0.0, 0.5]}, cv=2, error_score="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyboardInterrupt):
            fit(search.set_params(estimator__verbose=1), X, 8)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*say nearly the same")
        search.fit(X)
    expected = GridSearchCV(LNTMTransformer(**SMALL), {"separation": [0.0, 0.5]}, cv=2).fit(X)
    assert_array_equal(search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])
    assert not list(tmp_path.iterdir())


def test_parameters_of_no_other_process_have_no_checkpoint(X, tmp_path):
    model = ETMTransformer(**SMALL, embeddings=lambda words: np.eye(len(words)), checkpoint_dir=tmp_path)
    with pytest.raises(ValueError, match=r"embeddings cannot be pickled .* Pass a function of a module"):
        model.fit(X)


def test_a_checkpoint_takes_a_folder(X, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        LNTMTransformer(**SMALL, checkpoint_dir=tmp_path / "file").fit(X)


# Interrupts


def test_an_interrupt_leaves_the_estimator_as_it_was_and_says_how_to_go_on(make_model, X, fit):
    model = make_model()
    with pytest.raises(KeyboardInterrupt, match='With checkpoint_dir="some folder", fit goes on'):
        fit(model, X, 2)
    assert not hasattr(model, "components_") and not hasattr(model, "n_features_in_")
    before = copied(model.fit(X))
    with pytest.raises(KeyboardInterrupt):
        fit(model, X[:30], 1)
    assert_equal_fits(model, before, X)


def test_what_was_learned_until_an_interrupt_is_kept_where_it_was_asked_for(make_model, X, tmp_path, fit):
    model = make_model(on_interrupt="keep", max_iter=3, checkpoint_dir=tmp_path)
    with pytest.warns(UserWarning, match="interrupted after 2 of 3 passes: this is what was learned"):
        fit(model, X, 2)
    assert model.n_iter_ == len(model.loss_curve_) == 2
    assert np.isfinite(model.transform(X)).all()
    assert copied(model).partial_fit(X).n_iter_ == 3
    whole = make_model(max_iter=3).fit(X)
    assert fit(model, X)[0] == "epoch 2"  # whose line was interrupted, before it was kept
    assert_equal_fits(model, whole, X)


def test_an_interrupt_before_the_first_pass_keeps_nothing(X):
    model = ETMTransformer(**SMALL, embeddings=lambda words: ctrl_c(), vocabulary=list(map(str, range(40))))
    model.set_params(on_interrupt="keep")
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert not hasattr(model, "components_")
