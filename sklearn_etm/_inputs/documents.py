"""Documents, as a model sees them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import _num_samples

from .._sparse import canonical, check_indices, column_sums, row_sums, widened
from .covariates import check_covariates, check_same_names, given_names, other_columns
from .names import names_known
from .texts import PASS_COUNTS, documents_as_texts, encoding_of, text_of
from .topics import Topics, topics_of, word_columns
from .vectorizer import check_same_order, row_index

EXCERPT_LENGTH = 100  # characters
PASS_THOSE = "pass what it was fitted with, of these documents"


class Corpus(NamedTuple):
    """Topics, and documents with their proportions of them."""

    topics: Topics
    counts: Any  # (n_samples, V), canonical CSR without explicit zeros
    doc_topic: NDArray[np.float64]  # (n_samples, K), rows sum to 1
    covariates: NDArray[np.float64] | None = None  # (n_samples, q), where there are any

    def rows(self, documents: NDArray[np.intp]) -> Corpus:
        """Some of the documents."""
        covariates = None if self.covariates is None else self.covariates[documents]
        return Corpus(self.topics, self.counts[documents], self.doc_topic[documents], covariates)

    def proportions_of(self, counts: Any) -> NDArray[np.float64]:
        """Those that the documents would have with other counts (n_samples, V)."""
        topics, words, covariates = self.topics._replace(before=()), word_columns(self.topics.model), self.covariates
        if words is not None and covariates is not None:
            both = sp.hstack([counts, covariates], format="csr")
            places = np.concatenate([words, other_columns(words, both.shape[1])])
            counts, covariates = both[:, np.argsort(places)], None
        with names_known():
            return topics.doc_topic(counts, covariates)

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
        drawn = np.random.default_rng(0).random((self.counts.shape[1], 2))  # two sums: no others are the same by chance
        _, first = np.unique((self.counts @ drawn).view(np.complex128), return_index=True)
        return np.sort(first)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of all tokens that each topic has; equal ones if there is no token."""
        return self.weighted_shares(None)

    def weighted_shares(self, weights: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """Share of all tokens that each topic has, where documents count as often as their weights say."""
        return token_shares(self.doc_topic, self.lengths if weights is None else weights * self.lengths)


def corpus_of(model: Any, X: Any, feature_names: Any = None, covariates: Any = None) -> Corpus:
    """Topics of a fitted model, with documents of the kind that it was fitted on."""
    topics = topics_of(model, feature_names)
    return documents_of(topics, X, covariates)


def documents_of(topics: Topics, X: Any, covariates: Any = None) -> Corpus:
    """Documents with their proportions of topics that are known already."""
    given = topics.counts(X)
    known = covariates_of(topics, X, given, covariates)
    as_numbers = {"accept_sparse": "csr", "dtype": [np.float64, np.float32, np.int64], "input_name": "X"}
    words = word_columns(topics.model)
    check_indices(given)
    table = canonical(check_array(widened(given), **as_numbers))
    counts = table if words is None else canonical(table[:, words])
    if counts.nnz and counts.data.min() < 0:
        raise ValueError(f"Negative values in X, which goes down to {counts.data.min():g}. {PASS_COUNTS}")
    doc_topic = topics._replace(before=()).doc_topic(given, known)
    if words is not None:
        known = table[:, other_columns(words, table.shape[1])].toarray()
    return Corpus(topics, counts, doc_topic, known)


def documents_if_any(topics: Topics, X: Any, covariates: Any = None) -> Corpus | None:
    """Documents with their proportions, where there are documents."""
    if X is not None:
        return documents_of(topics, X, covariates)
    if covariates is not None:
        raise ValueError("covariates are those of the documents, and there are none: pass X, or leave out covariates.")
    return None


def shares_in(topics: Topics, X: Any, covariates: Any = None) -> NDArray[np.float64] | None:
    """Share of all tokens that each topic has in documents, where there are documents."""
    corpus = documents_if_any(topics, X, covariates)
    return None if corpus is None else corpus.shares


def covariates_of(
    topics: Topics, X: Any, counts: Any, covariates: Any, name: str = "covariates", of: str = "X"
) -> NDArray[np.float64] | None:
    """Covariates of the documents X, which have these counts, where there are covariates."""
    check_same_order(X, covariates, name, of)
    return None if covariates is None else known_covariates(topics.model, covariates, _num_samples(counts), name, of=of)


def known_covariates(
    model: Any, covariates: Any, n: int, name: str = "covariates", remedy: str = PASS_THOSE, of: str = "X"
) -> NDArray[np.float64]:
    """Covariates of n documents, which must be those that the model was fitted with by keyword."""
    known = getattr(model, "covariate_names_", None)
    if known is None or word_columns(model) is not None:
        where = "without covariates" if known is None else "with covariates that are columns of X"
        raise ValueError(f"The model was fitted {where}: leave out {name}.")
    values = check_covariates(covariates, n, name, of)
    check_same_names(known, given_names(covariates), values.shape[1], remedy)
    return values


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


def excerpt(text: str, length: int = EXCERPT_LENGTH) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 3].rstrip() + "..."


def integers(values: NDArray[Any]) -> NDArray[Any]:
    """Values as integers, where all of them are."""
    return values.astype(np.int64) if (values == np.floor(values)).all() else values
