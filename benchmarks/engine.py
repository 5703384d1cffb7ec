"""Time and memory of the engine on synthetic counts: how they grow with words and documents, and what serving costs.

    python benchmarks/engine.py words        seconds an epoch at V = 5,000, 50,000 and 200,000, the same non-zeros
    python benchmarks/engine.py documents    seconds an epoch at 10,000 to 1,000,000 documents, and memory
    python benchmarks/engine.py serving      transform of 100,000 documents, of one, and in a fresh process
    python benchmarks/engine.py epochs CORPUS K        CPU time of an epoch on a corpus of `compare.py`
    python benchmarks/engine.py vocabularies [TEXTS]   programs that a search over min_df compiles; memory of 100 fits
    python benchmarks/engine.py cache [TEXTS]          CPU seconds of first fits and searches with a compilation cache

TEXTS is a file with a document in each line; the docstrings of the installed packages by default.  Seconds an epoch are
the difference between fits of many epochs and of one, once all is compiled.  Leave the machine alone meanwhile.
"""

import argparse
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from corpora import load
from joblib.externals.loky import get_reusable_executor
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_etm import LNTMTransformer, use_compilation_cache
from sklearn_etm.datasets import load_docstrings

WORDS_IN_DOCUMENT = 75


def synthetic_counts(n_documents: int, n_words: int, seed: int = 0) -> sp.csr_array:
    """Documents of 75 distinct words, drawn evenly: the worst case for a cache; half of the counts are 1."""
    rng = np.random.default_rng(seed)
    indices = np.empty((n_documents, WORDS_IN_DOCUMENT), dtype=np.int32)
    strata = np.linspace(0, n_words, WORDS_IN_DOCUMENT + 1).astype(int)
    for j in range(WORDS_IN_DOCUMENT):
        indices[:, j] = rng.integers(strata[j], strata[j + 1], size=n_documents)
    data = rng.geometric(0.5, size=indices.size).astype(np.float32)
    indptr = np.arange(n_documents + 1, dtype=np.int64) * WORDS_IN_DOCUMENT
    return sp.csr_array((data, indices.ravel(), indptr), shape=(n_documents, n_words))


def memory() -> float:
    """Peak resident memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def seconds_of_fit(X: sp.csr_array, K: int, epochs: int) -> float:
    """Wall time of one fit."""
    start = time.perf_counter()
    LNTMTransformer(K, max_iter=epochs, em_iter=0, random_state=0).fit(X)
    return time.perf_counter() - start


def seconds_an_epoch(X: sp.csr_array, K: int, epochs: int, repeats: int) -> float:
    """Difference of fits of ``1 + epochs`` and of one epoch, the least time of each."""
    seconds_of_fit(X, K, 1)  # compiles
    short, long = (min(seconds_of_fit(X, K, n) for _ in range(repeats)) for n in (1, 1 + epochs))
    return (long - short) / epochs


def words() -> None:
    """Epochs of 10,000 documents at three sizes of the vocabulary."""
    first = None
    for V in (5_000, 50_000, 200_000):
        seconds = seconds_an_epoch(synthetic_counts(10_000, V), 50, epochs=5, repeats=3)
        first = first or seconds
        print(f"V = {V:7,}: {seconds:6.2f} s an epoch, {seconds / first:.2f} times that of V = 5,000", flush=True)


def epochs(name: str, K: int) -> None:
    """Least of five differences of fits of 31 epochs and of one."""
    X = load(name).X

    def fit(n: int) -> float:
        start = time.process_time()
        LNTMTransformer(K, max_iter=n, em_iter=0, random_state=0).fit(X)
        return time.process_time() - start

    fit(1)  # compiles
    print(f"{name}, K = {K}: {min(fit(31) - fit(1) for _ in range(5)) / 30 * 1e3:.0f} CPU ms an epoch")


def documents() -> None:
    """Epochs at V = 20,000 and K = 100, each size in a process of its own so that memory is its own."""
    first = None
    for D in (10_000, 100_000, 1_000_000):
        command = [sys.executable, __file__, "one-size", str(D)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        seconds, counts, peak = map(float, output.split())
        first = first or seconds / D
        print(
            f"{D:9,} documents: {seconds:7.2f} s an epoch, {D / seconds:7,.0f} documents a second, "
            f"{seconds / D / first:.2f} times linear; {peak:,.0f} MB, of which {counts:,.0f} MB are the counts",
            flush=True,
        )


def one_size(n_documents: int) -> None:
    """Seconds an epoch, size of the counts and peak memory."""
    X = synthetic_counts(n_documents, 20_000)
    counts = (X.data.nbytes + X.indices.nbytes + X.indptr.nbytes) / 2**20
    epochs = max(1, 100_000 // n_documents)  # of a small corpus many, or their time drowns in that of the start
    repeats = 3 if n_documents < 1_000_000 else 1
    print(seconds_an_epoch(X, 100, epochs=epochs, repeats=repeats), counts, memory())


def serving() -> None:
    """Speed of transform next to scikit-learn's, of one document, and of a fresh process."""
    V, K = 5_000, 50
    X, X_train = synthetic_counts(100_000, V), synthetic_counts(2_000, V, seed=1)
    ours = LNTMTransformer(K, max_iter=1, em_iter=1, random_state=0).fit(X_train)
    lda = LatentDirichletAllocation(K, max_iter=1, random_state=0).fit(X_train)
    seconds = {}
    for model in (ours, lda):
        start, cpu = time.perf_counter(), time.process_time()
        model.transform(X)
        seconds[model], cpu = time.perf_counter() - start, time.process_time() - cpu
        print(f"{type(model).__name__}: 100,000 documents in {seconds[model]:.1f} s, {cpu:.1f} CPU s")
    print(f"ratio {seconds[ours] / seconds[lda]:.2f}")
    one = X[:1]
    start = time.perf_counter()
    for _ in range(200):
        ours.transform(one)
    print(f"one document: {(time.perf_counter() - start) / 200 * 1e3:.2f} ms")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pkl"
        path.write_bytes(pickle.dumps((ours, one)))
        load = f"import pickle; m, X = pickle.load(open({str(path)!r}, 'rb')); m.transform(X)"
        fresh, bare = (_process_seconds(code) for code in (load, "import sklearn.decomposition"))
    print(f"fresh process to the first transform: {fresh:.2f} s; importing scikit-learn alone: {bare:.2f} s")


