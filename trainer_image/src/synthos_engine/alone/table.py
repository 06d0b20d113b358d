"""Features of a table at a fixed number of different rows: what columns say of each other, and how values lie.

Where there is one, a feature is relative to its value in the same columns in random order: real columns
depend on each other, in more than a straight line, and rule combinations of values out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
from scipy import stats

from synthos_engine.data.columns import content_columns

from .cells import Floats, Ints, codes, numbers
from .regression import gains
from .repetition import Features

ROWS: Final = 1000
_FEWEST_ROWS: Final = 300
_MOST_ROWS: Final = 5000
"""In which rows are looked for that repeat."""
_MOST_COLUMNS: Final = 24
_MARGIN_BITS: Final = 7
"""Of a row beyond those with which it would meet one other: then it meets one of a hundred."""
_BINS: Final = 10
_FEW: Final = 12
"""Different values up to which a column is one of classes."""


def table_features(table: pa.Table, rows: Sequence[bytes], seed: int) -> Features:
    """Empty where there are too few different rows, or no column with two values."""
    rng = np.random.default_rng((seed, 13))
    copies = _copies(table, rows, rng)
    first = np.array(list({row: i for i, row in reversed(list(enumerate(rows)))}.values()), np.int64)
    if len(first) < _FEWEST_ROWS:
        return copies
    chosen = table.take(pa.array(rng.permutation(first)[:ROWS], pa.int64()))
    columns = [chosen.column(name) for name in content_columns(chosen.schema)[:_MOST_COLUMNS]]
    coded = [codes(column) for column in columns]
    values = [numbers(column) for column in columns]
    kept = [i for i, code in enumerate(coded) if code.max() > 0]
    if len(kept) < 2:
        return copies
    coded, values = [coded[i] for i in kept], [values[i] for i in kept]
    return {
        **copies,
        **_pairs(coded, rng),
        **_surprise(coded, values),
        **_marginals(coded, values),
        **_dependence(coded, values, rng),
    }


def _copies(table: pa.Table, rows: Sequence[bytes], rng: np.random.Generator) -> Features:
    """Of different rows whose values would not meet again by chance, the share that occurs again.

    A row whose values are worth b bits, as if columns were independent, is expected to meet n / 2^b others.
    """
    some = rng.permutation(len(rows))[:_MOST_ROWS]
    chosen = table.take(pa.array(some, pa.int64()))
    bits = np.zeros(len(some))
    for name in content_columns(table.schema)[:_MOST_COLUMNS]:
        code = codes(chosen.column(name))
        bits -= np.log2(np.bincount(code)[code] / len(code))
    rich = bits > np.log2(max(1, len(some))) + _MARGIN_BITS
    counts = np.array(list(Counter(rows[i] for i, is_rich in zip(some, rich, strict=True) if is_rich).values()))
    return {"unlikely_copies": float((counts > 1).mean()) if len(counts) else 0.0}


def _pairs(coded: Sequence[Ints], rng: np.random.Generator) -> Features:
    """ln of different pairs of values over those of shuffled columns: combinations that do not occur."""
    ratios = []
    for i, left in enumerate(coded):
        for right in coded[:i]:
            seen, by_chance = _different(left, right), _different(left, rng.permutation(right))
            if by_chance < 0.9 * len(left):  # of values that hardly repeat, all pairs are different anyhow
                ratios.append(np.log(seen / by_chance))
    if not ratios:
        return {}
    return {"missing_pairs": float(np.mean(ratios)), "most_missing_pairs": float(np.min(ratios))}


def _different(left: Ints, right: Ints) -> int:
    return len(np.unique(left * (right.max() + 1) + right))


def _binned(code: Ints, values: Floats | None) -> Ints:
    """Classes as they are, of many numbers their tenths by equal width between the 1 % and 99 % quantiles."""
    if values is None or code.max() < _FEW:
        return code
    low, high = np.nanquantile(values, [0.01, 0.99])
    width = (high - low) / _BINS or 1.0
    places = np.clip((np.nan_to_num(values, nan=low - 9 * width) - low) // width, -1, _BINS)
    return np.unique(places, return_inverse=True)[1].astype(np.int64)


def _surprise(coded: Sequence[Ints], values: Sequence[Floats | None]) -> Features:
    """How rare a row's values are in all: spread beyond that of independent columns, skew, and the rarest rows."""
    bits = []
    for code, number in zip(coded, values, strict=True):
        bins = _binned(code, number)
        bits.append(-np.log2(np.bincount(bins)[bins] / len(bins)))
    each = np.array(bits)
    total = each.sum(axis=0)
    independent = float(each.var(axis=1).sum())
    if independent <= 0 or total.std() <= 0:
        return {}
    low, middle, high, last = np.quantile(total, [0.05, 0.5, 0.95, 0.995])
    return {
        "surprise_spread": float(np.log(total.var() / independent)),
        "surprise_relative": float(np.log(total.std() / total.mean())),
        "surprise_skew": float(stats.skew(total)),
        "surprise_tail": float(np.log((last - middle + 1) / (high - middle + 1))),
        "surprise_low": float(np.log((middle + 1) / (low + 1))),
    }


