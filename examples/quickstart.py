"""Topics of real text, from words to a served model and a report: about two minutes on 2 cores, nothing is downloaded.

    python examples/quickstart.py

The texts are the docstrings of the scientific packages that are installed here, and the label of each is the
subpackage it documents. Everything happens in scikit-learn's own terms: the topic model is a transformer between a
`CountVectorizer` and a classifier.
"""

import pickle
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_etm import ETMTransformer, LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import report
from sklearn_etm.metrics import completion_perplexity, top_word_columns
from sklearn_etm.plotting import TopicMapDisplay


def main():
    announce("Read the docstrings of the scientific packages installed here (about 10 s)")
    texts, labels = docstrings_of_largest_subpackages(20)
    train_test = train_test_split(texts, labels, test_size=0.25, stratify=labels, random_state=0)
    walk_through(
        *train_test,
        num_topics=20,
        grid=[20, 40, 80],
        new_text="Remove the noise above 50 Hz from a recorded signal, without a delay of its phase.",
    )


def docstrings_of_largest_subpackages(n):
    corpus = load_docstrings()
    labels = np.take(corpus.target_names, corpus.target)
    sizes = Counter(label for label in labels if "." in label)
    kept = np.isin(labels, [label for label, _ in sizes.most_common(n)])
    return np.array(corpus.data, dtype=object)[kept], labels[kept]


def walk_through(texts_train, texts_test, labels_train, labels_test, *, num_topics, grid, new_text):
    """Take texts and their labels from words to a served model; `newsgroups.py` calls it too."""
    print(f"{len(texts_train)} texts to learn from, {len(texts_test)} held out, {len(set(labels_train))} labels")

    announce("Count words: those of 3 letters or more, in at least 5 texts and in at most a fifth of all")
    vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
    X_train = vectorizer.fit_transform(texts_train)
    X_test = vectorizer.transform(texts_test)
    words = vectorizer.get_feature_names_out()
    print(f"{len(words)} words, {X_train.sum()} tokens")

    announce(f"Learn {num_topics} topics with LNTMTransformer, and a classifier on top of them; JAX compiles once")
    lntm = LNTMTransformer(num_topics, random_state=0, verbose=1)
    rows = [measure(lntm, X_train, X_test, labels_train, labels_test)]
    print_topics(lntm, X_train, words)

    announce("Compare: two more topic models, the same classifier, the same measures on the held-out texts")
    for model in ETMTransformer(num_topics, random_state=0), LatentDirichletAllocation(num_topics, random_state=0):
        print(f"fitting {type(model).__name__} ...", flush=True)
        rows.append(measure(model, X_train, X_test, labels_train, labels_test))
    print_comparison(rows)

    pipeline = Pipeline(
        [
            ("words", vectorizer),
            ("topics", LNTMTransformer(random_state=0)),
            ("label", LogisticRegression(C=10, max_iter=1000)),
        ]
    )
    announce(f"Choose num_topics from {grid} by 3-fold cross-validation, from text to score")
    pipeline.set_params(**choose_num_topics(pipeline, texts_train, grid))

    announce("Fit the whole pipeline with that number, pickle it, and serve it from a new process")
    pipeline.fit(texts_train, labels_train)
    print(f"accuracy on held-out texts: {pipeline.score(texts_test, labels_test):.3f}")
    serve_from_a_new_process(pipeline, new_text)

    announce("Show the topics to people who do not run Python: a page to search, and a picture")
    show(pipeline, texts_train, labels_train)


def measure(topic_model, X_train, X_test, labels_train, labels_test):
    """Fit a topic model and a classifier on its topics; return what the comparison shows."""
    pipeline = make_pipeline(topic_model, LogisticRegression(C=10, max_iter=1000))
    begun = perf_counter()
    pipeline.fit(X_train, labels_train)
    seconds = perf_counter() - begun
    # The rows of LatentDirichletAllocation's components_ are pseudo-counts; ours sum to 1 already.
    topics = topic_model.components_ / topic_model.components_.sum(axis=1, keepdims=True)
    return {
        "topic model": type(topic_model).__name__,
        "perplexity": completion_perplexity(topic_model.transform, topics, X_test),
        "accuracy": pipeline.score(X_test, labels_test),
        "seconds": seconds,
    }


def print_topics(topic_model, X, words):
    """Print the largest topic first: its share of all tokens and its ten most probable words."""
    tokens = np.asarray(X.sum(axis=1)).ravel()
    shares = np.average(topic_model.transform(X), axis=0, weights=tokens)
    print("\ntopic  share  most probable words")
    for k in np.argsort(-shares):
        print(f"{k:5d}  {shares[k]:5.1%}  {' '.join(words[top_word_columns(topic_model.components_)[k]])}")


def print_comparison(rows):
    """Print one line a model. Perplexity: each half of a held-out text foretells the other, lower is better."""
    print(f"\n{'topic model':28}{'perplexity':>12}{'accuracy':>10}{'fit seconds':>13}")
    for row in rows:
        print("{topic model:28}{perplexity:12.1f}{accuracy:10.3f}{seconds:13.1f}".format(**row))


def choose_num_topics(pipeline, texts, grid):
    """Return the parameters that score best on texts that were not learned from."""
    # A pipeline scores with its last step. Without the classifier that is the topic model, whose score is the
    # log-likelihood of a held-out token: it asks what explains the texts best, whatever the labels.
    search = GridSearchCV(pipeline[:-1], {"topics__num_topics": grid}, cv=3, refit=False, verbose=3)
    search.fit(texts)
    print("\nnum_topics  held-out log-likelihood per token  perplexity")
    results = search.cv_results_
    for num_topics, mean, std in zip(grid, results["mean_test_score"], results["std_test_score"], strict=True):
        print(f"{num_topics:10d}  {mean:18.3f} +- {std:5.3f} nats  {np.exp(-mean):14.1f}")
    print(f"best: {search.best_params_}")
    if search.best_index_ == len(grid) - 1:
        print("That is the end of the grid: more topics may explain still more, but there are more of them to read.")
    return search.best_params_


def serve_from_a_new_process(pipeline, text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "topics.pkl")
        path.write_bytes(pickle.dumps(pipeline))
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB", flush=True)
        subprocess.run([sys.executable, Path(__file__).with_name("serve.py"), path, text], check=True)


def show(pipeline, texts, labels):
    """Write a page with the topics, their documents and their prevalence by label, and a map of them."""
    page = report(pipeline, texts, path="topics.html", groups=labels, random_state=0)
    print(f"{page.resolve()}: {page.stat().st_size / 1e6:.1f} MB, to open in a browser")
    try:
        display = TopicMapDisplay.from_estimator(pipeline, texts, n_labels=30)
    except ImportError as error:
        print(f"No picture: {error}")
        return
    display.figure_.savefig("topics.png", dpi=150)
    print(f"{Path('topics.png').resolve()}: topics near each other have similar words")


def announce(what):
    print(f"\n== {what}", flush=True)


if __name__ == "__main__":
    main()
