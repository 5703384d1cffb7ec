"""Counts that carry the words of their columns and the index of their rows (knows no JAX)."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._files.formats import current, stamped
from .steps import names_out, steps_of


class NamedCounts(sp.csr_array):
    """A sparse array that knows the names of its columns and the index of its rows, and keeps those that are selected.

    Whatever else makes a new array of it gives one without: ``feature_names`` and ``index`` are None.
    """

    feature_names: np.ndarray | None = None
    index: Any = None  # of pandas, where the counts are those of a Series or DataFrame

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        if isinstance(part, NamedCounts) and part.ndim == 2:
            rows, columns = key if isinstance(key, tuple) and len(key) == 2 else (key, slice(None))
            part.index = _selected(self.index, rows, part.shape[0])
            part.feature_names = _selected(self.feature_names, columns, part.shape[1])
        return part


def _selected(labels: Any, key: Any, n: int) -> Any:
    """The labels of n rows or columns that were selected; None where these are not known."""
    if labels is None:
        return None
    if key is Ellipsis:
        key = slice(None)
    labels = labels[key if isinstance(key, slice) else np.asarray(key).ravel()]
    return labels if len(labels) == n else None


def feature_names(X: Any) -> np.ndarray | None:
    """Names of the columns of counts, where they know them."""
    return X.feature_names if isinstance(X, NamedCounts) else None


def with_names(X: sp.csr_array, names: np.ndarray | None) -> sp.csr_array:
    """Counts that know the names of their columns, where there are any."""
    if names is None:
        return X
    named = NamedCounts(X)
    named.feature_names = names
    return named


def row_index(X: Any) -> Any:
    """The index of the rows of a pandas object, or of counts of one; None for all else."""
    if isinstance(X, NamedCounts):
        return X.index
    pandas = sys.modules.get("pandas")  # who has one of its objects has imported it
    return X.index if pandas is not None and isinstance(X, pandas.Series | pandas.DataFrame) else None


def check_same_order(X: Any, others: Any, name: str, of: str = "X") -> None:
    """Raise where others have the labels of X's rows in another order: rows are matched by their places."""
    index, other = row_index(X), row_index(others)
    if index is None or other is None or len(index) != len(other) or index.equals(other):
        return
    index, other = index.to_flat_index(), other.to_flat_index()
    if index.isin(other).all() and other.isin(index).all():
        raise ValueError(
            f"The index of {name} has the labels of the index of {of} in another order, and rows are matched by their "
            f"places: pass {name}.loc[{of}.index] to match them by their labels, or {name}.to_numpy() if places are "
            "right."
        )


def _can_invert(named: NamedVectorizer) -> bool:
    return hasattr(named._inner(), "inverse_transform")


