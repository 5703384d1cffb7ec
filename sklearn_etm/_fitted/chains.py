"""Posterior of topic proportions by Hamiltonian Monte Carlo in NumPy, for models without an encoder.

A document's noise is drawn from a generator seeded by its own words, so that its draws do not depend on other rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from .._numbers import BLOCK_FLOATS, TINY, softmax
from .._sparse import entry_blocks, entry_rows, row_sums
from .plain import MAX_VALUE, check_number, record
from .prior import LogisticNormal
from .proportions import WordRows, refine

START_STEPS = 10  # of EM on theta, that chains start from
JITTER = 0.2  # of a step size, lest a trajectory comes back to where it started
TARGET_ACCEPT = 0.8  # more than in training: here every draw counts
ADAPTATION = 1.0  # how far log step sizes move in the first transition; the t-th moves 1 / sqrt(t) as far


@record
class ChainStart:
    """What Monte-Carlo EM leaves for chains of new documents."""

    seed: int
    step_size: float  # in units of the least width that the posterior of a document can have

    def check(self, K: int, V: int, prior: Any) -> None:
        """Raise a ValueError where chains could not start."""
        check_number("seed", self.seed, -1, 2**63)
        check_number("step_size", self.step_size, 0, MAX_VALUE)
        if not isinstance(prior, LogisticNormal):
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


def draws(
    X: sp.csr_array, components: np.ndarray, prior: LogisticNormal, sampler: Sampler
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (rows, draws of theta): ``n_samples`` times (n_rows, K) for each block of rows with a word in them."""
    K = components.shape[0]
    known = np.flatnonzero(np.diff(X.indptr))
    X = X[known].astype(np.float64)
    for block in entry_blocks(X.indptr, BLOCK_FLOATS // K):
        for theta in _block_draws(X[block], components, prior, sampler):
            yield known[block], theta


def moments(
    X: sp.csr_array, components: np.ndarray, prior: LogisticNormal, sampler: Sampler
) -> tuple[np.ndarray, np.ndarray]:
    """Posterior mean and standard deviation of theta, (n_samples, K) each; the prior's for an empty document."""
    concentration = prior.concentration
    total = np.tile(concentration / concentration.sum(), (X.shape[0], 1))
    empty_std = np.sqrt(total[:1] * (1 - total[:1]) / (1 + concentration.sum()))
    known = np.diff(X.indptr) > 0
    squares = np.zeros_like(total)
    total[known] = 0.0
    for rows, theta in draws(X, components, prior, sampler):
        total[rows] += theta
        squares[rows] += theta**2
    total[known] /= sampler.n_samples
    std = np.sqrt(np.maximum(squares / sampler.n_samples - total**2, 0.0))
    total[known] /= total[known].sum(axis=1, keepdims=True)
    return total, np.where(known[:, None], std, empty_std)


def posterior_draws(
    X: sp.csr_array, components: np.ndarray, prior: LogisticNormal, sampler: Sampler, rng: np.random.RandomState
) -> np.ndarray:
    """Draws of theta, (n_draws, n_samples, K); of the prior for an empty document."""
    loc, scale = (np.tile(p, (X.shape[0], 1)) for p in prior.parameters)
    out = prior.draw(loc, scale, sampler.n_samples, rng)
    sampler = sampler._replace(seed=int(rng.randint(2**31 - 1)))
    drawn = np.zeros(X.shape[0], dtype=int)
    for rows, theta in draws(X, components, prior, sampler):
        out[drawn[rows[0]], rows] = theta
        drawn[rows] += 1
    return out


def _block_draws(
    X: sp.csr_array, components: np.ndarray, prior: LogisticNormal, sampler: Sampler
) -> Iterator[np.ndarray]:
    density = _density(X, components, prior)
    concentration = prior.concentration
    first = np.tile(concentration / concentration.sum(), (X.shape[0], 1))
    tokens = refine(first, concentration, X, WordRows.of(components.T, False), START_STEPS)
    z = np.log(tokens / tokens.sum(axis=1, keepdims=True))
    z += prior.mean.mean() - z.mean(axis=1, keepdims=True)
    value, gradient = density(z)
    log_step = np.log(sampler.step_size / np.sqrt(row_sums(X) / 4 + np.mean(prior.scale**-2.0)))
    generators = [_generator(X, d, sampler.seed) for d in range(X.shape[0])]
    settled = np.zeros(len(z))
    for t in range(sampler.n_warmup + sampler.n_samples):
        noise = np.stack([g.standard_normal(z.shape[1]) for g in generators])
        jitter, choice = np.stack([g.random(2) for g in generators]).T
        step = np.exp(log_step) * (1 + JITTER * (2 * jitter - 1))
        z_new, r, value_new, gradient_new = _leapfrog(density, z, noise, gradient, step, sampler.n_leapfrog_steps)
        gain = value_new - value + 0.5 * ((noise**2).sum(axis=1) - (r**2).sum(axis=1))
        acceptance = np.where(np.isnan(gain), 0.0, np.exp(np.minimum(gain, 0.0)))
        accepted = choice < acceptance
        z = np.where(accepted[:, None], z_new, z)
        value = np.where(accepted, value_new, value)
        gradient = np.where(accepted[:, None], gradient_new, gradient)
        if t < sampler.n_warmup:
            log_step += ADAPTATION / np.sqrt(t + 1) * (acceptance - TARGET_ACCEPT)
            if t >= sampler.n_warmup // 2:  # the mean of the later half is what is kept
                settled += log_step / (sampler.n_warmup - sampler.n_warmup // 2)
            if t == sampler.n_warmup - 1:
                log_step = settled
        else:
            yield softmax(z)


def _leapfrog(density, z, r, gradient, step, n_steps: int):
    step = step[:, None]
    for _ in range(n_steps):
        r = r + 0.5 * step * gradient
        z = z + step * r
        value, gradient = density(z)
        r = r + 0.5 * step * gradient
    return z, r, value, gradient


def _density(X: sp.csr_array, components: np.ndarray, prior: LogisticNormal):
    """Log posterior of z (B, K) up to a constant (B,), with its gradient."""
    words, columns = np.unique(X.indices, return_inverse=True)
    rows = entry_rows(X)
    gathered = np.ascontiguousarray(components[:, words].T, dtype=np.float64)[columns]
    entries, shape = np.arange(X.nnz), (X.shape[0], X.nnz)
    length = row_sums(X)[:, None]

    def density(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        theta = softmax(z)
        p = np.einsum("nk,nk->n", theta[rows], gathered) + TINY
        value = np.bincount(rows, X.data * np.log(p), X.shape[0])
        by_theta = sp.csr_array((X.data / p, entries, X.indptr), shape=shape) @ gathered
        deviation = (z - prior.mean) / prior.scale
        gradient = theta * (by_theta - length) - deviation / prior.scale
        return value - 0.5 * (deviation**2).sum(axis=1), gradient

    return density


def _generator(X: sp.csr_array, d: int, seed: int) -> np.random.Generator:
    """The generator of a document: the same for the same words and counts."""
    entries = slice(X.indptr[d], X.indptr[d + 1])
    content = X.indices[entries].astype(np.int64).tobytes() + X.data[entries].tobytes() + seed.to_bytes(8, "little")
    return np.random.Generator(np.random.Philox(int.from_bytes(blake2b(content, digest_size=16).digest(), "little")))
