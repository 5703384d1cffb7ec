"""
Models side by side
===================

One corpus, four models, one judge. What you learn: to measure any topic model, scikit-learn's own included, by the
same functions, on documents that none of them has seen.
"""

import matplotlib.pyplot as plt
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split

from sklearn_etm import AmortizedLDATransformer, ETMTransformer, LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.metrics import completion_perplexity, npmi, topic_diversity

train, test = train_test_split(load_docstrings().data[::2], random_state=0)
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X, X_test = vectorizer.fit_transform(train), vectorizer.transform(test)

# %%
# All with 20 topics, one seed, and their defaults. One seed is one draw: figures to publish need several.
models = [
    Model(20, random_state=0)
    for Model in (LNTMTransformer, ETMTransformer, AmortizedLDATransformer, LatentDirichletAllocation)
]
results = {"perplexity, lower is better": [], "NPMI, higher is better": [], "diversity, higher is better": []}
for model in models:
    model.fit(X)
    topics = model.components_ / model.components_.sum(axis=1, keepdims=True)  # those of scikit-learn are counts
    figures = completion_perplexity(model.transform, topics, X_test), npmi(topics, X_test), topic_diversity(topics)
    for values, figure in zip(results.values(), figures, strict=True):
        values.append(figure)

# %%
# Three questions: are held-out words foretold, do the words of a topic belong together, do topics differ?
names = ["LNTM", "ETM", "amortized LDA", "scikit-learn LDA"]
figure, axes = plt.subplots(1, 3, figsize=(11, 3.5), sharey=True, layout="constrained")
for ax, (measure, values) in zip(axes, results.items(), strict=True):
    ax.barh(names, values)
    ax.set_title(measure, fontsize=10)
    ax.bar_label(ax.containers[0], fmt="%.3g", padding=2)
    ax.margins(x=0.2)
axes[0].invert_yaxis()
plt.show()
