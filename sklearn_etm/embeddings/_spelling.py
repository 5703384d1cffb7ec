"""Words that look the same, with composed accents or decomposed ones."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable


def other_spellings(word: str) -> list[str]:
    """The composed and the decomposed form of a word (NFC, NFD), where they differ from it."""
    if word.isascii():
        return []
    forms = (unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word))
    return [form for form in dict.fromkeys(forms) if form != word]


def spelled(word: str, table: Container[str]) -> str | None:
    """The word as a table has it: as it is, else composed or decomposed; None where the table does not have it."""
    if word in table:
        return word
    return next((form for form in other_spellings(word) if form in table), None)


def all_spellings(words: Iterable[str]) -> set[str]:
    """Words and their other spellings."""
    return {form for word in words for form in (word, *other_spellings(word))}
