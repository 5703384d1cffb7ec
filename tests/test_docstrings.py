"""Docstrings of all that is public: what each parameter is, and how it is called."""

import inspect
import pkgutil
import re
from importlib import import_module
from inspect import Parameter

import pytest
from sklearn.base import BaseEstimator

import sklearn_etm

SUBMODULES = [found.name for found in pkgutil.iter_modules(sklearn_etm.__path__) if found.name[0] != "_"]
MODULES = [sklearn_etm, *(import_module(f"sklearn_etm.{name}") for name in SUBMODULES)]


def is_ours(name, method):
    """Whether a method is public, and neither scikit-learn's own nor made by it, as `set_fit_request` is."""
    return name[0] != "_" and not name.endswith("_request") and method.__module__.startswith("sklearn_etm.")


def public():
    """All that is public by name: classes, functions, and methods of estimators."""
    for module in MODULES:
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing):
                yield f"{module.__name__}.{name}", thing
            if inspect.isclass(thing) and issubclass(thing, BaseEstimator):
                for method_name, method in inspect.getmembers(thing, callable):
                    if is_ours(method_name, method):
                        yield f"{module.__name__}.{name}.{method_name}", method


PUBLIC = dict(public())


def test_all_is_found():
    assert {"sklearn_etm.load", "sklearn_etm.steering.merge_topics", "sklearn_etm.ETMTransformer.find_topics"} <= set(
        PUBLIC
    )
    assert len(PUBLIC) > 130


@pytest.mark.parametrize("name", PUBLIC)
def test_all_have_an_example(name):
    _, _, examples = inspect.getdoc(PUBLIC[name]).partition("\nExamples\n--------\n")
    assert ">>> " in examples


@pytest.mark.parametrize("name", PUBLIC)
def test_all_parameters_are_described(name):
    head, _, _ = inspect.getdoc(PUBLIC[name]).partition("\nExamples\n--------\n")
    described = {word for line in re.findall(r"^\w[\w, ]*(?= :|$)", head, re.MULTILINE) for word in line.split(", ")}
    parameters = inspect.signature(PUBLIC[name]).parameters.values()
    named = {
        parameter.name
        for parameter in parameters
        if parameter.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    }
    assert sorted(named - described - {"self"}) == []
