"""The reference core run on PyTorch tensors, equal to itself on NumPy arrays."""

import numpy as np
import pytest
import torch

from pellucid import ACTIVATIONS, LOSSES, OPTIMIZERS, Network
from pellucid.architecture import Architecture
from pellucid.dropout import dropout
from pellucid.engines import Batches, Epochs, ReferenceEngine, State
from pellucid.layout import Layout
from pellucid.losses import loss
from pellucid.network import backward, forward
from pellucid.objective import Objective
from pellucid.optimizers import optimizer


def tensor(array):
    return torch.tensor(np.ascontiguousarray(array))


def assert_equal(theirs, ours, rtol=1e-12):
    assert isinstance(theirs, torch.Tensor)
    numbers = theirs.numpy()
    assert numbers.dtype == ours.dtype
    scale = np.abs(ours).max()
    np.testing.assert_allclose(numbers, ours, rtol=rtol, atol=rtol * scale)


SEGMENTS = {
    "layer2.*": {"learning_rate": 0.3, "decay": 0.5},
    "layer3.b": {"frozen": True},
}


def setting(
    output="softmax", name="cross_entropy", hidden=("gelu", "mish"), segments=None, **settings
):
    rng = np.random.default_rng(0)
    layout = Layout(
        Architecture.of([3, 4, 5, 2], list(hidden), output, scale_inputs=True), segments
    )
    objective = Objective(layout, loss(name), **settings)
    theta, X = rng.normal(0, 0.7, layout.size), rng.normal(size=(9, 3))
    y = np.eye(2)[rng.integers(0, 2, 9)]
    return layout, objective, theta, X, y, rng.uniform(0.1, 2, 9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_activation(name, dtype):
    rtol = 1e-12 if dtype == "float64" else 1e-5
    z = np.linspace(-5, 5, 24).reshape(6, 4).astype(dtype)
    da = np.linspace(1, 2, 24).reshape(6, 4).astype(dtype)
    f = ACTIVATIONS[name]
    a = f.forward(z)
    assert_equal(f.forward(tensor(z)), a, rtol)
    assert_equal(
        f.backward(tensor(da), tensor(z), f.forward(tensor(z))), f.backward(da, z, a), rtol
    )


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(name):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(6, 3))
    a, y = ACTIVATIONS["softmax"].forward(z), np.eye(3)[rng.integers(0, 3, 6)]
    it = LOSSES[name]()
    for function, out in (
        (it.value, a), (it.gradient, a), (it.raw_value, z), (it.raw_gradient, z),
    ):  # fmt: skip
        assert_equal(function(tensor(out), tensor(y)), function(out, y))


@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_forward_and_backward(hidden):
    layout, _, theta, X, _, _ = setting(hidden=(hidden, hidden))
    ours, theirs = forward(layout, theta, X), forward(layout, tensor(theta), tensor(X))
    for mine, other in zip(ours.a, theirs.a, strict=True):
        assert_equal(other, mine)
    dz = np.linspace(-1, 1, 18).reshape(9, 2)
    assert_equal(backward(layout, theirs, tensor(dz)), backward(layout, ours, dz))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("penalties", [{}, {"alpha": 0.3, "l1": 0.2}])
@pytest.mark.parametrize(
    ("output", "name"),
    [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("exp", "poisson"),
     ("identity", "quantile"), ("tanh", "huber"), ("softplus", "squared_error")],
)  # fmt: skip
def test_the_objectives_value_and_gradient(output, name, penalties, weighted):
    _, objective, theta, X, y, w = setting(output, name, **penalties)
    ours = objective.value_and_gradient(theta, X, y, w if weighted else None)
    theirs = objective.value_and_gradient(
        tensor(theta), tensor(X), tensor(y), tensor(w) if weighted else None
    )
    assert theirs[0] == pytest.approx(ours[0], rel=1e-12)
    assert_equal(theirs[1], ours[1])


def test_the_gradient_is_the_one_pytorch_finds_by_itself():
    _, objective, theta, X, y, w = setting(alpha=0.3)
    parameter = tensor(theta).requires_grad_()
    trace = forward(objective.layout, parameter, tensor(X))
    penalty = 0.15 * (objective.layout.decays() * theta) @ theta
    value = (objective.rows(trace, tensor(y)) * tensor(w)).sum() / w.sum()
    value.backward()
    decay = 0.3 * objective.layout.decays() * theta / w.sum()
    ours = objective.value_and_gradient(theta, X, y, w)
    assert ours[0] == pytest.approx(value.item() + penalty / w.sum(), rel=1e-12)
    np.testing.assert_allclose(ours[1], parameter.grad.numpy() + decay, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("shuffled", [False, True])
def test_epochs_in_the_reference_engine(name, shuffled):
    layout, objective, theta, X, y, w = setting(segments=SEGMENTS, alpha=0.1)
    rule = optimizer(name)

    def run(convert):
        rng = np.random.default_rng(4)

        def draw(k):
            orders = np.stack([rng.permutation(9) for _ in range(k)]) if shuffled else None
            return Epochs(orders, np.full((k, 3), 0.01))

        arrays = [convert(a) for a in (theta, X, y, w)]
        some = dropout(layout.architecture, 0.3, np.random.default_rng(5))
        batches = Batches(4, draw, 4, at_once=4, clip_norm=0.5, dropout=some)
        state = State(arrays[0], rule.init(arrays[0]))
        ends = ReferenceEngine().train_epochs(objective, rule, state, *arrays[1:], batches)
        return [loss for end in ends for loss in end.losses], state

    losses, state = run(np.asarray)
    their_losses, their_state = run(tensor)
    np.testing.assert_allclose(their_losses, losses, rtol=1e-12)
    assert_equal(their_state.theta, state.theta)
    assert their_state.steps == state.steps == 12


def test_a_network_predicts_trains_and_takes_theta_on_tensors():
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(12, 3)), np.arange(12.0) % 2
    ours, theirs = (Network([3, 4, 2], "tanh", "softmax", seed=0, alpha=0.1) for _ in range(2))
    theirs.theta = tensor(ours.theta)
    for network, (inputs, targets) in ((ours, (X, y)), (theirs, (tensor(X), tensor(y)))):
        network.train(inputs, targets, epochs=3, batch_size=4, dropout=0.2,
                      validation_data=(inputs, targets))  # fmt: skip
        network.train_step(inputs, targets, solver="adamw")
    assert_equal(theirs.theta, ours.theta)
    assert_equal(theirs.predict(tensor(X)), ours.predict(X))
    assert theirs.history.loss == pytest.approx(ours.history.loss, rel=1e-12)


def test_bad_tensors_are_refused_like_bad_arrays():
    network = Network([2, 1], seed=0)
    bad = torch.ones((3, 2), dtype=torch.float64)
    bad[1, 1] = float("nan")
    with pytest.raises(ValueError, match="X holds nan in column 1, first in row 1"):
        network.train(bad, torch.ones(3, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"y has shape \(2,\) and the network needs \(3, 1\)"):
        network.train(torch.ones((3, 2), dtype=torch.float64), torch.ones(2))
