"""Models whose topics can correlate, and whose documents can have covariates."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .. import _document_prior
from .._document_prior import Structure
from .._fitted.model import TopicModel
from .._fitted.prior import CorrelatedNormal
from .._rows import Rows
from .._warnings import warn
from . import parameters as kinds
from .base import BaseTopicModel
from .counts import check_rows, kept_if_it_fails
from .documented import as_overridden
from .progress import with_callbacks

if TYPE_CHECKING:
    from .._engine.loop import Fit

SAMPLE = 5000  # documents that the prior is learned from

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


class CorrelatedTopicModel(BaseTopicModel):
    """What models share whose documents have a logistic-normal prior, which can be learned after the topics."""

    covariance: str
    rank: int
    covariate_penalty: float
    covariate_columns: Any

    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **BaseTopicModel._kinds,
        "covariance": kinds.one_of("diagonal", "full", "low_rank"),
        "rank": kinds.COUNT,
        "covariate_penalty": kinds.POSITIVE,
        "covariate_columns": kinds.COLUMNS,
    }

    # Learning

    @kept_if_it_fails
    @with_callbacks
    @np.errstate(under="ignore")
    @as_overridden(BaseTopicModel.fit, FIRST)
    def fit(self, X, y=None, sample_weight=None, covariates=None):
        if len(getattr(y, "shape", ())) == 2:
            warn("y has two dimensions, and is not used: numbers that documents bring along are passed as covariates=.")
        return self._fit_to(X, sample_weight, covariates)

    @kept_if_it_fails
    @with_callbacks
    @np.errstate(under="ignore")
    @as_overridden(BaseTopicModel.partial_fit, LATER)
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
        return self.fit(X, y, sample_weight, covariates).transform(X, covariates=covariates)

    @abstractmethod
    def _learned_prior(self, model: TopicModel, rows: Rows, structure: Structure) -> CorrelatedNormal:
        """The prior that documents have under the topics of a model."""

    @property
    def _structure(self) -> Structure:
        """What is to be learned of the prior."""
        return Structure(self.covariance, self.rank, self.covariate_penalty)

    def _finished(self, fit: Fit, rows: Rows, share: float) -> Fit:
        """With the prior that was asked for, learned from documents; ``share`` of what is known is theirs."""
        model, former = fit.model, getattr(getattr(self, "_model", None), "prior", None)
        n_topics = len(model.components) - (model.background is not None)
        structure = self._structure
        if not structure.asks(rows.covariates is not None):
            return fit
        if n_topics < 2:
            warn("A single topic, the background aside, has no share that covariates or other topics could change.")
            return fit
        prior = self._learned_prior(model, rows.sample(SAMPLE), structure)
        if share < 1 and isinstance(former, CorrelatedNormal):
            prior = _document_prior.blended(former, prior, share)
        return fit._replace(model=replace(model, prior=prior))

    # Using what was learned

    @np.errstate(under="ignore")
    @as_overridden(BaseTopicModel.transform, OF_DOCUMENTS)
    def transform(self, X, covariates=None):
        check_is_fitted(self)
        return self._topics_of(check_rows(self, X, None, "transform", covariates=covariates))

    @np.errstate(under="ignore")
    @as_overridden(BaseTopicModel.score_samples, AS_IN_TRANSFORM)
    def score_samples(self, X, covariates=None):
        check_is_fitted(self)
        rows = check_rows(self, X, None, "score_samples", covariates=covariates)
        return self._completion(self._model, rows).log_likelihood

    @np.errstate(under="ignore")
    @as_overridden(BaseTopicModel.score, AS_IN_TRANSFORM)
    def score(self, X, y=None, sample_weight=None, covariates=None):
        check_is_fitted(self)
        return self._score_of(self._model, check_rows(self, X, sample_weight, "score", covariates=covariates))

    @as_overridden(BaseTopicModel.perplexity, AS_IN_TRANSFORM)
    def perplexity(self, X, sample_weight=None, covariates=None):
        return float(np.exp(-self.score(X, sample_weight=sample_weight, covariates=covariates)))