class NamedVectorizer(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """A vectorizer whose counts carry the words of their columns, and the index of their rows, to the step after it.

    In a pipeline the vocabulary is known only once the vectorizer is fitted, and changes with each fold and each
    ``min_df``. With this around the vectorizer, `ETMTransformer` looks up word vectors by name in each fit, and every
    topic model refuses counts of another vocabulary than its own.

    Parameters
    ----------
    vectorizer : transformer, optional
        Anything that makes counts and has ``get_feature_names_out``: `CountVectorizer` (the default),
        ``TfidfVectorizer(use_idf=False, norm=None)``, a pipeline with such a step, between what cleans texts and a
        feature selection, say, ... Not modified: a clone is fitted. Its parameters are set as ``vectorizer__min_df``.

    Attributes
    ----------
    vectorizer_ : transformer
        The fitted clone.

    Notes
    -----
    Counts are a CSR array with the attribute ``feature_names``, and remain one whatever ``set_output`` asks for, so
    that it can be asked of a whole pipeline: data frames of as many columns as there are words serve nobody.

    Texts in a Series of pandas have an index, which counts have as ``index``: data frames that the models of this
    package make of them, with ``set_output(transform="pandas")``, have it, too. Clean such texts inside, with
    ``NamedVectorizer(make_pipeline(cleaner, CountVectorizer()))``, where a cleaner gives lists, which have none.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn_etm import NamedVectorizer
    >>> X = NamedVectorizer(CountVectorizer(min_df=2)).fit_transform(["a red star", "a red goal", "star"])
    >>> X.shape, X.feature_names.tolist()
    ((3, 2), ['red', 'star'])
    """

    def __init__(self, vectorizer: Any = None):
        self.vectorizer = vectorizer

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self._inner())
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        tags.requires_fit = inner.requires_fit
        return tags

    def __getstate__(self):
        return stamped(super().__getstate__())

    def __setstate__(self, state):
        super().__setstate__(current(state, type(self)))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "vectorizer_")

    def fit(self, X, y=None):
        """Fit a clone of the vectorizer.

        Parameters
        ----------
        X : iterable
            What the vectorizer takes: texts.
        y : array-like, optional
            Passed on.

        Returns
        -------
        self : NamedVectorizer

        Raises
        ------
        TypeError
            If the vectorizer does not tell the names of its columns.

        Examples
        --------
        >>> from sklearn_etm import NamedVectorizer
        >>> NamedVectorizer().fit(["red star", "red goal"]).get_feature_names_out().tolist()
        ['goal', 'red', 'star']
        """
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Fit a clone of the vectorizer and return the counts, with the words of their columns.

        Parameters
        ----------
        X : iterable
            What the vectorizer takes: texts.
        y : array-like, optional
            Passed on.

        Returns
        -------
        counts : CSR array of shape (n_samples, n_features), with ``feature_names``

        Raises
        ------
        TypeError
            If the vectorizer does not tell the names of its columns.

        Examples
        --------
        >>> from sklearn_etm import NamedVectorizer
        >>> X = NamedVectorizer().fit_transform(["red star", "red goal"])
        >>> X.toarray().tolist(), X.feature_names.tolist()
        ([[0, 1, 1], [1, 1, 0]], ['goal', 'red', 'star'])
        """
        vectorizer = clone(self._inner())
        with config_context(transform_output="default"):
            counts = vectorizer.fit_transform(X, y)
        names = names_out(steps_of(vectorizer))
        if names is None:
            last = steps_of(vectorizer)[-1]
            raise TypeError(
                f"{type(last).__name__} has no get_feature_names_out, so that the words of its columns are not "
                "known: take one that has, such as CountVectorizer; for a step after it that keeps the columns, "
                'FunctionTransformer(..., feature_names_out="one-to-one").'
            )
        self.vectorizer_ = vectorizer
        return _named(counts, names, X)

    def transform(self, X):
        """Counts of documents, with the words of their columns.

        Parameters
        ----------
        X : iterable
            What the vectorizer takes: texts.

        Returns
        -------
        counts : CSR array of shape (n_samples, n_features), with ``feature_names``

        Examples
        --------
        >>> from sklearn_etm import NamedVectorizer
        >>> X = NamedVectorizer().fit(["red star", "red goal"]).transform(["a star, a star"])
        >>> X.toarray().tolist(), X.feature_names.tolist()
        ([[0, 0, 2]], ['goal', 'red', 'star'])
        """
        check_is_fitted(self)
        with config_context(transform_output="default"):
            counts = self.vectorizer_.transform(X)
        return _named(counts, self.get_feature_names_out(), X)

    @available_if(_can_invert)
    def inverse_transform(self, X):
        """Undo `transform` as the vectorizer does it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Counts.

        Returns
        -------
        words : list of ndarray
            Those with a count, of each document.

        Examples
        --------
        >>> from sklearn_etm import NamedVectorizer
        >>> vectorizer = NamedVectorizer().fit(["red star", "red goal"])
        >>> [sorted(words.tolist()) for words in vectorizer.inverse_transform(vectorizer.transform(["a red star"]))]
        [['red', 'star']]
        """
        check_is_fitted(self)
        plain = sp.csr_matrix(X) if sp.issparse(X) else X  # of sparse arrays scikit-learn has read rows since 1.9
        return self.vectorizer_.inverse_transform(plain)

    def get_feature_names_out(self, input_features=None):
        """Words of the columns.

        Parameters
        ----------
        input_features : array-like of str, optional
            Passed on to a vectorizer that reads columns.

        Returns
        -------
        words : ndarray of str

        Examples
        --------
        >>> from sklearn_etm import NamedVectorizer
        >>> NamedVectorizer().fit(["red star", "red goal"]).get_feature_names_out().tolist()
        ['goal', 'red', 'star']
        """
        check_is_fitted(self)
        return names_out(steps_of(self.vectorizer_), input_features)

    def set_output(self, *, transform=None):
        """Accept what a pipeline asks of its steps; counts stay a sparse array, which has names already.

        Parameters
        ----------
        transform : str, optional
            Ignored.

        Returns
        -------
        self : NamedVectorizer

        Examples
        --------
        >>> from sklearn_etm import NamedVectorizer
        >>> vectorizer = NamedVectorizer().set_output(transform="pandas")
        >>> vectorizer.fit_transform(["red star", "red goal"]).feature_names.tolist()
        ['goal', 'red', 'star']
        """
        return self

    def _inner(self) -> Any:
        return CountVectorizer() if self.vectorizer is None else self.vectorizer


def _named(counts: Any, names: np.ndarray | None, X: Any) -> NamedCounts:
    """Counts of X, with the names of their columns and the index of X."""
    named = NamedCounts(counts if sp.issparse(counts) else np.asarray(counts))
    named.feature_names = names
    named.index = _selected(row_index(X), slice(None), named.shape[0])
    return named
