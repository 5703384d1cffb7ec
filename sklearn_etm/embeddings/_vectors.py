"""A table of words and their vectors, in memory."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._inputs.names import column_names
from ._files import read_vectors


class WordVectors(Mapping):
    """A read-only mapping from words to vectors that is shared, not copied.

    Cloning an estimator leaves a table of this class where it is, and the workers of a search in several processes
    map its one array into their memory, which they cannot do with the many arrays of a dict.

    Parameters
    ----------
    words : sequence of str
        No word twice. A mapping from words to the numbers of their rows, as ``vectorizer.vocabulary_`` is, will do.
    vectors : array-like of shape (n_words, embedding_size)
        The vector of each.

    Attributes
    ----------
    words : tuple of str
        The words, in the order of the rows.
    vectors : ndarray of shape (n_words, embedding_size)
        The rows, float32.

    Raises
    ------
    ValueError
        If there are not as many words as rows, a word is missing (None, NaN) or comes twice, or ``words`` is a set,
        which has no order.

    Examples
    --------
    >>> from sklearn_etm.embeddings import WordVectors
    >>> vectors = WordVectors(["star", "goal"], [[1.0, 0.0], [0.0, 1.0]])
    >>> vectors["goal"].tolist(), "moon" in vectors, vectors
    ([0.0, 1.0], False, WordVectors(2 words, 2 dimensions))
    """

    def __init__(self, words: Sequence[str], vectors: ArrayLike):
        self.words = tuple(column_names(words, argument="words"))
        self.vectors: NDArray[np.float32] = np.asarray(vectors, dtype=np.float32)
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.words):
            raise ValueError(
                f"vectors must have one row for each of the {len(self.words)} words; got {self.vectors.shape}."
            )
        self._row = {word: i for i, word in enumerate(self.words)}
        if len(self._row) < len(self.words):
            twice = next(word for i, word in enumerate(self.words) if self._row[word] != i)
            raise ValueError(f"Each word must come once; {twice!r} comes more often.")

    def __getitem__(self, word: str) -> NDArray[np.float32]:
        return self.vectors[self._row[word]]

    def __contains__(self, word: Any) -> bool:
        return word in self._row

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} words, {self.vectors.shape[1]} dimensions)"

    def __deepcopy__(self, memo: dict) -> WordVectors:
        return self

    def __reduce__(self) -> tuple:
        return type(self), (self.words, self.vectors)


class CutVectors(WordVectors):
    """Vectors of the words of one model, cut from the table that it looked them up in.

    Parameters
    ----------
    words : sequence of str
        Those that the table has a vector for.
    vectors : array-like of shape (n_words, embedding_size)
        The vector of each.
    without : collection of str
        Words that it was asked for, and has none for.
    origin : int or str
        What the table is known by: how many words it has, or the name of a callable.
    """

    def __init__(self, words: Sequence[str], vectors: ArrayLike, without: Collection[str], origin: int | str):
        super().__init__(words, vectors)
        self.without = frozenset(without)
        self.origin = origin

    def extended(self, words: Sequence[str], vectors: NDArray) -> CutVectors:
        """The same with more words."""
        rows = np.concatenate([self.vectors, vectors])
        return CutVectors([*self.words, *words], rows, self.without, self.origin)

    def __repr__(self) -> str:
        whole = f" of {self.origin}" if isinstance(self.origin, int) else ""
        return f"{type(self).__name__}({len(self)}{whole} words, {self.vectors.shape[1]} dimensions)"

    def __reduce__(self) -> tuple:
        return type(self), (self.words, self.vectors, tuple(sorted(self.without)), self.origin)


@np.errstate(under="ignore", over="ignore", invalid="ignore")
def load_vectors(path: str | os.PathLike, *, allow_pickle: bool = False) -> WordVectors:
    r"""Read all word vectors of a file, once for many fits.

    Parameters
    ----------
    path : str or path-like
        Text as GloVe, word2vec and fastText write it, with a first line of sizes or without (``.txt``, ``.vec``, ...),
        or with commas (``.csv``), in UTF-8, or UTF-16 with its mark; binary of word2vec or fastText (``.bin``);
        ``.npz`` of an array of words and one of vectors; ``.safetensors`` of one array, with its words as JSON under
        "words" in the metadata or in a ``tokenizer.json`` beside it, or the folder of both, as of model2vec; gensim's
        own ``.kv``, if ``allow_pickle`` says so. Text and word2vec's binary may be compressed (``.gz``, ``.bz2``,
        ``.xz``). Of a word that comes twice the first vector counts. Words that are not UTF-8 are kept with their bytes
        as ``\\x..``.
    allow_pickle : bool, default=False
        Whether to read gensim's ``.kv``, which is a pickle: whatever code is in it is run. All other formats hold words
        and numbers, and pickles in them, such as arrays of objects in an ``.npz``, are never loaded.

    Returns
    -------
    WordVectors
        All words and vectors. Of a binary of fastText these are its words only: give an estimator the path itself to
        have vectors of other words made of their subwords.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not of a format named here, such as an archive of several, or is damaged. Where it can be told,
        the line is named. For a ``.kv`` without ``allow_pickle``.
    ImportError
        If the format needs a package that is not installed: ``.kv`` needs gensim.

    Warns
    -----
    UserWarning
        If lines of text were skipped: titles before the first vector, and lines of numbers without a word. A word may
        hold blanks, and is kept whole.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sklearn_etm.embeddings import load_vectors
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "vectors.txt")
    ...     _ = path.write_text("star 1 0\ngoal 0 1\n")
    ...     load_vectors(path)
    WordVectors(2 words, 2 dimensions)
    """
    return WordVectors(*read_vectors(path, allow_pickle=allow_pickle))
