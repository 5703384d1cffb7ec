"""
Who writes of what
==================

Topics by author, class or date, with intervals. What you learn: how much of each topic the groups have, and how
sure that is.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topics_over
from sklearn_etm.plotting import TopicShareDisplay

corpus = load_docstrings()
packages = [corpus.target_names[i].split(".")[0] for i in corpus.target]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
pipeline = make_pipeline(vectorizer, LNTMTransformer(20, random_state=0)).fit(corpus.data)

# %%
# As a table: a row for each topic and group. Intervals are bootstrapped over documents.
table = topics_over(pipeline, corpus.data, packages, random_state=0)
print(table.sort_values("prevalence", ascending=False).head(6).to_string(index=False))

# %%
# As a picture. Dates become lines, ``freq="M"`` bins them by month.
TopicShareDisplay.from_estimator(pipeline, corpus.data, packages, random_state=0)
plt.show()
