"""Compare the number of topics that a grid search finds with the number that was planted.

    python benchmarks/planted_topics.py [--seeds 5] [--model lntm]

For each seed a corpus of 10 topics is drawn (LDA: 1,500 documents of 80 tokens, 500 words); `num_topics` is searched
over 2, 5, 10, 20 and 40 by the estimator's own score in 5 folds.  Printed are the scores, the best value, and the
smallest value within one standard error of the best.
"""

import argparse

import numpy as np
from sklearn.model_selection import GridSearchCV

from sklearn_etm import ETMTransformer, LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus

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
        mean = search.cv_results_["mean_test_score"]
        error = search.cv_results_["std_test_score"] / np.sqrt(5)
        best = int(np.argmax(mean))
        within = TOPICS[int(np.argmax(mean >= mean[best] - error[best]))]
        scores = "  ".join(f"{K}: {m:.4f}+-{e:.4f}" for K, m, e in zip(TOPICS, mean, error, strict=True))
        print(f"seed {seed}   best {TOPICS[best]:2}   one-standard-error {within:2}   {scores}", flush=True)


if __name__ == "__main__":
    main()
