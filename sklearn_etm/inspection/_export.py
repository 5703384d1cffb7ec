"""What other programs draw topic models from."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._inputs.documents import corpus_of
from .._inputs.texts import printable


@np.errstate(under="ignore")
def pyldavis_data(model: Any, X: Any, *, covariates: Any = None, feature_names: Any = None) -> dict[str, Any]:
    """Arguments of pyLDAvis, for ``pyLDAvis.prepare(**data)``.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    data : dict
        ``topic_term_dists`` (num_topics, n_features) and ``doc_topic_dists`` (n_samples, num_topics), in float64
        with rows that sum to one; ``doc_lengths`` (n_samples,) and ``term_frequency`` (n_features,), in tokens;
        ``vocab``, a list of str.

    Raises
    ------
    TypeError
        If ``model`` is an array, which cannot transform documents.

    Notes
    -----
    pyLDAvis is not needed here, and not installed with this package.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.inspection import pyldavis_data
    >>> X = [[9, 0], [7, 1], [1, 9], [0, 0]]
    >>> data = pyldavis_data(LatentDirichletAllocation(2, random_state=0).fit(X), X, feature_names=["star", "goal"])
    >>> data["doc_lengths"].tolist(), data["term_frequency"].tolist(), data["vocab"]
    ([9, 8, 10, 0], [17, 10], ['star', 'goal'])
    """
    corpus = corpus_of(model, X, feature_names, covariates)
    return {
        "topic_term_dists": corpus.topics.components,
        "doc_topic_dists": corpus.doc_topic,
        "doc_lengths": corpus.lengths,
        "vocab": [printable(word) for word in corpus.topics.feature_names.tolist()],
        "term_frequency": corpus.word_counts,
    }
