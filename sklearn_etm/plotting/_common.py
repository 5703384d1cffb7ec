"""What displays share: colours, axes, and choices of topics."""

from __future__ import annotations

from datetime import date
from typing import Any
from unicodedata import east_asian_width

import numpy as np
from numpy.typing import NDArray

from .._inputs.texts import printable

# Okabe, M. & Ito, K. (2008). Color universal design: how to make figures and presentations that are friendly to
# colorblind people. Their black is left out, for dark grounds; yellow, the faintest on white, comes last.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442")
GREY = "#999999"
MAX_NAMES = 6  # along an axis
SMALL_FIGURE = 5.0  # inches that a figure of panels is wide at least


def import_pyplot() -> Any:
    """matplotlib.pyplot, which only drawing needs."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('Plots need matplotlib: pip install "sklearn-etm[plot]".') from error
    return plt


def axes_or_new(ax: Any, figsize: tuple[float, float]) -> Any:
    """The axes given, or those of a new figure of this size in inches."""
    return import_pyplot().subplots(figsize=figsize, layout="constrained")[1] if ax is None else ax


def given_panels(ax: Any, n_panels: int, of: str = "topics") -> NDArray[Any]:
    """The first n of the axes given, (n,)."""
    panels = np.asarray(ax, dtype=object).ravel()
    if len(panels) < n_panels:
        raise ValueError(f"ax must hold one Axes for each of the {n_panels} {of} to draw; got {len(panels)}.")
    return panels[:n_panels]


def new_panels(n_panels: int, n_columns: int, width: float, height: float, **subplots_kw: Any) -> NDArray[Any]:
    """Axes of a new figure, (n,), each of this size in inches."""
    n_rows = -(-n_panels // n_columns)
    size = (width * n_columns, height * n_rows + 0.5)
    plt = import_pyplot()
    axes = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, layout="constrained", **subplots_kw)[1].ravel()
    for panel in axes[n_panels:]:
        panel.remove()
    return axes[:n_panels]


def are_numbers(values: NDArray[Any]) -> bool:
    """Whether values are numbers, which have places on an axis."""
    return values.dtype.kind in "iuf"


def are_dates(values: NDArray[Any]) -> bool:
    """Whether values are dates, of NumPy or of Python."""
    return values.dtype.kind == "M" or all(isinstance(value, date) for value in values)


def draw_band(panel: Any, x: NDArray[Any], y: Any, low: Any, high: Any, color: Any) -> tuple[Any, Any]:
    """A line with a band over numbers, dates or names: both artists."""
    named = not are_numbers(x) and not are_dates(x)
    places = np.arange(len(x)) if named else x
    band = panel.fill_between(places, low, high, color=color, alpha=0.35, linewidth=0)
    (line,) = panel.plot(places, y, color=color, marker=".")
    if named:
        shown = places[:: -(-len(x) // MAX_NAMES)]
        panel.set_xticks(shown, [printable(str(x[i])) for i in shown], parse_math=False)
    elif are_dates(x):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        locator = AutoDateLocator(minticks=3, maxticks=7)
        panel.xaxis.set_major_locator(locator)
        panel.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    else:
        panel.locator_params(axis="x", nbins=4, integer=x.dtype.kind in "iu")
    panel.locator_params(axis="y", nbins=4)
    return line, band


def without_frame(ax: Any) -> None:
    """Leave only the two sides that have ticks."""
    ax.spines[["top", "right"]].set_visible(False)


def legend_beside(ax: Any) -> None:
    """Explain what is drawn, to the right of it; names are no formulas."""
    legend = ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def show_as_map(ax: Any, positions: NDArray[Any], margin: float) -> None:
    """Fix limits such that a unit is as long in both directions and positions keep `margin` points from the edge."""
    ax.set_xticks([])
    ax.set_yticks([])
    size = axes_size(ax)
    low, high = positions.min(axis=0), positions.max(axis=0)
    units_per_point = ((high - low) / np.maximum(size - 2 * margin, size / 3)).max() or 1.0
    middle, reach = (low + high) / 2, size * units_per_point / 2
    ax.set_xlim(middle[0] - reach[0], middle[0] + reach[0])
    ax.set_ylim(middle[1] - reach[1], middle[1] + reach[1])
    ax.set_aspect("equal", adjustable="datalim")


def axes_size(ax: Any) -> NDArray[Any]:
    """Width and height in points, as the layout of the figure makes them."""
    draw_layout(ax)
    return ax.get_window_extent().size * 72 / ax.figure.dpi


def draw_layout(ax: Any) -> None:
    """Give all axes of the figure, also where it has subfigures, the places that they will be drawn in."""
    ax.figure.canvas.figure.draw_without_rendering()


def largest(values: NDArray[Any], n: int | None = None) -> NDArray[np.intp]:
    """Positions of the n largest values, or of all, the largest first; of equals, the lower comes first."""
    return np.argsort(-values, kind="stable")[:n]


def text_width(text: str) -> int:
    """Width in characters, of which those of Chinese, Japanese and Korean take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def numbered(topics: Any, labels: Any) -> list[str]:
    """Labels with the numbers of their topics."""
    return [printable(f"{k}: {label}") for k, label in zip(topics, labels, strict=True)]
