"""A table's worker is a system in a process of its own, which fits, predicts and is timed.

python benchmarks/table_worker.py NAME      a line of JSON in, a line out; the first is a greeting
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from process import PeerFailedError, Piped
from table_data import TABLES, divided
from table_scores import scores
from table_systems import SYSTEMS, load

ROW_CALLS, ROW_SECONDS = 7, 0.2
"""A single row is predicted so many times, and on until so many seconds are over."""


@cache
def frame_of(name: str) -> Any:
    """All rows of a table, read once."""
    return TABLES[name].frame()


def work(system: str, table: str, seed: int, rows: int | None, many: int) -> dict[str, Any]:
    """Fit a system to a table and tell how good it was and how long it took.

    Parameters
    ----------
    rows : to train on at the most.
    many : rows to predict for the time of that; those to test on, again and again.
    """
    one = TABLES[table]
    split = divided(one, frame_of(table), seed, rows)
    model = SYSTEMS[system].make(one.classes, split.X, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 200 epochs were not the end of learning
        begin = perf_counter()
        model.fit(split.X, split.y)
        fit = perf_counter() - begin
        predict: Callable[[Any], Any] = model.predict_proba if one.classes else model.predict
        predicted = predict(split.X_test)
        several = split.X_test.iloc[np.arange(many) % len(split.X_test)].reset_index(drop=True)
        begin = perf_counter()
        predict(several)
        of_many = perf_counter() - begin
        of_one: list[float] = []
        while len(of_one) < ROW_CALLS or sum(of_one) < ROW_SECONDS:
            row = split.X_test.iloc[[len(of_one) % len(split.X_test)]]
            begin = perf_counter()
            predict(row)
            of_one.append(perf_counter() - begin)
    return {
        "digest": split.digest(),
        "rows": [len(split.X), len(split.X_test)],
        "columns": [split.X.shape[1], int((split.X.dtypes == "category").sum())],
        **scores(one.classes, split.y_test, predicted, getattr(model, "classes_", None)),
        "fit": fit,
        "predict": of_many,
        "predict_one": median(of_one),
    }


class Worker(Piped):
    """The process, as the one who asks sees it.

    Parameters
    ----------
    name : of the system.
    python : the interpreter of the environment that has it.

    Raises
    ------
    MissingPeerError
        If it is not installed there; the message says what its import said.
    """

    def __init__(self, name: str, python: str = sys.executable) -> None:
        super().__init__(name, [python, __file__, name])

    def ask(self, **task: Any) -> dict[str, Any]:
        """What `work` gives.

        Raises
        ------
        FileNotFoundError, PeerFailedError
            If the table is not there; if it met another error, or is gone.
        """
        answer = self.say(task)
        if "absent" in answer:
            raise FileNotFoundError(answer["absent"])
        if "error_said" in answer:
            raise PeerFailedError(f"{self.name} on {task['table']}: {answer['error_said']}")
        return answer


def answer(system: str, task: Mapping[str, Any]) -> dict[str, Any]:
    """What `work` gives, or what went wrong."""
    try:
        return work(system, **task)
    except FileNotFoundError as error:
        return {"absent": str(error)}
    except Exception as error:  # the others go on without it
        return {"error_said": f"{type(error).__name__}: {error}"}


def main(name: str) -> None:
    """Greet, and answer each line."""
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    try:
        hello = {"version": load(name)}
    except ImportError as error:
        hello = {"missing": f"{error}"}
    print(json.dumps(hello), file=out, flush=True)
    for line in sys.stdin if "version" in hello else ():
        print(json.dumps(answer(name, json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(sys.argv[1])
