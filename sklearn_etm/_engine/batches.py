"""Count matrices as batches of fixed shape (NumPy and SciPy only).

A batch holds its non-zero entries twice.  By document, in chunks of ``CHUNK`` entries, so that log-probabilities and
the gradient of theta are small dense reductions with one scatter per chunk.  By word, in chunks of their own size, so
that the gradient of beta is the same: a row-by-row scatter is what is slow in XLA on a CPU.

Shapes are rounded up so far that the folds and vocabularies of a search share compiled programs.  They are a function
of the counts alone, so that equal data make equal programs in every process.  Rounding costs memory and hardly any
time: programs visit the chunks that are filled.
"""

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._rows import Rows
from .._threads import beside

CHUNK = 16
WORD_CHUNKS = (2, 8)  # where a batch repeats few of its words, and where many
MANY_REPEATS = 3.0  # entries a word
MAX_KEPT_ENTRIES = 6_000_000  # of a corpus that is laid out once and kept
SHARD_ENTRIES = 1_000_000  # that are laid out at a time of a larger one

MIN_WORDS = 256  # the least sizes, so that all small corpora are of one size
MIN_DOCUMENTS = 32
MIN_CHUNKS = 128
MIN_BATCHES = 8
LARGE = 1 << 14  # sizes beyond are rounded more finely: there compiling is little beside running


Array = Any  # of NumPy when laid out, of JAX in a program


class Batch(NamedTuple):
    """One batch, or a stack of S of them with a leading axis.

    B documents, N chunks of entries by document, M chunks of entries by word.  Padding has count zero and is last.
    """

    features: Array  # (B, L) what the encoder reads
    weight: Array  # (B,) how often a document counts, 0 for padding
    words: Array  # (N, CHUNK) word of each entry
    counts: Array  # (N, CHUNK) its count
    document: Array  # (N,) document of each chunk
    entry: Array  # (M, word chunk) the same entries, as positions in counts.ravel()
    entry_document: Array  # (M, word chunk) document of each
    entry_word: Array  # (M,) word of each chunk, ascending
    n_chunks: Array  # () chunks by document that are filled
    n_word_chunks: Array  # () chunks by word that are filled


def padded_size(n: int, least: int = 1) -> int:
    """Round up to a power of two; beyond ``LARGE`` to three significant bits."""
    n = max(int(n), least)
    step = 1 << max((n - 1).bit_length() - (3 if n > LARGE else 0), 0)
    return -(-n // step) * step


def padded_vocabulary(n: int) -> int:
    """Round a number of words up to a power of two or five quarters of one: a step's cost grows with it."""
    n = max(int(n), MIN_WORDS)
    below = 1 << ((n - 1).bit_length() - 1)
    return 5 * below // 4 if below < n <= 5 * below // 4 else padded_size(n)


def padded_batch(batch_size: int, n_documents: int) -> int:
    """Rows of a batch: those of the batches of a larger corpus, where ``batch_size`` is no more than usual."""
    usual = 1024
    return padded_size(batch_size if batch_size <= usual else min(batch_size, max(n_documents, usual)), MIN_DOCUMENTS)


class Shape(NamedTuple):
    """What batches are padded to."""

    n_batches: int  # of a stack
    n_documents: int
    n_chunks: int
    n_words: int


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
        "n_chunks": np.asarray(len(owner), np.int32),
        "n_word_chunks": np.asarray(len(word_owner), np.int32),
    }


def _stack(rows: list[np.ndarray], shape: tuple[int, ...], padding: int = 0) -> np.ndarray:
    out = np.full(shape, padding, dtype=rows[0].dtype) if padding else np.zeros(shape, dtype=rows[0].dtype)
    for i, row in enumerate(rows):
        filled: Any = (i, *(slice(n) for n in row.shape))
        out[filled] = row
    return out


