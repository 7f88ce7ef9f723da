"""Engines: which one there is, and what training hands to it and takes from it."""

import numpy as np
import pytest

from pellucid import ENGINES, Network
from pellucid.engines import Engine, EpochsEnd, ReferenceEngine, engine
from pellucid.training import DivergenceWarning


def waves(n=40):
    X = np.random.default_rng(0).uniform(-1, 1, (n, 2))
    return X, np.sin(3 * X[:, :1]) + X[:, 1:]


class InGroups(ReferenceEngine):
    """Shows several epochs at once where it may, as a fast engine does."""

    def __init__(self, most=7):
        self.most, self.groups = most, []

    def train_epochs(self, objective, optimizer, state, X, y, sample_weight, batches):
        group = EpochsEnd([], [], [], [])
        for end in super().train_epochs(objective, optimizer, state, X, y, sample_weight, batches):
            for curve, more in zip(group, end, strict=True):
                curve.extend(more)
            if len(group.losses) == min(self.most, batches.at_once):
                self.groups.append(len(group.losses))
                yield group
                group = EpochsEnd([], [], [], [])
        if group.losses:
            self.groups.append(len(group.losses))
            yield group


def trained(with_engine=None, **settings):
    network = Network([2, 8, 1], "tanh", seed=0, engine="reference")
    if with_engine is not None:
        network._engine = with_engine
    network.train(*waves(), **({"epochs": 20, "batch_size": 16} | settings))
    return network


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*ENGINES, "auto"])
def test_a_network_says_who_computes(name):
    network = Network([2, 1], engine=name, seed=0)
    assert network.engine in ENGINES
    assert name in (network.engine, "auto")
    with pytest.raises(AttributeError):
        network.engine = "reference"


@pytest.mark.parametrize("n_threads", [0, -1, 1.5, True, "2", float("nan")])
def test_a_number_of_threads_that_is_no_count_is_refused(n_threads):
    message = f"n_threads is {n_threads!r}: expected a whole number from 1 on"
    with pytest.raises(ValueError, match=message):
        Network([2, 1], n_threads=n_threads)
    with pytest.raises(ValueError, match=message):
        engine("reference", n_threads)


@pytest.mark.parametrize("n_threads", [None, 1, np.int64(2)])
def test_a_copy_keeps_the_engine_and_its_threads(n_threads):
    network = Network([2, 1], engine="reference", n_threads=n_threads, seed=0)
    copy = Network.like(network)
    assert (copy.engine, copy.n_threads) == ("reference", n_threads)


@pytest.mark.parametrize("n_threads", [None, 3])
def test_every_engine_is_made_for_a_number_of_threads_and_keeps_the_contract(n_threads):
    contract = [name for name in vars(Engine) if not name.startswith("_")]
    assert {"forward", "value_and_output", "value_and_gradient", "train_epochs"} <= set(contract)
    for name, cls in ENGINES.items():
        made = cls(n_threads)
        assert made.name == name
        assert all(callable(getattr(made, method)) for method in contract)


# --- several epochs at once ---------------------------------------------------------------------


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("shuffle", [True, False])
def test_epochs_shown_in_groups_leave_what_epochs_shown_one_by_one_leave(shuffle, schedule):
    settings = {"shuffle": shuffle, "schedule": schedule, "dropout": 0.2}
    groups = InGroups()
    alone, grouped = trained(**settings), trained(groups, **settings)
    assert groups.groups == [7, 7, 6]
    assert grouped.theta.tobytes() == alone.theta.tobytes()
    assert grouped.history.loss == alone.history.loss
    assert grouped.history.learning_rate == alone.history.learning_rate
    assert len(grouped.history.seconds) == 20
    assert np.all(np.diff([0.0, *grouped.history.seconds]) > 0)
    assert grouped.history.stopped == "all epochs done"


@pytest.mark.parametrize(
    ("settings", "groups"),
    [
        ({}, [7, 7, 6]),
        ({"callbacks": [lambda event: None]}, [1] * 20),
        ({"validation_data": waves(9)}, [1] * 20),
        ({"max_time": 1000.0}, [1] * 20),
        ({"epochs": 3}, [3]),
    ],
    ids=["nothing", "callbacks", "validation", "max_time", "few"],
)
def test_whoever_looks_at_each_epoch_is_shown_each(settings, groups):
    watched = InGroups()
    trained(watched, **settings)
    assert watched.groups == groups


def test_divergence_inside_a_group_keeps_the_last_finite_weights():
    def run(with_engine):
        with pytest.warns(DivergenceWarning, match="the loss became") as caught:
            network = trained(with_engine, epochs=200, solver="sgd", learning_rate=200.0)
        return network, str(caught[0].message)

    (alone, words), (grouped, same) = run(None), run(InGroups(1000))
    assert words == same
    assert len(alone.history) > 2
    assert grouped.theta.tobytes() == alone.theta.tobytes()
    assert np.isfinite(grouped.theta).all()
    assert not np.isfinite(grouped.history.loss[-1])
    assert np.isfinite(grouped.history.loss[:-1]).all()


def test_a_last_step_that_overflows_goes_back_to_where_the_look_before_was():
    def run(epochs, schedule):
        network = Network([2, 8, 1], seed=0)
        network._engine = InGroups(4)
        X, y = waves()
        network.train(X, 1e10 * y, epochs=epochs, batch_size="full", solver="sgd",
                      learning_rate=1.0, schedule=schedule)  # fmt: skip
        return network

    with pytest.warns(DivergenceWarning, match="the weights overflowed in epoch 10"):
        network = run(10, lambda t: 1e308 if t > 0.85 else 1e-12)
    assert network.history.stopped == "diverged"
    assert np.array_equal(network.theta, run(8, lambda t: 1e-12).theta)


# --- what is drawn ------------------------------------------------------------------------------


def test_orders_and_rates_are_the_same_however_many_are_drawn_at_once():
    class Handed(ReferenceEngine):
        def train_epochs(self, *arguments):
            self.batches = arguments[-1]
            yield from ()

    def drawn(*portions):
        handed = Handed()
        trained(handed, epochs=12, schedule="coslog4")
        parts = [handed.batches.draw(k) for k in portions]
        return [np.concatenate(column) for column in zip(*parts, strict=True)]

    whole, parts = drawn(12), drawn(1, 4, 7)
    orders, rates = whole
    assert orders.shape == (12, 40)
    assert rates.shape == (12, 3)
    assert np.array_equal(np.sort(orders, axis=1), np.tile(np.arange(40), (12, 1)))
    for one, other in zip(whole, parts, strict=True):
        assert one.tobytes() == other.tobytes()
    t = np.arange(36) / 36
    by_hand = 0.001 * 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t)))
    np.testing.assert_allclose(rates.ravel(), by_hand, rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("factor", [-1.0, float("nan")])
def test_a_schedule_of_no_rates_is_refused(factor):
    with pytest.raises(ValueError, match=r"the schedule gives the rate .*: expected 0 or more"):
        trained(schedule=lambda t: factor if t > 0.5 else 1.0)


# --- validation ---------------------------------------------------------------------------------


def test_validation_is_the_engines_work_too():
    seen = []

    class Noting(ReferenceEngine):
        def value_and_output(self, objective, theta, X, y, sample_weight=None):
            seen.append((objective.alpha, len(X)))
            return super().value_and_output(objective, theta, X, y, sample_weight)

    network = Network([2, 1], alpha=0.5, seed=0)
    network._engine = Noting()
    network.train(*waves(), epochs=3, validation_data=waves(11))
    assert seen == [(0.0, 11)] * 3
