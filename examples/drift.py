"""Words that drift: a topic says the same with other words as years go by, and one that does not. Some seconds.

Run it with ``python examples/drift.py``; it writes drift.png, or the file that is named: ``... drift.py picture.png``.

The texts are drawn, so that the truth is known. Those on music speak of vinyl first, then of cassettes, of discs and of
streams; those on sport say the same in all years, and later years have more texts. The model knows no years.
"""

import sys

import matplotlib
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.inspection import components_over, topic_labels
from sklearn_etm.plotting import WordDriftDisplay

YEARS = np.arange(1976, 2016)
CARRIERS = {"vinyl": 1976, "cassette": 1988, "disc": 2000, "stream": 2014}  # the year of each is its best
MUSIC = ["song", "band", "guitar", "album", "singer", "concert", "record", "stage"]
SPORT = ["team", "goal", "match", "player", "league", "coach", "season", "stadium"]
BOTH = ["new", "people", "time", "world", "night", "fans"]


def main(path="drift.png"):
    matplotlib.use("agg")
    texts, years = draw_texts(3000, np.random.default_rng(0))
    model = make_pipeline(CountVectorizer(), LNTMTransformer(num_topics=2, random_state=0)).fit(texts)
    music = next(k for k, label in enumerate(topic_labels(model, n_words=10)) if "guitar" in label)

    table, completion = components_over(model, texts, years, freq="5Y", by="drift", random_state=0)
    print("How much each topic was smoothed:", table.groupby("label")["smoothing"].first().to_dict())
    beyond = table[(table["low"] > table["overall"]) | (table["high"] < table["overall"])]
    print("Slices in which a word is beyond its interval:")
    print(beyond.groupby(["label", "word"], sort=False).size().to_string())
    print("Log-likelihood per held-out token, with the best smoothing and without drift:")
    print(completion.groupby("topic")["log_likelihood"].agg(["max", "first"]).to_string())

    display = WordDriftDisplay.from_estimator(model, texts, years, music, freq="5Y", n_words=4, random_state=0)
    display.figure_.savefig(path, dpi=68)


def draw_texts(n_texts, rng):
    """Texts of 30 words, and the year of each as a string."""
    years = rng.choice(YEARS, n_texts, p=np.linspace(1, 3, len(YEARS)) / np.linspace(1, 3, len(YEARS)).sum())
    texts = []
    for year, share in zip(years, rng.beta(0.4, 0.4, n_texts), strict=True):
        nearness = np.exp(-(((year - np.array(list(CARRIERS.values()))) / 8) ** 2))
        topics = [
            (share * 0.8, [*MUSIC, *CARRIERS], [*[0.75 / len(MUSIC)] * len(MUSIC), *0.25 * nearness / nearness.sum()]),
            ((1 - share) * 0.8, SPORT, np.full(len(SPORT), 1 / len(SPORT))),
            (0.2, BOTH, np.full(len(BOTH), 1 / len(BOTH))),
        ]
        sizes = rng.multinomial(30, [size for size, _, _ in topics])
        drawn = [rng.choice(words, n, p=p) for n, (_, words, p) in zip(sizes, topics, strict=True)]
        texts.append(" ".join(np.concatenate(drawn)))
    return texts, years.astype(str)


if __name__ == "__main__":
    main(*sys.argv[1:])
