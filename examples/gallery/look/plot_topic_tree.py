"""
Topics as a tree
================

Topics that are nearly one can be merged. What you learn: to see which, what each merge costs, and to merge them in
a fitted model.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_hierarchy
from sklearn_etm.plotting import TopicHierarchyDisplay
from sklearn_etm.steering import merge_topics

texts = load_docstrings().data[::2]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
pipeline = make_pipeline(vectorizer, LNTMTransformer(30, random_state=0)).fit(texts)

# %%
# The next merge is the one that costs least log-likelihood.
tree = topic_hierarchy(pipeline, texts)
print(tree.table.head(3).to_string(index=False))

# %%
# The height in the picture is what all merges until there have cost.
TopicHierarchyDisplay(tree).plot(num_topics=20)
plt.show()

# %%
# A new pipeline, with 15 topics and the background. Nothing is fitted again, and the words of topics that are not
# merged stay as they are.
fewer = merge_topics(pipeline, tree.cut(15), texts)
print(fewer.transform(texts[:2]).shape)
