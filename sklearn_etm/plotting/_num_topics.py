"""Scores of a search over the number of topics."""

from __future__ import annotations

from textwrap import shorten
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from .._warnings import warn
from ..metrics._selection import best_and_simplest, fold_scores, mean_and_error
from ._common import COLORS, axes_or_new, import_pyplot, legend_beside, without_frame

NAMES = ("num_topics", "n_components")
LINE_STYLES = ("-", "--", ":", "-.")
LOG_RATIO = 4  # of the largest to the smallest number, from which the axis is logarithmic
DODGE = 1.02  # factor between the places of settings, whose bars would else cover each other
LABEL_WIDTH = 50  # characters
TICK_SPACE = 0.06  # of the axis' length


class NumTopicsDisplay:
    r"""Scores of a cross-validated search against the number of topics, and the two numbers they speak for.

    These are the number with the best mean score, and the smallest whose mean score is within one standard error of
    the best [1]_: fewer topics that do about as well, be it with other values of other parameters. It is the one that
    `sklearn_etm.metrics.one_standard_error` chooses.

    Make it with `from_estimator`.

    Parameters
    ----------
    num_topics : ndarray of int, of shape (n_points,)
        Numbers of topics that were tried, ascending in each setting.
    mean_scores, standard_errors : ndarray of shape (n_points,)
        Mean of the test scores over the :math:`n` folds, and its standard error: their standard deviation, with
        :math:`n - 1`, over :math:`\sqrt n`. 0 for a single fold.
    settings : ndarray of str, of shape (n_points,)
        What other parameters were, "" if there were none. Points of the same setting make a line.
    score_name : str, default="score"
        What was measured.

    Attributes
    ----------
    ax_ : Axes
        Axes with the scores.
    best_, one_standard_error_ : PathCollection
        Marks of the two choices.
    error_bars_ : list of ErrorbarContainer
        One for each setting.
    figure_ : Figure
        The figure that holds them.
    threshold_ : Line2D
        The best mean score minus its standard error.

    References
    ----------
    .. [1] Hastie, T., Tibshirani, R. & Friedman, J. (2009). The Elements of Statistical Learning, section 7.10.
       Springer.

    Examples
    --------
    >>> from sklearn.decomposition import LatentDirichletAllocation
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_etm.plotting import NumTopicsDisplay
    >>> X = [[9, 0], [7, 1], [1, 9], [0, 5]] * 3
    >>> search = GridSearchCV(LatentDirichletAllocation(random_state=0), {"n_components": [1, 2, 4]}, cv=3).fit(X)
    >>> NumTopicsDisplay.from_estimator(search).num_topics
    array([1, 2, 4])
    """

    def __init__(
        self,
        num_topics: NDArray[np.intp],
        mean_scores: NDArray[np.float64],
        standard_errors: NDArray[np.float64],
        settings: NDArray[np.str_],
        *,
        score_name: str = "score",
    ):
        self.num_topics = num_topics
        self.mean_scores = mean_scores
        self.standard_errors = standard_errors
        self.settings = settings
        self.score_name = score_name

    @property
    def best_num_topics(self) -> int:
        """The number with the best mean score; of equals, the smallest."""
        return int(self.num_topics[self._choices()[0]])

    @property
    def one_standard_error_num_topics(self) -> int:
        """The smallest number, in any setting, whose mean score is within the best one's standard error of it."""
        return int(self.num_topics[self._choices()[1]])

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        *,
        param: str | None = None,
        scoring: str | None = None,
        average: bool = False,
        ax: Any = None,
    ) -> NumTopicsDisplay:
        """Draw the scores of a search.

        Parameters
        ----------
        model : fitted GridSearchCV or RandomizedSearchCV
            It need not have been refitted.
        param : str, optional
            The searched parameter that is the number of topics. By default the one called ``num_topics`` or
            ``n_components``, in whatever step of a pipeline.
        scoring : str, optional
            Which scorer, where the search has several; by default that by which it was refitted, or which its
            `one_standard_error` looks at.
        average : bool, default=False
            Whether to average, fold by fold, over the other parameters that were searched. By default each setting of
            them makes a line.
        ax
            As in `plot`.

        Returns
        -------
        display : NumTopicsDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If ``model`` is no search.
        ValueError
            If no searched parameter, or more than one, is the number of topics, or it is not an integer; if candidates
            cannot be told apart by their parameters, and are not averaged; if there is no such scorer, or no candidate
            has scores; for a search by successive halving, whose candidates are not scored alike.
        sklearn.exceptions.NotFittedError
            If it is not fitted.

        Warns
        -----
        UserWarning
            If some candidates have no scores, since their fits failed: how many were left out.
        """
        import_pyplot()
        results = _results(model)
        param = _parameter(results, param)
        scoring = _scoring(model, results, scoring)
        scores = fold_scores(results, scoring)
        num_topics = _integers([params[param] for params in results["params"]], param)
        settings = np.array(["" if average else _setting(params, param) for params in results["params"]], dtype=np.str_)
        if not average and len({*zip(settings.tolist(), num_topics.tolist(), strict=True)}) < len(scores):
            raise ValueError("Candidates of the search have the same parameters, or look so: pass average=True.")
        scored = np.isfinite(scores).all(axis=1)
        if not scored.all():
            _warn_of_failures(scored)
        points = sorted({*zip(settings[scored].tolist(), num_topics[scored].tolist(), strict=True)})
        folds = np.array([scores[scored & (settings == s) & (num_topics == k)].mean(axis=0) for s, k in points])
        display = cls(
            np.array([k for _, k in points]),
            *mean_and_error(folds),
            np.array([s for s, _ in points]),
            score_name=scoring.replace("_", " "),
        )
        return display.plot(ax)

    def plot(self, ax: Any = None) -> NumTopicsDisplay:
        """Draw the scores.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        self : NumTopicsDisplay
        """
        self.ax_ = ax = axes_or_new(ax, (9, 4.5))
        self.figure_ = ax.figure
        settings, rank = np.unique(self.settings, return_inverse=True)
        places = self.num_topics * DODGE ** (rank - (len(settings) - 1) / 2)
        self.error_bars_ = [
            ax.errorbar(
                places[rank == i],
                self.mean_scores[rank == i],
                self.standard_errors[rank == i],
                color=COLORS[i % len(COLORS)],
                linestyle=LINE_STYLES[i // len(COLORS) % len(LINE_STYLES)],
                marker="o",
                markersize=4,
                capsize=3,
                label=shorten(setting, LABEL_WIDTH, placeholder=" ...").replace("$", r"\$") or "mean ± standard error",
            )
            for i, setting in enumerate(settings.tolist())
        ]
        self._mark_choices(places)
        if self.num_topics.max() >= LOG_RATIO * self.num_topics.min():
            ax.set_xscale("log")
        ticks = _spaced(np.unique(self.num_topics), ax.transData, ax.transAxes)
        ax.set_xticks(ticks, [str(k) for k in ticks])
        ax.set_xticks([], minor=True)
        ax.set_xlabel("number of topics")
        ax.set_ylabel(f"test {self.score_name}")
        legend_beside(ax)
        without_frame(ax)
        return self

    def _mark_choices(self, places: NDArray[np.float64]) -> None:
        """Draw the threshold, a circle around the best and a square around the fewest that reach it."""
        ax, (best, fewest) = self.ax_, self._choices()
        color = ax.xaxis.label.get_color()

        def mark(i: int, marker: str, size: float, what: str) -> Any:
            return ax.scatter(
                places[i],
                self.mean_scores[i],
                size,
                marker=marker,
                facecolor="none",
                edgecolor=color,
                linewidth=1.2,
                zorder=3,
                label=f"{what}: {self.num_topics[i]}",
            )

        self.best_ = mark(best, "o", 110, "best")
        self.one_standard_error_ = mark(fewest, "s", 190, "fewest within one standard error")
        threshold = self.mean_scores[best] - self.standard_errors[best]
        self.threshold_ = ax.axhline(
            threshold, color=color, linestyle=":", linewidth=1, label="one standard error below the best"
        )

    def _choices(self) -> tuple[int, int]:
        """The best point, and the one with the fewest topics within its standard error."""
        return best_and_simplest(self.mean_scores, self.standard_errors, self.num_topics)


def _results(search: Any) -> dict[str, Any]:
    if not hasattr(search, "cv_results_"):
        if hasattr(search, "param_grid") or hasattr(search, "param_distributions"):
            check_is_fitted(search, "cv_results_")
        raise TypeError(f"model must be a fitted GridSearchCV or RandomizedSearchCV; got {type(search).__name__}.")
    if "iter" in search.cv_results_:
        raise ValueError(
            "A search by successive halving scores its candidates on different numbers of documents, which no curve "
            "can compare: search with GridSearchCV or RandomizedSearchCV."
        )
    return search.cv_results_


def _parameter(results: dict[str, Any], param: str | None) -> str:
    """Name of the searched parameter that is the number of topics."""
    searched = sorted({name for params in results["params"] for name in params})
    found = [name for name in searched if name.split("__")[-1] in NAMES] if param is None else [param]
    everywhere = [name for name in found if all(name in params for params in results["params"])]
    if len(everywhere) != 1:
        raise ValueError(
            f"One parameter, that all candidates have, must be the number of topics: {' or '.join(NAMES)}, or what "
            f"`param` names (got {param!r}); searched were {searched}."
        )
    return everywhere[0]


def _integers(values: list[Any], param: str) -> NDArray[np.intp]:
    numbers = np.array(values)
    if numbers.dtype.kind not in "iu":
        raise ValueError(f"{param} must have been searched over integers; got {values}.")
    return numbers.astype(np.intp)


def _scoring(search: Any, results: dict[str, Any], scoring: str | None) -> str:
    """Name of the scorer, as `cv_results_` has it."""
    prefix = "mean_test_"
    known = [key.removeprefix(prefix) for key in results if key.startswith(prefix)]
    if scoring is None:
        scoring = known[0] if len(known) == 1 else getattr(search.refit, "scoring", search.refit)
    if scoring not in known:
        raise ValueError(f"scoring must be one of {known}; got {scoring!r}.")
    return scoring


def _setting(params: dict[str, Any], param: str) -> str:
    """What the other parameters were."""
    return ", ".join(f"{name.split('__')[-1]}={value}" for name, value in params.items() if name != param)


def _warn_of_failures(scored: NDArray[np.bool_]) -> None:
    if not scored.any():
        raise ValueError("No candidate of the search has finite scores in all folds: its fits, or scorers, failed.")
    warn(
        f"{(~scored).sum()} of {len(scored)} candidates of the search have no finite score in some fold, and are left "
        "out: see `cv_results_`.",
    )


def _spaced(values: NDArray[Any], to_display: Any, to_axes: Any) -> list[Any]:
    """Values, as far as they are not too close to one another on the axis to be ticks."""
    places = to_axes.inverted().transform(to_display.transform(np.column_stack([values, np.zeros(len(values))])))[:, 0]
    kept: list[Any] = []
    last = -np.inf
    for value, place in zip(values.tolist(), places, strict=True):
        if place - last >= TICK_SPACE:
            kept.append(value)
            last = place
    return kept
