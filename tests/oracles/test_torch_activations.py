"""Every activation and every loss against PyTorch's own, in float64."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from pellucid import ACTIVATIONS, LOSSES
from pellucid.losses import loss

THEIRS = {
    "identity": torch.nn.Identity(),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "relu": torch.nn.ReLU(),
    "leaky_relu": torch.nn.LeakyReLU(0.01),
    "elu": torch.nn.ELU(),
    "selu": torch.nn.SELU(),
    "gelu": torch.nn.GELU(),
    "softplus": torch.nn.Softplus(threshold=40),
    "swish": torch.nn.SiLU(),
    "mish": torch.nn.Mish(),
    "exp": torch.exp,
    "softmax": torch.nn.Softmax(dim=1),
}


def tensor(array, requires_grad=False):
    return torch.tensor(array, dtype=torch.float64, requires_grad=requires_grad)


def test_every_activation_has_its_counterpart():
    assert set(THEIRS) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", THEIRS)
def test_an_activation_and_its_backward_rule_are_pytorchs(name):
    rng = np.random.default_rng(0)
    z, da = rng.normal(0, 4, (40, 5)), rng.normal(size=(40, 5))
    f = ACTIVATIONS[name]
    a = f.forward(z)
    their_z = tensor(z, requires_grad=True)
    theirs = THEIRS[name](their_z)
    theirs.backward(tensor(da))
    np.testing.assert_allclose(a, theirs.detach().numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(f.backward(da, z, a), their_z.grad.numpy(), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", [name for name in THEIRS if name not in ("exp",)])
@pytest.mark.parametrize("size", [50.0, 800.0])
def test_far_out_they_agree_too(name, size):
    z = np.array([[-size, -size / 3, 0.5, size / 3, size]])
    ours = ACTIVATIONS[name].forward(z)
    np.testing.assert_allclose(ours, THEIRS[name](tensor(z)).numpy(), rtol=1e-9, atol=1e-18)


def huber(a, y):
    return functional.huber_loss(a, y, reduction="none", delta=0.7).sum(1)


def pinball(a, y):
    return torch.maximum(0.3 * (y - a), (0.3 - 1) * (y - a)).sum(1)


def smooth_labels(y, s):
    return (1 - s) * y + s / 2


# name, parameters, their loss of each row from the raw output, our output activation
RAW = [
    ("squared_error", {}, lambda z, y: 0.5 * functional.mse_loss(z, y, reduction="none").sum(1)),
    ("absolute_error", {}, lambda z, y: functional.l1_loss(z, y, reduction="none").sum(1)),
    ("huber", {"delta": 0.7}, huber),
    ("quantile", {"quantile": 0.3}, pinball),
    (
        "binary_cross_entropy",
        {},
        lambda z, y: functional.binary_cross_entropy_with_logits(z, y, reduction="none").sum(1),
    ),
    (
        "binary_cross_entropy",
        {"label_smoothing": 0.2},
        lambda z, y: functional.binary_cross_entropy_with_logits(
            z, smooth_labels(y, 0.2), reduction="none"
        ).sum(1),
    ),
    ("cross_entropy", {}, lambda z, y: functional.cross_entropy(z, y, reduction="none")),
    (
        "cross_entropy",
        {"label_smoothing": 0.2},
        lambda z, y: functional.cross_entropy(z, y, reduction="none", label_smoothing=0.2),
    ),
    # Up to the constant y log y - y, which is 0 - 1 and 0 for targets of 1 and 0.
    (
        "poisson",
        {},
        lambda z, y: (functional.poisson_nll_loss(z, y, log_input=True, reduction="none") - y).sum(
            1
        ),
    ),
]


@pytest.mark.parametrize(("name", "parameters", "theirs"), RAW)
@pytest.mark.parametrize("size", [1.0, 20.0])
def test_a_loss_and_its_gradient_on_the_raw_output_are_pytorchs(name, parameters, theirs, size):
    rng = np.random.default_rng(1)
    z = rng.normal(0, size, (30, 4))
    y = np.eye(4)[rng.integers(0, 4, 30)]
    it = loss(name, **parameters)
    their_z = tensor(z, requires_grad=True)
    values = theirs(their_z, tensor(y))
    values.sum().backward()
    np.testing.assert_allclose(it.raw_value(z, y), values.detach().numpy(), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(it.raw_gradient(z, y), their_z.grad.numpy(), rtol=1e-11, atol=1e-14)


def test_every_loss_has_its_counterpart():
    assert {row[0] for row in RAW} == set(LOSSES)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        (
            "binary_cross_entropy",
            lambda a, y: functional.binary_cross_entropy(a, y, reduction="none").sum(1),
        ),
        (
            "poisson",
            lambda a, y: (
                functional.poisson_nll_loss(a, y, log_input=False, reduction="none", eps=0.0) - y
            ).sum(1),
        ),
        ("cross_entropy", lambda a, y: functional.nll_loss(a.log(), y.argmax(1), reduction="none")),
    ],
)
def test_a_loss_on_the_activated_output_is_pytorchs(name, theirs):
    rng = np.random.default_rng(2)
    a = ACTIVATIONS["softmax"].forward(rng.normal(size=(20, 3)))
    y = np.eye(3)[rng.integers(0, 3, 20)]
    their_a = tensor(a, requires_grad=True)
    values = theirs(their_a, tensor(y))
    values.sum().backward()
    it = LOSSES[name]()
    np.testing.assert_allclose(it.value(a, y), values.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(it.gradient(a, y), their_a.grad.numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("z", [800.0, -800.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_extremes_are_finite_in_both(z, y):
    ours = LOSSES["binary_cross_entropy"]().raw_value(np.array([[z]]), np.array([[y]]))
    theirs = functional.binary_cross_entropy_with_logits(tensor([[z]]), tensor([[y]]))
    assert ours[0] == theirs.item() == (800.0 if (z > 0) != (y > 0) else 0.0)
