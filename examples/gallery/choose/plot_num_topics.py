"""
Choosing the number of topics
=============================

``score`` is the log-likelihood of held-out words, and may be cross-validated. What you learn: how to search, how to
draw the search, and how to take the fewest topics that do about as well as the best.
"""

import matplotlib.pyplot as plt
from sklearn.model_selection import GridSearchCV, KFold

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.metrics import one_standard_error
from sklearn_etm.plotting import NumTopicsDisplay

# %%
# The documents are drawn from 8 topics, so that the answer is known. With texts, put a vectorizer before the model,
# in a pipeline.
X = make_topics_corpus(1000, n_topics=8, n_features=400, doc_length=80, random_state=0).data

# %%
# ``refit=one_standard_error()`` takes the smallest number whose score is within one standard error of the best.
search = GridSearchCV(
    LNTMTransformer(background=False, random_state=0),
    {"num_topics": [2, 4, 6, 8, 12, 16]},
    cv=KFold(3, shuffle=True, random_state=0),
    refit=one_standard_error(),
)
search.fit(X)
print(search.best_params_)

# %%
# The circle is the best mean score, the square the smallest number that does about as well. Real texts have no such
# bend: more topics usually go on to explain a little more, and how many somebody wants to read is a reason, too.
NumTopicsDisplay.from_estimator(search)
plt.show()
