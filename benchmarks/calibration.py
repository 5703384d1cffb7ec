"""Simulation-based calibration (Talts et al., 2018) of the posteriors of topic proportions.

    python benchmarks/calibration.py [--documents 2000]

Proportions and documents are drawn from a fitted model; the rank of a true proportion among 99 draws of its posterior
is uniform when the posterior is right.  Printed per model: the mean rank and the share of ranks in the outer tenths,
over 100 (right: 0.5 and 0.2), and the Kolmogorov-Smirnov distance from uniform; small error of a mean: 0.007.
"""

import argparse

import numpy as np
from scipy.special import softmax
from scipy.stats import kstest

from sklearn_etm import LNTMTransformer, MonteCarloLNTMTransformer
from sklearn_etm.datasets import make_topics_corpus

MODELS = {
    "Monte-Carlo EM": MonteCarloLNTMTransformer(5, doc_topic_prior=0.5, random_state=0),
    "variational": LNTMTransformer(5, doc_topic_prior=0.5, em_iter=0, separation=0.0, random_state=0),
    "variational, then EM": LNTMTransformer(5, doc_topic_prior=0.5, separation=0.0, random_state=0),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    args = parser.parse_args()
    X = make_topics_corpus(2000, 5, 200, doc_length=50, doc_topic_prior=0.5, random_state=0).data
    for name, model in MODELS.items():
        model.fit(X)
        rng = np.random.default_rng(0)
        z = rng.standard_normal((args.documents, 5)) * model.doc_topic_prior_scale_ + model.doc_topic_prior_mean_
        theta = softmax(z, axis=1)
        words = model.inverse_transform(theta)
        documents = np.stack([rng.multinomial(50, p / p.sum()) for p in words]).astype(float)
        draws = model.sample_posterior(documents, 4 * 99, random_state=0)[::4]
        ranks = ((draws < theta).sum(axis=0) + rng.random(theta.shape)) / 100
        outer = ((ranks < 0.1) | (ranks > 0.9)).mean()
        distance = kstest(ranks[:, 0], "uniform").statistic
        print(f"{name:22} mean {ranks.mean():.3f}   outer {outer:.3f}   distance {distance:.3f}")


if __name__ == "__main__":
    main()
