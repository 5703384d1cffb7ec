"""Hostile input: counts, files of word vectors and saved models that are odd, damaged or made to do harm.

    python benchmarks/fuzz.py [--inputs 10000] [--seed 0] [--only INDEX]

Each input is either answered, with numbers that are finite and a model that is as it was, or refused, by a
``ValueError``, ``TypeError`` or ``OSError`` that says something. Whatever else happens is a failure: another error, a
warning of NumPy, NaN, a model that has changed, more than 30 seconds, more than 2 GB, the end of the interpreter.
Prints what was tried, what was refused, and each failure with its index, by which ``--only`` repeats it. The exit code
is 1 where one fails.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import lzma
import multiprocessing
import os
import pickle
import re
import resource
import signal
import struct
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp

import sklearn_etm
from sklearn_etm import (
    AmortizedLDATransformer,
    ETMTransformer,
    LNTMTransformer,
    MonteCarloLNTMTransformer,
    ProdLDATransformer,
)
from sklearn_etm._files import arrays as files
from sklearn_etm.embeddings import align_embeddings, load_vectors

SECONDS = 30  # that an input may take: a batch of a stream may have to be compiled
FROZEN = 90  # seconds without an answer, after which the process is ended: a loop in C hears no alarm
BYTES = 2 << 30  # of address space that an input may take
N_WORDS = 6
REFUSALS = (ValueError, TypeError, OSError)
WORDS = [
    "star",
    "moon",
    "New York",
    "été",
    "e\u0301te\u0301",
    "новый",
    "goal",
    "goal",
    "",
    " ",
    "3",
    "nan",
    "</s>",
    "😀",
]
NUMBERS = [
    "nan",
    "inf",
    "-inf",
    "1e400",
    "1e-400",
    "0x1",
    "1_0",
    "½",
    "٣",
    "1,5",
    "",
    "--1",
    "1e39",
    "9" * 5000,
    "\x85",
]
SIZES = [0, 1, -1, 2, 7, 255, 2**16, 10**9, 2**31 - 1, 2**31, 2**32, 10**12, 2**63 - 1, 2**63, 2**64, 10**30, 10**5000]
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    -0.0,
    1e308,
    10**12,
    2**63,
    10**30,
    "",
    "x",
    "<f8",
    "|O",
    "<U500000000",
]
ODD += ["float64", "components_", [], {}, [[]], [0], {"array": "components_"}, {"tuple": []}, {"float": "nan"}]
ODD += [{"strings": ["<U500000000", ["a"]]}, {"strings": ["|O", [1]]}, {"scalar": ["float64", "nan"]}, {"path": "a\0b"}]


class TooLong(BaseException):
    """An input that is neither answered nor refused in time."""


class Wrong(AssertionError):
    """An answer that is none."""


class Case(NamedTuple):
    """An input: what it is, and what is asked of it."""

    kind: str
    ask: Callable[[], None]


# Counts


def odd_counts(rng: np.random.Generator) -> Any:
    """Counts, or what looks like them, in any container."""
    n = rng.choice([0, 1, 2, 5, 20], p=[0.03, 0.25, 0.12, 0.2, 0.4])
    X = rng.poisson(
        rng.choice([0.1, 1.0, 50.0]), size=(n, rng.choice([N_WORDS, 1, 0, 5, 7], p=[0.9, 0.03, 0.01, 0.03, 0.03]))
    )
    X = X.astype(np.float64)
    if X.size:
        odd = [
            np.nan,
            np.inf,
            -np.inf,
            -1.0,
            -0.0,
            0.5,
            5e-324,
            1e-30,
            1e-300,
            300.0,
            2.0**24 + 1,
            1e6,
            2.0**53,
            1e39,
            1e300,
        ]
        for _ in range(rng.choice([0, 1, 3], p=[0.6, 0.3, 0.1])):
            X[rng.integers(len(X)), rng.integers(X.shape[1])] = rng.choice(odd)
        if rng.random() < 0.1:
            X[rng.integers(len(X))] = 0
        if rng.random() < 0.1:
            X[:, rng.integers(X.shape[1])] = 0
        if rng.random() < 0.05:
            X *= rng.choice(odd)
    rare = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "u8", "f2", "g", "c8", "O", "U3", "S3", ">i4", ">f8", "M8[s]"]
    dtype = str(rng.choice(rare if rng.random() < 0.4 else ["i8", "f4", "f8"]))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        X = X.astype(dtype)
    return CONTAINERS[rng.choice(list(CONTAINERS))](X, rng) if rng.random() < 0.4 else odd_sparse(X, rng)


CONTAINERS: dict[str, Callable[[np.ndarray, np.random.Generator], Any]] = {
    "C": lambda X, rng: X,
    "Fortran": lambda X, rng: np.asfortranarray(X),
    "reversed": lambda X, rng: X[::-1, ::-1],
    "list": lambda X, rng: X.tolist(),
    "tuple": lambda X, rng: tuple(map(tuple, X.tolist())),
    "ragged": lambda X, rng: [row[: rng.integers(8)] for row in X.tolist()],
    "masked": lambda X, rng: np.ma.masked_array(X, mask=rng.random(X.shape) < 0.2),
    "matrix": lambda X, rng: np.asmatrix(X),
    "pandas": lambda X, rng: pd.DataFrame(X),
    "pandas with missing": lambda X, rng: pd.DataFrame(X.tolist()).convert_dtypes(),
    "polars": lambda X, rng: pl.DataFrame(X.astype(float).tolist(), orient="row") if X.dtype.kind in "biuf" else X,
    "one dimension": lambda X, rng: X.reshape(-1),
    "three dimensions": lambda X, rng: X[None],
    "none": lambda X, rng: rng.choice(
        np.array([None, "text", 3, {}, [], [[]], np.nan, b"x", set(), range(6)], dtype=object)
    ),
}


def odd_sparse(X: np.ndarray, rng: np.random.Generator) -> Any:
    """A sparse matrix or array in any format, in any order, with duplicates, zeros, and indices that are wrong."""
    if X.dtype.kind not in "biufc" or X.dtype.char == "e" or not X.dtype.isnative:
        X = np.nan_to_num(X.astype(np.float64, copy=True)) if X.dtype.kind in "biufe" else np.ones(X.shape)
    cells = sp.coo_array(X) if rng.random() < 0.7 else sp.coo_array(sp.csr_array(np.ones(X.shape)))
    if cells.nnz and cells.data.dtype != X.dtype:  # explicit zeros
        rows, columns = cells.coords
        cells = sp.coo_array((X[rows, columns], (rows, columns)), shape=X.shape)
    if rng.random() < 0.3:
        order = rng.permutation(np.repeat(np.arange(cells.nnz), rng.choice([1, 2])))
        cells = sp.coo_array((cells.data[order], tuple(c[order] for c in cells.coords)), shape=X.shape)
    kinds = ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"]
    kind = rng.choice(kinds, p=[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    made = getattr(sp, f"{kind}_{rng.choice(['array', 'matrix'])}")(
        cells if kind != "csr" or rng.random() < 0.5 else cells.tocsr()
    )
    if kind in ("csr", "csc", "bsr"):
        if rng.random() < 0.3:
            made.indices, made.indptr = made.indices.astype(np.int64), made.indptr.astype(np.int64)
        if made.nnz and rng.random() < 0.1:
            part = made.indices if rng.random() < 0.6 else made.indptr
            part[rng.integers(len(part))] = rng.choice([-1, -7, 6, 7, 1000, 2**31 - 1])
            made.has_canonical_format = bool(rng.random() < 0.5)
    if kind == "coo" and made.nnz and rng.random() < 0.1:
        made.coords[rng.integers(2)][rng.integers(made.nnz)] = rng.choice([-1, -7, 6, 1000, 2**31 - 1])
    return made


def content_of(X: Any) -> bytes:
    """All that must stay as it is in X: not what a sparse matrix remembers of itself."""
    return pickle.dumps({k: v for k, v in vars(X).items() if not k.startswith("_has")} if sp.issparse(X) else X)


class Models:
    """Small fitted models, each with its pickle: before and after an input it must be the same."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.X = rng.poisson(1.0, size=(20, N_WORDS)).astype(float)
        small = {"num_topics": 3, "max_iter": 2, "random_state": 0}
        encoder = {"encoder_features": 8, "hidden_layer_sizes": (8,)}
        vectors = {f"w{v}": rng.normal(size=4) for v in range(N_WORDS)}
        self.fitted = [
            LNTMTransformer(**small, **encoder, em_iter=1).fit(self.X),
            ETMTransformer(**small, **encoder, em_iter=1, embeddings=vectors, vocabulary=list(vectors)).fit(self.X),
            AmortizedLDATransformer(**small, **encoder, em_iter=1).fit(self.X),
            ProdLDATransformer(**small, **encoder).fit(self.X),
            MonteCarloLNTMTransformer(**small, num_samples=4, num_leapfrog_steps=5).fit(self.X),
        ]
        self.pickles = [pickle.dumps(model) for model in self.fitted]
        for content in self.pickles:
            pickle.loads(content).partial_fit(self.X)  # compiles what streams take
        self.saved = {
            suffix: [self._saved(model, suffix) for model in self.fitted] for suffix in (".npz", ".safetensors")
        }

    @staticmethod
    def _saved(model: Any, suffix: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"model{suffix}")
            sklearn_etm.save(model, path)
            return path.read_bytes()


