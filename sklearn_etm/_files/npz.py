"""Parts of zips and the arrays in them: never unpickled, and no larger than what is there can fill."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

import numpy as np

MAX_RATIO = 1032  # of what deflate makes of a byte
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def parts(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Names and contents of a zip, one by one; a ValueError where it cannot be read, or is made to fill memory."""
    size = file.seek(0, os.SEEK_END)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
                raise ValueError("it is compressed by another method than deflate")
            if sum(member.file_size for member in members) > MAX_RATIO * size:
                raise ValueError("it is smaller than what it says that it holds")
            for member in members:
                yield member.filename, archive.read(member)
    except (MemoryError, ValueError):
        raise
    except Exception as error:  # a flipped bit makes any error
        raise ValueError(f"{error}" or type(error).__name__) from error


def array_of(content: bytes) -> np.ndarray:
    """The array of an ``.npy``; a ValueError for one of objects, which is a pickle, or that is not all there."""
    file = BytesIO(content)
    try:
        shape, _, dtype = HEADERS[np.lib.format.read_magic(file)](file)
    except Exception as error:  # the header is parsed as Python's literals are
        raise ValueError(f"the header of an array cannot be read: {error}") from error
    if dtype.hasobject:
        raise ValueError("it holds an array of objects, which is a pickle")
    n = math.prod(shape)
    if n and (not dtype.itemsize or n * dtype.itemsize != len(content) - file.tell()):
        raise ValueError(f"an array must be of the shape {shape} and the type {dtype}, and is not")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)
