"""Phases 2 and 3: what is in a dataset, and whether that looks degenerate."""

from .prescreen import prescreen as prescreen
from .profiler import Profile as Profile
from .profiler import profile_dataset as profile_dataset
