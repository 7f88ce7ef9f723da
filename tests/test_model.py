"""The learner's handle: what can be asked of a network, set in it, and put into it of one's own."""

import numpy as np
import pytest

from pellucid import Activation, Loss, Network, check_gradient
from pellucid.architecture import Architecture
from pellucid.layers import Dense

# --- looking in --------------------------------------------------------------------------------


def test_the_repr_shows_layers_shapes_and_the_number_of_parameters():
    network = Network([64, 100, 10], "sigmoid", "softmax", bias=[True, False])
    head, first, second = repr(network).splitlines()
    assert head == (
        "Network(64 -> 100 sigmoid -> 10 softmax (no bias), cross_entropy, 7500 parameters)"
    )
    assert first.split() == ["layer1", "W", "(64,", "100)", "b", "(100,)", "6500"]
    assert second.split() == ["layer2", "W", "(100,", "10)", "1000"]
    assert len(first) == len(second)


def test_the_default_loss_is_the_one_made_for_the_output():
    made = {
        "identity": "squared_error", "sigmoid": "binary_cross_entropy", "softmax": "cross_entropy",
        "exp": "poisson", "tanh": "squared_error", "relu": "squared_error",
    }  # fmt: skip
    for output, name in made.items():
        assert Network([2, 2], output_activation=output).loss.name == name


def test_a_forward_pass_by_hand():
    network = Network([2, 2, 1], "relu")
    network.weights = [[[1, -1], [2, 1]], [[3], [5]]]
    network.biases = [[0, 1], [10]]
    # (1, 2): z = (5, 2), relu keeps both: 15 + 10 + 10 = 35; (-1, 0): z = (-1, 2): 0 + 10 + 10.
    assert network.forward([[1, 2], [-1, 0]]).tolist() == [[35], [20]]
    assert network.predict([1, 2]).tolist() == [35]


def test_a_flat_row_gives_a_flat_answer_and_a_table_a_table():
    network = Network([3, 2], seed=0)
    X = np.random.default_rng(0).normal(size=(4, 3))
    assert network.predict(X).shape == (4, 2)
    assert network.predict(X[:1]).shape == (1, 2)
    assert network.predict(X[0]).shape == (2,)
    assert network.predict(X[0].tolist()).tolist() == network.predict(X)[0].tolist()


def test_one_input_takes_a_flat_list_as_rows():
    assert Network([1, 2], seed=0).predict([1, 2, 3]).shape == (3, 2)


def test_a_trace_keeps_every_layers_input_sums_and_activations():
    network = Network([2, 3, 1], "tanh", "sigmoid", seed=0)
    X = np.random.default_rng(0).normal(size=(4, 2))
    trace = network.trace(X)
    np.testing.assert_allclose(trace.z[0], X @ network.weights[0] + network.biases[0], rtol=1e-14)
    np.testing.assert_array_equal(trace.a[0], np.tanh(trace.z[0]))
    np.testing.assert_array_equal(trace.x[1], trace.a[0])
    np.testing.assert_array_equal(trace.output, network.predict(X))


def test_the_gradient_comes_as_one_vector_and_by_name():
    network = Network([2, 3, 1], "tanh", seed=0)
    X, y = np.random.default_rng(0).normal(size=(5, 2)), np.arange(5.0)
    _, gradient = network.loss_and_gradient(X, y)
    assert gradient.shape == network.theta.shape
    by_name = network.per_layer(gradient)
    assert list(by_name) == ["layer1.W", "layer1.b", "layer2.W", "layer2.b"]
    # The last bias of squared error has the mean residual for its gradient.
    assert by_name["layer2.b"][0] == pytest.approx(np.mean(network.predict(X)[:, 0] - y))


# --- setting -----------------------------------------------------------------------------------


def test_theta_can_be_set_and_is_copied():
    network = Network([2, 1])
    mine = np.array([1.0, 2.0, 3.0])
    network.theta = mine
    network.weights = [[[9.0], [9.0]]]
    assert mine.tolist() == [1, 2, 3]
    mine[:] = 0
    assert network.theta.tolist() == [9, 9, 3]
    network.theta = [4, 5, 6]
    assert network.predict([1, 1]).tolist() == [15]


def test_two_networks_with_one_theta_do_not_share_it():
    first, second = Network([2, 1], seed=0), Network([2, 1], seed=1)
    second.theta = first.theta
    second.weights = [[[7.0], [7.0]]]
    assert not np.any(first.theta == 7)


