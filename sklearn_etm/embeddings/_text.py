"""Word vectors in text, as GloVe, word2vec and fastText write them: in each line a word, then its numbers.

Blanks or tabs stand between them, or commas. Words may hold blanks: the last numbers of a line are its vector. How many
that are, a first line of sizes tells, or the first lines by a vote, so that one odd line does not mislead.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

import numpy as np

from .._warnings import warn

SAMPLE = 100  # lines that vote
N_SHOWN = 3  # odd lines that a warning names
SHOWN = 40  # characters of each
MAX_DIGITS = 18  # of a size
UNDECODED = re.compile(r"\\x[89a-f][0-9a-f]")  # bytes that are not UTF-8, as they are kept
MARKS = {  # byte order marks; that of UTF-32 starts with that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Layout(NamedTuple):
    """How lines are read."""

    size: int  # numbers in a line
    separator: str  # a blank or a comma
    begin: int  # the number of the first line that is no title, 1 or more
    has_header: bool  # whether it holds the numbers of words and of dimensions

    def split(self, line: str) -> list[str]:
        """The word of a line, as long as it is, and its numbers."""
        if self.separator == " ":
            return line.rsplit(" ", self.size)
        fields = _fields(line, ",")
        return [",".join(fields[: -self.size]), *fields[-self.size :]]


def rows(file: BinaryIO, start: bytes, name: str, wanted: set[str] | None) -> Iterator[tuple[str, np.ndarray]]:
    """Words and vectors of a file, whose first bytes are ``start``; those of ``wanted``, or all."""
    encoding = _encoding(start, name)
    skipped, undecoded = [], []
    with io.TextIOWrapper(file, encoding=encoding, errors="backslashreplace", newline="\n") as text:
        lines = enumerate(text, 1)
        sample = [(number, _stripped(line)) for number, line in islice(lines, SAMPLE)]
        layout = _layout([(number, line) for number, line in sample if line], name)
        starts = None if wanted is None or layout.separator == "," else {word.split(" ", 1)[0] for word in wanted}
        skipped += [(number, line[:SHOWN]) for number, line in sample if line and number < layout.begin]
        first = sample[layout.begin - 1 + layout.has_header :]
        for number, raw in chain(first, lines):
            line = _stripped(raw)
            begin = line.split(" ", 1)[0]  # to look through the whole line takes longer
            if "\\x" in begin and UNDECODED.search(begin):
                undecoded.append((number, line[:SHOWN]))
            if not line or (starts is not None and begin not in starts):
                continue
            word, vector = _row(line, layout, name, number)
            if not word:
                skipped.append((number, line[:SHOWN]))
            elif wanted is None or word in wanted:
                yield word, vector
    _warn_of_lines(skipped, f"were skipped, which are not a word and {layout.size} numbers", name)
    _warn_of_lines(undecoded, "have words that are not UTF-8, and are not found: save it as UTF-8, if it is not", name)


def _encoding(start: bytes, name: str) -> str:
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    if b"\0" in start:
        raise ValueError(
            f"{name} is not text in UTF-8: it holds bytes of zero. Call binary files of word2vec .bin, save text as "
            "UTF-8; of other formats, pass a mapping from words to vectors."
        )
    return "utf-8-sig"


def _stripped(line: str) -> str:
    return line.replace("\t", " ").strip(" \r\n")  # other white space may be part of a word


def _row(line: str, layout: Layout, name: str, number: int) -> tuple[str, np.ndarray]:
    """The word and the vector of a line; no word where it holds as many numbers and nothing else."""
    size = layout.size
    parts = layout.split(line)
    vector = _numbers(parts[1:], size)
    if vector is None:  # there may be blanks between the numbers, or no word
        parts = layout.split(re.sub(" +", " ", line))
        vector = _numbers(parts[1:], size)
    if vector is not None:
        return parts[0].strip(" "), vector
    vector = _numbers(parts, size)
    if vector is None:
        raise _unreadable(line, size, name, number)
    return "", vector


def _numbers(parts: list[str], size: int) -> np.ndarray | None:
    if len(parts) != size:
        return None
    try:
        return np.array(parts, dtype=np.float32)
    except ValueError:
        return None


def _unreadable(line: str, size: int, name: str, number: int) -> ValueError:
    return ValueError(
        f"Line {number} of {name} must be a word and {size or 'some'} numbers, as in the files of GloVe, word2vec and "
        f"fastText; got {line[:60]!r}. Mend or delete the line; of other formats, pass a mapping from words to vectors."
    )


def _warn_of_lines(lines: list[tuple[int, str]], what: str, name: str) -> None:
    if lines:
        shown = ", ".join(f"line {number} ({line!r})" for number, line in lines[:N_SHOWN])
        more = ", ..." if len(lines) > N_SHOWN else ""
        warn(f"Lines of {name} {what}; {len(lines)} in all: {shown}{more}.")


# How lines are to be read


def _layout(lines: list[tuple[int, str]], name: str) -> Layout:
    """What the first lines, with their numbers, tell of all."""
    if any("\r" in line for _, line in lines):
        raise ValueError(f"{name} ends lines by carriage returns alone, as old Macs did: save it with other line ends.")
    layouts = [_by_separator(lines, separator, name) for separator in (" ", ",")]
    layout = max(layouts, key=lambda layout: layout.size)  # the first where both are alike
    if lines and not layout.size:
        number, line = lines[0]
        raise _unreadable(line, 0, name, number)
    return layout


def _by_separator(lines: list[tuple[int, str]], separator: str, name: str) -> Layout:
    fields = [_fields(line, separator) for _, line in lines]
    counts = [_count_numbers(parts, separator) for parts in fields]
    begin = next((i for i, n in enumerate(counts) if n), None)  # before are titles
    if begin is None:
        return Layout(0, separator, 1, False)
    header = fields[begin] if _are_sizes(fields[begin]) else None
    votes = _votes(fields[begin + (header is not None) :], counts[begin + (header is not None) :])
    size = max(votes, key=lambda n: (votes[n], n), default=0)
    if header is not None:
        declared = int(header[1])
        if declared in votes or votes.total() < 2:
            size = declared
        elif size == 1:  # a word that is a number, with a vector of one
            header = None
        else:
            raise ValueError(
                f"{name} says in line {lines[begin][0]} that vectors have {declared} numbers, but most of its lines "
                f"have {size}: mend or delete that line."
            )
    return Layout(size, separator, lines[begin][0], header is not None)


def _fields(line: str, separator: str) -> list[str]:
    if separator == " ":
        return [part for part in line.split(" ") if part]
    return next(csv.reader([line])) if '"' in line else line.split(",")


def _are_sizes(fields: list[str]) -> bool:
    return len(fields) == 2 and all(field.isdecimal() and len(field) <= MAX_DIGITS for field in fields)


def _count_numbers(fields: list[str], separator: str) -> int:
    """How many numbers a line ends with, after a word; with commas the word is one field, and numbers are several."""
    n = 0
    while n < len(fields) - 1 and _is_number(fields[-1 - n]):
        n += 1
    return n if separator == " " or n == len(fields) - 1 > 1 else 0


def _votes(fields: Iterable[list[str]], counts: Iterable[int]) -> Counter[int]:
    """How many lines have how many numbers; those that start with one, and may have no word, if there are no others."""
    told = [(n, _is_number(parts[0])) for parts, n in zip(fields, counts, strict=True) if n]
    with_word = [n for n, starts_with_number in told if not starts_with_number]
    return Counter(with_word or [n for n, _ in told])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
