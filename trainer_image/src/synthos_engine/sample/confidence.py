"""How well a share measured in the sample tells the share in the dataset."""

from __future__ import annotations

import math

_Z95 = 1.959964


def sampling_confidence(sample_rows: int, total_rows: int) -> int:
    """100 × (1 − margin), the margin of error of any share at 95 % confidence, 0 to 100.

    Margin: z · sqrt(¼ / n · (N − n) / (N − 1)) with the finite-population correction (Cochran 1977,
    section 3.5), at the worst share ½. It is an upper bound: stratification only lowers it.
    """
    if sample_rows <= 0:
        return 0
    if sample_rows >= total_rows:
        return 100
    variance = 0.25 / sample_rows * (total_rows - sample_rows) / (total_rows - 1)
    return round(100 * max(0.0, 1 - _Z95 * math.sqrt(variance)))