def counts_case(rng: np.random.Generator, models: Models, folder: Path) -> Case:
    """Odd counts, given to a fitted model."""
    i, X = rng.integers(len(models.fitted)), odd_counts(rng)
    method = rng.choice(["transform", "score", "score_samples", "partial_fit"], p=[0.4, 0.2, 0.2, 0.2])
    model = pickle.loads(models.pickles[i]) if method == "partial_fit" else models.fitted[i]

    def ask() -> None:
        before, model_before = content_of(X), pickle.dumps(model)
        refused = True
        try:
            answer = getattr(model, method)(X)
            refused = False
        finally:
            _check(content_of(X) == before, "X has changed")
            if refused or method != "partial_fit":
                _check(pickle.dumps(model) == model_before, "the model has changed")
        if method == "transform":
            _check_proportions(answer, X.shape[0] if hasattr(X, "shape") else len(X))
            _check_formats(model, X, answer)
        elif method == "partial_fit":
            _check_proportions(model.transform(models.X), len(models.X))
            _check(bool(np.isfinite(model.components_).all()), "topics are not finite")
        else:
            _check(bool(np.isfinite(answer).all()), f"{method} is not finite")

    return Case(f"counts: {method}", ask)


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise Wrong(what)


def _check_proportions(theta: Any, n: int) -> None:
    theta = np.asarray(theta)
    _check(theta.ndim == 2 and len(theta) == n, f"proportions are of shape {theta.shape}")
    _check(bool(np.isfinite(theta).all() and (theta >= 0).all()), "proportions are not finite, or below 0")
    _check(np.allclose(theta.sum(axis=1), 1, atol=1e-5), "proportions do not sum to 1")


