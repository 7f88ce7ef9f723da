"""Import time is how long a library keeps a new interpreter busy before its first useful line."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Mapping
from time import perf_counter


def import_seconds(modules: Mapping[str, str], runs: int) -> dict[str, float]:
    """The median seconds that importing each module adds to a bare interpreter.

    Parameters
    ----------
    modules : the interpreter to use by the name of the module; the runs are interleaved.
    runs : of each.

    Examples
    --------
    >>> import sys
    >>> list(import_seconds({"json": sys.executable}, 1))
    ['json']
    """
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(runs):
        for module, python in modules.items():
            bare, loaded = (_interpreter(python, code) for code in ("pass", f"import {module}"))
            times[module].append(loaded - bare)
    return {module: statistics.median(added) for module, added in times.items()}


def _interpreter(python: str, code: str) -> float:
    begin = perf_counter()
    subprocess.run([python, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - begin
