"""
How sure are the topics of a document?
======================================

``MonteCarloLNTMTransformer`` samples posteriors. What you learn: that a few words say little, and how much.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_etm import MonteCarloLNTMTransformer
from sklearn_etm.datasets import make_topics_corpus

# %%
# Documents of 5 to some hundred words, drawn from four topics.
X = make_topics_corpus(400, n_topics=4, n_features=100, doc_length=200, random_state=0).data.astype(int)
rng = np.random.default_rng(0)
X.data = rng.binomial(X.data, np.repeat(rng.uniform(0.02, 1, X.shape[0]), np.diff(X.indptr)))
X.eliminate_zeros()
model = MonteCarloLNTMTransformer(num_topics=4, random_state=0).fit(X)

# %%
# Means and standard deviations of proportions.
mean, deviation = model.transform(X, return_std=True)
length = np.asarray(X.sum(axis=1)).ravel()

# %%
# The fewer the words, the less sure the topics; how unsure, differs by document.
figure, ax = plt.subplots()
ax.scatter(length, deviation.max(axis=1), s=12, alpha=0.6)
ax.set(xscale="log", xlabel="words of a document", ylabel="standard deviation of its least sure topic", ylim=(0, None))
plt.show()
