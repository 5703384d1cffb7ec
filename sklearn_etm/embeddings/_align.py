"""Word vectors in the order of a vocabulary, whatever they come from."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.utils import check_random_state

from . import _fasttext
from ._files import read_vectors

LOW_COVERAGE = 0.7
OOV = ("mean", "random", "subword")
SUBWORDS = (3, 5)  # characters of the parts of words that vectors are guessed from
SUBWORD_RIDGE = 1.0


class AlignedEmbeddings(NamedTuple):
    """Word vectors, one row a column of the counts, and the share of words that had one."""

    vectors: np.ndarray
    coverage: float


class Found(NamedTuple):
    """What a source of vectors has for some words."""

    known: np.ndarray  # (V,) bool
    rows: np.ndarray  # (n_known, L) float32
    compose: Callable[[list[str]], np.ndarray] | None = None  # vectors of other words, of their subwords


def align_embeddings(
    embeddings: Any,
    vocabulary: Sequence[str] | None = None,
    *,
    n_features: int | None = None,
    oov: str = "mean",
    random_state: Any = None,
) -> AlignedEmbeddings:
    """Word vectors in the order of a vocabulary.

    Parameters
    ----------
    embeddings : array-like, mapping, str or path-like, or callable
        - An array of shape (n_features, embedding_size) is taken to be aligned with the columns.
        - A mapping is anything with ``word in embeddings`` and ``embeddings[word]``: a dict, `WordVectors`, gensim's
          ``KeyedVectors``; so is a DataFrame whose index is words.
        - A path is read as `load_vectors` does, but only the rows of the vocabulary are kept.
        - A callable takes a list of words and returns an array with a row for each, NaN throughout for a word that it
          does not know: ``SentenceTransformer(...).encode``, for example.

        Not modified.
    vocabulary : sequence of str, optional
        The word of each column, as ``vectorizer.get_feature_names_out()`` gives them; needed for everything but an
        array, and checked against an array's number of rows.
    n_features : int, optional
        Number of columns the result must have.
    oov : {"mean", "random", "subword"}, default="mean"
        Vectors of words that have none. "mean": the mean of those that do. "random": normal, with the mean and standard
        deviation, per dimension, of those that do. "subword": made of the n-grams of characters that the source has
        vectors of (fastText), or else by ridge regression of the known vectors on the n-grams of 3 to 5 characters of
        their words.
    random_state : int, RandomState or None, default=None
        Draws random vectors.

    Returns
    -------
    AlignedEmbeddings
        ``vectors``, float32 of shape (n_features, embedding_size), and ``coverage`` in [0, 1].

    Raises
    ------
    ValueError
        If shapes do not fit, a vector is not finite or of another length, the vocabulary has a word twice, or none of
        its words has a vector.
    FileNotFoundError
        If there is no file at the path.

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
    vectors, known = align(embeddings, vocabulary, n_features, oov, random_state)
    return AlignedEmbeddings(vectors, float(known.mean()))


