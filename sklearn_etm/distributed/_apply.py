"""What fitted models say of shards: scores and topic proportions."""

from __future__ import annotations

import operator
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_is_fitted

from .._estimators.base import BaseTopicModel
from .._files.whole import replacing
from .._rows import Rows
from ._shards import Shards


@np.errstate(under="ignore")
def score_shards(model: Any, shards: Sequence[Any], *, map_reduce: Any = "local", on_error: str = "raise") -> float:
    """Mean held-out log-likelihood per token over shards: `score` of all their rows, to rounding.

    Parameters
    ----------
    model : fitted estimator
        A topic model of this package.
    shards : sequence of {sparse matrix, str, path-like, callable}
        As `fit_shards` takes them.
    map_reduce : {"local", "processes"} or MapReduce, default="local"
        What runs the tasks. The score is the same to the bit.
    on_error : {"raise", "skip"}, default="raise"
        Whether a shard that cannot be used is an error, or is left out with a warning.

    Returns
    -------
    score : float
        In nats per token.

    Raises
    ------
    ValueError
        For a shard that cannot be used, which is named, and if no document has two tokens.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.distributed import score_shards
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> abs(score_shards(model, [X[:100], X[100:]]) - model.score(X)) < 1e-12
    True
    """
    of_model = _of_model(model, shards, map_reduce, on_error)
    log_likelihood, n_tokens = of_model.map_reduce(_scored, operator.add, model.slim())
    of_model.warn("and not scored")
    if not n_tokens:
        raise ValueError(
            "score_shards needs a document of at least two tokens: the shards have none, so that nothing can be held "
            "out."
        )
    return float(log_likelihood / n_tokens)


def transform_shards(
    model: Any, shards: Sequence[Any], out: str | os.PathLike, *, map_reduce: Any = "local", on_error: str = "raise"
) -> list[Path | None]:
    """Topic proportions of shards, in one file each.

    Parameters
    ----------
    model : fitted estimator
        A topic model of this package.
    shards : sequence of {sparse matrix, str, path-like, callable}
        As `fit_shards` takes them.
    out : str or path-like
        Folder of the files, which is made where there is none. Workers write to it: on several machines it is one that
        all of them see.
    map_reduce : {"local", "processes"} or MapReduce, default="local"
        What runs the tasks.
    on_error : {"raise", "skip"}, default="raise"
        Whether a shard that cannot be used is an error, or is left out with a warning.

    Returns
    -------
    paths : list of {Path, None}
        ``shard-00000.npy``, ``shard-00001.npy``, ...: arrays of shape (n_documents, num_topics), one for each shard, in
        their order; None for one that was left out. Each is written whole or not at all. ``numpy.load(path,
        mmap_mode="r")`` reads of them what is used.

    Raises
    ------
    ValueError
        For a shard that cannot be used, which is named. Files of other shards may be there already.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.distributed import transform_shards
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = transform_shards(model, [X[:100], X[100:]], folder)
    ...     [np.load(path).shape for path in paths]
    [(100, 3), (200, 3)]
    """
    of_model = _of_model(model, shards, map_reduce, on_error)
    n, folder = len(of_model.items), Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[int, Path] = of_model.map_reduce(_written, operator.or_, model.slim(), folder)
    of_model.warn("and have no file")
    return [written.get(i) for i in range(n)]


def _of_model(model: Any, shards: Sequence[Any], map_reduce: Any, on_error: str) -> Shards:
    if not isinstance(model, BaseTopicModel):
        raise TypeError(
            f"model must be a fitted topic model of this package; got {type(model).__name__}. Of a pipeline pass the "
            "topic model, and shards of counts that the steps before it have made."
        )
    check_is_fitted(model)
    return Shards(shards, map_reduce, on_error, model.n_features_in_)


def _scored(X: sp.csr_array, number: int, model: BaseTopicModel) -> np.ndarray:
    """Log-likelihood and number of held-out tokens."""
    if not X.nnz:
        return np.zeros(2)
    return np.array([of_documents.sum() for of_documents in model._completion(model._model, Rows(X))])


def _written(X: sp.csr_array, number: int, model: BaseTopicModel, folder: Path) -> dict[int, Path]:
    path = folder / f"shard-{number:05}.npy"
    with replacing(path) as file:
        np.save(file, model._topics_of(Rows(X)))
    return {number: path}
