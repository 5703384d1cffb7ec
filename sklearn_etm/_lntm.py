"""Logistic-Normal Topic Model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._base import BaseTopicModel, TopicStart
from ._initialize import Start


def log_deviation(start: Start) -> np.ndarray:
    """Topic logits over the log unigram distribution, (V, K)."""
    return np.log(start.topics.T) - np.log(start.unigram)[:, None]


class LNTMTransformer(BaseTopicModel):
    r"""Logistic-Normal Topic Model: free topics, logistic-normal topic proportions."""

    _kind = "lntm"

    def __init__(
        self,
        num_topics: int = 20,
        *,
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
        return TopicStart({"b": log_deviation(start)}, {"delta": self.topic_prior_scale}, {})
