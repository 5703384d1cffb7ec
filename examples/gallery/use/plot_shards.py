"""
A corpus in parts
=================

``fit_shards`` learns from parts that need not be in memory together. What you learn: how it is called, and what a
sample in place of all documents costs.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.distributed import fit_shards, score_shards

# %%
# Four shards of drawn documents, and one to test on. In place of a matrix, a shard may be the path of one, or a
# function that returns one.
X = make_topics_corpus(5000, n_topics=12, n_features=500, doc_length=60, random_state=0).data
test = X[4000:]
shards = [X[first : first + 1000] for first in range(0, 4000, 1000)]

# %%
# Passes learn from a sample of all shards, rounds of EM from all of them.
model = LNTMTransformer(num_topics=12, random_state=0)
sizes = [250, 500, 1000, 2000, 4000]
perplexity = [np.exp(-score_shards(fit_shards(model, shards, sample_size=size), [test])) for size in sizes]

# %%
# ``map_reduce="processes"``, or a client of Dask, has the rounds done by several processes, to the same bits.
figure, ax = plt.subplots()
ax.plot(sizes, perplexity, marker="o", label="fit_shards")
ax.axhline(
    LNTMTransformer(12, random_state=0).fit(X[:4000]).perplexity(test), linestyle="--", color="grey", label="fit"
)
ax.set(xticks=sizes, xlabel="documents in the sample", ylabel="perplexity of held-out documents", ylim=(0, 150))
ax.legend()
plt.show()
