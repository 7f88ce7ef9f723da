"""Whole networks against torch.nn, forward and backward, in float64."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid import ENGINES, Network
from pellucid.losses import loss

MODULES = {
    "identity": torch.nn.Identity, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh,
    "relu": torch.nn.ReLU, "leaky_relu": torch.nn.LeakyReLU, "elu": torch.nn.ELU,
    "selu": torch.nn.SELU, "gelu": torch.nn.GELU, "softplus": torch.nn.Softplus,
    "swish": torch.nn.SiLU, "mish": torch.nn.Mish,
}  # fmt: skip

# output, loss, its settings, their mean loss from the raw output z
ENDS = [
    ("identity", "squared_error", {}, lambda z, y: 0.5 * ((z - y) ** 2).sum(1).mean()),
    ("identity", "huber", {"delta": 0.5},
     lambda z, y: functional.huber_loss(z, y, reduction="none", delta=0.5).sum(1).mean()),
    ("softmax", "cross_entropy", {}, functional.cross_entropy),
    ("softmax", "cross_entropy", {"label_smoothing": 0.1},
     lambda z, y: functional.cross_entropy(z, y, label_smoothing=0.1)),
    ("sigmoid", "binary_cross_entropy", {},
     lambda z, y: y.shape[1] * functional.binary_cross_entropy_with_logits(z, y)),
    ("sigmoid", "squared_error", {},
     lambda z, y: 0.5 * ((torch.sigmoid(z) - y) ** 2).sum(1).mean()),
    ("tanh", "squared_error", {}, lambda z, y: 0.5 * ((torch.tanh(z) - y) ** 2).sum(1).mean()),
    ("softmax", "squared_error", {},
     lambda z, y: 0.5 * ((torch.softmax(z, 1) - y) ** 2).sum(1).mean()),
    ("exp", "poisson", {}, lambda z, y: (torch.exp(z) - y - y * z).sum(1).mean()),
]  # fmt: skip


def twin(network, hidden):
    """The same network as torch.nn layers, its raw output last."""
    modules, names = [], [*hidden, None]
    for W, b, name in zip(network.weights, network.biases, names, strict=True):
        layer = torch.nn.Linear(*W.shape, bias=b is not None).double()
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(np.ascontiguousarray(W.T)))
            if b is not None:
                layer.bias.copy_(torch.tensor(b.copy()))
        modules += [layer] + ([MODULES[name]()] if name else [])
    return torch.nn.Sequential(*modules)


def their_gradient(model):
    parts = []
    for module in model:
        if isinstance(module, torch.nn.Linear):
            parts.append(module.weight.grad.T.numpy().ravel())
            if module.bias is not None:
                parts.append(module.bias.grad.numpy())
    return np.concatenate(parts)


def assert_same(network, hidden, end, X, y, alpha=0.0):
    model = twin(network, hidden)
    z = model(torch.tensor(X))
    np.testing.assert_allclose(network.trace(X).z[-1], z.detach().numpy(), rtol=1e-10, atol=1e-12)
    value = end(z, torch.tensor(y))
    if alpha:
        squares = sum((m.weight**2).sum() for m in model if isinstance(m, torch.nn.Linear))
        value = value + alpha / (2 * len(X)) * squares
    value.backward()
    ours, gradient = network.loss_and_gradient(X, y)
    assert ours == pytest.approx(value.item(), rel=1e-10)
    theirs = their_gradient(model)
    length = np.linalg.norm(theirs)
    assert length > 1e-3
    assert np.linalg.norm(gradient - theirs) < 1e-10 * length


def data(k):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(25, 4))
    return X, np.eye(k)[rng.integers(0, k, 25)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("hidden", MODULES)
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_every_hidden_activation_at_every_depth(hidden, depth, alpha, engine):
    names = [hidden] * depth
    network = Network(
        [4, *[6, 5, 7][:depth], 3], hidden, "softmax", alpha=alpha, seed=depth, engine=engine
    )
    network.biases = [np.linspace(-0.5, 0.5, len(b)) for b in network.biases]
    assert_same(network, names, functional.cross_entropy, *data(3), alpha)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("output", "name", "parameters", "end"), ENDS)
@pytest.mark.parametrize("bias", [True, False, [True, False, True]])
def test_every_output_and_loss(output, name, parameters, end, bias, engine):
    hidden = ["gelu", "tanh"]
    network = Network(
        [4, 6, 5, 3], hidden, output, loss(name, **parameters), bias=bias, seed=1, engine=engine
    )
    X, y = data(3)
    model = twin(network, hidden)
    value = end(model(torch.tensor(X)), torch.tensor(y))
    if name == "poisson":  # ours is half the deviance, with y log y, which is 0 for 0 and 1
        assert network.loss_and_gradient(X, y)[0] == pytest.approx(value.item(), rel=1e-10)
    assert_same(network, hidden, end, X, y)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_predictions_are_the_activated_outputs(engine):
    network = Network([4, 6, 3], "mish", "softmax", seed=2, engine=engine)
    X, _ = data(3)
    theirs = torch.softmax(twin(network, ["mish"])(torch.tensor(X)), 1).detach().numpy()
    np.testing.assert_allclose(network.predict(X), theirs, rtol=1e-12)
