"""Make the images of plotting.md and steering.md, of docstrings of what is installed: `python docs/make_images.py`."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.plotting import (
    DocumentMapDisplay,
    LossCurveDisplay,
    NumTopicsDisplay,
    TopicHierarchyDisplay,
    TopicMapDisplay,
    TopicShareDisplay,
    TopicWordsDisplay,
)

IMAGES = Path(__file__).with_name("images")


def main() -> None:
    """Fit and draw."""
    corpus = load_docstrings()
    texts = corpus.data
    packages = [corpus.target_names[i].split(".")[0] for i in corpus.target]
    vectorizer = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
    pipeline = make_pipeline(vectorizer, LNTMTransformer(30, random_state=0)).fit(texts)
    grid = {"lntmtransformer__num_topics": [5, 10, 20, 40, 60, 80]}
    search = GridSearchCV(pipeline, grid, cv=KFold(5, shuffle=True, random_state=0), refit=False).fit(texts[::10])

    save("topic_words", TopicWordsDisplay.from_estimator(pipeline, texts, topics=[3, 8, 11, 17, 20, 25], n_words=8))
    save("loss_curve", LossCurveDisplay.from_estimator(pipeline))
    save("topic_map", TopicMapDisplay.from_estimator(pipeline, texts))
    save("topic_share", TopicShareDisplay.from_estimator(pipeline, texts, packages, random_state=0))
    save("topic_hierarchy", TopicHierarchyDisplay.from_estimator(pipeline, texts, num_topics=20))
    save("document_map", DocumentMapDisplay.from_estimator(pipeline, texts))
    save("num_topics", NumTopicsDisplay.from_estimator(search))


def save(name: str, display) -> None:
    """Write a figure, small."""
    IMAGES.mkdir(exist_ok=True)
    display.figure_.savefig(IMAGES / f"{name}.png", dpi=68, pil_kwargs={"optimize": True})
    plt.close(display.figure_)


if __name__ == "__main__":
    main()
