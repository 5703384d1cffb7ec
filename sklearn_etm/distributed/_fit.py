"""Fits on shards: passes of SVI over a sample, rounds of EM over everything."""

from __future__ import annotations

import copy
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import joblib
import numpy as np
import scipy.sparse as sp

from .._estimators.base import BaseTopicModel
from .._estimators.checkpoints import counts_fingerprint
from .._estimators.counts import check_rows, kept_if_it_fails
from .._estimators.encoded import MixtureTopicModel
from .._estimators.parameters import check_whole
from .._estimators.progress import with_callbacks
from .._inputs.vectorizer import feature_names, with_names
from .._rows import Rows
from .._sparse import column_sums
from ._shards import Columns, Shards, columns_of, words_of

if TYPE_CHECKING:
    from .._engine.em import EStep

ROWS = 1024  # of a batch in which a shard is counted, whatever its size: shards share a compiled program
HASHES = 1 << 22  # that are computed at a time
GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # and the multipliers of splitmix64 (Steele, Lea and Flood, 2014)
MIX = (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB))
LAST_SHIFT = np.uint64(31)


def fit_shards(
    model: Any,
    shards: Any,
    *,
    sample_size: int = 200_000,
    map_reduce: Any = "local",
    on_error: str = "raise",
    vectorizer: Any = None,
) -> Any:
    """Fit a topic model to a corpus in shards, of which one a worker is in memory at a time.

    Passes of stochastic variational inference go over a uniform sample of the documents, in this process; each round
    of EM goes over all of them. Shards are read ``em_iter + 2`` times. Where the sample is everything, the model is
    that of `fit` on the rows in their order, to rounding.

    Parameters
    ----------
    model : LNTMTransformer, ETMTransformer or AmortizedLDATransformer
        Is fitted in place, as by its `fit`: all or nothing.
    shards : sequence of {sparse matrix, str, path-like, callable, Delayed}, or a collection of Dask
        Count matrices of shape (n_documents, n_features), which may have no rows; paths of ``.npz`` files of
        `scipy.sparse.save_npz`; functions without arguments, or delayed values of Dask, that return a matrix, the same
        each time; or an array of Dask in blocks of whole rows, CSR. With a ``vectorizer``, lists of texts, functions
        and delayed values that return one, or a bag or series of Dask.
    sample_size : int, default=200_000
        Documents of the sample. It is drawn by a hash of a document's number among all that have a token, seeded by
        ``random_state``: it is the same however they are split into shards.
    map_reduce : {"local", "processes"}, distributed.Client or MapReduce, default="local"
        What runs the tasks: this process, `Processes` of this machine, the workers of a client of `Dask`, or an adapter
        of yours. Topics are the same to the bit.
    on_error : {"raise", "skip"}, default="raise"
        Whether a shard that cannot be read, or holds other columns, negative counts or NaN, ends the fit, or is left
        out from then on with a warning, which says what share of the tokens is lost where they were counted before.
    vectorizer : transformer, optional
        What makes counts of texts in the tasks: fitted, or one that needs no fit, such as
        ``CountVectorizer(vocabulary=words)`` or ``HashingVectorizer(alternate_sign=False, norm=None)``. In
        `NamedVectorizer`, its words become ``feature_names_in_``.

    Returns
    -------
    model : estimator
        The same, fitted; ``n_samples_seen_`` are the documents with a token in all shards that were not left out, and
        ``n_shards_skipped_`` is how many were.

    Raises
    ------
    TypeError
        For a model that EM cannot sharpen: call its `partial_fit` on one shard after the other. For shards that
        are none.
    ValueError
        For a shard that cannot be used, which is named, and as `fit` does. The model is then as it was.
    RuntimeError
        When worker processes die again and again, or a cluster has no worker left.

    Notes
    -----
    With ``early_stopping``, documents are held out of the sample, not of the rounds. With ``checkpoint_dir`` and an
    integer ``random_state``, a fit that was killed goes on at its last pass or round. Names of columns come from counts
    that carry them, those of `NamedVectorizer`; files do not, and `ETMTransformer` looks up word vectors by its
    ``vocabulary`` then.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.distributed import fit_shards
    >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
    >>> model = fit_shards(LNTMTransformer(num_topics=3, random_state=0), [X[:100], X[100:]], sample_size=200)
    >>> model.components_.shape, model.n_samples_seen_
    ((3, 60), 300)
    """
    _check(model)
    check_whole(sample_size=sample_size)
    covariates = getattr(model, "covariate_columns", None)
    columns = columns_of(model) if model._goes_on else Columns(covariates=covariates)
    return _fit(model, Shards(shards, map_reduce, on_error, vectorizer, columns), sample_size)


