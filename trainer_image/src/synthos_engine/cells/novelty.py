"""Columns whose values the reference does not know: the plainest sign of another domain, in tables and series."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import content_columns, is_number, is_text, value_type
from synthos_engine.data.modality import is_window
from synthos_engine.verdict.novelty import NewValues

from .layout import counts_rows, numbers

RECURRING: Final = 3
"""Rows in which a value must stand to be one of a domain: noise does not repeat itself."""
_PURPOSE: Final = 13
MARGIN: Final = 0.05
"""Of the range of a series: so far beyond it lies what was measured with some noise."""
OPEN_SHARE: Final = 0.05
"""Between halves of the reference; a column with more new values than that has no closed set of them."""


def new_values(candidate: pa.Table, reference: pa.Table) -> NewValues | None:
    """The column with the largest share; None where no column has a closed set of values or a range.

    Columns of names, prose or identifiers, of which one half of the reference does not know the other's,
    columns that number the rows, and nested values but lists of numbers, a series' windows, say nothing here.
    """
    found = []
    # Not in its order: where rows stand in order of a column, its halves would differ in that column.
    half, order = reference.num_rows // 2, np.random.default_rng(_PURPOSE).permutation(reference.num_rows)
    shuffled = reference.take(order)
    for name in content_columns(reference.schema):
        if counts_rows(reference, name):
            continue
        theirs, ours = shuffled[name], candidate[name]
        if _share(theirs.slice(half), theirs.slice(0, half)) <= OPEN_SHARE:
            found.append(NewValues(name, _share(ours, theirs)))
    return max(found, key=lambda one: one.share, default=None)


def _share(column: pa.ChunkedArray[Any], known: pa.ChunkedArray[Any]) -> float:
    margin = MARGIN if is_window(column.type) else 0.0
    column, known = _single(column), _single(known)
    kind = value_type(column.type)
    if is_number(kind) or pa.types.is_temporal(kind):
        values, others = numbers(column), numbers(known)
        others = others[~np.isnan(others)]
        if not len(values) or not len(others):
            return 0.0
        low, high = others.min(), others.max()
        beyond = margin * (max(abs(low), abs(high)) if high == low else high - low)
        return float(((values < low - beyond) | (values > high + beyond)).mean())
    if not (is_text(kind) or pa.types.is_boolean(kind)) or not len(column):
        return 0.0
    there: set[Any] = set(known.to_pylist())
    new = Counter(value for value in column.to_pylist() if value is not None and value not in there)
    return sum(count for count in new.values() if count >= RECURRING) / len(column)


def _single(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """The steps of a series' windows one by one; other columns as they are."""
    if not is_window(column.type):
        return column
    return cast("pa.ChunkedArray[Any]", pc.list_flatten(column))
