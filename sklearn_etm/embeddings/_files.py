"""Files of word vectors: of each only the rows of the words that are wanted are kept."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import mmap
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .._files.npz import array_of, parts
from . import _fasttext, _safetensors, _text

Rows = tuple[list[str], np.ndarray]  # words, and their vectors (n, L) float32
MAX_HEADER = 100  # bytes of the first line of word2vec's binary
CONTROL = re.compile("[\x00-\x1f]")  # characters that are in no word
MAX_NUMBER = 1e10  # beyond, no number of a vector is what it was meant to be
MOVED = (
    "{} must hold a word, a blank and floats for each word, as many as its first line says. It does not: that line is "
    "wrong; or a word has a blank in it, which moves what follows: save the vectors as text, or as .npz; or the file "
    "is text: give it the name .txt or .vec."
)
START = 512  # bytes by which formats are told
COMPRESSIONS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
DAMAGES = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, zipfile.BadZipFile)
FOLDERS = ("model.safetensors", "0_StaticEmbedding/model.safetensors")  # of model2vec and of sentence-transformers


def read_vectors(path: str | os.PathLike, wanted: Collection[str] | None = None, allow_pickle: bool = False) -> Rows:
    """Words of a file and their vectors; those of ``wanted`` that it has, or all.

    Formats, and what ``allow_pickle`` allows: see `load_vectors`.
    """
    path = located(path)
    reader = _reader(path)
    if reader is _read_gensim and not allow_pickle:
        raise ValueError(
            f"{path.name} is named as gensim's pickles are, which run whatever code is in them when they are loaded. "
            "If you trust whoever wrote it, pass load_vectors(path, allow_pickle=True); else ask for it in a format of "
            "numbers: KeyedVectors.save_word2vec_format(path, binary=True) writes one."
        )
    try:
        words, vectors = reader(path, None if wanted is None else set(wanted))
    except DAMAGES as error:
        raise ValueError(f"{path.name} is damaged, or cut off: {error}.") from error
    if wanted is None and not np.size(vectors):
        raise ValueError(f"{path.name} holds no word vectors.")
    return list(words), np.asarray(vectors, dtype=np.float32)


def located(path: str | os.PathLike) -> Path:
    """The file of a path, or of a folder that holds a static model."""
    path = Path(path).expanduser()
    if path.is_dir():
        found = [path / name for name in FOLDERS if (path / name).is_file()]
        if not found:
            raise ValueError(
                f"{str(path)!r} is a folder without {' or '.join(FOLDERS)}: pass the path of the file of word vectors."
            )
        return found[0]
    if not path.is_file():
        raise FileNotFoundError(f"There is no file of word vectors at {str(path)!r}.")
    return path


def _reader(path: Path) -> Callable[[Path, set[str] | None], Rows]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    suffix = next((suffix for suffix in reversed(suffixes) if suffix not in (".gz", ".bz2", ".xz")), "")
    if suffix in (".npz", ".safetensors", ".kv"):
        return {".npz": _read_npz, ".safetensors": _read_safetensors, ".kv": _read_gensim}[suffix]
    if _fasttext.is_fasttext(path):
        return _fasttext.read
    return _read_word2vec if suffix == ".bin" else _read_text


def _opened(path: Path) -> tuple[BinaryIO, bytes]:
    """A file, decompressed where it is compressed, and its first bytes; an error where it is an archive."""
    with open(path, "rb") as file:
        start = file.read(START)
    opener = next((opener for magic, opener in COMPRESSIONS.items() if start.startswith(magic)), open)
    if opener is not open:
        with opener(path, "rb") as file:
            start = file.read(START)
    _check_is_single(path, start)
    return opener(path, "rb"), start


def _check_is_single(path: Path, start: bytes) -> None:
    """Raise for what holds files or objects, not words and their vectors."""
    if start.startswith(b"PK\x03\x04"):
        raise ValueError(
            f"{path.name} is a zip archive, which holds {_members(path)}: unpack it, and pass the path of one of its "
            "files."
        )
    if start[257:262] == b"ustar":
        raise ValueError(f"{path.name} is a tar archive: unpack it, and pass the path of one of its files.")
    if start.startswith(b"\x93NUMPY"):
        raise ValueError(
            f"{path.name} holds an array without words. If its rows are in the order of the columns of X, pass "
            "np.load(path); else pass WordVectors(words, np.load(path))."
        )
    if start[:1] == b"\x80" and start[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        raise ValueError(
            f"{path.name} is a pickle: load it with the library that wrote it, such as by "
            "gensim.models.Word2Vec.load(path), and pass the vectors that it holds, such as its .wv."
        )


def _members(path: Path) -> str:
    try:
        names = zipfile.ZipFile(path).namelist()
    except zipfile.BadZipFile:
        return "files"
    return ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")


def _collect(rows: Iterable[tuple[str, Any]]) -> Rows:
    """The first vector of each word."""
    found: dict[str, Any] = {}
    for word, vector in rows:
        found.setdefault(word, vector)
    return list(found), np.array(list(found.values()), dtype=np.float32)


def _read_text(path: Path, wanted: set[str] | None) -> Rows:
    file, start = _opened(path)
    with file:
        return _collect(_text.rows(file, start, path.name, wanted))


def _read_word2vec(path: Path, wanted: set[str] | None) -> Rows:
    """Word2vec's binary: sizes in a line of text, then each word, a space and its floats."""
    file, start = _opened(path)
    with file:
        if start.startswith(_fasttext.START):
            raise ValueError(f"{path.name} is a model of fastText, compressed: unpack it, since it is read in place.")
        if isinstance(file, io.BufferedReader):
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                words, vectors = _collect(_word2vec_rows(content, path, wanted))
        else:
            words, vectors = _collect(_word2vec_rows(file.read(), path, wanted))
    if vectors.size and not -MAX_NUMBER < vectors.min() <= vectors.max() < MAX_NUMBER:
        raise ValueError(MOVED.format(path.name))
    return words, vectors


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
        if content[position : position + 1] == b"\n":
            position += 1
        space = content.find(b" ", position)
        if space == position and content[space + 1 : space + 2] == b" ":  # the word itself is a blank
            space += 1
        end = space + 1 + 4 * size
        if space < 0 or end > len(content):
            raise ValueError(
                f"{path.name} is cut off, or text: it must hold {n_words} words with {size} floats each. Give text the "
                "name .txt or .vec."
            )
        raw = bytes(content[position:space])
        word = raw.decode("utf-8", errors="backslashreplace")
        if not word.isprintable() and CONTROL.search(word):
            raise ValueError(MOVED.format(path.name))
        if wanted is None or word in wanted:
            yield word, np.frombuffer(bytes(content[space + 1 : end]), dtype="<f4")
        position = end
    if bytes(content[position : position + MAX_HEADER]).strip():
        raise ValueError(MOVED.format(path.name))


