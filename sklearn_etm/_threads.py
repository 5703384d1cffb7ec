"""Threads: bounds on those of BLAS and OpenMP, where products are too small to share, and one for work beside."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_inside: list[Any] = []  # the limit in force, once for each thread within


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the libraries of the process, which takes a millisecond


@contextmanager
def one_thread() -> Iterator[None]:
    """Let each library compute in the calling thread alone: threads of small products wait for each other.

    The limit is one of the process. The first thread that enters sets it and the last that leaves takes it back.
    """
    with _lock:
        _inside.append(_inside[0] if _inside else _controller().limit(limits=1))
    try:
        yield
    finally:
        with _lock:
            limit = _inside.pop()
            if not _inside:
                limit.restore_original_limits()


@contextmanager
def beside() -> Iterator[Executor]:
    """A thread for work beside, which is not waited for where the block fails: an interrupt arrives at once."""
    executor = ThreadPoolExecutor(1)
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=False)
        raise
    executor.shutdown()
