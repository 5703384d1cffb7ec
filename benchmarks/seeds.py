"""What seeds do to topics: whether a seeded topic finds the documents of a label, and what the other topics pay.

    python benchmarks/seeds.py CORPUS [--topics 20 50] [--seeds 0 1 2] [--labels 5] [--words 10] [--strengths 0.3]

CORPUS is what `compare.py` takes, with labels. Of so many labels, spread evenly over all, the training documents' most
informative words (mutual information of label and presence, of words that the label has more often) seed a topic each.
Printed are, for fits without and with seeds,

AUC         of the share of the label's topic in test documents, for the label; mean over the labels. Without seeds the
            topic is the best of all, chosen on the test documents themselves
rank        of the seeds in their topic, 1 being its most probable word
perplexity, NPMI, TD        as in `compare.py`, of all topics
NPMI, TD of others          of the topics that have no seeds; without seeds, of all but the labels' best
"""

import argparse
import warnings

import numpy as np
from compare import judge
from corpora import Corpus, load
from scipy.special import entr
from sklearn.metrics import roc_auc_score

from sklearn_etm import AmortizedLDATransformer, ETMTransformer, LNTMTransformer, metrics

MODELS = {"lntm": LNTMTransformer, "etm": ETMTransformer, "lda": AmortizedLDATransformer}
COLUMNS = ["AUC", "rank", "perplexity", "NPMI", "TD", "NPMI of others", "TD of others"]
DIGITS = [3, 0, 0, 3, 3, 3, 3]


def informative_words(corpus: Corpus, label: int, n: int) -> list[int]:
    """Columns of the words that tell most of whether a training document has a label, and are more frequent in it."""
    present, mine = corpus.X.astype(bool).astype(float), corpus.y == label
    word, both, y = present.mean(axis=0), present[mine].sum(axis=0) / len(mine), mine.mean()
    joint = entr(np.maximum([both, word - both, y - both, 1 - word - y + both], 0.0)).sum(axis=0)
    information = entr([word, 1 - word]).sum(axis=0) + entr([y, 1 - y]).sum() - joint
    return np.argsort(-np.where(both > word * y, information, -1.0), kind="stable")[:n].tolist()


def aucs(theta: np.ndarray, is_label: np.ndarray) -> np.ndarray:
    """AUC of each topic's share for a label, (K,)."""
    return np.array([roc_auc_score(is_label, share) for share in theta.T])


def measure(model, corpus: Corpus, labels: list[int]) -> list[float]:
    """A row of the table."""
    theta, seeded = model.transform(corpus.X_test), model.seed_words is not None
    found = [aucs(theta, corpus.y_test == label) for label in labels]
    topics = [1 + i if seeded else int(auc.argmax()) for i, auc in enumerate(found)]
    others = np.delete(model.components_, topics, axis=0)
    of_all = judge(model.components_, model.transform, model.perplexity, corpus._replace(y=None))
    return [
        float(np.mean([auc[k] for auc, k in zip(found, topics, strict=True)])),
        float(np.nanmean(model.seed_rank_)) if seeded else np.nan,
        of_all["perplexity"],
        of_all["NPMI"],
        of_all["TD"],
        metrics.npmi(others, corpus.X),
        metrics.topic_exclusive_words(others, n_words=15),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--model", choices=MODELS, default="lntm")
    parser.add_argument("--topics", type=int, nargs="+", default=[20, 50])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--labels", type=int, default=5)
    parser.add_argument("--words", type=int, default=10)
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.3])
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of topics that are hardly used
    corpus = load(args.corpus)
    if corpus.y is None:
        parser.error("the corpus has no labels")
    labels = np.unique(corpus.y)
    labels = labels[np.linspace(0, len(labels) - 1, args.labels).astype(int)].tolist()
    seed_words = {f"label {label}": informative_words(corpus, label, args.words) for label in labels}
    for name, columns in seed_words.items():
        print(f"{name}: {', '.join(corpus.vocabulary[columns])}", flush=True)
    print("\n| K | seed_strength | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 2) + "|")
    settings = [("none", {})] + [(s, {"seed_words": seed_words, "seed_strength": s}) for s in args.strengths]
    for K in args.topics:
        for strength, parameters in settings:
            models = [MODELS[args.model](K, random_state=seed, **parameters).fit(corpus.X) for seed in args.seeds]
            mean = np.mean([measure(model, corpus, labels) for model in models], axis=0)
            cells = ["" if np.isnan(x) else f"{x:.{digits}f}" for x, digits in zip(mean, DIGITS, strict=True)]
            print(f"| {K} | {strength} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
