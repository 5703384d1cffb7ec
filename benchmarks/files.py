"""What fitted models weigh on a disk, by format: 50 topics of 5,000 words, of the docstrings of installed packages.

    python benchmarks/files.py

Prints a table for `docs/persistence.md`: megabytes of each model, as fitted and slim, and the seconds that writing and
reading an ETM takes; and what becomes of plain pickles of which one bit was flipped.
"""

import pickle
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import joblib
import numpy as np
import skops.io
from sklearn.feature_extraction.text import CountVectorizer

import sklearn_etm
from sklearn_etm import AmortizedLDATransformer, ETMTransformer, LNTMTransformer, MonteCarloLNTMTransformer
from sklearn_etm.datasets import load_docstrings

N_TOPICS, N_WORDS = 50, 5000
N_FLIPS = 300
MODELS = [LNTMTransformer, ETMTransformer, AmortizedLDATransformer, MonteCarloLNTMTransformer]


def _by_pickle(model: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(model))


def _from_skops(path: Path) -> Any:
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


FORMATS: dict[str, tuple[str, Callable[[Any, Path], Any], Callable[[Path], Any]]] = {
    "pickle": (".pickle", _by_pickle, lambda path: pickle.loads(path.read_bytes())),
    "joblib": (".joblib", joblib.dump, joblib.load),
    "joblib, `compress=3`": (".z", lambda model, path: joblib.dump(model, path, compress=3), joblib.load),
    "skops": (".skops", skops.io.dump, _from_skops),
    "`.npz`": (".npz", sklearn_etm.save, sklearn_etm.load),
    "`.safetensors`": (".safetensors", sklearn_etm.save, sklearn_etm.load),
}


def main() -> None:
    warnings.simplefilter("ignore")
    texts = load_docstrings().data
    X = CountVectorizer(stop_words="english", max_features=N_WORDS).fit_transform(texts)
    fitted = [Model(N_TOPICS, max_iter=2, random_state=0).fit(X) for Model in MODELS]
    print(f"{X.shape[1]:,} words, {N_TOPICS} topics; MB as fitted, slim, slim in float32\n")
    print("| | " + " | ".join(type(model).__name__ for model in fitted) + " | write, s | read, s |")
    print("|---" * (len(fitted) + 3) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for name, (suffix, write, read) in FORMATS.items():
            path, cells = Path(folder, f"model{suffix}"), []
            for model in fitted:
                sizes = []
                for kind in (model, model.slim(), model.slim(dtype=np.float32)):
                    write(kind, path)
                    sizes.append(f"{path.stat().st_size / 1e6:.2f}")
                cells.append(", ".join(sizes))
            cells += [_seconds(write, fitted[1], path), _seconds(read, path)]
            print(f"| {name} | " + " | ".join(cells) + " |")
    for model in fitted:
        change = abs(model.slim(dtype=np.float32).transform(X[:500]) - model.transform(X[:500])).max()
        print(f"{type(model).__name__}: float32 changes proportions by at most {change:.1e}")
    flipped_bits(fitted[0], X[:500])


def flipped_bits(model: Any, X: Any) -> None:
    """Flip a bit of a pickle, and see whether it is loaded, and what it answers."""
    content, expected, rng = pickle.dumps(model), model.transform(X), np.random.default_rng(0)
    changes = []
    for position in rng.integers(0, len(content), N_FLIPS):
        flipped = bytearray(content)
        flipped[position] ^= 1 << rng.integers(8)
        try:
            changes.append(np.abs(pickle.loads(bytes(flipped)).transform(X) - expected).max())
        except Exception:
            continue
    wrong = [change for change in changes if not change < 1e-3]
    print(
        f"Of {N_FLIPS} pickles with a flipped bit {len(changes)} were loaded, and {len(wrong)} changed a proportion by "
        f"0.001 or more: by up to {max(wrong, default=0.0):.2f}"
    )


def _seconds(call: Callable[..., Any], *arguments: Any) -> str:
    taken = []
    for _ in range(5):
        begun = perf_counter()
        call(*arguments)
        taken.append(perf_counter() - begun)
    return f"{np.median(taken):.3f}"


if __name__ == "__main__":
    main()
