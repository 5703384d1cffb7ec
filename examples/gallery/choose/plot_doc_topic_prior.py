"""
How many topics a document has
==============================

``doc_topic_prior`` says beforehand how many topics a document is spread over. What you learn: what a smaller and a
larger value do to proportions.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings

texts = load_docstrings().data[::3]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X = vectorizer.fit_transform(texts)


# %%
# The exponential of the entropy is a number of topics: 1 where a document has one, K where it has all alike.
def n_topics_of_documents(proportions):
    return np.exp(-(proportions * np.log(np.maximum(proportions, 1e-12))).sum(axis=1))


# %%
# 0.1 is the default.
figure, ax = plt.subplots()
for prior in [0.02, 0.1, 0.5, 2.0]:
    proportions = LNTMTransformer(num_topics=20, doc_topic_prior=prior, random_state=0).fit_transform(X)
    numbers = n_topics_of_documents(proportions)
    ax.hist(numbers, bins=np.linspace(1, 12, 45), histtype="step", linewidth=2, label=f"prior {prior:g}")
    print(f"doc_topic_prior={prior:g}: {numbers.mean():.1f} topics a document")
ax.set(xlabel="effective number of topics in a document", ylabel="documents")
ax.legend()
plt.show()
