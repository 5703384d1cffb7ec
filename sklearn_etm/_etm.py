"""Embedded Topic Model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._base import BaseTopicModel, TopicStart
from ._initialize import Start
from ._lntm import log_deviation
from .embeddings import align_embeddings, embedding_coverage

RIDGE = 1e-3


class ETMTransformer(BaseTopicModel):
    r"""Embedded Topic Model: topics and words are vectors of one space."""

    _kind = "etm"

    def __init__(
        self,
        num_topics: int = 20,
        *,
        embeddings: Any = None,
        vocabulary: Sequence[str] | None = None,
        train_embeddings: bool = True,
        embedding_size: int = 100,
        doc_topic_prior: float = 0.1,
        topic_prior_scale: float = 10.0,
        topic_smoothing: float = 6.0,
        separation: float = 0.5,
        encoder_features: int = 200,
        hidden_layer_sizes: Sequence[int] = (200,),
        max_iter: int = 15,
        em_iter: int = 10,
        transform_iter: int = 5,
        batch_size: int | str = "auto",
        learning_rate: float = 0.02,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ):
        self.num_topics = num_topics
        self.embeddings = embeddings
        self.vocabulary = vocabulary
        self.train_embeddings = train_embeddings
        self.embedding_size = embedding_size
        self.doc_topic_prior = doc_topic_prior
        self.topic_prior_scale = topic_prior_scale
        self.topic_smoothing = topic_smoothing
        self.separation = separation
        self.encoder_features = encoder_features
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.em_iter = em_iter
        self.transform_iter = transform_iter
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def _start_topics(self, start: Start, rng: np.random.RandomState) -> TopicStart:
        rho = self._word_vectors(start, rng)
        alpha = _least_squares(rho, log_deviation(start), start.unigram)
        learned = self.train_embeddings or self.embeddings is None
        constants = {"rho": rho, "tau": EMBEDDING_FREEDOM, "delta": self.topic_prior_scale}
        parameters = {"alpha": alpha, "rho": rho} if learned else {"alpha": alpha}
        return TopicStart(parameters, constants, {"train_rho": learned})

    def _word_vectors(self, start: Start, rng: np.random.RandomState) -> np.ndarray:
        """Word vectors to start from, (V, L), of unit variance."""
        if self.embeddings is None:
            rho = start.projection[:, : self.embedding_size]
        else:
            rho = align_embeddings(self.embeddings, self.vocabulary, n_features=len(start.unigram), random_state=rng)
        spread = rho.std()
        return (rho / spread if spread > 0 else rho).astype(np.float32)

    def _topic_attributes(self, topics: dict[str, np.ndarray]) -> dict[str, Any]:
        return {"topic_embeddings_": topics["alpha"], "word_embeddings_": topics["rho"]}


EMBEDDING_FREEDOM = 1.0


def _least_squares(rho: np.ndarray, logits: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Topic vectors that give the logits (V, K) best, words weighted by frequency: (K, L)."""
    R = rho.astype(np.float64)
    weighted = R * weight[:, None]
    return np.linalg.solve(R.T @ weighted + RIDGE * np.eye(R.shape[1]), weighted.T @ logits).T
