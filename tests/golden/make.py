"""Write golden files: fitted models of every kind as this version saves them, with what they say of documents.

    python tests/golden/make.py

They are of the folder ``format-N``, N being the number of the format in `sklearn_etm._files.formats`, and are loaded by
``tests/test_golden.py`` in all versions to come. Files that a release has written are never written again.
"""

import gzip
import json
import pickle
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
import skops.io
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

import sklearn_etm
from sklearn_etm import (
    AmortizedLDATransformer,
    ETMTransformer,
    LNTMTransformer,
    MonteCarloLNTMTransformer,
    NamedVectorizer,
    ProdLDATransformer,
)
from sklearn_etm._files.formats import FORMAT
from sklearn_etm.datasets import make_topics_corpus
from sklearn_etm.steering import merge_topics

HERE = Path(__file__).parent
WORDS = [f"word{i:02}" for i in range(12)]
COMMON = {"num_topics": 3, "max_iter": 2, "random_state": 0}
SMALL = {**COMMON, "encoder_features": 8, "hidden_layer_sizes": (8,)}
CHAINS = {**COMMON, "num_samples": 4, "num_leapfrog_steps": 5}
IN_ALL_FORMATS = ("etm-table",)


def models(X: np.ndarray) -> dict:
    """Fitted models by name."""
    rng = np.random.default_rng(0)
    array = rng.normal(size=(len(WORDS), 3))
    table = dict(zip([*WORDS, "new"], [*array, array[0]], strict=True))
    named = {"embeddings": table, "vocabulary": WORDS}
    own_priors = {"doc_topic_prior": [0.1, 0.2, 0.3]}
    fitted = {
        name: model.fit(X)
        for name, model in {
            "lntm": LNTMTransformer(**SMALL),
            "lntm-background": LNTMTransformer(**SMALL, background=True),
            "lntm-learned-prior": LNTMTransformer(**SMALL, **own_priors, learn_prior=True),
            "lntm-poisson": LNTMTransformer(**SMALL, likelihood="poisson"),
            "lntm-random-state": LNTMTransformer(**SMALL | {"random_state": np.random.RandomState(0)}),
            "lntm-covariates": LNTMTransformer(**SMALL, covariance="full", covariate_columns=[-1]),
            "etm": ETMTransformer(**SMALL, embedding_size=3),
            "etm-low-rank": ETMTransformer(**SMALL, embedding_size=3, covariance="low_rank", rank=1, background=True),
            "etm-array": ETMTransformer(**SMALL, embeddings=array, vocabulary=np.array(WORDS), center_embeddings=True),
            "etm-corpus": ETMTransformer(**SMALL, embeddings="corpus", embedding_size=3),
            "etm-fixed": ETMTransformer(**SMALL, **named, train_embeddings=False, normalize_embeddings=True),
            "etm-table": ETMTransformer(**SMALL, **named),
            "lda": AmortizedLDATransformer(**SMALL),
            "lda-dirichlet": AmortizedLDATransformer(**SMALL, doc_topic_family="dirichlet", learn_prior=True),
            "monte-carlo": MonteCarloLNTMTransformer(**CHAINS),
            "monte-carlo-covariates": MonteCarloLNTMTransformer(**CHAINS, covariance="full", covariate_columns=[-1]),
            "monte-carlo-poisson": MonteCarloLNTMTransformer(**CHAINS, likelihood="poisson", learn_prior=False),
            "prodlda": ProdLDATransformer(**SMALL),
        }.items()
    }
    fitted["lntm-stream"] = LNTMTransformer(**SMALL).partial_fit(X).partial_fit(X[::2])
    fitted["lntm-merged"] = merge_topics(fitted["lntm"], [[0, 2]])
    fitted["lntm-slim"] = fitted["lntm"].slim()
    fitted["etm-slim-single"] = fitted["etm-table"].slim(dtype=np.float32)
    fitted["etm-extended"] = fitted["etm-table"].extend_vocabulary(["new"])
    fitted["named-pipeline"] = make_pipeline(
        NamedVectorizer(CountVectorizer()), ETMTransformer(**SMALL, embeddings=table)
    ).fit(texts(X))
    fitted["seeded-pipeline"] = make_pipeline(
        NamedVectorizer(CountVectorizer()), LNTMTransformer(**SMALL, seed_words={"first": [WORDS[7]]})
    ).fit(texts(X))
    return fitted


def texts(X: np.ndarray) -> list[str]:
    """Texts with these counts."""
    return [" ".join(np.repeat(WORDS, row)) for row in X.astype(int)]


def documents(name: str, X: np.ndarray):
    """What a model takes as documents of these counts."""
    if name.endswith("-pipeline"):
        return texts(X)
    return np.pad(X, ((0, 0), (0, 1))) if name == "etm-extended" else X


def main() -> None:
    folder = HERE / f"format-{FORMAT}"
    about = folder / "about.json"
    if about.exists() and "dev" not in (version := json.loads(about.read_text())["version"]):
        sys.exit(
            f"{folder.name} was written by the release {version}, whose files must be loaded for ever: it stays. What "
            "is saved has changed if you need others: add 1 to FORMAT, and a function to MIGRATIONS."
        )
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    corpus = make_topics_corpus(n_samples=30, n_topics=3, n_features=len(WORDS), doc_length=20, random_state=0)
    X = corpus.data.toarray()
    expected, scores = {"X": X}, {}
    for name, model in models(X).items():
        documents_ = documents(name, X)
        (folder / f"{name}.pickle.gz").write_bytes(gzip.compress(pickle.dumps(model, protocol=4), mtime=0))
        expected[name], scores[name] = model.transform(documents_), model.score(documents_)
        if name in IN_ALL_FORMATS:
            sklearn_etm.save(model, folder / f"{name}.npz")
            sklearn_etm.save(model, folder / f"{name}.safetensors")
            skops.io.dump(model, folder / f"{name}.skops", compression=zipfile.ZIP_DEFLATED)
            joblib.dump(model, folder / f"{name}.joblib", compress=3)
    np.savez_compressed(folder / "expected.npz", **expected)
    about.write_text(json.dumps({"version": sklearn_etm.__version__, "scores": scores}, indent=1) + "\n")
    sizes = [file.stat().st_size for file in folder.iterdir()]
    print(f"{len(sizes)} files, {sum(sizes) / 1000:.0f} KB in {folder}")


if __name__ == "__main__":
    main()
