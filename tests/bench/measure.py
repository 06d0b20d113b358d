"""Times two ways of doing the same in turns and prints their ratio: machines are noisy, ratios less so."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

ROUNDS = 5


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ratio(title: str, ours: Callable[[], object], peer: Callable[[], object], unit: str) -> None:
    """Print peer's time / our time (above 1: ours is faster), median of interleaved rounds after a warm-up."""
    ours()
    peer()
    pairs = [(seconds(ours), seconds(peer)) for _ in range(ROUNDS)]
    ratios = sorted(theirs / mine for mine, theirs in pairs)
    mine = statistics.median(pair[0] for pair in pairs)
    theirs = statistics.median(pair[1] for pair in pairs)
    print(
        f"{title:46} {statistics.median(ratios):5.2f} x  (range {ratios[0]:.2f} to {ratios[-1]:.2f}; "
        f"ours {mine * 1000:.0f} ms, {unit} {theirs * 1000:.0f} ms)"
    )
