"""Corpora in shards against the same in memory: time, memory, and perplexity of documents that were held out.

    python benchmarks/scale.py [--documents 200000] [--words 20000] [--topics 100] [--shards 20] [--sample 50000]
    python benchmarks/scale.py --costs

Draws documents of 75 tokens from planted topics with words by Zipf's law, writes them as ``.npz`` shards and as one
file, and fits `LNTMTransformer` with default parameters by `fit`, by `partial_fit` of 1,000 rows a batch, and by
`fit_shards` in one process, in one process on one core, and on two workers.
Each is a process of its own.  Seconds are of reading and fitting, imports of JAX and compilation included, CPU seconds
those of all its processes; memory is the peak of the process, and of its largest worker.  A round is one of EM over all
shards, the median of all but the first, which compiles.  With ``--costs``, `fit` in
one process each on corpora of which one size is changed at a time: seconds, CPU seconds, memory beside the counts, and
how seconds and memory grow with that size, as powers of it.  Leave the machine alone meanwhile.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from joblib.externals.loky import get_reusable_executor

from sklearn_etm import LNTMTransformer
from sklearn_etm.distributed import Local, MapReduce, Processes, fit_shards

LENGTH = 75
HELD_OUT = 5_000
BATCH = 1_000  # rows of a `partial_fit`
READINGS = 2  # of all shards, before the rounds
WAYS = "fit", "partial_fit", "fit_shards", "fit_shards, one core", "fit_shards, two workers"


class Timed:
    """An engine that keeps the seconds of each of its maps."""

    def __init__(self, engine: MapReduce):
        self._engine, self.seconds = engine, []

    def map_reduce(self, *arguments):
        """As the engine does it."""
        start = time.perf_counter()
        result = self._engine.map_reduce(*arguments)
        self.seconds.append(time.perf_counter() - start)
        return result


def draw(n: int, components: np.ndarray, rng: np.random.Generator) -> sp.csr_array:
    """Documents of mixed topics, token by token."""
    K, V = components.shape
    cumulative = np.cumsum(components, axis=1)
    cumulative = cumulative / cumulative[:, -1:] + np.arange(K)[:, None]  # row k lies between k and k + 1
    theta = np.cumsum(rng.dirichlet(np.full(K, 2 / K), size=n), axis=1)
    topics = (rng.random((n, LENGTH, 1)) > theta[:, None]).sum(axis=2).clip(max=K - 1)
    places = np.searchsorted(cumulative.ravel(), topics + rng.random((n, LENGTH)), side="right")
    words = (places - topics * V).clip(max=V - 1).astype(np.int32)
    X = sp.csr_array((np.ones(words.size, np.float32), words.ravel(), np.arange(n + 1) * LENGTH), shape=(n, V))
    X.sum_duplicates()
    return X


def make(folder: Path, n: int, V: int, K: int, n_shards: int) -> None:
    """Write the shards, all of them in one, and documents that are held out."""
    rng = np.random.default_rng(0)
    frequency = 1 / (np.arange(V) + 10.0)
    components = rng.dirichlet(0.01 * V * frequency / frequency.sum(), size=K)
    shards = []
    for i, rows in enumerate(np.array_split(np.arange(n), n_shards)):
        shards.append(sp.vstack([draw(min(1000, len(rows) - j), components, rng) for j in range(0, len(rows), 1000)]))
        sp.save_npz(folder / f"shard-{i:03}.npz", shards[-1], compressed=False)
    sp.save_npz(folder / "all.npz", sp.vstack(shards), compressed=False)
    sp.save_npz(folder / "held-out.npz", draw(HELD_OUT, components, rng), compressed=False)


def fit(folder: Path, how: str, K: int, sample: int) -> None:
    """Print seconds, CPU seconds, megabytes, those of the largest worker, perplexity, and seconds of a round."""
    if "one core" in how:
        os.sched_setaffinity(0, {0})
    engine = Timed(Processes(2) if "workers" in how else Local())
    shards = sorted(folder.glob("shard-*.npz"))
    model, start = LNTMTransformer(K, random_state=0), time.perf_counter()
    if how == "fit":
        model.fit(sp.load_npz(folder / "all.npz"))
    elif how == "partial_fit":
        for shard in shards:
            X = sp.load_npz(shard)
            for i in range(0, X.shape[0], BATCH):
                model.partial_fit(X[i : i + BATCH])
    else:
        fit_shards(model, shards, sample_size=sample, map_reduce=engine)
    seconds = time.perf_counter() - start
    get_reusable_executor().shutdown()  # workers are counted when they have ended
    own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
    perplexity = model.perplexity(sp.load_npz(folder / "held-out.npz"))
    rounds = engine.seconds[READINGS + 1 :]
    a_round = np.median(rounds) if rounds else np.nan
    print(seconds, cpu, own.ru_maxrss / 1024, workers.ru_maxrss / 1024, perplexity, a_round)


def costs() -> None:
    """Print what `fit` costs as one size grows at a time."""
    usual = {"documents": 20_000, "words": 10_000, "topics": 50}
    grown = {"documents": [10_000, 40_000, 160_000], "words": [5_000, 20_000, 80_000], "topics": [20, 80, 320]}
    for what, sizes in grown.items():
        found = []
        for size in sizes:
            given = [f"--{name}={n}" for name, n in (usual | {what: size}).items()]
            with tempfile.TemporaryDirectory() as folder:
                for step in ("make", "fit"):
                    command = [sys.executable, sys.argv[0], *given, "--shards", "1", "--step", step, folder]
                    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                counts = (Path(folder) / "all.npz").stat().st_size / 2**20
            seconds, cpu, peak, *_ = map(float, output.split())
            found.append((seconds, peak))
            print(f"{size:8,} {what:10} {seconds:6.1f} s, {cpu:6.1f} CPU s, {peak - counts:5.0f} MB", flush=True)
        (less, low), (more, high) = found[-2:]
        powers = np.log([more / less, high / low]) / np.log(sizes[-1] / sizes[-2])
        print(f"from {sizes[-2]:,} to {sizes[-1]:,} {what}: seconds ^ {powers[0]:.2f}, memory ^ {powers[1]:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"documents": 200_000, "words": 20_000, "topics": 100, "shards": 20, "sample": 50_000}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)  # of a process: what, and the folder
    parser.add_argument("--costs", action="store_true")
    args = parser.parse_args()
    if args.costs:
        costs()
        return
    if args.step:
        what, folder = args.step[0], Path(args.step[1])
        if what == "make":
            make(folder, args.documents, args.words, args.topics, args.shards)
        else:
            fit(folder, what, args.topics, args.sample)
        return
    with tempfile.TemporaryDirectory() as folder:
        for what in ("make", *WAYS):
            command = [sys.executable, *sys.argv, "--step", what, folder]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            if what == "make":
                size = (Path(folder) / "all.npz").stat().st_size / 2**20
                print(f"{args.documents:,} documents, {size:.0f} MB of counts", flush=True)
            else:
                seconds, cpu, peak, worker, perplexity, a_round = map(float, output.split())
                largest = f", worker {worker:.0f} MB" if "workers" in what else ""
                print(f"{what:24} {seconds:6.1f} s, {cpu:6.1f} CPU s, {peak:.0f} MB{largest}", end=", ")
                rounds = "" if np.isnan(a_round) else f", a round {a_round:.1f} s"
                print(f"perplexity {perplexity:.1f}{rounds}", flush=True)


if __name__ == "__main__":
    main()
