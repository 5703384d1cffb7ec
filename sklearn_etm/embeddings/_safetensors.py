"""Files of ``.safetensors``: a header in JSON, then arrays, of which one holds vectors; and the words of its rows.

Words are in the header, or in the file of a tokenizer beside it, as in the folders of model2vec and of
sentence-transformers' static models.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._inputs.names import column_names

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I8": "<i1", "I32": "<i4", "I64": "<i8"}
VECTORS = ("F64", "F32", "F16", "BF16", "I8")  # types of vectors; those in I8 are scaled
NAMES = ("embeddings", "embedding.weight", "vectors")  # of the vectors, where several arrays could be
SHOWN = 5
SHOWN_NAME = 40  # characters of a name that an error shows
WORD_START = "\u2581"  # how a Unigram tokenizer writes the blank before a word


class Tensors(NamedTuple):
    """The arrays of a file."""

    path: Path
    header: dict[str, dict[str, Any]]
    metadata: dict[str, str]
    begin: int  # of the arrays, in bytes

    def array(self, name: str) -> np.ndarray:
        """One of them, mapped into memory; bfloat16, which NumPy does not have, as float32."""
        entry = self.header[name]
        if entry["dtype"] not in TYPES:
            raise ValueError(
                f"{self.path.name} holds {name!r} as {entry['dtype']}, of which no numbers can be made: save it as "
                "float32, float16 or bfloat16."
            )
        first, end = entry["data_offsets"]
        dtype, shape = np.dtype(TYPES[entry["dtype"]]), tuple(entry["shape"])
        if end - first != dtype.itemsize * math.prod(shape) or self.begin + end > self.path.stat().st_size:
            raise ValueError(f"{self.path.name} is cut off, or damaged: {name!r} must be of the shape {shape}.")
        if not math.prod(shape):
            return np.empty(shape, dtype=np.float32)
        array = np.memmap(self.path, dtype=dtype, mode="r", offset=self.begin + first, shape=shape)
        if entry["dtype"] == "BF16":  # the upper half of a float32
            return (array.astype(np.uint32) << 16).view(np.float32)
        return array


def read(path: Path, wanted: set[str] | None) -> tuple[list[str], np.ndarray]:
    """Words, and a vector for each; of a tokenizer those of ``wanted`` only."""
    tensors = _open(path)
    name = _name_of_vectors(tensors)
    vectors = tensors.array(name)
    if "words" in tensors.metadata:
        return _words_of_metadata(tensors), vectors
    tokenizer = path.with_name("tokenizer.json")
    if not tokenizer.is_file():
        raise ValueError(
            f"{path.name} must have its words as a JSON list under 'words' in its metadata, or a tokenizer.json beside "
            "it; it has neither."
        )
    what = f"The {tokenizer.name} beside {path.name}"
    try:
        rows = _rows_of_words(_parsed(tokenizer.read_bytes(), what))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{what} is not as tokenizers write it: {type(error).__name__}: {error}.") from error
    if not all(_are_whole([row]) for row in rows.values()):
        raise ValueError(f"{what} must have whole numbers as ids of its tokens.")
    return _of_tokens(tensors, vectors, {word: rows[word] for word in rows if wanted is None or word in wanted})


def _open(path: Path) -> Tensors:
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise ValueError(f"{path.name} is cut off, or not of the format that its name says.")
        header = _parsed(file.read(length), f"The header of {path.name}")
    metadata = header.pop("__metadata__", {}) if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError(f"The header of {path.name} must be an object, and its metadata one of strings.")
    for name, entry in header.items():
        if not _is_entry(entry):
            raise ValueError(
                f"The header of {path.name} must have the dtype, the shape and the two data_offsets of "
                f"{name[:SHOWN_NAME]!r}."
            )
    return Tensors(path, header, metadata, 8 + length)


def _is_entry(entry: Any) -> bool:
    """Whether this describes an array."""
    if not isinstance(entry, dict) or not isinstance(entry.get("dtype"), str):
        return False
    shape, offsets = entry.get("shape"), entry.get("data_offsets", [])
    return _are_whole(shape) and _are_whole(offsets) and len(offsets) == 2


def _are_whole(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(type(n) is int and 0 <= n < 2**63 for n in numbers)


def _parsed(text: str | bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} must be JSON: {error}.") from error


def _name_of_vectors(tensors: Tensors) -> str:
    """The array of two dimensions, or of several the one that is called as vectors are."""
    matrices = [name for name, entry in tensors.header.items() if len(entry["shape"]) == 2]
    named = [name for name in NAMES if name in matrices]
    if len(matrices) != 1 and not named:
        names = list(tensors.header)
        raise ValueError(
            f"{tensors.path.name} must hold one array of two dimensions, the vectors, or call it 'embeddings'; it "
            f"holds {len(names)} arrays: {names[:SHOWN]}{' and others' if len(names) > SHOWN else ''}."
        )
    name = named[0] if named else matrices[0]
    if (dtype := tensors.header[name]["dtype"]) not in VECTORS:
        raise ValueError(
            f"{tensors.path.name} holds its vectors as {dtype}; that cannot be read: save them as float32, float16 or "
            "bfloat16."
        )
    return name


def _words_of_metadata(tensors: Tensors) -> list[str]:
    what = f"The words in the metadata of {tensors.path.name}"
    words = _parsed(tensors.metadata["words"], what)
    if not isinstance(words, list | dict):
        raise ValueError(f"{what} must be a JSON list; got {type(words).__name__}.")
    return column_names(words, argument=what)


def _of_tokens(tensors: Tensors, vectors: np.ndarray, rows: dict[str, int]) -> tuple[list[str], np.ndarray]:
    """Words and vectors by the numbers of tokens; in model2vec these may share a vector, and have weights."""
    tokens = np.fromiter(rows.values(), dtype=np.intp, count=len(rows))
    shared = tensors.array("mapping").reshape(-1) if "mapping" in tensors.header else np.arange(len(vectors))
    weights = tensors.array("weights").reshape(-1) if "weights" in tensors.header else None
    n_tokens = min(len(shared), len(shared) if weights is None else len(weights))
    if shared.size and (shared.dtype.kind != "i" or shared.min() < 0):
        raise ValueError(f"{tensors.path.name} must have the rows of its tokens as 'mapping', in whole numbers.")
    if tokens.max(initial=-1) >= n_tokens or shared.max(initial=-1) >= len(vectors):
        raise ValueError(
            f"{tensors.path.name} must have one vector a word; its tokenizer has {len(rows)} words, numbered up to "
            f"{tokens.max(initial=0)}, and there are {n_tokens} vectors."
        )
    chosen = np.asarray(vectors[shared[tokens].astype(np.intp)], dtype=np.float32)
    return list(rows), chosen if weights is None else chosen * np.asarray(weights[tokens], dtype=np.float32)[:, None]


# Tokenizers


def _rows_of_words(tokenizer: Any) -> dict[str, int]:
    """The row of each word of a tokenizer: of a token that starts one, or of one within words where none starts it."""
    model = tokenizer.get("model") if isinstance(tokenizer, dict) else None
    vocabulary = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(vocabulary, dict | list):
        raise ValueError("tokenizer.json must have the words of the rows under 'vocab' of its 'model'; it has none.")
    if isinstance(vocabulary, list):  # Unigram: pairs of a token and its log-probability
        vocabulary = {token: row for row, (token, _) in reversed(list(enumerate(vocabulary)))}
    vocabulary |= {token["content"]: token["id"] for token in tokenizer.get("added_tokens") or []}
    read = _reading(tokenizer, vocabulary)
    rows: dict[str, int] = {}
    for starting in (True, False):
        for token, row in vocabulary.items():
            word, starts = read(token)
            if starts == starting:
                rows.setdefault(word, row)
    return rows


def _reading(tokenizer: dict[str, Any], vocabulary: dict[str, int]) -> Callable[[str], tuple[str, bool]]:
    """How a token is read: its text, and whether it is a word or the start of one."""
    if '"ByteLevel"' in json.dumps([tokenizer.get("pre_tokenizer"), tokenizer.get("decoder")]):
        of_bytes = _bytes_of_characters()
        return lambda token: _after_blank(_decoded(token, of_bytes))
    if any(token.startswith(WORD_START) for token in vocabulary):
        return lambda token: _after_blank(token.replace(WORD_START, " "))
    if end := tokenizer["model"].get("end_of_word_suffix"):
        return lambda token: (token.removesuffix(end), token.endswith(end))
    return lambda token: (token, True)


def _after_blank(text: str) -> tuple[str, bool]:
    return text.removeprefix(" "), text.startswith(" ")


def _decoded(token: str, of_bytes: dict[str, int]) -> str:
    if not all(character in of_bytes for character in token):
        return token  # one that was added
    return bytes(of_bytes[character] for character in token).decode("utf-8", errors="backslashreplace")


def _bytes_of_characters() -> dict[str, int]:
    """The bytes that characters stand for in byte-level tokenizers: themselves where they can be printed."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
