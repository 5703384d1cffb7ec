"""Which topics go together in documents."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .._inputs.topics import topics_of
from ._draws import check_draws, draws_of, known_of
from ._frame import frame
from ._groups import check_bootstrap, interval, resampled

LEAST_OF_WORDS = 0.02
LARGEST = 1 - 1e-9  # of a correlation whose Fisher's z is finite
DRAWS = 20  # of a document: their variance is averaged over the documents


@np.errstate(under="ignore")
def topic_correlation(
    model: Any,
    X: Any,
    *,
    covariates: Any = None,
    confidence: float = 0.95,
    n_bootstrap: int = 1000,
    random_state: Any = None,
    feature_names: Any = None,
) -> Any:
    r"""Correlations of topics over documents, with their uncertainty: which go together, and which avoid each other.

    What correlates are the logits z of :math:`\theta_d = \mathrm{softmax}(z_d)` under the posteriors of documents,
    less what covariates say of them. Their covariance is that of the posteriors' means and the mean of the posteriors',

    .. math:: S = \sum_d w_d \left( (m_d - \hat m_d) (m_d - \hat m_d)^\top + V_d \right)

    of z less its mean over the topics, of which words say nothing. :math:`\hat m_d` is the regression of the means
    :math:`m_d` on the covariates that the model was fitted with, :math:`V_d` the covariance of the posterior. As in
    ``topic_correlation_``, the direction of that mean is given the mean variance of all others, so that topics have
    correlation 0, not :math:`-1 / (K - 1)`, where they have nothing to do with each other. :math:`w_d` is 1 / n, and
    what the bootstrap changes.

    Parameters
    ----------
    model : fitted model of this package, pipeline or search with one
        Its topics, and its ``sample_posterior``. Fit it with ``covariance="full"`` or ``"low_rank"``: the posteriors of
        others are drawn to topics that do not correlate.
    X : documents as ``model`` was fitted on
        Texts for a pipeline, counts else.
    covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), optional
        Those of the documents, where the model was fitted with some.
    confidence : float, default=0.95
        Share of bootstrap correlations between ``low`` and ``high``, in (0, 1).
    n_bootstrap : int, default=1000
        How often the documents are drawn anew.
    random_state : int, RandomState or None, default=None
        Draws them, and from their posteriors.
    feature_names : sequence of str or mapping, optional
        The word of each column, where ``model`` does not know them.

    Returns
    -------
    table : DataFrame, or dict of arrays where pandas is not installed
        One row for each pair of topics, with the columns

        - ``topic_a``, ``topic_b``: rows in ``components_``, the lower first; not the background, where there is one
        - ``label_a``, ``label_b``: see :func:`topic_labels`
        - ``correlation``: from -1 to 1
        - ``low``, ``high``: percentiles of it in documents drawn with replacement

    Raises
    ------
    TypeError
        If ``model`` has no ``sample_posterior``.
    ValueError
        If there are fewer than two topics, if the model was fitted with covariates and there are none, or others, or if
        ``confidence`` or ``n_bootstrap`` is out of range.

    See Also
    --------
    sklearn_etm.plotting.TopicCorrelationDisplay : Them as a matrix or a graph.

    Notes
    -----
    The interval tells how much depends on which documents these are; topics are taken as known. Posteriors of short
    documents are near the prior, whichever documents are drawn, so that their bootstrap alone would be too narrow. On
    the scale of Fisher's z it is widened by :math:`n / \sum_d (1 - \rho_{dj}) (1 - \rho_{dk})`, where :math:`\rho` is
    the posterior's variance as a share of the prior's: so much farther EM goes after a step (Dempster et al., 1977).

    References
    ----------
    .. [1] Blei, D. & Lafferty, J. (2007). A correlated topic model of Science. Annals of Applied Statistics 1.
    .. [2] Dempster, A., Laird, N. & Rubin, D. (1977). Maximum likelihood from incomplete data via the EM algorithm.
       Journal of the Royal Statistical Society B 39.

    Examples
    --------
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.datasets import make_topics_corpus
    >>> from sklearn_etm.inspection import topic_correlation
    >>> X = make_topics_corpus(60, n_topics=3, n_features=40, doc_length=30, random_state=0).data
    >>> model = LNTMTransformer(3, covariance="full", em_iter=1, max_iter=2, random_state=0).fit(X)
    >>> table = topic_correlation(model, X, random_state=0)
    >>> [(int(a), int(b)) for a, b in zip(table["topic_a"], table["topic_b"])]
    [(0, 1), (0, 2), (1, 2)]
    """
    check_bootstrap(confidence, n_bootstrap)
    topics = topics_of(model, feature_names)
    check_draws(topics)
    counts = topics.counts(X)
    rng = check_random_state(random_state)
    known = known_of(topics, counts, covariates, None)
    draws = draws_of(topics, counts, DRAWS, rng, known)
    if draws.theta.shape[2] < 2:
        raise ValueError("A model of one topic has no correlations.")
    posteriors = _Posteriors.of(draws.theta, known.values)
    low, high = posteriors.intervals(confidence, n_bootstrap, rng)
    a, b = np.triu_indices(posteriors.left.shape[1], 1)
    return frame(
        {
            "topic_a": draws.topics[a],
            "topic_b": draws.topics[b],
            "label_a": draws.labels[a],
            "label_b": draws.labels[b],
            "correlation": posteriors.correlation()[a, b],
            "low": low[a, b],
            "high": high[a, b],
        }
    )


class _Posteriors(NamedTuple):
    """What matters of the posteriors of documents."""

    left: NDArray[np.float64]  # (n, K), means less what covariates say of them, sums are 0
    variance: NDArray[np.float64]  # (n, K)
    within: NDArray[np.float64]  # (K, K), correlations of the mean of their covariances

    @classmethod
    def of(cls, theta: NDArray[np.float64], covariates: NDArray[np.float64]) -> _Posteriors:
        """Those of draws (n_draws, n, K) of documents with covariates (n, q)."""
        z = np.log(np.maximum(theta, np.finfo(np.float64).tiny))
        z -= z.mean(axis=2, keepdims=True)
        means = z.mean(axis=0)
        z -= means
        design = np.column_stack([np.ones(len(means)), covariates])
        left = means - design @ np.linalg.lstsq(design, means, rcond=None)[0]
        return cls(left, (z**2).mean(axis=0), _normed(np.einsum("snk,snl->kl", z, z, optimize=True)))

    def covariance(self, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Covariance (K, K), of documents with weights (n,) that sum to 1."""
        n, K = self.left.shape
        weights = np.full(n, 1 / n) if weights is None else weights
        scale = np.sqrt(weights @ self.variance)
        covariance = (weights[:, None] * self.left).T @ self.left + self.within * np.outer(scale, scale)
        return covariance + np.trace(covariance) / (K - 1) / K

    def correlation(self, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Correlations (K, K), of documents with weights (n,) that sum to 1."""
        return _normed(self.covariance(weights))

    def intervals(
        self, confidence: float, n_bootstrap: int, rng: np.random.RandomState
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of bootstrap intervals of the correlations, (K, K) each, on the scale of Fisher's z."""
        n = len(self.left)
        middle = _fisher(self.correlation())
        each = [_fisher(self.correlation(w)) for often in resampled(n, n_bootstrap, rng) for w in often / n]
        low, high = interval(np.stack(each) - middle, confidence, axis=0) / self.of_words
        return np.tanh(middle + low), np.tanh(middle + high)

    @property
    def of_words(self) -> NDArray[np.float64]:
        """Share of covariances (K, K) that is not the prior's; by as much, a bootstrap of posteriors is too narrow."""
        covariance = self.covariance()
        centred = np.diag(covariance) - covariance.mean()  # without the direction that words say nothing of
        told = 1 - np.minimum(self.variance / centred, 1.0)
        return np.maximum(told.T @ told / len(told), LEAST_OF_WORDS)


def _fisher(correlation: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.arctanh(np.clip(correlation, -LARGEST, LARGEST))


def _normed(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlations; 0 where there is no variance."""
    scale = np.sqrt(np.diag(covariance))
    return covariance / np.where(scale > 0, scale, 1.0)[:, None] / np.where(scale > 0, scale, 1.0)
