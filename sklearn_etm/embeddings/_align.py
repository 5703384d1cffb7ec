"""Word vectors in the order of a vocabulary, whatever they come from."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Container, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.utils import check_random_state

from .._inputs.names import column_names
from .._warnings import is_fitted_for_its_score, warn
from . import _fasttext
from ._files import located, read_vectors
from ._frames import columns_called, is_frame, table_of, words_of
from ._spelling import all_spellings, other_spellings, spelled
from ._vectors import CutVectors

LOW_COVERAGE = 0.7
OOV = ("mean", "random", "subword")
SUBWORDS = (3, 5)  # characters of the parts of words that vectors are guessed from
SUBWORD_RIDGE = 1.0


class AlignedEmbeddings(NamedTuple):
    """Word vectors in the order of a vocabulary, as `align_embeddings` finds them.

    Attributes
    ----------
    vectors : ndarray of shape (n_features, embedding_size)
        One row a column of the counts, float32.
    coverage : float
        Share of the words that had a vector, in [0, 1].

    Examples
    --------
    >>> from sklearn_etm.embeddings import align_embeddings
    >>> aligned = align_embeddings({"star": [1.0, 0.0], "moon": [0.5, 0.5], "goal": [0.0, 1.0]}, ["goal", "star"])
    >>> aligned.vectors.shape, aligned.coverage
    ((2, 2), 1.0)
    """

    vectors: np.ndarray
    coverage: float


class Found(NamedTuple):
    """What a source of vectors has for some words."""

    known: np.ndarray  # (V,) bool
    rows: np.ndarray  # (n_known, L) float32
    compose: Callable[[list[str]], np.ndarray] | None = None  # vectors of other words, of their subwords


@np.errstate(under="ignore", over="ignore", invalid="ignore")
def align_embeddings(
    embeddings: Any,
    feature_names: Sequence[str] | None = None,
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
          ``KeyedVectors`` or a model that holds them as ``wv``. So is a data frame of pandas or polars that has words
          as its index or as one of its columns; of a word that comes twice the first row counts.
        - A path is read as `load_vectors` does, but only the rows of the vocabulary are kept.
        - A callable takes a list of words and returns an array with a row for each, NaN throughout for a word that it
          does not know: ``SentenceTransformer(...).encode``, for example.

        Not modified. A word that is not found is looked up with its accents composed, and decomposed, too (NFC, NFD).
    feature_names : sequence of str, or mapping, optional
        The word of each column, as ``vectorizer.get_feature_names_out()`` gives them, or a mapping from words to
        columns as ``vectorizer.vocabulary_`` is; needed for everything but an array, and checked against an array's
        number of rows.
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
        If shapes do not fit, a vector is not finite or of another length, the vocabulary has a word twice or no order,
        or none of its words has a vector; if a data frame does not tell its words for certain.
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
    vectors, known = align(embeddings, feature_names, n_features, oov, random_state, "feature_names")
    return AlignedEmbeddings(vectors, float(known.mean()))


def align(
    embeddings: Any,
    feature_names: Sequence[str] | None,
    n_features: int | None,
    oov: str,
    random_state: Any,
    argument: str = "vocabulary",
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of `align_embeddings`, and which words have one of their own, (V,) bool.

    Errors call the names of columns by ``argument``, what they are called where the user passes them.
    """
    if oov not in OOV:
        raise ValueError(f"oov must be one of {OOV}; got {oov!r}.")
    words = _check_names(feature_names, n_features, argument)
    if is_array(embeddings):
        _check_orientation(embeddings, words)
        vectors = _check_array(embeddings, n_features if words is None else len(words))
        return vectors, np.ones(len(vectors), dtype=bool)
    find = _lookup(embeddings)
    if words is None:
        raise ValueError(
            "The words of the columns are needed to look up their vectors. In a pipeline, wrap the vectorizer: "
            f"NamedVectorizer(CountVectorizer(...)). Else pass {argument}=vectorizer.get_feature_names_out()."
        )
    if isinstance(embeddings, CutVectors):
        _check_cut(embeddings, words)
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
    if is_frame(embeddings):
        return words_of(embeddings) is None
    return isinstance(embeddings, list | tuple) or hasattr(embeddings, "__array__")


def find_vectors(embeddings: Any, words: list[str]) -> Found:
    """Vectors of words from a mapping, a file or a callable."""
    return _lookup(embeddings)(words)


def composes(embeddings: Any) -> bool:
    """Whether this is gensim's FastTextKeyedVectors, or a model with them, which makes vectors of any word."""
    return hasattr(getattr(embeddings, "wv", embeddings), "vectors_ngrams")


