"""A trained encoder, from counts to the parameters of a document's posterior."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from .._sparse import with_data
from .plain import MAX_VALUE, check_array, check_number, record
from .prior import Prior


@record
class Features:
    """What the encoder reads of a document: the mean of its words' vectors, weighted by tf-idf."""

    idf: np.ndarray  # (V,)
    projection: np.ndarray  # (V, L)

    @classmethod
    def none(cls, n_words: int) -> Features:
        """What is read where there is no encoder: L is 0."""
        return cls(np.zeros(n_words, np.float32), np.zeros((n_words, 0), np.float32))

    def __call__(self, X: sp.csr_array) -> np.ndarray:
        """Features of count rows, (n_samples, L)."""
        return log_tfidf(X, self.idf) @ self.projection

    def of(self, words: np.ndarray) -> Features:
        """The features of some words, in float64."""
        return Features(self.idf[words].astype(np.float64), self.projection[words].astype(np.float64))


@record
class Linear:
    """A layer of an encoder."""

    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, h: np.ndarray) -> np.ndarray:
        """The layer's answer, not yet bent."""
        return h @ self.weight + self.bias

    def check(self, n_inputs: int, n_outputs: int) -> int:
        """The number of outputs; a ValueError where the layer has others than these."""
        check_array("the weights of a layer", self.weight, n_inputs, n_outputs)
        check_array("the bias of a layer", self.bias, n_outputs)
        return n_outputs

    def of(self, topics: slice) -> Linear:
        """The layer with some of its outputs."""
        return Linear(self.weight[:, topics], self.bias[topics])


@record
class Encoder:
    """A trained encoder; batch norm is folded into the last layers."""

    features: Features
    hidden: tuple[Linear, ...]
    loc: Linear
    log_variance: Linear | None  # of q, where it has a scale
    temperature: float  # of the softmax of loc that is a first guess of theta

    def check(self, K: int, V: int, prior: Prior) -> None:
        """Raise a ValueError where this does not read V words, or does not answer for K topics."""
        size = np.shape(self.features.projection)[-1]
        check_array("idf", self.features.idf, V)
        check_array("projection", self.features.projection, V, size)
        for layer in self.hidden:
            size = layer.check(size, np.shape(layer.bias)[0])
        self.loc.check(size, K)
        if self.log_variance is not None:
            self.log_variance.check(size, K)
        check_number("temperature", self.temperature, 0, MAX_VALUE)

    def of(self, topics: slice) -> Encoder:
        """The encoder of some topics among themselves."""
        log_variance = None if self.log_variance is None else self.log_variance.of(topics)
        return replace(self, loc=self.loc.of(topics), log_variance=log_variance)

    def last_hidden(self, features: np.ndarray) -> np.ndarray:
        """What the last layers see of features (n_samples, L)."""
        h = features
        for layer in self.hidden:
            h = np.maximum(layer(h), 0.0)
        return h

    def posterior(self, X: sp.csr_array, prior: Prior) -> tuple[np.ndarray, Any]:
        """Location and scale of q, (n_samples, K) each, or None for a scale; the prior's for an empty document."""
        h = self.last_hidden(self.features(X))
        loc, scale = self.loc(h), None
        empty = np.diff(X.indptr) == 0
        prior_loc, prior_scale = prior.parameters
        loc[empty] = prior_loc
        if self.log_variance is not None:
            scale = np.exp(0.5 * self.log_variance(h))
            scale[empty] = prior_scale
        return loc, scale


def log_tfidf(X: sp.csr_array, idf: np.ndarray) -> sp.csr_array:
    """``log(1 + x) * idf``, rows scaled to unit length (an empty row stays empty)."""
    data = np.log1p(X.data) * idf[X.indices]
    n_words = np.diff(X.indptr)
    known = n_words > 0
    length = np.sqrt(np.add.reduceat(data**2, X.indptr[:-1][known]))
    data /= np.repeat(np.where(length > 0, length, 1.0), n_words[known]).astype(data.dtype)
    return with_data(X, data)
