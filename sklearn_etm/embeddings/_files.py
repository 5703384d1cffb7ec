"""Files of word vectors: of each only the rows of the words that are wanted are kept."""

from __future__ import annotations

import gzip
import json
import mmap
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from . import _fasttext

Rows = tuple[list[str], np.ndarray]  # words, and their vectors (n, L) float32
MAX_HEADER = 100  # bytes of the first line of word2vec's binary


def read_vectors(path: str | os.PathLike, wanted: Collection[str] | None = None) -> Rows:
    """Words of a file and their vectors; those of ``wanted`` that it has, or all.

    Formats: see `load_vectors`.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no file of word vectors at {str(path)!r}.")
    words, vectors = _reader(path)(path, None if wanted is None else set(wanted))
    if not len(words) and wanted is None:
        raise ValueError(f"{path.name} holds no word vectors.")
    return list(words), np.asarray(vectors, dtype=np.float32)


def _reader(path: Path) -> Callable[[Path, set[str] | None], Rows]:
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix == ".bin":
        return _fasttext.read if _fasttext.is_fasttext(path) else _read_word2vec
    return {".npz": _read_npz, ".safetensors": _read_safetensors, ".kv": _read_gensim}.get(suffix, _read_text)


def _collect(rows: Iterable[tuple[str, Any]]) -> Rows:
    """The first vector of each word."""
    found: dict[str, Any] = {}
    for word, vector in rows:
        found.setdefault(word, vector)
    return list(found), np.array(list(found.values()), dtype=np.float32)


def _read_text(path: Path, wanted: set[str] | None) -> Rows:
    starts = None if wanted is None else {word.split(" ", 1)[0] for word in wanted}

    def rows():
        size = None
        with (gzip.open if path.suffix == ".gz" else open)(
            path, "rt", encoding="utf-8", errors="replace", newline="\n"
        ) as file:
            for number, full_line in enumerate(file, 1):
                line = full_line.replace("\t", " ").strip(" \r\n")  # other white space may be part of a word
                if not line or (size and starts is not None and line.split(" ", 1)[0] not in starts):
                    continue
                parts = line.split(" ") if size is None else line.rsplit(" ", size)
                if number == 1 and len(parts) == 2 and all(part.isdecimal() for part in parts):
                    size = int(parts[1])
                    continue
                if size is None:
                    size = _count_numbers(parts)
                    if not size:
                        _numbers(parts[1:], size, path, number)  # raises
                    parts = line.rsplit(" ", size)
                word = parts[0].strip(" ")
                if wanted is None or word in wanted:
                    yield word, _numbers(parts[1:], size, path, number)

    return _collect(rows())


def _count_numbers(parts: list[str]) -> int:
    """How many numbers a line ends with, after a word of one part or more."""
    n = 0
    while n < len(parts) - 1 and _is_number(parts[-1 - n]):
        n += 1
    return n


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(parts: list[str], size: int, path: Path, number: int) -> np.ndarray:
    try:
        vector = np.array(parts, dtype=np.float32)
        if len(vector) == size > 0:
            return vector
    except ValueError:
        pass
    raise ValueError(
        f"Line {number} of {path.name} must be a word and {size or 'some'} numbers, as in the files of GloVe, word2vec "
        f"and fastText; got {' '.join(parts)[:60]!r} after the word."
    )


def _read_word2vec(path: Path, wanted: set[str] | None) -> Rows:
    """Word2vec's binary: sizes in a line of text, then each word, a space and its floats."""
    if path.suffix == ".gz":
        return _collect(_word2vec_rows(gzip.decompress(path.read_bytes()), path, wanted))
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return _collect(_word2vec_rows(content, path, wanted))


def _word2vec_rows(content: Any, path: Path, wanted: set[str] | None):
    header = bytes(content[:MAX_HEADER]).split(b"\n", 1)[0]
    sizes = header.split()
    if len(sizes) != 2 or not all(size.isdigit() for size in sizes):
        raise ValueError(
            f"{path.name} must be a binary of word2vec, which starts with the numbers of words and of dimensions, or "
            f"of fastText; it starts with {header[:20]!r}. Give text the name .txt or .vec."
        )
    n_words, size = map(int, sizes)
    position = len(header) + 1
    for _ in range(n_words):
        space = content.find(b" ", position)
        end = space + 1 + 4 * size
        if space < 0 or end > len(content):
            raise ValueError(f"{path.name} is cut off: it must hold {n_words} words with {size} floats each.")
        word = bytes(content[position:space]).lstrip(b"\n").decode("utf-8", errors="replace")
        if wanted is None or word in wanted:
            yield word, np.frombuffer(bytes(content[space + 1 : end]), dtype="<f4")
        position = end


def _read_npz(path: Path, wanted: set[str] | None) -> Rows:
    with np.load(path, allow_pickle=False) as arrays:
        words = [name for name in arrays.files if arrays[name].ndim == 1 and arrays[name].dtype.kind == "U"]
        vectors = [name for name in arrays.files if arrays[name].ndim == 2 and arrays[name].dtype.kind == "f"]
        if len(words) != 1 or len(vectors) != 1:
            raise ValueError(
                f"{path.name} must hold one array of words (1-d, of strings, not of objects) and one of vectors (2-d); "
                f"it holds {arrays.files}. Write it by np.savez(path, words=np.array(words), vectors=vectors)."
            )
        return _select(arrays[words[0]].tolist(), arrays[vectors[0]], wanted, path)


def _read_safetensors(path: Path, wanted: set[str] | None) -> Rows:
    try:
        from safetensors import safe_open
    except ImportError as error:
        raise ImportError('Reading .safetensors needs safetensors: pip install "sklearn-etm[vectors]".') from error
    with safe_open(path, framework="np") as file:
        names, metadata = list(file.keys()), file.metadata() or {}
        if len(names) != 1:
            raise ValueError(f"{path.name} must hold one array, the vectors; it holds {names}.")
        vectors = file.get_tensor(names[0])
    tokenizer = path.with_name("tokenizer.json")
    if "words" in metadata:
        words = json.loads(metadata["words"])
    elif tokenizer.is_file():
        rows = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
        words = sorted(rows, key=rows.__getitem__)
    else:
        raise ValueError(
            f"{path.name} must have its words as a JSON list under 'words' in its metadata, or a tokenizer.json beside "
            "it; it has neither."
        )
    return _select(words, vectors, wanted, path)


def _read_gensim(path: Path, wanted: set[str] | None) -> Rows:
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise ImportError('Reading .kv needs gensim: pip install "sklearn-etm[vectors]".') from error
    vectors = KeyedVectors.load(str(path), mmap="r")
    return _select(vectors.index_to_key, vectors.vectors, wanted, path)


def _select(words: list[str], vectors: np.ndarray, wanted: set[str] | None, path: Path) -> Rows:
    if len(words) != len(vectors):
        raise ValueError(f"{path.name} must have one vector a word; it has {len(words)} words, {len(vectors)} vectors.")
    kept: dict[str, int] = {}
    for i, word in enumerate(words):
        if wanted is None or word in wanted:
            kept.setdefault(word, i)
    return list(kept), vectors[np.fromiter(kept.values(), dtype=np.intp, count=len(kept))]
