"""Accuracy is measured beside scikit-learn's: the same arrays, settings and seeds for both.

    python benchmarks/accuracy.py                  every data set, written to results/accuracy.json
    python benchmarks/accuracy.py --only iris      some of them, printed and not written

A seed divides the rows and is both models' `random_state`. The inputs are one-hot and standardised
by what the training rows hold, and handed to both as they are. Needs polars and scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import sklearn
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

import pellucid
from data import ROOT
from pellucid import datasets
from pellucid.preprocessing import TableEncoder
from pellucid.tables import read_table

RESULTS = ROOT / "benchmarks" / "results" / "accuracy.json"

TEST_PART = 0.25
"""Of the rows; of classes, the same part of each."""

ROUNDING = 1e-6
"""A smaller difference is one of rounding, however regular it is."""

SCORES = {"classification": "accuracy", "regression": "R^2"}


def tabular() -> Path:
    """The folder of the tables that do not come with scikit-learn."""
    return Path(os.environ.get("PELLUCID_DATA", ROOT.parent / "shared" / "data")) / "tabular"


@dataclass(frozen=True)
class Problem:
    """A table to learn from, and how.

    Parameters
    ----------
    name : what it is called; up to a comma, the data set of scikit-learn's that it is.
    task : "classification" or "regression".
    target : the column to predict.
    files : in the folder of tables, one below the other; none: scikit-learn's own data set.
    drop : columns that are no inputs.
    settings : of both models; all others are the defaults.
    times : as many seeds are taken, for where the two do not take the same course and chance rules.
    """

    name: str
    task: str
    target: str
    files: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None
    times: int = 1

    def frame(self) -> pl.DataFrame:
        """All rows.

        Raises
        ------
        FileNotFoundError
            If a file is not there; the message says where it was looked for.
        """
        if not self.files:
            return datasets.load(self.name.partition(",")[0]).table().frame
        for file in self.files:
            if not (tabular() / file).exists():
                raise FileNotFoundError(
                    f"no {file} in {tabular()}: set PELLUCID_DATA to the folder that has tabular/"
                )
        frame = pl.concat([read_table(tabular() / file).frame for file in self.files])
        if self.task == "classification":  # adult's test file has a full stop after each label
            return frame.with_columns(pl.col(self.target).str.strip_chars_end("."))
        return frame


EARLY = {"early_stopping": True}

PROBLEMS = [
    Problem("digits", "classification", "digit"),
    Problem("iris", "classification", "species"),
    Problem("wine", "classification", "grower"),
    Problem("breast_cancer", "classification", "diagnosis"),
    Problem("diabetes", "regression", "progression"),
    Problem("digits, early stopping", "classification", "digit", settings=EARLY,
            times=5),
    Problem("adult", "classification", "column_15", ("adult.data.gz", "adult.test.gz"),
            settings=EARLY),
    Problem("california", "regression", "median_house_value", ("california-housing.csv.gz",),
            settings=EARLY),
    Problem("bike", "regression", "cnt", ("bike-hourly.csv.gz",),
            ("instant", "dteday", "casual", "registered"), EARLY),
]  # fmt: skip


def divided(
    problem: Problem, frame: pl.DataFrame, seed: int
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """X and y to train on, and X and y to test on: numbers standardised, text one-hot."""
    classes = problem.task == "classification"
    y = frame[problem.target].to_numpy()
    train, test = train_test_split(
        np.arange(frame.height), test_size=TEST_PART, random_state=seed,
        stratify=y if classes else None,
    )  # fmt: skip
    inputs = frame.drop(problem.target, *problem.drop)
    encoder = TableEncoder.fit(inputs[train])
    if not classes:
        y = (y - y[train].mean()) / y[train].std()
    return tuple((encoder.transform(inputs[rows]), y[rows]) for rows in (train, test))  # type: ignore[return-value]


def makers(task: str) -> dict[str, Callable[..., Any]]:
    """The class of each library."""
    name = "MLPClassifier" if task == "classification" else "MLPRegressor"
    return {"pellucid": getattr(pellucid, name), "scikit-learn": getattr(neural_network, name)}


def compare(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, Any]:
    """The paired difference, and whether it is noise: no more than two standard errors from 0.

    A difference of rounding is none.

    Examples
    --------
    >>> compare([0.9, 0.8, 0.7], [0.9, 0.7, 0.8])["verdict"]
    'same'
    >>> compare([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])["verdict"]
    'better'
    """
    differences = np.subtract(ours, theirs)
    mean = float(differences.mean())
    error = float(differences.std(ddof=1) / sqrt(len(differences))) if len(differences) > 1 else 0.0
    within = abs(mean) <= max(2 * error, ROUNDING)
    verdict = "same" if within else "better" if mean > 0 else "worse"
    return {"mean": mean, "standard_error": error, "within_noise": within, "verdict": verdict}


def measure(problem: Problem, seeds: int) -> dict[str, Any]:
    """Both libraries' scores on the test rows, for each seed."""
    seeds *= problem.times
    frame = problem.frame()
    settings = dict(problem.settings or {})
    found: dict[str, Any] = {name: {"scores": [], "epochs": []} for name in makers(problem.task)}
    for seed in range(seeds):
        train, test = divided(problem, frame, seed)
        for name, make in makers(problem.task).items():
            model = make(random_state=seed, **settings)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # 200 epochs are what they are
                model.fit(*train)
            found[name]["scores"].append(float(model.score(*test)))
            found[name]["epochs"].append(int(model.n_iter_))
    for one in found.values():
        one["mean"] = float(np.mean(one["scores"]))
        one["std"] = float(np.std(one["scores"], ddof=1)) if seeds > 1 else 0.0
    ours, theirs = (found[name]["scores"] for name in ("pellucid", "scikit-learn"))
    return {
        "name": problem.name,
        "task": problem.task,
        "score": SCORES[problem.task],
        "rows": frame.height,
        "inputs": int(train[0].shape[1]),
        "settings": settings,
        "seeds": seeds,
        **found,
        "difference": compare(ours, theirs),
    }


