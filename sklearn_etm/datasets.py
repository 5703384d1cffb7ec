"""Corpora for topic models: real text that is already installed, and planted topics."""

import ast
import gc
import inspect
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NamedTuple, overload

import numpy as np
from scipy import sparse
from sklearn.utils import Bunch, check_random_state, gen_batches

__all__ = ["load_docstrings", "make_topics_corpus"]

# Import name and distribution name of each package whose docstrings are read, in corpus order.
_PACKAGES = (
    ("numpy", "numpy"),
    ("scipy", "scipy"),
    ("sklearn", "scikit-learn"),
    ("jax", "jax"),
    ("numpyro", "numpyro"),
    ("flax", "flax"),
    ("optax", "optax"),
)

# Folders and files that are not a package's own library. numpy ships distutils to some versions
# of Python only. Pallas and Mosaic are compilers: a tenth of the source, few public docstrings.
_EXCLUDED = re.compile(
    r"(?:^|_|py|mp)test|tstutils|conftest|benchmark|external|third_party|vendor"
    r"|^(?:setup|distutils|pallas|mosaic|cobyqa|pyprima|_?uarray|array_api_compat|array_api_extra)$"
)

# Code, formulas and markup would otherwise dominate the vocabulary. Applied in this order.
_MARKUP = tuple(
    (re.compile(pattern, re.MULTILINE), replacement)
    for pattern, replacement in (
        # A doctest prompt, with its output: everything down to the next blank line.
        (r"^[ \t]*>>>.*(?:\n[ \t]*\S.*)*", ""),
        (r"^([ \t]*)```.*\n(?:.*\n)*?[ \t]*```", ""),
        # Directives whose body is not prose, with that body.
        (r"^([ \t]*)\.\. (?:math|code|code-block|plot|image|figure)::.*(?:\n[ \t]*$|\n\1[ \t]+.*)*", ""),
        # The literal block that a paragraph ending in "::" introduces.
        (r"^([ \t]*)(?!\.\. )(\S.*)::[ \t]*(?:\n[ \t]*$)+(?:\n[ \t]*$|\n\1[ \t]+.*)*", r"\1\2\n"),
        (r"\.\. (?:[\w-]+::(?:[ \t]*[\d.]+$)?|\[\w+\])", ""),
        (r":math:`[^`]*`", ""),
        (r":[\w:]+:`", "`"),
        (r"^[ \t]*[-=~^*]{3,}[ \t]*$\n?", ""),
        (r"<?https?://\S+", ""),
        # Placeholders that the package fills in at import time.
        (r"%\(\w+\)s|\$\{?[A-Z_]{2,}\}?", ""),
    )
)

# Subpackages with fewer documents are merged into their package.
_MIN_TARGET_SIZE = 20

# Documents drawn at a time by `make_topics_corpus`, to bound the memory their tokens take.
_BATCH_SIZE = 10_000


class _Document(NamedTuple):
    name: str
    target: str
    text: str


@overload
def load_docstrings(*, min_words: int = ..., return_X_y: Literal[False] = ...) -> Bunch: ...
@overload
def load_docstrings(*, min_words: int = ..., return_X_y: Literal[True]) -> tuple[list[str], np.ndarray]: ...
def load_docstrings(*, min_words: int = 30, return_X_y: bool = False) -> Bunch | tuple[list[str], np.ndarray]:
    """Load the docstrings of the installed scientific Python packages.

    Each document is the prose of the docstring of one public function, class or
    method of numpy, scipy, scikit-learn, jax, numpyro, flax or optax. Real text in
    quantity, without a download. The source files are read, the packages are not
    imported, so the corpus depends on nothing but the versions installed. A package
    that is not installed is left out.

    Parameters
    ----------
    min_words : int, default=30
        Documents of fewer words, once code and markup are removed, are left out.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : list of str
            The documents, in the same order for the same versions.
        target : ndarray of shape (n_samples,)
            Index into `target_names` of the subpackage of each document.
        target_names : list of str
            The subpackages, such as ``"scipy.stats"``, in alphabetical order.
        names : list of str
            Name of each function, class or method, qualified by the module that
            defines it.
        DESCR : str
            What the corpus is, the versions read and the number of documents.

    (data, target) : tuple if ``return_X_y`` is True
        The first two attributes above.

    Notes
    -----
    Names with a leading underscore, tests and test support, benchmarks, vendored code,
    ``numpy.distutils`` and the Pallas and Mosaic compilers of jax are skipped. Modules
    with a leading underscore are read, since they define most of the public functions,
    and are attributed to the public subpackage that contains them. Subpackages with
    fewer than 20 documents are merged into their package. Doctests, formulas, literal
    blocks and reStructuredText markup are removed. A text that occurs several times, up
    to whitespace, is kept once.

    The first call takes a few seconds. What it reads is kept for the calls that follow.

    Examples
    --------
    >>> from sklearn_etm.datasets import load_docstrings
    >>> corpus = load_docstrings()
    >>> len(corpus.data) == len(corpus.target) == len(corpus.names)
    True
    >>> "scipy.stats" in corpus.target_names
    True
    """
    versions = _installed_versions()
    documents = _unique_texts(
        document
        for package in versions
        for document in _read_package(package)
        if len(document.text.split()) >= min_words
    )
    target_names, target = np.unique(_merge_small_targets(documents), return_inverse=True)
    data = [document.text for document in documents]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=target_names.tolist(),
        names=[document.name for document in documents],
        DESCR=_describe(documents, versions, min_words),
    )