@kept_if_it_fails
@with_callbacks
@np.errstate(under="ignore")
def _fit(model: MixtureTopicModel, shards: Shards, sample_size: int) -> MixtureTopicModel:
    corpus = ShardedCorpus(shards, model.checkpoint_dir is not None)
    rng = model._first_generator()
    rows = check_rows(model, corpus.sample(sample_size, rng), None, "fit", reset=not model._goes_on)
    model._fit(rows, rng, corpus)
    shards.warn(corpus.lost)
    return model


def _check(model: Any) -> None:
    if not isinstance(model, BaseTopicModel):
        raise TypeError(
            f"fit_shards takes a topic model of this package; got {type(model).__name__}. Of a pipeline pass the "
            "topic model, and shards of counts that the steps before it have made."
        )
    name = type(model).__name__
    if not isinstance(model, MixtureTopicModel):
        raise TypeError(
            f"fit_shards goes over the shards in rounds of EM, which {name} does not have. Call its partial_fit on one "
            "shard after the other."
        )
    model._check_parameters()
    if not model.em_iter:
        raise ValueError(
            f"fit_shards goes over the shards in rounds of EM, and em_iter of this {name} is 0. Pass em_iter of at "
            "least 1, or call partial_fit on one shard after the other."
        )
    if getattr(model, "joint_iter", 0):
        raise ValueError(
            f"joint_iter of this {name} is {model.joint_iter}: rounds over all documents in memory, which shards are "
            "not. Set joint_iter=0."
        )


class Layout(NamedTuple):
    """What the columns of a shard are."""

    n_features: int
    words: str  # a hash of their names; empty where it has none


class About(NamedTuple):
    """What is known of a shard once it has been read."""

    number: int
    layout: Layout
    n_documents: int  # with a token
    n_tokens: float
    fingerprint: str  # empty where nobody asks


@dataclass(frozen=True)
class Totals:
    """What the start of a fit takes of shards."""

    word_counts: dict[Layout, np.ndarray]  # tokens of each word
    names: dict[str, np.ndarray]  # of columns, by their hash
    shards: list[About]

    def __add__(self, other: Totals) -> Totals:
        counts = dict(self.word_counts)
        for layout, more in other.word_counts.items():
            counts[layout] = counts[layout] + more if layout in counts else more
        return Totals(counts, self.names | other.names, self.shards + other.shards)


class ShardedCorpus:
    """All documents of a fit, read in shards; a `Whole` of `_engine/loop.py`."""

    def __init__(self, shards: Shards, has_fingerprint: bool):
        self._shards = shards
        self._covariates = shards.columns.covariates
        totals: Totals = shards.map_reduce(_totals, operator.add, has_fingerprint, self._covariates)
        first = totals.shards[0]  # has the columns that are expected, if any are
        V = first.layout.n_features
        named = next((about for about in totals.shards if about.layout.words and about.layout.n_features == V), first)
        alike = [Layout(V, ""), named.layout]
        shards.leave_out(
            {
                about.number: _difference(about, first if about.layout.n_features != V else named, shards, totals)
                for about in totals.shards
                if about.layout not in alike
            }
        )
        shards.columns = Columns(V, covariates=self._covariates)
        self._names = totals.names.get(named.layout.words)
        self.word_counts = np.sum([counts for layout, counts in totals.word_counts.items() if layout in alike], axis=0)
        self._about = {about.number: about for about in totals.shards if about.layout in alike}
        if not self.n_documents:
            raise ValueError(
                "No shard holds a token: all rows are empty. Pass counts with at least one non-zero; check the "
                "vectorizer's vocabulary, min_df and stop_words."
            )

    @property
    def _kept(self) -> list[About]:
        return [about for about in self._about.values() if about.number not in self._shards.failed]

    @property
    def n_documents(self) -> int:
        """How many have a token, in shards that were not left out."""
        return sum(about.n_documents for about in self._kept)

    @property
    def n_skipped(self) -> int:
        """Shards that were left out."""
        return len(self._shards.failed)

    @property
    def lost(self) -> str:
        """How much of the corpus was lost with shards that were left out."""
        known = [about for about in self._about.values() if about.number in self._shards.failed]
        parts = []
        if known:
            share = sum(about.n_tokens for about in known) / sum(about.n_tokens for about in self._about.values())
            parts.append(f"with {share:.2%} of the tokens")
        if len(known) < self.n_skipped:
            parts.append(f"{self.n_skipped - len(known)} of them before their tokens were counted")
        return ", ".join(parts)

    @property
    def fingerprint(self) -> str:
        """What tells these shards from others."""
        return joblib.hash(list(self._about.values()))

    def sample(self, size: int, rng: np.random.RandomState) -> sp.csr_array:
        """Documents that passes go over, in their order: those whose numbers have the smallest hashes."""
        n = self.n_documents
        seed = copy.deepcopy(rng).randint(2**63, dtype=np.uint64)  # the fit draws what it would without a sample
        numbers = np.cumsum([0, *(about.n_documents for about in self._kept)])
        first = {about.number: int(number) for about, number in zip(self._kept, numbers[:-1], strict=True)}
        highest = _highest(n, min(size, n), seed)
        parts = self._shards.map_reduce(_sampled, operator.add, first, seed, highest, self._covariates)
        return with_names(sp.vstack(parts, format="csr"), self._names)

    def expected_counts(self, e_step: EStep) -> np.ndarray:
        """Sum over all shards of what an E-step counts, (V, K)."""
        return self._shards.map_reduce(_expected_counts, operator.add, e_step, self._covariates)


