"""Words that training has not seen: a share of the vocabulary is hidden, then `extend_vocabulary` brings it back.

    python benchmarks/new_words.py CORPUS --vectors glove50.npz [--topics 50] [--hidden 0.2] [--seeds 0 1 2]

CORPUS as in `compare.py`, with labels.  Hidden words are drawn from those that have a vector.  Printed are, for test
documents:

- the perplexity of their hidden words' tokens among all hidden words, given the topic proportions inferred from their
  other words, by topics whose frequencies of new words are predicted, and by topics that are told them; next to the
  unigram baseline, which is told them too;
- the accuracy of a classifier of topic proportions, trained on training documents without the hidden words, where the
  test documents are read without them and with them.
"""

import argparse

import numpy as np
import scipy.sparse as sp
from corpora import load
from sklearn.linear_model import LogisticRegression

from sklearn_etm import ETMTransformer

MODELS = {
    "vectors given, kept": lambda vectors: {"embeddings": vectors, "train_embeddings": False},
    "vectors given": lambda vectors: {"embeddings": vectors},
    "vectors learned": lambda vectors: {},
}


def hidden_perplexity(theta, topics, X):
    """Perplexity of tokens among the words of the columns of ``X``."""
    probability = theta @ topics
    d, v = X.nonzero()
    return np.exp(-(X[d, v] @ np.log(probability[d, v] / probability[d].sum(axis=1))) / X.sum())


def measure(corpus, seed, share, parameters, K):
    """Figures of one model on one draw of hidden words."""
    words = corpus.vocabulary
    known = [i for i, word in enumerate(words) if word in corpus.vectors]
    hidden = np.random.default_rng(seed).choice(known, int(share * len(words)), replace=False)
    seen = np.setdiff1d(np.arange(len(words)), hidden)
    X, X_test = sp.csr_array(corpus.X), sp.csr_array(corpus.X_test)
    model = ETMTransformer(K, vocabulary=words[seen], random_state=seed, **parameters(corpus.vectors)).fit(X[:, seen])
    counts = X.sum(axis=0)
    frequencies = (counts[hidden] + 0.5) / (counts[seen] + 0.5).sum()
    extended = model.extend_vocabulary(words[hidden], corpus.vectors)
    told = model.extend_vocabulary(words[hidden], corpus.vectors, frequencies=frequencies)

    classifier = LogisticRegression(C=10, max_iter=1000).fit(np.log(model.transform(X[:, seen]) + 1e-6), corpus.y)
    theta = model.transform(X_test[:, seen])
    theta_extended = extended.transform(X_test[:, np.concatenate([seen, hidden])])
    rows = np.flatnonzero((X_test[:, seen].sum(axis=1) > 0) & (X_test[:, hidden].sum(axis=1) > 0))
    tokens = sp.csr_array(X_test[rows][:, hidden])
    unigram = np.tile(frequencies / frequencies.sum(), (1, 1))
    return {
        "unigram": hidden_perplexity(np.ones((len(rows), 1)), unigram, tokens),
        "predicted": hidden_perplexity(theta[rows], extended.components_[:, len(seen) :], tokens),
        "told": hidden_perplexity(theta[rows], told.components_[:, len(seen) :], tokens),
        "accuracy": classifier.score(np.log(theta + 1e-6), corpus.y_test),
        "accuracy extended": classifier.score(np.log(theta_extended + 1e-6), corpus.y_test),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--topics", type=int, default=50)
    parser.add_argument("--hidden", type=float, default=0.2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args = parser.parse_args()
    corpus = load(args.corpus, args.vectors)
    for name, parameters in MODELS.items():
        runs = [measure(corpus, seed, args.hidden, parameters, args.topics) for seed in args.seeds]
        figures = {key: np.array([run[key] for run in runs]) for key in runs[0]}
        print(
            f"{name:20}",
            *(f"{k} {v.mean():.4g} ({v.min():.4g}-{v.max():.4g})" for k, v in figures.items()),
            sep="   ",
            flush=True,
        )


if __name__ == "__main__":
    main()
