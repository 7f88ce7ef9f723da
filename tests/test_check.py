"""The check passes what is right and names what is wrong: errors are planted to see it."""

import numpy as np
import pytest

from pellucid import ACTIVATIONS, Architecture, Network, check_gradient
from pellucid.losses import huber, poisson, quantile

RNG = np.random.default_rng(7)
X = RNG.normal(size=(6, 5))
ONE_HOT = np.eye(3)[[0, 1, 2, 2, 1, 0]]


def network(**more):
    return Network([5, 7, 4, 3], "tanh", "softmax", seed=1, **more)


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if n != "softmax"])
@pytest.mark.parametrize("seed", range(3))
def test_every_built_in_activation_passes(name, seed):
    net = Network([5, 6, 3], name, "softmax", seed=seed, alpha=0.1)
    result = check_gradient(net, X, ONE_HOT, seed=seed)
    assert result.passed, str(result)


@pytest.mark.parametrize(
    ("output", "loss", "y"),
    [
        ("identity", "squared_error", X[:, :2]),
        ("identity", "absolute_error", X[:, :2]),
        ("identity", huber(0.5), X[:, :2]),
        ("identity", quantile([0.1, 0.9]), X[:, :2]),
        ("exp", poisson(), np.array([[0.0, 3.0]] * 6)),
        ("softplus", "poisson", np.array([[0.0, 3.0]] * 6)),
        ("sigmoid", "binary_cross_entropy", ONE_HOT[:, :2]),
        ("tanh", "squared_error", ONE_HOT[:, :2]),
    ],
)
def test_every_loss_passes(output, loss, y):
    assert check_gradient(Network([5, 4, 2], "gelu", output, loss, seed=2), X, y).passed


@pytest.mark.parametrize("name", ["layer1.W", "layer2.b", "layer3.W", "layer3.b"])
def test_an_error_of_a_thousandth_in_one_layer_is_caught_and_that_layer_named(name):
    net = network()
    _, gradient = net.loss_and_gradient(X, ONE_HOT)
    net.per_layer(gradient)[name][...] *= 1.001
    result = check_gradient(net, X, ONE_HOT, gradient=gradient)
    assert result.wrong == [name]
    assert not result.passed
    assert name in result.verdict


@pytest.mark.parametrize("name", ["layer1.W", "layer2.W"])
def test_the_same_in_a_network_too_large_to_move_every_parameter(name):
    net = Network([64, 100, 10], "relu", "softmax", seed=0)
    rows, y = RNG.random((8, 64)), np.arange(8)
    assert check_gradient(net, rows, y).passed
    _, gradient = net.loss_and_gradient(rows, y)
    net.per_layer(gradient)[name][...] *= 0.999
    assert check_gradient(net, rows, y, gradient=gradient).wrong == [name]


def test_a_single_wrong_weight_of_a_small_network_is_named_by_its_place():
    net = network()
    _, gradient = net.loss_and_gradient(X, ONE_HOT)
    net.per_layer(gradient)["layer2.W"][4, 1] *= 1.001
    result = check_gradient(net, X, ONE_HOT, gradient=gradient)
    (found,) = [s for s in result.segments if s.verdict == "WRONG"]
    assert (found.name, found.at) == ("layer2.W", "[5,2]")


def test_a_gradient_of_zeros_is_refused():
    net = network()
    result = check_gradient(net, X, ONE_HOT, gradient=np.zeros(net.layout.size))
    assert len(result.wrong) == 6


def test_where_the_loss_does_not_move_nothing_is_checked_and_that_is_no_pass():
    dead = Network([5, 4, 1], "relu", bias=False)
    dead.weights = [-np.ones((5, 4)), np.zeros((4, 1))]
    result = check_gradient(dead, np.abs(X), np.zeros((6, 1)))
    assert not result.passed
    assert not result.wrong
    assert "NOTHING CHECKED" in result.verdict


def test_a_segment_without_gradient_does_not_spoil_the_rest():
    net = Network([5, 4, 1], "relu", seed=0)
    net.biases = [-100 * np.ones(4), [0.0]]  # every hidden unit is silent: only the output learns
    result = check_gradient(net, X, np.ones((6, 1)))
    assert {s.name: s.verdict for s in result.segments} == {
        "layer1.W": "zero", "layer1.b": "zero", "layer2.W": "zero", "layer2.b": "ok"
    }  # fmt: skip
    assert result.passed


def test_float32_networks_scales_weights_and_sample_weights_are_checked_too():
    net = Network([5, 4, 3], "swish", "softmax", scale_inputs=True, l1=0.1, dtype="float32", seed=0)
    weights = np.arange(6.0)
    assert check_gradient(net, X.astype("float32"), ONE_HOT, weights).passed
    assert net.theta.dtype == np.float32


def test_the_check_leaves_the_network_as_it_was():
    net = network()
    before = net.theta.copy()
    check_gradient(net, X, ONE_HOT)
    assert np.array_equal(net.theta, before)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(3,\).*\(89,\)"):
        check_gradient(Network(Architecture.of([5, 7, 4, 3])), X, X[:, :3], gradient=np.zeros(3))


def test_the_printed_table_has_a_line_a_segment_and_the_verdict():
    lines = str(check_gradient(network(), X, ONE_HOT)).splitlines()
    assert len(lines) == 8
    assert lines[-1].startswith("ok")
