"""
Topics that go together
=======================

``covariance="full"`` learns which topics are found in the same documents. What you learn: to read
``topic_correlation_``.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_labels

texts = load_docstrings().data[::2]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
model = LNTMTransformer(num_topics=15, covariance="full", random_state=0)
pipeline = make_pipeline(vectorizer, model).fit(texts)

# %%
# The pairs that go together most, and least. The background, topic 0, goes with none.
labels, correlation = topic_labels(pipeline), model.topic_correlation_
first, second = np.triu_indices_from(correlation[1:, 1:], k=1)
values = correlation[1:, 1:][first, second]
for i in [*np.argsort(-values)[:3], *np.argsort(values)[:3]]:
    print(f"{values[i]:5.2f}  {labels[first[i] + 1]}  |  {labels[second[i] + 1]}")

# %%
# All of them.
figure, ax = plt.subplots(figsize=(8, 6), layout="constrained")
image = ax.imshow(correlation, vmin=-1, vmax=1, cmap="RdBu_r")
ax.set_yticks(range(len(labels)), labels, fontsize=8)
ax.set_xticks(range(len(labels)))
figure.colorbar(image, label="correlation")
plt.show()
