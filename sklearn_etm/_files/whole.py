"""Files that are written as a whole, or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike, sync: bool = True) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path`` when all of it is written and, with ``sync``, on the disk.

    It is written beside it, under another name. Where the block fails, or the process is killed, what was at ``path``
    stays as it was; where the block fails, nothing else is left either.
    """
    target = Path(os.path.realpath(path))  # a link stays, and points to the new file
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with open(beside, "xb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    if sync:
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, too, where folders can be synchronised: not on Windows."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