def line(one: Mapping[str, Any]) -> str:
    """A data set in one line, as it is printed when it is done."""
    cells = [
        f"{name} {one[name]['mean']:.4f} +- {one[name]['std']:.4f}"
        for name in ("pellucid", "scikit-learn")
    ]
    gap = one["difference"]
    return (
        f"{one['name']:<24}{one['score']:<9}{', '.join(cells)}; difference {gap['mean']:+.4f} "
        f"(standard error {gap['standard_error']:.4f}): {gap['verdict']}"
    )


def run(problems: Sequence[Problem], seeds: int = 5) -> dict[str, Any]:
    """The results of a run, as they are written down; progress is printed."""
    results: dict[str, Any] = {
        "versions": {"pellucid": pellucid.__version__, "scikit-learn": sklearn.__version__},
        "test_part": TEST_PART,
        "datasets": [],
        "missing": {},
    }
    for problem in problems:
        try:
            done = measure(problem, seeds)
        except FileNotFoundError as error:
            results["missing"][problem.name] = str(error)
            print(f"MISSING  {problem.name}: {error}", flush=True)
        else:
            results["datasets"].append(done)
            print(line(done), flush=True)
    return results


def main(words: Sequence[str] | None = None) -> int:
    """Run, and write if all is there; 1 if pellucid is worse beyond noise, or data are missing."""
    parser = argparse.ArgumentParser(description="pellucid's accuracy beside scikit-learn's.")
    parser.add_argument("--only", default="", help="data sets with this in their name")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 on")
    parser.add_argument("--json", type=Path, help=f"write there, not to {RESULTS.name}")
    given = parser.parse_args(words)
    problems = [problem for problem in PROBLEMS if given.only in problem.name]
    if not problems:
        parser.error(f"no data set has {given.only!r} in its name")
    if given.seeds < 2:
        parser.error(f"--seeds {given.seeds}: expected 2 or more")
    results = run(problems, given.seeds)
    whole = problems == PROBLEMS and not results["missing"]
    if target := given.json or (RESULTS if whole else None):
        target.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    else:
        print("nothing was written: some data sets are not among these")
    worse = any(one["difference"]["verdict"] == "worse" for one in results["datasets"])
    return int(worse or bool(results["missing"]))


if __name__ == "__main__":
    sys.exit(main())
