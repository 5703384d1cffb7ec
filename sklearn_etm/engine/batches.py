"""Count matrices as batches of fixed shape (NumPy and SciPy only).

A batch holds its non-zero entries twice.  By document, in chunks of ``CHUNK`` entries, so that log-probabilities and
the gradient of theta are small dense reductions with one scatter per chunk.  By word, in chunks of their own size, so
that the gradient of beta is the same: a row-by-row scatter is what is slow in XLA on a CPU.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from math import isqrt
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

CHUNK = 16
WORD_CHUNKS = (2, 8)  # where a batch repeats few of its words, and where many
MANY_REPEATS = 3.0  # entries a word
MAX_KEPT_ENTRIES = 6_000_000  # of a corpus that is laid out once and kept
SHARD_ENTRIES = 1_000_000  # that are laid out at a time of a larger one


Array = Any  # of NumPy when laid out, of JAX in a program


class Batch(NamedTuple):
    """One batch, or a stack of S of them with a leading axis.

    B documents, N chunks of entries by document, M chunks of entries by word.  Padding has count zero.
    """

    features: Array  # (B, L) what the encoder reads
    mask: Array  # (B,) 1 for a document, 0 for padding
    words: Array  # (N, CHUNK) word of each entry
    counts: Array  # (N, CHUNK) its count
    document: Array  # (N,) document of each chunk
    entry: Array  # (M, word chunk) the same entries, as positions in counts.ravel()
    entry_document: Array  # (M, word chunk) document of each
    entry_word: Array  # (M,) word of each chunk, ascending


def padded_size(n: int, bits: int = 3) -> int:
    """Round up to a few significant bits, so that nearly equal sizes share one compiled program."""
    step = 1 << max((max(n, 1) - 1).bit_length() - bits, 0)
    return -(-n // step) * step


SHARED_BITS = 4
_sizes_in_use: dict[tuple, set[int]] = {}


def shared_size(n: int, *kind: int | str) -> int:
    """A padded size for ``n`` that a program of this kind was compiled for already, if one is not too large.

    Folds of a grid search, and the batches of another seed, differ by some entries: a new size has room for as many as
    chance may add.
    """
    sizes = _sizes_in_use.setdefault(kind, set())
    roomy = padded_size(n + 2 * isqrt(n), SHARED_BITS)
    size = min((size for size in sizes if n <= size <= 1.5 * n), default=roomy)
    sizes.add(size)
    return size


def _chunk_slots(indptr: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Owner row of each chunk, and the slot of each entry when every row starts a new chunk."""
    length = np.diff(indptr)
    chunks = -(-length // size)
    first = np.cumsum(chunks) - chunks
    owner = np.repeat(np.arange(len(length)), chunks)
    offset = np.arange(indptr[-1]) - np.repeat(indptr[:-1], length)
    return owner, np.repeat(first, length) * size + offset


def _fill(size: int, slots: np.ndarray, values: np.ndarray, padding: int = 0) -> np.ndarray:
    out = np.full(size, padding, dtype=values.dtype)
    out[slots] = values
    return out


def _word_chunk(X: sp.csr_array) -> int:
    """Size of chunks by word that wastes little on a batch."""
    return WORD_CHUNKS[X.nnz > MANY_REPEATS * len(np.unique(X.indices))]


def _entries(X: sp.csr_array, word_chunk: int) -> dict[str, np.ndarray]:
    """The chunked entries of one batch, not yet padded to a common size."""
    owner, slots = _chunk_slots(X.indptr, CHUNK)
    size = (len(owner) + 1) * CHUNK  # one chunk of padding at least: entry points there for "nothing"
    by_word = sp.csr_array((slots + 1, X.indices, X.indptr), shape=X.shape).tocsc()
    word_owner, word_slots = _chunk_slots(by_word.indptr, word_chunk)
    word_size = len(word_owner) * word_chunk
    return {
        "words": _fill(size, slots, X.indices.astype(np.int32)).reshape(-1, CHUNK),
        "counts": _fill(size, slots, X.data.astype(np.float32)).reshape(-1, CHUNK),
        "document": np.append(owner, X.shape[0] - 1).astype(np.int32),
        "entry": _fill(word_size, word_slots, by_word.data.astype(np.int32) - 1, size - 1).reshape(-1, word_chunk),
        "entry_document": _fill(word_size, word_slots, by_word.indices.astype(np.int32)).reshape(-1, word_chunk),
        "entry_word": word_owner.astype(np.int32),
    }


def _stack(rows: list[np.ndarray], shape: tuple[int, ...], padding: int = 0) -> np.ndarray:
    out = np.full(shape, padding, dtype=rows[0].dtype) if padding else np.zeros(shape, dtype=rows[0].dtype)
    for i, row in enumerate(rows):
        out[i][tuple(slice(n) for n in row.shape)] = row
    return out


def stack_batches(
    parts: list[sp.csr_array],
    features: Callable[[sp.csr_array], np.ndarray],
    batch_size: int,
    n_words: int,
    stack: int,
    word_chunk: int,
) -> Batch:
    """Stack ``parts`` (count matrices of at most ``batch_size`` rows) to one Batch of ``stack`` batches."""
    entries = [_entries(X, word_chunk) for X in parts]
    N = shared_size(max(len(e["document"]) for e in entries), "document", batch_size)
    M = shared_size(max(len(e["entry_word"]) for e in entries), "entry_word", word_chunk, batch_size)
    encoded = [features(X).astype(np.float32) for X in parts]

    def stacked(name: str, *shape: int, padding: int = 0) -> np.ndarray:
        return _stack([e[name] for e in entries], (stack, *shape), padding)

    return Batch(
        features=_stack(encoded, (stack, batch_size, encoded[0].shape[1])),
        mask=_stack([np.ones(X.shape[0], dtype=np.float32) for X in parts], (stack, batch_size)),
        words=stacked("words", N, CHUNK),
        counts=stacked("counts", N, CHUNK),
        document=stacked("document", N, padding=batch_size - 1),
        entry=stacked("entry", M, word_chunk, padding=N * CHUNK - 1),
        entry_document=stacked("entry_document", M, word_chunk),
        entry_word=stacked("entry_word", M, padding=n_words - 1),
    )


class Corpus:
    """Count rows as shards of stacked batches: a corpus that fits one shard is laid out once.

    Documents are dealt at random to batches of equal size (to within one); the order of the batches is drawn anew
    every epoch.  A larger corpus is laid out shard by shard, so that memory stays bounded.
    """

    def __init__(self, X: sp.csr_array, features: Callable, batch_size: int, n_words: int, rng: np.random.RandomState):
        self.X, self.features, self.batch_size, self.n_words = X, features, batch_size, n_words
        self.n_batches = -(-X.shape[0] // batch_size)
        self._batches = np.array_split(rng.permutation(X.shape[0]), self.n_batches)
        entries = X.nnz if X.nnz <= MAX_KEPT_ENTRIES else SHARD_ENTRIES
        per_shard = max(1, int(self.n_batches * entries / max(X.nnz, 1)))
        self._shards = [range(i, min(i + per_shard, self.n_batches)) for i in range(0, self.n_batches, per_shard)]
        self._stack = shared_size(min(per_shard, self.n_batches), "stack", batch_size)
        self._word_chunk = _word_chunk(X[self._batches[0]])
        self.kept: Batch | None = None  # the batches of a corpus of one shard, once they are laid out

    def shards(self) -> Iterator[tuple[Batch, int]]:
        """Yield (stacked batches, how many of them are real), the next laid out meanwhile."""
        with ThreadPoolExecutor(1) as beside:
            following = beside.submit(self._layout, self._shards[0])
            for shard, after in zip_longest(self._shards, self._shards[1:]):
                batch = following.result()
                if after is not None:
                    following = beside.submit(self._layout, after)
                yield batch, len(shard)

    def _layout(self, shard: range) -> Batch:
        if self.kept is not None:
            return self.kept
        parts = [self.X[self._batches[i]].astype(np.float32, copy=False) for i in shard]
        batch = stack_batches(parts, self.features, self.batch_size, self.n_words, self._stack, self._word_chunk)
        if len(self._shards) == 1:
            self.kept = batch
        return batch
