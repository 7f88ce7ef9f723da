"""Schedules by hand-worked values."""

from math import cos, log2, pi, sqrt

import numpy as np
import pytest

from pellucid import SCHEDULES, Network
from pellucid.schedules import cosine, inverse_scaling, schedule, step, warm_up, warmed

VALUES = [
    ("constant", {}, [0.0, 0.5, 0.999], [1.0, 1.0, 1.0]),
    ("inverse_scaling", {"span": 8.0, "power": 0.5}, [0.0, 0.375, 1.0], [1.0, 0.5, 1 / 3]),
    ("inverse_scaling", {"span": 3.0, "power": 1.0}, [0.0, 1.0], [1.0, 0.25]),
    ("step", {"factor": 0.1, "every": 0.25}, [0.0, 0.24, 0.25, 0.6, 0.8], [1, 1, 0.1, 0.01, 0.001]),
    ("step", {}, [0.0, 0.3, 0.4, 0.7], [1.0, 1.0, 0.1, 0.01]),
    ("cosine", {}, [0.0, 1 / 3, 0.5, 2 / 3, 1.0], [1.0, 0.75, 0.5, 0.25, 0.0]),
    ("cosine", {"final": 0.2}, [0.0, 0.5, 1.0], [1.0, 0.6, 0.2]),
    ("cosine", {"warm_up": 0.2}, [0.0, 0.1, 0.2, 0.6, 1.0], [0.0, 0.5, 1.0, 0.5, 0.0]),
    ("warm_up", {}, [0.0, 0.05, 0.1, 0.9], [0.0, 0.5, 1.0, 1.0]),
    ("warm_up", {"fraction": 0.0}, [0.0, 1.0], [1.0, 1.0]),
    ("coslog4", {}, [0.0, (sqrt(2) - 1) / 15, 1 / 15, 0.2, 7 / 15, 1.0], [0, 1, 0, 0, 0, 0]),
]


@pytest.mark.parametrize(("name", "parameters", "at", "expected"), VALUES)
def test_values_worked_by_hand(name, parameters, at, expected):
    it = schedule(name, **parameters)
    np.testing.assert_allclose([it(t) for t in at], expected, atol=1e-12)


def test_the_hand_values_cover_every_schedule():
    assert {row[0] for row in VALUES} == set(SCHEDULES)


def test_coslog4_is_the_formula_of_its_paper():
    it = schedule("coslog4")
    for t in np.linspace(0, 1, 101):
        assert it(t) == pytest.approx(0.5 * (1 - cos(2 * pi * log2(1 + 15 * t))), abs=1e-12)


def test_coslog4_has_four_waves_each_twice_as_long_as_the_last():
    f = [schedule("coslog4")(t) for t in np.linspace(0, 1, 200001)]
    peaks = [i for i in range(1, 200000) if f[i - 1] < f[i] >= f[i + 1]]
    assert len(peaks) == 4
    lengths = np.diff(peaks)
    np.testing.assert_allclose(lengths[1:] / lengths[:-1], 2.0, rtol=1e-3)


@pytest.mark.parametrize("name", SCHEDULES)
def test_no_schedule_goes_below_0_or_above_1(name):
    f = [schedule(name)(t) for t in np.linspace(0, 1, 1001)]
    assert min(f) >= 0.0
    assert max(f) <= 1.0


@pytest.mark.parametrize("make", [inverse_scaling, step, cosine])
def test_a_decay_never_rises(make):
    f = [make()(t) for t in np.linspace(0, 1, 1001)]
    assert np.all(np.diff(f) <= 1e-15)


def test_warming_squeezes_any_schedule_into_the_rest():
    it = warmed(lambda t: 10 + t, 0.5)
    assert [it(0.25), it(0.5), it(0.75), it(1.0)] == [0.5, 10.0, 10.5, 11.0]


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2.0])
def test_a_warm_up_longer_than_training_is_refused(fraction):
    with pytest.raises(ValueError, match=r"give a part in \[0, 1\)"):
        warm_up(fraction)
    with pytest.raises(ValueError, match=r"give a part in \[0, 1\)"):
        cosine(warm_up=fraction)


def test_a_function_of_the_fraction_is_a_schedule():
    assert schedule(lambda t: 1 - t)(0.25) == 0.75


def test_training_asks_for_the_fraction_before_every_step():
    asked = []

    def spy(t):
        asked.append(t)
        return 1.0

    network = Network([2, 1], seed=0)
    network.train(np.eye(2), [0, 1], epochs=3, batch_size=1, schedule=spy)
    np.testing.assert_allclose(asked, np.arange(6) / 6)


def test_the_history_keeps_the_rate_of_each_epochs_last_step():
    network = Network([2, 1], seed=0)
    history = network.train(
        np.eye(2), [0, 1], epochs=2, batch_size=1, solver="sgd", learning_rate=0.5,
        schedule=lambda t: 1 - t,
    )  # fmt: skip
    np.testing.assert_allclose(history.learning_rate, [0.5 * 0.75, 0.5 * 0.25])


def test_the_rate_of_each_step_is_used_in_that_step():
    network = Network([1, 1], bias=False)
    network.theta = [0.0]
    # J = 0.5 (w - 1)^2: each step multiplies 1 - w by 1 - rate.
    network.train([[1.0]], [1.0], epochs=4, solver="sgd", batch_size="full", learning_rate=0.5,
                  schedule=lambda t: 1 - t)  # fmt: skip
    left = (1 - 0.5) * (1 - 0.375) * (1 - 0.25) * (1 - 0.125)
    assert network.theta[0] == pytest.approx(1 - left, rel=1e-14)
