"""Fit topic models on one corpus, one process after the other, and judge them all by `sklearn_etm.metrics`.

    python benchmarks/compare.py CORPUS [--vectors FILE] [--topics 50] [--seeds 0 1 2] [--systems ...] [--documents N]
                                        [--out NAME]

CORPUS is "docstrings" (comes with the package), "raw docstrings" (the same without a list of stop words), a folder with
train_bow.npz, test_bow.npz (CSR counts), vocab.txt and, optionally, train_labels.txt and test_labels.txt, or a text
file with one document a line, "label<tab>text" where there are labels.  FILE is an .npz of word vectors with the arrays
"words" and "vectors".

Writes NAME.md (means, and the least and greatest of the seeds), NAME.json (every run, versions, machine) and NAME.png
(each measure against wall time).  Needs the group `bench`.  Leave the machine alone meanwhile.

seconds     from the start of a process to the fitted model: imports, reading the corpus and compilation included
again       a second fit in the same process, where fitting compiles
memory      greatest resident memory until the model is fitted, in MB
perplexity  of one half of each test document's tokens, topic proportions from the other half
NPMI        coherence of the top 10 words, training documents as reference
diversity   share of different words among the top 25
TD          share of words among the top 15 that are there in one topic only
stop words  share among the top 10, of texts without a list of them
purity, NMI, accuracy   test documents' largest topic, and logistic regression on log proportions, against labels
"""

import argparse
import json
import os
import platform
import resource
import shlex
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from corpora import Corpus, load
from systems import DEFAULT, OURS, SYSTEMS

MEASURES = {  # name: (digits, whether more is better)
    "seconds": (1, False),
    "again": (1, False),
    "memory": (0, False),
    "perplexity": (0, False),
    "NPMI": (3, True),
    "diversity": (3, True),
    "TD": (3, True),
    "stop words": (3, False),
    "purity": (3, True),
    "NMI": (3, True),
    "accuracy": (3, True),
}
PACKAGES = ["scikit-learn", "numpy", "scipy", "jax", "numpyro", "tomotopy", "gensim"]


