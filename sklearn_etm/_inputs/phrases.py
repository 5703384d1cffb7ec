"""Counts of words and of phrases, such as are found in the texts themselves (knows no JAX)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from .._files.formats import current, stamped

JOINT = " "  # between the words of a phrase


class PhraseVectorizer(CountVectorizer):
    r"""Counts of words and of phrases: words that stand side by side more often than chance has it.

    Two words that are neighbours become a phrase where their normalised pointwise mutual information,

    .. math:: \mathrm{NPMI}(a, b) = \log \frac{p(a, b)}{p(a) \, p(b)} \Big/ -\log p(a, b)

    is ``min_npmi`` or more: 1 where they are never seen apart, 0 where they are independent. A phrase is a word of its
    own, "new york": its parts are not counted where it stands. Phrases found grow by their neighbours in turn.

    Parameters
    ----------
    min_npmi : float, default=0.5
        Least NPMI of the parts of a phrase, from -1 to 1.
    max_n : int, default=3
        Most words in a phrase; 1 for none.
    min_count : int, default=5
        How often a phrase must be in the texts.
    input, encoding, decode_error, strip_accents, lowercase, preprocessor, tokenizer, stop_words, token_pattern
        As those of `CountVectorizer`. ``input="file"`` is not possible: texts are read twice.
    analyzer, max_df, min_df, max_features, vocabulary, binary, dtype
        As those of `CountVectorizer`.

    Attributes
    ----------
    phrases_ : dict of str to float
        The phrases found, and their NPMI, in the order in which they were found.
    vocabulary_ : dict of str to int
        Words and phrases, and their columns.

    See Also
    --------
    NamedVectorizer : Lets the models know words and phrases by name: ``NamedVectorizer(PhraseVectorizer())``.

    Notes
    -----
    Stop words are left out first, so that "state of the art" can become "state art". Phrases of few texts are chance:
    raise ``min_count`` with the size of the corpus.

    References
    ----------
    Bouma, "Normalized (pointwise) mutual information in collocation extraction", GSCL 2009.

    Examples
    --------
    >>> from sklearn_etm import PhraseVectorizer
    >>> texts = ["a train to new york", "new house", "york is far", "a house", "far house", "train"] * 5
    >>> texts += ["new york has a far train", "the house in new york"] * 10
    >>> vectorizer = PhraseVectorizer(stop_words=["is", "to", "has", "the", "in"], min_count=20).fit(texts)
    >>> list(vectorizer.phrases_)
    ['new york']
    >>> vectorizer.get_feature_names_out().tolist()
    ['far', 'house', 'new', 'new york', 'train', 'york']
    >>> vectorizer.transform(["new york"]).toarray().tolist()
    [[0, 0, 0, 1, 0, 0]]
    """

    ngram_range: ClassVar[tuple[int, int]] = (1, 1)  # of the parts

    def __init__(
        self,
        *,
        min_npmi: float = 0.5,
        max_n: int = 3,
        min_count: int = 5,
        input: str = "content",
        encoding: str = "utf-8",
        decode_error: str = "strict",
        strip_accents: Any = None,
        lowercase: bool = True,
        preprocessor: Any = None,
        tokenizer: Any = None,
        stop_words: Any = None,
        token_pattern: str | None = r"(?u)\b\w\w+\b",
        analyzer: Any = "word",
        max_df: float = 1.0,
        min_df: float = 1,
        max_features: int | None = None,
        vocabulary: Any = None,
        binary: bool = False,
        dtype: Any = np.int64,
    ):
        self.min_npmi = min_npmi
        self.max_n = max_n
        self.min_count = min_count
        self.input = input
        self.encoding = encoding
        self.decode_error = decode_error
        self.strip_accents = strip_accents
        self.lowercase = lowercase
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.stop_words = stop_words
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.binary = binary
        self.dtype = dtype

    def __getstate__(self):
        return stamped(super().__getstate__())

    def __setstate__(self, state):
        super().__setstate__(current(state, type(self)))

    def fit(self, raw_documents, y=None):
        """Find phrases, and learn the vocabulary.

        Parameters
        ----------
        raw_documents : iterable
            Texts, or names of files with ``input="filename"``.
        y : None
            Ignored.

        Returns
        -------
        self : PhraseVectorizer

        Raises
        ------
        ValueError
            For a parameter out of its range, for one text in place of many, and where no word is left. The vectorizer
            is then as it was.

        Examples
        --------
        >>> from sklearn_etm import PhraseVectorizer
        >>> texts = ["new york has a house", "the house in new york", "a far house"] * 5
        >>> list(PhraseVectorizer(max_n=2, min_count=10).fit(texts).phrases_)
        ['new york']
        """
        self.fit_transform(raw_documents)
        return self

    def fit_transform(self, raw_documents, y=None):
        """Find phrases, learn the vocabulary, and count.

        Parameters
        ----------
        raw_documents : iterable
            Texts, or names of files with ``input="filename"``.
        y : None
            Ignored.

        Returns
        -------
        counts : sparse matrix of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            As `fit` does.

        Examples
        --------
        >>> from sklearn_etm import PhraseVectorizer
        >>> texts = ["new york has a house", "the house in new york", "a far house"] * 5
        >>> vectorizer = PhraseVectorizer(max_n=2, min_count=10)
        >>> vectorizer.fit_transform(texts).shape, vectorizer.get_feature_names_out().tolist()
        ((15, 6), ['far', 'has', 'house', 'in', 'new york', 'the'])
        """
        self._check()
        state: dict[str, Any] = vars(self)  # type: ignore[assignment]
        before = state.copy()
        try:
            if not isinstance(raw_documents, str):  # CountVectorizer says what is wrong with one
                raw_documents = list(raw_documents)
                analyze = super().build_analyzer()
                texts = [list(analyze(document)) for document in raw_documents]
                self._passes = _found(texts, self.min_npmi, self.max_n, self.min_count)
                self.phrases_ = {JOINT.join(pair): npmi for found in self._passes for pair, npmi in found}
            return super().fit_transform(raw_documents)
        except BaseException:
            state.clear()
            state.update(before)
            raise

    def build_analyzer(self):
        """How a text is read: the words and phrases of it, in their order.

        Returns
        -------
        analyzer : callable

        Examples
        --------
        >>> from sklearn_etm import PhraseVectorizer
        >>> texts = ["new york has a house", "the house in new york", "a far house"] * 5
        >>> analyzer = PhraseVectorizer(max_n=2, min_count=10).fit(texts).build_analyzer()
        >>> analyzer("A house in New York")
        ['house', 'in', 'new york']
        """
        passes = [dict(found) for found in getattr(self, "_passes", ())]
        return partial(_read, super().build_analyzer(), passes)

    def _check(self) -> None:
        if not isinstance(self.min_npmi, Real) or not -1 <= self.min_npmi <= 1:
            raise ValueError(f"min_npmi must be a number from -1 to 1; got {self.min_npmi!r}.")
        for name in ("max_n", "min_count"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1; got {value!r}.")
        if self.input == "file":
            raise ValueError('input="file" is not possible, since texts are read twice: pass names of files, or texts.')


Pair = tuple[str, str]


def _read(analyze: Callable[[Any], Iterable[str]], passes: Sequence[dict[Pair, float]], document: Any) -> list[str]:
    words = list(analyze(document))
    for pairs in passes:
        words = _joined(words, pairs)
    return words


def _joined(words: Sequence[str], pairs: dict[Pair, float]) -> list[str]:
    """Words with neighbours joined that are a pair, those of the highest NPMI first, of equals the left ones."""
    places = [(-pairs[pair], i) for i, pair in enumerate(pairwise(words)) if pair in pairs]
    if not places:
        return list(words)
    joined, taken = set(), set()
    for _, i in sorted(places):
        if i not in taken and i + 1 not in taken:
            joined.add(i)
            taken |= {i, i + 1}
    return [
        JOINT.join(words[i : i + 2]) if i in joined else word for i, word in enumerate(words) if i - 1 not in joined
    ]


def _found(texts: list[list[str]], min_npmi: float, max_n: int, min_count: int) -> list[list[tuple[Pair, float]]]:
    """Pairs that are phrases and their NPMI, in passes: those of a pass are words of the next."""
    passes = []
    size = {word: 1 for text in texts for word in text}
    for _ in range(max_n - 1):
        together = Counter(pair for text in texts for pair in pairwise(text))
        single = Counter(word for text in texts for word in text)
        n_pairs, n_words = together.total(), single.total()
        found = []
        for (a, b), n in together.items():
            if n >= min_count and size[a] + size[b] <= max_n:
                log_p = np.log(n / n_pairs)
                log_apart = np.log(single[a] / n_words) + np.log(single[b] / n_words)
                npmi = min(float((log_p - log_apart) / -log_p), 1.0) if log_p < 0 else 1.0
                if npmi >= min_npmi:
                    found.append(((a, b), npmi))
        used = Counter(word for text in texts for word in _joined(text, dict(found)))  # others overlap stronger ones
        found = [one for one in found if used[JOINT.join(one[0])] >= min_count]
        if not found:
            break
        passes.append(sorted(found, key=lambda one: (-one[1], one[0])))
        size |= {JOINT.join((a, b)): size[a] + size[b] for (a, b), _ in found}
        texts = [_joined(text, dict(found)) for text in texts]
    return passes
