"""The prior of documents, learned when the topics are known: correlations of topics, and effects of covariates.

Variational EM: posteriors by `_fitted/meanfield.py`, then mean, effects and covariance in closed form. Or Monte-Carlo
EM, which goes on from there: posteriors by `_fitted/chains.py`, which are as wide as they are, then the same.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from ._fitted.chains import Sampler, Target, moved
from ._fitted.meanfield import Documents, Normals, Words, improved
from ._fitted.plain import record
from ._fitted.prior import CorrelatedNormal, LogisticNormal
from ._inputs.covariates import Standard
from ._rows import Rows
from ._sparse import row_sums

ROUNDS = 24  # of variational EM
SAMPLED_ROUNDS = 30  # of Monte-Carlo EM after them
AVERAGED_FROM = 20  # of which on draws are averaged
STRETCH = 1.5  # of the steps of means and effects, which are short where documents say little
AXIS_ROUNDS = 20  # of principal axes, for a covariance of low rank
LEAST_OWN_VARIANCE = 0.05  # share of a topic's variance that axes leave to it
FIRST_VARIANCE = 4.0


class Structure(NamedTuple):
    """What is to be learned of a covariance, and how effects are held back."""

    covariance: str  # "diagonal", "full" or "low_rank"
    rank: int
    penalty: float  # documents that say that a covariate has no effect

    def asks(self, has_covariates: bool) -> bool:
        """Whether more is to be learned than means and variances."""
        return has_covariates or self.covariance != "diagonal"


class Posteriors(NamedTuple):
    """What a prior is learned from, of the posteriors of z."""

    loc: np.ndarray  # (n_samples, K) means
    within: np.ndarray  # (K, K) mean of their covariances


@record
class Between:
    """Where one round of variational EM ends, and the next begins."""

    loc: np.ndarray  # (n_samples, K) of the posteriors of documents, and
    variance: np.ndarray  # (n_samples, K)
    prior: CorrelatedNormal
    share: np.ndarray | None = None  # (n_samples,) of a background

    @property
    def posteriors(self) -> Normals:
        """Those of documents."""
        return Normals(self.loc, self.variance)


def documents_under(prior: CorrelatedNormal, rows: Rows, words: Words) -> Documents:
    """Documents, with what a prior and their covariates say of them."""
    return Documents(rows.counts, words, prior.means(rows.covariates, rows.n), prior.precision)


def learned(rows: Rows, words: Words, theta: np.ndarray, structure: Structure) -> CorrelatedNormal:
    """The prior under which documents are most likely, under topics that are known.

    Parameters
    ----------
    rows : documents, with a token each
    words : what makes their words: K topics
    theta : proportions to start from, (n_samples, K)
    structure : what is to be learned
    """
    between = begun(rows, theta)
    for _ in range(ROUNDS):
        between = advanced(between, rows, words, structure)
    return between.prior


def begun(rows: Rows, theta: np.ndarray, share: np.ndarray | None = None) -> Between:
    """Before the first round, where documents have proportions (n_samples, K) and shares of a background, nearly."""
    K, design = theta.shape[1], _design(rows)
    q = Normals.like(theta, row_sums(rows.counts))
    prior = CorrelatedNormal(np.zeros(K), FIRST_VARIANCE * np.eye(K), np.zeros((len(design.means), K)), design.means)
    return Between(*q, prior, share)


def advanced(between: Between, rows: Rows, words: Words, structure: Structure) -> Between:
    """After a round: posteriors of documents, and the prior under which they are most likely."""
    prior = between.prior
    q = improved(between.posteriors, documents_under(prior, rows, words), 1)
    within = np.diag(np.average(q.variance, axis=0, weights=rows.often))
    best = _maximised(Posteriors(q.loc, within), rows, _design(rows), structure)
    mean = prior.mean + STRETCH * (best.mean - prior.mean)
    effects = prior.effects + STRETCH * (best.effects - prior.effects)
    return Between(*q, replace(best, mean=mean, effects=effects), between.share)


def sampled(
    rows: Rows, components: np.ndarray, first: CorrelatedNormal, structure: Structure, sampler: Sampler
) -> CorrelatedNormal:
    """The prior under which documents are most likely, by chains that stay with them, from what `learned` has found.

    Stochastic approximation of EM (Delyon et al., 1999): a draw of each document a round, the later ones averaged.

    Parameters
    ----------
    rows : documents, with a token each
    components : topics, (K, V)
    first : prior to start from
    structure : what is to be learned
    sampler : of a round; step sizes adapt in the first alone
    """
    design, prior, walkers, weights = _design(rows), first, None, rows.often
    loc, second = np.zeros((rows.n, len(components))), np.zeros_like(first.covariance)
    for i in range(SAMPLED_ROUNDS):
        target = Target(rows.counts, components, prior, prior.means(rows.covariates, rows.n))
        walkers = moved(target, sampler._replace(seed=sampler.seed + i), walkers)
        z, share = walkers.z - walkers.z.mean(axis=1, keepdims=True), 1 / max(i + 2 - AVERAGED_FROM, 1)
        loc += share * (z - loc)
        second += share * (_second(z, weights) - second)
        prior = _maximised(Posteriors(loc, second - _second(loc, weights)), rows, design, structure)
        sampler = sampler._replace(n_warmup=0)
    return prior


def _design(rows: Rows) -> Standard:
    return Standard.of(np.zeros((rows.n, 0)) if rows.covariates is None else rows.covariates, rows.often)


def _maximised(posteriors: Posteriors, rows: Rows, design: Standard, structure: Structure) -> CorrelatedNormal:
    weights = rows.often
    loc = posteriors.loc - posteriors.loc.mean(axis=1, keepdims=True)
    mean = np.average(loc, axis=0, weights=weights)
    weighted = weights[:, None] * design.values
    held_back = weighted.T @ design.values + structure.penalty * np.eye(design.values.shape[1])
    effects = np.linalg.solve(held_back, weighted.T @ (loc - mean))
    left = loc - mean - design.values @ effects
    second = _second(left, weights) + posteriors.within
    covariance = _structured(_filled(_centred(second)), structure, weights.sum())
    return CorrelatedNormal(mean, covariance, effects / design.scales[:, None], design.means)


def _second(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over documents, as often as they count, of products of their values (n_samples, K), (K, K)."""
    return (weights[:, None] * values).T @ values / weights.sum()


