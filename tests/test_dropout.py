"""Dropout: what is expected of it, where it acts, and that a seed fixes it."""

import numpy as np
import pytest

from pellucid import Network
from pellucid.architecture import Architecture
from pellucid.dropout import dropout, dropout_rates
from pellucid.layout import Layout
from pellucid.network import forward

pytestmark = pytest.mark.usefixtures("each_engine")


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4))
    return X, np.sin(X[:, :1])


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_masks_are_zero_at_the_rate_and_keep_the_expectation(rate):
    some = dropout(Architecture.of([4, 200, 2]), rate, np.random.default_rng(0))
    mask, last = some.masks(500, np.ones(1))
    n = mask.size
    assert last is None
    assert mask.shape == (500, 200)
    assert set(np.unique(mask)) == {0.0, 65536 / (65536 - round(65536 * rate))}
    assert abs((mask == 0).mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / n)
    assert abs(mask.mean() - 1) < 5 * np.sqrt(rate / (1 - rate) / n)


def test_the_mean_over_masks_of_a_linear_networks_output_is_its_prediction():
    architecture = Architecture.of([3, 50, 50, 1], "identity")
    layout = Layout(architecture)
    theta = layout.draw(np.random.default_rng(1))
    x = np.ones((1, 3))
    some = dropout(architecture, [0.2, 0.5], np.random.default_rng(2))
    out = np.array([forward(layout, theta, x, some.masks(1, x)).output[0, 0] for _ in range(4000)])
    exact = forward(layout, theta, x).output[0, 0]
    assert abs(out.mean() - exact) < 5 * out.std() / np.sqrt(len(out))


def test_hidden_dense_layers_are_dropped_and_no_others():
    architecture = Architecture.of([4, 8, 8, 2], scale_inputs=True)
    assert dropout_rates(architecture, 0.3) == [0.0, 0.3, 0.3, 0.0]
    assert dropout_rates(architecture, [0.1, 0.5]) == [0.0, 0.1, 0.5, 0.0]
    assert dropout_rates(Architecture.of([4, 2]), 0.5) == [0.0]


@pytest.mark.parametrize("generator", ["PCG64", "MT19937", "Philox", "SFC64", "PCG64DXSM"])
def test_masks_are_the_generators_numbers_against_the_rates_layer_after_layer(generator):
    architecture = Architecture.of([4, 3, 5, 2, 1], scale_inputs=True)
    bits, same = (getattr(np.random, generator)(3) for _ in range(2))
    some = dropout(architecture, [0.25, 0.0, 0.7], np.random.Generator(bits))
    assert some.rates == [0.0, 0.25, 0.0, 0.7, 0.0]
    draw = same.ctypes.next_uint64, same.ctypes.state  # as any program in C would
    for _ in range(2):  # steps of 7 rows: those of a layer's units, row by row, then the next's
        masks = some.masks(7, np.ones(1))
        assert [mask is None for mask in masks] == [True, False, True, False, True]
        for mask, limit in ((masks[1], 16384), (masks[3], 45875)):  # 0.7 is 45875.2 / 65536
            numbers = []
            for kept in mask.ravel():
                if not numbers:  # a layer begins with 64 bits of its own: the lowest come first
                    four = draw[0](draw[1])
                    numbers = [four >> shift & 0xFFFF for shift in (0, 16, 32, 48)]
                assert kept == (0.0 if numbers.pop(0) < limit else 65536 / (65536 - limit))
    assert bits.random_raw() == same.random_raw()  # and not a number more was drawn


@pytest.mark.parametrize(("rate", "dropped"), [(1e-9, 0), (2.0**-17, 1), (1 - 1e-9, 65535)])
def test_a_rate_is_rounded_to_parts_of_which_one_at_least_is_kept(rate, dropped):
    some = dropout(Architecture.of([1, 4096, 1]), rate, np.random.default_rng(4))
    mask = some.masks(256, np.ones(1))[0]
    assert set(np.unique(mask)) <= {0.0, 65536 / (65536 - dropped)}
    assert abs((mask == 0).sum() - 16 * dropped) <= 5 * np.sqrt(16 * min(dropped, 65536 - dropped))


def test_no_dropout_needs_no_masks_and_draws_nothing():
    rng = np.random.default_rng(0)
    assert dropout(Architecture.of([4, 8, 2]), 0.0, rng) is None
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
    some = dropout(Architecture.of([3, 4, 1]), 0.5, np.random.default_rng(0))
    assert some.masks(2, X)[0].dtype == np.float32
