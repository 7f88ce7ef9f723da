"""Tuning is many fits at once: the search in threads of one process, beside processes of joblib.

    python benchmarks/tuning.py              medians of 5, in turns
    python benchmarks/tuning.py --jobs 4     four fits at once, by whoever

Digits, three strengths of the penalty on five folds, 30 epochs each, and for fits that are mostly
Python's own work the moons by L-BFGS. Medians are of warm processes: starting them is in the first
time, which is what a search that is run once takes.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import sklearn.neural_network
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from machine import cpus, describe
from pellucid import MLPClassifier, datasets, tune

ALPHAS = [1e-4, 1e-2, 1.0]
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def in_threads(X: Any, y: Any, model: Any, jobs: int) -> Any:
    """pellucid's search."""
    return tune(X, y, {"alpha": ALPHAS}, estimator=model, folds=FOLDS, test=None, n_jobs=jobs).table


def in_processes(X: Any, y: Any, model: Any, jobs: int) -> Any:
    """scikit-learn's own, with joblib's processes."""
    grid = {"alpha": ALPHAS}
    search = GridSearchCV(model, grid, cv=FOLDS, n_jobs=jobs, return_train_score=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"validation_score": search.fit(X, y).cv_results_["mean_test_score"]}


def measured(runs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """The seconds of each, in turns; the first, in which processes start, is not for the median."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats + 1):
        for name, run in runs.items():
            begin = perf_counter()
            run()
            seconds[name].append(perf_counter() - begin)
    return seconds


def main() -> None:
    """Print the medians, their spread, and how many times the first each is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=len(cpus()), help="fits at once")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    moons = datasets.load("moons")
    common: dict[str, Any] = {"max_iter": 30, "random_state": 0}
    search: dict[str, Any] = {"solver": "lbfgs", "max_iter": 500, "random_state": 0}
    tasks: dict[str, tuple[Any, Any, dict[str, Any]]] = {
        "digits, 64-100-10, adam, batches of 200": (X / 16, y, common),
        "digits, 64-256-256-10, adam": (X / 16, y, common | {"hidden_layer_sizes": (256, 256)}),
        "moons, 2-20-1, lbfgs": (moons.X, moons.y, search | {"hidden_layer_sizes": (20,)}),
    }
    print(describe(), f"{options.jobs} fits at once", sep="\n")
    for task, (inputs, labels, settings) in tasks.items():
        ours = MLPClassifier(**settings)
        theirs = sklearn.neural_network.MLPClassifier(**settings)
        threads, processes = (partial(run, inputs, labels) for run in (in_threads, in_processes))
        seconds = measured(
            {
                "pellucid, threads": partial(threads, ours, options.jobs),
                "pellucid, one at a time": partial(threads, ours, 1),
                "pellucid, processes": partial(processes, ours, options.jobs),
                "scikit-learn, processes": partial(processes, theirs, options.jobs),
            },
            options.repeats,
        )
        same = [run(ours, options.jobs)["validation_score"] for run in (threads, processes)]
        assert np.array_equal(*same), "threads and processes do not score alike"
        least = statistics.median(seconds["pellucid, threads"][1:])
        print(f"\n{task}: 15 fits and one to all rows")
        for name, (first, *times) in seconds.items():
            middle = statistics.median(times)
            spread = f"{min(times):.3f} to {max(times):.3f}; the first {first:.3f}"
            print(f"  {name:<24} {middle:7.3f} s  {middle / least:5.2f} times  ({spread})")


if __name__ == "__main__":
    main()