def _installed_versions() -> dict[str, str]:
    """Map each package that is installed to its version."""
    versions = {}
    for package, distribution in _PACKAGES:
        try:
            installed = version(distribution)
        except PackageNotFoundError:
            continue
        if find_spec(package):
            versions[package] = installed
    return versions


@cache
def _read_package(package: str) -> tuple[_Document, ...]:
    """Read the public docstrings of a package, in the order of its files."""
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations
    files = _library_files(Path(spec.submodule_search_locations[0]))
    public_modules = {parts[0] for parts in files}
    documents = []
    with _garbage_collection_paused():
        for parts, path in files.items():
            module = ".".join((package, *parts)).removesuffix(".__init__")
            target = _public_subpackage(package, parts, public_modules)
            tree = ast.parse(path.read_bytes())
            for name, docstring in (*_definitions(tree, module), *_added_docstrings(tree, module)):
                documents.append(_Document(name, target, _prose(docstring)))
    return tuple(documents)


def _library_files(root: Path) -> dict[tuple[str, ...], Path]:
    """Map the module path of each file of a package's own library to the file, in order."""
    files = {path.relative_to(root).with_suffix("").parts: path for path in root.rglob("*.py")}
    return {parts: files[parts] for parts in sorted(files) if not any(map(_EXCLUDED.search, parts))}


@contextmanager
def _garbage_collection_paused() -> Iterator[None]:
    # Syntax trees are millions of objects without cycles: collecting takes longer than parsing.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _public_subpackage(package: str, parts: tuple[str, ...], public_modules: set[str]) -> str:
    """Return the first public subpackage a module is in, or else its package."""
    # Leading underscores are skipped because `jax/_src/numpy/linalg.py` implements `jax.numpy`.
    first_public = next((part for part in parts if not part.startswith("_")), None)
    return f"{package}.{first_public}" if first_public in public_modules else package


