"""
Topics on a map
===============

Topics with similar words lie near each other. What you learn: to see which topics belong together, and how large
each is.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.plotting import TopicMapDisplay

texts = load_docstrings().data
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
pipeline = make_pipeline(vectorizer, LNTMTransformer(30, random_state=0)).fit(texts)

# %%
# Areas are shares of all tokens. Two dimensions cannot hold all distances: topics may be farther apart than on the
# map, but not nearer.
display = TopicMapDisplay.from_estimator(pipeline, texts)
plt.show()

# %%
# What was computed stays in the display.
print(display.positions[:3].round(3))