@pytest.mark.parametrize(
    ("what", "values", "message"),
    [
        ("theta", np.zeros(4), r"theta has shape \(4,\).*3"),
        ("theta", np.zeros((3, 1)), r"theta has shape \(3, 1\)"),
        ("theta", ["a", "b", "c"], "expected numbers, found 'a'"),
        ("weights", [], "0 weights for 1 layers: give one each"),
        ("weights", [[[1.0, 2.0]]], r"layer1.W has shape \(2, 1\), not \(1, 2\)"),
        ("weights", [[1.0, 2.0]], r"layer1.W has shape \(2, 1\), not \(2,\)"),
        ("biases", [[1.0, 2.0]], r"layer1.b has shape \(1,\), not \(2,\)"),
        ("biases", [None], r"layer1.b has shape \(1,\), not None"),
    ],
)
def test_numbers_that_do_not_fit_are_refused_and_none_is_changed(what, values, message):
    network = Network([2, 1], seed=0)
    before = network.theta.copy()
    with pytest.raises(ValueError, match=message):
        setattr(network, what, values)
    assert np.array_equal(network.theta, before)


def test_a_layer_without_bias_shows_none_and_takes_none():
    network = Network([2, 3, 1], bias=[False, True], seed=0)
    assert network.biases[0] is None
    network.biases = [None, [5.0]]
    assert network.biases[1].tolist() == [5.0]
    with pytest.raises(ValueError, match=r"layer1\.b: the layer has no bias"):
        network.biases = [[1.0, 2.0, 3.0], [5.0]]


# --- numbers -----------------------------------------------------------------------------------


def test_the_dtype_is_that_of_the_data_unless_one_is_asked_for():
    X32 = np.ones((3, 2), dtype=np.float32)
    assert Network([2, 1], seed=0).predict(X32).dtype == np.float32
    assert Network([2, 1], seed=0).predict(X32.astype(float)).dtype == np.float64
    assert Network([2, 1], seed=0).predict([[1, 2]]).dtype == np.float64
    assert Network([2, 1], seed=0, dtype="float64").predict(X32).dtype == np.float64
    forced = Network([2, 1], seed=0, dtype="float32")
    assert forced.theta.dtype == np.float32
    assert forced.predict(X32.astype(float)).dtype == np.float32
    with pytest.raises(ValueError, match="dtype is 'float16': expected 'float32' or 'float64'"):
        Network([2, 1], dtype="float16")


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_training_on_float32_stays_float32(solver):
    X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    network = Network([2, 3, 1], seed=0, alpha=0.1,
                      segments={"layer1.W": {"learning_rate": 0.5}})  # fmt: skip
    network.train(X, X[:, 0], epochs=2, solver=solver, clip_norm=1.0, dropout=0.1)
    assert network.theta.dtype == np.float32
    network.train_step(X, X[:, 0], solver=solver)
    assert network.theta.dtype == np.float32


def test_the_same_seed_gives_the_same_network():
    assert np.array_equal(Network([5, 4, 3], seed=7).theta, Network([5, 4, 3], seed=7).theta)
    assert not np.array_equal(Network([5, 4, 3], seed=7).theta, Network([5, 4, 3], seed=8).theta)


def test_without_a_seed_no_two_networks_are_alike():
    assert not np.array_equal(Network([5, 4, 3]).theta, Network([5, 4, 3]).theta)


# --- a step ------------------------------------------------------------------------------------


def test_a_step_returns_the_error_before_it_and_moves_down_the_gradient():
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", seed=0)
    X, y = np.random.default_rng(0).normal(size=(5, 2)), np.linspace(0, 1, 5)
    value, gradient = network.loss_and_gradient(X, y)
    before = network.theta.copy()
    assert network.train_step(X, y, learning_rate=0.5) == value
    np.testing.assert_array_equal(network.theta, before - 0.5 * gradient)


def test_momentum_lives_on_from_step_to_step_and_a_new_solver_starts_afresh():
    network = Network([1, 1], bias=False)
    network.theta = [0.0]
    # dJ/dw = w - 1. Steps of momentum .9 at rate .1: v = .1, then v = .09 + .09 = .18.
    network.train_step([1], [1], 0.1, solver="momentum")
    network.train_step([1], [1], 0.1, solver="momentum")
    assert network.theta[0] == pytest.approx(0.28, rel=1e-14)
    network.train_step([1], [1], 0.1, solver="sgd")
    assert network.theta[0] == pytest.approx(0.28 + 0.072, rel=1e-14)
    network.train_step([1], [1], 0.1, solver="momentum")
    assert network.theta[0] == pytest.approx(0.352 + 0.0648, rel=1e-14)


