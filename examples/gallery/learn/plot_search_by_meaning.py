"""
Words and topics in one space
=============================

``ETMTransformer`` gives words and topics vectors of one space. What you learn: how to ask which words are near a
word, and which topics are near a query.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import ETMTransformer, NamedVectorizer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_labels

texts = load_docstrings().data
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")

# %%
# ``embeddings="corpus"`` learns word vectors from the counts. Yours go there, too: a dict, a file, gensim's
# KeyedVectors. ``NamedVectorizer`` hands on the words of the columns.
model = ETMTransformer(num_topics=20, embeddings="corpus", random_state=0)
pipeline = make_pipeline(NamedVectorizer(vectorizer), model).fit(texts)

# %%
# Words near a word, by the cosine of their vectors.
for word in ["noise", "eigenvalues", "random"]:
    print(word, "->", *(near for near, _ in model.nearest_words(word, n=6)))

# %%
# Topics near a query of several words.
labels = topic_labels(pipeline)
for query in ["polynomial roots", "random seed"]:
    print(query, "->", [labels[topic] for topic, _ in model.find_topics(query, n=2)])

# %%
# Some words, placed by the first two principal components of their vectors: words of a kind are near each other.
groups = [
    "filter signal frequency window",
    "eigenvalues decomposition symmetric triangular",
    "random seed generator uniform",
]
words = list(model.feature_names_in_)
vectors = model.word_embeddings_[[words.index(word) for group in groups for word in group.split()]]
places = PCA(2).fit_transform(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
figure, ax = plt.subplots()
for n, group in enumerate(groups):
    ax.scatter(*places[4 * n : 4 * n + 4].T)
    for i, word in enumerate(group.split()):
        ax.annotate(word, places[4 * n + i], xytext=(5, 5 if i % 2 else -11), textcoords="offset points")
ax.set(xticks=[], yticks=[], title="Word vectors")
ax.margins(0.2)
plt.show()