def stack_batches(
    parts: list[Rows], features: Callable[[sp.csr_array], np.ndarray], shape: Shape, word_chunk: int
) -> Batch:
    """Stack ``parts``, some documents each, to one Batch of the given shape."""
    S, B, N, V = shape
    entries = [_entries(rows.counts, word_chunk) for rows in parts]
    # Twice the entries by document hold those by word, with their padding, of all but odd corpora.
    M = max(padded_size(max(len(e["entry_word"]) for e in entries)), 2 * N * CHUNK // word_chunk)
    encoded = [features(rows.counts).astype(np.float32) for rows in parts]

    def stacked(name: str, *shape: int, padding: int = 0) -> np.ndarray:
        return _stack([e[name] for e in entries], (S, *shape), padding)

    return Batch(
        features=_stack(encoded, (S, B, encoded[0].shape[1])),
        weight=_stack([rows.often.astype(np.float32) for rows in parts], (S, B)),
        words=stacked("words", N, CHUNK),
        counts=stacked("counts", N, CHUNK),
        document=stacked("document", N, padding=B - 1),
        entry=stacked("entry", M, word_chunk, padding=N * CHUNK - 1),
        entry_document=stacked("entry_document", M, word_chunk),
        entry_word=stacked("entry_word", M, padding=V - 1),
        n_chunks=stacked("n_chunks"),
        n_word_chunks=stacked("n_word_chunks"),
    )


def no_documents(n_words: int, features: Callable[[sp.csr_array], np.ndarray]) -> Batch:
    """A batch of the least size, for the shapes of what is learned from others."""
    shape = Shape(1, 1, MIN_CHUNKS, padded_vocabulary(n_words))
    stack = stack_batches([Rows(sp.csr_array((1, n_words)))], features, shape, WORD_CHUNKS[True])
    return Batch(*(leaf[0] for leaf in stack))


def chunks_needed(X: sp.csr_array) -> np.ndarray:
    """Chunks by document that each row fills, (n_samples,)."""
    return -(-np.diff(X.indptr) // CHUNK)


class Corpus:
    """Documents as shards of stacked batches: a corpus that fits one shard is laid out once.

    Documents are dealt at random to batches of equal size (to within one); the order of the batches is drawn anew
    every epoch.  A larger corpus is laid out shard by shard, so that memory stays bounded.
    """

    def __init__(self, rows: Rows, features: Callable, batch_size: int, rng: np.random.RandomState):
        X = rows.counts
        self.features, self._rows = features, rows
        self.n_documents, self.n_tokens = rows.total, rows.n_tokens
        self.n_batches = -(-X.shape[0] // batch_size)
        self._batches = np.array_split(rng.permutation(X.shape[0]), self.n_batches)
        entries = X.nnz if X.nnz <= MAX_KEPT_ENTRIES else SHARD_ENTRIES
        per_shard = max(1, int(self.n_batches * entries / max(X.nnz, 1)))
        self._shards = [range(i, min(i + per_shard, self.n_batches)) for i in range(0, self.n_batches, per_shard)]
        chunks = chunks_needed(X)
        n_chunks = max(chunks[rows].sum() for rows in self._batches)
        n_documents = padded_batch(batch_size, X.shape[0])
        self._shape = Shape(
            padded_size(min(per_shard, self.n_batches), MIN_BATCHES),
            n_documents,
            padded_size(n_chunks + 1, max(2 * n_documents, MIN_CHUNKS)),  # short documents fill one or two each
            padded_vocabulary(X.shape[1]),
        )
        self._word_chunk = _word_chunk(X[self._batches[0]])
        self.kept: Batch | None = None  # the batches of a corpus of one shard, once they are laid out

    def shards(self) -> Iterator[tuple[Batch, range]]:
        """Yield (stacked batches, which of the corpus's they are), the next laid out meanwhile."""
        with beside() as thread:
            following = thread.submit(self._layout, self._shards[0])
            for shard, after in zip_longest(self._shards, self._shards[1:]):
                batch = following.result()
                if after is not None:
                    following = thread.submit(self._layout, after)
                yield batch, shard

    def _layout(self, shard: range) -> Batch:
        if self.kept is not None:
            return self.kept
        parts = [self._rows.of(self._batches[i]).single for i in shard]
        batch = stack_batches(parts, self.features, self._shape, self._word_chunk)
        if len(self._shards) == 1:
            self.kept = batch
        return batch
