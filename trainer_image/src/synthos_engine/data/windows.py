"""Columns of windows (lists of numbers) as arrays, and where windows stand still."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .columns import as_doubles

Window = npt.NDArray[np.float64]


def windows_of(
    column: pa.ChunkedArray[Any], most_steps: int | None = None, *, as_printed: bool = False
) -> list[Window]:
    """An array for each window, empty for a missing one, of its first `most_steps` values; NaN for missing values.

    Args:
        as_printed: single precision as the doubles that print the same; slow.
    """
    if not len(column):
        return []
    windows: Any = pa.concat_arrays(column.chunks)
    if most_steps is not None:
        windows = pc.list_slice(windows, 0, most_steps, return_fixed_size_list=False)
    values = as_doubles(windows.flatten()) if as_printed else windows.flatten()
    ends = np.cumsum(pc.list_value_length(windows).fill_null(0).to_numpy())
    return np.split(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False), ends[:-1])


def still_ends(window: Window) -> tuple[float, float]:
    """Without a change from the first step on, and up to the last one: shares of the steps between values.

    Missing values do not stand still.
    """
    steps = len(window) - 1
    if steps < 1:
        return 0.0, 0.0
    changes = np.flatnonzero(window[1:] != window[:-1])
    return (1.0, 1.0) if not len(changes) else (changes[0] / steps, (steps - 1 - changes[-1]) / steps)
