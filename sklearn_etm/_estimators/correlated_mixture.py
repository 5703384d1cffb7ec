"""Mixtures with an encoder whose topics can correlate, and whose documents can have covariates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.validation import check_is_fitted

from .. import _document_prior
from .._document_prior import Between, Structure
from .._fitted.meanfield import Documents, Normals, Words, expected_counts, improved
from .._fitted.model import TopicModel
from .._fitted.prior import CorrelatedNormal
from .._fitted.proportions import with_background
from .._fitted.slices import drawn
from .._rows import Rows
from .._sparse import row_sums
from . import parameters as kinds
from .correlated import AS_IN_TRANSFORM, CorrelatedTopicModel
from .counts import check_rows
from .documented import as_overridden
from .encoded import MixtureTopicModel

if TYPE_CHECKING:
    from .._engine.loop import Joint, Whole

STEPS = 2  # of posteriors, in `transform`
DRAWN_STEPS = 8  # and before draws


class CorrelatedMixtureModel(CorrelatedTopicModel, MixtureTopicModel):
    """What mixtures with an encoder share whose prior is learned by variational EM."""

    joint_iter: int

    _kinds: ClassVar[dict[str, kinds.Kind]] = {
        **MixtureTopicModel._kinds,
        **CorrelatedTopicModel._kinds,
        "joint_iter": kinds.COUNT_OR_ZERO,
    }

    def _fit(self, rows: Rows, rng: np.random.RandomState, whole: Whole | None = None) -> None:
        if self.joint_iter and not self._structure.asks(rows.covariates is not None):
            raise ValueError(
                f"joint_iter={self.joint_iter!r} are rounds that learn topics beside their correlations and effects of "
                'covariates: set covariance="full" or "low_rank", or pass covariates; or joint_iter=0.'
            )
        super()._fit(rows, rng, whole)

    @property
    def _joint(self) -> Joint | None:
        from .._engine.loop import Joint

        can_correlate = self.num_topics - self._has_background > 1
        return Joint(self.joint_iter, self._joint_round) if self.joint_iter and can_correlate else None

    def _joint_round(self, model: TopicModel, rows: Rows, before: Between | None) -> tuple[np.ndarray, Between]:
        """Tokens of words in topics (K, V) that are expected under a prior which is learned beside."""
        if before is None:
            words, theta = _apart(model, super()._proportions(model, rows))
            before = _document_prior.begun(rows, theta, words.share)
        words = _words(model, before.share)
        between = _document_prior.advanced(before, rows, words, self._structure)
        documents = _document_prior.documents_under(between.prior, rows, words)
        return expected_counts(between.posteriors, documents, rows.often), between

    def _learned_prior(self, model: TopicModel, rows: Rows, structure: Structure) -> CorrelatedNormal:
        words, theta = _apart(model, super()._proportions(model, rows))
        prior = _document_prior.learned(rows, words, theta, structure)
        return prior if model.background is None else _document_prior.with_background(prior, model.prior)

    def _proportions(self, model: TopicModel, rows: Rows) -> np.ndarray:
        refined = super()._proportions(model, rows)
        if not isinstance(model.prior, CorrelatedNormal):
            return refined
        q = improved(*_of_topics(model, rows, refined), STEPS)
        expected = _together(q.theta, model, refined)
        empty = np.diff(rows.counts.indptr) == 0
        return np.where(empty[:, None], expected, (refined + expected) / 2)

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
        return _words(model, None), theta
    share = theta[:, 0]
    return _words(model, share), theta[:, 1:] / (1 - share)[:, None]


def _words(model: TopicModel, share: np.ndarray | None) -> Words:
    """What makes the words of documents that have a share of the background, where there is one."""
    return Words(model.components) if share is None else Words(model.components[1:], model.components[0], share)


def _of_topics(model: TopicModel, rows: Rows, refined: np.ndarray) -> tuple[Normals, Documents]:
    """Documents under a learned prior of all topics but the background, and posteriors of these to start from."""
    words, theta = _apart(model, refined)
    prior = model.prior if model.background is None else model.prior.of(slice(1, None))
    return Normals.like(theta, row_sums(rows.counts)), _document_prior.documents_under(prior, rows, words)


def _together(theta: np.ndarray, model: TopicModel, refined: np.ndarray) -> np.ndarray:
    """Proportions (..., n_samples, K) with the background that documents have, which is never the largest topic."""
    if model.background is None:
        return theta
    share = np.broadcast_to(refined[:, :1], (*theta.shape[:-1], 1))
    tokens = np.concatenate([share, theta], axis=-1).reshape(-1, theta.shape[-1] + 1)
    tokens = with_background(tokens, tokens[:, 0])
    return (tokens / tokens.sum(axis=1, keepdims=True)).reshape(*theta.shape[:-1], -1)
