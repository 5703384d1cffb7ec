"""Fit the pipeline that the service serves, half a minute on 2 cores: docstrings of the packages installed here.

    python examples/service/train.py [topics.skops]

The label of a text is the package that it documents. This needs JAX; what serves the file does not.
"""

import sys

import numpy as np
from served import save
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_table


def main(path="topics.skops"):
    corpus = load_docstrings()
    packages = [corpus.target_names[label].partition(".")[0] for label in corpus.target]
    vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
    pipeline = Pipeline(
        [
            ("words", vectorizer),
            ("topics", LNTMTransformer(num_topics=20, random_state=0)),
            ("label", LogisticRegression(C=10, max_iter=1000)),
        ]
    )
    pipeline.fit(corpus.data, packages)
    table = topic_table(pipeline[:-1], corpus.data, sort="topic")
    save(path, pipeline, table["share"])
    for share, words in sorted(zip(table["share"], table["words"], strict=True), reverse=True):
        print(f"{share:6.1%}  {words}")
    print(f"{len(packages)} texts of {len(np.unique(packages))} packages; the model is in {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
