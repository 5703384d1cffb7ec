"""Compare the number of topics that grid searches pick, and what the pick is worth.

    python benchmarks/num_topics.py TEXTS [--documents 2000] [--topics 2 5 10 20 40]

TEXTS is a file of one document a line.  `LatentDirichletAllocation` and `LNTMTransformer` each choose `num_topics` by
their own `score` in a 3-fold grid search over the first documents; both choices are then judged by the same measure,
the document-completion perplexity on the next 1,000 documents, together with every other value.
"""

import argparse
from pathlib import Path

from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV

from sklearn_etm import LNTMTransformer
from sklearn_etm.metrics import completion_perplexity


def choose(model, parameter, values, X):
    """Fit a grid search and print its table of scores."""
    search = GridSearchCV(model, {parameter: values}, cv=3).fit(X)
    name = type(model).__name__
    for value, mean, std in zip(
        values, search.cv_results_["mean_test_score"], search.cv_results_["std_test_score"], strict=True
    ):
        print(f"{name:28} {value:3} topics   score {mean:14.4f} +- {std:.4f}")
    print(f"{name:28} picks {search.best_params_[parameter]}\n", flush=True)
    return search.best_params_[parameter]


def judged(model, X, X_test):
    """Document-completion perplexity of a model fitted on X."""
    model.fit(X)
    topics = model.components_ / model.components_.sum(axis=1, keepdims=True)
    return completion_perplexity(model.transform, topics, X_test)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--topics", type=int, nargs="+", default=[2, 5, 10, 20, 40])
    args = parser.parse_args()
    texts = args.texts.read_text(encoding="utf-8").splitlines()
    vectorizer = CountVectorizer(stop_words="english", min_df=3).fit(texts[: args.documents])
    X = vectorizer.transform(texts[: args.documents])
    X_test = vectorizer.transform(texts[args.documents : args.documents + 1000])
    print(f"{X.shape[0]} documents, {X.shape[1]} words, {X.sum() / X.shape[0]:.1f} tokens a document\n")
    picks = {
        "LatentDirichletAllocation": choose(LatentDirichletAllocation(random_state=0), "n_components", args.topics, X),
        "LNTMTransformer": choose(LNTMTransformer(random_state=0), "num_topics", args.topics, X),
    }
    print("document-completion perplexity on unseen documents, of a fit to all of these:")
    for K in args.topics:
        lda = judged(LatentDirichletAllocation(K, random_state=0), X, X_test)
        lntm = judged(LNTMTransformer(K, random_state=0), X, X_test)
        marks = [f"<- {name}'s pick" for name, pick in picks.items() if pick == K]
        print(f"{K:3} topics   LatentDirichletAllocation {lda:8.1f}   LNTMTransformer {lntm:8.1f}   {' '.join(marks)}")


if __name__ == "__main__":
    main()
