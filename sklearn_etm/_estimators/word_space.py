"""The space of a model's word vectors, and where in it words belong that the model has not seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import Ridge

from .._fitted.plain import record
from ..embeddings._align import find_vectors, is_array
from ..embeddings._vectors import CutVectors

PLACING_RIDGE = 1.0  # words' worth of regularisation, where what training learned of words is predicted for others


@record
class WordSpace:
    """The space of the word vectors that a fitted model was given, or has made from the counts."""

    source: Any  # ``embeddings`` of the fit
    words: tuple[str, ...] | None  # of the columns, where ``vocabulary`` named them
    table: CutVectors | None  # vectors of the model's words, where the source is a table
    given: np.ndarray  # (V, L) vectors that training started from, in units of ``unit``
    unit: float  # standard deviation of the vectors, which is 1 in training
    center: np.ndarray | None  # (L,) subtracted from what the source has
    normalize: bool
    log_unigram: np.ndarray  # (V,) log word frequencies

    @property
    def vectors(self) -> np.ndarray:
        """Word vectors that training started from, (V, L), in the space of ``word_embeddings_``."""
        return self.given * self.unit

    def place(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors of the source, centred and normalised as this space is."""
        return placed(vectors, self.center, self.normalize)


def placed(vectors: np.ndarray, center: np.ndarray | None, normalize: bool) -> np.ndarray:
    """Vectors given, centred and normalised where that is asked for."""
    if center is not None:
        vectors = vectors - center
    return unit(vectors) if normalize else vectors


class Description(NamedTuple):
    """n words of a fitted model and m others, in a space of vectors that both have."""

    known: np.ndarray  # (n,) columns
    features: np.ndarray  # (n, F)
    new_features: np.ndarray  # (m, F)
    given: np.ndarray | None  # (m, L) of the others as given, where that is the space of the model's own vectors

    def predict(self, targets: np.ndarray) -> np.ndarray:
        """What is to be expected of the others, (m, T), from targets (V, T) of the model's words: ridge regression."""
        scale = self.features.std() or 1.0
        ridge = Ridge(alpha=PLACING_RIDGE).fit(self.features / scale, targets[self.known])
        return ridge.predict(self.new_features / scale).reshape(len(self.new_features), -1)

    def predict_vectors(self, trained: np.ndarray) -> np.ndarray:
        """Vectors that training would have given the others, (m, L), from those of the model's words (V, L)."""
        if self.given is None:
            return self.predict(trained)
        moved = np.zeros_like(trained)
        moved[self.known] = trained[self.known] - self.features
        return self.new_features + self.predict(moved)


def is_learned(embeddings: Any) -> bool:
    """Whether this asks for vectors that are learned from the counts."""
    return embeddings is None or (isinstance(embeddings, str) and embeddings == "corpus")


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to unit length; zeros stay."""
    vectors = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)


def describe(model: Any, words: list[str], vectors: Any, names: list[str] | None) -> Description:
    """Describe words by vectors of theirs: an array of them, or a source to look them up in.

    Parameters
    ----------
    model : fitted estimator
    words : that the model has not seen
    vectors : (m, L) in the space of the model's ``embeddings``, or a source; None for ``embeddings`` itself
    names : of the model's columns, where they are known
    """
    source = model.embeddings if vectors is None else vectors
    if is_array(source):
        return _in_own_space(model, _check_rows(model, source, words, vectors is None))
    if vectors is None and is_learned(source):
        raise ValueError("The model was fitted without word vectors: pass vectors for the words, and those it knows.")
    rows = _all_found(source, words)
    if source is model._space.source and not is_learned(source):
        return _in_own_space(model, rows)
    return _describe_by_source(model, source, rows, names)


def _in_own_space(model: Any, rows: np.ndarray) -> Description:
    return Description(np.arange(model.components_.shape[1]), model._space.vectors, model._space.place(rows), rows)


def _describe_by_source(model: Any, source: Any, rows: np.ndarray, names: list[str] | None) -> Description:
    """By another source than the model's own; of the same space if words of the model have the same vectors."""
    own = model._space.vectors
    old = None if names is None else find_vectors(source, names)
    if old is None or not old.known.any():
        if is_learned(model._space.source) or rows.shape[1] != own.shape[1]:
            raise ValueError(
                "vectors must have vectors of words of the model, too, so that their space can be compared with the "
                "model's: it has none of them."
                if names is not None
                else "The words of the model's columns are not known: pass vocabulary, or fit on counts with names."
            )
        return _in_own_space(model, rows)
    known = np.flatnonzero(old.known)
    if not is_learned(model._space.source) and old.rows.shape[1] == own.shape[1]:
        placed = model._space.place(old.rows)
        if np.allclose(placed, own[known], rtol=1e-3, atol=1e-3 * np.abs(placed).max()):
            return _in_own_space(model, rows)
    return Description(known, old.rows, rows, None)


def _check_rows(model: Any, vectors: Any, words: list[str], is_parameter: bool) -> np.ndarray:
    if is_parameter:
        raise ValueError("vectors is needed: embeddings is an array, which has none of new words.")
    if is_learned(model._space.source):
        raise ValueError(
            "vectors must be a source that has vectors of the model's words, too, such as a mapping: the model was "
            "fitted without word vectors, so that an array has no space to be compared with."
        )
    rows = np.asarray(vectors, dtype=np.float64)
    expected = (len(words), model.word_embeddings_.shape[1])
    if rows.shape != expected or not np.isfinite(rows).all():
        raise ValueError(f"vectors must be finite and of shape {expected}, one row a word; got {rows.shape}.")
    return rows


def _all_found(source: Any, words: list[str]) -> np.ndarray:
    """Vectors of words, made of subwords where the source can; an error for a word without one."""
    found = find_vectors(source, words)
    missing = [word for word, known in zip(words, found.known, strict=True) if not known]
    if not missing:
        return found.rows
    composed = None if found.compose is None else found.compose(missing)
    if composed is None or not np.isfinite(composed).all():
        left = ", or set embeddings to the table that was left out of the pickle" * isinstance(source, CutVectors)
        raise KeyError(f"There is no vector for {missing[:5]}: leave such words out, or pass vectors for them{left}.")
    rows = np.empty((len(words), composed.shape[1]), dtype=np.float32)
    rows[found.known], rows[~found.known] = found.rows, composed
    return rows
