"""Dropout: what is expected of it, where it acts, and that a seed fixes it."""

import numpy as np
import pytest

from pellucid import Network
from pellucid.architecture import Architecture
from pellucid.dropout import dropout_masks, dropout_rates
from pellucid.layout import Layout
from pellucid.network import forward


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4))
    return X, np.sin(X[:, :1])


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_masks_are_zero_at_the_rate_and_keep_the_expectation(rate):
    make = dropout_masks(Architecture.of([4, 200, 2]), rate, np.random.default_rng(0), np.ones(1))
    mask, last = make(500)
    n = mask.size
    assert last is None
    assert mask.shape == (500, 200)
    assert set(np.unique(mask)) == {0.0, 1 / (1 - rate)}
    assert abs((mask == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / n)
    assert abs(mask.mean() - 1) < 5 * np.sqrt(rate / (1 - rate) / n)


def test_the_mean_over_masks_of_a_linear_networks_output_is_its_prediction():
    architecture = Architecture.of([3, 50, 50, 1], "identity")
    layout = Layout(architecture)
    theta = layout.draw(np.random.default_rng(1))
    x = np.ones((1, 3))
    make = dropout_masks(architecture, [0.2, 0.5], np.random.default_rng(2), x)
    out = np.array([forward(layout, theta, x, make(1)).output[0, 0] for _ in range(4000)])
    exact = forward(layout, theta, x).output[0, 0]
    assert abs(out.mean() - exact) < 5 * out.std() / np.sqrt(len(out))


def test_hidden_dense_layers_are_dropped_and_no_others():
    architecture = Architecture.of([4, 8, 8, 2], scale_inputs=True)
    assert dropout_rates(architecture, 0.3) == [0.0, 0.3, 0.3, 0.0]
    assert dropout_rates(architecture, [0.1, 0.5]) == [0.0, 0.1, 0.5, 0.0]
    assert dropout_rates(Architecture.of([4, 2]), 0.5) == [0.0]


def test_no_dropout_needs_no_masks_and_draws_nothing():
    rng = np.random.default_rng(0)
    assert dropout_masks(Architecture.of([4, 8, 2]), 0.0, rng, np.ones(1)) is None
    assert rng.random() == np.random.default_rng(0).random()


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (1.0, "dropout is 1.0: expected at least 0 and below 1"),
        (-0.1, "dropout is -0.1"),
        (float("nan"), "dropout is nan"),
        ([0.1], "dropout has 1 rates for 2 hidden layers"),
        ([0.1, 2.0], "dropout is 2.0"),
    ],
)
def test_an_impossible_rate_is_refused(rate, message):
    with pytest.raises(ValueError, match=message):
        dropout_rates(Architecture.of([4, 8, 8, 2]), rate)
    with pytest.raises(ValueError, match=message):
        Network([4, 8, 8, 1], seed=0).train(*data(), epochs=1, dropout=rate)


def trained(seed, **settings):
    network = Network([4, 16, 1], seed=seed)
    network.train(*data(), epochs=4, batch_size=10, **settings)
    return network


def test_the_same_seed_drops_the_same_units():
    first, second = trained(5, dropout=0.4), trained(5, dropout=0.4)
    assert first.theta.tobytes() == second.theta.tobytes()
    assert first.history.loss == second.history.loss


def test_another_seed_or_no_dropout_trains_differently():
    with_dropout = trained(5, dropout=0.4).theta
    assert not np.array_equal(with_dropout, trained(6, dropout=0.4).theta)
    assert not np.array_equal(with_dropout, trained(5).theta)


def test_dropout_does_not_change_the_order_of_the_rows():
    def orders(dropout):
        seen = []

        def value(a, y):
            seen.append(y[:, 0].tolist())
            return 0.5 * ((a - y) ** 2).sum(axis=1)

        network = Network([4, 16, 1], loss=(value, lambda a, y: a - y), seed=0)
        network.train(*data(), epochs=2, batch_size=10, dropout=dropout)
        return seen

    assert orders(0.0) == orders(0.5)


def test_prediction_and_the_loss_of_a_trained_network_drop_nothing():
    network = trained(0, dropout=0.5)
    X, _ = data()
    assert np.array_equal(network.predict(X), network.predict(X))
    W, b = network.weights, network.biases
    by_hand = np.maximum(X @ W[0] + b[0], 0) @ W[1] + b[1]
    np.testing.assert_allclose(network.predict(X), by_hand, rtol=1e-12)


def test_masks_have_the_dtype_of_the_data():
    X = np.ones((2, 3), dtype=np.float32)
    make = dropout_masks(Architecture.of([3, 4, 1]), 0.5, np.random.default_rng(0), X)
    assert make(2)[0].dtype == np.float32
