"""Word vectors for a vocabulary."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["AlignedEmbeddings", "align_embeddings"]

LOW_COVERAGE = 0.7


class AlignedEmbeddings(NamedTuple):
    """Word vectors, one row a column of the counts, and the share of words that had one."""

    vectors: np.ndarray
    coverage: float


def align_embeddings(
    embeddings: Any,
    vocabulary: Sequence[str] | None = None,
    *,
    n_features: int | None = None,
    random_state: Any = None,
) -> AlignedEmbeddings:
    """Word vectors in the order of a vocabulary.

    Parameters
    ----------
    embeddings : array-like of shape (n_features, embedding_size), or mapping from words to vectors
        An array is taken to be aligned with the columns. A mapping is anything with ``word in embeddings`` and
        ``embeddings[word]``: a dict, gensim's ``KeyedVectors``. Not modified.
    vocabulary : sequence of str, optional
        The word of each column, as ``vectorizer.get_feature_names_out()`` gives them; needed for a mapping, and
        checked against an array's number of rows.
    n_features : int, optional
        Number of columns the result must have.
    random_state : int, RandomState or None, default=None
        Draws the vectors of words that have none: normal, with the mean and standard deviation, per dimension, of
        those that do.

    Returns
    -------
    AlignedEmbeddings
        ``vectors``, float32 of shape (n_features, embedding_size), and ``coverage`` in [0, 1].

    Raises
    ------
    ValueError
        If shapes do not fit, a vector is not finite or of another length, the vocabulary has a word twice, or none of
        its words has a vector.

    Warns
    -----
    UserWarning
        If fewer than 70 % of the words have a vector; some that have none are named.

    Examples
    --------
    >>> from sklearn_etm.embeddings import align_embeddings
    >>> vectors, coverage = align_embeddings({"star": [1.0, 0.0], "goal": [0.0, 1.0]}, ["goal", "star"])
    >>> vectors.tolist(), coverage
    ([[0.0, 1.0], [1.0, 0.0]], 1.0)
    """
    vocabulary = _check_vocabulary(vocabulary, n_features)
    if hasattr(embeddings, "__contains__") and hasattr(embeddings, "__getitem__") and not _is_array(embeddings):
        if vocabulary is None:
            raise ValueError(
                "embeddings is a mapping from words to vectors, so that vocabulary is needed: pass the word of each "
                "column, vocabulary=vectorizer.get_feature_names_out()."
            )
        return _from_mapping(embeddings, vocabulary, random_state)
    return _from_array(embeddings, n_features if vocabulary is None else len(vocabulary))


def _is_array(embeddings: Any) -> bool:
    return isinstance(embeddings, list | tuple | str | bytes) or hasattr(embeddings, "__array__")


def _check_vocabulary(vocabulary: Sequence[str] | None, n_features: int | None) -> list[str] | None:
    if vocabulary is None:
        return None
    words = [str(word) for word in vocabulary]
    if n_features is not None and len(words) != n_features:
        raise ValueError(
            f"vocabulary has {len(words)} words, but X has {n_features} columns: pass the word of each column, in "
            "their order. A vectorizer that is fitted anew (another fold, another min_df) has another vocabulary: "
            "fix it with CountVectorizer(vocabulary=...)."
        )
    twice = [word for word, n in Counter(words).items() if n > 1]
    if twice:
        raise ValueError(f"vocabulary must name each column once; these words come more often: {twice[:5]}.")
    return words


def _from_array(embeddings: Any, n_words: int | None) -> AlignedEmbeddings:
    try:
        vectors = np.asarray(embeddings, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "embeddings must be an array of shape (n_features, embedding_size), or a mapping from words to vectors; "
            f"got {type(embeddings).__name__} that does not make an array of numbers."
        ) from error
    if vectors.ndim != 2 or 0 in vectors.shape or (n_words is not None and len(vectors) != n_words):
        expected = "n_features" if n_words is None else n_words
        raise ValueError(
            f"embeddings must have the shape ({expected}, embedding_size), one row a column of X; got {vectors.shape}. "
            "For vectors of another vocabulary pass a mapping from words to vectors, and vocabulary=."
        )
    if not np.isfinite(vectors).all():
        bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ValueError(f"embeddings must be finite; row {bad} holds NaN or infinity.")
    return AlignedEmbeddings(vectors, 1.0)


def _from_mapping(embeddings: Any, vocabulary: list[str], random_state: Any) -> AlignedEmbeddings:
    known = [word for word in vocabulary if word in embeddings]
    if not known:
        raise ValueError(
            f"embeddings has a vector for none of the {len(vocabulary)} words of vocabulary, such as "
            f"{vocabulary[:5]}: check case, language and tokenisation."
        )
    rows = [np.asarray(embeddings[word], dtype=np.float32) for word in known]
    for word, row in zip(known, rows, strict=True):
        if row.shape != rows[0].shape or row.ndim != 1 or not row.size:
            raise ValueError(
                f"embeddings must have vectors of one length; that of {known[0]!r} has the shape {rows[0].shape}, "
                f"that of {word!r} {row.shape}."
            )
        if not np.isfinite(row).all():
            raise ValueError(f"embeddings must be finite; the vector of {word!r} holds NaN or infinity.")
    found = np.stack(rows)
    coverage = len(known) / len(vocabulary)
    missing = [i for i, word in enumerate(vocabulary) if word not in embeddings]
    if coverage < LOW_COVERAGE:
        warnings.warn(
            f"Only {coverage:.0%} of the vocabulary has a word vector; without one are, for example, "
            f"{[vocabulary[i] for i in missing[:5]]}. Their vectors start at random.",
            UserWarning,
            stacklevel=2,
        )
    vectors = np.empty((len(vocabulary), found.shape[1]), dtype=np.float32)
    vectors[np.setdiff1d(np.arange(len(vocabulary)), missing)] = found
    noise = check_random_state(random_state).normal(size=(len(missing), found.shape[1]))
    vectors[missing] = found.mean(axis=0) + found.std(axis=0) * noise
    return AlignedEmbeddings(vectors, coverage)