def _marginals(coded: Sequence[Ints], values: Sequence[Floats | None]) -> Features:
    """Columns by themselves: tails, values that occur once, values that are more frequent than their neighbours."""
    tails, kurtosis, heaps, once = [], [], [], []
    for code, number in zip(coded, values, strict=True):
        counts = np.bincount(code)
        if counts.max() > 1:
            once.append((counts == 1).sum() / len(code))
        if number is None or code.max() < _FEW:
            continue
        present = number[~np.isnan(number)]
        if len(present) < ROWS // 4:
            continue
        q = np.quantile(present, [0.005, 0.1, 0.25, 0.5, 0.75, 0.9, 0.995])
        spans = [
            (q[6] - q[3]) / (q[5] - q[3]) if q[5] > q[3] else 1,
            (q[3] - q[0]) / (q[3] - q[1]) if q[3] > q[1] else 1,
        ]
        tails.append(float(np.log(max(spans))))
        kurtosis.append(float(np.log1p(max(0.0, stats.kurtosis(present) + 2))))
        heaps.append(_heaped(present))
    found = {"tails": tails, "kurtosis": kurtosis, "heaped_values": heaps, "values_once": once}
    return {name: float(np.mean(some)) for name, some in found.items() if some}


def _heaped(values: Floats) -> float:
    """ln of how much more often two values agree than after a shift by one value of the grid: round numbers."""
    different, counts = np.unique(values, return_counts=True)
    if len(different) < _FEW:
        return 0.0
    same = float((counts * (counts - 1)).sum())
    near = float((counts[1:] * counts[:-1]).sum() + (counts[2:] * counts[:-2]).sum()) / 2
    return float(np.log((same + 20) / (near + 20)))


def _dependence(coded: Sequence[Ints], values: Sequence[Floats | None], rng: np.random.Generator) -> Features:
    """How well the other columns predict one, by a straight line and beyond (cross-fit; regression.py)."""
    inputs = [_scores(code, number, rng) for code, number in zip(coded, values, strict=True)]
    straight, bent, spread = [], [], []
    for i, target in enumerate(inputs):
        if target.shape[1] > 1:
            continue
        others = np.concatenate([one for j, one in enumerate(inputs) if j != i], axis=1)
        gain = gains(others, target[:, 0], rng)
        straight.append(gain.straight)
        bent.append(gain.bent)
        spread.append(gain.spread)
    if not straight:
        return {}
    return {
        "dependence": float(np.mean(straight)),
        "most_dependence": float(np.max(straight)),
        "curvature": float(np.mean(bent)),
        "most_curvature": float(np.max(bent)),
        "uneven_spread": float(np.mean(spread)),
    }


def _scores(code: Ints, values: Floats | None, rng: np.random.Generator) -> Floats:
    """Numbers as normal scores, equal ones in random order; classes as indicators of the most common ones."""
    result: Floats
    if values is None or code.max() < 2:
        classes = np.array([1]) if code.max() == 1 else np.argsort(np.bincount(code))[::-1][:8]
        result = (code[:, None] == classes[None]).astype(float)
        return result
    filled = np.nan_to_num(values, nan=float(np.nanmedian(values)) if not np.isnan(values).all() else 0.0)
    order = np.lexsort((rng.random(len(filled)), filled))
    ranks = np.empty(len(filled))
    ranks[order] = np.arange(len(filled))
    result = stats.norm.ppf((ranks + 0.5) / len(filled))[:, None]
    return result
