"""
No list of stop words
=====================

Texts of some length need no list of stop words: from ten topics on, topic 0 takes what all texts say. What you
learn: what the background is, and what it spares the other topics.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import top_words

texts = load_docstrings().data[::2]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5)  # "the" and "and", too

# %%
# With a background and without, all else alike.
models = {
    name: make_pipeline(vectorizer, LNTMTransformer(num_topics=15, background=background, random_state=0)).fit(texts)
    for name, background in [("with a background", True), ("without", False)]
}
print("the background:", *top_words(models["with a background"], by="probability")[0])

# %%
# The share of stop words among the ten most probable words of each topic.
figure, ax = plt.subplots()
for name, model in models.items():
    topics = top_words(model, by="probability")
    shares = [np.mean([word in ENGLISH_STOP_WORDS for word in words]) for words in topics]
    ax.plot(sorted(shares, reverse=True), marker="o", label=f"{name}: {np.mean(shares):.0%} of all")
ax.set(xlabel="topics, sorted", ylabel="share of stop words in the top 10", ylim=(0, 1))
ax.legend()
plt.show()
