"""
Which topic each word comes from
================================

A document has several topics, and each of its words comes from one of them. What you learn: to see which.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import word_topics

texts = load_docstrings().data
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
pipeline = make_pipeline(vectorizer, LNTMTransformer(20, random_state=0)).fit(texts)

# %%
# The posterior of each word, given the topics of the whole text.
text = "Draw random samples from the posterior distribution, and plot the power spectrum of the filtered signal."
table = word_topics(pipeline, text)
print(table[["word", "label", "probability"]].to_string(index=False))

# %%
# The text, in the colours of its topics. ``inspection.report`` does the same for all documents, in a page for a
# browser.
topics = list(dict.fromkeys(table["topic"]))
colours = {word: f"C{topics.index(topic)}" for word, topic in zip(table["word"], table["topic"], strict=True)}
figure, ax = plt.subplots(figsize=(9, 2.4))
ax.axis("off")
x, y = 0.0, 0.9
for word in text.split():
    size = 0.013 * (len(word) + 1)
    if x + size > 1:
        x, y = 0.0, y - 0.22
    ax.text(x, y, word, color=colours.get(word.lower().strip(",."), "grey"), family="monospace", fontsize=11)
    x += size
for n, topic in enumerate(topics):
    label = table.loc[table["topic"] == topic, "label"].iloc[0]
    ax.text(0, 0.2 - 0.16 * n, label, color=f"C{n}", fontsize=9)
plt.show()
