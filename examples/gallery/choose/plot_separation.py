"""
What separation trades
======================

``separation`` keeps topics apart. What you learn: what it buys, coherent and different topics, and what it costs,
some perplexity.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.metrics import npmi, topic_diversity

train, test = train_test_split(load_docstrings().data[::2], random_state=0)
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X, X_test = vectorizer.fit_transform(train), vectorizer.transform(test)

# %%
# 0 is maximum likelihood alone, 1 the default.
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for separation in [0, 0.3, 1, 2]:
    model = LNTMTransformer(num_topics=20, separation=separation, random_state=0).fit(X)
    perplexity = model.perplexity(X_test)
    for ax, measure in zip(axes, (npmi(model.components_, X), topic_diversity(model.components_)), strict=True):
        ax.scatter(perplexity, measure, color="C0")
        ax.annotate(f"{separation:g}", (perplexity, measure), xytext=(5, 5), textcoords="offset points")

# %%
# Each point is a fit, named by its separation. Up and to the left is better.
axes[0].set(xlabel="perplexity of held-out texts", ylabel="coherence, NPMI")
axes[1].set(xlabel="perplexity of held-out texts", ylabel="diversity")
plt.show()
