"""Documents, as a model sees them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._sparse import canonical, column_sums, row_sums, widened
from .texts import PASS_COUNTS, documents_as_texts, encoding_of, text_of
from .topics import Topics, topics_of, word_columns
from .vectorizer import row_index

EXCERPT_LENGTH = 100  # characters


class Corpus(NamedTuple):
    """Topics, and documents with their proportions of them."""

    topics: Topics
    counts: Any  # (n_samples, V), CSR
    doc_topic: NDArray[np.float64]  # (n_samples, K), rows sum to 1

    def rows(self, documents: NDArray[np.intp]) -> Corpus:
        """Some of the documents."""
        return self._replace(counts=self.counts[documents], doc_topic=self.doc_topic[documents])

    @property
    def lengths(self) -> NDArray[Any]:
        """Tokens of each document; integers where the counts are."""
        return integers(row_sums(self.counts))

    @property
    def word_counts(self) -> NDArray[Any]:
        """Tokens of each word."""
        return integers(column_sums(self.counts))

    @property
    def different(self) -> NDArray[np.intp]:
        """The first of the documents that have the same words, each as often; in their order."""
        counts = self.counts.copy()
        counts.sum_duplicates()  # also puts words in order, in which they are added up below
        drawn = np.random.default_rng(0).random((counts.shape[1], 2))  # two sums: no others are the same by chance
        _, first = np.unique((counts @ drawn).view(np.complex128), return_index=True)
        return np.sort(first)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of all tokens that each topic has; equal ones if there is no token."""
        return self.weighted_shares(None)

    def weighted_shares(self, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """Share of all tokens that each topic has, where documents count as often as their weights say."""
        return token_shares(self.doc_topic, self.lengths if weights is None else weights * self.lengths)


def corpus_of(model: Any, X: Any, feature_names: Any = None) -> Corpus:
    """Topics of a fitted model, with documents of the kind that it was fitted on."""
    topics = topics_of(model, feature_names)
    return documents_of(topics, X)


def documents_of(topics: Topics, X: Any) -> Corpus:
    """Documents with their proportions of topics that are known already."""
    given = topics.counts(X)
    as_numbers = {"accept_sparse": "csr", "dtype": [np.float64, np.float32, np.int64], "input_name": "X"}
    words = word_columns(topics.model)
    counts = canonical(check_array(widened(given), **as_numbers))
    counts = counts if words is None else canonical(counts[:, words])
    if counts.nnz and counts.data.min() < 0:
        raise ValueError(f"Negative values in X, which goes down to {counts.data.min():g}. {PASS_COUNTS}")
    return Corpus(topics, counts, topics._replace(before=()).doc_topic(given))


def token_shares(doc_topic: NDArray[np.float64], lengths: NDArray[Any]) -> NDArray[np.float64]:
    """Mean proportion of each topic, a document counting as often as it has tokens."""
    total = lengths.sum()
    if not total:
        return np.full(doc_topic.shape[1], 1 / doc_topic.shape[1])
    return lengths @ doc_topic / total


def texts_of(topics: Topics, X: Any, texts: Any, n_documents: int) -> list[str] | None:
    """The texts given, else those of X, as far as the steps before the topics read texts, else None."""
    if texts is None:
        return documents_as_texts(X, topics.before)
    if isinstance(texts, str | bytes):
        raise ValueError(f"texts must be in a list, one text for each of the {n_documents} documents; got one text.")
    texts, encoding = list(texts), encoding_of(topics.before)
    if len(texts) != n_documents:
        raise ValueError(f"texts must hold one text for each of the {n_documents} documents of X; got {len(texts)}.")
    known = [text_of(text, encoding) for text in texts]
    return [str(given) if text is None else text for text, given in zip(known, texts, strict=True)]


def index_of(X: Any, texts: Any = None) -> Any:
    """The index that documents go by, that of X or else of their texts; None where both have none."""
    check_same_order(X, texts, "texts")
    index = row_index(X)
    return row_index(texts) if index is None else index


def labels_of_rows(index: Any, rows: NDArray[np.intp]) -> Any:
    """What rows are called by an index: their labels, or their numbers where there is none."""
    return rows if index is None else index.to_flat_index()[rows]


def check_same_order(X: Any, others: Any, name: str) -> None:
    """Raise where others have the labels of X's rows in another order: rows are matched by their places."""
    index, other = row_index(X), row_index(others)
    if index is None or other is None or len(index) != len(other) or index.equals(other):
        return
    index, other = index.to_flat_index(), other.to_flat_index()
    if index.isin(other).all() and other.isin(index).all():
        raise ValueError(
            f"The index of {name} has the labels of the index of X in another order, and rows are matched by their "
            f"places: pass {name}.loc[X.index] to match them by their labels, or {name}.to_numpy() if places are right."
        )


def excerpt(text: str, length: int = EXCERPT_LENGTH) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 3].rstrip() + "..."


def integers(values: NDArray[Any]) -> NDArray[Any]:
    """Values as integers, where all of them are."""
    return values.astype(np.int64) if (values == np.floor(values)).all() else values
