"""Layers and the networks made of them: hand-worked numbers, shapes of any size, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid import ACTIVATIONS, Network
from pellucid.architecture import Architecture
from pellucid.layers import LAYERS, Dense, Scale
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.network import backward, forward
from pellucid.objective import Objective

HIDDEN = sorted(set(ACTIVATIONS) - {"exp"})  # exponentials of exponentials overflow
OUTPUTS = sorted(set(ACTIVATIONS) - {"softmax"})  # a softmax of one output is refused


@st.composite
def networks(draw):
    """A layout of depth 0..3 with any activations, some theta, and 1..7 rows."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    depth = len(sizes) - 2
    hidden = draw(st.lists(st.sampled_from(HIDDEN), min_size=depth, max_size=depth))
    output = draw(st.sampled_from(OUTPUTS))
    bias = draw(st.lists(st.booleans(), min_size=depth + 1, max_size=depth + 1))
    layout = Layout(Architecture.of(sizes, hidden, output, bias, draw(st.booleans())))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 7))
    return layout, rng.normal(0, 0.5, layout.size), rng.normal(0, 1, (n, sizes[0])), rng


def test_dense_by_hand():
    layer = Dense(2, 3)
    W = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    b = np.array([10.0, 20.0, 30.0])
    x = np.array([[1.0, 2.0], [0.0, -1.0]])
    dz = np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]])
    assert layer.forward((W, b), x).tolist() == [[19, 32, 45], [6, 15, 24]]
    assert layer.backward((W, b), dz).tolist() == [[-2, -2], [4, 13]]
    dW, db = layer.gradient((W, b), x, dz)
    assert dW.tolist() == [[1, 0, -1], [0, -1, -2]]
    assert db.tolist() == [3, 1, -1]


def test_dense_without_bias_has_one_parameter():
    layer = Dense(2, 1, bias=False)
    assert [p.name for p in layer.parameters] == ["W"]
    (dW,) = layer.gradient((np.ones((2, 1)),), np.ones((3, 2)), np.ones((3, 1)))
    assert dW.tolist() == [[3], [3]]


def test_scale_by_hand():
    layer = Scale(2)
    s, x, dz = np.array([2.0, -3.0]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))
    assert layer.forward((s,), x).tolist() == [[2, -6], [6, -12]]
    assert layer.backward((s,), dz).tolist() == [[2, -3], [2, -3]]
    assert layer.gradient((s,), x, dz)[0].tolist() == [4, 6]


def test_a_scale_layer_starts_as_the_identity():
    X = np.random.default_rng(0).normal(size=(4, 3))
    network = Network([3, 2], scale_inputs=True, seed=0)
    assert np.array_equal(network.trace(X).a[0], X)


@given(networks())
@settings(max_examples=150)
def test_shapes_of_every_part_of_a_forward_and_a_backward_pass(drawn):
    layout, theta, X, rng = drawn
    trace = forward(layout, theta, X)
    n = X.shape[0]
    layers = layout.architecture.layers
    assert trace.output.shape == (n, layout.architecture.n_outputs)
    for layer, x, z, a in zip(layers, trace.x, trace.z, trace.a, strict=True):
        assert x.shape == (n, layer.n_in)
        assert z.shape == a.shape == (n, layer.n_out)
    dz = rng.normal(size=trace.output.shape)
    gradient = backward(layout, trace, dz)
    assert gradient.shape == (layout.size,)
    assert gradient.dtype == np.float64


@given(networks())
@settings(max_examples=100)
def test_a_batch_is_its_rows_one_by_one(drawn):
    layout, theta, X, _ = drawn
    alone = np.concatenate([forward(layout, theta, X[i : i + 1]).output for i in range(len(X))])
    np.testing.assert_allclose(forward(layout, theta, X).output, alone, rtol=1e-12, atol=1e-13)


@given(networks())
@settings(max_examples=100)
def test_the_gradient_of_a_batch_is_the_mean_of_its_rows(drawn):
    layout, theta, X, rng = drawn
    y = rng.normal(size=(len(X), layout.architecture.n_outputs))
    objective = Objective(layout, loss("squared_error"))
    value, gradient = objective.value_and_gradient(theta, X, y)
    alone = [objective.value_and_gradient(theta, X[i : i + 1], y[i : i + 1]) for i in range(len(X))]
    mean = np.mean([g for _, g in alone], axis=0)
    np.testing.assert_allclose(value, np.mean([v for v, _ in alone]), rtol=1e-11)
    scale = np.abs(mean).max() + 1e-300
    np.testing.assert_allclose(gradient / scale, mean / scale, rtol=1e-10, atol=1e-12)


@given(networks())
@settings(max_examples=60)
def test_float32_goes_in_and_comes_out(drawn):
    layout, theta, X, _ = drawn
    trace = forward(layout, theta.astype(np.float32), X.astype(np.float32))
    assert trace.output.dtype == np.float32
    gradient = backward(layout, trace, np.ones_like(trace.output))
    assert gradient.dtype == np.float32
    assert np.isfinite(trace.output).all()
    assert np.isfinite(gradient).all()


def test_an_architecture_is_read_from_its_dictionary_as_it_was_written():
    architecture = Architecture.of([3, 4, 2], ["tanh"], "softmax", [False, True], True)
    assert Architecture.from_dict(architecture.to_dict()) == architecture
    assert str(architecture) == "3 -> scale -> 4 tanh (no bias) -> 2 softmax"


def test_layers_of_different_kinds_can_be_put_in_any_order():
    tanh = ACTIVATIONS["tanh"]
    network = Network(Architecture((Dense(2, 3, tanh), Scale(3), Dense(3, 1))), seed=0)
    assert network.forward(np.ones((4, 2))).shape == (4, 1)
    assert [s.name for s in network.layout.segments] == [
        "layer1.W", "layer1.b", "layer2.s", "layer3.W", "layer3.b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([3],), r"sizes is \[3\]: expected inputs and outputs at the least"),
        (([3, 0, 1],), "a layer of 0 units: expected a whole number from 1 on"),
        (([3, 2.5, 1],), "a layer of 2.5 units"),
        (([3, True],), "a layer of True units"),
        (([3, -1],), "a layer of -1 units"),
        (([3, 4, 1], ["tanh", "relu"]), "hidden_activation has 2 items for 1 layers"),
        (([3, 4, 1], "tanh", "identity", [True]), "bias has 1 items for 2 layers"),
        (([3, 4, 1], "tanh", "softmax"), "softmax over 1 output is always 1: use sigmoid"),
        (([3, 4, 1], "tnah"), "unknown activation 'tnah': did you mean tanh"),
    ],
)
def test_an_impossible_architecture_is_refused_with_its_cure(arguments, message):
    with pytest.raises(ValueError, match=message):
        Architecture.of(*arguments)


def test_layers_that_do_not_meet_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match="layer 1 gives 3 numbers and layer 2 takes 4"):
        Architecture((Dense(2, 3), Dense(4, 1)))
    with pytest.raises(ValueError, match="needs at least one layer"):
        Architecture(())


def test_the_table_of_layers_knows_both_kinds():
    assert {"dense": Dense, "scale": Scale} == LAYERS
