"""What tables are made of."""

from __future__ import annotations

from typing import Any

import numpy as np


def frame(columns: dict[str, Any]) -> Any:
    """A pandas DataFrame of the columns where pandas is installed, else a dict from their names to arrays."""
    columns = {name: np.asarray(values) for name, values in columns.items()}
    try:
        import pandas as pd
    except ImportError:
        return columns
    return pd.DataFrame(columns)