def _check_formats(model: Any, X: Any, theta: np.ndarray) -> None:
    """The same rows in another format have the same proportions."""
    if sp.issparse(X) and X.dtype in (np.float64, np.int64):
        _check(np.allclose(model.transform(X.toarray()), theta, atol=1e-8), "another format has other proportions")


# Bytes


def odd_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    """A file that is cut off, or of which bits, bytes or blocks have changed."""
    mutable = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        n = len(mutable)
        way, at = rng.integers(7), int(rng.integers(n + 1) if rng.random() < 0.7 else rng.integers(min(n, 64) + 1))
        if way == 0:
            del mutable[at:]
        elif way == 1 and n:
            for position in rng.integers(0, n, rng.integers(1, 9)):
                mutable[position] ^= 1 << rng.integers(8)
        elif way == 2 and n:
            mutable[at : at + int(rng.integers(1, 9))] = b""
        elif way == 3:
            mutable[at:at] = rng.bytes(rng.integers(1, 9))
        elif way == 4 and n > 8:
            size = rng.choice([1, 2, 4, 8])
            value = int(rng.choice(np.array(SIZES[:-2], dtype=object))) % (1 << 8 * int(size))
            mutable[at : at + size] = value.to_bytes(size, "little")
        elif way == 5:
            mutable[at:at] = mutable[at : at + int(rng.integers(1, 65))]
        elif numbers := list(re.finditer(rb"\d+", bytes(mutable[:4096]))):
            found = numbers[min(rng.geometric(0.3) - 1, len(numbers) - 1)]
            size = _odd_size(rng)
            mutable[found.start() : found.end()] = size
    return bytes(mutable)


