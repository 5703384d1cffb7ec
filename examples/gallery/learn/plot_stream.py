"""
Learning from a stream
======================

``partial_fit`` learns from batches that come and go. What you learn: how it is called, and how the perplexity of
held-out texts falls with each batch.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import train_test_split
from sklearn.utils import gen_batches

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings

train, test = train_test_split(load_docstrings().data, random_state=0)

# %%
# A stream needs a vocabulary that does not change: fit the vectorizer on what you have, or give it one.
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X, X_test = vectorizer.fit_transform(train), vectorizer.transform(test)

# %%
# The first batch sets up the topics. Each call is one pass over its batch.
model = LNTMTransformer(num_topics=20, random_state=0)
seen, perplexity = [], []
for batch in gen_batches(X.shape[0], 600):
    model.partial_fit(X[batch])
    seen.append(model.n_samples_seen_)
    perplexity.append(model.perplexity(X_test))

# %%
# ``fit`` on all of it goes over the documents several times, and is the mark to compare with.
whole = LNTMTransformer(num_topics=20, random_state=0).fit(X).perplexity(X_test)
figure, ax = plt.subplots()
ax.plot(seen, perplexity, marker="o", label="partial_fit, one pass a batch")
ax.axhline(whole, linestyle="--", color="grey", label="fit on all documents")
ax.set(xlabel="documents seen", ylabel="perplexity of held-out texts", ylim=(0, None))
ax.legend()
plt.show()