def _process_seconds(code: str) -> float:
    """Least of five runs of a fresh process."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def texts_of(path: str | None) -> np.ndarray:
    """Documents, one a line of a file, or the embedded corpus."""
    return np.array(Path(path).read_text().splitlines() if path else load_docstrings().data, dtype=object)


def vocabularies(path: str | None) -> None:
    """Compilations of an ordinary grid search over a vectorizer, and growth over fits that share no vocabulary."""
    texts = texts_of(path)
    pipeline = make_pipeline(CountVectorizer(), LNTMTransformer(20, random_state=0))
    start = time.process_time()
    grid = {"countvectorizer__min_df": [2, 3, 5, 8, 10]}
    GridSearchCV(pipeline, grid, cv=3, refit=False).fit(texts)
    seconds = time.process_time() - start
    print(f"5 min_df x 3 folds: {compilations()} SVI programs, {seconds:.0f} CPU seconds", flush=True)
    rng, before = np.random.default_rng(0), compilations()
    for i in range(1, 101):
        some = rng.choice(texts, rng.integers(500, min(6000, len(texts))), replace=False)
        counts = CountVectorizer(min_df=int(rng.integers(2, 11))).fit_transform(some)
        LNTMTransformer(10 if i % 2 else 20, random_state=0).fit(counts)
        if i in (10, 50, 100):
            print(f"{i:3} fits of other documents and min_df: {resident():,.0f} MB, {compilations() - before} programs")


def compilations() -> int:
    """SVI programs that this process has compiled."""
    from sklearn_etm._engine.programs import n_compiled

    return n_compiled["svi"]


def resident() -> float:
    """Resident memory of this process now, in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def cache(path: str | None) -> None:
    """Whole processes: a first fit, then a search over three numbers of topics by three folds."""
    with tempfile.TemporaryDirectory() as folder:
        for n_jobs in (0, 1, 2):
            for used in ("none", folder, folder):
                command = [sys.executable, __file__, "one-search", path or "", used, str(n_jobs)]
                start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(command, check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                what = f"search, n_jobs={n_jobs}" if n_jobs else "first fit"
                kept = "without a cache" if used == "none" else "with"
                print(f"{what}, {kept}: {cpu:.1f} CPU s, {time.perf_counter() - start:.1f} s", flush=True)


def one_search(path: str, folder: str, n_jobs: int) -> None:
    """The work of a process of `cache`."""
    if folder != "none":
        use_compilation_cache(folder)
    X = CountVectorizer(max_features=5000, stop_words="english").fit_transform(texts_of(path or None))
    if not n_jobs:
        LNTMTransformer(50, random_state=0).fit(X)
        return
    search = GridSearchCV(LNTMTransformer(random_state=0), {"num_topics": [10, 20, 50]}, cv=3, n_jobs=n_jobs)
    search.set_params(refit=False).fit(X)
    get_reusable_executor().shutdown(wait=True)  # so that its workers' time is counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what", choices=["words", "documents", "serving", "epochs", "vocabularies", "cache", "one-size", "one-search"]
    )
    parser.add_argument("arguments", nargs="*", metavar="TEXTS")
    args = parser.parse_args()
    if args.what == "one-size":
        one_size(int(args.arguments[0]))
    elif args.what == "one-search":
        one_search(args.arguments[0], args.arguments[1], int(args.arguments[2]))
    elif args.what == "epochs":
        epochs(args.arguments[0], int(args.arguments[1]))
    elif args.what in ("vocabularies", "cache"):
        {"vocabularies": vocabularies, "cache": cache}[args.what]((args.arguments or [None])[0])
    else:
        {"words": words, "documents": documents, "serving": serving}[args.what]()


if __name__ == "__main__":
    main()
