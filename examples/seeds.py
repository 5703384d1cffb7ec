"""Topics that are to be about something: seeds give three of twelve topics their first words and their names. A minute.

Run it with ``python examples/seeds.py``. The texts are the docstrings of the scientific packages that are installed.
"""

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer, NamedVectorizer
from sklearn_etm.datasets import load_docstrings
from sklearn_etm.inspection import topic_table

SEEDS = {
    "fourier": ["fft", "frequency", "spectrum"],
    "optimizers": ["optimizer", "gradient", "learning"],
    "clustering": ["cluster", "clusters", "clustering", "linkage"],
}


def main():
    texts = load_docstrings().data
    counts = CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", min_df=5, max_df=0.2, stop_words="english")
    topics = LNTMTransformer(num_topics=12, seed_words=SEEDS, random_state=0)
    model = make_pipeline(NamedVectorizer(counts), topics).set_output(transform="pandas").fit(texts)
    print(topic_table(model, texts, n_words=6)[["topic", "label", "share", "words"]].to_string(index=False))
    print("\nMean rank of the seeds in their topic:")
    for name, rank in zip(topics.topic_names_, topics.seed_rank_, strict=True):
        if name is not None:
            print(f"{name}: {rank:.0f}")
    theta = model.transform(texts)
    for name in SEEDS:
        print(f"\nMost of {name!r}: {' '.join(texts[theta[name].to_numpy().argmax()].split())[:100]}")


if __name__ == "__main__":
    main()
