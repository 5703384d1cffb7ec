"""Bounds of the marginal likelihood of held-out documents: ELBO, IWAE and annealed importance sampling.

    python benchmarks/bounds.py CORPUS [--topics 20] [--training 2000] [--documents 200]

CORPUS as in `compare.py`.  Printed are the mean of log p(x) per document in nats, the standard error of that mean, the
mean effective sample size of 25 chains or draws, the perplexity per token and the time.
"""

import argparse
import time

import numpy as np
from corpora import load

from sklearn_etm import AmortizedLDATransformer, LNTMTransformer, MonteCarloLNTMTransformer

MODELS = {
    "LNTM": LNTMTransformer(),
    "LNTM, Monte-Carlo EM": MonteCarloLNTMTransformer(),
    "amortized LDA": AmortizedLDATransformer(),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--topics", type=int, default=20)
    parser.add_argument("--training", type=int, default=2000)
    parser.add_argument("--documents", type=int, default=200)
    args = parser.parse_args()
    corpus = load(args.corpus)
    for name, model in MODELS.items():
        model.set_params(num_topics=args.topics, random_state=0).fit(corpus.X[: args.training])
        for method in ("elbo", "iwae", "ais") if hasattr(model, "encode") else ("ais",):
            start = time.perf_counter()
            options = {"method": method} if hasattr(model, "encode") else {}
            r = model.log_marginal_likelihood(corpus.X_test[: args.documents], random_state=0, **options)
            error = np.sqrt((r.standard_error**2).sum()) / len(r.standard_error)
            print(
                f"{name:22} {method:5} {r.log_likelihood.mean():8.2f} +- {error:.3f}   "
                f"effective {r.effective_sample_size.mean():4.1f} of 25   perplexity {r.perplexity:6.0f}   "
                f"{time.perf_counter() - start:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
