"""A trained encoder, from counts to the parameters of a document's posterior."""

from __future__ import annotations

from collections.abc import Sequence
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

    def of(self, outputs: np.ndarray) -> Linear:
        """The layer with some of its outputs."""
        return Linear(self.weight[:, outputs], self.bias[outputs])


@record
class Encoder:
    """A trained encoder; batch norm is folded into the last layers."""

    features: Features
    hidden: tuple[Linear, ...]
    loc: Linear
    log_variance: Linear | None  # of q, where it has a scale
    temperature: float  # of the softmax of loc that is a first guess of theta
    parts: tuple[int, ...] = ()  # outputs of each topic, in the order of topics; none said where each has one

    def check(self, K: int, V: int, prior: Prior) -> None:
        """Raise a ValueError where this does not read V words, or does not answer for K topics."""
        size = np.shape(self.features.projection)[-1]
        check_array("idf", self.features.idf, V)
        check_array("projection", self.features.projection, V, size)
        for layer in self.hidden:
            size = layer.check(size, np.shape(layer.bias)[0])
        n_outputs = sum(self.parts) if self.parts else K
        if self.parts and (len(self.parts) != K or any(type(n) is not int or n < 1 for n in self.parts)):
            raise ValueError(f"the outputs of the encoder must be of {K} topics")
        self.loc.check(size, n_outputs)
        if self.log_variance is not None:
            self.log_variance.check(size, n_outputs)
        check_number("temperature", self.temperature, 0, MAX_VALUE)

    def of(self, topics: slice) -> Encoder:
        """The encoder of some topics among themselves."""
        n_topics = len(self.parts) or len(self.loc.bias)
        return self.regrouped([np.array([k]) for k in range(n_topics)[topics]])

    def regrouped(self, groups: Sequence[np.ndarray]) -> Encoder:
        """The encoder of topics that are groups of these: they have the outputs of all of a group."""
        parts = self.parts or (1,) * len(self.loc.bias)
        outputs, sizes = outputs_of(parts, groups)
        log_variance = None if self.log_variance is None else self.log_variance.of(outputs)
        return replace(self, loc=self.loc.of(outputs), log_variance=log_variance, parts=sizes)

    def last_hidden(self, features: np.ndarray) -> np.ndarray:
        """What the last layers see of features (n_samples, L)."""
        h = features
        for layer in self.hidden:
            h = np.maximum(layer(h), 0.0)
        return h

    def location(self, h: np.ndarray) -> np.ndarray:
        """Location of q for each topic, (n_samples, K), of what the last layers see."""
        loc = self.loc(h)
        return pooled(loc, self.parts, self.temperature)[0] if self.parts else loc

    def posterior(self, X: sp.csr_array, prior: Prior) -> tuple[np.ndarray, Any]:
        """Location and scale of q, (n_samples, K) each, or None for a scale; the prior's for an empty document."""
        h = self.last_hidden(self.features(X))
        loc, scale = self.location(h), None
        empty = np.diff(X.indptr) == 0
        prior_loc, prior_scale = prior.parameters
        loc[empty] = prior_loc
        if self.log_variance is not None:
            scale = np.exp(0.5 * self._log_variance(h, self.log_variance))
            scale[empty] = prior_scale
        return loc, scale

    def _log_variance(self, h: np.ndarray, layer: Linear) -> np.ndarray:
        if not self.parts:
            return layer(h)
        weight = pooled(self.loc(h), self.parts, self.temperature)[1]
        return np.log(np.add.reduceat(weight**2 * np.exp(layer(h)), _starts(self.parts), axis=1))


def pooled(loc: np.ndarray, parts: tuple[int, ...], temperature: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Locations of topics (n, K) of those of their parts (n, P), and the share of each part in its topic (n, P).

    :math:`T \log \sum_i \exp(l_i / T)`, so that the softmax of a topic at the temperature T is the sum of its parts'.
    """
    starts = _starts(parts)
    highest = np.maximum.reduceat(loc, starts, axis=1)
    e = np.exp((loc - np.repeat(highest, parts, axis=1)) / temperature)
    total = np.add.reduceat(e, starts, axis=1)
    return highest + temperature * np.log(total), e / np.repeat(total, parts, axis=1)


def outputs_of(parts: tuple[int, ...], groups: Sequence[np.ndarray]) -> tuple[np.ndarray, tuple[int, ...]]:
    """Outputs in the order of topics that are groups, and how many each then has: none said where each has one."""
    of_topic = np.split(np.arange(sum(parts)), np.cumsum(parts)[:-1])
    sizes = tuple(sum(parts[k] for k in group) for group in groups)
    return np.concatenate([of_topic[k] for group in groups for k in group]), sizes if max(sizes) > 1 else ()


def _starts(parts: tuple[int, ...]) -> np.ndarray:
    """Where the outputs of each topic begin."""
    return np.cumsum((0, *parts[:-1]))


def log_tfidf(X: sp.csr_array, idf: np.ndarray) -> sp.csr_array:
    """``log(1 + x) * idf``, rows scaled to unit length (an empty row stays empty)."""
    data = np.log1p(X.data) * idf[X.indices]
    n_words = np.diff(X.indptr)
    known = n_words > 0
    length = np.sqrt(np.add.reduceat(data**2, X.indptr[:-1][known]))
    data /= np.repeat(np.where(length > 0, length, 1.0), n_words[known]).astype(data.dtype)
    return with_data(X, data)
