"""Posterior of topic proportions by Hamiltonian Monte Carlo in NumPy, for models without an encoder.

A document's noise is drawn from a generator seeded by its own words, so that its draws do not depend on other rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.linalg import solve_triangular

from .._numbers import BLOCK_FLOATS, TINY, softmax
from .._sparse import entry_blocks, entry_rows, row_sums
from .plain import MAX_VALUE, check_number, record
from .prior import CorrelatedNormal, LogisticNormal
from .proportions import WordRows, refine

START_STEPS = 10  # of EM on theta, that chains start from
JITTER = 0.2  # of a step size, lest a trajectory comes back to where it started
TARGET_ACCEPT = 0.8  # more than in training: here every draw counts
ADAPTATION = 1.0  # how far log step sizes move in the first transition; the t-th moves 1 / sqrt(t) as far


Normal = LogisticNormal | CorrelatedNormal


@record
class ChainStart:
    """What Monte-Carlo EM leaves for chains of new documents."""

    seed: int
    step_size: float  # in units of the least width that the posterior of a document can have

    def check(self, K: int, V: int, prior: Any) -> None:
        """Raise a ValueError where chains could not start."""
        check_number("seed", self.seed, -1, 2**63)
        check_number("step_size", self.step_size, 0, MAX_VALUE)
        if not isinstance(prior, Normal):
            raise ValueError("the prior is that of another model")

    def regrouped(self, groups: Sequence[np.ndarray]) -> ChainStart:
        """What chains of topics that are groups start with: the same."""
        del groups
        return self


class Sampler(NamedTuple):
    """How posteriors are sampled."""

    seed: int
    step_size: float  # to start from, in the units of `ChainStart`
    n_leapfrog_steps: int
    n_warmup: int  # transitions that adapt step sizes and are thrown away
    n_samples: int


class Target(NamedTuple):
    """What chains sample: the posteriors of documents."""

    X: sp.csr_array  # (n_samples, V) counts
    components: np.ndarray  # (K, V)
    prior: Normal
    means: np.ndarray  # (n_samples, K) of the prior

    def of(self, rows: Any) -> Target:
        """Those of some documents."""
        return self._replace(X=self.X[rows], means=self.means[rows])


class Walkers(NamedTuple):
    """Where chains are, one of each document."""

    z: np.ndarray  # (n_samples, K)
    log_step: np.ndarray  # (n_samples,)

    def of(self, rows: Any) -> Walkers:
        """Those of some documents."""
        return Walkers(self.z[rows], self.log_step[rows])


class Space(NamedTuple):
    """Where chains move: in z or, where its prior is correlated or differs between documents, in u, z = m_d + L u."""

    mean: np.ndarray  # (K,) mean and
    scale: np.ndarray  # (K,) scale of the prior there
    affine: tuple[np.ndarray, np.ndarray] | None = None  # m (n_samples, K) and L (K, K)

    @classmethod
    def of(cls, target: Target) -> Space:
        """That of some documents."""
        prior = target.prior
        if isinstance(prior, LogisticNormal):
            return cls(prior.mean, prior.scale)
        K = len(prior.mean)
        return cls(np.zeros(K), np.ones(K), (target.means, prior.root))

    def logits(self, u: np.ndarray) -> np.ndarray:
        """Logits z of a place."""
        if self.affine is None:
            return u
        means, root = self.affine
        return means + u @ root.T

    def place(self, z: np.ndarray) -> np.ndarray:
        """The place where logits are z."""
        if self.affine is None:
            return z
        means, root = self.affine
        return solve_triangular(root, (z - means).T, lower=True).T

    def by_place(self, gradient: np.ndarray) -> np.ndarray:
        """A gradient by the place, of one by z."""
        return gradient if self.affine is None else gradient @ self.affine[1]

    def steepness(self, n_tokens: np.ndarray) -> np.ndarray:
        """Inverse of the least width that the posterior of a document of so many tokens can have, (n_samples,)."""
        stretch = 1.0 if self.affine is None else (self.affine[1] ** 2).sum() / len(self.mean)
        return np.sqrt(n_tokens / 4 * stretch + np.mean(self.scale**-2.0))


def draws(target: Target, sampler: Sampler, start: Walkers | None = None) -> Iterator[tuple[np.ndarray, Walkers]]:
    """Yield (rows, where their chains are) ``n_samples`` times for each block of rows with a word in them."""
    known = np.flatnonzero(np.diff(target.X.indptr))
    double = target.of(known)
    double = double._replace(X=double.X.astype(np.float64))
    for block in entry_blocks(double.X.indptr, BLOCK_FLOATS // len(target.components)):
        rows = known[block]
        for walkers in _block_draws(double.of(block), sampler, None if start is None else start.of(rows)):
            yield rows, walkers


def moved(target: Target, sampler: Sampler, start: Walkers | None) -> Walkers:
    """Where chains are in the end, of documents with a word each."""
    end = Walkers(np.empty_like(target.means), np.empty(len(target.means)))
    for rows, walkers in draws(target, sampler, start):
        end.z[rows], end.log_step[rows] = walkers
    return end


def moments(target: Target, sampler: Sampler) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and standard deviation of theta, (n_samples, K) each; the prior's for an empty document."""
    total, squares = np.zeros_like(target.means), np.zeros_like(target.means)
    for rows, walkers in draws(target, sampler):
        theta = softmax(walkers.z)
        total[rows] += theta
        squares[rows] += theta**2
    known = np.diff(target.X.indptr) > 0
    total /= sampler.n_samples
    std = np.sqrt(np.maximum(squares / sampler.n_samples - total**2, 0.0))
    total[known] /= total[known].sum(axis=1, keepdims=True)
    if not known.all():
        total[~known], std[~known] = target.prior.moments(target.means[~known])
    return total, std


