"""Models among other parts: pipelines, searches, streams, callbacks; and what a fit tells while it runs."""

import pickle
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import jax
import numpy as np
import pytest
from conftest import MCEM, MODELS, SMALL
from jax import monitoring
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

from sklearn_etm import ETMTransformer, LNTMTransformer
from sklearn_etm._engine import em, programs
from sklearn_etm._engine.montecarlo import MonteCarloTrainer
from sklearn_etm._engine.programs import n_compiled
from sklearn_etm._engine.svi import VariationalTrainer
from sklearn_etm.datasets import make_topics_corpus

PASSES = 6
NUM_TOPICS = [2, 5, 10, 20]


@pytest.fixture(scope="module")
def corpus():
    return make_topics_corpus(n_samples=500, n_topics=10, n_features=150, doc_length=60, random_state=0)


@pytest.fixture(scope="module")
def texts():
    """Two thirds of the words of a document are of its class."""
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(30)])
    labels = np.arange(80) % 2
    return [" ".join(words[(rng.integers(0, 15, 30) + 15 * y * (rng.random(30) < 0.8)) % 30]) for y in labels], labels


def classifier(model):
    return Pipeline([("counts", CountVectorizer()), ("topics", model), ("classifier", LogisticRegression())])


# Pipelines and searches


def test_classifier_on_topics_of_text(make_model, texts):
    pipeline = classifier(make_model(max_iter=10)).fit(*texts)
    assert pipeline.score(*texts) > 0.9
    assert list(pipeline[:-1].get_feature_names_out()) == list(pipeline["topics"].get_feature_names_out())


def test_cross_validation_without_scoring(make_model, texts):
    pipeline = Pipeline([("counts", CountVectorizer()), ("topics", make_model())])
    scores = cross_val_score(pipeline, texts[0], cv=2)
    assert (scores < -np.log(2)).all()  # nats a token: a coin would tell two words apart
    assert (scores > -np.log(60)).all()


@pytest.mark.slow
def test_grid_search_over_text_in_two_processes(make_model, texts):
    """Each process imports JAX and compiles."""
    pipeline = Pipeline([("counts", CountVectorizer()), ("topics", make_model())])
    expected = cross_val_score(pipeline, texts[0], cv=2)  # uses JAX in this process, before there are others
    search = GridSearchCV(pipeline, {"topics__num_topics": [2, 3]}, cv=2, n_jobs=2, refit=False).fit(texts[0])
    scores = [search.cv_results_[f"split{fold}_test_score"][1] for fold in range(2)]
    assert_allclose(scores, expected, rtol=1e-5)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.fixture(scope="module", params=[LNTMTransformer, pytest.param(ETMTransformer, marks=pytest.mark.slow)])
def search(request, corpus):
    """Search over the number of topics, and how many training programs it compiled."""
    before = n_compiled["svi"]
    model = request.param(random_state=0, max_iter=5, encoder_features=50, hidden_layer_sizes=(50,))
    search = GridSearchCV(model, {"num_topics": NUM_TOPICS}, cv=5, refit=False).fit(corpus.data)
    return search, n_compiled["svi"] - before


@pytest.mark.slow
def test_search_finds_as_many_topics_as_there_are(search):
    search, _ = search
    assert search.best_params_["num_topics"] >= 10
    by_num_topics = dict(zip(NUM_TOPICS, search.cv_results_["mean_test_score"], strict=True))
    assert by_num_topics[2] < by_num_topics[5] < by_num_topics[10]


@pytest.mark.slow
def test_search_compiles_one_training_program_for_each_number_of_topics(search):
    _, n_programs = search
    assert n_programs <= len(NUM_TOPICS)


