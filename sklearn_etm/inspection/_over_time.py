"""Words of topics over time: tokens by slice of time, smoothed along it, and how much smoothing predicts best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import cycle, pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import xlogy

from .._inputs.documents import Corpus
from .._sparse import entry_rows
from ..metrics import completion_split
from ._groups import Members, interval, resampled

SMOOTHINGS = (np.inf, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1)  # tried; of equals the first is taken
N_FOLDS = 3
_BLOCK_FLOATS = 2**22


class Slices(NamedTuple):
    """Slices of time, and the documents of each."""

    members: Members
    of_document: NDArray[np.intp]  # (n_samples,)
    steps: NDArray[np.float64]  # (T - 1,) from each to the next; the median is 1

    @classmethod
    def of(cls, members: Members) -> Slices:
        """Of documents that all have a time."""
        of_document = np.empty(sum(map(len, members.rows)), dtype=np.intp)
        for t, rows in enumerate(members.rows):
            of_document[rows] = t
        return cls(members, of_document, _steps(members.names))

    def __len__(self) -> int:
        return len(self.members.names)

    def folds(self, rng: np.random.RandomState) -> NDArray[np.intp]:
        """A fold for each document, such that the documents of each slice are dealt out to all of them."""
        order = rng.permutation(len(self.of_document))
        order = order[np.argsort(self.of_document[order], kind="stable")]
        folds = np.empty(len(order), dtype=np.intp)
        folds[order] = np.arange(len(order)) % N_FOLDS
        return folds


class Cells(NamedTuple):
    """Counts of documents, word by word, with what the topics' shares of them are computed from."""

    indptr: NDArray[np.intp]  # (V + 1,)
    document: NDArray[np.intp]  # (nnz,)
    word: NDArray[np.intp]  # (nnz,)
    explained: NDArray[np.float64]  # (nnz,) counts, divided by the probabilities that topics give them
    unexplained: NDArray[np.float64]  # (nnz,) counts of words to which the topics of their document give none
    components: NDArray[np.float64]  # (K, V)
    doc_topic: NDArray[np.float64]  # (n_samples, K)

    @classmethod
    def of(cls, corpus: Corpus) -> Cells:
        """Of a corpus in which each cell is there once."""
        counts = sp.csc_array(corpus.counts, dtype=np.float64)
        document, word, beta = counts.indices.astype(np.intp), entry_rows(counts.T), corpus.topics.components
        probability = np.zeros(counts.nnz)
        for theta, row in zip(corpus.doc_topic.T, beta, strict=True):
            probability += theta[document] * row[word]
        known = probability > 0
        explained = np.where(known, counts.data / np.where(known, probability, 1.0), 0.0)
        unexplained = np.where(known, 0.0, counts.data)
        return cls(counts.indptr.astype(np.intp), document, word, explained, unexplained, beta, corpus.doc_topic)

    def tokens(self, k: Any, entries: Any = slice(None)) -> NDArray[np.float64]:
        """Expected tokens of topics in cells: counts times the responsibility of the topic."""
        of_word = self.explained[entries] * self.components[k, self.word[entries]] + self.unexplained[entries]
        return self.doc_topic[self.document[entries], k] * of_word

    def tokens_of_documents(self) -> NDArray[np.float64]:
        """Expected tokens of each topic in each document, (n_samples, K)."""
        n_documents, n_topics = self.doc_topic.shape
        sums = [np.bincount(self.document, self.tokens(k), n_documents) for k in range(n_topics)]
        return np.stack(sums, axis=1)

    def tokens_of_pairs(self, topic: NDArray[np.intp], word: NDArray[np.intp]) -> sp.csr_array:
        """Expected tokens of pairs of a topic and a word in documents, (n_samples, n_pairs)."""
        sizes = self.indptr[word + 1] - self.indptr[word]
        indptr = np.concatenate([[0], np.cumsum(sizes)])
        entries = np.arange(indptr[-1]) + np.repeat(self.indptr[word] - indptr[:-1], sizes)
        data = self.tokens(np.repeat(topic, sizes), entries)
        pairs = sp.csc_array((data, self.document[entries], indptr), shape=(len(self.doc_topic), len(word)))
        return sp.csr_array(pairs)

    def counts(
        self, k: int, entries: slice, place: NDArray[np.intp], words: slice, n_places: int
    ) -> NDArray[np.float64]:
        """Expected tokens of some words of a topic where their cells are placed, (n_places, n_words)."""
        width = words.stop - words.start
        cell = place[self.document[entries]] * width + self.word[entries] - words.start
        counts = np.bincount(cell, self.tokens(k, entries), n_places * width)
        return counts.astype(np.float64, copy=False).reshape(n_places, width)

    def blocks(self, n_floats: int) -> Iterator[tuple[slice, slice]]:
        """Some words at a time, and their cells, such that an array with n floats for each word is not large."""
        n_words = len(self.indptr) - 1
        step = max(1, _BLOCK_FLOATS // n_floats)
        for start in range(0, n_words, step):
            stop = min(start + step, n_words)
            yield slice(start, stop), slice(int(self.indptr[start]), int(self.indptr[stop]))


class OverTime(NamedTuple):
    """Expected tokens of topics in slices of time."""

    slices: Slices
    cells: Cells
    of_documents: NDArray[np.float64]  # (n_samples, K)
    tokens: NDArray[np.float64]  # (T, K)

    @classmethod
    def of(cls, corpus: Corpus, slices: Slices) -> OverTime:
        """Of documents that all have a time."""
        cells = Cells.of(corpus)
        of_documents = cells.tokens_of_documents()
        return cls(slices, cells, of_documents, np.stack([of_documents[r].sum(axis=0) for r in slices.members.rows]))

    def looseness(self, k: Any, smoothing: Any) -> NDArray[np.float64]:
        """The inverse of what slices weigh in their neighbours, in tokens, (T - 1,), or (T - 1, n) of n topics."""
        mean = self.tokens[:, k].mean(axis=0)
        return np.divide.outer(self.slices.steps, smoothing * np.where(mean > 0, mean, 1.0))

    def drift(
        self, topics: NDArray[np.intp], smoothing: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of all words of topics, (n, V): how far they are from the overall probability on average, and that."""
        away, overall = np.empty((2, len(topics), self.cells.components.shape[1]))
        n_slices = len(self.slices)
        for words, entries in self.cells.blocks(n_slices):
            for i, k in enumerate(topics):
                counts = self.cells.counts(k, entries, self.slices.of_document, words, n_slices)
                tokens = self.tokens[:, k, None]
                beta = smoothed(tokens, counts, self.looseness(k, smoothing[i]), self.cells.components[k, words])
                total = tokens.sum()
                weights = self.tokens[:, k] / total if total > 0 else np.full(n_slices, 1 / n_slices)
                overall[i, words] = counts.sum(axis=0) / total if total > 0 else self.cells.components[k, words]
                away[i, words] = weights @ np.abs(beta - overall[i, words])
        return away, overall

    def pairs(
        self,
        topic: NDArray[np.intp],
        word: NDArray[np.intp],
        smoothing: NDArray[np.float64],
        confidence: float,
        n_bootstrap: int,
        rng: np.random.RandomState,
    ) -> Pairs:
        """Probabilities of words in topics, with their intervals."""
        step = max(1, _BLOCK_FLOATS // (len(self.slices) * n_bootstrap))
        seed = rng.randint(2**31 - 1)  # the same documents are drawn for all pairs
        blocks = [slice(start, start + step) for start in range(0, len(topic), step)]
        parts = [
            self._block(topic[b], word[b], smoothing[b], confidence, n_bootstrap, np.random.RandomState(seed))
            for b in blocks
        ]
        return Pairs(topic, word, smoothing, *(np.concatenate(values, axis=-1) for values in zip(*parts, strict=True)))

    def _block(
        self,
        topic: NDArray[np.intp],
        word: NDArray[np.intp],
        smoothing: NDArray[np.float64],
        confidence: float,
        n_bootstrap: int,
        rng: np.random.RandomState,
    ) -> tuple[NDArray[np.float64], ...]:
        """What `Pairs` has of pairs so few that all replicates fit in memory."""
        topics, column = np.unique(topic, return_inverse=True)
        in_documents = self.cells.tokens_of_pairs(topic, word)
        beta, total = self.cells.components[topic, word], self.tokens[:, topic].sum(axis=0)
        overall = np.where(total > 0, in_documents.sum(axis=0) / np.where(total > 0, total, 1.0), beta)
        looseness = self.looseness(topic, smoothing)
        counts = np.stack([in_documents[rows].sum(axis=0) for rows in self.slices.members.rows])
        probability = smoothed(self.tokens[:, topic], counts, looseness, overall)
        of_slices = []
        for rows in self.slices.members.rows:
            both = sp.hstack([in_documents[rows], sp.csr_array(self.of_documents[rows][:, topics])], format="csc")
            of_slices.append(np.concatenate([often @ both for often in resampled(len(rows), n_bootstrap, rng)]))
        drawn = np.stack(of_slices)
        drawn, tokens = drawn[..., : len(topic)], drawn[..., len(topic) + column]
        low, high = interval(smoothed(tokens, drawn, looseness, overall), confidence, axis=1)
        return probability, low, high, overall


class Pairs(NamedTuple):
    """Words of topics, and their probabilities in slices of time."""

    topic: NDArray[np.intp]  # (n_pairs,)
    word: NDArray[np.intp]  # (n_pairs,)
    smoothing: NDArray[np.float64]  # (n_pairs,)
    probability: NDArray[np.float64]  # (T, n_pairs)
    low: NDArray[np.float64]  # (T, n_pairs)
    high: NDArray[np.float64]  # (T, n_pairs)
    overall: NDArray[np.float64]  # (n_pairs,) in all slices together


class HeldOut(NamedTuple):
    """Held-out halves of documents, word by word, and proportions of their observed halves."""

    indptr: NDArray[np.intp]  # (V + 1,)
    document: NDArray[np.intp]  # (nnz,)
    word: NDArray[np.intp]  # (nnz,)
    counts: NDArray[np.float64]  # (nnz,)
    doc_topic: NDArray[np.float64]  # (n_samples, K)

    @classmethod
    def of(cls, corpus: Corpus) -> HeldOut:
        """Of the documents that have tokens in both halves."""
        observed, heldout = completion_split(corpus.counts)
        kept = (np.diff(observed.indptr) > 0) & (np.diff(heldout.indptr) > 0)
        if not kept.any():
            raise ValueError(
                "No document with a time has two tokens or more, of which a half could be held out to choose the "
                "smoothing: pass smoothing=10, say."
            )
        theta = corpus.proportions_of(observed)
        cells = sp.csc_array(sp.csr_array(heldout)[kept])
        return cls(cells.indptr, np.flatnonzero(kept)[cells.indices], entry_rows(cells.T), cells.data, theta)


class Completion(NamedTuple):
    """How well topics over time predict documents that they were not counted from."""

    over_time: OverTime
    held: HeldOut
    place: NDArray[np.intp]  # (n_samples,) of a document among (T, n_folds)
    tokens: NDArray[np.float64]  # (T, n_folds, K) expected tokens of topics, but for those of the fold

    @classmethod
    def of(cls, corpus: Corpus, over_time: OverTime, rng: np.random.RandomState) -> Completion:
        """Of a corpus, the documents of which are dealt out to folds."""
        slices = over_time.slices
        place = slices.of_document * N_FOLDS + slices.folds(rng)
        of_folds = [np.bincount(place, tokens, len(slices) * N_FOLDS) for tokens in over_time.of_documents.T]
        return cls(over_time, HeldOut.of(corpus), place, _of_others(np.stack(of_folds, axis=1)))

    def choose(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The best smoothing of each topic, (K,), and log-likelihoods per held-out token of all, (K, n_smoothings).

        Topics are taken in the order of what each gains alone, and those before keep their best: what drifts in one
        topic may else seem to drift in others that share its words. Tokens that topics without drift cannot say, and
        so none with drift, are left out.
        """
        n_topics = len(self.over_time.cells.components)
        probability = np.zeros(len(self.held.counts))
        for k in range(n_topics):
            for its, of_topic in self._additions(k, [np.inf]):
                probability[its] += of_topic
        alone = np.stack([self._log_likelihoods(k, probability) for k in range(n_topics)])
        scores, smoothings = np.empty_like(alone), np.empty(n_topics)
        for k in np.argsort(alone[:, 0] - alone.max(axis=1), kind="stable"):
            scores[k] = self._log_likelihoods(k, probability)
            smoothings[k] = SMOOTHINGS[int(scores[k].argmax())]
            if np.isfinite(smoothings[k]):
                probability = self._where_drifts(k, smoothings[k], probability)
        return smoothings, scores

    def _log_likelihoods(self, k: int, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """With each smoothing of a topic that does not drift in the probabilities of cells, (n_smoothings,)."""
        said = probability > 0
        total, n_tokens = np.zeros(len(SMOOTHINGS)), self.held.counts[said].sum()
        for i, (its, of_topic) in zip(cycle(range(len(SMOOTHINGS))), self._additions(k, SMOOTHINGS), strict=False):
            if i == 0:
                others = np.maximum(probability[its] - of_topic, 0.0)
            total[i] += xlogy(self.held.counts[its] * said[its], np.where(said[its], others + of_topic, 1.0)).sum()
        return total / n_tokens if n_tokens else total

    def _where_drifts(self, k: int, smoothing: float, probability: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities of the held-out cells, where a topic drifts that did not, (n_cells,)."""
        result = probability.copy()
        for i, (its, of_topic) in zip(cycle((0, 1)), self._additions(k, [np.inf, smoothing]), strict=False):
            result[its] = np.maximum(result[its] - of_topic, 0.0) if i == 0 else result[its] + of_topic
        return result

    def _additions(self, k: int, smoothings: Sequence[float]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """What a topic adds to some held-out cells with each of these smoothings in turn, then to the next ones."""
        cells, held, tokens = self.over_time.cells, self.held, self.tokens[..., k, None]
        n_places = N_FOLDS * len(self.over_time.slices)
        for words, entries in cells.blocks(n_places):
            counts = _of_others(cells.counts(k, entries, self.place, words, n_places))
            its = slice(int(held.indptr[words.start]), int(held.indptr[words.stop]))
            cell = self.place[held.document[its]] * counts.shape[-1] + held.word[its] - words.start
            theta = held.doc_topic[held.document[its], k]
            for smoothing in smoothings:
                looseness = self.over_time.looseness(k, smoothing)
                topic = smoothed(tokens, counts, looseness, cells.components[k, words])
                yield its, theta * topic.ravel()[cell]


def smoothed(
    tokens: NDArray[np.float64], counts: NDArray[np.float64], looseness: NDArray[np.float64], otherwise: Any
) -> NDArray[np.float64]:
    r"""The solution b of :math:`(N_t + a_{t-1} + a_t) b_t = n_t + a_{t-1} b_{t-1} + a_t b_{t+1}` for all slices t.

    Forwards, what earlier slices know is added to the tokens of each; backwards, what later ones know. Nothing is
    subtracted, so that it is exact for any weights, infinite ones among them.

    Parameters
    ----------
    tokens, counts : arrays of which the first axis are slices
        N and n; N broadcasts to n.
    looseness : array of which the first axis are the T - 1 steps
        1 / a; what it holds of each step broadcasts to a slice of n.
    otherwise : array-like
        The solution where there is no token in any slice.
    """
    known, result = [tokens[0]], counts.copy()
    for t, loose in enumerate(looseness):
        passed = 1 / (1 + known[t] * loose)
        known.append(tokens[t + 1] + passed * known[t])
        result[t + 1] += passed * result[t]
    seen = known[-1] > 0
    result[-1] = np.where(seen, result[-1] / np.where(seen, known[-1], 1.0), otherwise)
    for t in range(len(looseness) - 1, -1, -1):
        result[t] = (result[t] * looseness[t] + result[t + 1]) / (known[t] * looseness[t] + 1)
    return result


def _of_others(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over the other folds, (T, n_folds, n), of what each has, (T * n_folds, n)."""
    of_folds = values.reshape(-1, N_FOLDS, values.shape[1])
    return np.einsum("tgn,fg->tfn", of_folds, 1 - np.eye(N_FOLDS))


def _steps(names: NDArray[Any]) -> NDArray[np.float64]:
    """How far each slice is from the one before, in medians; the same for all where that is not known."""
    if names.dtype.kind in "iuf":
        steps = np.diff(names.astype(np.float64))
    elif names.dtype.kind == "M":
        steps = np.diff(names).astype(np.float64)
    elif all(isinstance(name, date) for name in names):
        steps = np.array([(b - a).total_seconds() for a, b in pairwise(names.tolist())])
    else:
        return np.ones(len(names) - 1)
    known = len(steps) and np.isfinite(steps).all() and steps.min() > 0
    return steps / np.median(steps) if known else np.ones(len(steps))
