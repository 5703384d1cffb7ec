"""
Has training ended?
===================

The loss of each pass tells whether more passes would help. What you learn: to read the curve, its two parts, and
the sign of a collapsed posterior.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.plotting import LossCurveDisplay

texts = load_docstrings().data[::3]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X = vectorizer.fit_transform(texts)

# %%
# ``verbose=1`` prints a line a pass.
model = LNTMTransformer(num_topics=20, max_iter=20, random_state=0, verbose=1).fit(X)

# %%
# The loss is what words cost, given their topics, and what topics cost: the divergence of a document's posterior from
# its prior, the band. If the band vanishes, all documents have the same topics. If lines still fall at the end, raise
# ``max_iter``.
LossCurveDisplay.from_estimator(model)
plt.show()
