"""
Words that come and go
======================

A topic may say the same with other words as years go by. What you learn: to tell a topic whose words drift from one
whose words stay, and to see which words they are.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer
from sklearn_etm.inspection import components_over, topic_labels
from sklearn_etm.plotting import WordDriftDisplay

# %%
# The texts are drawn, so that the truth is known. Those on music speak of vinyl first, then of cassettes, of discs
# and of streams; those on sport say the same in all years, and later years have more texts.
YEARS = np.arange(1976, 2016)
CARRIERS = {"vinyl": 1976, "cassette": 1988, "disc": 2000, "stream": 2014}  # the year of each is its best
MUSIC = ["song", "band", "guitar", "album", "singer", "concert", "record", "stage"]
SPORT = ["team", "goal", "match", "player", "league", "coach", "season", "stadium"]
BOTH = ["new", "people", "time", "world", "night", "fans"]


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


texts, years = draw_texts(3000, np.random.default_rng(0))

# %%
# The model is fitted once, and knows no years.
model = make_pipeline(CountVectorizer(), LNTMTransformer(num_topics=2, random_state=0)).fit(texts)
music = next(k for k, label in enumerate(topic_labels(model, n_words=10)) if "guitar" in label)

# %%
# How much each topic was smoothed along time. ``inf`` lets nothing drift, and is chosen where drift predicts nothing.
table, completion = components_over(model, texts, years, freq="5Y", by="drift", random_state=0)
print(table.groupby("label")["smoothing"].first().to_dict())

# %%
# Slices in which a word is beyond its interval: all words with more than two are those that do change.
beyond = table[(table["low"] > table["overall"]) | (table["high"] < table["overall"])]
print(beyond.groupby(["label", "word"], sort=False).size().to_string())

# %%
# Log-likelihood per held-out token, with the best smoothing and without drift.
print(completion.groupby("topic")["log_likelihood"].agg(["max", "first"]).to_string())

# %%
# The words that drift most, with intervals; the dashed line is the word without drift.
WordDriftDisplay.from_estimator(model, texts, years, music, freq="5Y", n_words=4, random_state=0)
plt.show()