def _centred(covariance: np.ndarray) -> np.ndarray:
    """That of z less its mean over the topics, which nothing says anything of."""
    rows = covariance - covariance.mean(axis=0)
    return rows - rows.mean(axis=1, keepdims=True)


def _filled(covariance: np.ndarray) -> np.ndarray:
    """One of z less its mean over the topics, with the mean variance in that direction: that of independent z again."""
    K = len(covariance)
    return covariance + np.full((K, K), np.trace(covariance) / (K - 1) / K)


def _structured(covariance: np.ndarray, structure: Structure, n: float) -> np.ndarray:
    """A covariance of the structure asked for, nearest to that of n documents, that can be inverted."""
    K = len(covariance)
    own = np.diag(np.diag(covariance))
    if structure.covariance == "diagonal":
        return own
    shrunk = (n * covariance + K * own) / (n + K)  # as many documents as topics say that these do not correlate
    if structure.covariance == "low_rank":
        return _low_rank(shrunk, min(structure.rank, K - 1))
    return _filled(_centred(shrunk))


def _low_rank(covariance: np.ndarray, rank: int) -> np.ndarray:
    """The nearest of so many common axes and a variance of each topic's own, by iterated principal axes."""
    K = len(covariance)
    total = np.diag(covariance)
    own = 0.5 * total
    for _ in range(AXIS_ROUNDS):
        values, axes = eigh(covariance - np.diag(own), subset_by_index=[K - rank, K - 1])
        common = (axes * np.maximum(values, 0.0)) @ axes.T
        own = np.maximum(total - np.diag(common), LEAST_OWN_VARIANCE * total)
    return common + np.diag(own)


def blended(former: CorrelatedNormal, latest: CorrelatedNormal, share: float) -> CorrelatedNormal:
    """What a stream knows after a batch that is a share of it: means, effects and covariances are averaged."""
    pairs = ((getattr(former, f.name), getattr(latest, f.name)) for f in fields(CorrelatedNormal))
    return CorrelatedNormal(*((1 - share) * a + share * b for a, b in pairs))


def with_background(prior: CorrelatedNormal, given: LogisticNormal) -> CorrelatedNormal:
    """A prior with the background in front, of which documents have what ``given`` says, whatever their topics."""
    K = len(given.mean)
    covariance = np.diag(given.scale**2)
    covariance[1:, 1:] = prior.covariance
    effects = np.zeros((len(prior.effects), K))
    effects[:, 1:] = prior.effects
    return CorrelatedNormal(np.append(given.mean[:1], prior.mean), covariance, effects, prior.covariate_means)