def _damages_named(found: Iterator[Any], path: Path) -> Iterator[Any]:
    try:
        yield from found
    except ValueError as error:
        raise ValueError(f"{path.name} is damaged, or cut off: {error}.") from error


def _read_npz(path: Path, wanted: set[str] | None) -> Rows:
    words, vectors, names = {}, {}, []
    with open(path, "rb") as file:
        for part, content in _damages_named(parts(file), path):
            names.append(name := part.removesuffix(".npy"))
            try:
                array = array_of(content)
            except ValueError:  # an array of objects is a pickle
                continue
            if array.ndim == 1 and array.dtype.kind in "US":
                words[name] = array
            if array.ndim == 2 and array.dtype.kind in "fiu":
                vectors[name] = array
    if len(words) != 1 or len(vectors) != 1:
        raise ValueError(
            f"{path.name} must hold one array of words (1-d, of strings, not of objects) and one of vectors (2-d); "
            f"it holds {names}. Write it by np.savez(path, words=np.array(words, dtype=str), vectors=vectors); or, if "
            "the rows are in the order of the columns of X, pass the array itself."
        )
    named, rows = next(iter(words.values())), next(iter(vectors.values()))
    if named.dtype.kind == "S":
        named = np.char.decode(named, "utf-8")
    return _select(named.tolist(), rows, wanted, path)


def _read_safetensors(path: Path, wanted: set[str] | None) -> Rows:
    words, vectors = _safetensors.read(path, wanted)
    return _select(words, vectors, wanted, path)


def _read_gensim(path: Path, wanted: set[str] | None) -> Rows:
    try:
        from gensim.models import KeyedVectors
    except ImportError as error:
        raise ImportError('Reading .kv needs gensim: pip install "sklearn-etm[vectors]".') from error
    vectors = KeyedVectors.load(str(path), mmap="r")
    vectors = getattr(vectors, "wv", vectors)  # of a model that was saved whole
    return _select(vectors.index_to_key, vectors.vectors, wanted, path)


def _select(words: list[str], vectors: np.ndarray, wanted: set[str] | None, path: Path) -> Rows:
    if len(words) != len(vectors):
        raise ValueError(f"{path.name} must have one vector a word; it has {len(words)} words, {len(vectors)} vectors.")
    kept: dict[str, int] = {}
    for i, word in enumerate(words):
        if wanted is None or word in wanted:
            kept.setdefault(word, i)
    return list(kept), vectors[np.fromiter(kept.values(), dtype=np.intp, count=len(kept))]
