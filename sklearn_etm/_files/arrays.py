"""Named arrays and a JSON header in one file, ``.npz`` or ``.safetensors``; a file that was changed is refused.

An ``.npz`` is a zip of the arrays, as NumPy writes it, and of ``header.json``; a ``.safetensors`` has the
header as "sklearn_etm" in its metadata. In both, a checksum of all names, types, shapes and numbers is in the header.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .formats import damaged
from .npz import array_of, parts
from .whole import replacing

HEADER = "header.json"
SAMPLE = 1 << 16  # bytes of an array, that tell whether it is worth compressing
OURS = "sklearn_etm"  # key of the header in the metadata of safetensors
CHECKSUM = "checksum"
DATE = (1980, 1, 1, 0, 0, 0)  # of all parts of a zip, so that equal models are equal files
NAMES = {  # of types in safetensors
    **{f"<f{n}": f"F{8 * n}" for n in (2, 4, 8)},
    **{f"<i{n}": f"I{8 * n}" for n in (2, 4, 8)},
    **{f"<u{n}": f"U{8 * n}" for n in (2, 4, 8)},
    **{"|i1": "I8", "|u1": "U8", "|b1": "BOOL"},
}
TYPES = {name: dtype for dtype, name in NAMES.items()}


class Saved(NamedTuple):
    """What a file holds."""

    arrays: dict[str, np.ndarray]
    header: dict[str, Any]


def write(
    path: str | os.PathLike, arrays: Mapping[str, np.ndarray], header: Mapping[str, Any], *, sync: bool = True
) -> None:
    """Write arrays and a header; what was at ``path`` stays until all of it is written and, with ``sync``, on the disk.

    Without, a process that is killed leaves a whole file, too; a machine that loses its power may not.
    """
    writer = _by_suffix(path)[0]
    little = {name: _little_endian(array) for name, array in arrays.items()}
    header = {**header, CHECKSUM: _checksum(little, header)}
    with replacing(path, sync) as file:
        writer(file, little, _json(header))


def read(path: str | os.PathLike) -> Saved:
    """Arrays and header of a file; a ValueError where they are not what was written."""
    reader, name = _by_suffix(path)[1], Path(path).name
    with open(path, "rb") as file:
        try:
            arrays, header = reader(file, os.fstat(file.fileno()).st_size)
            expected = header.pop(CHECKSUM)
            if _checksum(arrays, header) != expected:
                raise ValueError("its checksum is another than when it was written")
        except MemoryError:
            raise
        except Exception as error:  # a flipped bit makes any error
            raise damaged(name, f"{error}" or type(error).__name__) from error
    return Saved(arrays, header)


def _by_suffix(path: str | os.PathLike) -> tuple[Any, Any]:
    formats = {".npz": (_write_npz, _read_npz), ".safetensors": (_write_safetensors, _read_safetensors)}
    suffix = Path(path).suffix
    if suffix not in formats:
        raise ValueError(f"The name of the file must end in .npz or .safetensors; got {os.fspath(path)!r}.")
    return formats[suffix]


def _little_endian(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def _checksum(arrays: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> str:
    digest = sha256(_json(header))
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(_json([name, array.dtype.str, array.shape]))
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


# .npz


def _write_npz(file: BinaryIO, arrays: Mapping[str, np.ndarray], header: bytes) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(HEADER, DATE), header)
        for name, array in arrays.items():
            info = zipfile.ZipInfo(f"{name}.npy", DATE)
            info.compress_type = zipfile.ZIP_DEFLATED if _repeats(array) else zipfile.ZIP_STORED
            with archive.open(info, "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)


def _repeats(array: np.ndarray) -> bool:
    """Whether an array is mostly of one value, as of a hashed vocabulary few of whose words are used."""
    sample = array.reshape(-1).view(np.uint8)[:SAMPLE].tobytes()
    return 2 * len(zlib.compress(sample, 1)) < len(sample)


def _read_npz(file: BinaryIO, size: int) -> Saved:
    arrays, header = {}, None
    for name, content in parts(file):
        if name == HEADER:
            header = json.loads(content)
        else:
            arrays[name.removesuffix(".npy")] = array_of(content)
    if header is None:
        raise ValueError(f"it has no {HEADER}, as files of sklearn_etm.save have")
    return Saved(arrays, header)


# .safetensors


def _write_safetensors(file: BinaryIO, arrays: Mapping[str, np.ndarray], header: bytes) -> None:
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0]))  # so that all are aligned
    entries: dict[str, Any] = {"__metadata__": {OURS: header.decode("ascii")}}
    begin = 0
    for name, array in ordered:
        end = begin + array.nbytes
        entries[name] = {"dtype": NAMES[array.dtype.str], "shape": array.shape, "data_offsets": [begin, end]}
        begin = end
    content = _json(entries)
    content += b" " * (-len(content) % 8)
    file.write(len(content).to_bytes(8, "little") + content)
    for _, array in ordered:
        file.write(array.reshape(-1).view(np.uint8).data)


def _read_safetensors(file: BinaryIO, size: int) -> Saved:
    length = int.from_bytes(file.read(8), "little")
    if length > size - 8:
        raise ValueError("its header is longer than the file")
    entries = json.loads(file.read(length))
    header = json.loads(entries.pop("__metadata__")[OURS])
    arrays = {}
    for name, entry in entries.items():
        dtype, shape, (begin, end) = np.dtype(TYPES[entry["dtype"]]), tuple(entry["shape"]), entry["data_offsets"]
        if begin < 0 or end - begin != dtype.itemsize * math.prod(shape) or 8 + length + end > size:
            raise ValueError(f"{name!r} does not fit into it")
        file.seek(8 + length + begin)
        arrays[name] = np.fromfile(file, dtype, math.prod(shape)).reshape(shape)
    return Saved(arrays, header)
