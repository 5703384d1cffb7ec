"""Sizes and functions of arrays that several rooms use."""

import numpy as np

TINY = 1e-30  # below any probability of a word; float32 would round what is much smaller to zero
BLOCK_FLOATS = 1 << 20  # gathered at a time: about what fits a processor's cache


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
