"""Documents as texts: what the steps before a topic model read, and what can be shown of it (knows no JAX)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from copy import copy
from typing import Any

import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from .columns import is_missing

HOLDS_TEXT = "X holds text. Pass counts: put a CountVectorizer before, in one Pipeline."
PASS_COUNTS = (
    "Pass counts, as CountVectorizer gives them, not centred features; words are hashed into counts by "
    "HashingVectorizer(alternate_sign=False, norm=None)."
)
BEGINNING = 4096  # bytes that are read of a file to show the beginning of its text
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """A text as UTF-8 and XML can say it: with U+FFFD in place of half an emoji or a control character."""
    return _UNPRINTABLE.sub("\ufffd", text)


def counts_of(steps: Sequence[Any], X: Any) -> Any:
    """Counts of documents, by the fitted steps before a topic model; X itself where there are none.

    Raises
    ------
    ValueError
        If X is one text, text without a step that reads it, or a table where texts are read.
    """
    check_documents(steps, X)
    try:
        for step in steps:
            X = step.transform(X)
    except NotFittedError:
        raise
    except AttributeError as error:  # what vectorizers raise of anything that is no text
        raise ValueError(
            f"The steps before the topic model cannot read X: {error}. Pass what the pipeline was fitted on, a list of "
            "str, say; counts go with the topic model alone, pipeline[-1]."
        ) from error
    return X


def check_documents(steps: Sequence[Any], X: Any) -> None:
    """Raise where X is plainly not what the first step, or the topic model where there is none, reads."""
    if not steps:
        if isinstance(_first(_first(X)), str | bytes):
            raise ValueError(HOLDS_TEXT)
        return
    if isinstance(X, str | bytes):
        raise ValueError(f"Documents must be in a list, also a single one: pass [text], not the text {X[:40]!r}.")
    if isinstance(X, Mapping | Set):
        raise ValueError(f"Documents must be in a list, or something else that has an order; got a {type(X).__name__}.")
    shape = getattr(X, "shape", ())
    if len(shape) == 2 and _reads_texts(next(_leaves(steps), None)):
        raise ValueError(
            f"The pipeline reads texts, in a list or a column; got a {type(X).__name__} of shape {tuple(shape)}. Pass "
            "one column of a table; counts go with the topic model alone, pipeline[-1]."
        )


def vectorizer_of(steps: Sequence[Any]) -> Any:
    """The first step that reads texts as scikit-learn's vectorizers do, or None."""
    return next((step for step in _leaves(steps) if hasattr(step, "build_analyzer")), None)


def analyzer_of(steps: Sequence[Any]) -> Callable[[str], list[str]] | None:
    """How the vectorizer makes words of a text; None where it has no analyzer of scikit-learn's own.

    Others may read something else than text, or take long for a single word.
    """
    vectorizer = vectorizer_of(steps)
    if vectorizer is None or any(callable(part) for part in (vectorizer.analyzer, vectorizer.tokenizer)):
        return None
    reader = copy(vectorizer)
    reader.set_params(input="content", preprocessor=None)
    return reader.build_analyzer()


def encoding_of(steps: Sequence[Any]) -> str:
    """How texts that are bytes are read."""
    return getattr(vectorizer_of(steps), "encoding", "utf-8")


def documents_as_texts(X: Any, steps: Sequence[Any]) -> list[str] | None:
    """What is read of each document by steps that start with a vectorizer, or None where documents are no texts.

    Bytes are decoded and tokens joined by blanks, as far as a document is given as such; of files that are given by
    name it is the beginning, and nothing is known of open files, which have been read.
    """
    if isinstance(X, str) or not hasattr(X, "__len__") or len(getattr(X, "shape", (0,))) != 1:
        return None
    vectorizer, encoding = vectorizer_of(steps), encoding_of(steps)
    named = getattr(vectorizer, "input", "content") == "filename" and vectorizer is next(_leaves(steps), None)
    texts = []
    for document in X:
        text = _beginning(document, encoding) if named else text_of(document, encoding)
        if text is None:
            return None
        texts.append(text)
    return texts


def text_of(document: Any, encoding: str = "utf-8") -> str | None:
    """A document as a text: bytes decoded, tokens joined, "" for a missing one; None for anything else."""
    if isinstance(document, str):
        return str(document)
    if isinstance(document, bytes | bytearray):
        return document.decode(encoding, "replace")
    if hasattr(document, "as_py"):  # a scalar of pyarrow
        return text_of(document.as_py(), encoding)
    if is_missing(document):
        return ""
    if hasattr(document, "tolist") or hasattr(document, "to_list"):
        document = document.tolist() if hasattr(document, "tolist") else document.to_list()
    if not isinstance(document, list | tuple):
        return None
    tokens = [text_of(token, encoding) if isinstance(token, str | bytes) else None for token in document]
    return None if None in tokens else " ".join(tokens)  # type: ignore[arg-type]


def _beginning(path: Any, encoding: str) -> str:
    with open(path, "rb") as file:
        return file.read(BEGINNING).decode(encoding, "replace")


def _leaves(steps: Iterable[Any]) -> Iterator[Any]:
    """Steps, with those inside pipelines and unions, and the vectorizer inside a NamedVectorizer."""
    for step in steps:
        if hasattr(step, "vectorizer_"):
            yield from _leaves([step.vectorizer_])
        elif hasattr(step, "steps") or hasattr(step, "transformer_list"):
            yield from _leaves(part for _, part in getattr(step, "steps", None) or step.transformer_list)
        elif not isinstance(step, str | None):  # "passthrough", "drop"
            yield step


def _reads_texts(step: Any) -> bool:
    """Whether a step takes texts alone, as far as it tells."""
    if not hasattr(step, "__sklearn_tags__"):
        return False
    tags = get_tags(step).input_tags
    return tags.string and not tags.two_d_array


def _first(X: Any) -> Any:
    """The first entry of a list, an array or a column; anything else as it is."""
    is_array = hasattr(X, "dtype") and len(getattr(X, "shape", ())) > 0 and not sp.issparse(X)
    return next(iter(X), None) if isinstance(X, list | tuple) or is_array else X
