"""What a document brings along and what it is about: effects of covariates on topics, in less than a minute.

Run it with ``python examples/effects.py``; it writes effects.png, or the file that is named: ``... effects.py it.png``.

The texts are the docstrings of the scientific packages that are installed here. Covariates are the package, and how
long the docstring is, by a spline: scikit-learn's own transformers make numbers of both.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import OneHotEncoder, SplineTransformer

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import estimate_effect
from sklearn_etm.plotting import EffectDisplay

PACKAGES = ["numpy", "scipy", "sklearn"]


def main(path="effects.png"):
    matplotlib.use("agg")
    texts, documents = docstrings()
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
    names = vectorizer.get_feature_names_out()
    model = LNTMTransformer(15, covariance="full", random_state=0).fit(X, covariates=covariates)

    print(f"\nEffects on topics of {len(texts)} docstrings: shares of a document more than in one of numpy\n")
    table = estimate_effect(model, X, covariates, feature_names=names, random_state=0)
    largest = table[table["covariate"].str.startswith("package")].sort_values("effect", key=np.abs, ascending=False)
    print(largest.head(12).round(3).to_string(index=False))

    print("\nscikit-learn less scipy: a contrast\n")
    sklearn, scipy = (design.transform(documents[:1].assign(package=name)) for name in ("sklearn", "scipy"))
    contrast = {"sklearn - scipy": sklearn.to_numpy() - scipy.to_numpy()}
    table = estimate_effect(model, X, covariates, contrasts=contrast, feature_names=names, random_state=0)
    print(table.sort_values("effect").iloc[[0, 1, 2, -3, -2, -1]].round(3).to_string(index=False))

    draw(model, X, covariates, design, names, path)
    print(f"\n{Path(path).resolve()}: effects of a package, and topics by the length of a docstring of scipy")


def docstrings():
    """Texts, and a table of what they bring along."""
    corpus = load_docstrings()
    packages = np.array([corpus.target_names[i].split(".")[0] for i in corpus.target])
    chosen = np.flatnonzero(np.isin(packages, PACKAGES))
    texts = [corpus.data[i] for i in chosen]
    lengths = np.log10([len(text.split()) for text in texts])
    return texts, pd.DataFrame({"package": packages[chosen], "log10 words": lengths})


def draw(model, X, covariates, design, names, path):
    """Effects of scikit-learn on the left, curves of four topics on the right."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(12, 4.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.1, 1])
    options = {"feature_names": names, "random_state": 0}
    EffectDisplay.from_estimator(model, X, covariates, "package_sklearn", ax=left.subplots(), **options)
    lengths = np.linspace(1.5, 3, 30)
    points = design.transform(pd.DataFrame({"package": "scipy", "log10 words": lengths}))
    shares = model.transform(X, covariates).mean(axis=0)
    shares[model.background_topic_] = 0
    largest = np.argsort(-shares)[:4]
    panels = right.subplots(2, 2)
    EffectDisplay.from_estimator(model, X, covariates, at=points, values=lengths, topics=largest, ax=panels, **options)
    right.supxlabel("log10 of the words", size="medium")
    figure.savefig(path, dpi=68)


if __name__ == "__main__":
    main(*sys.argv[1:])
