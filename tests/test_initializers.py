"""Initializers by their distributions, with bounds on chance of five standard errors."""

from math import sqrt

import numpy as np
import pytest

from pellucid import INITIALIZERS, Network
from pellucid.initializers import constant, given, initializer, normal, uniform

FAN_IN, FAN_OUT = 200, 300
SHAPE = (FAN_IN, FAN_OUT)

# name -> (standard deviation, bound or None)
DISTRIBUTIONS = {
    "normal": (1.0, None),
    "uniform": (0.5 / sqrt(3), 0.5),
    "glorot_uniform": (sqrt(2 / 500), sqrt(6 / 500)),
    "glorot_normal": (sqrt(2 / 500), None),
    "he_uniform": (sqrt(2 / 200), sqrt(6 / 200)),
    "he_normal": (sqrt(2 / 200), None),
    "lecun_uniform": (sqrt(1 / 200), sqrt(3 / 200)),
    "lecun_normal": (sqrt(1 / 200), None),
}


def drawn(name, seed=0):
    return initializer(name)(np.random.default_rng(seed), SHAPE, FAN_IN, FAN_OUT)


def test_every_random_initializer_is_in_the_table_here():
    assert set(DISTRIBUTIONS) | {"zeros", "constant"} == set(INITIALIZERS)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_mean_and_variance_are_those_of_the_paper(name):
    std, bound = DISTRIBUTIONS[name]
    W = drawn(name)
    n = W.size
    assert W.shape == SHAPE
    assert abs(W.mean()) < 5 * std / sqrt(n)
    kurtosis = 1.8 if bound else 3.0  # of the uniform and the normal distribution
    assert abs(W.var() / std**2 - 1) < 5 * sqrt((kurtosis - 1) / n)


@pytest.mark.parametrize("name", [name for name, row in DISTRIBUTIONS.items() if row[1]])
def test_a_uniform_one_fills_its_bounds_and_keeps_them(name):
    bound = DISTRIBUTIONS[name][1]
    W = drawn(name)
    assert bound * (1 - 1e-3) < np.abs(W).max() <= bound
    counts, _ = np.histogram(W, bins=10, range=(-bound, bound))
    expected = W.size / 10
    assert np.all(np.abs(counts - expected) < 5 * sqrt(expected))


@pytest.mark.parametrize("name", [name for name, row in DISTRIBUTIONS.items() if not row[1]])
def test_a_normal_one_has_the_normal_quantiles(name):
    std = DISTRIBUTIONS[name][0]
    inside = [(np.abs(drawn(name)) < k * std).mean() for k in (1, 2, 3)]
    np.testing.assert_allclose(inside, [0.6827, 0.9545, 0.9973], atol=0.01)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_same_seed_draws_the_same_and_another_does_not(name):
    assert np.array_equal(drawn(name), drawn(name))
    assert not np.array_equal(drawn(name), drawn(name, seed=1))


def test_normal_and_uniform_take_any_size():
    rng = np.random.default_rng(0)
    assert normal(0.01)(rng, SHAPE, 1, 1).std() == pytest.approx(0.01, rel=0.02)
    assert np.abs(uniform(3.0)(rng, SHAPE, 1, 1)).max() == pytest.approx(3.0, rel=1e-3)


def test_zeros_ones_and_numbers_are_the_same_everywhere():
    rng = np.random.default_rng(0)
    for name, value in (("zeros", 0.0), ("ones", 1.0), (0.25, 0.25), (-2, -2.0)):
        assert np.all(initializer(name)(rng, (3, 2), 3, 2) == value)
    assert np.all(constant(7.0)(rng, (2,), 1, 1) == 7.0)


@pytest.mark.parametrize(
    ("alias", "name"),
    [("glorot", "glorot_uniform"), ("xavier", "glorot_uniform"), ("he", "he_normal"),
     ("lecun", "lecun_normal")],
)  # fmt: skip
def test_short_names_are_understood(alias, name):
    assert np.array_equal(drawn(alias), drawn(name))


def test_given_arrays_are_copied_and_must_fit():
    array = np.array([[1.0, 2.0], [3.0, 4.0]])
    draw = given(array)
    rng = np.random.default_rng(0)
    first = draw(rng, (2, 2), 2, 2)
    first[0, 0] = 99.0
    array[0, 0] = 77.0
    assert draw(rng, (2, 2), 2, 2).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(ValueError, match=r"shape \(2, 2\), the layer needs \(2, 3\)"):
        draw(rng, (2, 3), 2, 3)


def test_a_function_is_called_with_the_shape_and_the_fans():
    seen = []

    def mine(rng, shape, fan_in, fan_out):
        seen.append((shape, fan_in, fan_out))
        return np.full(shape, 0.5)

    network = Network([4, 3, 2], initializer=mine)
    assert seen == [((4, 3), 4, 3), ((3, 2), 3, 2)]
    assert all(np.all(W == 0.5) for W in network.weights)


@pytest.mark.parametrize(
    ("activation", "std"),
    [("relu", sqrt(2 / 400)), ("tanh", sqrt(2 / 600)), ("selu", sqrt(1 / 400))],
)
def test_a_network_draws_what_suits_each_activation(activation, std):
    network = Network([400, 200, 1], activation, seed=0)
    assert network.weights[0].std() == pytest.approx(std, rel=0.02)
    assert np.all(network.biases[0] == 0)


def test_he_weights_keep_the_signal_through_twenty_rectifier_layers():
    network = Network([100] * 21, "relu", initializer="he_normal", seed=0)
    X = np.random.default_rng(1).normal(size=(200, 100))
    trace = network.trace(X)
    ratio = np.mean(trace.z[-1] ** 2) / np.mean(trace.z[0] ** 2)
    assert 0.1 < ratio < 10


def test_equal_weights_never_separate():
    X = np.random.default_rng(0).normal(size=(20, 3))
    y = X[:, :1] * X[:, 1:2]
    network = Network([3, 4, 1], "tanh", initializer=0.3, seed=0)
    network.train(X, y, epochs=20, batch_size=5, learning_rate=0.05)
    W = network.weights[0]
    np.testing.assert_array_equal(W, np.repeat(W[:, :1], 4, axis=1))


def test_a_name_may_carry_its_number():
    drawn = initializer("normal:0.1")(np.random.default_rng(0), (10_000,), 1, 1)
    assert abs(drawn.std() - 0.1) < 0.005
    assert Network([5, 4], initializer="constant:2").weights[0].tolist() == [[2.0] * 4] * 5
    for name in ("uniform:wide", "he_normal:2", "uniform:"):
        with pytest.raises(ValueError, match=r"uniform:0\.3"):
            initializer(name)