@pytest.mark.slow
def test_second_fit_of_the_same_size_compiles_nothing(search, corpus):
    model = clone(search[0].estimator).set_params(num_topics=10).fit(corpus.data)
    traced = dict(n_compiled)
    compiled = []

    def listen(event, duration, **kwargs):
        if event == "/jax/core/compile/backend_compile_duration":
            compiled.append(event)

    model = clone(model).set_params(learning_rate=0.01, doc_topic_prior=0.2, random_state=1, max_iter=7)
    monitoring.register_event_duration_secs_listener(listen)
    try:
        jax.jit(lambda x: x + 1)(1.0)
        heard = len(compiled)
        model.fit(corpus.data)
    finally:
        monitoring.unregister_event_duration_listener(listen)
    assert n_compiled == traced
    assert len(compiled) == heard > 0


@pytest.mark.slow
def test_fits_in_threads_do_not_mix():
    """Models of sizes that no other test has, so that all of them are traced at the same time."""
    models = [Model(**SMALL | {"num_topics": K, "em_iter": 0}) for K, Model in enumerate([*MODELS, MCEM], start=11)]
    X = make_topics_corpus(100, 3, 47, random_state=0).data
    with ThreadPoolExecutor(len(models)) as threads:
        together = list(threads.map(lambda model: clone(model).fit(X).components_, models))
    for topics, model in zip(together, models, strict=True):
        assert_array_equal(topics, model.fit(X).components_)


def test_fits_in_threads_run_at_the_same_time(X, monkeypatch):
    """Each waits, in the midst of its first epoch, for the other to come there, too."""
    models = [LNTMTransformer(**SMALL), LNTMTransformer(**SMALL, separation=0.5)]
    models[0].fit(X)
    run, both = programs.run, Barrier(2, timeout=60)
    waited = threading.local()

    def run_together(name, *arguments):
        if name == "svi" and not hasattr(waited, "once"):
            waited.once = both.wait()
        return run(name, *arguments)

    monkeypatch.setattr(programs, "run", run_together)
    with ThreadPoolExecutor(2) as threads:
        assert len(list(threads.map(lambda model: model.fit(X), models))) == 2


def test_error_of_what_is_compiled_beside_the_epochs_is_raised(X, monkeypatch):
    def fail(*arguments):
        raise MemoryError("no room for the E-step")

    monkeypatch.setattr(em, "topic_counts", fail)
    model = LNTMTransformer(**SMALL)
    with pytest.raises(MemoryError, match="E-step"):
        model.fit(X)
    assert not hasattr(model, "components_")


# Streams


def stream(model, X, n_passes):
    for _ in range(n_passes):
        for start in range(0, X.shape[0], 100):
            model.partial_fit(X[start : start + 100])
    return model


@pytest.fixture(scope="module", params=[LNTMTransformer, pytest.param(ETMTransformer, marks=pytest.mark.slow)])
def streamer(request, corpus):
    """A model, documents to learn from and to judge by, and the perplexity that `fit` gets."""
    train, test = corpus.data[:400], corpus.data[400:]
    model = request.param(
        num_topics=10, random_state=0, max_iter=PASSES, encoder_features=50, hidden_layer_sizes=(50,), batch_size=50
    )
    return model, train, test, clone(model).fit(train).perplexity(test)


def test_stream_from_scratch_comes_close_to_fit(streamer):
    model, train, test, perplexity = streamer
    assert stream(clone(model), train, PASSES).perplexity(test) < 1.05 * perplexity