# --- one's own ---------------------------------------------------------------------------------


def sine(z):
    return np.sin(z)


def sine_backward(da, z, a):
    return da * np.cos(z)


def fourth_power(a, y):
    return np.sum((a - y) ** 4, axis=1)


def fourth_power_gradient(a, y):
    return 4 * (a - y) ** 3


OWN = {
    "pairs": {
        "hidden_activation": (sine, sine_backward),
        "output_activation": (sine, sine_backward),
        "loss": (fourth_power, fourth_power_gradient),
    },
    "rows": {
        "hidden_activation": [Activation("sine", sine, sine_backward, -1.0, 1.0, "lecun_normal")],
        "output_activation": Activation("sine", sine, sine_backward, -1.0, 1.0),
        "loss": Loss("fourth_power", fourth_power, fourth_power_gradient),
    },
}


def own(how):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 2))
    return Network([2, 6, 1], **OWN[how], seed=0), X, 0.5 * np.sin(X[:, :1])


@pytest.mark.parametrize("how", OWN)
def test_ones_own_activation_and_loss_work_in_a_forward_pass(how):
    network, X, y = own(how)
    W, b = network.weights, network.biases
    by_hand = np.sin(np.sin(X @ W[0] + b[0]) @ W[1] + b[1])
    np.testing.assert_allclose(network.predict(X), by_hand, rtol=1e-14)
    value, _ = network.loss_and_gradient(X, y)
    assert value == pytest.approx(np.mean((by_hand - y) ** 4), rel=1e-13)
    assert "2 -> 6 sine -> 1 sine, fourth_power" in repr(network)


@pytest.mark.parametrize("how", OWN)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ones_own_activation_and_loss_can_be_trained(how, solver):
    network, X, y = own(how)
    start, _ = network.loss_and_gradient(X, y)
    rate = {"learning_rate": 0.01} if solver == "adam" else {}
    history = network.train(
        X, y, epochs=100, batch_size="full", solver=solver, validation_data=(X, y), **rate
    )
    assert history.validation_loss[-1] < 0.05 * start
    assert network.train_step(X, y) < 0.05 * start


@pytest.mark.parametrize("how", OWN)
def test_ones_own_activation_and_loss_can_be_explained(how):
    network, X, y = own(how)
    text = str(network.explain(X[0], y[0], learning_rate=0.1))
    assert "a = sine(z)" in text
    assert "loss: fourth_power: loss = fourth_power(a, y)" in text


@pytest.mark.parametrize("how", OWN)
def test_ones_own_activation_and_loss_can_be_checked(how):
    network, X, y = own(how)
    assert check_gradient(network, X, y).passed


def test_the_check_finds_ones_own_mistake():
    wrong = (sine, lambda da, z, a: da * np.cos(z) * 1.001)
    network = Network([2, 6, 1], wrong, seed=0)
    X = np.random.default_rng(0).normal(size=(20, 2))
    assert check_gradient(network, X, X[:, :1]).wrong == ["layer1.W", "layer1.b"]


def test_a_namesake_of_a_built_in_output_gets_no_canonical_loss():
    def sigmoid(z):
        return 1 / (1 + np.exp(-3 * z))

    network = Network([2, 1], output_activation=(sigmoid, lambda da, z, a: 3 * da * a * (1 - a)))
    assert network.loss.name == "squared_error"


def test_an_architecture_of_ones_own_layers_can_be_given():
    network = Network(Architecture((Dense(2, 3), Dense(3, 1))), seed=0)
    assert repr(network).startswith("Network(2 -> 3 identity -> 1 identity, squared_error, 13")


def test_a_bad_name_is_met_by_the_list_of_good_ones():
    with pytest.raises(ValueError, match=r"unknown activation 'swich': did you mean swish.*Known:"):
        Network([2, 3, 1], "swich")
    with pytest.raises(ValueError, match="unknown loss 'huberr': did you mean huber"):
        Network([2, 1], loss="huberr")
    with pytest.raises(ValueError, match="unknown engine 'gpu': known: auto, native, reference"):
        Network([2, 1], engine="gpu")
