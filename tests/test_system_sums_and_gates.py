"""The fifth worked system, sums and gates: its figures, and its faults put right."""

import warnings

import numpy as np
import pytest

from pellucid import (
    Network,
    datasets,
)

W1 = [[0.69765063, -0.60736890, -0.44645128], [-0.62443713, -0.51974665, -0.03092695]]


W2 = [[-0.71377356], [-2.40165784], [-0.11436725]]


def sums_network(first, second):
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", reduction="sum", bias=False)
    network.weights = [first, second]
    return network


@pytest.fixture(scope="module")
def sums():
    return datasets.load("sums")


@pytest.fixture
def sums_stream():
    stream = np.random.RandomState(4)
    stream.rand(10_000, 2)
    return stream


def per_row(network, data):
    return float(np.mean((network.predict(data.X)[:, 0] - data.y) ** 2))


def test_sums_first_weights_first_cost_sample_and_untrained_network(sums, sums_stream):
    first, second = sums_stream.randn(2, 3), sums_stream.randn(3, 1)
    assert first == pytest.approx(np.array(W1), abs=1e-8)
    assert second == pytest.approx(np.array(W2), abs=1e-8)
    assert sums_stream.rand(2) == pytest.approx([0.34941852, 0.30649525], abs=1e-8)
    untrained = sums_network(sums_stream.randn(2, 3), sums_stream.randn(3, 1))
    assert per_row(untrained, sums) == pytest.approx(0.36054183, abs=1e-8)
    network = sums_network(first, second)
    network.train_step(sums.X, sums.y, learning_rate=0.01)
    assert network.loss_and_gradient(sums.X, sums.y)[0] == pytest.approx(955.62804742, abs=1e-7)


def test_sums_by_a_loop_of_ones_own(sums, sums_stream):
    network = sums_network(sums_stream.randn(2, 3), sums_stream.randn(3, 1))
    for step in range(1, 2002):
        _, gradient = network.loss_and_gradient(sums.X, sums.y)
        network.theta = network.theta - 0.001 * gradient
        if step == 1001:
            assert per_row(network, sums) == pytest.approx(0.089028, abs=1e-6)
    assert per_row(network, sums) == pytest.approx(0.087910, abs=1e-6)


def test_sums_a_linear_output_has_no_floor(sums):
    floor = np.mean(np.maximum(sums.y - 1.0, 0.0) ** 2)
    assert floor == pytest.approx(0.08317, abs=5e-6)
    network = Network([2, 3, 1], "tanh", "identity", seed=0)
    network.train(sums.X, sums.y, solver="lbfgs", epochs=200)
    assert per_row(network, sums) <= 1e-4
    answer = network.predict([0.34941852, 0.30649525])[0]
    assert answer == pytest.approx(0.65591, abs=0.01)


@pytest.mark.parametrize("gate", ["or", "and", "xor"])
def test_gates_are_learnt_from_every_one_of_twenty_starts(gate):
    data = datasets.load(gate)
    for seed in range(20):
        network = Network([2, 3, 1], "sigmoid", "sigmoid", seed=seed)
        network.train(
            data.X, data.y, epochs=1000, batch_size="full", solver="sgd", learning_rate=4.0
        )
        assert np.abs(network.predict(data.X)[:, 0] - data.y).max() < 0.1, seed


def test_fault_flat_targets_are_read_as_a_column_and_never_broadcast():
    gate = datasets.load("or")
    network = sums_network(W1, W2)
    assert gate.y.shape == (4,)
    cost, gradient = network.loss_and_gradient(gate.X, gate.y)
    column = network.loss_and_gradient(gate.X, gate.y.reshape(4, 1))
    assert cost == column[0]
    assert np.array_equal(gradient, column[1])
    broadcast = 0.5 * np.sum((network.predict(gate.X) - gate.y) ** 2)  # 16 differences
    assert broadcast > 2 * cost
    with pytest.raises(ValueError, match=r"\(3,\) and the network needs \(4, 1\)"):
        network.loss_and_gradient(gate.X, gate.y[:3])


def test_fault_the_sigmoids_derivative_does_not_overflow():
    network = sums_network(W1, W2)
    network.theta = 1e6 * network.theta
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, gradient = network.loss_and_gradient([[1.0, 1.0], [-1.0, 1.0]], [0.0, 1.0])
    assert np.isfinite(gradient).all()