def _odd_size(rng: np.random.Generator) -> bytes:
    sys.set_int_max_str_digits(0)
    size = str(SIZES[rng.integers(len(SIZES))]).encode()
    sys.set_int_max_str_digits(4300)
    return size


def odd_json(tree: Any, rng: np.random.Generator) -> Any:
    """A tree of JSON in which a few nodes are something else, or are gone."""
    tree = json.loads(json.dumps(tree))
    for _ in range(rng.integers(1, 4)):
        parents = [node for node in _nodes(tree) if isinstance(node, dict | list) and node]
        if not parents:
            break
        parent = parents[rng.integers(len(parents))]
        key = list(parent)[rng.integers(len(parent))] if isinstance(parent, dict) else int(rng.integers(len(parent)))
        way = rng.random()
        if way < 0.15:
            del parent[key]
        elif way < 0.3 and isinstance(parent, dict):
            parent[str(rng.choice(["x", "array", "dict", "class", "__metadata__"]))] = parent.pop(key)
        elif way < 0.4:
            nodes = list(_nodes(tree))
            parent[key] = json.loads(json.dumps(nodes[rng.integers(len(nodes))]))
        else:
            parent[key] = json.loads(json.dumps(ODD[rng.integers(len(ODD))]))
    return tree


def _nodes(tree: Any) -> Iterator[Any]:
    yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)


# Word vectors


def text_file(words: list[str], rows: np.ndarray, rng: np.random.Generator) -> bytes:
    separator = rng.choice([" ", "\t", ",", ", ", "  "])
    lines = [f"{len(words)} {rows.shape[1]}"] if rng.random() < 0.5 else []
    for word, row in zip(words, rows, strict=True):
        numbers = [f"{value:.4g}" for value in row]
        if numbers and rng.random() < 0.05:
            numbers[rng.integers(len(numbers))] = NUMBERS[rng.integers(len(NUMBERS))]
        lines.append(separator.join([word, *numbers]))
    if rng.random() < 0.1:
        lines.insert(
            rng.integers(len(lines) + 1), str(rng.choice(["", "# made by me", "1 2 3", "a" * 3000, '"', '"a,1', "\0"]))
        )
    encoding = rng.choice(
        ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-32", "utf-16-le"], p=[0.7, 0.1, 0.05, 0.05, 0.05, 0.05]
    )
    return (
        str(rng.choice(["\n", "\r\n", "\r", " \n"], p=[0.7, 0.1, 0.1, 0.1]))
        .join(lines)
        .encode(str(encoding), "replace")
    )


def word2vec_file(words: list[str], rows: np.ndarray, rng: np.random.Generator) -> bytes:
    end = rng.choice(np.array([b"\n", b""], dtype=object))
    parts = [word.encode() + b" " + row.astype("<f4").tobytes() + end for word, row in zip(words, rows, strict=True)]
    sizes = [b"%d" % len(words), b"%d" % rows.shape[1]]
    if rng.random() < 0.2:
        sizes[rng.integers(2)] = _odd_size(rng)
    return b" ".join(sizes) + b"\n" + b"".join(parts)


