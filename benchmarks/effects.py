"""Check `estimate_effect` on documents that are drawn with known effects.

    python benchmarks/effects.py [--documents 2000] [--lengths 20 75 300] [--replicates 20] [--fits true fitted]
                                  [--common 0] [--stm]

Documents are drawn from a logistic-normal model with five topics that correlate, whose prior means depend on a number,
a group and a covariate without effect.  The truth is the regression of the true proportions on the covariates in
400,000 documents.  Each replicate draws documents anew and estimates the effects, under the true topics, with a prior
learned from the documents, or under topics that `LNTMTransformer` finds, fitted with the covariates or without, or by
rounds of maximum likelihood; and, where asked for, under those that `MonteCarloLNTMTransformer` finds.

The table tells how often intervals of 90 % hold the truth, how often the covariate without effect has one at the 10 %
level, how large effects are compared with the truth, and the root mean square of the errors in standard errors, which
is 1 where these are right.  All but the first column are of the fits that have found all topics: a topic that is two of
the true ones has other effects.  The first row is what the true proportions give.  Below the table, a group's effects
are compared with differences of plain means.

Topics have words of their own, and `--common` of their tokens in words that all have.  `--fits stm` does the same with
the port of R's stm, `structural-topic-model` of PyPI, where it is installed, and `--stm` sets its effects beside ours.
"""

import argparse
import time
import warnings
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.stats import norm
from sklearn.utils import check_random_state

from sklearn_etm import LNTMTransformer, MonteCarloLNTMTransformer
from sklearn_etm._document_prior import Structure, documents_under, learned
from sklearn_etm._fitted.meanfield import Normals, Words, improved
from sklearn_etm._fitted.slices import drawn
from sklearn_etm._rows import Rows
from sklearn_etm._sparse import row_sums
from sklearn_etm.inspection import align_topics, estimate_effect

K, V, CONFIDENCE = 5, 400, 0.9
FOUND = 0.6  # similarity of a topic that was found and the true one, at least; it is 0.8 to 0.9 where none is mixed up
FITS = {
    "true": "true topics",
    "fitted": "fitted",
    "without": "fitted without covariates",
    "joint": "fitted with joint_iter=60",
    "chains": "fitted by Monte-Carlo EM",
    "stm": "by structural-topic-model",
}


class Corpus(NamedTuple):
    """Drawn documents."""

    X: sp.csr_array
    covariates: np.ndarray
    theta: np.ndarray


