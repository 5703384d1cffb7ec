"""Word vectors without a download."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_random_state

from .._sparse import canonical, check_indices, widened
from .._threads import one_thread
from ._pmi import word_vectors
from ._vectors import WordVectors


@np.errstate(under="ignore")
@one_thread()  # threads would add up in an order of their own, too
def corpus_vectors(X: Any, embedding_size: int = 50) -> NDArray[np.float32]:
    r"""Word vectors from the counts alone: words are near that occur in the same documents.

    With :math:`p` over pairs of different words in a document, each document's pairs weighing as much as it has words,

    .. math:: M_{vc} = \max\left(0, \log \frac{p(v, c)}{p(v) \, p(c)}\right)

    for every word v and the 1,000 words c in most documents. The vectors are the first left singular vectors of
    :math:`M`, each scaled by the square root of its singular value, less the vector of the mean token.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Counts, not negative; never made dense, not modified.
    embedding_size : int, default=50
        Number of dimensions L.

    Returns
    -------
    vectors : ndarray of shape (n_features, L)
        One row a column of ``X``, float32; L is smaller than ``embedding_size`` where there are fewer words. A word in
        no document, or always alone, has the vector of the mean token with its sign changed.

    Raises
    ------
    ValueError
        If ``X`` holds NaN, infinite or negative values, or ``embedding_size`` is below 1.

    References
    ----------
    Levy, Goldberg and Dagan, "Improving distributional similarity with lessons learned from word embeddings",
    Transactions of the ACL, 2015.

    Examples
    --------
    >>> from sklearn_etm.embeddings import corpus_vectors
    >>> corpus_vectors([[2, 1, 0, 0], [1, 2, 0, 0], [0, 0, 1, 3], [0, 0, 2, 1]], embedding_size=2).shape
    (4, 2)
    """
    if embedding_size < 1:
        raise ValueError(f"embedding_size must be at least 1; got {embedding_size}.")
    check_indices(X)
    X = canonical(check_array(widened(X), accept_sparse="csr", dtype=np.float64, ensure_non_negative=True))
    vectors = word_vectors(X, embedding_size)
    usage = X.sum(axis=0)
    return (vectors - usage @ vectors / max(usage.sum(), 1.0)).astype(np.float32)


@np.errstate(under="ignore")
def skipgram_vectors(
    texts: Iterable[str],
    analyzer: Callable[[str], list[str]],
    *,
    embedding_size: int = 50,
    window: int = 5,
    min_count: int = 5,
    epochs: int = 10,
    random_state: Any = None,
    workers: int = 1,
) -> WordVectors:
    """Word vectors of a corpus by skip-gram with negative sampling, as gensim learns them.

    Parameters
    ----------
    texts : iterable of str
        Documents.
    analyzer : callable
        From a document to its words in order: ``vectorizer.build_analyzer()`` makes the same words as the counts.
    embedding_size : int, default=50
        Number of dimensions L.
    window : int, default=5
        Words on either side that a word is to predict.
    min_count : int, default=5
        Words that occur less often get no vector.
    epochs : int, default=10
        Passes over the texts.
    random_state : int, RandomState or None, default=None
        Draws gensim's seed. The same int gives the same vectors with one worker; several are not deterministic.
    workers : int, default=1
        Threads.

    Returns
    -------
    WordVectors

    Raises
    ------
    ImportError
        If gensim is not installed.
    ValueError
        If no word occurs ``min_count`` times.

    References
    ----------
    Mikolov, Sutskever, Chen, Corrado and Dean, "Distributed representations of words and phrases and their
    compositionality", NeurIPS, 2013.

    Examples
    --------
    >>> from sklearn_etm.embeddings import skipgram_vectors
    >>> vectors = skipgram_vectors(texts, vectorizer.build_analyzer())  # doctest: +SKIP
    >>> make_pipeline(NamedVectorizer(vectorizer), ETMTransformer(embeddings=vectors)).fit(texts)  # doctest: +SKIP
    """
    try:
        from gensim.models import Word2Vec
    except ImportError as error:
        raise ImportError('skipgram_vectors needs gensim: pip install "sklearn-etm[vectors]".') from error
    sentences = [analyzer(text) for text in texts]
    seed = check_random_state(random_state).randint(2**31 - 1)
    model = Word2Vec(vector_size=embedding_size, window=window, min_count=min_count, sg=1, workers=workers, seed=seed)
    model.build_vocab(sentences)
    if not len(model.wv):
        raise ValueError(f"No word of the {len(sentences)} texts occurs min_count={min_count} times: lower it.")
    model.train(sentences, total_examples=len(sentences), epochs=epochs)
    return WordVectors(model.wv.index_to_key, model.wv.vectors)
