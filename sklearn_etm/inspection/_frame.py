"""What tables are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._inputs.columns import objects
from .._inputs.texts import printable


def frame(columns: dict[str, Any], index: Any = None) -> Any:
    """A pandas DataFrame of the columns where pandas is installed, else a dict from their names to arrays.

    Columns are arrays, lists, or of pandas' own types; ``index`` is that of the rows, if they have one.
    """
    try:
        import pandas as pd
    except ImportError:
        return {name: _printable(np.asarray(values)) for name, values in columns.items()}
    return pd.DataFrame(
        {name: v if isinstance(v, pd.Index) else _printable(np.asarray(v)) for name, v in columns.items()}, index=index
    )


def _printable(values: np.ndarray) -> np.ndarray:
    """Values with strings that can be written down, whatever words, texts and groups hold."""
    if values.dtype.kind not in "UO":
        return values
    said = [printable(value) if isinstance(value, str) else value for value in values.tolist()]
    return objects(said) if values.dtype == object else np.array(said, dtype=values.dtype)
