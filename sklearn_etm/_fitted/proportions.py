"""Topic proportions of documents in NumPy: encoder forward, then refinement of each document (knows no JAX).

All in float64 and row by row the same whatever the batch.
"""

from contextlib import nullcontext
from typing import Any, NamedTuple, TypedDict

import numpy as np
import scipy.sparse as sp

from .._sparse import entry_blocks, entry_rows
from .._threads import one_thread

TINY = 1e-30  # below any probability of a word, as in training
BATCH_NORM_EPSILON = 1e-5
BLOCK_FLOATS = 1 << 20  # about what fits a processor's cache when a block's words are gathered
COPIED_ENTRIES = 1 << 20  # non-zeros that are copied at a time


class Refinement(NamedTuple):
    """How the encoder's answer for a document is refined to its topic proportions."""

    encoder_weight: float  # tokens that the encoder's answer weighs
    prior_weight: np.ndarray  # (K,) tokens of each topic that the prior weighs
    n_steps: int  # of EM


class EncoderArrays(TypedDict):
    """A trained encoder as plain arrays; batch norm is folded into the last layer."""

    idf: np.ndarray  # (V,)
    projection: np.ndarray  # (V, L)
    weights: list[np.ndarray]
    biases: list[np.ndarray]
    log_variance: tuple[np.ndarray, np.ndarray] | None  # last layer, weight and bias, of the scale of q
    temperature: float  # of the softmax that makes the first guess of theta


def log_tfidf(X: sp.csr_array, idf: np.ndarray) -> sp.csr_array:
    """``log(1 + x) * idf``, rows scaled to unit length (an empty row stays empty)."""
    data = np.log1p(X.data) * idf[X.indices]
    T = sp.csr_array((data, X.indices, X.indptr), shape=X.shape)
    length = np.sqrt(T.multiply(T).sum(axis=1))
    T.data /= np.repeat(np.where(length > 0, length, 1.0), np.diff(T.indptr)).astype(T.dtype)
    return T


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def encode(features: np.ndarray, encoder: EncoderArrays) -> tuple[np.ndarray, np.ndarray]:
    """Location of q (n_samples, K), and what the last layer sees."""
    h = features
    *hidden, last = zip(encoder["weights"], encoder["biases"], strict=True)
    for W, b in hidden:
        h = np.maximum(h @ W + b, 0.0)
    return h @ last[0] + last[1], h


def encode_counts(X: sp.csr_array, encoder: EncoderArrays) -> tuple[np.ndarray, np.ndarray]:
    """`encode` of count rows."""
    return encode(log_tfidf(X, encoder["idf"]) @ encoder["projection"], encoder)


def refine(theta: np.ndarray, prior: np.ndarray, X: sp.csr_array, beta_t: np.ndarray, n_steps: int) -> np.ndarray:
    r"""EM on theta under fixed topics, :math:`\theta_{dk} \propto a_{dk} + \sum_v x_{dv} r_{dvk}`."""
    gathered = beta_t[X.indices]  # (nnz, K)
    rows = entry_rows(X)
    entries = np.arange(X.nnz)
    for _ in range(n_steps):
        p = np.einsum("nk,nk->n", theta[rows], gathered) + TINY
        ratio = sp.csr_array((X.data / p, entries, X.indptr), shape=(X.shape[0], X.nnz))
        theta = prior + theta * (ratio @ gathered)
        theta /= theta.sum(axis=1, keepdims=True)
    return theta


def topic_proportions(
    X: sp.csr_array,
    components: np.ndarray,
    encoder: EncoderArrays,
    refinement: Refinement,
) -> np.ndarray:
    """Posterior topic proportions of count rows, (n_samples, K); the mean of the prior for an empty document."""
    prior = refinement.prior_weight
    theta = np.tile(prior / prior.sum(), (X.shape[0], 1))
    with one_thread() if X.shape[0] > 1 else nullcontext():  # of one document products are of one thread anyway
        for rows in entry_blocks(X.indptr, COPIED_ENTRIES):
            part = X if rows == slice(0, X.shape[0]) else X[rows]
            known = np.diff(part.indptr) > 0
            if known.any():
                part = part if known.all() else part[known]
                theta[rows][known] = _known_proportions(part, components, encoder, refinement)
    return theta


def _known_proportions(
    X: sp.csr_array, components: np.ndarray, encoder: EncoderArrays, refinement: Refinement
) -> np.ndarray:
    """`topic_proportions` of documents with a word each: all that is read of the model are the rows of their words."""
    encoder_weight, prior_weight, n_steps = refinement
    words, columns = np.unique(X.indices, return_inverse=True)
    X = sp.csr_array((X.data.astype(np.float64), columns, X.indptr), shape=(X.shape[0], len(words)))
    beta_t = np.ascontiguousarray(components[:, words].T, dtype=np.float64)
    idf, projection = encoder["idf"][words].astype(np.float64), encoder["projection"][words].astype(np.float64)
    theta = np.empty((X.shape[0], len(components)))
    for block in entry_blocks(X.indptr, BLOCK_FLOATS // len(components)):
        X_block = X if block == slice(0, X.shape[0]) else X[block]
        first = softmax(encode(log_tfidf(X_block, idf) @ projection, encoder)[0] / encoder["temperature"])
        prior = encoder_weight * first + prior_weight
        theta[block] = refine(first, prior, X_block, beta_t, n_steps)
    return theta


def fold(
    arrays: dict[str, Any], stats: dict[str, Any], idf: np.ndarray, projection: np.ndarray, temperature: float
) -> EncoderArrays:
    """Plain arrays of a flax encoder: batch norm of a head folded into its linear layer."""

    def head(name: str) -> tuple[np.ndarray, np.ndarray]:
        norm, moments = arrays[f"{name}_norm"], stats[f"{name}_norm"]
        gain = 1.0 / np.sqrt(np.asarray(moments["var"], np.float64) + BATCH_NORM_EPSILON)
        gain = gain * np.asarray(norm["scale"], np.float64) if "scale" in norm else gain
        shift = np.asarray(norm["bias"], np.float64) - np.asarray(moments["mean"], np.float64) * gain
        return np.asarray(arrays[name]["kernel"], np.float64) * gain, shift

    hidden = sorted(name for name in arrays if name.startswith("hidden"))
    weights = [np.asarray(arrays[name]["kernel"], np.float64) for name in hidden]
    biases = [np.asarray(arrays[name]["bias"], np.float64) for name in hidden]
    weight, bias = head("loc")
    return {
        "idf": idf,
        "projection": projection,
        "weights": [*weights, weight],
        "biases": [*biases, bias],
        "log_variance": head("log_variance") if "log_variance" in arrays else None,
        "temperature": temperature,
    }
