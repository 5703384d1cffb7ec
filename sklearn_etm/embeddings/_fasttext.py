"""FastText's binary models, memory-mapped: vectors of words, and of what words are made of.

The file: a magic number and a version, twelve settings, the dictionary, then the matrix of input vectors, whose first
rows are the words' and whose others are those of character n-grams, by hash (Bojanowski et al., 2017).
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

START = struct.pack("<i", 793712314)
VERSIONS = (11, 12)
MAX_LENGTH = 100  # of n-grams: of all that are longer, a long word would have too many
SUPERVISED = 3  # a classifier, whose words have no n-grams in version 11
END = "</s>"  # of a sentence: a word without n-grams
CHARACTER = re.compile(rb"[^\x80-\xbf][\x80-\xbf]*")  # a byte that starts a character of UTF-8, and those after it


class Dictionary(NamedTuple):
    """Words of a model, and what is not UTF-8 among them."""

    rows: dict[str, int]  # of each word, the first where it comes twice
    n_words: int
    raw: dict[str, bytes]  # of words that are not UTF-8, such as those cut off within a character


class Model(NamedTuple):
    """An open model."""

    words: Dictionary
    matrix: np.ndarray  # memory-mapped
    bucket: int  # rows of n-grams
    min_n: int
    max_n: int

    def vector(self, word: str) -> np.ndarray | None:
        """Mean of the vectors of the word, if it is one of the model's, and of its n-grams."""
        rows = [self.words.rows[word]] if word in self.words.rows else []
        rows += [self.words.n_words + fnv_hash(ngram) % self.bucket for ngram in self.ngrams(word)]
        return self.matrix[rows].mean(axis=0) if rows else None

    def compose(self, words: list[str]) -> np.ndarray:
        """Vectors of words made of their n-grams; NaN for a word that has none."""
        unknown = np.full(self.matrix.shape[1], np.nan, dtype=np.float32)
        return np.array([unknown if (v := self.vector(word)) is None else v for word in words])

    def ngrams(self, word: str) -> Iterator[bytes]:
        """N-grams of characters of the word between brackets, without the brackets themselves."""
        if not self.bucket or word == END:
            return
        raw = self.words.raw[word] if word in self.words.raw else word.encode("utf-8", errors="surrogatepass")
        marked = CHARACTER.findall(b"<" + raw + b">")
        for start in range(len(marked)):
            for n in range(max(self.min_n, 1), min(self.max_n, len(marked) - start) + 1):
                if n > 1 or 0 < start < len(marked) - 1:
                    yield b"".join(marked[start : start + n])


def fnv_hash(ngram: bytes) -> int:
    """32-bit FNV-1a, of bytes that are taken as signed."""
    h = 2166136261
    for byte in ngram:
        h = ((h ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return h


def is_fasttext(path: Path) -> bool:
    """Whether there is a file that starts as fastText's models do."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(len(START)) == START


def open_model(path: Path) -> Model:
    """Read the dictionary of a model, and map its matrix into memory."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            words, bucket, min_n, max_n = _header(content, path)
            m, n = _read(content, "qq")
        except struct.error as error:
            raise ValueError(f"{path.name} is cut off before its vectors.") from error
        offset = content.tell()
        if n < 1 or m < max(words.n_words + bucket, 1) or len(content) < offset + 4 * m * n:
            raise ValueError(f"{path.name} is cut off: it must hold {words.n_words + bucket} vectors of {n} floats.")
    matrix = np.memmap(path, dtype="<f4", mode="r", offset=offset, shape=(m, n))
    return Model(words, matrix, bucket, min_n, max_n)


def _header(content: mmap.mmap, path: Path) -> tuple[Dictionary, int, int, int]:
    """Words, and number, least and largest length of n-grams."""
    _, version = _read(content, "ii")
    if version not in VERSIONS:
        raise ValueError(f"{path.name} is of version {version} of fastText's format; known are {VERSIONS}.")
    *_, kind, bucket, min_n, max_n, _, _ = _read(content, "12id")
    if bucket < 0 or max_n > MAX_LENGTH:
        raise ValueError(f"{path.name} is damaged: it says that it has {bucket} n-grams of up to {max_n} characters.")
    if version == 11 and kind == SUPERVISED:
        max_n = 0
    size, n_words, _, _, n_pruned = _read(content, "iiiqq")
    if n_pruned > 0:
        raise ValueError(f"{path.name} has been pruned, which is not supported: take the model as it was trained.")
    words = [_entry(content, path) for _ in range(size)][:n_words]  # labels come last
    (quantised,) = _read(content, "?")
    if quantised:
        raise ValueError(f"{path.name} is quantised, which is not supported: take the model as it was trained.")
    return _dictionary(words), bucket, min_n, max_n


def _dictionary(words: list[bytes]) -> Dictionary:
    rows: dict[str, int] = {}
    raw: dict[str, bytes] = {}
    for i, word in enumerate(words):
        text = word.decode("utf-8", errors="backslashreplace")
        if text not in rows:
            rows[text] = i
            if text.encode() != word:
                raw[text] = word
    return Dictionary(rows, len(words), raw)


def _entry(content: mmap.mmap, path: Path) -> bytes:
    end = content.find(b"\0", content.tell())
    if end < 0:
        raise ValueError(f"{path.name} is cut off in its list of words.")
    word = content.read(end - content.tell())
    _read(content, "cqb")  # end of the word, frequency, type
    return word


def _read(content: mmap.mmap, kinds: str) -> tuple:
    layout = struct.Struct(f"<{kinds}")
    return layout.unpack(content.read(layout.size))


def read(path: Path, wanted: set[str] | None) -> tuple[list[str], np.ndarray]:
    """Words of the dictionary and their vectors; those of ``wanted``, or all."""
    model = open_model(path)
    words = [word for word in model.words.rows if wanted is None or word in wanted]
    vectors = [model.vector(word) for word in words]
    return words, np.array(vectors, dtype=np.float32).reshape(len(words), model.matrix.shape[1])
