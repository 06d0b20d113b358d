"""What kind of data a dataset is, as its schema and its rows tell.

1. One column of text, or only columns of long text: `text`.
2. Only columns of windows (lists of numbers): `series`.
3. A column of long text or of windows beside others: `mixed`.
4. A table whose rows are one series in their order: `series`. Either a column of times never falls, or
   never rises, from row to row, but for 1 % of them; or all columns are numbers and times, and at least
   half of the columns of numbers, those left out that only rise or only fall, have a mean
   autocorrelation of lag 1 of ½ or more. (With categories it is a table: sorted by one of its columns it
   has such autocorrelation too.)
5. Else `table`.

Long text has 64 characters or more on average, at least one byte in twenty is a blank or three in ten
lie beyond ASCII, and most values in the sample are different.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthos_api.errors import UsageError
from synthos_engine.data.columns import content_columns, is_json, is_number, is_text, passes_through, value_type
from synthos_engine.data.modality import is_window

from .columns import ColumnSketch
from .hashing import column_hashes
from .series import autocorrelation
from .sketch import DatasetSketch
from .values import decoded

Modality = Literal["text", "table", "series", "mixed"]
MODALITIES: Final = get_args(Modality)

LONG_CHARS: Final = 64
_BLANKS: Final = 0.05
_BEYOND_ASCII: Final = 0.3
_IN_ORDER: Final = 0.99
_CORRELATED: Final = 0.5
_FEWEST_STEPS: Final = 32

Values = NDArray[np.float64]


def modality_named(name: str) -> Modality:
    """Raises UsageError for a name that is none of MODALITIES."""
    for modality in get_args(Modality):
        if modality == name:
            found: Modality = modality
            return found
    raise UsageError(f"a modality is one of {', '.join(MODALITIES)}, not {name!r}")


@dataclass(frozen=True)
class Kinds:
    """The modality, and the columns that each kind of measure applies to; `ordered` by number in the stretches."""

    modality: Modality
    texts: list[str]
    windows: list[str]
    ordered: list[int]


def kinds_of(schema: pa.Schema, sketch: DatasetSketch, rows: pa.RecordBatch, given: Modality | None) -> Kinds:
    """From a finished sketch and its row sample; `given` by the user is taken as it is."""
    names = content_columns(schema)
    windows = [name for name in names if is_window(schema.field(name).type)]
    texts = [name for name in names if is_text(value_type(schema.field(name).type)) and not is_json(schema.field(name))]
    sketches = {column.name: column for column in sketch.columns}
    long = [name for name in texts if _is_long(sketches[name], rows.column(name))]
    stretches = sketch.stretches.stretches()
    steady = [i for i in range(len(sketch.ordered)) if _runs_one_way([s[:, i] for s in stretches])]
    numeric = [i for i, name in enumerate(sketch.ordered) if sketches[name].is_number and i not in steady]
    modality = given or _modality(schema, names, windows, long, sketch, stretches, steady, numeric)
    plain = passes_through(schema) or (modality == "text" and not long)
    in_order = modality == "series" and not windows
    return Kinds(
        modality=modality,
        texts=[] if modality in ("table", "series") else (texts if plain else long),
        windows=windows if modality in ("series", "mixed") else [],
        ordered=numeric if in_order else [],
    )


def _modality(
    schema: pa.Schema,
    names: list[str],
    windows: list[str],
    long: list[str],
    sketch: DatasetSketch,
    stretches: list[Values],
    steady: list[int],
    numeric: list[int],
) -> Modality:
    if passes_through(schema) or (long and len(long) == len(names)):
        return "text"
    if windows and len(windows) == len(names):
        return "series"
    if windows or long:
        return "mixed"
    sketches = {column.name: column for column in sketch.columns}
    timed = any(not sketches[sketch.ordered[i]].is_number for i in steady)
    if not numeric or sum(map(len, stretches)) < _FEWEST_STEPS:
        return "table"
    if not timed and any(not _is_ordered(schema.field(name).type) for name in names):
        # Sorted by one column, a table looks like a series in the others.
        return "table"
    found = [_mean_autocorrelation([s[:, i] for s in stretches]) for i in numeric]
    return "series" if timed or np.mean([r >= _CORRELATED for r in found]) >= 0.5 else "table"


def _is_ordered(kind: pa.DataType) -> bool:
    return is_number(kind) or bool(pa.types.is_temporal(kind) or pa.types.is_null(kind))


def _is_long(sketch: ColumnSketch, sampled: pa.Array[Any]) -> bool:
    sums = sketch.texts
    if not sums.count or sums.mean < LONG_CHARS:
        return False
    classes = sums.classes
    if classes.get("space", 0) < _BLANKS and classes.get("beyond_ascii", 0) < _BEYOND_ASCII:
        return False
    hashes = column_hashes(decoded(sampled).drop_null())
    return len(hashes) > 0 and len(np.unique(hashes)) > len(hashes) / 2


def _runs_one_way(parts: list[Values]) -> bool:
    """Whether values never fall, or never rise, but for some, and are not all the same."""
    with np.errstate(over="ignore"):
        changes = np.concatenate([np.diff(part[np.isfinite(part)]) for part in parts]) if parts else np.empty(0)
    if len(changes) < 2 or not changes.any():
        return False
    return bool(max((changes >= 0).mean(), (changes <= 0).mean()) >= _IN_ORDER)


def _mean_autocorrelation(parts: list[Values]) -> float:
    found = [r for part in parts if (r := autocorrelation(part)) is not None]
    return float(np.mean(found)) if found else 0.0
