"""Processors are how many threads can really run at once, as far as this process may use them."""

from __future__ import annotations

import os
import sys
from functools import cache
from math import inf


@cache
def _quota() -> float:
    """Processors' worth of time that a container may use; inf without such a limit."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
        return float(quota) / float(period)
    except (OSError, ValueError):  # no such file, or "max": no limit
        return inf


def _told() -> float:
    """Threads that OMP_NUM_THREADS allows; inf if it is unset.

    It is no OpenMP here, but who sets it means all that computes: joblib for its worker processes.
    """
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isdigit() and int(first) > 0 else inf


def _is_one_of_many() -> bool:
    """Whether joblib runs this in one of several threads, which share the processors."""
    joblib = sys.modules.get("joblib")
    if joblib is None:
        return False
    backend, _ = joblib.parallel.get_active_backend()
    return bool(backend.nesting_level)


def processors() -> int:
    """Processors that this thread's work may use."""
    if hasattr(os, "sched_getaffinity"):
        processors = len(os.sched_getaffinity(0))
    else:
        processors = os.cpu_count() or 1
    if processors > 1 and _is_one_of_many():
        return 1
    return max(1, int(min(processors, _quota(), _told())))
