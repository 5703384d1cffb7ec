"""Words of topics that drift over time."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state, check_scalar

from .._inputs.documents import corpus_of
from .._inputs.topics import Topics, topic_rows
from .._inputs.vectorizer import check_same_order
from ..metrics import top_word_columns
from ..metrics._words import find_columns
from ._frame import frame
from ._groups import Members, check_bootstrap, members_of
from ._over_time import SMOOTHINGS, Completion, OverTime, Pairs, Slices
from ._words import labels_of

_ORDERS = ("probability", "drift")


class ComponentsOver(NamedTuple):
    """Words of topics over time, and what their smoothing was chosen by, as `components_over` finds them.

    Attributes
    ----------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each topic, word and slice of time.
    completion : DataFrame or dict of arrays, or None
        One row for each topic and smoothing that was tried; None where none was.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn_etm.inspection import components_over
    >>> X = [[9, 0, 0], [7, 1, 0], [0, 9, 0], [0, 5, 4]]
    >>> lda = LatentDirichletAllocation(2, random_state=0).fit(X)
    >>> over = components_over(lda, X, [2001, 2001, 2002, 2002], n_words=1, smoothing=0.1, random_state=0)
    >>> over.table[["topic", "time"]].values.tolist(), over.completion
    ([[0, 2001], [0, 2002], [1, 2001], [1, 2002]], None)
    """

    table: Any
    completion: Any


@np.errstate(under="ignore")
def components_over(
    model: Any,
    X: Any,
    times: Any,
    *,
    freq: str | None = None,
    topics: Any = None,
    words: str | Sequence[str] | None = None,
    n_words: int = 10,
    by: str = "probability",
    smoothing: float | str = "auto",
    confidence: float = 0.95,
    n_bootstrap: int = 1000,
    random_state: Any = None,
    covariates: Any = None,
    feature_names: Any = None,
) -> ComponentsOver:
    r"""Words of topics over time, with their uncertainty: how what a topic says drifts.

    Topics and the topic proportions :math:`\theta` of documents are those of ``model``, which knows no time. The
    expected tokens of a topic are counted in each slice of time :math:`t`,

    .. math::

        n_{tkv} = \sum_{d \in t} x_{dv} \frac{\theta_{dk} \beta_{kv}}{\sum_j \theta_{dj} \beta_{jv}},
        \qquad N_{tk} = \sum_v n_{tkv}

    and smoothed in time, so that slices with few tokens lean on their neighbours:

    .. math::

        \beta_{tkv} = \frac{n_{tkv} + a_{t-1,k} \beta_{t-1,kv} + a_{tk} \beta_{t+1,kv}}{N_{tk} + a_{t-1,k} + a_{tk}},
        \qquad a_{tk} = \frac{c}{g_t} \, \frac{1}{T} \sum_s N_{sk}

    :math:`g_t` is how far the next slice is, where slices are numbers or dates: 1 for the median step. For all others
    it is 1. The equations are solved exactly.

    Parameters
    ----------
    model : fitted model, pipeline or search with one
        Its topics :math:`\beta`, and its ``transform``.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    times : sequence of length n_samples
        The slice of time of each document: dates, numbers, or strings that sort as time goes; or a column with
        categories in an order of their own. They are matched with ``X`` by their places, as in :func:`topics_over`.
    freq : str, optional
        Bins dates by calendar, as in :func:`topics_over`: ``"Y"``, ``"3M"``, ``"M"``, ``"W"``, ... Each distinct time
        is a slice else; time grows with their number.
    topics : int or sequence of int, optional
        Rows of ``components_`` to look at; all by default.
    words : str or sequence of str, optional
        Words to follow in each of the topics, instead of those that ``by`` chooses.
    n_words : int, default=10
        Number of words that are chosen for each topic; all, where the vocabulary has fewer.
    by : {"probability", "drift"}, default="probability"
        How they are chosen: the most probable over all slices together, or those that are farthest from that on
        average, :math:`\sum_t N_{tk} |\beta_{tkv} - \beta_{\cdot kv}|`. In either order, they come so in the table.
    smoothing : float or "auto", default="auto"
        :math:`c`, above 0: what neighbours weigh, in the tokens that the topic has in a slice on average. ``inf`` lets
        nothing drift. By default it is chosen for each topic by document completion (see Notes), among 0.1, 0.3, 1,
        ..., 1000 and ``inf``.
    confidence : float, default=0.95
        Share of bootstrap replicates between ``low`` and ``high``, in (0, 1).
    n_bootstrap : int, default=1000
        How often the documents of each slice are drawn anew.
    random_state : int, RandomState or None, default=None
        Draws them, and deals out the documents that choose ``smoothing``.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some by keyword; without them all are taken to be as the
        mean of `fit`, with a warning.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each topic, word and slice, in this order, slices sorted as :func:`topics_over` sorts groups, with
        the columns

        - ``time``, ``topic`` (its row in ``components_``), ``label`` (see :func:`topic_labels`), ``word``
        - ``probability``: :math:`\beta_{tkv}`
        - ``low``, ``high``: its percentiles in documents drawn from each slice with replacement
        - ``overall``: :math:`\beta_{\cdot kv} = \sum_t n_{tkv} / \sum_t N_{tk}`, the probability without drift
        - ``tokens``: :math:`N_{tk}`, and ``n_documents``: how much the slice itself says
        - ``smoothing``: :math:`c` of the topic

        Bins and categories without documents have no rows.
    completion : DataFrame or dict of arrays, or None
        Where :math:`c` was chosen, what was tried: ``topic``, ``smoothing``, and ``log_likelihood`` per held-out token
        in nats, where topics that gain more from drift have the best of theirs.

    Raises
    ------
    TypeError
        If ``model`` is an array, or times do not sort together.
    ValueError
        If ``times`` has another length than ``X``, or the index of ``X`` in another order, names no time at all, or
        holds something else than dates where ``freq`` is given; if there is no such topic or word; if ``n_words``,
        ``by``, ``smoothing``, ``freq``, ``confidence`` or ``n_bootstrap`` is out of range; if ``smoothing`` is to be
        chosen, and no document has two tokens.

    Warns
    -----
    UserWarning
        If some documents have no time (None, NaN, NaT, ...): how many were left out. If dates with another time zone
        than UTC are binned, which happens in UTC.

    See Also
    --------
    topics_over : How much of each topic there is, over time.
    sklearn_etm.plotting.WordDriftDisplay : Words of one topic as a picture.

    Notes
    -----
    :math:`c` is chosen so: the documents are dealt out to three folds, slice by slice. Half of the tokens of each
    document give its proportions, and the other half is scored under topics of its slice that were counted from the
    other folds. Topics are taken one after the other, those first that gain most from drift, and the highest
    log-likelihood wins; it is that of ``inf`` where drift predicts nothing. With one slice there is nothing to choose.
    This takes most of the time, also for few ``topics``: pass ``smoothing`` to spare it.

    The interval tells how much the figures depend on which documents these are. It does not contain the uncertainty of
    the topics, of the proportions of documents, or of :math:`c`. What is smoothed lags behind what changes, at the
    first and the last slice above all: a :math:`c` that is right for a topic is large for the few of its words that
    move. So look for drift with the default, and read levels with 0.1, say. Each interval is one of many: with little
    smoothing, 5 % of those of words that do not drift are beside ``overall``, and more of words that were chosen
    because theirs are (``by="drift"``).

    Tokens of a background (``background_topic_``) are not counted in the topics, as the responsibilities have it. A
    topic without any token has the probabilities of ``components_`` in all slices. Memory grows with the cells of
    ``X``, not with topics times words times slices.

    References
    ----------
    .. [1] Blei, D. & Lafferty, J. (2006). Dynamic topic models. ICML. There topics are learned with such a random walk.
    .. [2] Efron, B. & Tibshirani, R. (1993). An Introduction to the Bootstrap, chapter 13. Chapman & Hall.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_etm.inspection import components_over
    >>> texts = ["walkman music music song", "goal team goal team"] * 20 + ["ipod music music song", "goal team"] * 20
    >>> years = [1985] * 40 + [2005] * 40
    >>> lda = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0)).fit(texts)
    >>> drift = components_over(lda, texts, years, by="drift", n_words=2, smoothing=0.1, random_state=0)
    >>> music = drift.table[drift.table["label"].str.contains("music")]
    >>> music[["time", "word", "probability"]].round(2)
       time     word  probability
    0  1985     ipod         0.02
    1  2005     ipod         0.23
    2  1985  walkman         0.23
    3  2005  walkman         0.02
    """
    if by not in _ORDERS:
        raise ValueError(f"by must be one of {list(_ORDERS)}; got {by!r}.")
    _check_smoothing(smoothing)
    check_bootstrap(confidence, n_bootstrap)
    check_scalar(n_words, "n_words", Integral, min_val=1)
    check_same_order(X, times, "times")
    corpus, rng = corpus_of(model, X, feature_names, covariates), check_random_state(random_state)
    n_topics, names = corpus.topics.components.shape[0], corpus.topics.feature_names
    chosen = np.arange(n_topics) if topics is None else topic_rows(topics, n_topics)
    followed = None if words is None else np.tile(_columns(words, names), (len(chosen), 1))
    members, dated = _dated(members_of(times, freq, corpus.counts.shape[0], "time"))
    corpus = corpus.rows(dated)
    over_time = OverTime.of(corpus, Slices.of(members))
    completion = None
    if not isinstance(smoothing, str):
        smoothings = np.full(len(chosen), float(smoothing))
    elif len(members.names) == 1:
        smoothings = np.full(len(chosen), np.inf)
    else:
        best, scores = Completion.of(corpus, over_time, rng).choose()
        smoothings, completion = best[chosen], _completion_table(chosen, scores[chosen])
    columns = _leading(over_time, chosen, smoothings, min(n_words, len(names)), by) if followed is None else followed
    n = columns.shape[1]
    pairs = over_time.pairs(
        np.repeat(chosen, n), columns.ravel(), np.repeat(smoothings, n), confidence, n_bootstrap, rng
    )
    return ComponentsOver(_table(corpus.topics, over_time, pairs), completion)


def _table(topics: Topics, over_time: OverTime, pairs: Pairs) -> Any:
    """A row for each topic, word and slice."""
    members, (n_slices, n_pairs) = over_time.slices.members, pairs.probability.shape
    return frame(
        {
            "time": np.tile(members.names, n_pairs),
            "topic": np.repeat(pairs.topic, n_slices),
            "label": np.repeat(labels_of(topics)[pairs.topic], n_slices),
            "word": np.repeat(topics.feature_names[pairs.word], n_slices),
            "probability": pairs.probability.T.ravel(),
            "low": pairs.low.T.ravel(),
            "high": pairs.high.T.ravel(),
            "overall": np.repeat(pairs.overall, n_slices),
            "tokens": over_time.tokens[:, pairs.topic].T.ravel(),
            "n_documents": np.tile([len(rows) for rows in members.rows], n_pairs),
            "smoothing": np.repeat(pairs.smoothing, n_slices),
        }
    )


def _check_smoothing(smoothing: Any) -> None:
    """Raise where it is neither "auto" nor a number above 0."""
    if isinstance(smoothing, str) and smoothing == "auto":
        return
    if not isinstance(smoothing, Real) or not float(smoothing) > 0:
        raise ValueError(f"smoothing must be 'auto' or a number above 0, which may be inf; got {smoothing!r}.")


def _columns(words: str | Sequence[str], names: NDArray[np.str_]) -> NDArray[np.intp]:
    """Columns of the words to follow."""
    words = [words] if isinstance(words, str) else [str(word) for word in words]
    if not words:
        raise ValueError("words must name a word at least; got none. Leave it out to have them chosen.")
    return np.array(find_columns(words, names.tolist()))


def _dated(members: Members) -> tuple[Members, NDArray[np.intp]]:
    """The documents that have a time, and the same groups with these as rows."""
    dated = np.sort(np.concatenate(members.rows))
    return members._replace(rows=[np.searchsorted(dated, rows) for rows in members.rows]), dated


def _leading(
    over_time: OverTime, topics: NDArray[np.intp], smoothings: NDArray[np.float64], n: int, by: str
) -> NDArray[np.intp]:
    """Columns of the n words of each topic that lead, (n_topics, n); of equal drift, the more probable."""
    away, overall = over_time.drift(topics, smoothings)
    if by == "probability":
        return top_word_columns(overall, n_words=n)
    return np.lexsort((-overall, -away), axis=1)[:, :n]


def _completion_table(topics: NDArray[np.intp], scores: NDArray[np.float64]) -> Any:
    """What was tried for each topic."""
    n = len(SMOOTHINGS)
    return frame(
        {
            "topic": np.repeat(topics, n),
            "smoothing": np.tile(SMOOTHINGS, len(topics)),
            "log_likelihood": scores.ravel(),
        }
    )
