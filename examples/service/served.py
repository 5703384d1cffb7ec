"""A pipeline of topics, and labels where there are such, as a file that runs no code when read, and its answers."""

import os
from pathlib import Path

import numpy as np
import skops.io

import sklearn_etm
from sklearn_etm.inspection import topic_labels
from sklearn_etm.metrics import top_word_columns

MODELS = [
    sklearn_etm.LNTMTransformer,
    sklearn_etm.ETMTransformer,
    sklearn_etm.AmortizedLDATransformer,
    sklearn_etm.MonteCarloLNTMTransformer,
    sklearn_etm.ProdLDATransformer,
]
VECTORIZERS = [sklearn_etm.NamedVectorizer, sklearn_etm.PhraseVectorizer]
TRUSTED = [f"{cls.__module__}.{cls.__qualname__}" for cls in MODELS + VECTORIZERS]  # besides scikit-learn's and NumPy's
STEPS = [["words", "topics"], ["words", "topics", "label"]]


def save(path, pipeline, shares):
    """Write a fitted pipeline, and the share of all tokens of each topic.

    Its steps are "words", "topics" and, where texts have labels, "label"; a ValueError says so of others. The file
    appears under its name when it is complete: a full disk leaves the one that was there.
    """
    if list(pipeline.named_steps) not in STEPS:
        raise ValueError(
            'The steps of the pipeline must be called "words", "topics" and, if there are labels, "label"; got '
            f"{list(pipeline.named_steps)}."
        )
    path = Path(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        skops.io.dump({"pipeline": pipeline, "shares": np.asarray(shares)}, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class Served:
    """What a saved pipeline says of texts, as plain lists and dicts. It is read only: threads may share it.

    Parameters
    ----------
    path : path-like
        A file of `save`.

    Raises
    ------
    FileNotFoundError
        If there is no such file; it says how to make one.
    skops.io.exceptions.UntrustedTypesFoundException
        If the file holds an object of a type that is not in ``TRUSTED``.
    """

    def __init__(self, path):
        if not Path(path).exists():
            raise FileNotFoundError(
                f"There is no model at {Path(path).resolve()}: make one with `python train.py {path}`, "
                "or set TOPICS_MODEL to the path of another."
            )
        saved = skops.io.load(path, trusted=TRUSTED)
        pipeline = saved["pipeline"]
        self.counts_of, self.model = pipeline["words"], pipeline["topics"]
        self.classifier = pipeline.named_steps.get("label")
        self.topics_of_text = pipeline[:2]
        self.shares = saved["shares"]
        self.words = self.counts_of.get_feature_names_out()
        self.names = topic_labels(self.topics_of_text).tolist()

    def topics(self, texts, n):
        """Proportions of all topics in each text, and the ``n`` largest by name.

        A text without a known word has the mean of the prior, and says so: its ``known_tokens`` are 0.
        """
        known, proportions = self._proportions(texts)
        order = np.argsort(-proportions, axis=1, kind="stable")[:, :n]
        return [
            {
                "known_tokens": tokens,
                "proportions": row.tolist(),
                "largest": [{"topic": int(k), "name": self.names[k], "proportion": float(row[k])} for k in largest],
            }
            for tokens, row, largest in zip(known, proportions, order, strict=True)
        ]

    def labels(self, texts):
        """The most probable label of each text, and the probabilities of all."""
        known, proportions = self._proportions(texts)
        probabilities = self.classifier.predict_proba(proportions)
        labels = self.classifier.classes_.tolist()
        return [
            {
                "known_tokens": tokens,
                "label": labels[row.argmax()],
                "probabilities": dict(zip(map(str, labels), row.tolist(), strict=True)),
            }
            for tokens, row in zip(known, probabilities, strict=True)
        ]

    def topic(self, k, n_words):
        """Name, share of all tokens, and most probable words of a topic."""
        weights = self.model.components_[k]
        [columns] = top_word_columns(weights[None], n_words=min(n_words, len(weights)))
        words = [{"word": str(self.words[v]), "weight": float(weights[v])} for v in columns]
        return {"topic": k, "name": self.names[k], "share": float(self.shares[k]), "words": words}

    def _proportions(self, texts):
        counts = self.counts_of.transform(texts)
        return np.asarray(counts.sum(axis=1)).ravel().tolist(), self.model.transform(counts)