def _definitions(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield the name and docstring of the public functions, classes and methods in a node."""
    for child in node.body:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if child.name.startswith("_"):
            continue
        name = f"{prefix}.{child.name}"
        if docstring := ast.get_docstring(child, clean=False):
            yield name, docstring
        if isinstance(child, ast.ClassDef):
            yield from _definitions(child, name)


def _added_docstrings(tree: ast.Module, module: str) -> Iterator[tuple[str, str]]:
    """Yield the name and docstring of the compiled objects that `add_newdoc` documents."""
    for statement in tree.body:
        match statement:
            case ast.Expr(ast.Call(ast.Name("add_newdoc"), arguments)):
                strings = [text for argument in arguments for text in _strings(argument)]
            case _:
                continue
        if len(strings) < 2:
            continue
        # [place,] name, docstring or place, name, (attribute, docstring)
        place, *names, docstring = strings if len(strings) > 2 else (module, *strings)
        # A function of numpy.typing has the same name, but takes no place.
        in_package = place.partition(".")[0] == module.partition(".")[0]
        if in_package and not any(name.startswith("_") for name in names):
            yield ".".join((place, *names)), docstring


def _strings(node: ast.expr) -> Iterator[str]:
    """Yield the string literals in an expression."""
    for descendant in ast.walk(node):
        if isinstance(descendant, ast.Constant) and isinstance(descendant.value, str):
            yield descendant.value


def _prose(docstring: str) -> str:
    """Return a docstring without its code, formulas and markup."""
    text = inspect.cleandoc(docstring)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text.strip()


def _unique_texts(documents: Iterable[_Document]) -> list[_Document]:
    """Keep the first of the documents whose texts differ only in whitespace."""
    unique: dict[str, _Document] = {}
    for document in documents:
        unique.setdefault(" ".join(document.text.split()), document)
    return list(unique.values())


def _merge_small_targets(documents: list[_Document]) -> list[str]:
    """Return the target of each document, which is its package where its subpackage is small."""
    sizes = Counter(document.target for document in documents)
    return [
        document.target if sizes[document.target] >= _MIN_TARGET_SIZE else document.target.partition(".")[0]
        for document in documents
    ]


def _describe(documents: list[_Document], versions: dict[str, str], min_words: int) -> str:
    """Return the description of the corpus."""
    sizes = Counter(document.target.partition(".")[0] for document in documents)
    lines = [
        "Docstrings of scientific Python packages",
        "",
        f"{len(documents)} texts of at least {min_words} words: the prose of the docstrings of the",
        "public functions, classes and methods of",
        "",
        *(f"- {package} {installed}: {sizes[package]} documents" for package, installed in versions.items()),
    ]
    return "\n".join(lines)


@np.errstate(under="ignore")
def make_topics_corpus(
    n_samples: int = 1000,
    n_topics: int = 10,
    n_features: int = 500,
    *,
    doc_length: float = 80,
    doc_topic_prior: float = 0.1,
    topic_word_prior: float = 0.05,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Draw a corpus from latent Dirichlet allocation, with the topics it was drawn from.

    Each topic is a distribution over words, each document a mixture of topics. Every
    word of a document is drawn by first drawing its topic from the mixture.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of documents.

    n_topics : int, default=10
        Number of topics.

    n_features : int, default=500
        Number of words in the vocabulary.

    doc_length : float, default=80
        Mean of the Poisson distribution of the document lengths. A length of zero is
        raised to one.

    doc_topic_prior : float, default=0.1
        Concentration of the symmetric Dirichlet distribution of the topic mixtures.
        The smaller, the fewer topics a document has.

    topic_word_prior : float, default=0.05
        Concentration of the symmetric Dirichlet distribution of the topics. The
        smaller, the fewer words a topic has.

    random_state : int, RandomState instance or None, default=None
        Determines the corpus. Pass an int for reproducible output across calls.

    Returns
    -------
    corpus : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : sparse matrix of shape (n_samples, n_features)
            Word counts of each document, of type int64, in CSR format.
        components : ndarray of shape (n_topics, n_features)
            Word probabilities of each topic. Rows sum to one.
        doc_topic : ndarray of shape (n_samples, n_topics)
            Topic probabilities of each document. Rows sum to one.

    Notes
    -----
    Time and memory are proportional to the number of words drawn, about
    ``n_samples * doc_length``.

    Examples
    --------
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> corpus = make_topics_corpus(n_samples=100, n_topics=5, n_features=50, random_state=0)
    >>> corpus.data.shape
    (100, 50)
    >>> corpus.components.shape
    (5, 50)
    >>> corpus.doc_topic.shape
    (100, 5)
    """
    rng = check_random_state(random_state)
    components = rng.dirichlet(np.full(n_features, topic_word_prior), size=n_topics)
    doc_topic = rng.dirichlet(np.full(n_topics, doc_topic_prior), size=n_samples)
    lengths = np.maximum(rng.poisson(doc_length, size=n_samples), 1)
    data = sparse.vstack(
        [
            _draw_documents(rng, doc_topic[batch], components, lengths[batch])
            for batch in gen_batches(n_samples, _BATCH_SIZE)
        ],
        format="csr",
    )
    return Bunch(data=data, components=components, doc_topic=doc_topic)


def _draw_documents(
    rng: np.random.RandomState, doc_topic: np.ndarray, components: np.ndarray, lengths: np.ndarray
) -> sparse.csr_matrix:
    """Draw documents of the given lengths, as word counts."""
    topics = _draw_columns(rng, doc_topic, np.repeat(np.arange(len(lengths)), lengths))
    words = _draw_columns(rng, components, topics)
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    shape = (len(lengths), components.shape[1])
    counts = sparse.csr_matrix((np.ones(len(words), dtype=np.int64), words, indptr), shape=shape)
    counts.sum_duplicates()
    return counts


def _draw_columns(rng: np.random.RandomState, probabilities: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Draw one column of `probabilities` from the distribution in each of the given rows."""
    n_rows, n_columns = probabilities.shape
    # Row r is laid out on the interval from r to r + 1, so that one search inverts all the
    # cumulative distributions.
    cumulative = np.cumsum(probabilities, axis=1)
    cumulative /= cumulative[:, -1:]
    cumulative += np.arange(n_rows)[:, np.newaxis]
    positions = np.searchsorted(cumulative.ravel(), rows + rng.random_sample(len(rows)), side="right")
    # Rounding can carry a position past the last column of its row.
    return (positions - rows * n_columns).clip(max=n_columns - 1)