def fasttext_file(words: list[str], rows: np.ndarray, rng: np.random.Generator) -> bytes:
    buckets = int(rng.choice([0, 1, 5]))
    rows = np.concatenate([rows, rng.normal(size=(buckets, rows.shape[1]))])
    arguments = [
        rows.shape[1],
        5,
        5,
        1,
        5,
        1,
        2,
        int(rng.choice([1, 2, 3])),
        buckets,
        3,
        int(rng.choice([0, 3, 6])),
        100,
    ]
    sizes = [len(words), len(words), 0, 10, -1]
    shape = list(rows.shape)
    for fields, share, bits in ((arguments, 0.2, 32), (sizes, 0.2, 32), (shape, 0.2, 64)):
        if rng.random() < share:
            value = SIZES[rng.integers(len(SIZES) - 1)]
            fields[rng.integers(len(fields))] = (value + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1)
    content = struct.pack("<ii", 793712314, int(rng.choice([11, 12, 3], p=[0.2, 0.7, 0.1])))
    content += struct.pack("<12id", *arguments, 1e-4) + struct.pack("<iiiqq", *sizes)
    content += b"".join(word.encode() + b"\0" + struct.pack("<qb", 1, 0) for word in words)
    return content + b"\0" + struct.pack("<qq", *shape) + rows.astype("<f4").tobytes()


def npz_file(words: list[str], rows: np.ndarray, rng: np.random.Generator) -> bytes:
    types = ["f4", "f4", "f8", "f2", "i8", "u1", "?", "O", "c8", ">f4", "M8[s]"]
    named: dict[str, Any] = {
        "words": np.array(
            words,
            dtype=rng.choice(np.array([None, "O", "S8", "U3"], dtype=object)) if all(map(str.isascii, words)) else None,
        )
    }
    with np.errstate(all="ignore"):
        named["vectors"] = rows.astype(rng.choice(types))
    if rng.random() < 0.1:
        named[rng.choice(["more", "words2"])] = named[rng.choice(["words", "vectors"])]
    file = io.BytesIO()
    (np.savez_compressed if rng.random() < 0.3 else np.savez)(file, **named)
    return odd_zip(file.getvalue(), rng) if rng.random() < 0.4 else file.getvalue()