def test_stream_after_fit_comes_close_to_fit(streamer):
    model, train, test, perplexity = streamer
    begun = clone(model).set_params(max_iter=PASSES // 2).fit(train)
    assert stream(begun, train, PASSES - PASSES // 2).perplexity(test) < 1.05 * perplexity


def test_stream_that_is_pickled_between_passes_comes_close_to_fit(streamer):
    model, train, test, perplexity = streamer
    model = clone(model)
    for _ in range(PASSES):
        model = pickle.loads(pickle.dumps(stream(model, train, 1)))
    assert model.perplexity(test) < 1.05 * perplexity


def test_topics_keep_their_place_in_a_stream(streamer):
    model, train, _, _ = streamer
    model = clone(model).fit(train)
    before = model.components_
    after = model.partial_fit(train).components_
    cosine = (before * after).sum(1) / np.linalg.norm(before, axis=1) / np.linalg.norm(after, axis=1)
    assert (cosine > 0.9).all()


def test_partial_fit_extends_the_loss_curve_and_counts_documents(model, X):
    model.partial_fit(X)
    first = model.loss_curve_
    model.partial_fit(X)
    assert model.loss_curve_[:1] == first
    assert len(model.loss_curve_) == len(model.reconstruction_curve_) == len(model.kl_curve_) == 2
    assert model.n_iter_ == 2
    assert model.n_samples_seen_ == 2 * 59  # one of the 60 is empty


# What a fit keeps and tells


@pytest.mark.parametrize("learn", ["fit", "partial_fit"])
def test_loss_is_reconstruction_plus_divergence(make_model, X, learn):
    model = getattr(make_model(max_iter=5), learn)(X)
    parts = np.add(model.reconstruction_curve_, model.kl_curve_)
    assert_allclose(model.loss_curve_, parts, rtol=1e-12)
    assert len(model.loss_curve_) == model.n_iter_ == (5 if learn == "fit" else 1)
    assert (np.array(model.kl_curve_) > 0).all()
    assert (np.array(model.reconstruction_curve_) > 0).all()


def test_loss_falls(make_model, X):
    model = make_model(max_iter=20).fit(X)
    assert min(model.loss_curve_) < model.loss_curve_[0]
    assert model.reconstruction_curve_[-1] < model.reconstruction_curve_[0]


def test_verbose_prints_a_line_an_epoch(make_model, X, capsys):
    model = make_model(max_iter=3, em_iter=2, verbose=1).fit(X)
    sampled = hasattr(model, "num_chains")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (3 if sampled else 5)
    names = ("log joint", "reconstruction", "prior") if sampled else ("ELBO", "reconstruction", "KL")
    for i, line in enumerate(lines[:3]):
        assert line.strip().startswith(f"epoch {i + 1}/3")
        values = [re.search(rf"{name}[^\d-]*(-?[\d.]+)", line)[1] for name in names]
        total, reconstruction, prior = map(float, values)
        assert_allclose(total, reconstruction + (prior if sampled else -prior), atol=0.2)
    for i, line in enumerate(lines[3:]):
        assert line.strip().startswith(f"EM {i + 1}/2")
    for line in lines:
        assert re.search(r"\d documents/s .*\d s left$", line)


def test_silent_by_default(model, X, capfd):
    model.fit(X).partial_fit(X)
    assert capfd.readouterr() == ("", "")


def test_training_stops_when_the_loss_does_not_improve(make_model, X):
    model = make_model(max_iter=20, tol=1e6, n_iter_no_change=2)
    assert model.fit(X).n_iter_ == 3  # the first epoch improves on nothing
    assert model.set_params(n_iter_no_change=np.inf, max_iter=6).fit(X).n_iter_ == 6


def test_early_stopping_holds_documents_out(make_model, X):
    model = make_model(max_iter=20, early_stopping=True, validation_fraction=0.25, n_iter_no_change=1, tol=1e6)
    model.fit(X)
    assert model.n_iter_ == 2
    assert model.n_samples_seen_ == 59 - 15


def test_early_stopping_looks_at_the_score_of_held_out_documents(make_model, X):
    """An epoch gains more than tol nats a document in the loss, but less than that a token in the score."""
    model = make_model(max_iter=4, n_iter_no_change=1, tol=0.5)
    if hasattr(model, "num_chains"):
        model.set_params(tol=0.05, num_e_steps=1, learning_rate=0.1)
    assert model.fit(X).n_iter_ == 4
    assert model.set_params(early_stopping=True).fit(X).n_iter_ < 4


def test_warm_start_goes_on(make_model, X):
    model = make_model(max_iter=15, warm_start=True).fit(X)
    loss = model.loss_curve_
    topics = model.components_
    model.set_params(max_iter=1).fit(X)
    assert model.n_iter_ == 1
    assert model.loss_curve_[0] < loss[0]
    cosine = (topics * model.components_).sum(1)
    cosine = cosine / np.linalg.norm(topics, axis=1) / np.linalg.norm(model.components_, axis=1)
    assert (cosine > 0.9).all()


def test_curves_of_a_warm_start_are_of_its_own_passes(X):
    model = MCEM(**SMALL | {"max_iter": 3}, warm_start=True).fit(X).fit(X)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.acceptance_rate_) == 3
    assert len(model.partial_fit(X).acceptance_rate_) == model.n_iter_ == 4


def test_without_warm_start_fit_forgets(make_model, X):
    model = make_model().fit(X[::-1])
    assert_array_equal(model.fit(X).components_, make_model().fit(X).components_)
    assert model.n_samples_seen_ == 59


# Callbacks of scikit-learn


class Recorder:
    """Callback that notes what it is told, and can ask a fit to stop."""

    def __init__(self, X, stop_after=None):
        self.X, self.stop_after = X, stop_after
        self.events, self.scores = [], []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        pass

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.events.append(context.task_name)
        if fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(self.X))
        return len(self.scores) == self.stop_after


