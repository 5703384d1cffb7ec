"""
Topics that are to be about something
=====================================

``seed_words`` gives topics their first words and their names. What you learn: to say what some of the topics are to
be about, and to see whether the corpus followed.
"""

import matplotlib.pyplot as plt
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer, NamedVectorizer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_table
from sklearn_etm.plotting import TopicWordsDisplay

# %%
# Three of twelve topics.
SEEDS = {
    "fourier": ["fft", "frequency", "spectrum"],
    "optimizers": ["optimizer", "gradient", "learning"],
    "clustering": ["cluster", "clusters", "clustering", "linkage"],
}
texts = load_docstrings().data
counts = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
topics = LNTMTransformer(num_topics=12, seed_words=SEEDS, random_state=0)
model = make_pipeline(NamedVectorizer(counts), topics).set_output(transform="pandas").fit(texts)
print(topic_table(model, texts, n_words=6)[["topic", "label", "share", "words"]].to_string(index=False))

# %%
# The mean rank of the seeds in their topic: 1 is the most probable word. Where it is large, the corpus did not
# follow.
for name, rank in zip(topics.topic_names_, topics.seed_rank_, strict=True):
    if name is not None:
        print(f"{name}: {rank:.0f}")

# %%
# Names are the columns of data frames. The text that has most of each topic:
theta = model.transform(texts)
for name in SEEDS:
    print(f"{name}: {' '.join(texts[theta[name].to_numpy().argmax()].split())[:80]}")

# %%
# Seeds are a start: the texts say which other words belong to a topic.
named = [k for k, name in enumerate(topics.topic_names_) if name is not None]
TopicWordsDisplay.from_estimator(model, texts, topics=named, n_words=8)
plt.show()
