"""How many rows each stratum gives: in proportion to its size, and at least one."""

from __future__ import annotations

from collections.abc import Sequence


def allocate(sizes: Sequence[int], rows: int) -> list[int]:
    """Proportional allocation with largest remainders (Hamilton's method).

    The parts add up to min(rows, sum of sizes), except that every stratum that is not empty gives
    at least one row where `rows` allows it. No stratum gives more than it has.
    """
    total = sum(sizes)
    if rows >= total:
        return list(sizes)
    filled = [i for i, size in enumerate(sizes) if size]
    if rows <= len(filled):
        largest = sorted(filled, key=lambda i: (-sizes[i], i))[:rows]
        return [1 if i in largest else 0 for i in range(len(sizes))]
    exact = [size * rows / total for size in sizes]
    parts = [max(1, int(share)) if size else 0 for share, size in zip(exact, sizes, strict=True)]
    by_remainder = sorted(filled, key=lambda i: (-(exact[i] - parts[i]), i))
    spare = rows - sum(parts)
    while spare > 0:
        for i in by_remainder:
            if spare and parts[i] < sizes[i]:
                parts[i] += 1
                spare -= 1
    while spare < 0:
        # The ones given to small strata are taken from the largest.
        biggest = max(filled, key=lambda i: parts[i])
        parts[biggest] -= 1
        spare += 1
    return parts
