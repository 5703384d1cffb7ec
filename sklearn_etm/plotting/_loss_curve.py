"""The loss of a fit, pass by pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._inputs.texts import printable
from .._inputs.topics import topics_of
from ._common import COLORS, axes_or_new, import_pyplot, legend_beside, without_frame

MAX_MARKERS = 50  # passes, up to which each has a dot


class LossCurveDisplay:
    """The loss of a fit after each pass, and the two parts that it is made of.

    The loss is the negative evidence lower bound: reconstruction and KL divergence add up to it, so that the
    divergence is the band between the two lines. A band that vanishes tells of a collapsed posterior, lines that
    still fall of a fit that wants more passes. In Monte-Carlo EM the loss is the negative log density of counts and of
    the documents' :math:`z_d` together, and the band is what the prior of :math:`z_d` adds to it: no divergence.

    Make it with `from_estimator`.

    Parameters
    ----------
    loss : ndarray of shape (n_passes,)
        Loss after each pass.
    reconstruction, kl : ndarray of shape (n_passes,), optional
        Its parts, in nats per document.
    name : str, optional
        What the legend calls the model.
    sampled : bool, default=False
        Whether these are means over chains: of the negative log joint density, with the prior's part.

    Attributes
    ----------
    ax_ : Axes
        Axes with the curves.
    band_ : FillBetweenPolyCollection or None
        The divergence, or what the prior adds, if there is one.
    figure_ : Figure
        The figure that holds them.
    lines_ : list of Line2D
        Loss, and reconstruction if there is one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_etm.plotting import LossCurveDisplay
    >>> display = LossCurveDisplay(np.array([5.0, 4.0])).plot()
    >>> display.lines_[0].get_label()
    'loss, 4.0 at the end'
    """

    def __init__(
        self,
        loss: NDArray[np.float64],
        *,
        reconstruction: NDArray[np.float64] | None = None,
        kl: NDArray[np.float64] | None = None,
        name: str | None = None,
        sampled: bool = False,
    ):
        self.loss = loss
        self.reconstruction = reconstruction
        self.kl = kl
        self.name = name
        self.sampled = sampled

    @classmethod
    def from_estimator(
        cls, model: Any, *, name: str | None = None, ax: Any = None, color: Any = None
    ) -> LossCurveDisplay:
        """Draw the loss of a model's fit.

        Parameters
        ----------
        model : fitted model, pipeline or search with one
            It has ``loss_curve_``; where it has them, ``reconstruction_curve_`` and ``kl_curve_`` are drawn, too.
        name : str, optional
            What the legend calls it, to draw several models on the same axes.
        ax, color
            As in `plot`.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If the model has no ``loss_curve_``, as scikit-learn's topic models.
        sklearn.exceptions.NotFittedError
            If it is not fitted.
        """
        import_pyplot()
        fitted = topics_of(model).model
        if not hasattr(fitted, "loss_curve_"):
            raise TypeError(
                "A loss curve is that of a fitted ETMTransformer, LNTMTransformer or AmortizedLDATransformer, or of "
                f"another model with loss_curve_; got {type(model if fitted is None else fitted).__name__}."
            )
        reconstruction, kl = (
            np.asarray(getattr(fitted, curve)) if hasattr(fitted, curve) else None
            for curve in ("reconstruction_curve_", "kl_curve_")
        )
        sampled = hasattr(fitted, "acceptance_rate_")  # of chains
        display = cls(np.asarray(fitted.loss_curve_), reconstruction=reconstruction, kl=kl, name=name, sampled=sampled)
        return display.plot(ax, color=color)

    def plot(self, ax: Any = None, *, name: str | None = None, color: Any = None) -> LossCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; by default a new figure.
        name : str, optional
            What the legend calls the model, in place of the display's name.
        color : color, optional
            Of lines and band: give another one to each model on the same axes.

        Returns
        -------
        self : LossCurveDisplay
        """
        self.ax_ = ax = axes_or_new(ax, (9, 4.2))
        self.figure_ = ax.figure
        name = self.name if name is None else name
        color = COLORS[0] if color is None else color
        marker = "." if len(self.loss) <= MAX_MARKERS else ""
        passes = np.arange(1, len(self.loss) + 1)
        loss_name, kl_name = ("negative log joint", "negative log prior") if self.sampled else ("loss", "KL divergence")

        def label(part: str, values: NDArray[np.float64]) -> str:
            return ("" if name is None else printable(f"{name}: ")) + f"{part}, {values[-1]:.1f} at the end"

        self.lines_ = ax.plot(passes, self.loss, color=color, marker=marker, label=label(loss_name, self.loss))
        self.band_ = None
        if self.reconstruction is not None:
            text = label("reconstruction", self.reconstruction)
            self.lines_ += ax.plot(passes, self.reconstruction, "--", color=color, marker=marker, label=text)
            if self.kl is not None:
                top, text = self.reconstruction + self.kl, label(kl_name, self.kl)
                self.band_ = ax.fill_between(
                    passes, self.reconstruction, top, color=color, alpha=0.3, linewidth=0, label=text
                )
        ax.set_xlabel("pass over the documents")
        ax.set_ylabel("loss" if self.reconstruction is None else "nats per document")
        ax.locator_params(axis="x", integer=True)
        legend_beside(ax)
        without_frame(ax)
        return self
