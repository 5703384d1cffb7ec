"""
From texts to topics
====================

Three steps, all in scikit-learn's terms: count words, find topics, look at them. What you learn: which shapes come
out, and how to read them.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_table
from sklearn_etm.plotting import TopicWordsDisplay

# %%
# A text is a docstring of a function, a class or a method. Any list of strings can stand in its place.
texts = load_docstrings().data
print(f"{len(texts)} texts, the first: {texts[0][:80]} ...")

# %%
# Words of three letters or more, in at least five texts and in at most a fifth of them, less a list of stop words.
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
pipeline = make_pipeline(vectorizer, LNTMTransformer(num_topics=20, random_state=0))
proportions = pipeline.fit_transform(texts)

# %%
# A row for each text, a column for each topic, and rows sum to 1.
print(proportions.shape, proportions.sum(axis=1).min(), proportions.sum(axis=1).max())

# %%
# The topics: how much of all tokens each one explains, and its words.
print(topic_table(pipeline, texts)[["topic", "share", "words"]].head(8).to_string(index=False))

# %%
# The same as a picture. Topics are sorted by size; topic 0 is the background, what all texts say.
TopicWordsDisplay.from_estimator(pipeline, texts, topics=range(1, 7), n_words=8)
plt.show()
