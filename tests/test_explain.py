"""The calculation written out: the numbers are those of a hand calculation, and they add up."""

import re

import numpy as np
import pytest

from pellucid import Network


def two_layers(**settings):
    """2 -> 2 sigmoid -> 1 identity with round numbers."""
    network = Network([2, 2, 1], "sigmoid", "identity", seed=0, **settings)
    network.weights = [[[1.0, -1.0], [0.5, 2.0]], [[2.0], [-4.0]]]
    network.biases = [[0.0, -2.0], [1.0]]
    return network


def test_the_published_sum_is_written_term_by_term():
    network = Network([2, 1], output_activation="sigmoid", bias=False)
    network.weights = [[[0.2], [0.8]]]
    text = str(network.explain([2, 9]))
    assert "z1 = (2 * 0.2) + (9 * 0.8) = 7.6" in text
    assert "a1 = sigmoid(7.6) = 0.9995" in text


def test_a_step_worked_by_hand_from_inputs_to_new_weights():
    # z = (2*1 + -4*.5, 2*-1 + -4*2 - 2) = (0, -12); a1 = 1/2; output = 2/2 - 4 a2 + 1 = 2 - 4 a2.
    network = two_layers()
    network.weights[1][1, 0] = 0.0  # so that the output is exactly 2
    text = str(network.explain([2, -4], [5.0], learning_rate=0.1))
    for line in (
        "layer1: z = x W + b,  a = sigmoid(z)",
        "z1 = (2 * 1) + (-4 * 0.5) + 0 = 0",
        "a1 = sigmoid(0) = 0.5",
        "z2 = (2 * -1) + (-4 * 2) + -2 = -12",
        "loss: squared_error: loss = 0.5 * sum of (a - y)^2",
        "loss = 0.5 * (a1 - y1)^2 = 0.5 * (2 - 5)^2 = 4.5",
        "dz1 = a1 - y1 = 2 - 5 = -3",
        "dlayer2.W[1,1] = x1 * dz1 = 0.5 * -3 = -1.5",
        "dlayer2.b[1] = dz1 = -3",
        "da1 = -3 * 2 = -6",
        "dz1 = da1 * a1 * (1 - a1) = -6 * 0.5 * (1 - 0.5) = -1.5",
        "dlayer1.W[1,1] = x1 * dz1 = 2 * -1.5 = -3",
        "dlayer1.W[2,1] = x2 * dz1 = -4 * -1.5 = 6",
        "layer1.W[1,1] = 1 - 0.1 * -3 = 1.3",
        "layer2.b[1] = 1 - 0.1 * -3 = 1.3",
    ):
        assert line in text, line


def test_the_printed_update_is_the_one_that_train_step_makes():
    network = two_layers()
    text = str(network.explain([1.0, 0.5], [0.3], learning_rate=0.7, digits=17))
    printed = {
        (name, index): float(value)
        for name, index, value in re.findall(
            r"  new (layer\d\.\w)\[([\d,]+)\] = .* = (\S+)$", text, re.M
        )
    }
    network.train_step([1.0, 0.5], [0.3], learning_rate=0.7)
    assert len(printed) == network.theta.size
    for (name, index), value in printed.items():
        place = tuple(int(i) - 1 for i in index.split(","))
        assert value == pytest.approx(network.parameters[name][place], rel=1e-14)


def test_softmax_scale_and_no_bias_are_written_as_what_they_are():
    network = Network([2, 3], output_activation="softmax", scale_inputs=True, bias=False, seed=0)
    text = str(network.explain([1.0, 2.0], [1]))
    assert "layer1: z = x s" in text
    assert "z2 = 2 * 1 = 2" in text
    assert "layer2: x = a of layer1,  z = x W,  a = softmax(z)" in text
    assert re.search(r"S = exp\(\S+\) \+ exp\(\S+\) \+ exp\(\S+\) = \S+\n", text)
    assert re.search(r"a1 = exp\(\S+\) / \S+ = ", text)
    assert re.search(r"loss = -log\(a2\) = -log\(\S+\) = ", text)
    assert re.search(r"dz2 = a2 - y2 = \S+ - 1 = -", text)


def test_a_penalty_is_counted_in_and_said_to_be():
    network = two_layers(alpha=2.0)
    network.weights[1][1, 0] = 0.0
    text = str(network.explain([2, -4], [5.0]))
    # J = 4.5 + (1 + 1 + .25 + 4 + 4 + 0) * 2/2, and alpha W = 2 * 2 joins the slope of -1.5.
    assert "J = loss + (0.5 * alpha * sum of W^2) = 4.5 + (0.5 * 2 * 10.25) = 14.75\n" in text
    assert "dlayer2.W[1,1] = (0.5 * -3) + (2 * 2) = 2.5\n" in text
    assert "dlayer2.b[1] = dz1 = -3\n" in text  # none on biases


def test_ones_own_functions_are_explained_by_their_names():
    def sine(z):
        return np.sin(z)

    def fourth(a, y):
        return np.sum((a - y) ** 4, axis=1)

    network = Network(
        [1, 1], output_activation=(sine, lambda da, z, a: da * np.cos(z)), bias=False,
        loss=(fourth, lambda a, y: 4 * (a - y) ** 3),
    )  # fmt: skip
    network.weights = [[[0.0]]]
    text = str(network.explain([3], [2.0]))
    assert "a1 = sine(0) = 0" in text
    assert "loss = fourth([a1], [y1]) = fourth([0], [2]) = 16\n" in text
    assert "da1 = -32, by the derivative of fourth\n" in text
    assert "dz1 = da1 * sine'(z1) = -32 * 1 = -32\n" in text
    assert "dlayer1.W[1,1] = x1 * dz1 = 3 * -32 = -96" in text


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[1, 2], [3, 4]], None, "explain takes one row, not 2: pick one, such as X"),
        ([1, 2, 3], None, "X has 3 columns and the network takes 2 inputs"),
        ([1, 2], [1, 2], r"y has shape \(2,\) and the network needs \(1, 1\)"),
    ],
)
def test_what_is_not_one_row_is_refused(x, y, message):
    with pytest.raises(ValueError, match=message):
        two_layers().explain(x, y)
