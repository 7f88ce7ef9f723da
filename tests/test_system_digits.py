"""The first worked system, digits by online backpropagation: its figures, its faults put right."""

import warnings

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from pellucid import (
    INITIALIZERS,
    OPTIMIZERS,
    Network,
    Optimizer,
    ScaleWarning,
    classification_report,
    datasets,
    one_hot,
    print_loss,
)


def cosine(a, b):
    return float(np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b))


def accuracy(network, X, classes):
    return float(np.mean(network.predict(X).argmax(axis=1) == classes))


def digits_network(hidden=40, weights=INITIALIZERS["normal"](0.5), seed=0):  # noqa: B008
    return Network(
        [64, hidden, 10], "sigmoid", "sigmoid", "squared_error", reduction="sum",
        bias=[True, False], initializer=weights, seed=seed,
    )  # fmt: skip


def digits_split(seed, **options):
    digits = datasets.load("digits")
    return train_test_split(digits.X / 16, digits.y, test_size=0.25, random_state=seed, **options)


@pytest.mark.parametrize("seed", [3, 4])  # 0, 1 and 2 are those of the example's own run
def test_online_momentum_reads_96_of_100_digits(seed):
    X, X_test, y, y_test = digits_split(seed)
    network = digits_network(seed=seed)
    network.train(
        X, one_hot(y, 10), epochs=18, batch_size=1, learning_rate=0.2, schedule="cosine",
        solver=OPTIMIZERS["momentum"](momentum=0.8),
    )  # fmt: skip
    assert len(y_test) == 450
    assert accuracy(network, X_test, y_test) >= 0.96


def test_at_the_published_rate_plain_steps_learn_next_to_nothing():
    # At so small a rate 64 patterns at once, summed, come to the same as one after the other.
    X, X_test, y, y_test = digits_split(1)
    network = digits_network(hidden=100, weights=INITIALIZERS["normal"](1.0), seed=1)
    network.train(X, one_hot(y, 10), epochs=300, batch_size=64, solver="sgd", learning_rate=0.0002)
    assert accuracy(network, X_test, y_test) == pytest.approx(0.238, abs=0.1)


def test_fault_a_raw_gradient_added_unscaled_leaves_the_rate_without_influence():
    def published(theta, gradient, state, rate, decay):
        return theta - (rate * gradient + state["last"]), {"last": gradient}

    fault = Optimizer("published", lambda theta: {"last": 0.0 * theta}, published, 0.0002)
    X, _, y, _ = digits_split(0)
    X, T = X[:20], one_hot(y[:20], 10)

    def way(solver, rate):
        network = digits_network()
        start = network.theta.copy()
        network.train(
            X, T, epochs=1, batch_size=1, solver=solver, learning_rate=rate, shuffle=False
        )
        return network.theta - start

    small, double = way(fault, 0.0002), way(fault, 0.0004)
    assert np.linalg.norm(double - small) < 0.01 * np.linalg.norm(small)
    small, double = way("momentum", 0.0002), way("momentum", 0.0004)
    assert np.linalg.norm(double) == pytest.approx(2 * np.linalg.norm(small), rel=0.02)


def test_momentum_by_its_formula():
    network, by_hand = digits_network(), digits_network()
    X, _, y, _ = digits_split(0)
    T = one_hot(y, 10)
    v = 0.0
    for i in range(5):
        gradient = by_hand.loss_and_gradient(X[i], T[i])[1]
        v = 0.9 * v - 0.2 * gradient
        by_hand.theta = by_hand.theta + v
        network.train_step(X[i], T[i], learning_rate=0.2, solver="momentum")
    assert network.theta == pytest.approx(by_hand.theta, rel=1e-14)


def test_fault_the_error_reported_is_that_of_the_epoch_not_of_its_last_pattern():
    X, _, y, _ = digits_split(0)
    X, T = X[:30], one_hot(y[:30], 10)
    network, stepped = digits_network(), digits_network()
    history = network.train(
        X, T, epochs=1, batch_size=1, solver="sgd", learning_rate=0.5, shuffle=False
    )
    errors = [stepped.train_step(x, t, learning_rate=0.5) for x, t in zip(X, T, strict=True)]
    assert history.loss == pytest.approx([sum(errors)], rel=1e-12)
    assert abs(sum(errors) - errors[-1]) > 1.0
    assert network.theta == pytest.approx(stepped.theta, rel=1e-12)


def test_the_epochs_error_is_printed_every_k_epochs(capsys):
    X, _, y, _ = digits_split(0)
    digits_network().train(
        X[:10], one_hot(y[:10], 10), epochs=7, batch_size=1, callbacks=[print_loss(every=3)]
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("   ")[0] for line in lines] == [
        "epoch 3 of 7", "epoch 6 of 7", "epoch 7 of 7"
    ]  # fmt: skip


def test_fault_no_seed_and_no_shuffling():
    X, _, y, _ = digits_split(0)
    X, T = X[:30], one_hot(y[:30], 10)

    def trained(seed, **options):
        network = digits_network(seed=seed)
        network.theta = digits_network(seed=0).theta  # equal weights; the order alone differs
        network.train(X, T, epochs=2, batch_size=1, solver="sgd", learning_rate=0.5, **options)
        return network.theta

    assert np.array_equal(trained(1), trained(1))
    assert not np.array_equal(trained(1), trained(2))
    assert np.array_equal(trained(1, shuffle=False), trained(2, shuffle=False))


def test_equal_weights_never_separate():
    X, _, y, _ = digits_split(0)
    network = digits_network(weights=0.1)
    network.train(X[:100], one_hot(y[:100], 10), epochs=3, batch_size=1, learning_rate=0.5)
    into, out_of = network.weights
    assert np.ptp(into, axis=1).max() < 1e-9
    assert np.ptp(out_of, axis=0).max() < 1e-9
    assert np.ptp(out_of, axis=1).max() > 0.1  # outputs have targets of their own, and do separate


def test_fault_raw_pixels_are_named_as_such_and_overflow_nothing():
    digits = datasets.load("digits")
    X, T = digits.X[:50], one_hot(digits.y[:50], 10)
    network = digits_network(weights=INITIALIZERS["normal"](1.0))
    with pytest.warns(ScaleWarning, match="up to 16"):
        network.train(X, T, epochs=1, batch_size=1, solver="sgd", learning_rate=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(network.predict(1000.0 * X)).all()
        assert np.isfinite(network.loss_and_gradient(1000.0 * X, T)[1]).all()


def test_fault_a_precision_of_thresholded_outputs_is_not_an_accuracy():
    outputs = np.array([[0.9, 0.1], [0.4, 0.3], [0.2, 0.8]])
    true = np.array([0, 1, 1])
    sure = outputs > 0.5
    precision = np.mean([np.mean(true[sure[:, k]] == k) for k in range(2)])
    assert precision == 1.0  # the row that nobody claims has dropped out
    assert classification_report(true, outputs).accuracy == pytest.approx(2 / 3)


def test_wrong_numbers_of_inputs_and_targets_name_both_numbers():
    network = digits_network()
    with pytest.raises(ValueError, match="63 columns and the network takes 64"):
        network.predict(np.zeros(63))
    with pytest.raises(ValueError, match=r"\(9,\) and the network needs \(1, 10\)"):
        network.train_step(np.zeros(64), np.zeros(9))


def test_a_bias_is_chosen_for_each_layer():
    assert [b is None for b in digits_network().biases] == [False, True]
