"""The machine a benchmark runs on: its processor, its cores, and the fastest it can multiply."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

SGEMM = 1024
"""The size of the square matrices whose product gives the peak."""


def cpus() -> list[int]:
    """The CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def vector_sets() -> list[str]:
    """The wide instruction sets among those the processor has."""
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return []
    return [name for name in ("fma", "avx2", "avx512f", "asimd", "sve") if name in words]


def describe() -> dict[str, Any]:
    """What a reader needs to know of the machine."""
    return {
        "processor": processor(),
        "vector_sets": vector_sets(),
        "cores": len(cpus()),
        "pinned": hasattr(os, "sched_setaffinity"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def sgemm_gflops(seconds: float, size: int = SGEMM) -> float:
    """The most that NumPy's sgemm reaches within so many seconds, in 10^9 operations a second.

    Examples
    --------
    >>> sgemm_gflops(0.01, 64) > 0.0
    True
    """
    rng = np.random.default_rng(0)
    A, B = (rng.random((size, size), dtype=np.float32) for _ in range(2))
    out, best, end = A @ B, float("inf"), perf_counter() + seconds
    while perf_counter() < end or best == float("inf"):
        begin = perf_counter()
        np.matmul(A, B, out=out)
        best = min(best, perf_counter() - begin)
    return 2e-9 * size**3 / best
