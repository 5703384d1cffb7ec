"""
Labels as words
===============

``fit`` ignores ``y``. Who wants labels in the topics all the same can put them beside the counts, as words of their
own. What you learn: how, and what it is worth.
"""

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.metrics import completion_perplexity

texts, labels = load_docstrings(return_X_y=True)
train, test, y_train, y_test = train_test_split(texts, labels, stratify=labels, random_state=0)
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.5, stop_words="english")
X_train, X_test = vectorizer.fit_transform(train), vectorizer.transform(test)

# %%
# A label of a training document counts for some of its tokens. Test documents have no labels: their columns are 0.
n_words, n_labels = X_train.shape[1], y_train.max() + 1
weights, accuracy, perplexity = [0, 1, 5, 20], [], []
for weight in weights:
    columns = sp.csr_array(weight * np.eye(n_labels)[y_train])
    model = LNTMTransformer(50, random_state=0).fit(sp.hstack([X_train, columns], format="csr"))

    def transform(X, model=model):
        return model.transform(sp.hstack([X, sp.csr_array((X.shape[0], n_labels))], format="csr"))

    log = FunctionTransformer(lambda theta: np.log(theta + 1e-6))
    classifier = make_pipeline(log, StandardScaler(), LogisticRegression(max_iter=1000))
    accuracy.append(classifier.fit(transform(X_train), y_train).score(transform(X_test), y_test))
    words = model.components_[:, :n_words]
    perplexity.append(completion_perplexity(transform, words / words.sum(axis=1, keepdims=True), X_test))
    print(f"{weight:2d} tokens: accuracy {accuracy[-1]:.3f}, perplexity {perplexity[-1]:.0f}")

# %%
# Labels bend topics towards what they tell apart.
figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for ax, values, name in zip(axes, (accuracy, perplexity), ("accuracy", "perplexity"), strict=True):
    ax.plot(weights, values, marker="o")
    ax.set(xlabel="tokens that a label is worth", ylabel=f"{name} of held-out texts")
plt.show()