def posterior_draws(target: Target, sampler: Sampler, rng: np.random.RandomState) -> np.ndarray:
    """Draws of theta, (n_draws, n_samples, K); of the prior for an empty document."""
    out = target.prior.drawn(target.means, sampler.n_samples, rng)
    sampler = sampler._replace(seed=int(rng.randint(2**31 - 1)))
    drawn = np.zeros(target.X.shape[0], dtype=int)
    for rows, walkers in draws(target, sampler):
        out[drawn[rows[0]], rows] = softmax(walkers.z)
        drawn[rows] += 1
    return out


def _block_draws(target: Target, sampler: Sampler, start: Walkers | None) -> Iterator[Walkers]:
    X, space = target.X, Space.of(target)
    density = _density(X, target.components, space)
    z, log_step = _started(target, space, sampler.step_size) if start is None else start
    u = space.place(z)
    value, gradient = density(u)
    generators = [_generator(X, d, sampler.seed) for d in range(X.shape[0])]
    settled = np.zeros(len(u))
    for t in range(sampler.n_warmup + sampler.n_samples):
        noise = np.stack([g.standard_normal(u.shape[1]) for g in generators])
        jitter, choice = np.stack([g.random(2) for g in generators]).T
        step = np.exp(log_step) * (1 + JITTER * (2 * jitter - 1))
        u_new, r, value_new, gradient_new = _leapfrog(density, u, noise, gradient, step, sampler.n_leapfrog_steps)
        gain = value_new - value + 0.5 * ((noise**2).sum(axis=1) - (r**2).sum(axis=1))
        acceptance = np.where(np.isnan(gain), 0.0, np.exp(np.minimum(gain, 0.0)))
        accepted = choice < acceptance
        u = np.where(accepted[:, None], u_new, u)
        value = np.where(accepted, value_new, value)
        gradient = np.where(accepted[:, None], gradient_new, gradient)
        if t < sampler.n_warmup:
            log_step = log_step + ADAPTATION / np.sqrt(t + 1) * (acceptance - TARGET_ACCEPT)
            if t >= sampler.n_warmup // 2:  # the mean of the later half is what is kept
                settled += log_step / (sampler.n_warmup - sampler.n_warmup // 2)
            if t == sampler.n_warmup - 1:
                log_step = settled
        else:
            yield Walkers(space.logits(u), log_step)


def _started(target: Target, space: Space, step_size: float) -> Walkers:
    prior, X = target.prior, target.X
    concentration = prior.concentration
    first = np.tile(concentration / concentration.sum(), (X.shape[0], 1))
    tokens = refine(first, concentration, X, WordRows.of(target.components.T, False), START_STEPS)
    z = np.log(tokens / tokens.sum(axis=1, keepdims=True))
    z += prior.mean.mean() - z.mean(axis=1, keepdims=True)
    return Walkers(z, np.log(step_size / space.steepness(row_sums(X))))


def _leapfrog(density, u, r, gradient, step, n_steps: int):
    step = step[:, None]
    for _ in range(n_steps):
        r = r + 0.5 * step * gradient
        u = u + step * r
        value, gradient = density(u)
        r = r + 0.5 * step * gradient
    return u, r, value, gradient


def _density(X: sp.csr_array, components: np.ndarray, space: Space):
    """Log posterior at places (B, K) up to a constant (B,), with its gradient."""
    words, columns = np.unique(X.indices, return_inverse=True)
    rows = entry_rows(X)
    gathered = np.ascontiguousarray(components[:, words].T, dtype=np.float64)[columns]
    entries, shape = np.arange(X.nnz), (X.shape[0], X.nnz)
    length = row_sums(X)[:, None]

    def density(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        theta = softmax(space.logits(u))
        p = np.einsum("nk,nk->n", theta[rows], gathered) + TINY
        value = np.bincount(rows, X.data * np.log(p), X.shape[0])
        by_theta = sp.csr_array((X.data / p, entries, X.indptr), shape=shape) @ gathered
        deviation = (u - space.mean) / space.scale
        gradient = space.by_place(theta * (by_theta - length)) - deviation / space.scale
        return value - 0.5 * (deviation**2).sum(axis=1), gradient

    return density


def _generator(X: sp.csr_array, d: int, seed: int) -> np.random.Generator:
    """The generator of a document: the same for the same words and counts."""
    entries = slice(X.indptr[d], X.indptr[d + 1])
    content = X.indices[entries].astype(np.int64).tobytes() + X.data[entries].tobytes() + seed.to_bytes(8, "little")
    return np.random.Generator(np.random.Philox(int.from_bytes(blake2b(content, digest_size=16).digest(), "little")))
