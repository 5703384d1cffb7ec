"""A fitted model as one HTML page, for those who will not run Python."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from importlib import resources
from numbers import Integral
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import _num_samples

from .. import metrics
from .._files.whole import replacing
from .._inputs.documents import Corpus, documents_of, excerpt, index_of, labels_of_rows, texts_of
from .._inputs.texts import check_documents, printable
from .._inputs.topics import topics_of
from .._inputs.vectorizer import check_same_order
from ._documents import representative_documents
from ._groups import Members, Prevalence, members_of
from ._hierarchy import hierarchy_of
from ._similarity import topic_map
from ._topic_table import topic_table
from ._word_topics import topics_in_texts
from ._words import leading, relevance

EXCERPT_LENGTH = 300  # characters
MAX_GROUPS = 100
CONFIDENCE, N_BOOTSTRAP = 0.95, 1000  # of the intervals of groups
MAX_LOSSES = 500
MAIN_TOPICS = 3  # that are told of a document
MAIN_WORDS = 10  # of a document without text
LEAST_IN_TREE = 3  # topics
TREE_WORDS = 5  # of a group of topics
_UNSAFE_IN_SCRIPT = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


@np.errstate(under="ignore")
def report(
    model: Any,
    X: Any,
    texts: Any = None,
    *,
    path: str | os.PathLike[str] = "topics.html",
    groups: Any = None,
    freq: str | None = None,
    title: str | None = None,
    n_words: int = 10,
    n_documents: int = 3,
    n_searchable: int = 2000,
    covariates: Any = None,
    feature_names: Any = None,
    random_state: Any = None,
) -> Path:
    """Write what a fitted model has found as one HTML page, to read, search, print and send.

    The page needs nothing but a browser: no network, no library, no server. It shows a map of the topics, and of
    each its size, coherence, words, the documents that stand for it, and its prevalence by group; a search box filters
    topics and documents. A tree, which folds, tells which topics are nearly one.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    texts : sequence of str, optional
        The text of each row of ``X``; by default ``X`` itself, if it is texts. Without any, documents are shown with
        their main words by tf-idf.
    path : str or path, default="topics.html"
        Where to write. Its folder must exist; a file that is there is replaced once the page is complete.
    groups : sequence of length n_samples, optional
        The group of each document, as :func:`topics_over` takes it: at most 100 groups.
    freq : str, optional
        Bins ``groups`` by calendar, see :func:`topics_over`.
    title : str, optional
        By default the numbers of topics and documents.
    n_words : int, default=10
        Words shown of each topic by probability, and as many by relevance, see :func:`word_scores`.
    n_documents : int, default=3
        Documents shown of each topic, see :func:`representative_documents`.
    n_searchable : int, default=2000
        Number of documents in the page that can be searched: those that represent topics, which are always there, and
        a random sample of the others. The page states how many were left out.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.
    random_state : int, RandomState or None, default=None
        Draws the sample, and the intervals of :func:`topics_over`. With an int the same page is written every time.

    Returns
    -------
    path : Path
        The file.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If the folder of ``path`` does not exist, or ``path`` is one.
    TypeError
        If ``model`` is an array, which cannot transform documents, or a number is not an integer.
    ValueError
        If there are not as many texts or groups as documents, or these have the index of ``X`` in another order, there
        are more than 100 groups, or a number is out of range. A file that was there stays as it was.

    Warns
    -----
    UserWarning
        If some documents have no group: how many are left out of the groups.

    Notes
    -----
    Of each document, the page holds the first 300 characters: the default takes about a megabyte. A document is called
    by its label in the index of ``X``, or of ``texts`` where ``X`` has none, or else by its row. Texts are data in the
    page, never markup, and the page forbids the browser any script but its own, and any request.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm.inspection import report
    >>> texts = ["star moon star", "goal team goal"] * 10
    >>> lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = report(lda, texts, path=f"{folder}/sky.html", groups=["sky", "sport"] * 10, random_state=0)
    ...     path.name, "moon" in path.read_text(encoding="utf-8")
    ('sky.html', True)
    """
    path = _writable(path)
    for name, value, least in (
        ("n_words", n_words, 1),
        ("n_documents", n_documents, 1),
        ("n_searchable", n_searchable, 0),
    ):
        check_scalar(value, name, Integral, min_val=least)
    rng = check_random_state(random_state)
    topics = topics_of(model, feature_names)
    if topics.model is None:
        raise TypeError(
            "A report needs documents, and topics given as an array cannot transform them: pass a fitted model."
        )
    check_documents(topics.before, X)
    n_samples = _num_samples(X)
    index = index_of(X, texts)
    texts = texts_of(topics, X, texts, n_samples)
    check_same_order(X, groups, "groups")
    members = None if groups is None else members_of(groups, freq, n_samples)
    if members is not None and len(members.names) > MAX_GROUPS:
        raise ValueError(
            f"groups names {len(members.names)} groups, and the page has room for {MAX_GROUPS}: bin dates with freq, "
            "or put small groups together."
        )
    title = f"{len(topics.components)} topics of {n_samples:,} documents" if title is None else str(title)

    corpus = documents_of(topics, X, covariates)
    known = SimpleNamespace(  # a model that has transformed the documents already
        components_=topics.components,
        feature_names_in_=topics.feature_names,
        topic_names_=topics.names,
        background_topic_=topics.background,
        transform=lambda X: corpus.doc_topic,
    )
    representatives = representative_documents(known, corpus.counts, n=n_documents)
    shown = _searchable(np.asarray(representatives["document"]), n_samples, n_searchable, rng)
    data = {
        "documents": _documents(corpus, texts, labels_of_rows(index, shown), shown, members),
        "groups": None,
        "losses": _losses(topics.model),
        "model": type(topics.model).__name__,
        "n_documents": n_samples,
        "n_features": len(topics.feature_names),
        "n_tokens": _rounded(corpus.lengths.sum()),
        "has_texts": texts is not None,
        "topics": _topics(known, corpus, representatives, n_words),
        "tree": _tree(corpus),
    }
    if members is not None:
        data["groups"] = _groups(members, members.prevalence(corpus.doc_topic, None, CONFIDENCE, N_BOOTSTRAP, rng))
    page = _page(title, data).encode("utf-8")
    with replacing(path, sync=False) as file:
        file.write(page)
    return path


# What is said


def _topics(known: Any, corpus: Corpus, representatives: Any, n_words: int) -> list[dict[str, Any]]:
    """What the page tells of each topic, the largest first."""
    components, names = corpus.topics.components, corpus.topics.feature_names
    table = topic_table(known, corpus.counts, n_words=n_words)
    columns = metrics.top_word_columns(components, n_words=min(n_words, len(names)))
    distinctive = leading(names, relevance(components, corpus.shares), n_words)
    positions = topic_map(known)
    measures = [name for name in ("share", "document_share", "coherence", "exclusivity") if name in table]
    document, proportion = (
        np.reshape(representatives[column], (len(components), -1)) for column in ("document", "proportion")
    )
    return [
        {
            "topic": int(k),
            "label": str(table["label"][i]),
            **{name: _rounded(table[name][i]) for name in measures},
            "words": [[str(names[v]), _rounded(components[k, v])] for v in columns[k]],
            "distinctive": distinctive[k].tolist(),
            "position": _rounded(positions[k]),
            "documents": [[int(d), _rounded(p)] for d, p in zip(document[k], proportion[k], strict=True)],
        }
        for i, k in enumerate(table["topic"])
    ]


def _tree(corpus: Corpus) -> dict[str, Any] | None:
    """Topics as the page has their tree: the leaves, and two nodes and the words of each merge."""
    if len(corpus.topics.components) - (corpus.topics.background is not None) < LEAST_IN_TREE:
        return None
    tree = hierarchy_of(corpus.topics, corpus.shares, "likelihood", TREE_WORDS)
    merges = zip(tree.linkage[:, :2].astype(int).tolist(), tree.words[len(tree.leaves) :], strict=True)
    return {"leaves": tree.leaves.tolist(), "merges": [[*pair, words] for pair, words in merges]}


def _documents(
    corpus: Corpus, texts: list[str] | None, labels: Any, shown: NDArray[np.intp], members: Members | None
) -> list[dict[str, Any]]:
    """What the page tells of the documents in it."""
    doc_topic, lengths = corpus.doc_topic[shown], corpus.lengths[shown]
    main = np.argsort(-doc_topic, axis=1, kind="stable")[:, :MAIN_TOPICS]
    said = _main_words(corpus, shown) if texts is None else [excerpt(texts[d], EXCERPT_LENGTH) for d in shown]
    marks = topics_in_texts(corpus, shown, said)
    group = np.full(len(corpus.doc_topic), -1)
    for i, rows in enumerate([] if members is None else members.rows):
        group[rows] = i
    return [
        {
            "document": int(d),
            "label": excerpt(str(labels[i])),
            "text": said[i],
            "word_topics": marks[i],
            "length": _rounded(lengths[i]),
            "group": int(group[d]),
            "topics": [[int(k), _rounded(doc_topic[i, k])] for k in main[i]],
        }
        for i, d in enumerate(shown)
    ]


def _main_words(corpus: Corpus, shown: NDArray[np.intp]) -> list[str]:
    """The words of highest tf-idf in each document."""
    weights = TfidfTransformer().fit(corpus.counts).transform(corpus.counts[shown]).tocsr()
    said = []
    for start, end in zip(weights.indptr[:-1], weights.indptr[1:], strict=True):
        best = np.argsort(-weights.data[start:end], kind="stable")[:MAIN_WORDS]
        said.append(", ".join(corpus.topics.feature_names[weights.indices[start:end][best]]))
    return said


def _groups(members: Members, prevalence: Prevalence) -> dict[str, Any]:
    """Prevalence as the page has it: a row for each group, a column for each topic."""
    names = members.names
    names = np.datetime_as_string(names, unit="auto") if names.dtype.kind == "M" else names
    return {
        "names": [str(name) for name in names],
        "sizes": [len(rows) for rows in members.rows],
        **{name: _rounded(values) for name, values in prevalence._asdict().items()},
    }


def _losses(model: Any) -> list[list[float]]:
    """Epochs and their losses, evenly spaced where there are many."""
    losses = np.asarray(getattr(model, "loss_curve_", []), dtype=np.float64)
    epochs = np.unique(np.linspace(0, len(losses) - 1, min(len(losses), MAX_LOSSES)).astype(int))
    return [[int(epoch) + 1, _rounded(losses[epoch])] for epoch in epochs if np.isfinite(losses[epoch])]


def _searchable(
    representatives: NDArray[np.intp], n_samples: int, n_searchable: int, rng: np.random.RandomState
) -> NDArray[np.intp]:
    """Documents in the page: those that represent topics, and a sample of the others; in their order."""
    representatives = np.unique(representatives)
    others = np.setdiff1d(np.arange(n_samples), representatives)
    n_others = min(max(n_searchable - len(representatives), 0), len(others))
    return np.sort(np.concatenate([representatives, rng.choice(others, n_others, replace=False)])).astype(np.intp)


def _rounded(values: Any) -> Any:
    """Numbers of four significant digits, integers as they are; arrays as lists."""
    if np.ndim(values):
        return [_rounded(value) for value in values]
    return int(values) if values == int(values) else float(f"{values:.4g}")


# The page


def _page(title: str, data: dict[str, Any]) -> str:
    """The page: its script and style are named by their hashes, so that the browser runs and loads nothing else."""
    style, script = _part("css"), _part("js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "title": html.escape(printable(title)),
        "policy": policy,
        "style": style,
        "script": script,
        "data": _json(data),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _part("html"))


def _part(kind: str) -> str:
    return resources.files(__package__).joinpath(f"_report.{kind}").read_text(encoding="utf-8")


def _hash(source: str) -> str:
    """Source of a content security policy that allows this text alone."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _json(data: Any) -> str:
    """JSON that is safe in a script element: without anything that could end it, or that UTF-8 cannot say."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE_IN_SCRIPT.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _writable(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"The folder of path does not exist: {str(path.parent)!r}. Create it first.")
    if path.is_dir():
        raise IsADirectoryError(f"path must be that of a file; got the folder {str(path)!r}.")
    return path
