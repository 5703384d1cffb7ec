"""Labels of circles: none covers another and, where there is room, none covers a circle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._warnings import warn
from ._common import draw_layout

# Boxes are their lower left and upper right corners, lines their ends: arrays of shape (..., 2, 2), in points.

GAP = 3.0  # points between a circle and its label
DISTANCES = GAP + np.concatenate([np.arange(0, 60, 6), np.geomspace(60, 800, 16)])  # that are tried
ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)
DOT = 2.0  # points around a centre that it takes
N_ROUNDS = 4  # in which labels may move
CHUNK = 64  # candidates that are looked at together

# Points of distance that a label rather goes than
COVERS_LABEL = 1e6  # cover another label
MEETS_LINE = 1000.0  # have a line run through it, or through another label
CROSSES_LINE = 100.0  # have its line cross another
HIDES_CENTRE = 100.0  # cover the centre of another circle, or have its line run over one
COVERS_CIRCLE = 60.0  # cover a part of a circle


def place_labels(
    ax: Any, positions: NDArray[Any], radii: NDArray[Any], labels: list[str], *, margin: float = 1.5, **text_kw: Any
) -> list[Any]:
    """Write labels next to circles, with lines to their centres.

    Each takes the best place that those before it leave, then all move to better ones for some rounds. This is done
    from left, right, bottom and top, and the best arrangement is kept.

    Parameters
    ----------
    ax : Axes
        Its limits are final.
    positions : ndarray of shape (n, 2)
        Centres of circles in data coordinates.
    radii : ndarray of shape (n,)
        Of the circles, in points.
    labels : list of str
        Of the first circles; circles without one are kept clear all the same.
    margin : float
        Points around each label that are kept clear.
    **text_kw
        Of `Axes.annotate`.

    Returns
    -------
    annotations : list of Annotation
        In the order of the labels, without those that there is no room for; a warning names them.
    """
    draw_layout(ax)  # from here on, data coordinates have their places
    to_points = 72 / ax.figure.dpi
    centres = ax.transData.transform(positions) * to_points
    bounds = ax.get_window_extent().get_points() * to_points
    sizes = [_size(ax, label, text_kw) * to_points + 2 * margin for label in labels]
    boxes = _arrange(centres, radii, sizes, bounds)
    without_room = [label for i, label in enumerate(labels) if i not in boxes]
    if without_room:
        warn(
            f"No room for {len(without_room)} of {len(labels)} labels: {without_room}. Draw on larger axes, or name "
            "fewer topics with fewer words.",
        )
    return [_annotate(ax, labels[i], positions[i], centres[i], boxes[i], text_kw) for i in sorted(boxes)]


def _size(ax: Any, label: str, text_kw: dict[str, Any]) -> NDArray[Any]:
    """Width and height of a text in pixels."""
    text = ax.annotate(label, (0, 0), **text_kw)
    size = text.get_window_extent().size
    text.remove()
    return size


class Candidates(NamedTuple):
    """Where a label may be, the cheapest first."""

    boxes: NDArray[Any]  # (n, 2, 2)
    lines: NDArray[Any]  # (n, 2, 2), from the centre of the circle
    costs: NDArray[Any]  # (n,), whatever the other labels do


def _arrange(
    centres: NDArray[Any], radii: NDArray[Any], sizes: list[NDArray[Any]], bounds: NDArray[Any]
) -> dict[int, NDArray[Any]]:
    """A box for each size, next to its circle; none for those that could only cover an earlier one."""
    candidates = {i: _candidates(i, centres, radii, size, bounds) for i, size in enumerate(sizes)}
    candidates = {i: tried for i, tried in candidates.items() if len(tried.boxes)}
    x, y = centres.T
    arrangements = (_settle(candidates, sorted(candidates, key=side.item)) for side in (x, -x, y, -y))
    best, _ = min(arrangements, key=lambda arrangement: arrangement[1])
    kept: dict[int, NDArray[Any]] = {}
    for i, tried in candidates.items():
        box = tried.boxes[best[i]]
        if not _overlap(box[None], _stack(kept.values())).any():
            kept[i] = box
    return kept


def _candidates(
    i: int, centres: NDArray[Any], radii: NDArray[Any], size: NDArray[Any], bounds: NDArray[Any]
) -> Candidates:
    """Boxes of this size within bounds, around the circle i."""
    directions = np.column_stack([np.cos(ANGLES), np.sin(ANGLES)])
    away = np.clip(np.sqrt(2) * directions, -1, 1)  # which side or corner of the box is turned to the circle
    middles = centres[i] + (radii[i] + DISTANCES)[:, None, None] * directions + away * size / 2
    low = middles.reshape(-1, 2) - size / 2
    boxes = np.stack([low, low + size], axis=1)
    boxes = boxes[(boxes[:, 0] >= bounds[0]).all(axis=1) & (boxes[:, 1] <= bounds[1]).all(axis=1)]
    lines = _lines(boxes, centres[i])
    other_dots = np.delete(np.stack([centres - DOT, centres + DOT], axis=1), i, axis=0)
    costs = (
        np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
        + COVERS_CIRCLE * _cover(boxes, centres, radii).sum(axis=1)
        + HIDES_CENTRE * (_overlap(boxes, other_dots) | _meet(lines, other_dots)).sum(axis=1)
    )
    order = np.argsort(costs, kind="stable")
    return Candidates(boxes[order], lines[order], costs[order])


def _settle(candidates: dict[int, Candidates], order: list[int]) -> tuple[dict[int, int], float]:
    """Candidates chosen one label after the other in this order, for some rounds; and what they cost."""
    best: dict[int, int] = {}
    for _ in range(N_ROUNDS):
        before, total = dict(best), 0.0
        for i in order:
            others = [j for j in best if j != i]
            boxes = _stack(candidates[j].boxes[best[j]] for j in others)
            lines = _stack(candidates[j].lines[best[j]] for j in others)
            best[i], cost = _cheapest(candidates[i], boxes, lines)
            total += cost
        if best == before:
            break
    return best, total


def _cheapest(tried: Candidates, boxes: NDArray[Any], lines: NDArray[Any]) -> tuple[int, float]:
    """The candidate that costs least among other labels and their lines, and its cost."""
    best, lowest = 0, np.inf
    for start in range(0, len(tried.costs), CHUNK):
        if tried.costs[start] >= lowest:
            break
        some = Candidates(*(part[start : start + CHUNK] for part in tried))
        cost = (
            some.costs
            + COVERS_LABEL * _overlap(some.boxes, boxes).sum(axis=1)
            + MEETS_LINE * (_meet(some.lines, boxes) | _meet(lines, some.boxes).T).sum(axis=1)
            + CROSSES_LINE * _cross(some.lines, lines).sum(axis=1)
        )
        if cost.min() < lowest:
            best, lowest = start + int(cost.argmin()), float(cost.min())
    return best, lowest


def _stack(boxes_or_lines: Iterable[NDArray[Any]]) -> NDArray[Any]:
    return np.array([*boxes_or_lines]).reshape(-1, 2, 2)


def _lines(boxes: NDArray[Any], centre: NDArray[Any]) -> NDArray[Any]:
    """Lines from a centre to the nearest points of boxes."""
    nearest = np.clip(centre, boxes[..., 0, :], boxes[..., 1, :])
    return np.stack([np.broadcast_to(centre, nearest.shape), nearest], axis=-2)


def _overlap(boxes: NDArray[Any], others: NDArray[Any]) -> Any:
    """Which boxes overlap which others, (n, m)."""
    together = (boxes[:, None, 0] < others[:, 1]) & (boxes[:, None, 1] > others[:, 0])
    return together.all(axis=2)


def _cover(boxes: NDArray[Any], centres: NDArray[Any], radii: NDArray[Any]) -> NDArray[np.bool_]:
    """Which boxes cover a part of which circles, (n, m)."""
    nearest = np.clip(centres, boxes[:, None, 0], boxes[:, None, 1])
    return np.linalg.norm(nearest - centres, axis=2) < radii


def _meet(lines: NDArray[Any], boxes: NDArray[Any]) -> NDArray[np.bool_]:
    """Which lines run through which boxes, (n, m)."""
    start, way = lines[:, None, 0], lines[:, None, 1] - lines[:, None, 0]
    with np.errstate(divide="ignore", invalid="ignore"):  # along a line parallel to an axis
        sides = (boxes[:, 0] - start) / way, (boxes[:, 1] - start) / way
    enters, leaves = np.fmin(*sides).max(axis=2), np.fmax(*sides).min(axis=2)
    return np.maximum(enters, 0) < np.minimum(leaves, 1)


def _cross(lines: NDArray[Any], others: NDArray[Any]) -> NDArray[np.bool_]:
    """Which lines cross which others, (n, m)."""
    a, b, c, d = lines[:, None, 0], lines[:, None, 1], others[None, :, 0], others[None, :, 1]
    return (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)


def _side(start: NDArray[Any], end: NDArray[Any], point: NDArray[Any]) -> NDArray[Any]:
    """On which side of a line a point is: 1, -1, or 0 on it."""
    way, to_point = end - start, point - start
    return np.sign(way[..., 0] * to_point[..., 1] - way[..., 1] * to_point[..., 0])


def _annotate(
    ax: Any, label: str, position: NDArray[Any], centre: NDArray[Any], box: NDArray[Any], text_kw: dict[str, Any]
) -> Any:
    """Write a label in its box, with a line from there to the position."""
    low, high = box
    line = {
        "arrowstyle": "-",
        "color": ax.xaxis.label.get_color(),
        "linewidth": 0.6,
        "shrinkA": 0,
        "shrinkB": 0,
        "relpos": tuple((np.clip(centre, low, high) - low) / (high - low)),
    }
    offset = (low + high) / 2 - centre
    return ax.annotate(
        label,
        position,
        offset,
        textcoords="offset points",
        ha="center",
        va="center",
        arrowprops=line,
        **text_kw,
    )
