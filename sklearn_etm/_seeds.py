"""Words that some topics are to have: what they say of the first topics, and how much they weigh in training."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment


class Seeds(NamedTuple):
    """Words that S topics are to have."""

    topics: np.ndarray  # (S,) their numbers, none twice
    words: np.ndarray  # (S, V) bool, which words each is to have
    strength: float  # tokens of a word that its topic is given, as a multiple of those that the corpus has

    def rates(self, unigram: np.ndarray, K: int) -> np.ndarray:
        """Tokens that topics are given of words, for each token of the corpus, (K, V)."""
        rates = np.zeros((K, len(unigram)))
        rates[self.topics] = self.strength * self.words * unigram
        return rates

    def nearest(self, features: np.ndarray, vectors: np.ndarray, n: int) -> sp.csr_array:
        """Which ``n`` documents are nearest to the seeds of each topic, (S, D), by the angle of their features.

        ``features`` (D, L) are sums over the words of a document of their ``vectors`` (V, L).
        """
        n = min(n, len(features))
        towards = _directions(features) @ _directions(self.words @ vectors).T
        documents = np.argpartition(-towards, n - 1, axis=0)[:n].T
        S, D = len(self.topics), len(features)
        return sp.csr_array((np.ones(S * n), documents.ravel(), np.arange(S + 1) * n), shape=(S, D))

    def placed(self, own: np.ndarray, others: np.ndarray, first: int) -> np.ndarray:
        """Topics of the numbers from ``first`` on: the seeded ones' own (S, V), and others in the places between.

        Of the others (n, V) each seeded topic drives out one, that which is most like it.
        """
        driven_out = linear_sum_assignment(-np.sqrt(own) @ np.sqrt(others).T)[1]
        is_seeded = np.zeros(len(others), dtype=bool)
        is_seeded[self.topics - first] = True
        topics = np.empty_like(others)
        topics[self.topics - first] = own
        topics[~is_seeded] = np.delete(others, driven_out, axis=0)
        return topics


def _directions(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)
