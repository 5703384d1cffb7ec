"""Topics beside those of a model, for documents that these explain badly (knows no JAX).

The topics of the model stay as they are; candidates beside them are fitted by EM to some of the documents, and those
are kept that make words of others, which have been held out, more probable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import log_softmax

from .. import _start
from .._fitted.encoder import Encoder, Linear
from .._fitted.model import TopicModel
from .._fitted.proportions import Refinement, WordRows, refine
from .._numbers import BLOCK_FLOATS, TINY
from .._rows import Rows
from .._sparse import entry_blocks, entry_rows, row_sums, with_data
from ..metrics import completion_log_likelihood, completion_split

MAX_DOCUMENTS = 20_000  # that are looked at
LEAST_DOCUMENTS = 10  # of which something can be held out
HELD_OUT = 4  # of so many documents one is
N_ROUNDS = 20  # of EM
N_STEPS = 10  # of EM on the proportions of a document
UNIGRAM_TOKENS = 50.0  # of the corpus, that smooth a candidate
NEEDED = 2.0, 0.01  # standard errors, and share of what all bring, by which a candidate must make words more probable
RIDGE = 1e-3  # on the weights that the encoder has for a new topic


@dataclass(frozen=True, eq=False)
class Mixture:
    """Topics, and the prior of documents."""

    components: np.ndarray  # (K, V)
    prior: np.ndarray  # (K,) tokens that the prior weighs
    share: float | None  # of the background, topic 0, where there is one

    @classmethod
    def of(cls, model: TopicModel) -> Mixture:
        """The one of a fitted model."""
        prior = Refinement.under(model.prior, N_STEPS, model.background_share).prior_weight
        return cls(model.components, prior, model.background_share)

    def beside(self, new: np.ndarray) -> Mixture:
        """With new topics (n, V), whose prior is like that of the others."""
        prior = np.append(self.prior, np.full(len(new), self.prior.mean()))
        return Mixture(np.concatenate([self.components, new]), prior, self.share)

    def tokens(self, X: sp.csr_array, first: np.ndarray | None = None) -> np.ndarray:
        """Tokens of each topic in documents, (n_samples, K)."""
        K = len(self.components)
        words = WordRows.of(np.ascontiguousarray(self.components.T), self.share is not None)
        start = np.tile(self.prior + 1 / K, (X.shape[0], 1)) if first is None else first
        out = np.empty_like(start)
        for rows in entry_blocks(X.indptr, BLOCK_FLOATS // K):
            out[rows] = refine(start[rows], self.prior[None], X[rows], words, N_STEPS, self.share)
        return out

    def proportions(self, X: sp.csr_array) -> np.ndarray:
        """Theta of documents, (n_samples, K)."""
        tokens = self.tokens(X)
        return tokens / tokens.sum(axis=1, keepdims=True)

    def counts(self, X: sp.csr_array, tokens: np.ndarray) -> np.ndarray:
        """Expected tokens of each word in each topic, (V, K)."""
        beta_t = np.ascontiguousarray(self.components.T)
        total = np.zeros(beta_t.shape)
        for rows in entry_blocks(X.indptr, BLOCK_FLOATS // len(self.prior)):
            part = X[rows]
            p = np.einsum("nk,nk->n", tokens[rows][entry_rows(part)], beta_t[part.indices]) + TINY
            total += with_data(part, part.data / p).T @ tokens[rows]
        return total * beta_t

    def completion(self, observed: sp.csr_array, heldout: sp.csr_array) -> np.ndarray:
        """Log-likelihood of held-out words of documents under what the others say, (n_samples,)."""
        return completion_log_likelihood(self.proportions(observed), self.components, heldout)


def new_topics(known: Mixture, X: sp.csr_array, max_new: int, unigram: np.ndarray) -> np.ndarray:
    """Topics (n, V), at most ``max_new``, that documents have beside those known."""
    X = Rows(X).sample(MAX_DOCUMENTS).counts
    held_out = np.arange(X.shape[0]) % HELD_OUT == HELD_OUT - 1
    training = X[~held_out]
    new, halves = _candidates(known, training, max_new, unigram), completion_split(X[held_out])
    n = len(new) + 1
    while 0 < len(new) < n:  # those that are left take over, and some may then not be needed
        n, new = len(new), _fitted(known, training, new, unigram)
        usage = known.beside(new).tokens(training).sum(axis=0)[-n:]
        new = new[_needed(known, new, usage, halves)]
    new = new[:max_new]
    return _fitted(known, X, new, unigram) if len(new) else new


def _candidates(known: Mixture, X: sp.csr_array, n: int, unigram: np.ndarray) -> np.ndarray:
    """Clusters of the half of the documents that are explained worst, as topics."""
    explained = completion_log_likelihood(known.proportions(X), known.components, X)
    plainly = X @ np.log(unigram)
    gain = (explained - plainly) / row_sums(X)
    worst = X[np.sort(np.argsort(gain, kind="stable")[: -(-X.shape[0] // 2)])]
    rng = np.random.RandomState(0)
    start = _start.start(Rows(worst), max(n, 2) + 1, _start.FEATURES, 0, rng, spares_topic=True)
    return start.topics[1:]  # the first is what all of them say


def _fitted(known: Mixture, X: sp.csr_array, new: np.ndarray, unigram: np.ndarray) -> np.ndarray:
    """New topics after rounds of EM in which those known stay."""
    n, tokens = len(new), None
    for _ in range(N_ROUNDS):
        mixture = known.beside(new)
        tokens = mixture.tokens(X, tokens)
        counts = mixture.counts(X, tokens)[:, -n:].T
        of_topic = counts.sum(axis=1, keepdims=True)
        smoothed = counts + np.minimum(UNIGRAM_TOKENS, of_topic + 1e-3) * unigram
        new = smoothed / smoothed.sum(axis=1, keepdims=True)
        tokens = tokens + 1e-3  # a topic that has lost a document may come back
    return new


def _needed(known: Mixture, new: np.ndarray, usage: np.ndarray, halves: tuple[Any, Any]) -> np.ndarray:
    """Numbers of the new topics without which held-out words are less probable, the most used first."""
    kept = list(np.argsort(-usage, kind="stable"))
    errors, share = NEEDED
    best = known.beside(new[kept]).completion(*halves)
    all_bring = (best - known.completion(*halves)).sum()
    for k in reversed(kept.copy()):  # the least used first
        others = [other for other in kept if other != k]
        without = (known.beside(new[others]) if others else known).completion(*halves)
        loss = best - without
        if loss.sum() <= max(errors * np.sqrt(len(loss)) * loss.std(), share * all_bring):
            kept, best = others, without
    return np.array(kept, dtype=int)


def new_outputs(encoder: Encoder, X: sp.csr_array, doc_topic: np.ndarray, has_background: bool) -> Linear:
    """Last layer of an encoder for topics that are new, by what proportions (n_samples, K + n) say of documents.

    Cross entropy of these and of the first guess that the encoder makes with the new outputs beside the old.
    """
    h = encoder.last_hidden(encoder.features(X))
    loc = encoder.location(h)[:, has_background:] / encoder.temperature
    theta = doc_topic[:, has_background:]
    theta = theta / theta.sum(axis=1, keepdims=True)
    K, n = loc.shape[1], theta.shape[1] - loc.shape[1]
    center, scale = h.mean(axis=0), h.std(axis=0) + 1e-6
    read = np.column_stack([(h - center) / scale, np.ones(len(h))])

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weight = flat.reshape(-1, n)
        log_p = log_softmax(np.column_stack([loc, read @ weight]), axis=1)
        gradient = read.T @ (np.exp(log_p[:, K:]) - theta[:, K:]) / len(h) + RIDGE * weight
        return 0.5 * RIDGE * (weight**2).sum() - (theta * log_p).sum() / len(h), gradient.ravel()

    start = np.zeros((read.shape[1], n))
    start[-1] = loc.mean()
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x.reshape(-1, n)
    weight = encoder.temperature * found[:-1] / scale[:, None]
    return Linear(weight, encoder.temperature * found[-1] - center @ weight)
