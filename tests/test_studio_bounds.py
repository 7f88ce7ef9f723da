"""What a studio may take: memory over a long run, the doctor's share of time, seconds to the page."""

import gc
import time
import tracemalloc

import numpy as np
import pytest

from pellucid.diagnosis import DISEASES
from pellucid.studios.experiment import MOST_UNITS, Experiment
from pellucid.studios.panels import doctor
from pellucid.studios.run import MOST_BYTES, MOST_RECORDED, Run
from studio_tab import Tab

LONG = Experiment("moons", hidden=(16,), batch_size=50, epochs=10_000)


def test_memory_over_ten_thousand_recorded_epochs_stays_within_the_bound():
    with Run(LONG) as run:
        run.speed = 1e9  # at any finite speed each epoch is recorded, until there are too many
        run.forward(epochs=10)
        gc.collect()
        tracemalloc.start()
        most, held = 0, []
        for _ in range(10):
            run.forward(epochs=1000)
            marks = run.marks
            most = max(most, len(marks))
            held.append(sum(mark.theta.nbytes for mark in marks))
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert run.standing.epoch == 10_000
        assert run.standing.ended == "all epochs done"
        assert MOST_RECORDED // 4 < most <= MOST_RECORDED + 1
        assert max(held) <= MOST_BYTES
        # What is kept of an epoch besides its weights is a few numbers, and the curve has one each.
        assert grown < MOST_RECORDED * (run.start.nbytes + 1000) + 10_000 * 40
        epochs = [mark.epoch for mark in run.marks]
        assert epochs[0] == 0
        assert epochs[-1] == 10_000
        assert np.diff(epochs).max() <= 10_000 / (MOST_RECORDED / 4)  # and none far from the next


def test_the_weights_of_large_networks_are_kept_within_the_same_bytes():
    large = Experiment("digits", hidden=(MOST_UNITS, 256), activation=("relu", "relu"),
                       batch_size=0, epochs=60)  # fmt: skip
    with Run(large) as run:
        run.forward(epochs=60)
        assert run.standing.epoch == 60
        kept = sum(mark.theta.nbytes for mark in run.marks)
        assert 8 <= len(run.marks) < 60
        assert kept <= MOST_BYTES + 2 * run.start.nbytes
