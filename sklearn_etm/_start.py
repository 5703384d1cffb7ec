"""Where training starts: the encoder's fixed projection and a first guess of the topics."""

import warnings
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from ._fitted.encoder import log_tfidf
from ._rows import Rows
from ._seeds import Seeds
from ._sparse import column_sums
from ._threads import one_thread
from .embeddings._pmi import word_vectors

FEATURES = 100  # dimensions in which documents are clustered, where no encoder says how many
MAX_DOCUMENTS = 20_000  # more say nothing new about where to start
MAX_DOCUMENT_FREQUENCY = 0.2  # more common words, but for the rarer half of them, do not tell clusters apart
MIN_SPREAD = 3e-3  # of a feature, where rows have unit length: less is rounding, or documents that hardly differ
MIN_CLUSTER_FEATURES = 20  # as many as topics, else: more tell apart what few clusters should not
CLUSTER_STARTS = 4, 30  # of k-means, least and most: a poor start can leave two topics in one
STARTED_DOCUMENTS = 3000  # that k-means may try in all its starts, beyond the least number of them
CLUSTER_SAMPLE = 40  # documents a cluster that the starts are tried on, and 2,000 at least
OVERUSE = 0.9  # a topic starts as this share of what its cluster over-uses, the rest as the corpus


class Start(NamedTuple):
    """What training starts from; V is the number of columns."""

    idf: np.ndarray  # (V,) float32
    projection: np.ndarray  # (V, L) float32
    vectors: np.ndarray  # (V, L') float32 of the words: what projection is made of, and more where asked for
    unigram: np.ndarray  # (V,) smoothed word frequencies, sum to 1
    topics: np.ndarray  # (K, V), rows sum to 1
    n_tokens: float  # of the documents that passes go over
    seeds: np.ndarray | None = None  # (K, V) tokens that topics are given of words, for each token of the corpus

    @property
    def log_deviation(self) -> np.ndarray:
        """Topic logits over the log unigram distribution, (V, K)."""
        return np.log(self.topics.T) - np.log(self.unigram)[:, None]


@one_thread()  # threads would add up in an order of their own, too
def start(
    rows: Rows,
    K: int,
    n_features: int,
    size: int,
    rng: np.random.RandomState,
    word_counts: np.ndarray | None = None,
    seeds: Seeds | None = None,
    *,
    spares_topic: bool,
) -> Start:
    """Start from documents of at least one token each, with ``size`` dimensions of word vectors or more.

    ``word_counts`` (V,) are those of the corpus, where they are a sample of it. With ``spares_topic`` the first topic
    is the corpus itself, for what all documents say, unless there are two topics or it has seeds.
    """
    counts = column_sums(rows.weighted)
    smoothed = (counts if word_counts is None else word_counts) + 0.5
    unigram = smoothed / smoothed.sum()
    if rows.n > MAX_DOCUMENTS:
        rows = rows.of(np.sort(rng.choice(rows.n, MAX_DOCUMENTS, replace=False)))
    document_frequency = rows.document_frequency
    idf = (np.log((1 + rows.total) / (1 + document_frequency)) + 1).astype(np.float32)
    T = log_tfidf(rows.single.counts, idf)
    vectors = _centred_vectors(rows, T, max(n_features, size))
    projection = vectors[:, :n_features].copy()
    common = max(MAX_DOCUMENT_FREQUENCY * rows.total, np.median(document_frequency))
    telling = sp.diags_array((document_frequency <= common).astype(np.float32))
    features = T @ telling @ projection[:, : max(K, MIN_CLUSTER_FEATURES)]
    spared = int(spares_topic and K > 2 and (seeds is None or 0 not in seeds.topics))
    n_clusters = K - spared
    labels = _cluster(features, rows.weights, min(n_clusters, rows.n), rng)
    topics = _topics(rows.weighted, labels, n_clusters, unigram, rng)
    rates = None if seeds is None else seeds.rates(unigram, K)
    if seeds is not None and rates is not None:
        vectors_of_words = idf[:, None] * projection[:, : features.shape[1]]
        nearest = seeds.nearest(features, vectors_of_words, max(rows.n // K, 1)) @ rows.weighted
        own = _first_words(nearest.toarray() + rows.n_tokens * rates[seeds.topics], unigram)
        topics = seeds.placed(own, topics, spared)
    projection /= np.maximum(rows.spread(T @ projection), MIN_SPREAD)
    if spared:
        topics = np.concatenate([unigram[None], topics])  # the corpus itself is the first topic
    return Start(idf, projection, vectors, unigram, topics, counts.sum(), rates)


def _centred_vectors(rows: Rows, T: sp.csr_array, size: int) -> np.ndarray:
    """Word vectors (V, L), less that of the mean token: their mean over a document is what sets it apart."""
    vectors = word_vectors(rows.counts, size, rows.weights)
    usage = rows._replace(counts=T).weighted.sum(axis=0)
    return (vectors - usage @ vectors / usage.sum()).astype(np.float32)


def _cluster(
    features: np.ndarray, weights: np.ndarray | None, n_clusters: int, rng: np.random.RandomState
) -> np.ndarray:
    """Cluster label of each document: k-means on the directions of their mean word vectors."""
    if n_clusters < 2:
        return np.zeros(len(features), dtype=int)
    length = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features / np.where(length > 0, length, 1.0)
    n_sample = min(max(CLUSTER_SAMPLE * n_clusters, 2000), len(features))
    n_starts = int(np.clip(STARTED_DOCUMENTS // n_sample, *CLUSTER_STARTS))
    sample = rng.choice(len(features), n_sample, replace=False)
    of_sample = None if weights is None else weights[sample]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct documents than clusters will do
        first = KMeans(n_clusters, n_init=n_starts, max_iter=20, random_state=rng)
        first.fit(directions[sample], sample_weight=of_sample)
        second = KMeans(n_clusters, init=first.cluster_centers_, max_iter=10)
        return second.fit_predict(directions, sample_weight=weights)


def overuse(usage: np.ndarray, unigram: np.ndarray) -> np.ndarray:
    """Distributions of what word distributions (n, V) use more than the corpus does."""
    more = np.maximum(usage - unigram, 0.0) + 1e-12 * unigram
    return more / more.sum(axis=1, keepdims=True)


def _topics(X: sp.csr_array, labels: np.ndarray, n: int, unigram: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """One topic for each cluster, (n, V); where there are fewer clusters, the others start at random."""
    n_clusters = labels.max() + 1
    membership = sp.csr_array((np.ones(len(labels)), (labels, np.arange(len(labels)))), shape=(n_clusters, len(labels)))
    topics = _first_words((membership @ X).toarray(), unigram)
    random = unigram * rng.standard_gamma(0.5, size=(n - n_clusters, len(unigram)))
    return np.concatenate([topics, random / random.sum(axis=1, keepdims=True)])


def _first_words(counts: np.ndarray, unigram: np.ndarray) -> np.ndarray:
    """Topics that start from counts of words in documents that are theirs, (n, V)."""
    weight = 50.0  # tokens of the corpus mixed in, so that a small cluster does not over-use everything it has
    usage = (counts + weight * unigram) / (counts.sum(axis=1, keepdims=True) + weight)
    return OVERUSE * overuse(usage, unigram) + (1 - OVERUSE) * unigram
