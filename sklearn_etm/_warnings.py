"""Warnings that point at the user's line, and are given of models that somebody will see."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from types import FrameType

NOT_USERS = ("sklearn_etm", "sklearn", "joblib", "numpy")  # packages whose lines are passed over
SCORING = ("sklearn.model_selection._validation", "sklearn_etm.inspection._comparison")  # throw away what they fit


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line outside this package and scikit-learn that led here."""
    level = 1
    for frame in _callers():
        level += 1
        if _module(frame).partition(".")[0] not in NOT_USERS:
            break
    warnings.warn(message, category, stacklevel=level)


def is_fitted_for_its_score() -> bool:
    """Whether a search or a comparison fits this model: the one that a search refits at its end is not."""
    return any(_module(frame) in SCORING for frame in _callers())


def _callers() -> Iterator[FrameType]:
    frame = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back  # type: ignore[assignment]


def _module(frame: FrameType) -> str:
    return frame.f_globals.get("__name__", "")
