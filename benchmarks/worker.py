"""A worker is a peer in a process of its own, which does what lines of JSON on its input ask for.

    python benchmarks/worker.py NAME THREADS CPU,CPU,...

It keeps to the given CPUs, loads the library, says hello in one line, and answers each line with
one. THREADS is 0 when the library shall choose.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import repeat
from time import perf_counter
from typing import IO, Any

if __name__ == "__main__" and hasattr(os, "sched_setaffinity"):  # before anything counts the cores
    os.sched_setaffinity(0, {int(cpu) for cpu in sys.argv[3].split(",")})

import numpy as np

from machine import sgemm_gflops
from peers import Model, Peer, start
from work import NotOfferedError, Work, loss_of

PARITY_EPOCHS = 2
PARITY_OUTPUTS = 1000
"""Rows whose outputs are compared."""


class Worker:
    """What a process can be asked."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.work: Work | None = None
        self.model: Model | None = None
        self.run: Callable[[int], object] = lambda count: None

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what the message's `do` names, with the rest of it."""
        do = message.pop("do")
        if do not in ("load", "parity", "time", "peak"):
            raise ValueError(f"asked to {do!r}: expected load, parity, time or peak")
        result: dict[str, Any] = getattr(self, do)(**message)
        return result

    def load(
        self, path: str, trains: bool, seconds: float, least: int, most: int
    ) -> dict[str, Any]:
        """Take up a row's work, warm up, and find how much of it fills so many seconds.

        It is `most` at the most. It is `least` or more, so that what a call costs once is shared by
        some epochs, as it is in use, unless that takes ten times as long as was asked for.
        """
        self.work = work = Work.load(path)
        self.model = model = self.peer.model(work)
        if trains:
            self.run = lambda count: model.train(count, True)
        else:
            call = model.predictor(work.X)

            def calls(count: int) -> None:
                for _ in repeat(None, count):
                    call()

            self.run = calls
        first, count = self._timed(1), 1
        took = self._timed(1)
        extra = max(first - took, 0.0)
        while took < seconds / 2 and count < most:
            count = min(most, max(2 * count, int(count * seconds / max(took, 1e-7))))
            took = self._timed(count)
        if most > least:
            least = min(least, int(10 * seconds * count / max(took, 1e-7)))
        count = min(max(count, least), most)
        steps = work.steps_per_epoch if trains else 1
        return {"first_call": extra, "count": count, "steps": count * steps}

    def time(self, count: int, seed: int = 0, score: bool = False) -> dict[str, Any]:
        """Seconds for so many epochs, shuffled from a seed, or calls; with `score` the accuracy."""
        assert self.model is not None
        assert self.work is not None
        answer = {"seconds": self._timed(count, seed)}
        if score:
            assert self.work.X_test is not None
            assert self.work.Y_test is not None
            outputs = np.asarray(self.model.predictor(self.work.X_test)())
            right = outputs.argmax(axis=1) == self.work.Y_test.argmax(axis=1)
            answer["accuracy"] = float(right.mean())
        return answer

    def parity(self, path: str, trains: bool, rows: int) -> dict[str, Any]:
        """The losses after two unshuffled epochs on the first rows from the first weights."""
        work = Work.load(path).first(rows)
        model = self.peer.model(work)
        counted = model.train(PARITY_EPOCHS, False) if trains else None
        few = work.first(PARITY_OUTPUTS)
        outputs = np.asarray(model.predictor(few.X)())
        return {"counted": counted, "loss": loss_of(outputs, few.Y, work.loss)}

    def peak(self, seconds: float) -> dict[str, Any]:
        """What NumPy's sgemm reaches here."""
        return {"gflops": sgemm_gflops(seconds)}

    def _timed(self, count: int, seed: int = 0) -> float:
        assert self.model is not None
        self.model.reset(seed)
        begin = perf_counter()
        self.run(count)
        return perf_counter() - begin


def _say(out: IO[str], answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=out, flush=True)


def main() -> None:
    """Answer until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    name, threads = sys.argv[1], int(sys.argv[2])
    try:
        worker = Worker(start(name, threads or None))
    except (ImportError, OSError) as error:
        _say(out, {"missing": f"{error}"})
        return
    _say(out, {"version": worker.peer.version, "numpy": np.__version__})
    for line in sys.stdin:
        try:
            _say(out, worker.answer(json.loads(line)))
        except NotOfferedError as error:
            _say(out, {"not_offered": str(error)})
        except Exception as error:
            _say(out, {"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # the one who asks gets it too, and says so
        main()
