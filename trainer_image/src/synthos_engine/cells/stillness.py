"""Windows of a series in which a variable hangs: a sensor or a pipeline that repeats its last value.

Such windows are as near to each other as those of another domain are, and read as easily; but real series that
rest (rain, counts of rare events) rest at one value, and what hangs does so wherever it was.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import numpy as np
import pyarrow as pa

from synthos_engine.data.columns import content_columns
from synthos_engine.data.modality import is_window

LONG_SHARE: Final = 0.5
"""Of a window's steps, that follow each other without a change."""
FEWEST_STEPS: Final = 4


def hanging_share(candidate: pa.Table, reference: pa.Table) -> float | None:
    """Share of the candidate's windows that hang, beyond the reference's, of the variable with most of them.

    Windows at the value at which most hang do not count. None where the reference has no windows.
    """
    names = [name for name in content_columns(reference.schema) if is_window(reference[name].type)]
    shares = [_hanging(candidate, name) - _hanging(reference, name) for name in names]
    return max(shares, default=None)


def _hanging(table: pa.Table, name: str) -> float:
    levels: Counter[float] = Counter()
    for window in table[name].to_pylist():
        level = _level(np.array([np.nan if value is None else value for value in window or ()], np.float64))
        if level is not None:
            levels[level] += 1
    return (levels.total() - max(levels.values(), default=0)) / max(1, table.num_rows)


def _level(values: np.ndarray) -> float | None:
    """The value at which a window hangs."""
    steps = len(values) - 1
    if steps < FEWEST_STEPS:
        return None
    ends = np.flatnonzero(np.concatenate([np.diff(values) != 0, [True]]))
    runs = np.diff(np.concatenate([[-1], ends])) - 1
    longest = int(runs.argmax())
    return float(values[ends[longest]]) if runs[longest] >= LONG_SHARE * steps else None
