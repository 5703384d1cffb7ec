"""Compare the number of topics that a grid search finds with the number that was planted.

    python benchmarks/planted_topics.py [--seeds 5] [--model lntm]

For each seed a corpus of 10 topics is drawn (LDA: 1,500 documents of 80 tokens, 500 words); `num_topics` is searched
over 2, 5, 10, 20 and 40 by the estimator's own score in 5 folds.  Printed are the best value, the smallest value within
one standard error of the best, and the scores with their standard deviation over folds.
"""

import argparse

import numpy as np
from sklearn.model_selection import GridSearchCV

from sklearn_etm import ETMTransformer, LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.metrics import one_standard_error

TOPICS = [2, 5, 10, 20, 40]
MODELS = {"lntm": LNTMTransformer, "etm": ETMTransformer}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--model", choices=MODELS, default="lntm")
    args = parser.parse_args()
    for seed in range(args.seeds):
        X = make_topics_corpus(1500, 10, 500, random_state=seed).data
        search = GridSearchCV(MODELS[args.model](random_state=seed), {"num_topics": TOPICS}, cv=5, refit=False).fit(X)
        results = search.cv_results_
        best, within = TOPICS[np.argmax(results["mean_test_score"])], TOPICS[one_standard_error()(results)]
        scores = "  ".join(
            f"{K}: {mean:.4f}+-{std:.4f}"
            for K, mean, std in zip(TOPICS, results["mean_test_score"], results["std_test_score"], strict=True)
        )
        print(f"seed {seed}   best {best:2}   one-standard-error {within:2}   {scores}", flush=True)


if __name__ == "__main__":
    main()
