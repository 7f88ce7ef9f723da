"""The fourth worked system, moons by conjugate gradient: its oracle and basins, and its faults."""

import numpy as np
import pytest
from sklearn.datasets import make_moons

from pellucid import (
    Network,
    compare,
    datasets,
    one_hot,
)


def accuracy(network, X, classes):
    return float(np.mean(network.predict(X).argmax(axis=1) == classes))


MOONS = datasets.load("moons")


T_MOONS = one_hot(MOONS.y, 2)


MINIMA = {1e-4: 0.12335727, 1e-3: 0.1341964116, 1e-2: 0.16415898, 1e-1: 0.31877790, 1: 0.75919367}


def moons_start(reseed, hidden=3):
    """First weights of each layer, (n_out, 1 + n_in) rows with the bias in front."""
    stream = np.random.RandomState(0)
    make_moons(200, noise=0.2, random_state=stream)
    layers = []
    for n_in, n_out in ((2, hidden), (hidden, 2)):
        if reseed:
            stream.seed(0)
        e = np.sqrt(6) / np.sqrt(n_in + n_out)
        layers.append(stream.uniform(-e, e, (n_out, 1 + n_in)))
    return layers


def moons_network(layers, lambda_, output="sigmoid"):
    network = Network([2, len(layers[0]), 2], "sigmoid", output, alpha=lambda_)
    network.weights = [layer[:, 1:].T for layer in layers]
    network.biases = [layer[:, 0] for layer in layers]
    return network


def moons_minimum(network, solver="lbfgs", epochs=5000):
    network.train(MOONS.X, T_MOONS, solver=solver, epochs=epochs)
    return network.loss_and_gradient(MOONS.X, T_MOONS)[0]


@pytest.fixture(scope="module")
def sums():
    return datasets.load("sums")


def test_the_points_of_the_moons():
    assert MOONS.X[0].tolist() == [0.7434611761955393, 0.46465632837724596]
    assert MOONS.X.sum() == pytest.approx(148.95806682913354, rel=1e-14)


def test_moons_cost_accuracy_and_gradient_at_the_first_start():
    first, second = moons_start(reseed=True)
    assert np.array_equal(second.ravel(), first.ravel()[:8])
    network = moons_network([first, second], 0.001)
    cost, gradient = network.loss_and_gradient(MOONS.X, T_MOONS)
    part = network.per_layer(gradient)
    rows = [np.column_stack([part[f"layer{i}.b"], part[f"layer{i}.W"].T]) for i in (1, 2)]
    assert cost == pytest.approx(1.448985856485707, abs=1e-8)
    assert rows[0].ravel()[:4] == pytest.approx(
        [0.02317802, 0.02129201, -0.00038387, 0.00409083], abs=1e-8
    )
    assert rows[1].ravel()[-1] == pytest.approx(0.07544085, abs=1e-8)
    assert accuracy(network, MOONS.X, MOONS.y) == 0.55


def test_moons_cost_and_accuracy_at_the_second_start():
    network = moons_network(moons_start(reseed=False), 0.001)
    cost = network.loss_and_gradient(MOONS.X, T_MOONS)[0]
    assert cost == pytest.approx(1.4188957149744459, abs=1e-8)
    assert accuracy(network, MOONS.X, MOONS.y) == 0.50


@pytest.mark.parametrize("solver", ["conjugate_gradient", "lbfgs"])
@pytest.mark.parametrize("reseed", [True, False])
def test_moons_end_in_one_of_the_two_known_basins(solver, reseed):
    network = moons_network(moons_start(reseed), 0.001)
    cost = moons_minimum(network, solver)
    basins = np.array([0.1341964116] if reseed else [0.1341964116, 0.1324182531])
    assert np.abs(cost - basins).min() < 1e-4
    assert accuracy(network, MOONS.X, MOONS.y) == pytest.approx(0.98, abs=0.0051)


def test_moons_the_published_minimum_is_reached():
    costs = [
        moons_minimum(moons_network(moons_start(reseed=False), 0.001), solver)
        for solver in ("conjugate_gradient", "lbfgs")
    ]
    assert min(costs) == pytest.approx(0.1324182531, abs=1e-4)


@pytest.mark.parametrize("lambda_", MINIMA)
def test_moons_minimum_by_lambda(lambda_):
    network = moons_network(moons_start(reseed=True), lambda_)
    assert moons_minimum(network) == pytest.approx(MINIMA[lambda_], abs=1e-4)


def test_moons_lambda_is_found_on_held_out_points():
    start = moons_start(reseed=True, hidden=20)
    networks = {lambda_: moons_network(start, lambda_) for lambda_ in (1e-4, 1e-3, 1e-2, 0.1, 1.0)}
    others, test = datasets.load("moons", n=1000, seed=2), datasets.load("moons", n=10_000, seed=1)
    search = compare(
        networks, MOONS.X, T_MOONS, validation_data=(others.X, one_hot(others.y, 2)),
        solver="lbfgs", epochs=500,
    )  # fmt: skip
    assert search.best == 0.01
    for lambda_, expected in ((0.001, 0.9488), (0.01, 0.9635), (1.0, 0.8640)):
        moons_minimum(networks[lambda_])
        assert accuracy(networks[lambda_], test.X, test.y) == pytest.approx(expected, abs=0.006)


def test_fault_no_logarithm_of_zero_where_units_saturate():
    network = moons_network(moons_start(reseed=True), 1e-6)
    network.theta = 1000.0 * network.theta
    a = network.predict(MOONS.X)
    with np.errstate(divide="ignore", invalid="ignore"):
        published = -(T_MOONS * np.log(a) + (1 - T_MOONS) * np.log(1 - a)).sum(axis=1).mean()
    assert not np.isfinite(published)
    cost, gradient = network.loss_and_gradient(MOONS.X, T_MOONS)
    assert np.isfinite(cost)
    assert np.isfinite(gradient).all()


def test_fault_cost_and_gradient_come_from_one_pass():
    calls = {"forward": 0, "backward": 0}

    def forward(z):
        calls["forward"] += 1
        return np.tanh(z)

    def backward(da, z, a):
        calls["backward"] += 1
        return da * (1.0 - a * a)

    network = Network([2, 3, 2], (forward, backward), "softmax", seed=0)
    network.train(MOONS.X, MOONS.y, solver="conjugate_gradient", epochs=20)
    assert calls["forward"] == calls["backward"] > 20


def test_fault_two_sigmoids_are_no_probabilities_and_softmax_is():
    start = moons_start(reseed=True)
    sums = {
        output: moons_network(start, 0.001, output).predict(MOONS.X).sum(axis=1)
        for output in ("sigmoid", "softmax")
    }
    assert np.abs(sums["sigmoid"] - 1.0).max() > 0.1
    assert sums["softmax"] == pytest.approx(1.0, abs=1e-12)
