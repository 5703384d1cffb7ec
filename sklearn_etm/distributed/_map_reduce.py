"""A map over items and a sum of the results: the only thing that is asked of an engine."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from joblib import Parallel, cpu_count, delayed, effective_n_jobs
from joblib.externals.loky import process_executor

T = TypeVar("T")
ATTEMPTS = 3  # at a map whose workers die
GROUPS = 4  # at least, of neighbouring items for each worker: what comes back of a group is one result


class MapReduce(Protocol):
    """An engine: runs a function on items, wherever, and combines what comes out in a fixed tree.

    Examples
    --------
    Threads of this process, say:

    >>> import operator
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from functools import partial
    >>> from sklearn_etm.distributed import Local
    >>> class Threads:
    ...     def map_reduce(self, function, items, broadcast, combine):
    ...         with ThreadPoolExecutor() as pool:
    ...             results = list(pool.map(partial(function, broadcast), items))
    ...         return Local().map_reduce(lambda _, result: result, results, None, combine)
    >>> Threads().map_reduce(pow, [1, 2, 3], 2, operator.add)  # 2**1 + 2**2 + 2**3
    14
    """

    def map_reduce(
        self,
        function: Callable[[Any, Any], T],
        items: Sequence[Any],
        broadcast: Any,
        combine: Callable[[T, T], T],
    ) -> T:
        """Combine ``function(broadcast, item)`` of all items.

        Neighbours are combined by pairs, then these by pairs, and so on; an odd one goes up as it is. So the result
        does not depend on who computed what, or on who was first.

        Parameters
        ----------
        function : callable
            Of a module, so that it can be pickled. Pure: it may be run again.
        items : sequence
            At least one; small, but for matrices that the user has handed in.
        broadcast : object
            The same for all items: some megabytes.
        combine : callable
            Of two results, which it leaves as they are; that of the earlier items comes first.

        Returns
        -------
        result : object
        """


class Tree(Generic[T]):
    """Combines results that come one by one, in order; it holds one for each level at most."""

    def __init__(self, combine: Callable[[T, T], T]):
        self._combine = combine
        self._pending: list[tuple[int, T]] = []  # combinations of 2**level results
        self.n_leaves = 0

    def add(self, result: T) -> None:
        """The next result."""
        level = 0
        while self._pending and self._pending[-1][0] == level:
            result = self._combine(self._pending.pop()[1], result)
            level += 1
        self._pending.append((level, result))
        self.n_leaves += 1

    def root(self) -> T:
        """All of them combined."""
        _, result = self._pending[-1]
        for _, before in reversed(self._pending[:-1]):
            result = self._combine(before, result)
        return result


class Local:
    """One item after the other, in this process.

    Examples
    --------
    >>> import operator
    >>> from sklearn_etm.distributed import Local
    >>> Local().map_reduce(pow, [1, 2, 3], 2, operator.add)  # 2**1 + 2**2 + 2**3
    14

    It is what ``fit_shards(..., map_reduce="local")`` takes.
    """

    def map_reduce(
        self, function: Callable[[Any, Any], T], items: Sequence[Any], broadcast: Any, combine: Callable[[T, T], T]
    ) -> T:
        """As `MapReduce` says."""
        tree = Tree(combine)
        for item in items:
            tree.add(function(broadcast, item))
        return tree.root()


@dataclass(frozen=True)
class Processes:
    """Processes of this machine, by joblib, which share its cores; where one is killed, what it did is done again.

    Parameters
    ----------
    n_jobs : int, default=-1
        How many, as joblib counts them: -1 is one for each CPU.

    Examples
    --------
    >>> import operator
    >>> from sklearn_etm.distributed import Processes
    >>> Processes(n_jobs=1).map_reduce(pow, [1, 2, 3], 2, operator.add)  # 2**1 + 2**2 + 2**3
    14

    ``fit_shards(..., map_reduce=Processes(n_jobs=4))`` takes four; ``map_reduce="processes"`` one for each CPU.
    """

    n_jobs: int = -1

    def map_reduce(
        self, function: Callable[[Any, Any], T], items: Sequence[Any], broadcast: Any, combine: Callable[[T, T], T]
    ) -> T:
        """As `MapReduce` says; a ``RuntimeError`` where workers die three times."""
        n_workers = effective_n_jobs(self.n_jobs)
        if n_workers == 1:
            return Local().map_reduce(function, items, broadcast, combine)
        size = _group_size(len(items), n_workers)
        groups = [items[i : i + size] for i in range(0, len(items), size)]
        n_threads = max(cpu_count() // n_workers, 1)
        tree = Tree(combine)
        for attempt in range(1, ATTEMPTS + 1):
            parallel = Parallel(n_workers, backend="loky", batch_size=1, return_as="generator", max_nbytes=None)
            try:
                left = groups[tree.n_leaves :]
                tasks = (delayed(_run)(function, broadcast, group, combine, n_threads) for group in left)
                with closing(parallel(tasks)) as results:  # what is under way ends when we are interrupted
                    for result in results:
                        tree.add(result)
                break
            except BrokenProcessPool as error:
                if attempt == ATTEMPTS:
                    raise RuntimeError(
                        f"Worker processes died {ATTEMPTS} times, the last with {tree.n_leaves * size} of {len(items)} "
                        "shards done. The system may have killed them for want of memory: pass smaller shards, or take "
                        "fewer workers, map_reduce=Processes(n_jobs=...)."
                    ) from error
        return tree.root()


def _group_size(n_items: int, n_workers: int) -> int:
    """Neighbours that a worker combines itself: a power of two, so that the tree stays the same."""
    return 1 << max((n_items // (GROUPS * n_workers)).bit_length() - 1, 0)


def _run(
    function: Callable[[Any, Any], T],
    broadcast: Any,
    items: Sequence[Any],
    combine: Callable[[T, T], T],
    n_threads: int,
) -> T:
    """A task, in a worker: some neighbours, combined.

    loky ends workers that have grown by 300 MB, as if they leaked. Ours have imported JAX and compiled by then, and
    others would have to do it again. XLA takes as many threads as there are cores, unless ``NPROC`` says how many, when
    it starts.
    """
    process_executor._MAX_MEMORY_LEAK_SIZE = math.inf
    os.environ.setdefault("NPROC", str(n_threads))
    return Local().map_reduce(function, items, broadcast, combine)
