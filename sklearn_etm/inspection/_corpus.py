"""Documents, as a model sees them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array

from .._sparse import column_sums, row_sums, widened
from .._topics import Topics, topics_of
from .._vectorizer import row_index

EXCERPT_LENGTH = 100  # characters


class Corpus(NamedTuple):
    """Topics, and documents with their proportions of them."""

    topics: Topics
    counts: Any  # (n_samples, V), CSR
    doc_topic: NDArray[np.float64]  # (n_samples, K), rows sum to 1

    @property
    def lengths(self) -> NDArray[Any]:
        """Tokens of each document; integers where the counts are."""
        return _integers(row_sums(self.counts))

    @property
    def word_counts(self) -> NDArray[Any]:
        """Tokens of each word."""
        return _integers(column_sums(self.counts))

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of all tokens that each topic has; equal ones if there is no token."""
        return token_shares(self.doc_topic, self.lengths)


def corpus_of(model: Any, X: Any, feature_names: Any = None) -> Corpus:
    """Topics of a fitted model, with documents of the kind that it was fitted on."""
    topics = topics_of(model, feature_names)
    return documents_of(topics, X)


def documents_of(topics: Topics, X: Any) -> Corpus:
    """Documents with their proportions of topics that are known already."""
    given = topics.counts(X)
    doc_topic = topics._replace(before=()).doc_topic(given)
    counts = sp.csr_array(check_array(widened(given), accept_sparse="csr", dtype="numeric", input_name="X"))
    return Corpus(topics, counts, doc_topic)


def token_shares(doc_topic: NDArray[np.float64], lengths: NDArray[Any]) -> NDArray[np.float64]:
    """Mean proportion of each topic, a document counting as often as it has tokens."""
    total = lengths.sum()
    if not total:
        return np.full(doc_topic.shape[1], 1 / doc_topic.shape[1])
    return lengths @ doc_topic / total


def texts_of(X: Any, texts: Any, n_documents: int) -> list[str] | None:
    """The texts given, else X where it is texts, else None."""
    if texts is None:
        is_texts = hasattr(X, "__len__") and getattr(X, "ndim", 1) == 1 and all(isinstance(text, str) for text in X)
        return list(X) if is_texts else None
    texts = [str(text) for text in texts]
    if len(texts) != n_documents:
        raise ValueError(f"texts must hold one text for each of the {n_documents} documents of X; got {len(texts)}.")
    return texts


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


def _integers(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.int64) if (values == np.floor(values)).all() else values