@pytest.fixture
def callbacks():
    return pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")


def test_callback_sees_a_fitted_model_after_each_step(callbacks, make_model, X):
    recorder = Recorder(X)
    model = make_model(max_iter=3, em_iter=1).set_callbacks(recorder).fit(X)
    em = [] if hasattr(model, "num_chains") else ["EM 1/1"]
    assert recorder.events == ["setup", "epoch 1/3", "epoch 2/3", "epoch 3/3", *em, "fit", "teardown"]
    assert len(set(recorder.scores[: 3 + len(em)])) == 3 + len(em)
    assert recorder.scores[-1] == model.score(X)
    assert_array_equal(model.components_, make_model(max_iter=3, em_iter=1).fit(X).components_)


def test_callback_stops_a_fit(callbacks, make_model, X):
    model = make_model(max_iter=9).set_callbacks(Recorder(X, stop_after=2)).fit(X)
    assert model.n_iter_ == 2


def test_callback_is_torn_down_when_the_fit_fails(callbacks, make_model, X):
    recorder = Recorder(X)
    model = make_model(learning_rate=1e30, max_iter=20).set_callbacks(recorder)
    with pytest.raises(FloatingPointError):
        model.fit(X)
    assert recorder.events[-1] == "teardown"


def test_callback_of_a_search_sees_the_epochs(callbacks, model, X):
    recorder = Recorder(X)
    recorder.max_propagation_depth = None  # to all parts of what it is set on
    search = GridSearchCV(model, {"learning_rate": [0.01, 0.02]}, cv=3, refit=False).set_callbacks(recorder).fit(X)
    assert recorder.events.count("epoch 2/2") == 2 * 3
    assert recorder.events[-1] == "teardown"
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


class Listener(Recorder):
    """Callback that asks for no fitted estimator."""

    def on_fit_task_end(self, estimator, context, *, X=None):
        self.events.append(context.task_name)
        return False


def test_state_is_copied_only_where_a_callback_asks_for_a_fitted_model(callbacks, model, X, monkeypatch):
    saved = []
    arrays = VariationalTrainer.arrays, MonteCarloTrainer.arrays
    for Trainer, save in zip((VariationalTrainer, MonteCarloTrainer), arrays, strict=True):
        monkeypatch.setattr(
            Trainer, "arrays", lambda trainer, state, save=save: saved.append(state) or save(trainer, state)
        )
    listener = Listener(X)
    model.set_callbacks(listener).fit(X)
    Pipeline([("topics", clone(model))]).fit(X)
    assert "epoch 2/2" in listener.events
    assert len(saved) == 2  # once a fit, for what it leaves behind


def test_model_with_callbacks_is_pickled_and_streams(callbacks, make_model, X):
    model = make_model().set_callbacks(Recorder(X)).fit(X)
    copy = pickle.loads(pickle.dumps(model))
    assert_array_equal(copy.partial_fit(X).components_, model.partial_fit(X).components_)
