"""The second worked system, query and train: its figures, and its faults found by the check."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.model_selection import train_test_split

from pellucid import (
    Activation,
    Network,
    check_gradient,
    datasets,
    one_hot,
)
from pellucid.idx import read_idx_pair


def cosine(a, b):
    return float(np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b))


def accuracy(network, X, classes):
    return float(np.mean(network.predict(X).argmax(axis=1) == classes))


def digits_split(seed, **options):
    digits = datasets.load("digits")
    return train_test_split(digits.X / 16, digits.y, test_size=0.25, random_state=seed, **options)


EXPIT = Activation("expit", expit, lambda da, z, a: da * a * (1.0 - a))


def queried(inputs, hidden, outputs, seed=0, activation=EXPIT):
    return Network(
        [inputs, hidden, outputs], activation, activation, "squared_error", reduction="sum",
        bias=False, initializer="uniform", seed=seed,
    )  # fmt: skip


def slips(network, X, T):
    """The two gradients as the published lines would have them, beside the right one."""
    hidden, output = network.trace(X).a
    error = output - T
    dz = error * output * (1.0 - output)
    hidden_error = error @ network.weights[1].T
    right = network.loss_and_gradient(X, T)[1]
    errors_for_outputs, no_derivative = right.copy(), right.copy()
    network.per_layer(errors_for_outputs)["layer2.W"][...] = -hidden_error.T @ dz
    network.per_layer(no_derivative)["layer1.W"][...] = X.T @ (
        hidden_error * hidden * (1.0 - hidden)
    )
    delta_ratio = np.linalg.norm(hidden_error) / np.linalg.norm(dz @ network.weights[1].T)
    return right, errors_for_outputs, no_derivative, delta_ratio


def test_weights_are_uniform_within_a_half_and_there_is_no_bias():
    network = queried(64, 100, 10)
    assert [W.shape for W in network.weights] == [(64, 100), (100, 10)]
    assert network.biases == [None, None]
    assert 0.49 < np.abs(network.theta).max() <= 0.5
    assert abs(network.theta.mean()) < 0.02


def test_one_input_or_many_lists_or_arrays():
    network = queried(3, 3, 3)
    rows = network.predict([[1.0, 0.5, -1.5], [0.0, 0.0, 1.0]])
    assert rows.shape == (2, 3)
    assert np.array_equal(network.predict([1.0, 0.5, -1.5]), rows[0])
    error = network.train_step([1.0, 0.5, -1.5], [0.9, 0.1, 0.1], learning_rate=0.3)
    assert error == pytest.approx(0.5 * np.sum((rows[0] - [0.9, 0.1, 0.1]) ** 2), rel=1e-14)


def test_an_activation_of_ones_own_trains_as_the_built_in_one():
    X, _, y, _ = digits_split(0)
    thetas = []
    for activation in (EXPIT, "sigmoid"):
        network = queried(64, 20, 10, activation=activation)
        network.train(
            X[:50], one_hot(y[:50], 10), epochs=2, batch_size=1, solver="sgd", learning_rate=0.3
        )
        thetas.append(network.theta)
    assert thetas[0] == pytest.approx(thetas[1], rel=1e-9, abs=1e-12)


def test_five_online_epochs_read_95_of_100_digits_in_the_mean():
    scores = []
    for seed in range(4):
        X, X_test, y, y_test = digits_split(seed, stratify=datasets.load("digits").y)
        network = queried(64, 100, 10, seed=seed)
        network.train(X, one_hot(y, 10), epochs=5, batch_size=1, solver="sgd", learning_rate=0.3)
        scores.append(accuracy(network, X_test, y_test))
    assert np.mean(scores) >= 0.95


def test_one_epoch_of_mnist(mnist):
    X, y = read_idx_pair(mnist / "train-images-idx3-ubyte.gz")
    X_test, y_test = read_idx_pair(mnist / "t10k-images-idx3-ubyte.gz")
    assert (X.shape, X_test.shape) == ((60_000, 784), (10_000, 784))
    network = Network([784, 200, 10], "relu", "softmax", dtype="float32", seed=0)
    network.train(X / 255, y, epochs=1, batch_size=128, solver="adam", learning_rate=0.002)
    assert accuracy(network, X_test / 255, y_test) >= 0.95


def test_fault_weights_turned_round_fit_equal_layers_only_and_the_check_names_both():
    network = queried(3, 3, 3)
    X, T = [[1.0, 0.5, -1.5]], [[0.9, 0.1, 0.1]]
    gradient = network.loss_and_gradient(X, T)[1]
    for array in network.per_layer(gradient).values():
        array[...] = array.T.copy()
    assert check_gradient(network, X, T, gradient=gradient).wrong == ["layer1.W", "layer2.W"]
    unequal = queried(64, 100, 10)
    with pytest.raises(ValueError, match=r"layer1.W has shape \(64, 100\), not \(100, 64\)"):
        unequal.weights = [W.T for W in unequal.weights]


def test_fault_hidden_errors_for_hidden_outputs_point_away_and_the_check_names_them():
    digits = datasets.load("digits")
    X, T = digits.X[:50] / 16, one_hot(digits.y[:50], 10)
    cosines = []
    for seed in range(20):
        network = queried(64, 100, 10, seed=seed)
        right, wrong, _, _ = slips(network, X, T)
        right, slip = (network.per_layer(g)["layer2.W"] for g in (right, wrong))
        cosines.append(cosine(slip, right))
    assert np.mean(cosines) == pytest.approx(-0.165, abs=0.05)
    assert check_gradient(network, X, T, gradient=wrong).wrong == ["layer2.W"]


def test_fault_a_hidden_delta_without_the_outputs_derivative_is_four_to_five_times_too_long():
    X, T = np.array([[1.0, 0.5, -1.5]]), np.array([[0.9, 0.1, 0.1]])
    for seed in range(20):
        network = queried(3, 3, 3, seed=seed)
        _, _, wrong, ratio = slips(network, X, T)
        assert 4.0 <= ratio <= 5.0
    assert check_gradient(network, X, T, gradient=wrong).wrong == ["layer1.W"]


def test_what_is_right_passes_the_same_check():
    digits = datasets.load("digits")
    network = queried(64, 100, 10)
    assert check_gradient(network, digits.X[:50] / 16, one_hot(digits.y[:50], 10)).passed
