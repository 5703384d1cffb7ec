"""
What covariates say of topics
=============================

Documents come with a source, a year, a length. What you learn: to make numbers of them, to let them speak for the
topics of a document, and to read their effects with intervals.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import OneHotEncoder, SplineTransformer

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import estimate_effect
from sklearn_etm.plotting import EffectDisplay

# %%
# Docstrings of three packages, and what they bring along: the package, and how long they are.
corpus = load_docstrings()
packages = np.array([corpus.target_names[i].split(".")[0] for i in corpus.target])
chosen = np.flatnonzero(np.isin(packages, ["numpy", "scipy", "sklearn"]))
texts = [corpus.data[i] for i in chosen]
lengths = np.log10([len(text.split()) for text in texts])
documents = pd.DataFrame({"package": packages[chosen], "log10 words": lengths})

# %%
# scikit-learn's own transformers make numbers of both: dummies of the package, a spline of the length.
design = ColumnTransformer(
    [
        ("package", OneHotEncoder(drop="first", sparse_output=False), ["package"]),
        ("length", SplineTransformer(4, degree=2, include_bias=False), ["log10 words"]),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
covariates = design.fit_transform(documents)
vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
X = vectorizer.fit_transform(texts)
model = LNTMTransformer(15, covariance="full", random_state=0).fit(X, covariates=covariates)

# %%
# How much more of a topic a document has than one of numpy, as a share of it.
options = {"feature_names": vectorizer.get_feature_names_out(), "random_state": 0}
table = estimate_effect(model, X, covariates, **options)
largest = table[table["covariate"].str.startswith("package")].sort_values("effect", key=np.abs, ascending=False)
print(largest.head(6).round(3).to_string(index=False))

# %%
# A contrast: scikit-learn less scipy.
sklearn, scipy = (design.transform(documents[:1].assign(package=name)) for name in ("sklearn", "scipy"))
contrast = {"sklearn - scipy": sklearn.to_numpy() - scipy.to_numpy()}
table = estimate_effect(model, X, covariates, contrasts=contrast, **options)
print(table.sort_values("effect").iloc[[0, 1, -2, -1]].round(3).to_string(index=False))

# %%
# Effects of scikit-learn, with intervals.
EffectDisplay.from_estimator(model, X, covariates, "package_sklearn", **options)
plt.show()

# %%
# Shares of four topics by the length of a docstring of scipy.
grid = np.linspace(1.5, 3, 30)
points = design.transform(pd.DataFrame({"package": "scipy", "log10 words": grid}))
shares = model.transform(X, covariates=covariates).mean(axis=0)
shares[model.background_topic_] = 0
EffectDisplay.from_estimator(model, X, covariates, at=points, values=grid, topics=np.argsort(-shares)[:4], **options)
plt.show()
