"""Windows of a series that hang: a sensor or a pipeline that repeats its last value, and does not come back.

Such windows are as near to each other as those of another domain are, and read as easily. But what rests (rain,
rare events, prices that are set) wakes as often as it falls asleep; what hangs only falls.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from synthos_engine.data.columns import content_columns
from synthos_engine.data.modality import is_window
from synthos_engine.data.windows import still_ends, windows_of

LONG_SHARE: Final = 0.5
"""Of a window's steps, without a change."""
FEWEST_VALUES: Final = 5


def hanging_share(candidate: pa.Table, reference: pa.Table) -> float | None:
    """Share of the candidate's windows that hang, beyond the reference's, of the variable with most of them.

    Those that end standing still, less those that begin so. None where the reference has no windows.
    """
    names = [name for name in content_columns(reference.schema) if is_window(reference[name].type)]
    shares = [_hanging(candidate, name) - _hanging(reference, name) for name in names]
    return max(shares, default=None)


def _hanging(table: pa.Table, name: str) -> float:
    ends = np.array([still_ends(window) for window in windows_of(table[name]) if len(window) >= FEWEST_VALUES])
    if not len(ends):
        return 0.0
    begin, end = (ends >= LONG_SHARE).sum(axis=0)
    return float(end - begin) / table.num_rows