class World:
    """What documents are drawn from."""

    def __init__(self, common=0.0, seed=0):
        rng = np.random.default_rng(seed)
        own = np.repeat(np.eye(K), V // K, axis=1) * rng.dirichlet(np.full(V // K, 0.5), K)[:, np.arange(V) % (V // K)]
        self.topics = (1 - common) * own + common * rng.dirichlet(np.full(V, 0.5))
        self.effects = np.stack([rng.normal(0, 0.5, K), rng.normal(0, 0.8, K), np.zeros(K)])
        axes = rng.normal(0, 0.5, (K, 2))
        self.covariance = axes @ axes.T + 1.5 * np.eye(K)
        covariates, theta = self.proportions(400_000, rng)
        self.truth = least_squares(covariates, theta)

    def proportions(self, n, rng):
        """Covariates and proportions of topics."""
        covariates = np.column_stack([rng.normal(size=n), rng.random(n) < 0.4, rng.normal(size=n)])
        z = covariates @ self.effects + rng.multivariate_normal(np.zeros(K), self.covariance, n)
        theta = np.exp(z)
        return covariates, theta / theta.sum(axis=1, keepdims=True)

    def documents(self, n, length, rng):
        """Documents of so many words on average."""
        covariates, theta = self.proportions(n, rng)
        words = [rng.multinomial(1 + m, p) for m, p in zip(rng.poisson(length, n), theta @ self.topics, strict=True)]
        return Corpus(sp.csr_array(np.stack(words)), covariates, theta)


class Known:
    """A model that knows the proportions of documents."""

    def __init__(self, topics):
        self.components_ = topics

    def transform(self, X):
        """Those given as documents."""
        return X

    def sample_posterior(self, X, n_samples, *, random_state=None):
        """The same in all draws."""
        return np.stack([X] * n_samples)


class TrueTopics(Known):
    """A model that knows the topics, and has learned its prior as `LNTMTransformer` does."""

    def fit(self, X, covariates):
        """Learn the prior of documents."""
        self.covariate_names_ = np.array([f"c{i}" for i in range(covariates.shape[1])])
        rows = Rows(X.astype(float), None, covariates)
        prior = learned(rows, Words(self.components_), np.full((rows.n, K), 1 / K), Structure("full", 1, 1.0))
        start = Normals.like(np.full((rows.n, K), 1 / K), row_sums(rows.counts))
        self.documents = documents_under(prior, rows, Words(self.components_))
        self.posteriors = improved(start, self.documents, 10)
        return self

    def sample_posterior(self, X, n_samples, *, random_state=None, covariates=None):
        """Draws of the documents of `fit`."""
        return drawn(self.posteriors, self.documents, n_samples, check_random_state(random_state))


def least_squares(covariates, theta):
    """Effects (p, K)."""
    design = np.column_stack([np.ones(len(covariates)), covariates])
    return np.linalg.lstsq(design, theta, rcond=None)[0][1:]


class Estimates(NamedTuple):
    """Topics, and effects of covariates on them, (3, K) each."""

    topics: np.ndarray
    value: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray

    @classmethod
    def ours(cls, model, X, covariates, seed):
        """By `estimate_effect`."""
        table = estimate_effect(model, X, covariates, confidence=CONFIDENCE, random_state=seed)
        columns = ("effect", "standard_error", "low", "high", "p_value")
        return cls(model.components_, *(np.asarray(table[name]).reshape(3, K) for name in columns))

    @classmethod
    def theirs(cls, corpus, seed):
        """By the port of stm."""
        from stm import StructuralTopicModel
        from stm import estimate_effect as estimate_by_stm

        model = StructuralTopicModel(K, random_state=seed).fit(corpus.X, prevalence=corpus.covariates)
        by_topic = estimate_by_stm(model, corpus.covariates, random_state=seed).summary(random_state=seed)
        value, error = (
            np.array([[by_topic[k][1 + i][name] for k in range(K)] for i in range(3)])
            for name in ("estimate", "std_error")
        )
        reach = norm.ppf((1 + CONFIDENCE) / 2) * error
        p = 2 * norm.sf(np.abs(value) / error)
        return cls(np.asarray(model.components_), value, error, value - reach, value + reach, p)


def judged(world, estimates):
    """Errors in standard errors, whether intervals hold the truth, and effects over the truth: one replicate."""
    topics, value, error, low, high, p = estimates
    truth = world.truth[:, matched(topics, world)]
    return {
        "found": align_topics(topics, world.topics).similarity.min() > FOUND,
        "held": (low <= truth) & (truth <= high),
        "errors": (value - truth) / error,
        "positive": p < 1 - CONFIDENCE,
        "products": value * truth,
        "squares": truth**2,
    }


def row(name, replicates, seconds):
    """A row of the table, of both covariates with effects, and of that without."""
    found = [r for r in replicates if r.pop("found")]
    if not found:
        print(f"{name:36} {0:8}", flush=True)
        return
    held, errors, positive, products, squares = (np.stack([r[key] for r in found]) for key in found[0])
    print(
        f"{name:36} {len(found):8} {held[:, :2].mean():8.3f} {held[:, 2].mean():8.3f} {positive[:, 2].mean():8.3f} "
        f"{products[:, :2].sum() / squares[:, :2].sum():8.3f} {np.sqrt((errors[:, :2] ** 2).mean()):8.2f} "
        f"{np.sqrt((errors[:, 2] ** 2).mean()):8.2f} {seconds:8.1f}",
        flush=True,
    )


def coverage(args):
    """The table of coverage."""
    world = World(args.common)
    n_effects = args.replicates * 2 * K
    print(f"{args.documents} documents, {args.replicates} replicates: {n_effects} effects, and half as many of 0")
    columns = ("found", "coverage", "of 0", "positive", "size", "error", "of 0", "CPU s")
    print(f"{'':36} {' '.join(f'{column:>8}' for column in columns)}")
    start = time.process_time()
    replicates = []
    for seed in range(args.replicates):
        corpus = world.documents(args.documents, 1, np.random.default_rng(seed))
        known = Estimates.ours(Known(world.topics), corpus.theta, corpus.covariates, seed)
        replicates.append(judged(world, known))
    row("true proportions", replicates, time.process_time() - start)
    for length in args.lengths:
        for name in args.fits:
            start, replicates = time.process_time(), []
            for seed in range(args.replicates):
                corpus = world.documents(args.documents, length, np.random.default_rng(seed))
                replicates.append(judged(world, estimated(name, world, corpus, seed)))
            row(f"{length} words, {FITS[name]}", replicates, time.process_time() - start)


def estimated(name, world, corpus, seed):
    """What a fit finds in documents."""
    if name == "stm":
        return Estimates.theirs(corpus, seed)
    return Estimates.ours(fitted(name, world, corpus, seed), corpus.X, corpus.covariates, seed)


def fitted(name, world, corpus, seed):
    """A model of documents."""
    if name == "true":
        return TrueTopics(world.topics).fit(corpus.X, corpus.covariates)
    if name == "chains":
        by_chains = MonteCarloLNTMTransformer(K, covariance="full", random_state=seed)
        return by_chains.fit(corpus.X, covariates=corpus.covariates)
    rounds = {"joint_iter": 60} if name == "joint" else {"em_iter": 100}
    model = LNTMTransformer(K, covariance="full", background=False, random_state=seed, **rounds)
    return model.fit(corpus.X, covariates=None if name == "without" else corpus.covariates)


def groups(args):
    """Effects of a group, and differences of plain means by group."""
    world = World(args.common)
    corpus = world.documents(args.documents, 75, np.random.default_rng(0))
    group = corpus.covariates[:, 1]
    model = LNTMTransformer(K, covariance="full", background=False, random_state=0).fit(corpus.X, covariates=group)
    table = estimate_effect(model, corpus.X, group, random_state=0)
    given = model.transform(corpus.X, covariates=group)
    plain = given[group == 1].mean(axis=0) - given[group == 0].mean(axis=0)
    print("\neffects of a group, 75 words:", np.round(np.asarray(table["effect"]), 3))
    print("differences of plain means:  ", np.round(plain, 3))


def against_stm(args):
    """Effects by `structural-topic-model`, with its own topics, on the same documents."""
    world = World(args.common)
    corpus = world.documents(args.documents, 75, np.random.default_rng(0))
    start = time.process_time()
    theirs = Estimates.theirs(corpus, 0)
    seconds = time.process_time() - start
    start = time.process_time()
    model = LNTMTransformer(K, covariance="full", background=False, random_state=0)
    ours = Estimates.ours(model.fit(corpus.X, covariates=corpus.covariates), corpus.X, corpus.covariates, 0)
    print(f"CPU seconds of fit and effects: theirs {seconds:.1f}, ours {time.process_time() - start:.1f}")
    own, other = (np.argsort(matched(found.topics, world)) for found in (ours, theirs))
    for i, name in enumerate(("number", "group", "nothing")):
        print(f"\n{name:10} {'truth':>8} {'ours':>8} {'+-':>8} {'theirs':>8} {'+-':>8}")
        for k, (a, b) in enumerate(zip(own, other, strict=True)):
            print(
                f"topic {k:4} {world.truth[i, k]:8.3f} {ours.value[i, a]:8.3f} {ours.error[i, a]:8.3f} "
                f"{theirs.value[i, b]:8.3f} {theirs.error[i, b]:8.3f}"
            )


def matched(model, world):
    """The true topic of each that a model has found."""
    pairs = align_topics(model, world.topics).pairs
    return pairs[np.argsort(pairs[:, 0]), 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--lengths", type=int, nargs="+", default=[20, 75, 300])
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--fits", nargs="+", choices=FITS, default=list(FITS)[:4])
    parser.add_argument("--common", type=float, default=0.0)
    parser.add_argument("--stm", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.stm:
        against_stm(args)
    else:
        coverage(args)
        groups(args)


if __name__ == "__main__":
    main()
