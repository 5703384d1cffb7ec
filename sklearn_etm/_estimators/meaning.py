"""What words and topics in one space make possible: search by meaning, and words never seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from .._fitted.model import FitState, TopicModel
from .._inputs.names import column_names, part_of
from ..embeddings._align import check_unique, is_array
from ..embeddings._spelling import spelled
from .extension import NewWords, appended, extended_model, extended_state, extended_topics
from .word_space import Description, WordSpace, describe, unit


class MeaningMixin:
    """Methods of a model whose words and topics are vectors of one space."""

    n_features_in_: int
    components_: np.ndarray
    feature_names_in_: np.ndarray
    word_columns_: np.ndarray
    word_embeddings_: np.ndarray
    topic_embeddings_: np.ndarray
    embeddings: Any
    vocabulary: Any
    _model: TopicModel
    _state: FitState
    _space: WordSpace
    _words: Callable[[int], list[str] | None]
    _copy_with: Callable[..., Any]

    # Search

    @np.errstate(under="ignore")
    def nearest_words(self, word: str | ArrayLike, n: int = 10) -> list[tuple[str, float]]:
        """Words whose vectors point where that of a word, or a vector, does.

        Parameters
        ----------
        word : str or array-like of shape (L,)
            A word of the vocabulary or of ``embeddings``, its accents composed or not; or a vector in the space of
            ``word_embeddings_``.
            ``model.topic_embeddings_[k]`` gives the words that topic k favours most for their rarity.
        n : int, default=10
            How many, the word itself not counted.

        Returns
        -------
        nearest : list of (str, float)
            Words and their cosine similarities, the nearest first; columns are called "x0", "x1", ... where the model
            was fitted without names.

        Raises
        ------
        KeyError
            If neither the vocabulary nor ``embeddings`` has the word.
        ValueError
            If a vector is of another length.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_etm import ETMTransformer
        >>> X = np.tile([[4, 4, 0, 0], [0, 0, 4, 4]], (50, 1))
        >>> vectors = {"star": [1, 0.2], "moon": [1, 0], "goal": [0, 1], "team": [0.2, 1], "comet": [0.9, 0.1]}
        >>> words = ["star", "moon", "goal", "team"]
        >>> model = ETMTransformer(2, embeddings=vectors, vocabulary=words, random_state=0).fit(X)
        >>> [word for word, similarity in model.nearest_words("star", n=1)]
        ['moon']
        >>> sorted(word for word, similarity in model.nearest_words("comet", n=2))  # which the corpus has not
        ['moon', 'star']
        """
        check_is_fitted(self)
        names = self._column_names()
        own = spelled(word, set(names)) if isinstance(word, str) else None
        vector = self._vectors_of([word])[0] if isinstance(word, str) else self._vector(word)
        similarity = unit(self.word_embeddings_) @ unit(vector)
        best = [i for i in np.argsort(-similarity, kind="stable") if names[i] != own]
        return [(str(names[i]), float(similarity[i])) for i in best[:n]]

    @np.errstate(under="ignore")
    def find_topics(self, query: str | Sequence[str] | ArrayLike, n: int = 5) -> list[tuple[int, float]]:
        """Topics nearest to what a query means.

        Parameters
        ----------
        query : str, sequence of str, or array-like of shape (L,)
            Words, as one string with spaces or as a list, of the vocabulary or of ``embeddings``; or a vector in the
            space of ``word_embeddings_``. Words need not occur in any topic, nor in the corpus.
        n : int, default=5
            How many.

        Returns
        -------
        topics : list of (int, float)
            Topics and the cosine similarity of their vector, less the mean topic's, to the mean direction of the words
            of the query from the mean word; the nearest first. Topics do not depend on what is subtracted.

        Raises
        ------
        KeyError
            If neither the vocabulary nor ``embeddings`` has one of the words.
        ValueError
            If the query is empty, or a vector of another length.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_etm import ETMTransformer
        >>> X = np.tile([[4, 4, 0, 0], [0, 0, 4, 4]], (50, 1))
        >>> vectors = {"star": [1, 0.2], "moon": [1, 0], "goal": [0, 1], "team": [0.2, 1], "comet": [0.9, 0.1]}
        >>> words = ["star", "moon", "goal", "team"]
        >>> model = ETMTransformer(2, embeddings=vectors, vocabulary=words, random_state=0).fit(X)
        >>> (topic, similarity), other = model.find_topics("comet")  # which the corpus has not
        >>> bool(topic == model.transform([[1, 1, 0, 0]]).argmax())
        True
        """
        check_is_fitted(self)
        topics = self.topic_embeddings_ - self.topic_embeddings_.mean(axis=0)
        meaning = unit(self._query_vectors(query) - self.word_embeddings_.mean(axis=0)).mean(axis=0)
        similarity = unit(topics) @ unit(meaning)
        return [(int(k), float(similarity[k])) for k in np.argsort(-similarity, kind="stable")[:n]]

    def _query_vectors(self, query: str | Sequence[str] | ArrayLike) -> np.ndarray:
        """Vectors of the words of a query, or the one that it is, (n, L)."""
        if isinstance(query, str):
            is_column = spelled(query, set(self._column_names())) is not None  # which may be of several words
            query = [query] if is_column else query.split()
        parts: list[Any] = list(query)  # type: ignore[arg-type]
        if not parts:
            raise ValueError("query is empty: pass words or a vector.")
        return self._vectors_of(parts) if isinstance(parts[0], str) else self._vector(parts)[None]

    def _vectors_of(self, words: list[str]) -> np.ndarray:
        """Vectors of words, (n, L); those that the vocabulary does not have are looked up together."""
        names = self._column_names()
        column = {name: i for i, name in enumerate(names)}
        own = {word: spelled(word, column) for word in words}
        vectors = {word: self.word_embeddings_[column[name]] for word, name in own.items() if name is not None}
        unseen = [word for word, name in own.items() if name is None]
        if unseen:
            try:
                found = describe(self, unseen, None, names).predict_vectors(self.word_embeddings_)
            except (KeyError, ValueError) as error:
                which = ("all of " if len(unseen) > 1 else "") + ", ".join(map(repr, unseen))
                raise KeyError(f"Neither the vocabulary nor embeddings has a vector for {which}.") from error
            vectors |= dict(zip(unseen, found, strict=True))
        return np.array([vectors[word] for word in words])

    def _vector(self, vector: ArrayLike) -> np.ndarray:
        vector = np.asarray(vector, dtype=np.float64)
        if vector.shape != self.word_embeddings_.shape[1:] or not np.isfinite(vector).all():
            raise ValueError(
                f"A vector must be finite and of shape {self.word_embeddings_.shape[1:]}, as in word_embeddings_; got "
                f"{vector.shape}."
            )
        return vector

    def _column_names(self) -> list[str]:
        n_words = self.components_.shape[1]
        words = self._words(n_words)
        return [f"x{i}" for i in range(n_words)] if words is None else words

    # New words

    @np.errstate(under="ignore")
    def extend_vocabulary(
        self, words: Sequence[str], vectors: Any = None, *, frequencies: ArrayLike | None = None
    ) -> MeaningMixin:
        r"""The fitted model over a larger vocabulary: words that training has not seen, by their vectors.

        .. math:: \beta_{kv} \propto \exp(m_v + \rho_v \alpha_k)

        for old words and new. Of a new word, :math:`\rho_v` is the vector given and what training would have moved it
        by; that, its log frequency :math:`m_v` unless it is given, and what the encoder reads of it are predicted from
        the vectors by ridge regression over the words of the model. Relative to each other, old words keep their
        probabilities. `transform` then reads the new words, and `partial_fit` goes on with them.

        Parameters
        ----------
        words : sequence of str
            New words; their columns follow the others, in this order.
        vectors : array-like of shape (n_words, L), mapping, path or callable, optional
            Their vectors: an array in the space of ``embeddings``, or a source that they are looked up in,
            ``embeddings`` itself by default. A source of another space will do if it has words of the model, too, also
            where the model learned its vectors from the counts.
        frequencies : array-like of shape (n_words,), optional
            Tokens of each new word for each token of the old vocabulary, whose logarithm is :math:`m_v`; what topics
            make of it is near that, not the same. By default they are predicted, within the range of those of the
            model's words.

        Returns
        -------
        extended : ETMTransformer
            A new estimator; this one is not changed. Give it counts of
            ``CountVectorizer(vocabulary=[*old_words, *words])``.

        Raises
        ------
        ValueError
            If a word comes twice or is known already, ``words`` has no order, vectors are of another length or not
            finite, or no space can be found that new and old words share.
        KeyError
            If a source has no vector for a word.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_etm import ETMTransformer
        >>> X = np.tile([[4, 4, 0, 0], [0, 0, 4, 4]], (50, 1))
        >>> vectors = {"star": [1, 0.2], "moon": [1, 0], "goal": [0, 1], "team": [0.2, 1], "comet": [0.9, 0.1]}
        >>> model = ETMTransformer(2, embeddings=vectors, vocabulary=["star", "moon", "goal", "team"], random_state=0)
        >>> extended = model.fit(X).extend_vocabulary(["comet"])
        >>> theta = extended.transform([[1, 1, 0, 0, 0], [0, 0, 0, 0, 2]])
        >>> bool(theta[0].argmax() == theta[1].argmax())
        True
        """
        check_is_fitted(self)
        names = self._words(self.components_.shape[1])
        words = _new_words(words, names)
        described = describe(self, words, vectors, names)
        new = self._expected(described, frequencies)
        return self._copy_with(**self._extended_attributes(words, described, new))

    def _expected(self, described: Description, frequencies: ArrayLike | None) -> NewWords:
        """What the model would know of the words described, had it been trained on them."""
        rho = described.predict_vectors(self.word_embeddings_)
        known, features = self._space.log_unigram, self._model.inference.features
        if frequencies is None:
            log_unigram = described.predict(known[:, None])[:, 0].clip(known.min(), known.max())
        else:
            log_unigram = np.log(_check_frequencies(frequencies, len(rho)))
        return NewWords(
            start=rho if described.given is None else described.new_features,
            rho=rho,
            log_unigram=log_unigram,
            idf=np.interp(log_unigram, np.sort(known), np.sort(features.idf)[::-1]),  # rarer words count for more
            projection=described.predict(features.projection),
        )

    def _extended_attributes(self, words: list[str], described: Description, new: NewWords) -> dict[str, Any]:
        """Attributes of the model over more words, and parameters by which a clone could be fitted to them."""
        space = self._space
        given = appended(space.given, new.start / space.unit)
        log_unigram = appended(space.log_unigram, new.log_unigram)
        vectors = self.word_embeddings_, space.log_unigram
        components = extended_topics(self.components_, self.topic_embeddings_, *vectors, new)
        attributes: dict[str, Any] = {
            "components_": components,
            "word_embeddings_": appended(self.word_embeddings_, new.rho),
            "n_features_in_": self.n_features_in_ + len(words),
            "_model": extended_model(self._model, components, new),
        }
        if hasattr(self, "_state"):  # which slim models do not have
            attributes["_state"] = extended_state(self._state, given, log_unigram, new, space.unit)
        if hasattr(self, "feature_names_in_"):
            before = part_of(self.feature_names_in_[self.word_columns_]) if hasattr(self, "word_columns_") else ""
            named = [*self.feature_names_in_, *(before + word for word in words)]
            attributes["feature_names_in_"] = np.array(named, dtype=object)
        if hasattr(self, "word_columns_"):
            attributes["word_columns_"] = np.append(self.word_columns_, self.n_features_in_ + np.arange(len(words)))
        if self.vocabulary is not None:
            attributes["vocabulary"] = [*column_names(self.vocabulary, argument="vocabulary"), *words]
        source, table = space.source, space.table
        if described.given is not None and is_array(source) and source is self.embeddings:
            source = attributes["embeddings"] = np.concatenate([source, described.given])
        if described.given is not None and table is not None:
            table = table.extended(words, described.given)
        known = None if space.words is None else (*space.words, *words)
        attributes["_space"] = replace(
            space, source=source, words=known, table=table, given=given, log_unigram=log_unigram
        )
        return attributes


def _new_words(words: Sequence[str], names: list[str] | None) -> list[str]:
    if isinstance(words, str):
        raise ValueError(f"words must be a sequence of words; got the string {words!r}. Pass [{words!r}].")
    words = column_names(words, argument="words")
    check_unique(words, "words")
    if not words:
        raise ValueError("words must hold at least one word.")
    if known := set(words) & set(names or []):
        raise ValueError(f"words must be new to the model; {sorted(known)[:5]} are in its vocabulary.")
    return words


def _check_frequencies(frequencies: ArrayLike, n_words: int) -> np.ndarray:
    values = np.asarray(frequencies, dtype=np.float64)
    if values.shape != (n_words,) or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(f"frequencies must be {n_words} finite numbers above 0, one a word; got {frequencies!r}.")
    return values
