"""
Documents on a map
==================

Documents that are about the same lie near each other. What you learn: to draw them by their topics, and to take
another layout.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.manifold import TSNE
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.plotting import DocumentMapDisplay

texts = load_docstrings().data[::6]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
pipeline = make_pipeline(vectorizer, LNTMTransformer(20, random_state=0)).fit(texts)

# %%
# By default, the first two principal components of the square roots of proportions: no chance, no parameters.
DocumentMapDisplay.from_estimator(pipeline, texts)
plt.show()

# %%
# Any other layout: here t-SNE, which shows neighbours well and distances badly.
places = TSNE(init="pca", random_state=0).fit_transform(np.sqrt(pipeline.transform(texts)))
DocumentMapDisplay.from_estimator(pipeline, texts, coordinates=places)
plt.show()
