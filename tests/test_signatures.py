"""One word for one thing, in all public functions."""

import inspect
from importlib import import_module

import pytest

MODULES = ["datasets", "distributed", "embeddings", "inspection", "metrics", "plotting", "steering"]
OTHER_WORDS = {
    "top_n": "n_words",
    "estimator": "model",
    "a": "model_a",
    "b": "model_b",
    "vocabulary": "feature_names",
    "size": "embedding_size",
    "vector_size": "embedding_size",
    "parameter": "param",
    "score": "scoring",
    "n_components": "num_topics",
}
# What functions are about, rather than options: they may be left out, and may be passed by their places.
SUBJECTS = {"X", "texts", "model_b", "ax", "param", "n_samples", "n_topics", "n_features"}
BY_PLACE = {  # the one option that everybody passes
    "distributed.Processes": "n_jobs",
    "embeddings.align_embeddings": "feature_names",
    "embeddings.corpus_vectors": "embedding_size",
    "inspection.top_words": "n_words",
    "plotting.EffectDisplay.from_estimator": "effect",
    "steering.extend_topics": "max_new_topics",
}
COUNTS_TOPICS = {"inspection.document_table", "datasets.make_topics_corpus"}  # as others list or make rows and columns


def functions():
    for module in MODULES:
        for name in (public := import_module(f"sklearn_etm.{module}")).__all__:
            thing = getattr(public, name)
            yield f"{module}.{name}", thing
            if inspect.isclass(thing):
                for method in ("from_estimator", "plot"):
                    if hasattr(thing, method):
                        yield f"{module}.{name}.{method}", getattr(thing, method)


PARAMETERS = {name: inspect.signature(function).parameters for name, function in functions()}


@pytest.mark.parametrize("name", PARAMETERS)
def test_one_word_for_one_thing(name):
    assert {given: word for given, word in OTHER_WORDS.items() if given in PARAMETERS[name]} == {}
    assert "n_topics" not in PARAMETERS[name] or name in COUNTS_TOPICS


@pytest.mark.parametrize("name", PARAMETERS)
def test_options_are_passed_by_keyword(name):
    subjects = SUBJECTS | {BY_PLACE.get(name)}
    options = [p for p in PARAMETERS[name].values() if p.default is not p.empty and p.name not in subjects]
    assert [option.name for option in options if option.kind is not option.KEYWORD_ONLY] == []


@pytest.mark.parametrize("name", [name for name in PARAMETERS if "random_state" in PARAMETERS[name]])
def test_nothing_is_seeded_by_default(name):
    assert PARAMETERS[name]["random_state"].default is None
