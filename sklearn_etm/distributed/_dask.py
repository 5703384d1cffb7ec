"""Dask's workers as an engine: tasks that are run again where a worker dies, and a bound on waiting for workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakSet

from .._estimators.parameters import NOT_NEGATIVE
from ._map_reduce import Tree

T = TypeVar("T")
LOOKS_EVERY = 1.0  # seconds: whether there are workers
ASKS_FOR = 10.0  # seconds, until a scheduler that does not answer counts as one without workers
LARGEST_STATE = "1 TiB"  # Dask warns of 10 MB in a task, which are meant to be there


@dataclass(frozen=True)
class Dask:
    """Workers of a cluster of Dask, on this machine or others.

    Each item is a task, and so is each pair that is combined; what they share is a task, too, so that everything can be
    computed again when a worker dies. Nothing is scattered, since Dask does not bring back what is.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster; not an asynchronous one. Passed as ``map_reduce`` it stands for ``Dask(client)``.
    patience : float, default=20.0
        Seconds to wait for a worker while there is none, or for a scheduler that does not answer. Pass more where
        workers are started on demand and take longer.

    Raises
    ------
    ValueError
        For a ``patience`` that is no finite number of at least 0, and for an asynchronous client.

    Examples
    --------
    >>> from distributed import Client  # doctest: +SKIP
    >>> from sklearn_etm import LNTMTransformer
    >>> from sklearn_etm.distributed import Dask, fit_shards
    >>> client = Client("scheduler:8786")  # doctest: +SKIP
    >>> fit_shards(LNTMTransformer(), paths, map_reduce=Dask(client, patience=300))  # doctest: +SKIP
    """

    client: Any
    patience: float = field(default=20.0, kw_only=True)

    def __post_init__(self):
        if not NOT_NEGATIVE.valid(self.patience):
            raise ValueError(f"patience must be {NOT_NEGATIVE.wanted}; got {self.patience!r}.")
        if self.client.asynchronous:
            raise ValueError("An asynchronous distributed.Client cannot be waited for: pass Client(address).")

    def map_reduce(
        self, function: Callable[[Any, Any], T], items: Sequence[Any], broadcast: Any, combine: Callable[[T, T], T]
    ) -> T:
        """As `MapReduce` says; a ``RuntimeError`` where a task's workers die again and again, or no worker is left.

        Dask gives a task up after the deaths of ``distributed.scheduler.allowed-failures`` workers, 3 by default.
        """
        tasks = _Tasks(self.client)
        try:
            state = tasks.submit_large(_itself, broadcast)
            tree = Tree(lambda a, b: tasks.submit(combine, a, b))
            names = {}
            for item in items:
                leaf = tasks.submit(function, state, item)
                names[leaf.key] = str(item)
                tree.add(leaf)
            return self._result(tree.root(), names)
        finally:
            tasks.release()

    def _result(self, future: Any, names: dict[str, str]) -> Any:
        """The result of a future, unless those that should compute it are gone."""
        from distributed import KilledWorker

        try:
            self._wait(future)
            return future.result()
        except KilledWorker as error:
            task = str(error.task)
            raise RuntimeError(
                f"Workers of Dask died again and again while they computed {names.get(task, task)}. The "
                "system may have killed them for want of memory: pass smaller shards, or workers with more memory or "
                "fewer threads. Their logs say more."
            ) from error
        except CancelledError as error:
            raise RuntimeError(
                "Dask has dropped the tasks of this round: its scheduler was restarted or lost, or they were "
                "cancelled. Call again once it is back."
            ) from error

    def _wait(self, future: Any) -> None:
        """Wait until a future is done; a ``RuntimeError`` when there has been no worker for too long."""
        from distributed import wait

        seen = time.monotonic()  # when a worker was there
        while True:
            try:
                wait(future, timeout=LOOKS_EVERY)
                return
            except TimeoutError:
                if self._has_workers():
                    seen = time.monotonic()
                elif time.monotonic() - seen > self.patience:
                    raise RuntimeError(
                        "The cluster of Dask has had no worker, or its scheduler has not answered, for "
                        f"{self.patience:g} seconds. Start workers and call again; where they take longer to start, "
                        "pass map_reduce=Dask(client, patience=...)."
                    ) from None

    def _has_workers(self) -> bool:
        try:
            return bool(self.client.nthreads(callback_timeout=ASKS_FOR))
        except (OSError, TimeoutError):
            return False


class _Tasks:
    """Tasks of one round: Dask keeps what is still to be used, and nothing once they are released."""

    def __init__(self, client: Any):
        self._client = client
        self._futures: WeakSet[Any] = WeakSet()  # which lets go of what nobody else holds: Dask then does, too

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The future of a task that is not taken for another with the same arguments."""
        future = self._client.submit(function, *arguments, pure=False)
        self._futures.add(future)
        return future

    def submit_large(self, function: Callable[..., Any], argument: Any) -> Any:
        """The same, of an argument that is large on purpose."""
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": LARGEST_STATE}):
            return self.submit(function, argument)

    def release(self) -> None:
        """Have Dask drop what is not done, and forget what is."""
        for future in list(self._futures):
            future.release()


def _itself(value: T) -> T:
    return value
