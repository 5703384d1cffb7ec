"""What fitted models say of shards, and of blocks of Dask: scores and topic proportions."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import check_is_fitted

from .._estimators.base import BaseTopicModel
from .._estimators.counts import is_of_dask
from .._estimators.covariates import split, warn_without_covariates
from .._files.whole import replacing
from .._rows import Rows
from ._blocks import check_whole_rows
from ._shards import Shards, columns_of


@np.errstate(under="ignore")
def score_shards(
    model: Any, shards: Any, *, map_reduce: Any = "local", on_error: str = "raise", vectorizer: Any = None
) -> float:
    """Mean held-out log-likelihood per token over shards: `score` of all their rows, to rounding.

    Parameters
    ----------
    model : fitted estimator
        A topic model of this package.
    shards : sequence of {sparse matrix, str, path-like, callable, Delayed}, or a collection of Dask
        As `fit_shards` takes them.
    map_reduce : {"local", "processes"}, distributed.Client or MapReduce, default="local"
        What runs the tasks. The score is the same to the bit.
    on_error : {"raise", "skip"}, default="raise"
        Whether a shard that cannot be used is an error, or is left out with a warning.
    vectorizer : transformer, optional
        Of shards of texts, as `fit_shards` takes it.

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
    of_model = _of_model(model, shards, map_reduce, on_error, vectorizer)
    log_likelihood, n_tokens = of_model.map_reduce(_scored, operator.add, model.slim())
    of_model.warn("and not scored")
    if not n_tokens:
        raise ValueError(
            "score_shards needs a document of at least two tokens: the shards have none, so that nothing can be held "
            "out."
        )
    return float(log_likelihood / n_tokens)


@np.errstate(under="ignore")
def transform_shards(
    model: Any,
    shards: Any,
    out: str | os.PathLike,
    *,
    map_reduce: Any = "local",
    on_error: str = "raise",
    vectorizer: Any = None,
) -> list[Path | None]:
    """Topic proportions of shards, in one file each.

    Parameters
    ----------
    model : fitted estimator
        A topic model of this package.
    shards : sequence of {sparse matrix, str, path-like, callable, Delayed}, or a collection of Dask
        As `fit_shards` takes them.
    out : str or path-like
        Folder of the files, which is made where there is none. Workers write to it: on several machines it is one that
        all of them see.
    map_reduce : {"local", "processes"}, distributed.Client or MapReduce, default="local"
        What runs the tasks.
    on_error : {"raise", "skip"}, default="raise"
        Whether a shard that cannot be used is an error, or is left out with a warning.
    vectorizer : transformer, optional
        Of shards of texts, as `fit_shards` takes it.

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
    of_model = _of_model(model, shards, map_reduce, on_error, vectorizer)
    n, folder = len(of_model.items), Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[int, Path] = of_model.map_reduce(_written, operator.or_, model.slim(), folder)
    of_model.warn("and have no file")
    return [written.get(i) for i in range(n)]


def transform_blocks(model: Any, X: Any) -> Any:
    """Topic proportions of an array of Dask: an array of Dask, whose blocks are computed when it is.

    Parameters
    ----------
    model : fitted estimator
        A topic model of this package. Workers need this package and scikit-learn, and no JAX.
    X : dask.array.Array of shape (n_documents, n_features)
        Counts in blocks of whole rows, CSR or dense.

    Returns
    -------
    doc_topic : dask.array.Array of shape (n_documents, num_topics)
        What `transform` gives of each block, in float32 where ``X`` is, else in float64.

    Raises
    ------
    TypeError
        For an ``X`` that is no array of Dask: counts in memory go to `transform`, shards to `transform_shards`.
    ValueError
        For blocks of some columns, and for another number of columns than the model was fitted with. What is wrong with
        a block is raised when it is computed.

    Examples
    --------
    >>> from sklearn_etm.distributed import transform_blocks
    >>> theta = transform_blocks(model, X)  # doctest: +SKIP
    >>> dask.array.to_npy_stack("topics", theta)  # doctest: +SKIP
    """
    _check_model(model)
    if not (is_of_dask(X) and hasattr(type(X), "map_blocks") and X.ndim == 2):
        raise TypeError(
            f"X must be an array of Dask with two dimensions; got {type(X).__name__}. Counts in memory go to "
            "model.transform, shards to transform_shards, a data frame of Dask to X.map_partitions(model.transform)."
        )
    check_whole_rows(X)
    if X.shape[1] != model.n_features_in_:
        raise ValueError(
            f"X has {X.shape[1]} columns, and {type(model).__name__} was fitted with {model.n_features_in_}."
        )
    import dask

    dtype = np.dtype(np.float32 if X.dtype == np.float32 else np.float64)
    return X.map_blocks(
        _transformed,
        dask.delayed(model.slim()),  # once, and not in the task of each block
        dtype=dtype,
        chunks=(X.chunks[0], (model.components_.shape[0],)),
        meta=np.empty((0, 0), dtype),
    )


def _check_model(model: Any) -> None:
    """Raise for what is no fitted topic model."""
    if not isinstance(model, BaseTopicModel):
        raise TypeError(
            f"model must be a fitted topic model of this package; got {type(model).__name__}. Of a pipeline pass the "
            "topic model, and shards of counts that the steps before it have made."
        )
    check_is_fitted(model)


def _of_model(model: Any, shards: Any, map_reduce: Any, on_error: str, vectorizer: Any) -> Shards:
    _check_model(model)
    warn_without_covariates(model)
    return Shards(shards, map_reduce, on_error, vectorizer, columns_of(model))


def _transformed(X: Any, model: BaseTopicModel) -> np.ndarray:
    return np.asarray(model.transform(X)) if X.shape[0] else np.empty((0, model.components_.shape[0]), X.dtype)


def _rows(X: sp.csr_array, model: BaseTopicModel) -> Rows:
    """Documents of a shard, with covariates where the model has columns of them."""
    counts, covariates = split(model, X, reset=False)
    return Rows(counts, covariates=covariates)


def _scored(X: sp.csr_array, number: int, model: BaseTopicModel) -> np.ndarray:
    """Log-likelihood and number of held-out tokens."""
    if not X.nnz:
        return np.zeros(2)
    return np.array([of_documents.sum() for of_documents in model._completion(model._model, _rows(X, model))])


def _written(X: sp.csr_array, number: int, model: BaseTopicModel, folder: Path) -> dict[int, Path]:
    path = folder / f"shard-{number:05}.npy"
    with replacing(path) as file:
        np.save(file, model._topics_of(_rows(X, model)))
    return {number: path}
