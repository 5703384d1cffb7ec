"""Topics and vectors of documents side by side before a classifier, and what labels would add to topics.

Run it with ``python examples/sentence_vectors.py``: no download, a minute or two on 2 cores. The documents are the
docstrings of the installed scientific packages, their labels the subpackages, and a ``TruncatedSVD`` stands in for the
encoder of sentences that you have: any transformer from texts to vectors takes its place.
"""

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.metrics import completion_perplexity

WORDS = {"token_pattern": r"\b[a-zA-Z]{3,}\b", "min_df": 5, "max_df": 0.5, "stop_words": "english"}
LABEL_WEIGHTS = [0, 1, 5, 20]  # tokens that the label of a training document counts for


def main(num_topics=50):
    texts, labels = load_docstrings(return_X_y=True)
    train, test, y_train, y_test = train_test_split(texts, labels, stratify=labels, random_state=0)
    print(f"{len(train):,} documents to learn from, {len(test):,} to test, {len(set(labels))} labels")

    topics = make_pipeline(CountVectorizer(**WORDS), LNTMTransformer(num_topics, random_state=0), log_proportions())
    vectors = make_pipeline(TfidfVectorizer(**WORDS, sublinear_tf=True), TruncatedSVD(100, random_state=0))
    both = make_union(topics, vectors)
    for name, features in [("topics", topics), ("vectors", vectors), ("topics and vectors", both)]:
        model = make_pipeline(clone(features), StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, y_train)
        print(f"{name:40} {model.score(test, y_test):.3f}")
    words = make_pipeline(TfidfVectorizer(**WORDS, sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))
    print(f"{'words (tf-idf)':40} {words.fit(train, y_train).score(test, y_test):.3f}")
    with_labels(train, test, y_train, y_test, num_topics)


def log_proportions():
    """What a linear model reads of proportions."""
    return FunctionTransformer(lambda theta: np.log(theta + 1e-6))


def with_labels(train, test, y_train, y_test, num_topics):
    """Topics that have seen the labels of the training documents, as words of their own."""
    vectorizer = CountVectorizer(**WORDS).fit(train)
    X_train, X_test = vectorizer.transform(train), vectorizer.transform(test)
    n_words, n_labels = X_train.shape[1], y_train.max() + 1
    for weight in LABEL_WEIGHTS:
        labels = sp.csr_array(weight * np.eye(n_labels)[y_train])
        model = LNTMTransformer(num_topics, random_state=0).fit(sp.hstack([X_train, labels], format="csr"))

        def transform(X, model=model):
            return model.transform(sp.hstack([X, sp.csr_array((X.shape[0], n_labels))], format="csr"))

        classifier = make_pipeline(log_proportions(), StandardScaler(), LogisticRegression(max_iter=1000))
        accuracy = classifier.fit(transform(X_train), y_train).score(transform(X_test), y_test)
        words = model.components_[:, :n_words]
        perplexity = completion_perplexity(transform, words / words.sum(axis=1, keepdims=True), X_test)
        print(f"{f'topics that have seen labels, {weight} tokens':40} {accuracy:.3f}, perplexity {perplexity:.0f}")


if __name__ == "__main__":
    main()
