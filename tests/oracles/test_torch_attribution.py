"""Integrated gradients by their definition, with the slopes that PyTorch's autograd finds."""

import numpy as np
import pytest
import torch
from test_torch_networks import MODULES

from pellucid import Network, datasets
from pellucid.attribution import attribute


def twin(network, hidden):
    modules = []
    for W, b, name in zip(network.weights, network.biases, [*hidden, None], strict=True):
        linear = torch.nn.Linear(*W.shape, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W.T.copy()))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear] if name is None else [linear, MODULES[name]()]
    return torch.nn.Sequential(*modules)


def by_definition(model, x, x0, place, points, weights):
    """(x - x0) times the sum over points of the slope there, captum's `gausslegendre` method."""
    line = torch.from_numpy(x0 + points[:, None] * (x - x0)).requires_grad_()
    model(line).softmax(1)[:, place].sum().backward()
    return (x - x0) * (weights @ line.grad.numpy())


@pytest.mark.parametrize("name", [name for name in MODULES if name != "identity"])
def test_integrated_gradients_are_those_of_the_definition(name):
    data = datasets.load("digits")
    X, y = np.asarray(data.X, float) / 16.0, np.asarray(data.y, int)
    network = Network([64, 16, 12, 10], name, "softmax", seed=0)
    network.train(X[:600], y[:600], epochs=8, learning_rate=1e-2)
    model = twin(network, [name, name])
    rng = np.random.default_rng(0)
    rows, x0 = X[600:603], rng.random(64)
    found = attribute(network, rows, baseline=x0)
    kinked = name in ("relu", "leaky_relu", "selu", "elu")
    if kinked:  # a rule of high order is of no use: very many small steps
        n = 100_000
        points, weights = (np.arange(n) + 0.5) / n, np.full(n, 1.0 / n)
    else:
        points, weights = np.polynomial.legendre.leggauss(400)
        points, weights = 0.5 * (points + 1.0), 0.5 * weights
    for i, x in enumerate(rows):
        expected = by_definition(model, x, x0, int(found.explained[i]), points, weights)
        np.testing.assert_allclose(found.values[i], expected, atol=5e-6 if kinked else 1e-7)
        assert np.abs(expected).max() > 1e-2


def test_the_slope_is_autograds():
    network = Network([5, 8, 3], "mish", "softmax", seed=0)
    x = np.random.default_rng(1).normal(size=(4, 5))
    given = torch.from_numpy(x).requires_grad_()
    twin(network, ["mish"])(given).softmax(1)[:, 1].sum().backward()
    np.testing.assert_allclose(
        attribute(network, x, "gradient", output=1).values, given.grad.numpy(), atol=1e-13
    )
