r"""Regression of what is known by draws alone, as topic proportions are: the method of composition, in closed form.

Least squares of each draw gives coefficients and their covariance V. Pooled, they have the mean of the coefficients;
:math:`\bar V` is the mean of V, B the covariance of the coefficients over S draws. Draws come from posteriors under a
prior that was itself learned from the documents, by maximum likelihood. A sum of coefficients with :math:`v` by
:math:`\bar V` and :math:`b` by B has then the variance :math:`v / (1 - b / v) + b / S`: b / v is the share of the
information that is missing (von Hippel and Bartlett, 2021). So no coefficients are drawn here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from .._inputs.covariates import COLLINEAR, Standard

MOST_MISSING = 0.95  # of the information of documents
ALONE = 1e-6  # of 1 less a document's leverage, below which nothing else tells what it tells


class Design(NamedTuple):
    """An intercept, and covariates less their means in units of their deviations, of documents with weights."""

    columns: NDArray[np.float64]  # (n, 1 + p)
    weights: NDArray[np.float64]  # (n,) mean 1, all positive
    means: NDArray[np.float64]  # (p,)
    scales: NDArray[np.float64]  # (p,) 1 where all documents have the same
    constant: NDArray[np.bool_]  # (p,)
    bread: NDArray[np.float64]  # (1 + p, 1 + p) pseudo-inverse of columns' W columns
    rank: int

    @classmethod
    def of(cls, covariates: NDArray[np.float64], weights: NDArray[np.float64]) -> Design:
        """That of covariates (n, p)."""
        weights = weights / weights.mean()
        standard = Standard.of(covariates, weights)
        columns = np.column_stack([np.ones(len(covariates)), standard.values])
        gram = (weights[:, None] * columns).T @ columns
        values, axes = np.linalg.eigh(gram)
        told = values > COLLINEAR * len(columns)
        bread = (axes[:, told] / values[told]) @ axes[:, told].T
        return cls(columns, weights, standard.means, standard.scales, standard.constant, bread, int(told.sum()))

    @property
    def collinear(self) -> bool:
        """Whether covariates that are not constant hold fewer independent ones."""
        return self.rank < 1 + (~self.constant).sum()

    @property
    def leverages(self) -> NDArray[np.float64]:
        """How much of its own fit each document says, (n,)."""
        return self.weights * (self.columns @ self.bread * self.columns).sum(axis=1)

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Documents that alone tell something, such as the single one of a group, (n,)."""
        return self.leverages > 1 - ALONE

    def differences(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums of effects, as rows (m, p) weigh them, in terms of these columns: (m, 1 + p)."""
        return np.column_stack([np.zeros(len(rows)), np.where(self.constant, 0.0, rows / self.scales)])

    def points(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Documents with covariates (m, p), in terms of these columns: (m, 1 + p)."""
        return self.differences(rows - self.means) + np.eye(1, 1 + rows.shape[1])


class Estimates(NamedTuple):
    """Numbers with their uncertainty, (m, K) each."""

    value: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    degrees: NDArray[np.float64]  # of freedom

    def interval(self, confidence: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper ends, by Student's t."""
        reach = t.ppf((1 + confidence) / 2, self.degrees) * self.standard_error
        return self.value - reach, self.value + reach

    @property
    def p_value(self) -> NDArray[np.float64]:
        """Probability of a value as far from 0, were the truth 0; 1 where there is nothing to tell by."""
        size = np.abs(self.value) / np.where(self.standard_error > 0, self.standard_error, np.inf)
        return 2 * t.sf(size, self.degrees)


class Pooled(NamedTuple):
    """Coefficients of K responses, over S draws of these."""

    design: Design
    mean: NDArray[np.float64]  # (1 + p, K)
    within: NDArray[np.float64]  # (K, 1 + p, 1 + p), mean over draws of the covariances
    between: NDArray[np.float64]  # (K, 1 + p, 1 + p), covariance over draws
    n_draws: int

    @classmethod
    def of(cls, design: Design, draws: NDArray[np.float64]) -> Pooled:
        """Those of draws (S, n, K)."""
        reader = design.bread @ (design.weights[:, None] * design.columns).T
        each = np.stack([reader @ draw for draw in draws])
        apart = each - each.mean(axis=0)
        between = np.einsum("sik,sjk->kij", apart, apart) / (len(draws) - 1)
        squares = np.zeros(draws.shape[1:])
        for draw, coefficients in zip(draws, each, strict=True):
            squares += (draw - design.columns @ coefficients) ** 2 / len(draws)
        return cls(design, each.mean(axis=0), _sandwich(design, reader, squares), between, len(draws))

    @property
    def missing(self) -> float:
        """Share of the information of effects that is not in the words of documents, a mean over responses."""
        within, between = (np.einsum("kii->ki", part)[:, 1:] for part in (self.within, self.between))
        told = within > 0
        return float((between[told] / within[told]).mean()) if told.any() else 0.0

    def at(self, rows: NDArray[np.float64]) -> Estimates:
        """Sums of coefficients, as rows (m, 1 + p) weigh them."""
        within, between = (
            np.einsum("mi,kij,mj->mk", rows, part, rows, optimize=True) for part in (self.within, self.between)
        )
        missing = np.minimum(between / np.where(within > 0, within, 1.0), MOST_MISSING)
        variance = within / (1 - missing) + between / self.n_draws
        slope = within * (1 / (1 - missing) ** 2 + 1 / self.n_draws)  # of the variance, in what is missing
        of_draws = (missing * slope / np.where(variance > 0, variance, 1.0)) ** 2 / (self.n_draws - 1)
        complete = len(self.design.columns) - self.design.rank
        degrees = 1 / (of_draws + 1 / (complete * (1 - missing)))
        return Estimates(rows @ self.mean, np.sqrt(variance), degrees)


def _sandwich(design: Design, reader: NDArray[np.float64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariances (K, 1 + p, 1 + p) of coefficients from squared residuals (n, K), whatever variance documents have.

    The kind called HC3 (Long and Ervin, 2000). Where a document alone tells something, its residual is 0 and says
    nothing of its variance, which is taken to be that of all.
    """
    n, alone = len(squares), design.alone
    usual = design.weights @ squares / (n - design.rank)
    left = np.where(alone, 1.0, 1 - design.leverages)
    squares = np.where(alone[:, None], usual, squares / left[:, None] ** 2)
    return np.stack([(reader * column) @ reader.T for column in squares.T])