def _lookup(embeddings: Any) -> Callable[[list[str]], Found]:
    """How vectors of words are found in a source; an error for what is none."""
    embeddings = getattr(embeddings, "wv", embeddings)  # of gensim's models
    if isinstance(embeddings, str | os.PathLike):
        return partial(_find_in_file, embeddings)
    if is_frame(embeddings):
        return partial(_find_in_mapping, table_of(embeddings))
    if hasattr(embeddings, "__contains__") and hasattr(embeddings, "__getitem__"):
        return partial(_find_in_mapping, embeddings)
    if callable(embeddings):
        return partial(_find_by_call, embeddings)
    raise ValueError(
        "embeddings must be an array of shape (n_features, embedding_size), a mapping from words to vectors, the path "
        f"of a file of them, or a callable from words to an array; got {type(embeddings).__name__}."
    )


def _check_names(names: Sequence[str] | None, n_features: int | None, argument: str) -> list[str] | None:
    if names is None:
        return None
    words = column_names(names, argument=argument)
    if n_features is not None and len(words) != n_features:
        raise ValueError(
            f"{argument} has {len(words)} words, but X has {n_features} columns: pass the word of each column, in "
            "their order. A vectorizer that is fitted anew (another fold, another min_df) has another vocabulary: "
            f"leave {argument} out and wrap the vectorizer, NamedVectorizer(CountVectorizer(...))."
        )
    check_unique(words, argument)
    return words


def check_unique(words: list[str], name: str) -> None:
    """Raise where a word comes twice."""
    twice = [word for word, n in Counter(words).items() if n > 1]
    if twice:
        raise ValueError(f"{name} must hold each word once; these come more often: {twice[:5]}.")


def _check_orientation(embeddings: Any, words: list[str] | None) -> None:
    """Raise for a data frame that has the words of the vocabulary as its columns."""
    if words is not None and is_frame(embeddings) and (called := columns_called(embeddings, words)):
        raise ValueError(
            f"embeddings is a data frame whose columns are called as words of the vocabulary, such as {called[:3]}: "
            "the vectors of words must be rows. Pass it transposed, with the words as its index (pandas: frame.T); or, "
            "if its rows are in the order of the columns of X, frame.to_numpy()."
        )


def _check_cut(embeddings: CutVectors, words: list[str]) -> None:
    """Raise for words that the table, which these vectors were cut from, may have."""
    asked = {*embeddings, *embeddings.without}
    unknown = [word for word in words if spelled(word, asked) is None]
    if unknown:
        raise ValueError(
            f"embeddings holds the vectors of {len(embeddings)} words only, those of a fitted model: the table that "
            "they come from was left out when the model was pickled, so that it is not known whether it has vectors of "
            f"{len(unknown)} of the {len(words)} words, such as {unknown[:5]}. Set embeddings to the table again, by "
            "set_params(embeddings=...); or to dict(model.embeddings), to go without it."
        )


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
    if composes(embeddings):
        return _looked_up(words, embeddings.key_to_index, embeddings.__getitem__, embeddings.__getitem__)
    return _looked_up(words, embeddings, embeddings.__getitem__)


def _find_in_file(path: str | os.PathLike, words: list[str]) -> Found:
    path = located(path)
    if _fasttext.is_fasttext(path):
        model = _fasttext.open_model(path)
        return _looked_up(words, model.words.rows, model.vector, model.compose if model.bucket else None)
    return _find_in_mapping(dict(zip(*read_vectors(path, all_spellings(words)), strict=True)), words)


def _looked_up(
    words: list[str],
    table: Container[str],
    vector: Callable[[str], Any],
    compose: Callable[[list[str]], np.ndarray] | None = None,
) -> Found:
    """Words of a table in the spelling that it has them in."""
    names = [spelled(word, table) for word in words]
    rows = {word: vector(name) for word, name in zip(words, names, strict=True) if name is not None}
    return Found(np.array([name is not None for name in names]), _stacked(rows), compose)


def _find_by_call(embeddings: Callable, words: list[str]) -> Found:
    rows = _called(embeddings, words)
    known = np.asarray(~np.isnan(rows).all(axis=1))
    others = [(i, form) for i in np.flatnonzero(~known) for form in other_spellings(words[i])]
    if others:
        found = _called(embeddings, [form for _, form in others])
        for (i, _), row in zip(others, found, strict=True):
            if not known[i] and not np.isnan(row).all():
                rows[i], known[i] = row, True
    return Found(known, _stacked({words[i]: rows[i] for i in np.flatnonzero(known)}))


def _called(embeddings: Callable, words: list[str]) -> np.ndarray:
    """What a callable returns for words, (n, L)."""
    rows = np.array(embeddings(list(words)), dtype=np.float32)
    if rows.ndim != 2 or len(rows) != len(words) or not rows.shape[1]:
        raise ValueError(
            f"embeddings(words) must return an array of shape ({len(words)}, embedding_size), one row a word; got "
            f"{rows.shape}."
        )
    return rows


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
    if is_fitted_for_its_score():
        return
    warn(
        f"Only {1 - len(missing) / n_words:.0%} of the vocabulary has a word vector; without one are, for example, "
        f'{missing[:5]}. Their vectors are made up (oov="{oov}"): check case, language and tokenisation.',
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
