"""Several devices of one host: documents of a batch are split among them, all else is on each.

XLA finds from where arrays are what each device computes, and adds up what they find; the program is the same.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .batches import Batch

AXIS = "documents"


def mesh() -> Mesh | None:
    """The local devices, as many as are a power of two: batches are padded to such sizes. None where there is one.

    Nor is there more than one where the user has said which, by ``jax.default_device``.
    """
    if jax.config.jax_default_device is not None:  # type: ignore[attr-defined]
        return None
    devices = jax.local_devices()
    n = 1 << (len(devices).bit_length() - 1)
    return Mesh(np.array(devices[:n]), (AXIS,)) if n > 1 else None


def shardings(arguments: Any, devices: Mesh) -> Any:
    """Where arguments of a program are to be: chunks and documents of a stack of batches split, all else everywhere."""
    everywhere = NamedSharding(devices, PartitionSpec())
    split = NamedSharding(devices, PartitionSpec(None, AXIS))

    def of(part: Any) -> Any:
        if not isinstance(part, Batch):
            return everywhere
        fits = [np.ndim(leaf) > 1 and np.shape(leaf)[1] % devices.size == 0 for leaf in part]
        return Batch(*(split if one else everywhere for one in fits))

    return jax.tree.map(of, arguments, is_leaf=lambda part: isinstance(part, Batch))
