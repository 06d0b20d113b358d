"""How many threads PyTorch may use: as many as asked for, never more than the container's CPU limit."""

from __future__ import annotations

import os
from pathlib import Path

import torch

THREADS_ENV = "SYNTHOS_THREADS"
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def cpu_limit(cpu_max: Path = _CPU_MAX) -> int:
    """CPUs this process may use: its affinity, and the quota of its cgroup rounded up."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = cpu_max.read_text().split()
        return max(1, min(cpus, -(-int(quota) // int(period))))
    except (OSError, ValueError):  # no cgroup v2, or "max": no quota
        return cpus


def use_threads() -> int:
    """Set PyTorch's number of threads and return it: SYNTHOS_THREADS within the limit, else one.

    The nano models are too small to share a step among cores; one thread is the fastest way to spend
    one core, and leaves the others to other pods.
    """
    wanted = os.environ.get(THREADS_ENV, "")
    threads = max(1, min(int(wanted), cpu_limit())) if wanted.isdigit() else 1
    torch.set_num_threads(threads)
    return threads
