"""Every optimizer against torch.optim over 20 steps: optimizers x problems x dtypes."""

import numpy as np
import pytest
import torch

from pellucid import ENGINES, OPTIMIZERS, Network
from pellucid.optimizers import optimizer

STEPS = 20

# name, ours, theirs, our name for each of their settings
TABLE = [
    ("sgd", {}, torch.optim.SGD, {}),
    ("momentum", {}, torch.optim.SGD, {"momentum": 0.9}),
    ("momentum", {"momentum": 0.5}, torch.optim.SGD, {"momentum": 0.5}),
    ("nesterov", {}, torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    ("nesterov", {"momentum": 0.5}, torch.optim.SGD, {"momentum": 0.5, "nesterov": True}),
    ("rmsprop", {}, torch.optim.RMSprop, {}),
    ("rmsprop", {"rho": 0.9, "epsilon": 1e-4}, torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-4}),
    ("adam", {}, torch.optim.Adam, {}),
    (
        "adam",
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
        torch.optim.Adam,
        {"betas": (0.8, 0.95), "eps": 1e-3},
    ),
    ("adam", {"beta_1": 0.0}, torch.optim.Adam, {"betas": (0.0, 0.999)}),
    ("adamw", {}, torch.optim.AdamW, {}),
    ("adamw", {"weight_decay": 0.0}, torch.optim.AdamW, {"weight_decay": 0.0}),
    (
        "adamw",
        {"weight_decay": 0.3, "beta_1": 0.7, "beta_2": 0.9},
        torch.optim.AdamW,
        {"weight_decay": 0.3, "betas": (0.7, 0.9)},
    ),
]


def bowl(theta):
    return (theta * theta).sum()


def valley(theta):
    return ((1 - theta[:-1]) ** 2 + (theta[1:] - theta[:-1] ** 2) ** 2).sum()


def waves(theta):
    return (theta.sin() * 3 + 0.1 * theta**4).sum()


PROBLEMS = {"bowl": bowl, "valley": valley, "waves": waves}


def test_every_optimizer_is_in_the_table():
    assert {row[0] for row in TABLE} == set(OPTIMIZERS)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize(("name", "ours", "theirs", "settings"), TABLE)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-5)])
@pytest.mark.parametrize("rate", [0.001, 0.02])
def test_twenty_steps_end_in_the_same_place(
    name, ours, theirs, settings, problem, dtype, tolerance, rate
):
    f = PROBLEMS[problem]
    start = np.random.default_rng(0).normal(size=7)
    parameter = torch.tensor(start, dtype=dtype, requires_grad=True)
    stepper = theirs([parameter], lr=rate, **settings)
    rule = optimizer(name, **ours)
    theta = torch.tensor(start, dtype=dtype).numpy()
    state = rule.init(theta)
    for _ in range(STEPS):
        at = torch.tensor(theta, requires_grad=True)
        f(at).backward()
        theta, state = rule.update(theta, at.grad.numpy(), state, rate)
        stepper.zero_grad()
        f(parameter).backward()
        stepper.step()
        end = parameter.detach().numpy()
        assert theta.dtype == end.dtype
        np.testing.assert_allclose(theta, end, rtol=tolerance, atol=tolerance * np.abs(end).max())
    assert np.abs(theta - start).max() > 1e-3


@pytest.mark.parametrize("limit", [0.01, 1.0, 1e6])
def test_clipping_is_pytorchs(limit):
    from pellucid.optimizers import clip_by_norm

    g = np.random.default_rng(1).normal(size=50)
    parameter = torch.zeros(50, dtype=torch.float64, requires_grad=True)
    parameter.grad = torch.tensor(g)
    torch.nn.utils.clip_grad_norm_([parameter], limit)
    # Theirs divides by the length + 1e-6.
    np.testing.assert_allclose(clip_by_norm(g, limit), parameter.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "ours", "theirs", "settings"), TABLE)
def test_twenty_epochs_of_a_whole_network_end_in_the_same_weights(
    name, ours, theirs, settings, engine
):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(12, 3)), np.eye(2)[rng.integers(0, 2, 12)]
    network = Network(
        [3, 5, 2], "tanh", "softmax", seed=0, segments={"*.b": {"decay": 1.0}}, engine=engine
    )
    theirs_network = torch.nn.Sequential(
        torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2)
    ).double()
    with torch.no_grad():
        for layer, W, b in zip(
            (theirs_network[0], theirs_network[2]), network.weights, network.biases, strict=True
        ):
            layer.weight.copy_(torch.tensor(W.T.copy()))
            layer.bias.copy_(torch.tensor(b.copy()))
    stepper = theirs(theirs_network.parameters(), lr=0.01, **settings)
    network.train(
        X, y, epochs=STEPS, batch_size=4, shuffle=False, solver=optimizer(name, **ours),
        learning_rate=0.01,
    )  # fmt: skip
    for _ in range(STEPS):
        for rows in (slice(0, 4), slice(4, 8), slice(8, 12)):
            stepper.zero_grad()
            out = theirs_network(torch.tensor(X[rows]))
            torch.nn.functional.cross_entropy(out, torch.tensor(y[rows])).backward()
            stepper.step()
    first, last = theirs_network[0], theirs_network[2]
    ends = [first.weight.T, first.bias, last.weight.T, last.bias]
    end = np.concatenate([p.detach().numpy().ravel() for p in ends])
    np.testing.assert_allclose(network.theta, end, rtol=1e-10, atol=1e-12)
