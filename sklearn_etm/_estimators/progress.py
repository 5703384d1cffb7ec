"""Progress of a fit: printed lines, and scikit-learn's callbacks where this version of it has them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

try:  # experimental, since scikit-learn 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stand-in where scikit-learn has no callbacks."""

    def with_callbacks(method):  # type: ignore[no-redef]
        """Stand-in where scikit-learn has no callbacks."""
        return method


class FitReporter:
    """Tells the world after each step of a fit; ``step`` returns whether a callback asks to stop."""

    def __init__(self, estimator: Any, X: Any, n_steps: int):
        self.estimator, self.X, self.n_steps = estimator, X, n_steps
        self.times = [time.perf_counter()]
        self.context: Any = None
        if hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx"):
            self.context = estimator._init_callback_context(max_subtasks=n_steps)
            self.context.call_on_fit_task_begin(estimator=estimator, X=X)

    def step(self, label: str, description: str, n_documents: float, attributes: Callable[[], dict[str, Any]]) -> bool:
        """Report one step of the fit; ``attributes`` is called only if a callback wants a fitted estimator."""
        self.times.append(time.perf_counter())
        if self.estimator.verbose:
            print(self._line(label, description, n_documents), flush=True)
        if self.context is None:
            return False
        task = self.context.subcontext(task_name=label)
        task.call_on_fit_task_begin(estimator=self.estimator, X=self.X)
        end = task.call_on_fit_task_end
        return bool(end(estimator=self.estimator, X=self.X, reconstruction_attributes=attributes))

    def end(self, attributes: Callable[[], dict[str, Any]]) -> None:
        """Report the end of the fit."""
        if self.context is not None:
            self.context.call_on_fit_task_end(estimator=self.estimator, X=self.X, reconstruction_attributes=attributes)

    def _line(self, label: str, description: str, n_documents: float) -> str:
        done, latest = len(self.times) - 1, self.times[-1]
        # The first step compiles: once there are others, it says nothing about the time left.
        per_step = (latest - self.times[1]) / (done - 1) if done > 1 else latest - self.times[0]
        parts = [f"{label:12}", *filter(None, [description])]
        parts.append(f"{n_documents / max(latest - self.times[-2], 1e-9):.0f} documents/s")
        parts.append(f"{per_step * (self.n_steps - done):.0f} s left")
        return "  ".join(parts)
