"""Corpora that `compare.py` can be run on: counts, vocabulary and, where there are any, labels and word vectors."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from sklearn.model_selection import train_test_split

from sklearn_etm.embeddings import WordVectors, load_vectors


class Corpus(NamedTuple):
    """Training and test documents; None are labels, word vectors and stop words that a corpus does not have."""

    X: sp.csr_array
    X_test: sp.csr_array
    vocabulary: np.ndarray
    y: np.ndarray | None
    y_test: np.ndarray | None
    vectors: WordVectors | None
    stop_words: frozenset[str] | None = None  # that are among the words


def load(name: str, vectors: str | None = None) -> Corpus:
    """Load "docstrings", "raw docstrings", a folder of counts, or a file of texts; see `compare.py`."""
    if name in ("docstrings", "raw docstrings"):
        from sklearn_etm.datasets import load_docstrings

        docs = load_docstrings()
        raw = CountVectorizer(min_df=5) if name == "raw docstrings" else None
        corpus = _from_texts(docs.data, np.asarray(docs.target), raw)
        corpus = corpus._replace(stop_words=None if raw is None else ENGLISH_STOP_WORDS)
    elif Path(name).is_dir():
        corpus = _from_folder(Path(name))
    else:
        lines = [line.split("\t", 1) for line in Path(name).read_text(encoding="utf-8").splitlines() if line.strip()]
        labelled = all(len(line) == 2 for line in lines)
        labels = np.unique([line[0] for line in lines], return_inverse=True)[1] if labelled else None
        corpus = _from_texts([line[-1] for line in lines], labels)
    known = np.diff(corpus.X_test.indptr) > 0  # a document of unknown words has no topic to be right about
    y_test = None if corpus.y_test is None else corpus.y_test[known]
    return corpus._replace(X_test=corpus.X_test[known], y_test=y_test, vectors=_vectors(vectors))


def _from_texts(texts: list[str], labels: np.ndarray | None, vectorizer: CountVectorizer | None = None) -> Corpus:
    rows, rows_test = train_test_split(np.arange(len(texts)), test_size=0.2, random_state=0)
    vectorizer = vectorizer or CountVectorizer(stop_words="english", min_df=5, max_df=0.5, max_features=5000)
    X = vectorizer.fit_transform([texts[i] for i in rows])
    X_test = vectorizer.transform([texts[i] for i in rows_test])
    y, y_test = (None, None) if labels is None else (labels[rows], labels[rows_test])
    return Corpus(sp.csr_array(X), sp.csr_array(X_test), vectorizer.get_feature_names_out(), y, y_test, None)


def _from_folder(folder: Path) -> Corpus:
    def counts(name: str) -> sp.csr_array:
        return sp.csr_array(sp.load_npz(folder / name))

    def labels(name: str) -> Any:
        return np.loadtxt(folder / name).astype(int) if (folder / name).exists() else None

    vocabulary = np.array((folder / "vocab.txt").read_text(encoding="utf-8").split())
    y, y_test = labels("train_labels.txt"), labels("test_labels.txt")
    return Corpus(counts("train_bow.npz"), counts("test_bow.npz"), vocabulary, y, y_test, None)


def _vectors(path: str | None) -> WordVectors | None:
    return None if path is None else load_vectors(path)