def _totals(X: sp.csr_array, number: int, has_fingerprint: bool, covariates: Any) -> Totals:
    of_words, names = words_of(X, covariates), feature_names(X)
    counts = column_sums(of_words)
    words = "" if names is None else joblib.hash(names.tolist())
    layout = Layout(X.shape[1], words)
    fingerprint = counts_fingerprint(X) if has_fingerprint else ""
    about = About(number, layout, int(np.count_nonzero(np.diff(of_words.indptr))), float(counts.sum()), fingerprint)
    return Totals({layout: counts}, {} if names is None else {words: names}, [about])


def _difference(about: About, other: About, shards: Shards, totals: Totals) -> str:
    """How the columns of a shard are not those of another."""
    name, other_name = (next(str(s) for s in shards.items if s.number == a.number) for a in (about, other))
    if about.layout.n_features != other.layout.n_features:
        return f"{name} has {about.layout.n_features} columns, and {other_name} has {other.layout.n_features}"
    words, others = totals.names[about.layout.words], totals.names[other.layout.words]
    i = np.flatnonzero(words != others)[0]
    return f"{name} has other words than {other_name}: column {i} is {words[i]!r}, and {others[i]!r} there"


def _sampled(
    X: sp.csr_array, number: int, first: dict[int, int], seed: np.uint64, highest: np.uint64, covariates: Any
) -> list[sp.csr_array]:
    X = X[np.diff(words_of(X, covariates).indptr) > 0]
    hashes = document_hashes(first[number] + np.arange(X.shape[0]), seed)
    return [sp.csr_array(X[hashes <= highest])]


def _expected_counts(X: sp.csr_array, number: int, e_step: EStep, covariates: Any) -> np.ndarray:
    from .._engine.batches import Corpus

    rows = Rows(words_of(X, covariates)).learnable
    if not rows.n:
        return np.zeros(e_step.beta_t.shape)
    return e_step.counts(Corpus(rows, e_step.features, ROWS, np.random.RandomState(number)))


def document_hashes(numbers: np.ndarray, seed: np.uint64) -> np.ndarray:
    """Hashes of documents' numbers by splitmix64, uint64: no two are the same."""
    z = (numbers.astype(np.uint64) + np.uint64(1)) * GOLDEN + seed
    for shift, multiplier in MIX:
        z = (z ^ (z >> shift)) * multiplier
    return z ^ (z >> LAST_SHIFT)


def _highest(n: int, size: int, seed: np.uint64) -> np.uint64:
    """The highest of the ``size`` lowest hashes of ``n`` documents."""
    if size == n:
        return np.uint64(2**64 - 1)
    lowest = np.empty(0, np.uint64)
    for start in range(0, n, HASHES):
        lowest = np.concatenate([lowest, document_hashes(np.arange(start, min(start + HASHES, n)), seed)])
        if len(lowest) > size:
            lowest = np.partition(lowest, size - 1)[:size]
    return lowest.max()