def odd_zip(content: bytes, rng: np.random.Generator) -> bytes:
    """A zip, one part of which was changed, with checksums that fit."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        parts = old.infolist()
        chosen = parts[rng.integers(len(parts))].filename
        for part in parts:
            held = old.read(part)
            if part.filename == chosen and held.startswith(b"\x93NUMPY") and rng.random() < 0.6:
                held = odd_array_file(held, rng)
            elif part.filename == chosen:
                held = odd_bytes(held, rng)
            method = rng.choice(
                [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], p=[0.6, 0.2, 0.1, 0.1]
            )
            new.writestr(part.filename, held, compress_type=int(method))
    return file.getvalue()


def odd_array_file(content: bytes, rng: np.random.Generator) -> bytes:
    """An ``.npy`` with another header."""
    length = 10 + int.from_bytes(content[8:10], "little")
    header = eval(content[10:length].decode("latin-1"))
    shape = list(header["shape"]) or [1]
    way = rng.integers(4)
    if way == 0:
        shape[rng.integers(len(shape))] = SIZES[rng.integers(len(SIZES) - 1)]
        header["shape"] = tuple(shape)
    elif way == 1:
        header["shape"] = [(), (0,), (10**12,), (10**12, 5), (2**40, 0), (True,), (1.5,), None, (2**62, 4), (-1,)][
            rng.integers(10)
        ]
    elif way == 2:
        odd = [
            "|O",
            "<f8",
            "<U500000000",
            "|V8",
            "|S0",
            "<U0",
            "<f4",
            "<c16",
            "<M8[s]",
            [("a", "<f4")],
            "x",
            None,
            "3<f4",
        ]
        header["descr"] = odd[rng.integers(len(odd))]
    else:
        del header[str(rng.choice(list(header)))]
    text = repr(header).encode("latin-1") + b"\n"
    return content[:8] + len(text).to_bytes(2, "little") + text + content[length:]


def safetensors_file(words: list[str], rows: np.ndarray, rng: np.random.Generator) -> bytes:
    entry = {"dtype": "F32", "shape": list(rows.shape), "data_offsets": [0, 4 * rows.size]}
    header = {"__metadata__": {"words": json.dumps(words)}, "vectors": entry}
    if rng.random() < 0.3:
        del header["__metadata__"]
        mapping = {
            "dtype": "I64",
            "shape": [len(words)],
            "data_offsets": [4 * rows.size, 4 * rows.size + 8 * len(words)],
        }
        header |= {"mapping": mapping} if rng.random() < 0.5 else {}
    if rng.random() < 0.5:
        header = odd_json(header, rng)
    head = b"[" * 100_000 if rng.random() < 0.01 else json.dumps(header).encode()
    mapping = rng.integers(-1, len(words) + 1, len(words)).astype("<i8").tobytes()
    return struct.pack("<Q", len(head)) + head + rows.astype("<f4").tobytes() + mapping


def tokenizer_file(words: list[str], rng: np.random.Generator) -> bytes:
    vocabulary: Any = {word: i for i, word in enumerate(words)}
    if rng.random() < 0.3:
        vocabulary = [[word, -1.0] for word in words]
    tokenizer: Any = {"model": {"type": "BPE", "vocab": vocabulary}, "added_tokens": [{"id": 0, "content": "x"}]}
    if rng.random() < 0.3:
        tokenizer["decoder"] = {"type": "ByteLevel"}
    if rng.random() < 0.3:
        tokenizer["model"]["end_of_word_suffix"] = "</w>"
    if rng.random() < 0.6:
        tokenizer = odd_json(tokenizer, rng)
    content = json.dumps(tokenizer).encode()
    return odd_bytes(content, rng) if rng.random() < 0.1 else content


WRITERS: dict[str, Callable[[list[str], np.ndarray, np.random.Generator], bytes]] = {
    "vectors.txt": text_file,
    "vectors.vec": text_file,
    "vectors.csv": text_file,
    "vectors.bin": word2vec_file,
    "model.bin": fasttext_file,
    "vectors.npz": npz_file,
    "vectors.safetensors": safetensors_file,
}
COMPRESSIONS: list[tuple[str, Callable[[bytes], bytes]]] = [
    (".gz", gzip.compress),
    (".bz2", bz2.compress),
    (".xz", lzma.compress),
]
OTHERS: list[bytes] = [
    b"",
    b"\0",
    b"\n",
    b" ",
    b"\x80\x04N.",
    b"PK\x03\x04",
    b"PK\x05\x06" + bytes(18),
    b"\x93NUMPY",
    b"\x1f\x8b",
    b"\xff\xfe",
]


def vectors_case(rng: np.random.Generator, models: Models, folder: Path) -> Case:
    """An odd file of word vectors."""
    name = str(rng.choice(list(WRITERS)))
    n, size = rng.choice([0, 1, 3, 12]), rng.choice([0, 1, 2, 5], p=[0.05, 0.15, 0.3, 0.5])
    words = [WORDS[i] for i in rng.integers(0, len(WORDS), n)]
    rows = rng.normal(size=(n, size)) * rng.choice([1.0, 1e-30, 1e30, np.nan], p=[0.9, 0.03, 0.03, 0.04])
    content, kind = WRITERS[name](words, rows, rng), name.replace("model.bin", "fastText's .bin")
    if rng.random() < 0.5:
        content = odd_bytes(content, rng)
    if rng.random() < 0.15:
        suffix, compress = COMPRESSIONS[rng.integers(3)]
        content = compress(content)
        content = odd_bytes(content, rng) if rng.random() < 0.5 else content
        name += suffix if rng.random() < 0.7 else ""
    if rng.random() < 0.05:
        content = OTHERS[rng.integers(len(OTHERS))] + rng.bytes(rng.choice([0, 100]))
    if rng.random() < 0.05:
        name = str(rng.choice([*WRITERS, "vectors", "vectors.pkl", "vectors.kv", "vectors.npy", "vectors.model"]))
    (folder / name).write_bytes(content)
    if name.endswith(".safetensors") and rng.random() < 0.8:
        (folder / "tokenizer.json").write_bytes(tokenizer_file(words, rng))

    def ask() -> None:
        align = rng.random() < 0.5
        if align:
            oov = str(rng.choice(["mean", "subword"]))
            vectors, coverage = align_embeddings(folder / name, ["star", "été", "3", "goal", "unseen"], oov=oov)
            _check(bool(np.isfinite(vectors).all()), "vectors are not finite")
            _check(0 < coverage <= 1 and len(vectors) == 5, f"{len(vectors)} vectors, coverage {coverage}")
        else:
            table = load_vectors(folder / name)
            _check(len(table.words) == len(table.vectors) > 0, "a table without words")
            _check(table.vectors.ndim == 2 and table.vectors.shape[1] > 0, "vectors without numbers")

    return Case(f"word vectors: {kind.removeprefix('vectors')}", ask)


# Saved models


def saved_case(rng: np.random.Generator, models: Models, folder: Path) -> Case:
    """A saved model that is damaged, or was changed by somebody who knows its format."""
    suffix, i = str(rng.choice(list(models.saved))), int(rng.integers(len(models.fitted)))
    path = folder / f"model{suffix}"
    model, content = models.fitted[i], models.saved[suffix][i]
    if rng.random() < 0.5:
        is_zip = suffix == ".npz" and rng.random() < 0.4
        path.write_bytes(odd_zip(content, rng) if is_zip else odd_bytes(content, rng))
        return Case(f"saved {suffix}: damaged", lambda: _check_same(sklearn_etm.load(path), model))
    arrays, header = model.to_arrays()
    if rng.random() < 0.6:
        header = odd_json(header, rng)
    else:
        arrays = odd_arrays(arrays, rng)
    files.write(path, arrays, header)

    def ask() -> None:
        loaded = sklearn_etm.load(path)
        before = pickle.dumps(loaded)
        theta = loaded.transform(models.X)
        _check_proportions(theta, len(models.X))
        _check(bool(np.isfinite(loaded.score(models.X))), "score is not finite")
        _check(pickle.dumps(loaded) == before, "the model has changed")

    return Case(f"saved {suffix}: changed, with its checksum", ask)


def _check_same(loaded: Any, model: Any) -> None:
    (arrays, header), (expected, expected_header) = loaded.to_arrays(), model.to_arrays()
    same = {name: array.tobytes() for name, array in arrays.items()} == {
        n: array.tobytes() for n, array in expected.items()
    }
    _check(same and json.dumps(header) == json.dumps(expected_header), "a damaged file is loaded as another model")


def odd_arrays(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Arrays, one or two of which have other values, shapes or types, or are gone."""
    arrays = dict(arrays)
    for _ in range(rng.integers(1, 3)):
        name = list(arrays)[rng.integers(len(arrays))]
        array = arrays[name].copy()
        way = rng.integers(8)
        if way < 3 and array.size:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                array.reshape(-1)[rng.integers(array.size)] = np.array(
                    rng.choice([np.nan, np.inf, -1.0, 0.0, 1e300, -1e300])
                ).astype(array.dtype)
        elif way == 3:
            array = array.reshape(-1)
        elif way == 4:
            array = array[: rng.integers(3)] if array.ndim else array.reshape(1)
        elif way == 5:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                array = array.astype(rng.choice(["f4", "f2", "i8", "u1", "?"]))
        elif way == 6:
            array = array.T
        else:
            array = np.zeros((0, 3))
        arrays[name] = array
        if rng.random() < 0.1:
            del arrays[name]
    return arrays


