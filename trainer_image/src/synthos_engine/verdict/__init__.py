"""Pure functions from the cascade's results to a judgement."""

from .rule import BENIGN_BOUND, COLLAPSE_BOUND, judge

__all__ = ["BENIGN_BOUND", "COLLAPSE_BOUND", "judge"]
