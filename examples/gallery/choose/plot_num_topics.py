"""
Choosing the number of topics
=============================

``score`` is the log-likelihood of held-out words, and may be cross-validated. What you learn: how to search, how to
draw the search, and how to take fewer topics that do about as well.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.metrics import one_standard_error
from sklearn_etm.plotting import NumTopicsDisplay

texts = load_docstrings().data[::6]
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=3, max_df=0.2, stop_words="english")
pipeline = Pipeline([("words", vectorizer), ("topics", LNTMTransformer(random_state=0))])

# %%
# ``refit=one_standard_error()`` takes the smallest number whose score is within one standard error of the best.
search = GridSearchCV(
    pipeline,
    {"topics__num_topics": [5, 10, 20, 40, 80]},
    cv=KFold(3, shuffle=True, random_state=0),
    refit=one_standard_error(),
)
search.fit(texts)
print(search.best_params_)

# %%
# The circle is the best mean score, the square the smallest number that does about as well.
NumTopicsDisplay.from_estimator(search)
plt.show()
