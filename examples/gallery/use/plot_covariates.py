"""
What covariates say of topics
=============================

Documents come with numbers: a year, a length, a class. What you learn: to let them speak for the topics of a
document, and to read their effects.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_labels

corpus = load_docstrings()
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X = vectorizer.fit_transform(corpus.data)

# %%
# Three covariates of each docstring: whether it is of scipy, whether of scikit-learn, and how long it is.
packages = np.array([corpus.target_names[i].split(".")[0] for i in corpus.target])
length = np.log([len(text) for text in corpus.data])
covariates = pd.DataFrame(
    {
        "scipy": (packages == "scipy").astype(float),
        "sklearn": (packages == "sklearn").astype(float),
        "length": (length - length.mean()) / length.std(),
    }
)
model = LNTMTransformer(num_topics=12, random_state=0).fit(X, covariates=covariates)

# %%
# What a unit of each adds to the logit of a topic. Rows sum to 0: more of one topic is less of others.
labels = topic_labels(model, feature_names=vectorizer.get_feature_names_out())
effects = model.covariate_effects_
figure, axes = plt.subplots(1, 3, figsize=(11, 4), sharey=True, layout="constrained")
for ax, name, effect in zip(axes, model.covariate_names_, effects, strict=True):
    ax.barh(labels, effect)
    ax.axvline(0, color="grey", linewidth=1)
    ax.set_title(name)
axes[0].tick_params(axis="y", labelsize=8)
plt.show()
