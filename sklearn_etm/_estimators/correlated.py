"""Models whose topics can correlate, and whose documents can have covariates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from .. import _document_prior
from .._document_prior import Structure
from .._fitted.meanfield import Documents, Normals, Words, improved
from .._fitted.model import TopicModel
from .._fitted.prior import CorrelatedNormal
from .._fitted.proportions import with_background
from .._fitted.slices import drawn
from .._rows import Rows
from .._sparse import row_sums
from . import parameters as kinds
from .counts import check_rows, kept_if_it_fails
from .documented import as_overridden
from .encoded import MixtureTopicModel
from .progress import with_callbacks

if TYPE_CHECKING:
    from .._engine.loop import Fit

SAMPLE = 5000  # documents that the prior is learned from
STEPS = 2  # of posteriors, in `transform`
DRAWN_STEPS = 8  # and before draws

COVARIATES = "covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), default=None"
FIRST = f"""{COVARIATES}
    Numbers that say which topics to expect of a document, before its words are read: dates, groups as `OneHotEncoder`
    writes them, splines. Their effects on topic proportions are learned. A ``ValueError`` where one is not finite, or
    there are not as many rows as documents."""
LATER = f"""{COVARIATES}
    Those of the first call, where it had any."""
OF_DOCUMENTS = f"""{COVARIATES}
    Those of the documents, where the model was fitted with any; without them all are taken to be as the mean of `fit`,
    with a warning."""
AS_IN_TRANSFORM = f"""{COVARIATES}
    As in `transform`."""


class CorrelatedTopicModel(MixtureTopicModel):
    """What models share whose documents have a logistic-normal prior, which can be learned after the topics."""

    covariance: str
    rank: int
    covariate_penalty: float
    covariate_columns: Any

    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **MixtureTopicModel._kinds,
        "covariance": kinds.one_of("diagonal", "full", "low_rank"),
        "rank": kinds.COUNT,
        "covariate_penalty": kinds.POSITIVE,
        "covariate_columns": kinds.COLUMNS,
    }

    # Learning

    @kept_if_it_fails
    @with_callbacks
    @np.errstate(under="ignore")
    @as_overridden(MixtureTopicModel.fit, FIRST)
    def fit(self, X, y=None, sample_weight=None, covariates=None):
        return self._fit_to(X, sample_weight, covariates)

    @kept_if_it_fails
    @with_callbacks
    @np.errstate(under="ignore")
    @as_overridden(MixtureTopicModel.partial_fit, LATER)
    def partial_fit(self, X, y=None, sample_weight=None, covariates=None):
        return self._fit_batch(X, sample_weight, covariates)

    def fit_transform(self, X, y=None, sample_weight=None, covariates=None):
        """Learn topics from count rows, and give their topic proportions: `fit`, then `transform`, of the same rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), default=None
            As in `fit`.

        Returns
        -------
        doc_topic : ndarray of shape (n_samples, num_topics)

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> year = np.linspace(0, 1, 300).reshape(-1, 1)
        >>> model = LNTMTransformer(num_topics=3, random_state=0)
        >>> model.fit_transform(X, covariates=year).shape, model.covariate_effects_.shape
        ((300, 3), (1, 3))
        """
        return self.fit(X, y, sample_weight, covariates).transform(X, covariates)

    def _finished(self, fit: Fit, rows: Rows, share: float) -> Fit:
        """With the prior that was asked for, learned from documents; ``share`` of what is known is theirs."""
        model, former = fit.model, getattr(getattr(self, "_model", None), "prior", None)
        n_topics = len(model.components) - (model.background is not None)
        if (self.covariance == "diagonal" and rows.covariates is None) or n_topics < 2:
            return fit
        rows = rows.sample(SAMPLE)
        words, theta = _apart(model, super()._proportions(model, rows))
        structure = Structure(self.covariance, self.rank, self.covariate_penalty)
        prior = _document_prior.learned(rows, words, theta, structure)
        if model.background is not None:
            prior = _document_prior.with_background(prior, model.prior)
        if share < 1 and isinstance(former, CorrelatedNormal):
            prior = _document_prior.blended(former, prior, share)
        return fit._replace(model=replace(model, prior=prior))

    # Using what was learned

    @np.errstate(under="ignore")
    @as_overridden(MixtureTopicModel.transform, OF_DOCUMENTS)
    def transform(self, X, covariates=None):
        check_is_fitted(self)
        return self._topics_of(check_rows(self, X, None, "transform", covariates=covariates))

    def _proportions(self, model: TopicModel, rows: Rows) -> np.ndarray:
        refined = super()._proportions(model, rows)
        if not isinstance(model.prior, CorrelatedNormal):
            return refined
        q = improved(*_of_topics(model, rows, refined), STEPS)
        expected = _together(q.theta, model, refined)
        empty = np.diff(rows.counts.indptr) == 0
        return np.where(empty[:, None], expected, (refined + expected) / 2)

    @np.errstate(under="ignore")
    @as_overridden(MixtureTopicModel.score_samples, AS_IN_TRANSFORM)
    def score_samples(self, X, covariates=None):
        check_is_fitted(self)
        rows = check_rows(self, X, None, "score_samples", covariates=covariates)
        return self._completion(self._model, rows).log_likelihood

    @np.errstate(under="ignore")
    @as_overridden(MixtureTopicModel.score, AS_IN_TRANSFORM)
    def score(self, X, y=None, sample_weight=None, covariates=None):
        check_is_fitted(self)
        return self._score_of(self._model, check_rows(self, X, sample_weight, "score", covariates=covariates))

    @as_overridden(MixtureTopicModel.perplexity, AS_IN_TRANSFORM)
    def perplexity(self, X, sample_weight=None, covariates=None):
        return float(np.exp(-self.score(X, sample_weight=sample_weight, covariates=covariates)))

    @np.errstate(under="ignore")
    def sample_posterior(self, X, n_samples: int = 100, *, random_state: Any = None, covariates=None) -> np.ndarray:
        """Draw topic proportions of documents from their posteriors.

        These are the encoder's, which are not refined as `transform` is; or, where topics correlate or the model has
        covariates, draws of the posterior itself, by a chain for each document (elliptical slice sampling; Murray,
        Adams and MacKay, 2010). A document's share of the background, where there is one, is the same in all draws:
        that of all documents, or its own as `transform` gives it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Non-negative counts.
        n_samples : int, default=100
            Number of draws of each document.
        random_state : int, RandomState instance or None, default=None
            Of the draws.
        covariates : {array-like, sparse matrix} of shape (n_samples, n_covariates), default=None
            As in `transform`.

        Returns
        -------
        draws : ndarray of shape (n_samples, n_documents, num_topics)
            Rows sum to 1. An empty document gets draws of the prior.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_etm import LNTMTransformer
        >>> from sklearn_etm.datasets import make_topics_corpus
        >>> X = make_topics_corpus(300, n_topics=3, n_features=60, random_state=0).data
        >>> year = np.linspace(0, 1, 300).reshape(-1, 1)
        >>> model = LNTMTransformer(num_topics=3, random_state=0).fit(X, covariates=year)
        >>> model.sample_posterior(X[:5], 20, random_state=0, covariates=year[:5]).shape
        (20, 5, 3)
        """
        check_is_fitted(self)
        model = self._model
        if not isinstance(model.prior, CorrelatedNormal):
            return super().sample_posterior(X, n_samples, random_state=random_state)
        rows = check_rows(self, X, None, "sample_posterior", covariates=covariates)
        kinds.check_whole(n_samples=n_samples)
        refined = super()._proportions(model, rows)
        first, documents = _of_topics(model, rows, refined)
        q = improved(first, documents, DRAWN_STEPS)
        return _together(drawn(q, documents, n_samples, check_random_state(random_state)), model, refined)

    @np.errstate(under="ignore")
    @as_overridden(MixtureTopicModel.log_marginal_likelihood, AS_IN_TRANSFORM)
    def log_marginal_likelihood(
        self,
        X,
        method: str = "ais",
        *,
        n_chains: int = 25,
        n_temperatures: int = 1000,
        n_leapfrog_steps: int = 10,
        random_state: Any = None,
        verbose: int = 0,
        covariates=None,
    ) -> Bunch:
        check_is_fitted(self)
        rows = check_rows(self, X, None, "log_marginal_likelihood", covariates=covariates)
        return self._marginal_likelihood(
            rows, method, n_chains, n_temperatures, n_leapfrog_steps, random_state, verbose
        )


def _apart(model: TopicModel, theta: np.ndarray) -> tuple[Words, np.ndarray]:
    """What makes the words of documents, and their proportions of topics (n_samples, K) without the background."""
    if model.background is None:
        return Words(model.components), theta
    share = theta[:, 0]
    return Words(model.components[1:], model.components[0], share), theta[:, 1:] / (1 - share)[:, None]


def _of_topics(model: TopicModel, rows: Rows, refined: np.ndarray) -> tuple[Normals, Documents]:
    """Documents under a learned prior of all topics but the background, and posteriors of these to start from."""
    words, theta = _apart(model, refined)
    prior = model.prior if model.background is None else model.prior.of(slice(1, None))
    documents = Documents(rows.counts, words, prior.means(rows.covariates, rows.n), prior.precision)
    return Normals.like(theta, row_sums(rows.counts)), documents


def _together(theta: np.ndarray, model: TopicModel, refined: np.ndarray) -> np.ndarray:
    """Proportions (..., n_samples, K) with the background that documents have, which is never the largest topic."""
    if model.background is None:
        return theta
    share = np.broadcast_to(refined[:, :1], (*theta.shape[:-1], 1))
    tokens = np.concatenate([share, theta], axis=-1).reshape(-1, theta.shape[-1] + 1)
    tokens = with_background(tokens, tokens[:, 0])
    return (tokens / tokens.sum(axis=1, keepdims=True)).reshape(*theta.shape[:-1], -1)
