"""
Topics and vectors before a classifier
======================================

Topics stand beside other features of a text in a pipeline. What you learn: how to put both side by side, and not to
expect topics to beat the words themselves.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings

# %%
# The label of a text is the subpackage that it documents.
texts, labels = load_docstrings(return_X_y=True)
train, test, y_train, y_test = train_test_split(texts, labels, stratify=labels, random_state=0)

# %%
# A ``TruncatedSVD`` stands in for the encoder of sentences that you have: any transformer from texts to vectors takes
# its place. A linear model reads the logarithm of proportions.
WORDS = {"token_pattern": r"\b[a-zA-Z]{3,}\b", "min_df": 5, "max_df": 0.5, "stop_words": "english"}
log = FunctionTransformer(lambda theta: np.log(theta + 1e-6))
topics = make_pipeline(CountVectorizer(**WORDS), LNTMTransformer(50, random_state=0), log)
vectors = make_pipeline(TfidfVectorizer(**WORDS, sublinear_tf=True), TruncatedSVD(100, random_state=0))
words = TfidfVectorizer(**WORDS, sublinear_tf=True)

# %%
# The same classifier behind each.
candidates = {
    "topics": make_pipeline(topics, StandardScaler(), LogisticRegression(max_iter=1000)),
    "vectors": make_pipeline(vectors, StandardScaler(), LogisticRegression(max_iter=1000)),
    "topics and vectors": make_pipeline(
        make_union(topics, vectors), StandardScaler(), LogisticRegression(max_iter=1000)
    ),
    "words (tf-idf)": make_pipeline(words, LogisticRegression(C=10, max_iter=1000)),
}
accuracy = {name: model.fit(train, y_train).score(test, y_test) for name, model in candidates.items()}

# %%
# What topics add is that they can be read, not accuracy.
figure, ax = plt.subplots(layout="constrained")
bars = ax.barh(list(accuracy), list(accuracy.values()))
ax.bar_label(bars, fmt="%.3f", padding=3)
ax.set(xlabel="accuracy on held-out texts", xlim=(0, 1))
ax.invert_yaxis()
plt.show()
