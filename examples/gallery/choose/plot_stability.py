"""
Which topics are found again?
=============================

One fit is one draw. What you learn: which topics come again with other seeds, and may be relied on, and which were
luck.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_stability

texts = load_docstrings().data[::3]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")

# %%
# Four fits with seeds of their own. Topics of each two are paired one to one.
pipelines = [
    make_pipeline(vectorizer, LNTMTransformer(num_topics=20, random_state=seed)).fit(texts) for seed in range(4)
]
stability = topic_stability(pipelines)
print(f"mean similarity of pairs: {stability.overall:.2f}")

# %%
# Of each topic of the first fit, its similarity to its partners in the others: mean and lowest.
table = stability.topics.sort_values("stability")
figure, ax = plt.subplots(figsize=(7, 6), layout="constrained")
ax.hlines(table["label"], table["lowest"], table["stability"], color="grey")
ax.scatter(table["stability"], table["label"], zorder=2)
ax.set(xlabel="similarity to its partners, mean and lowest", xlim=(0, 1))
plt.show()
