"""Correlations of topics and effects of covariates against those that documents are drawn with, and against a peer.

    python benchmarks/correlated.py [--documents 20000] [--topics 10] [--seeds 0 1 2] [--chains] [--peer]

Documents of 75 tokens over 1,000 words have topics whose logits correlate by three axes, and two covariates, the second
of which has no effect.  `LNTMTransformer` is fitted to their words with default parameters but for ``covariance``; its
topics are matched to the planted ones by their words.  Errors are relative, in Frobenius' norm, of logits less their
mean; "signs" is the share of the planted correlations beyond .3 in absolute value whose sign is found, "variance" that
of the planted variance.  With ``--chains``, `MonteCarloLNTMTransformer` is fitted, too.  With ``--peer``, tomotopy's
CTM is fitted to the first 1,000 documents in the same run, by 1,000 iterations on all cores, and LNTM to the same.
Leave the machine alone meanwhile.
"""

import argparse
import time
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment

from sklearn_etm import LNTMTransformer, MonteCarloLNTMTransformer

WORDS, LENGTH, AXES = 1_000, 75, 3
STRONG = 0.3
PEER_DOCUMENTS, PEER_ITERATIONS = 1_000, 1_000


class Drawn(NamedTuple):
    """Documents, and what they are drawn with."""

    X: sp.csr_array
    covariates: np.ndarray  # (n, 2)
    topics: np.ndarray  # (K, V)
    covariance: np.ndarray  # (K, K)
    effects: np.ndarray  # (2, K)


def draw(n: int, K: int, seed: int) -> Drawn:
    """Documents of the model."""
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(WORDS, 0.05), K)
    axes = 0.8 * rng.normal(size=(K, AXES))
    covariance = axes @ axes.T + 0.5 * np.eye(K)
    effects = np.stack([0.7 * rng.normal(size=K), np.zeros(K)])
    covariates = rng.normal(size=(n, 2))
    z = 0.5 * rng.normal(size=K) + covariates @ effects + rng.multivariate_normal(np.zeros(K), covariance, n)
    theta = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    rows = [rng.multinomial(m, p @ topics) for m, p in zip(1 + rng.poisson(LENGTH, n), theta, strict=True)]
    return Drawn(sp.csr_array(np.stack(rows).astype(np.float64)), covariates, topics, covariance, effects)


def centred(covariance: np.ndarray) -> np.ndarray:
    """Of logits less their mean."""
    rows = covariance - covariance.mean(axis=0)
    return rows - rows.mean(axis=1, keepdims=True)


def correlation(covariance: np.ndarray) -> np.ndarray:
    """Correlations of a covariance."""
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.outer(scale, scale)


def matched(components: np.ndarray, topics: np.ndarray) -> np.ndarray:
    """The topic that each planted one was found as."""
    distance = 0.5 * np.abs(topics[:, None] - components).sum(axis=2)
    return linear_sum_assignment(distance)[1]


def report(drawn: Drawn, found: np.ndarray, own: np.ndarray) -> str:
    """Errors of a covariance (K, K) of topics, ``own`` being those of the planted ones."""
    truth, found = centred(drawn.covariance), centred(found[np.ix_(own, own)])
    strong = (np.abs(correlation(truth)) > STRONG) & ~np.eye(len(truth), dtype=bool)
    error, size = np.linalg.norm(found - truth) / np.linalg.norm(truth), np.trace(found) / np.trace(truth)
    of_correlation = correlation(found) - correlation(truth)
    relative = np.linalg.norm(of_correlation) / np.linalg.norm(correlation(truth))
    signs = (np.sign(found) == np.sign(truth))[strong].mean()
    return f"error of covariance {error:.3f}, of correlations {relative:.3f}, signs {signs:.2f}, variance {size:.2f}"


def lntm(K: int, covariance: str, seed: int) -> LNTMTransformer:
    """LNTM whose topics are all among the planted ones."""
    return LNTMTransformer(K, covariance=covariance, background=False, random_state=seed)


def fit(drawn: Drawn, model: LNTMTransformer | MonteCarloLNTMTransformer, name: str) -> None:
    """Print how well a model finds what documents were drawn with."""
    start = time.perf_counter()
    model.fit(drawn.X, covariates=drawn.covariates)
    seconds, own = time.perf_counter() - start, matched(model.components_, drawn.topics)
    effects = drawn.effects - drawn.effects.mean(axis=1, keepdims=True)
    found = model.covariate_effects_[:, own]
    slope = (found[0] @ effects[0]) / (effects[0] @ effects[0])
    text = report(drawn, model.topic_covariance_, own)
    print(
        f"{name:10} {seconds:5.1f} s, {text}, effects x {slope:.2f}, null {np.abs(found[1]).max():.3f}",
        flush=True,
    )


def fit_peer(drawn: Drawn, K: int, seed: int) -> None:
    """Print the same of tomotopy's CTM, on few documents."""
    import tomotopy

    few = drawn._replace(X=drawn.X[:PEER_DOCUMENTS], covariates=drawn.covariates[:PEER_DOCUMENTS])
    fit(few, lntm(K, "full", seed), "full")
    model, start = tomotopy.CTModel(k=K, seed=seed), time.perf_counter()
    for a, b in zip(few.X.indptr[:-1], few.X.indptr[1:], strict=True):
        model.add_doc(np.repeat(few.X.indices[a:b], few.X.data[a:b].astype(int)).astype(str).tolist())
    model.train(PEER_ITERATIONS)
    seconds = time.perf_counter() - start
    components = np.zeros((K, WORDS))
    columns = [int(word) for word in model.used_vocabs]
    for k in range(K):
        components[k, columns] = model.get_topic_word_dist(k)
    text = report(few, model.prior_cov, matched(components, drawn.topics))
    print(f"{'tomotopy':10} {seconds:5.1f} s, {text}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--topics", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--chains", action="store_true")
    parser.add_argument("--peer", action="store_true")
    args = parser.parse_args()
    for seed in args.seeds:
        drawn = draw(args.documents, args.topics, seed)
        print(f"seed {seed}, {args.documents:,} documents, {args.topics} topics", flush=True)
        for covariance in ("full", "low_rank", "diagonal"):
            fit(drawn, lntm(args.topics, covariance, seed), covariance)
        fit(drawn, lntm(args.topics, "full", seed).set_params(joint_iter=60), "joint")
        if args.chains:
            fit(drawn, MonteCarloLNTMTransformer(args.topics, covariance="full", random_state=seed), "chains")
        if args.peer:
            fit_peer(drawn, args.topics, seed)


if __name__ == "__main__":
    main()
