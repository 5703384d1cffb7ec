"""
Are topics found that are known to be there?
============================================

Texts that are drawn from topics tell whether a model finds them. What you learn: how to align topics with a truth,
and how well a fit recovers one.
"""

import matplotlib.pyplot as plt

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.inspection import align_topics

# %%
# Eight topics over 400 words; 1,000 documents of 100 words each.
corpus = make_topics_corpus(1000, n_topics=8, n_features=400, random_state=0)
model = LNTMTransformer(num_topics=8, random_state=0).fit(corpus.data)

# %%
# The order of topics means nothing. ``align_topics`` pairs those that are most alike, one to one.
pairs = align_topics(corpus.components, model.components_)
print(pairs.similarity.round(3))

# %%
# Similarity of all planted topics to all that were found, in the order of the pairs: 1 is the same distribution.
planted, found = pairs.pairs.T
similarity = pairs.matrix[planted][:, found]
figure, ax = plt.subplots()
image = ax.imshow(similarity, vmin=0, vmax=1, cmap="Blues")
ax.set(xlabel="found", ylabel="planted", title="Similarity of topics")
figure.colorbar(image)
plt.show()
