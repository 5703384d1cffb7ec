"""Counts that carry the words of their columns (knows no JAX)."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted


class NamedCounts(sp.csr_array):
    """A sparse array that knows the names of its columns, and keeps them when rows or columns are selected.

    Whatever else makes a new array of it gives one without names: ``feature_names`` is None.
    """

    feature_names: np.ndarray | None = None

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        columns = key[1] if isinstance(key, tuple) and len(key) == 2 and key[0] is not Ellipsis else slice(None)
        if self.feature_names is not None and isinstance(part, NamedCounts) and part.ndim == 2:
            names = self.feature_names if columns is Ellipsis else self.feature_names[columns]
            part.feature_names = names if len(names) == part.shape[1] else None
        return part


def feature_names(X: Any) -> np.ndarray | None:
    """Names of the columns of counts, where they know them."""
    return X.feature_names if isinstance(X, NamedCounts) else None


def _can_invert(named: NamedVectorizer) -> bool:
    return hasattr(named._inner(), "inverse_transform")


class NamedVectorizer(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """A vectorizer whose counts carry the words of their columns to the step after it.

    In a pipeline the vocabulary is known only once the vectorizer is fitted, and changes with each fold and each
    ``min_df``. With this around the vectorizer, `ETMTransformer` looks up word vectors by name in each fit, and every
    topic model refuses counts of another vocabulary than its own.

    Parameters
    ----------
    vectorizer : transformer, optional
        Anything with ``get_feature_names_out`` that makes counts: `CountVectorizer` (the default),
        ``TfidfVectorizer(use_idf=False, norm=None)``, a pipeline of such and a feature selection, ... Not modified: a
        clone is fitted. Its parameters are set as ``vectorizer__min_df``.

    Attributes
    ----------
    vectorizer_ : transformer
        The fitted clone.

    Notes
    -----
    Counts are a CSR array with the attribute ``feature_names``, and remain one whatever ``set_output`` asks for, so
    that it can be asked of a whole pipeline: data frames of as many columns as there are words serve nobody.

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
            If the vectorizer has no ``get_feature_names_out``.
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
        """
        vectorizer = clone(self._inner())
        if not hasattr(vectorizer, "get_feature_names_out"):
            raise TypeError(
                f"{type(vectorizer).__name__} has no get_feature_names_out, so that the words of its columns are not "
                "known: take one that has, such as CountVectorizer."
            )
        counts = vectorizer.fit_transform(X, y)
        self.vectorizer_ = vectorizer
        return self._named(counts)

    def transform(self, X):
        """Counts of documents, with the words of their columns.

        Parameters
        ----------
        X : iterable
            What the vectorizer takes: texts.

        Returns
        -------
        counts : CSR array of shape (n_samples, n_features), with ``feature_names``
        """
        check_is_fitted(self)
        return self._named(self.vectorizer_.transform(X))

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
        """
        check_is_fitted(self)
        return self.vectorizer_.inverse_transform(X)

    def get_feature_names_out(self, input_features=None):
        """Words of the columns.

        Parameters
        ----------
        input_features : array-like of str, optional
            Passed on to a vectorizer that reads columns.

        Returns
        -------
        words : ndarray of str
        """
        check_is_fitted(self)
        if input_features is None:
            return np.asarray(self.vectorizer_.get_feature_names_out(), dtype=object)
        return np.asarray(self.vectorizer_.get_feature_names_out(input_features), dtype=object)

    def set_output(self, *, transform=None):
        """Accept what a pipeline asks of its steps; counts stay a sparse array, which has names already.

        Parameters
        ----------
        transform : str, optional
            Ignored.

        Returns
        -------
        self : NamedVectorizer
        """
        return self

    def _inner(self) -> Any:
        return CountVectorizer() if self.vectorizer is None else self.vectorizer

    def _named(self, counts: Any) -> NamedCounts:
        named = NamedCounts(counts)
        named.feature_names = self.get_feature_names_out()
        return named
