"""Five published networks: their figures, and the faults of the originals, which ours has not."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from pellucid import (
    INITIALIZERS,
    OPTIMIZERS,
    Activation,
    Network,
    Optimizer,
    Scaler,
    ScaleWarning,
    check_gradient,
    classification_report,
    compare,
    datasets,
    one_hot,
    print_loss,
)
from pellucid.idx import read_idx_pair

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads do nothing for arrays this small but wait for each other."""
    with threadpool_limits(1):
        yield


def cosine(a, b):
    return float(np.sum(a * b) / np.linalg.norm(a) / np.linalg.norm(b))


def accuracy(network, X, classes):
    return float(np.mean(network.predict(X).argmax(axis=1) == classes))


# --- digits, online -------------------------------------------------------------------------------


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


# --- query and train ------------------------------------------------------------------------------

EXPIT = Activation("expit", expit, lambda da, z, a: da * a * (1.0 - a))


def queried(inputs, hidden, outputs, seed=0, activation=EXPIT):
    return Network(
        [inputs, hidden, outputs], activation, activation, "squared_error", reduction="sum",
        bias=False, initializer="uniform", seed=seed,
    )  # fmt: skip


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


# --- exam scores ----------------------------------------------------------------------------------

EXAM = {
    0: (2.74164990e-2, 2.24631774e-3, 2.53116322e-4, 2.14547201e-4, 3.66813510e-5),
    1: (4.83370742e-2, 8.97500641e-3, 6.09834952e-4, 3.55736056e-4, 5.08651431e-5),
    42: (7.89286691e-3, 1.99156313e-3, 2.09750660e-4, 1.77377503e-4, 4.14887486e-5),
    123: (5.66876387e-2, 6.86980476e-3, 1.25350776e-4, 7.18994652e-5, 3.83381313e-7),
}
HOURS, SCORES = Scaler.maximum([[2, 9], [1, 5], [3, 6]]), Scaler.by(100)
X_EXAM, Y_EXAM = HOURS.transform([[2, 9], [1, 5], [3, 6]]), SCORES.transform([[92], [86], [89]])


def exam_network(seed):
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", reduction="sum", bias=False)
    stream = np.random.RandomState(seed)
    network.weights = [stream.randn(2, 3), stream.randn(3, 1)]
    return network


def exam_loss(network):
    return float(np.mean((network.predict(X_EXAM) - Y_EXAM) ** 2))


def test_exam_before_training():
    network = exam_network(0)
    assert exam_loss(network) == pytest.approx(0.04864408481709518, rel=1e-12)
    outputs = network.predict(X_EXAM)[:, 0]
    assert outputs == pytest.approx([0.677271173, 0.658701272, 0.674375805], abs=1e-9)


@pytest.mark.parametrize("seed", EXAM)
def test_exam_after_1_10_100_1000_and_10000_updates(seed):
    network, done = exam_network(seed), 0
    for updates, expected in zip((1, 10, 100, 1000, 10_000), EXAM[seed], strict=True):
        network.train(
            X_EXAM, Y_EXAM, epochs=updates - done, batch_size="full", solver="sgd",
            learning_rate=1.0,
        )  # fmt: skip
        done = updates
        assert exam_loss(network) == pytest.approx(expected, rel=1e-8 if updates <= 1000 else 1e-6)


def test_fault_a_new_student_comes_on_the_scale_of_the_others():
    assert HOURS.transform([4, 8]) == pytest.approx([4 / 3, 8 / 9], rel=1e-15)
    own = Scaler.maximum([[4, 8]]).transform([4, 8])
    assert HOURS.inverse(own).tolist() == [3.0, 9.0]  # a question that nobody asked
    network = exam_network(0)
    assert network.predict(HOURS.transform([4, 8])) != pytest.approx(network.predict(own), rel=1e-3)
    assert SCORES.inverse(SCORES.transform([92.0])).tolist() == [92.0]


def test_fault_the_worked_sigmoid_values():
    network = Network([2, 3, 1], "sigmoid", "sigmoid", bias=False)
    network.weights = [[[0.2, 0.6, 0.1], [0.8, 0.7, 0.7]], [[0.4], [0.5], [0.9]]]
    trace = network.trace([2, 9])
    assert trace.z[0] == pytest.approx(np.array([[7.6, 7.5, 6.5]]), rel=1e-14)
    assert trace.a[0][0, 1] == pytest.approx(0.999447221, abs=1e-9)
    assert trace.output[0, 0] == pytest.approx(0.857926, abs=1e-6)
    text = network.explain([2, 9])
    assert "(2 * 0.2) + (9 * 0.8) = 7.6" in text
    assert "sigmoid(7.6) = 0.9995" in text


def test_text_weights_load_again_with_their_shapes(tmp_path):
    network, again = exam_network(0), exam_network(1)
    network.save_text(tmp_path)
    again.load_text(tmp_path)
    assert np.array_equal(again.theta, network.theta)
    assert (tmp_path / "layer1.W.txt").read_text().startswith("# shape 2 3\n")


# --- moons ----------------------------------------------------------------------------------------

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


# --- sums and gates -------------------------------------------------------------------------------

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


# --- the derivation -------------------------------------------------------------------------------


def test_every_line_that_the_derivation_quotes_is_in_the_file_it_names():
    page = (ROOT / "docs" / "backpropagation.md").read_text()
    rows = re.findall(r"^\| (\(.*?) \| (\w+\.py) \| `(.*)` \|$", page, re.MULTILINE)
    assert {n for equations, _, _ in rows for n in re.findall(r"\((\d+)\)", equations)} == {
        str(n) for n in range(1, 12)
    }
    assert set(re.findall(r"\\tag\{(\d+)\}", page)) == {str(n) for n in range(1, 12)}
    for _, name, line in rows:
        text = (ROOT / "src" / "pellucid" / name).read_text()
        assert line in [each.strip() for each in text.splitlines()], line
