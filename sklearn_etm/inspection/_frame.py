"""What tables are made of."""

from __future__ import annotations

from typing import Any

import numpy as np


def frame(columns: dict[str, Any], index: Any = None) -> Any:
    """A pandas DataFrame of the columns where pandas is installed, else a dict from their names to arrays.

    Columns are arrays, lists, or of pandas' own types; ``index`` is that of the rows, if they have one.
    """
    try:
        import pandas as pd
    except ImportError:
        return {name: np.asarray(values) for name, values in columns.items()}
    return pd.DataFrame(
        {name: v if isinstance(v, pd.Index) else np.asarray(v) for name, v in columns.items()}, index=index
    )