def align(
    embeddings: Any, vocabulary: Sequence[str] | None, n_features: int | None, oov: str, random_state: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of `align_embeddings`, and which words have one of their own, (V,) bool."""
    if oov not in OOV:
        raise ValueError(f"oov must be one of {OOV}; got {oov!r}.")
    words = _check_vocabulary(vocabulary, n_features)
    if is_array(embeddings):
        vectors = _check_array(embeddings, n_features if words is None else len(words))
        return vectors, np.ones(len(vectors), dtype=bool)
    find = _lookup(embeddings)
    if words is None:
        raise ValueError(
            "The words of the columns are needed to look up their vectors. In a pipeline, wrap the vectorizer: "
            "NamedVectorizer(CountVectorizer(...)). Else pass vocabulary=vectorizer.get_feature_names_out()."
        )
    found = find(words)
    if not found.known.any():
        raise ValueError(
            f"embeddings has a vector for none of the {len(words)} words of the vocabulary, such as {words[:5]}: check "
            "case, language and tokenisation."
        )
    if found.known.mean() < LOW_COVERAGE:
        _warn_of_coverage([word for word, known in zip(words, found.known, strict=True) if not known], len(words), oov)
    return complete(found, words, oov, random_state), found.known


def is_array(embeddings: Any) -> bool:
    """Whether these are vectors without words."""
    return isinstance(embeddings, list | tuple) or (hasattr(embeddings, "__array__") and not _has_words(embeddings))


def _has_words(embeddings: Any) -> bool:
    """Whether these are vectors in a DataFrame or Series with words as its index."""
    return hasattr(embeddings, "iloc") and all(isinstance(word, str) for word in embeddings.index)


def find_vectors(embeddings: Any, words: list[str]) -> Found:
    """Vectors of words from a mapping, a file or a callable."""
    return _lookup(embeddings)(words)


def _lookup(embeddings: Any) -> Callable[[list[str]], Found]:
    """How vectors of words are found in a source; an error for what is none."""
    if isinstance(embeddings, str | os.PathLike):
        return partial(_find_in_file, Path(embeddings).expanduser())
    if _has_words(embeddings):
        return partial(_find_in_mapping, dict(zip(embeddings.index, embeddings.to_numpy(), strict=True)))
    if hasattr(embeddings, "__contains__") and hasattr(embeddings, "__getitem__"):
        return partial(_find_in_mapping, embeddings)
    if callable(embeddings):
        return partial(_find_by_call, embeddings)
    raise ValueError(
        "embeddings must be an array of shape (n_features, embedding_size), a mapping from words to vectors, the path "
        f"of a file of them, or a callable from words to an array; got {type(embeddings).__name__}."
    )


def _check_vocabulary(vocabulary: Sequence[str] | None, n_features: int | None) -> list[str] | None:
    if vocabulary is None:
        return None
    if isinstance(vocabulary, str):
        raise ValueError(f"vocabulary must be a sequence of words; got the string {vocabulary!r}.")
    words = [str(word) for word in vocabulary]
    if n_features is not None and len(words) != n_features:
        raise ValueError(
            f"vocabulary has {len(words)} words, but X has {n_features} columns: pass the word of each column, in "
            "their order. A vectorizer that is fitted anew (another fold, another min_df) has another vocabulary: "
            "leave vocabulary out and wrap the vectorizer, NamedVectorizer(CountVectorizer(...))."
        )
    check_unique(words, "vocabulary")
    return words


def check_unique(words: list[str], name: str) -> None:
    """Raise where a word comes twice."""
    twice = [word for word, n in Counter(words).items() if n > 1]
    if twice:
        raise ValueError(f"{name} must hold each word once; these come more often: {twice[:5]}.")


def _check_array(embeddings: Any, n_words: int | None) -> np.ndarray:
    try:
        vectors = np.asarray(embeddings, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "embeddings must be an array of shape (n_features, embedding_size), a mapping from words to vectors, a "
            f"path or a callable; got {type(embeddings).__name__} that does not make an array of numbers."
        ) from error
    if vectors.ndim != 2 or 0 in vectors.shape or (n_words is not None and len(vectors) != n_words):
        expected = "n_features" if n_words is None else n_words
        raise ValueError(
            f"embeddings must have the shape ({expected}, embedding_size), one row a column of X; got {vectors.shape}. "
            "For vectors of another vocabulary pass a mapping from words to vectors."
        )
    if not np.isfinite(vectors).all():
        bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise ValueError(f"embeddings must be finite; row {bad} holds NaN or infinity.")
    return vectors


def _find_in_mapping(embeddings: Any, words: list[str]) -> Found:
    composes = hasattr(embeddings, "vectors_ngrams")  # gensim's FastTextKeyedVectors, which makes vectors of any word
    table = embeddings.key_to_index if composes else embeddings
    known = np.array([word in table for word in words], dtype=bool)
    rows = {word: embeddings[word] for word, there in zip(words, known, strict=True) if there}
    compose = (lambda others: np.array([embeddings[word] for word in others])) if composes else None
    return Found(known, _stacked(rows), compose)


def _find_in_file(path: Path, words: list[str]) -> Found:
    if _fasttext.is_fasttext(path):
        model = _fasttext.open_model(path)
        known = np.array([word in model.rows for word in words], dtype=bool)
        rows = {word: model.vector(word) for word in words if word in model.rows}
        return Found(known, _stacked(rows), model.compose if model.bucket else None)
    found = dict(zip(*read_vectors(path, words), strict=True))
    return _find_in_mapping(found, words)


def _find_by_call(embeddings: Callable, words: list[str]) -> Found:
    rows = np.asarray(embeddings(list(words)), dtype=np.float32)
    if rows.ndim != 2 or len(rows) != len(words) or not rows.shape[1]:
        raise ValueError(
            f"embeddings(words) must return an array of shape ({len(words)}, embedding_size), one row a word; got "
            f"{rows.shape}."
        )
    known = np.asarray(~np.isnan(rows).all(axis=1))
    return Found(known, _stacked({words[i]: rows[i] for i in np.flatnonzero(known)}))


def _stacked(rows: dict[str, Any]) -> np.ndarray:
    """Vectors of words as rows, checked."""
    first = next(iter(rows), None)
    if first is None:
        return np.empty((0, 0), dtype=np.float32)
    for word, row in rows.items():
        if np.ndim(row) != 1 or not len(row) or np.shape(row) != np.shape(rows[first]):
            raise ValueError(
                f"embeddings must have vectors of one length; that of {first!r} has the shape {np.shape(rows[first])}, "
                f"that of {word!r} {np.shape(row)}."
            )
    stacked = np.array(list(rows.values()), dtype=np.float32)
    if not np.isfinite(stacked).all():
        bad = list(rows)[int(np.flatnonzero(~np.isfinite(stacked).all(axis=1))[0])]
        raise ValueError(f"embeddings must be finite; the vector of {bad!r} holds NaN or infinity.")
    return stacked


def _warn_of_coverage(missing: list[str], n_words: int, oov: str) -> None:
    warnings.warn(
        f"Only {1 - len(missing) / n_words:.0%} of the vocabulary has a word vector; without one are, for example, "
        f'{missing[:5]}. Their vectors are made up (oov="{oov}"): check case, language and tokenisation.',
        UserWarning,
        stacklevel=3,
    )


def complete(found: Found, words: list[str], oov: str, random_state: Any) -> np.ndarray:
    """Vectors of all words, float32 (V, L): those without one get one as ``oov`` says."""
    missing = [word for word, known in zip(words, found.known, strict=True) if not known]
    vectors = np.empty((len(words), found.rows.shape[1]), dtype=np.float32)
    vectors[found.known] = found.rows
    if not missing:
        return vectors
    mean = found.rows.mean(axis=0)
    if oov == "mean":
        made_up = np.tile(mean, (len(missing), 1))
    elif oov == "subword" and found.compose is not None:
        composed = found.compose(missing)
        made_up = np.where(np.isnan(composed), mean, composed)  # a word may have no subword of the source
    elif oov == "subword":
        known = [word for word, there in zip(words, found.known, strict=True) if there]
        made_up = _from_subwords(known, found.rows, missing)
    else:
        noise = check_random_state(random_state).normal(size=(len(missing), len(mean)))
        made_up = mean + found.rows.std(axis=0) * noise
    vectors[~found.known] = made_up
    return vectors


def _from_subwords(words: list[str], vectors: np.ndarray, missing: list[str]) -> np.ndarray:
    """Vectors of missing words, by ridge regression of known ones on their n-grams of characters."""
    ngrams = TfidfVectorizer(analyzer="char_wb", ngram_range=SUBWORDS, lowercase=False, sublinear_tf=True)
    ridge = Ridge(alpha=SUBWORD_RIDGE, solver="lsqr").fit(ngrams.fit_transform(words), vectors)
    return ridge.predict(ngrams.transform(missing)).reshape(len(missing), -1)
