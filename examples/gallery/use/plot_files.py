"""
What a saved model weighs
=========================

A fitted model is arrays. What you learn: how large they are, and what ``slim`` leaves out.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

import sklearn_etm
from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings

texts = load_docstrings().data[::2]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X = vectorizer.fit_transform(texts)
model = LNTMTransformer(num_topics=20, random_state=0).fit(X)

# %%
# ``slim`` leaves out what only training needs: the answers are the same, ``partial_fit`` is no more. In float32
# topics take half of the space.
variants = {
    "as fitted": model,
    "slim": model.slim(),
    "slim, float32": model.slim(dtype=np.float32),
}
megabytes = {}
with TemporaryDirectory() as folder:
    for name, variant in variants.items():
        path = Path(folder, "topics.npz")
        sklearn_etm.save(variant, path)
        megabytes[name] = path.stat().st_size / 1e6
        served = sklearn_etm.load(path)
        print(f"{name}: proportions differ by {abs(served.transform(X) - model.transform(X)).max():.1e} at most")

# %%
# The file holds topics and encoder, and no document.
figure, ax = plt.subplots(layout="constrained")
ax.bar_label(ax.barh(list(megabytes), list(megabytes.values())), fmt="%.1f", padding=3)
ax.set(xlabel=f"megabytes, 20 topics of {X.shape[1]:,} words")
ax.invert_yaxis()
ax.margins(x=0.1)
plt.show()