# Trying them


CASES = [(counts_case, 0.4), (vectors_case, 0.35), (saved_case, 0.25)]


class Outcome(NamedTuple):
    """What became of an input."""

    index: int
    kind: str
    what: str  # "answered", "refused" or "failed"
    why: str


def tried(index: int, seed: int, models: Models) -> Outcome:
    """Make an input, ask what it is for, and look at the answer."""
    rng = np.random.default_rng([seed, index])
    makers, weights = zip(*CASES, strict=True)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = makers[rng.choice(len(makers), p=weights)](rng, models, Path(folder))
        warnings.simplefilter("error", RuntimeWarning)
        signal.alarm(SECONDS)
        try:
            case.ask()
        except REFUSALS as error:
            # A Wrong is no ValueError; an error without words is of no use
            what, why = ("refused", "") if len(str(error)) > 10 else ("failed", f"{type(error).__name__} without words")
        except (Exception, TooLong) as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            what, why = "failed", f"{type(error).__name__}: {str(error)[:150]} ({where})"
        else:
            what, why = "answered", ""
        finally:
            signal.alarm(0)
    return Outcome(index, case.kind, what, why)


def _raise_too_long(*_: Any) -> None:
    raise TooLong(f"more than {SECONDS} seconds")


def work(indices: range, seed: int, answers: Any) -> None:
    """Try inputs one by one, in a process that may come to an end at any of them."""
    models = Models()
    os.fsync = lambda descriptor: None  # nobody pulls the plug here, and disks are slow
    used = int(re.search(r"VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) << 10
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _raise_too_long)
    for index in indices:
        answers.send(None)
        answers.send(tried(index, seed, models))
    answers.close()


def outcomes(indices: range, seed: int, folder: str) -> Iterator[Outcome]:
    """What becomes of inputs; after one at which the process ends another process goes on."""
    context = multiprocessing.get_context("spawn")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")  # so that the next process is soon ready
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", folder)
    while len(indices):
        reader, writer = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(indices, seed, writer), daemon=True)
        process.start()
        writer.close()
        begun, why = False, ""
        while len(indices):
            try:
                if begun and not reader.poll(FROZEN):
                    why = f"frozen for {FROZEN} s"
                    process.kill()
                    break
                outcome = reader.recv()
            except EOFError:
                process.join()
                why = f"the process has ended with code {process.exitcode}"
                break
            begun = True
            if outcome is not None:
                yield outcome
                indices = indices[1:]
        if why:
            if not begun or process.exitcode == 1:
                raise RuntimeError(f"Input {indices[0]} could not be made: {why}.")
            yield Outcome(indices[0], "unknown", "failed", why)
            indices = indices[1:]
        process.join()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="the index of the one input to try")
    arguments = parser.parse_args()
    begun = perf_counter()
    if arguments.only is None:
        with tempfile.TemporaryDirectory() as folder:
            found = list(outcomes(range(arguments.inputs), arguments.seed, folder))
    else:
        signal.signal(signal.SIGALRM, _raise_too_long)
        found = [tried(arguments.only, arguments.seed, Models())]
    table = Counter((outcome.kind, outcome.what) for outcome in found)
    print("| input | tried | answered | refused | failed |\n|---|---|---|---|---|")
    for kind in [*sorted({outcome.kind for outcome in found}), "all"]:
        n = [
            sum(c for (k, w), c in table.items() if kind in (k, "all") and w == what)
            for what in ("answered", "refused", "failed")
        ]
        print(f"| {kind} | {sum(n):,} | {n[0]:,} | {n[1]:,} | {n[2]:,} |")
    failures = [outcome for outcome in found if outcome.what == "failed"]
    for outcome in failures:
        print(f"--seed {arguments.seed} --only {outcome.index}: {outcome.kind}: {outcome.why}")
    print(f"{perf_counter() - begun:.0f} s")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
