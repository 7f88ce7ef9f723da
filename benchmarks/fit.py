"""A fit is what each library's MLPClassifier does when it is called: digits, the same settings.

    python benchmarks/fit.py            everything, in turns, and what was measured written down
    python benchmarks/fit.py --quick    a round of each, printed

Each library works in a process of its own, once kept to one core and once on all of them. What is
timed is the whole call, with all checks of the data and, where there is early stopping, validation.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

from data import ROOT
from machine import cpus, describe

EPOCHS = 30
PAUSE = 0.1
"""Seconds between two turns, in which the other library's threads stop waiting for more work."""

LIBRARIES = {"sklearn": "sklearn.neural_network", "pellucid": "pellucid"}
KEPT = ROOT / "benchmarks" / "results" / "fit.json"

CASES: dict[str, tuple[str, dict[str, Any], float]] = {
    "fit, float64": ("float64", {}, 5.0),
    "fit, float32": ("float32", {}, 8.0),
    "fit with early stopping, float64": ("float64", {"early_stopping": True}, 5.0),
    "fit with early stopping, float32": ("float32", {"early_stopping": True}, 8.0),
    "fit in batches of 32, float64": ("float64", {"batch_size": 32}, 20.0),
    "fit in batches of 32, float32": ("float32", {"batch_size": 32}, 20.0),
    "fit by lbfgs, float64": ("float64", {"solver": "lbfgs"}, 0.0),
    "partial_fit of 200 rows, float64": ("float64", {}, 0.0),
    "predict 1 row, float64": ("float64", {}, 3.0),
    "predict_proba of 1 797 rows, float64": ("float64", {}, 3.0),
    "predict_proba of 1 797 rows, float32": ("float32", {}, 3.0),
}
"""By name: the dtype, settings beside the defaults, and how many times as fast pellucid must be."""


def work_of(case: str, library: str) -> tuple[Callable[[], Any], int]:
    """What to time, and how often at a time."""
    from sklearn.datasets import load_digits

    dtype, settings, _ = CASES[case]
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(dtype)
    patient = {"max_iter": EPOCHS, "tol": 0.0, "n_iter_no_change": 10**6, "random_state": 0}
    model = import_module(LIBRARIES[library]).MLPClassifier(**(patient | settings))
    if case.startswith("fit"):
        return lambda: model.fit(X, y), 1
    model.fit(X, y)
    if case.startswith("partial_fit"):
        return lambda: model.partial_fit(X[:200], y[:200]), 50
    if "1 row" in case:
        row = X[:1].copy()
        return lambda: model.predict(row), 1000
    return lambda: model.predict_proba(X), 200


def worker(library: str, on: list[int]) -> None:
    """Answer the name of each case, a line each, with the seconds of a call."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, on)
    warnings.simplefilter("ignore")  # that the last epoch was not the end of learning
    known: dict[str, tuple[Callable[[], Any], int]] = {}
    for line in sys.stdin:
        case = line.strip()
        if case not in known:
            known[case] = work_of(case, library)
            known[case][0]()
        call, count = known[case]
        begin = perf_counter()
        for _ in range(count):
            call()
        print((perf_counter() - begin) / count, flush=True)


def start(library: str, on: list[int]) -> subprocess.Popen[str]:
    """A process that answers; BLAS gets as many threads as it has cores."""
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(len(on))
    )
    command = [sys.executable, __file__, "--worker", library, "--on", ",".join(map(str, on))]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | threads
    )


def ask(process: subprocess.Popen[str], case: str) -> float:
    """The seconds of a call."""
    assert process.stdin is not None
    assert process.stdout is not None
    sleep(PAUSE)
    process.stdin.write(case + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        raise SystemExit(f"{case}: the worker ended with {process.wait()}")
    return float(answer)


def measure(rounds: int, cores: list[int]) -> list[dict[str, Any]]:
    """Every case by both libraries, in turns; printed as it goes."""
    workers = {library: start(library, cores) for library in LIBRARIES}
    rows = []
    try:
        for case, (_, _, asked) in CASES.items():
            seconds: dict[str, list[float]] = {library: [] for library in LIBRARIES}
            for number in range(rounds):
                for library in list(LIBRARIES)[:: 1 if number % 2 else -1]:
                    seconds[library].append(ask(workers[library], case))
            ratio = median(seconds["sklearn"]) / median(seconds["pellucid"])
            pairs = zip(seconds["sklearn"], seconds["pellucid"], strict=True)
            of_rounds = sorted(a / b for a, b in pairs)
            rows.append(
                {"case": case, "cores": len(cores), "seconds": seconds, "ratio": ratio,
                 "spread": [of_rounds[0], of_rounds[-1]], "asked": asked or None}
            )  # fmt: skip
            verdict = (
                "" if not asked else f"  asked {asked:g}x: {'yes' if ratio >= asked else 'NO'}"
            )
            print(
                f"{case:<38} {len(cores)} core{'s' * (len(cores) > 1)}  "
                f"scikit-learn {median(seconds['sklearn']) * 1e3:9.3f} ms  "
                f"pellucid {median(seconds['pellucid']) * 1e3:9.3f} ms  "
                f"{ratio:5.2f}x ({of_rounds[0]:.2f} .. {of_rounds[-1]:.2f}){verdict}",
                flush=True,
            )
    finally:
        for process in workers.values():
            assert process.stdin is not None
            process.stdin.close()
            process.wait()
    return rows


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description="The estimators' calls, beside scikit-learn's.")
    parser.add_argument("--quick", action="store_true", help="one round, nothing written")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--on", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        worker(given.worker, [int(cpu) for cpu in given.on.split(",")])
        return
    here = list(cpus())
    rounds = 1 if given.quick else given.rounds
    rows = measure(rounds, here[-1:])
    if len(here) > 1:
        rows += measure(rounds, here)
    if not given.quick:
        results = {"machine": describe(), "epochs": EPOCHS, "rounds": rounds, "rows": rows}
        Path(KEPT).write_text(json.dumps(results, indent=1) + "\n")
        print(f"wrote {KEPT}")


if __name__ == "__main__":
    main()