def run(system: str, args: argparse.Namespace, seed: int) -> dict:
    """One system in this process, which was started for it at ``COMPARE_START``."""
    corpus = first(load(args.corpus, args.vectors), args.documents)
    fit = SYSTEMS[system]
    topics, transform, perplexity = fit(corpus.X, corpus.vocabulary, args.topics, seed, corpus.vectors)
    row = {"system": system, "seed": seed, "seconds": time.time() - float(os.environ["COMPARE_START"])}
    row["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if system in OURS:
        start = time.perf_counter()
        fit(corpus.X, corpus.vocabulary, args.topics, seed + 1, corpus.vectors)
        row["again"] = time.perf_counter() - start
    return row | judge(topics, transform, perplexity, corpus)


def first(corpus: Corpus, n: int | None) -> Corpus:
    """The corpus with its first ``n`` training documents."""
    return corpus._replace(X=corpus.X[:n], y=None if corpus.y is None else corpus.y[:n])


def judge(topics: np.ndarray, transform, perplexity, corpus: Corpus) -> dict:
    """All measures of a fitted model."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from sklearn_etm import metrics

    theta = np.asarray(transform(corpus.X_test), dtype=float)
    row = {
        "perplexity": perplexity(corpus.X_test)
        if perplexity
        else metrics.completion_perplexity(transform, topics, corpus.X_test),
        "NPMI": metrics.npmi(topics, corpus.X),
        "diversity": metrics.topic_diversity(topics),
        "TD": metrics.topic_exclusive_words(topics, n_words=15),
    }
    if corpus.stop_words is not None:
        top = corpus.vocabulary[metrics.top_word_columns(topics, n_words=10)]
        row["stop words"] = float(np.isin(top, list(corpus.stop_words)).mean())
    if corpus.y is not None:
        log_theta, log_theta_test = (np.log(t + 1e-6) for t in (np.asarray(transform(corpus.X), dtype=float), theta))
        regression = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000))  # scaled, it converges
        regression.fit(log_theta, corpus.y)
        row["purity"] = metrics.cluster_purity(corpus.y_test, theta)
        row["NMI"] = metrics.cluster_nmi(corpus.y_test, theta)
        row["accuracy"] = regression.score(log_theta_test, corpus.y_test)
    return row


def start_process(system: str, seed: int) -> dict:
    """Run this script once more for one system and one seed."""
    environment = os.environ | {"COMPARE_START": str(time.time()), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, *sys.argv, "--one", system, str(seed)]
    output = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def summary(rows: list[dict], name: str) -> str:
    """Mean of a measure and, in brackets, its least and greatest value."""
    values = [row[name] for row in rows if name in row]
    if not values:
        return ""
    digits = MEASURES[name][0]
    spread = f" ({min(values):.{digits}f}–{max(values):.{digits}f})" if len(values) > 1 else ""  # noqa: RUF001
    return f"{np.mean(values):.{digits}f}{spread}"


def table(results: dict) -> str:
    """Results as Markdown."""
    measures = [name for name in MEASURES if any(name in row for row in results["rows"])]
    lines = ["| | " + " | ".join(measures) + " |", "|---" * (len(measures) + 1) + "|"]
    for system in dict.fromkeys(row["system"] for row in results["rows"]):
        rows = [row for row in results["rows"] if row["system"] == system]
        lines.append(f"| {system} | " + " | ".join(summary(rows, name) for name in measures) + " |")
    about = results["about"]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    lines += ["", f"{about['corpus']}; {about['topics']} topics; seeds {about['seeds']}; {about['date']}."]
    lines += [f"`{about['command']}`; Python {about['python']} on {about['machine']}; {versions}."]
    return "\n".join(lines) + "\n"


def picture(results: dict, path: Path) -> None:
    """Each measure of quality against wall time, one point a run."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    quality = [name for name in list(MEASURES)[3:] if any(name in row for row in results["rows"])]
    columns = min(3, len(quality))
    figure, axes = plt.subplots(
        -(-len(quality) // columns), columns, figsize=(4 * columns, 3.3 * (-(-len(quality) // columns))), squeeze=False
    )
    colours = plt.get_cmap("tab10")
    for ax, name in zip(axes.flat, quality, strict=False):
        for i, system in enumerate(dict.fromkeys(row["system"] for row in results["rows"])):
            rows = [row for row in results["rows"] if row["system"] == system and name in row]
            marker = "o" if system in OURS else "s"
            ax.scatter(
                [r["seconds"] for r in rows], [r[name] for r in rows], color=colours(i), marker=marker, label=system
            )
        ax.set_xscale("log")
        ax.set_xticks([5, 10, 20, 50, 100], ["5", "10", "20", "50", "100"])
        ax.minorticks_off()
        ax.set_title(f"{name} ({'higher' if MEASURES[name][1] else 'lower'} is better)", fontsize=10)
        ax.set_xlabel("seconds, whole process")
        ax.grid(alpha=0.3)
    for ax in axes.flat[len(quality) :]:
        ax.axis("off")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=min(len(labels), 7), frameon=False)
    figure.suptitle(f"{results['about']['corpus']}, {results['about']['topics']} topics")
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(path, dpi=110)


def describe(args: argparse.Namespace) -> dict:
    """Everything needed to run this again, but for where files are."""
    corpus = first(load(args.corpus), args.documents)
    name = Path(args.corpus).stem
    return {
        "corpus": f"{name}: {corpus.X.shape[0]} training and {corpus.X_test.shape[0]} test documents, "
        f"{corpus.X.shape[1]} words, {corpus.X.sum() / corpus.X.shape[0]:.0f} tokens a document",
        "topics": args.topics,
        "seeds": ", ".join(map(str, args.seeds)),
        "date": time.strftime("%Y-%m-%d"),
        "command": f"python benchmarks/compare.py {shlex.quote(name)}"
        + (f" --vectors {Path(args.vectors).name}" if args.vectors else "")
        + f" --topics {args.topics} --seeds {' '.join(map(str, args.seeds))}"
        + (f" --documents {args.documents}" if args.documents else "")
        + (f" --systems {' '.join(map(repr, args.systems))}" if args.systems != DEFAULT else ""),
        "python": platform.python_version(),
        "machine": f"{platform.machine()} with {len(os.sched_getaffinity(0))} cores",
        "versions": {name: version(name) for name in PACKAGES},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--vectors")
    parser.add_argument("--topics", type=int, default=50)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), default=DEFAULT)
    parser.add_argument("--documents", type=int, help="take the first so many training documents only")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(run(args.one[0], args, int(args.one[1]))))
        return
    systems = [name for name in args.systems if args.vectors or name != "ETM, given vectors"]
    results = {"about": describe(args), "rows": []}
    for seed in args.seeds:
        for system in systems:
            results["rows"].append(start_process(system, seed))
            print(json.dumps(results["rows"][-1]), file=sys.stderr, flush=True)
    print(table(results))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.with_suffix(".md").write_text(table(results), encoding="utf-8")
        args.out.with_suffix(".json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        picture(results, args.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
