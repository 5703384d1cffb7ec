"""
Three ways to rank the words of a topic
=======================================

The most probable words of a topic may be those of many topics. What you learn: what probability, relevance and FREX
show.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import top_words
from sklearn_etm.plotting import TopicWordsDisplay

texts = load_docstrings().data[::2]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5)  # with stop words, so that rankings differ
pipeline = make_pipeline(vectorizer, LNTMTransformer(num_topics=15, background=False, random_state=0)).fit(texts)

# %%
# Probability is what the topic mostly consists of. Relevance adds how much more probable a word is here than
# elsewhere. FREX asks that it be frequent and exclusive.
for by in ["probability", "relevance", "frex"]:
    print(f"{by:12}", *top_words(pipeline, by=by, n_words=8)[3])

# %%
# Pictures rank as tables do.
TopicWordsDisplay.from_estimator(pipeline, texts, topics=[3, 4, 5], n_words=8, by="probability")
TopicWordsDisplay.from_estimator(pipeline, texts, topics=[3, 4, 5], n_words=8, by="relevance")
plt.show()
