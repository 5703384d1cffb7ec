"""Fitted models in pickles, as plain arrays, and in files; and without what only training needs (knows no JAX)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike
from sklearn.utils.validation import check_is_fitted

from .._files import arrays as files
from .._files import formats
from .._files.trees import put_together, taken_apart
from .._fitted.model import TopicModel
from .._fitted.plain import class_of, from_plain, to_plain
from . import parameters as kinds

OF_TRAINING = ("_state", "_held")  # attributes that `slim` leaves out
OF_PROCESS = ("_skl_callbacks", "_parent_callback_ctx")  # and those that `to_arrays` does: progress bars and the like
FORMAT, VERSION, NAME, STATE = "format", "version", "class", "state"  # keys of a header


class Arrays(NamedTuple):
    """A fitted model as plain arrays, and all else that it takes as what JSON can hold."""

    arrays: dict[str, np.ndarray]
    header: dict[str, Any]


class SavingMixin:
    """What was learned is saved as plain arrays by name, with the number of its format."""

    _model: TopicModel
    _inference: ClassVar[type]  # of `_model`
    _kinds: ClassVar[dict[str, kinds.Kind]]
    components_: np.ndarray
    n_features_in_: int

    def __getstate__(self):
        """Records are taken apart, and topics saved once."""
        state: dict[str, Any] = dict(super().__getstate__())  # type: ignore[call-overload]
        plain = {name: to_plain(v) if name[0] == "_" and is_dataclass(v) else v for name, v in state.items()}
        if "_model" in state and state["_model"].components is state.get("components_"):
            del plain["_model"]["components"]
        return formats.stamped(plain)

    def __setstate__(self, state):
        """An older state becomes one of today; a newer one, or one that is damaged, is refused."""
        state = formats.current(state, type(self))
        try:
            if "_model" in state:
                state["_model"] = {"components": state["components_"], **state["_model"]}
            made = {name: from_plain(v) for name, v in state.items() if name[0] == "_" and class_of(v) is not None}
        except (KeyError, TypeError) as error:
            raise formats.damaged(f"This {type(self).__name__}", error) from error
        super().__setstate__(state | made)  # type: ignore[misc]

    def slim(self, *, dtype: DTypeLike = np.float64) -> Self:
        """The fitted model without what only training needs: about half of it is left to save.

        Everything but `partial_fit`, and `fit` with ``warm_start``, works as before and gives the same numbers.

        Parameters
        ----------
        dtype : {numpy.float64, numpy.float32}, default=numpy.float64
            Of ``components_``. float32 saves a sixth to a half of what is left, and changes proportions by some 1e-8;
            those of `MonteCarloLNTMTransformer`, whose chains then take other turns, as much as another seed would.

        Returns
        -------
        slim : estimator
            A new one, which shares its arrays with this one. This one is not changed.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the model is not fitted.
        ValueError
            For another ``dtype``.

        Examples
        --------
        >>> import pickle
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=600, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> bool((model.slim().transform(X) == model.transform(X)).all())
        True
        >>> len(pickle.dumps(model.slim())) < 0.6 * len(pickle.dumps(model))
        True
        """
        check_is_fitted(self)
        if np.dtype(dtype) not in (np.float64, np.float32):
            raise ValueError(f"dtype must be numpy.float64 or numpy.float32; got {dtype!r}.")
        components = self._model.components.astype(dtype, copy=False)
        slim = self._copy_with(components_=components, _model=replace(self._model, components=components))
        for name in OF_TRAINING:
            vars(slim).pop(name, None)
        return slim

    def _copy_with(self, **attributes: Any) -> Self:
        """A copy with other values of some attributes, which shares the others."""
        copy = object.__new__(type(self))
        vars(copy).update(vars(self), **attributes)
        return copy

    def to_arrays(self) -> Arrays:
        """The fitted model as named NumPy arrays and a header of plain values, for files of any kind.

        `sklearn_etm.save` writes both to an ``.npz`` or a ``.safetensors``.

        Returns
        -------
        arrays : dict of str to ndarray
            Numbers alone: ``"components_"``, ``"model/inference/features/projection"``,
            ``"state/learned/parameters/b_point"``, ... They are the model's own, not copies.
        header : dict
            All else, as ``json.dumps`` takes it: the class, parameters, fitted attributes, the number of the format and
            the version of the package. Callbacks of scikit-learn are left out.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the model is not fitted.
        TypeError
            If a parameter is neither plain (numbers, strings, lists, slices, arrays, paths) nor a ``RandomState``:
            which one is said. A table of word vectors that the model was fitted with is, since it keeps those of its
            words.
        ValueError
            If a parameter was set to what it cannot be.

        Examples
        --------
        >>> import json
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> arrays, header = model.to_arrays()
        >>> arrays["components_"].shape, header["class"], header["format"]
        ((3, 60), 'LNTMTransformer', 1)
        >>> again = LNTMTransformer.from_arrays(arrays, json.loads(json.dumps(header)))
        >>> bool((again.transform(X) == model.transform(X)).all())
        True
        """
        check_is_fitted(self)
        kinds.check_parameters(self, self._kinds)  # or it could not be loaded
        state = {name: value for name, value in self.__getstate__().items() if name not in OF_PROCESS}
        number, version = state.pop(formats.NUMBER), state.pop(formats.VERSION)
        tree, arrays = taken_apart(state, type(self).__name__)
        return Arrays(arrays, {NAME: _name(type(self)), FORMAT: number, VERSION: version, STATE: tree})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> Self:
        """The fitted model of arrays and a header that `to_arrays` gave, now or in an older version.

        No code of theirs is run: they hold numbers and strings.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            Not copied.
        header : mapping
            As it came, or from JSON.

        Returns
        -------
        model : estimator

        Raises
        ------
        ValueError
            If they are of another class or of a newer version, or if something is missing in what the model answers
            with, does not fit, or is not finite.

        Examples
        --------
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
        >>> again = LNTMTransformer.from_arrays(*model.to_arrays())
        >>> bool((again.transform(X) == model.transform(X)).all())
        True
        """
        what = f"This {cls.__name__}"
        number, version = header.get(FORMAT), header.get(VERSION)
        formats.check(number, version, what)
        if header.get(NAME) != _name(cls):
            raise ValueError(f"These are the arrays of a {header.get(NAME)}, not of a {_name(cls)}.")
        model = object.__new__(cls)
        try:
            state = put_together(header[STATE], arrays)
            model.__setstate__({**state, formats.NUMBER: number, formats.VERSION: version})
            model._check_served()
        except (MemoryError, formats.Damaged):
            raise
        except Exception as error:  # what was changed makes any error
            raise formats.damaged(what, f"{error}" or type(error).__name__) from error
        return model

    @np.errstate(all="ignore")
    def _check_served(self) -> None:
        """Raise a ValueError where this model could not answer: parts of it do not fit together, or are no numbers."""
        if not hasattr(self, "_model"):
            raise ValueError("there is no fitted model in it")
        self._model.check(self._inference)
        n_words = self._model.components.shape[1]
        columns = np.arange(self.n_features_in_)
        words = getattr(self, "word_columns_", columns)
        if self.components_.shape != self._model.components.shape or len(words) != n_words:
            raise ValueError(f"components_ has the shape {self.components_.shape}, and there are {n_words} words")
        if not np.array_equal(columns[np.isin(columns, words)], words):
            raise ValueError(f"word_columns_ must be some of the {len(columns)} columns, in their order")
        if len(getattr(self, "feature_names_in_", columns)) != len(columns):
            raise ValueError(f"feature_names_in_ must have {len(columns)} names")
        n_topics, names = len(self.components_), getattr(self, "topic_names_", [])
        is_named = isinstance(names, list) and all(isinstance(name, str | None) for name in names)
        if not is_named or len(names) not in (0, n_topics):
            raise ValueError(f"topic_names_ must be {n_topics} names, or None where there is none")
        kinds.check_parameters(self, self._kinds)


def save(model: Any, path: str | os.PathLike) -> None:
    """Write a fitted topic model to a file of plain arrays, which is loaded without running code.

    What was at ``path`` stays as it was until the new file is whole and on the disk: neither a full disk nor the end of
    the process leaves a torn file there.

    Parameters
    ----------
    model : fitted estimator
        A topic model of this package. A pipeline has steps of other packages: write it by skops or joblib.
    path : str or path-like
        Ends in ``.npz`` (NumPy's; the smaller dependency) or ``.safetensors`` (for registries that ask for it).

    Raises
    ------
    TypeError
        If it is no topic model of this package, or one with a parameter that is neither plain nor an array.
    ValueError
        If the name ends otherwise.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    See Also
    --------
    load : The other way.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import sklearn_etm
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = sklearn_etm.LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "topics.npz")
    ...     sklearn_etm.save(model, path)
    ...     loaded = sklearn_etm.load(path)
    >>> bool((loaded.transform(X) == model.transform(X)).all())
    True
    """
    if not isinstance(model, SavingMixin):
        raise TypeError(
            f"save takes a fitted topic model of sklearn_etm; got {type(model).__name__}. Write other estimators, and "
            "pipelines with them, by skops.io.dump(...) or joblib.dump(..., compress=3)."
        )
    files.write(path, *model.to_arrays())


def load(path: str | os.PathLike) -> Any:
    """Read a fitted topic model that `save` wrote; no code of the file is run.

    Parameters
    ----------
    path : str or path-like
        Ends in ``.npz`` or ``.safetensors``.

    Returns
    -------
    model : fitted estimator

    Raises
    ------
    ValueError
        If the file is damaged, cut off or was changed, be it by a bit; if somebody has made it so that the model could
        not answer; if a newer version of the package wrote it: both are named then; or if it is of a class that is not
        imported.
    FileNotFoundError
        If there is no such file.

    See Also
    --------
    save : The other way.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import sklearn_etm
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = sklearn_etm.LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "topics.npz")
    ...     sklearn_etm.save(model, path)
    ...     sklearn_etm.load(path).num_topics
    3
    """
    arrays, header = files.read(path)
    formats.check(header.get(FORMAT), header.get(VERSION), os.fspath(path))
    name = header.get(NAME)
    known = {_name(cls): cls for cls in _subclasses(SavingMixin)}
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"{os.fspath(path)} holds a {name}: import the module that defines it first.")
    return known[name].from_arrays(arrays, header)


def _name(cls: type) -> str:
    """What a class is called in files: one of this package wherever it is in it."""
    return cls.__name__ if cls.__module__.startswith("sklearn_etm.") else f"{cls.__module__}.{cls.__qualname__}"


def _subclasses(cls: type[SavingMixin]) -> Iterator[type[SavingMixin]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)
