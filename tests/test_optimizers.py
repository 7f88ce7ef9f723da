"""Optimizers against the formulas of their papers, one number at a time, in plain Python."""

from math import sqrt

import numpy as np
import pytest

from pellucid import OPTIMIZERS, Network
from pellucid.optimizers import clip_by_norm, optimizer

# --- the papers' algorithms for one parameter --------------------------------------------------


def sgd(w, gradients, rate, decay):
    for g in gradients:
        w -= rate * g
    return w


def momentum(w, gradients, rate, decay, momentum=0.9):
    v = 0.0
    for g in gradients:
        v = momentum * v - rate * g
        w += v
    return w


def nesterov(w, gradients, rate, decay, momentum=0.9):
    """Sutskever's form keeps w at theta + momentum v, the place where the gradient is taken."""
    v = 0.0
    for g in gradients:
        before = v
        v = momentum * v - rate * g
        w += -momentum * before + (1 + momentum) * v
    return w


def rmsprop(w, gradients, rate, decay, rho=0.99, epsilon=1e-8):
    s = 0.0
    for g in gradients:
        s = rho * s + (1 - rho) * g**2
        w -= rate * g / (sqrt(s) + epsilon)
    return w


def adam(
    w, gradients, rate, decay, beta_1=0.9, beta_2=0.999, epsilon=1e-8, weight_decay=0.0,
    epsilon_hat=False,
):  # fmt: skip
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        w -= rate * weight_decay * decay * w
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        if epsilon_hat:  # the more efficient order of computation at the end of section 2
            w -= rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)
        else:
            w -= rate * (m / (1 - beta_1**t)) / (sqrt(v / (1 - beta_2**t)) + epsilon)
    return w


def adamw(w, gradients, rate, decay, weight_decay=0.01, **parameters):
    return adam(w, gradients, rate, decay, weight_decay=weight_decay, **parameters)


FORMULAS = {f.__name__: f for f in (sgd, momentum, nesterov, rmsprop, adam, adamw)}
SETTINGS = [
    ("sgd", {}),
    ("momentum", {}),
    ("momentum", {"momentum": 0.5}),
    ("momentum", {"momentum": 0.0}),
    ("nesterov", {}),
    ("nesterov", {"momentum": 0.5}),
    ("rmsprop", {}),
    ("rmsprop", {"rho": 0.9, "epsilon": 1e-3}),
    ("adam", {}),
    ("adam", {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4}),
    ("adam", {"epsilon_hat": True, "epsilon": 1e-3}),
    ("adamw", {}),
    ("adamw", {"weight_decay": 0.3, "beta_1": 0.7}),
]


def run(rule, theta, gradients, rate, decay=1.0):
    state = rule.init(theta)
    for g in gradients:
        theta, state = rule.update(theta, g, state, rate, decay)
    return theta


def test_every_optimizer_has_a_formula_here():
    assert set(FORMULAS) == set(OPTIMIZERS)


@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
@pytest.mark.parametrize("rate", [0.001, 0.3])
@pytest.mark.parametrize("steps", [1, 20])
def test_steps_equal_the_papers_formula_for_each_parameter(name, parameters, rate, steps):
    rng = np.random.default_rng(0)
    theta, gradients = rng.normal(size=5), rng.normal(size=(steps, 5))
    ours = run(optimizer(name, **parameters), theta, gradients, rate)
    each = [FORMULAS[name](theta[i], gradients[:, i], rate, 1.0, **parameters) for i in range(5)]
    np.testing.assert_allclose(ours, each, rtol=1e-12)


@pytest.mark.parametrize(("name", "parameters"), SETTINGS)
def test_rate_and_decay_may_differ_from_parameter_to_parameter(name, parameters):
    rng = np.random.default_rng(1)
    theta, gradients = rng.normal(size=4), rng.normal(size=(9, 4))
    rates, decays = np.array([0.0, 0.01, 0.1, 0.5]), np.array([1.0, 0.0, 2.0, 1.0])
    ours = run(optimizer(name, **parameters), theta, gradients, rates, decays)
    each = [
        FORMULAS[name](theta[i], gradients[:, i], rates[i], decays[i], **parameters)
        for i in range(4)
    ]
    np.testing.assert_allclose(ours, each, rtol=1e-12)
    assert ours[0] == theta[0]  # a rate of 0 freezes, to the bit


PROBLEMS = {
    "round bowl": np.array([1.0, 1.0, 1.0]),
    "narrow valley": np.array([1.0, 10.0, 0.5]),
}
RATES = {"sgd": 0.15, "momentum": 0.02, "nesterov": 0.02, "rmsprop": 0.01, "adam": 0.05,
         "adamw": 0.05}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_optimizer_finds_the_bottom_of_a_quadratic(name, problem, dtype):
    curvature, bottom = PROBLEMS[problem].astype(dtype), np.array([1, -2, 0.5], dtype=dtype)
    rule = OPTIMIZERS[name](**({"weight_decay": 0.0} if name == "adamw" else {}))
    theta = np.zeros(3, dtype=dtype)
    state = rule.init(theta)
    for i in range(1500):
        rate = RATES[name] * (1 - i / 1500)
        theta, state = rule.update(theta, curvature * (theta - bottom), state, rate)
    assert theta.dtype == dtype
    np.testing.assert_allclose(theta, bottom, atol=1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_changes_nothing_in_place(name):
    rule = OPTIMIZERS[name]()
    theta, gradient = np.ones(3), np.array([1.0, -2.0, 3.0])
    first, state = rule.update(theta, gradient, rule.init(theta), 0.1)
    kept = {k: np.copy(v) for k, v in state.items()}
    second, _ = rule.update(first, gradient, state, 0.1)
    again, _ = rule.update(first, gradient, state, 0.1)
    assert theta.tolist() == [1, 1, 1]
    assert gradient.tolist() == [1, -2, 3]
    assert np.array_equal(second, again)
    for key, value in kept.items():
        assert np.array_equal(state[key], value)


def test_adams_first_step_is_the_learning_rate_whatever_the_gradients_size():
    rule = OPTIMIZERS["adam"]()
    for size in (1e-3, 1.0, 1e6):
        theta = run(rule, np.zeros(2), np.array([[size, -size]]), 0.01)
        np.testing.assert_allclose(theta, [-0.01, 0.01], rtol=1e-4)


def test_adamw_without_decay_is_adam_to_the_bit():
    rng = np.random.default_rng(2)
    theta, gradients = rng.normal(size=4), rng.normal(size=(20, 4))
    assert np.array_equal(
        run(optimizer("adamw", weight_decay=0.0), theta, gradients, 0.01),
        run(optimizer("adam"), theta, gradients, 0.01),
    )


def test_momentum_carries_on_where_there_is_no_gradient():
    theta = run(optimizer("momentum", momentum=0.5), np.zeros(1), np.array([[-1.0], [0], [0]]), 1.0)
    assert theta.tolist() == [1.75]


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("momentum", {"momentum": 1.1}, "momentum is 1.1: expected a number from 0 to 1"),
        ("nesterov", {"momentum": -0.1}, "momentum is -0.1"),
        ("rmsprop", {"rho": 1.5}, "rho is 1.5"),
        ("adam", {"beta_1": 1.0}, "beta_1 is 1.0: expected at least 0 and below 1"),
        ("adam", {"beta_2": -1.0}, "beta_2 is -1.0"),
        ("adamw", {"weight_decay": -0.1}, "weight_decay is -0.1: expected a number from 0 on"),
    ],
)
def test_an_unreasonable_setting_is_refused_with_its_range(name, parameters, message):
    with pytest.raises(ValueError, match=message):
        optimizer(name, **parameters)


# --- clipping ----------------------------------------------------------------------------------


def test_clipping_shortens_the_whole_gradient_and_keeps_its_direction():
    gradient = np.array([3.0, -4.0, 12.0])  # of length 13
    clipped = clip_by_norm(gradient, 6.5)
    np.testing.assert_allclose(clipped, gradient / 2, rtol=1e-15)


@pytest.mark.parametrize("limit", [13.0, 14.0, 1e9])
def test_a_short_gradient_is_left_alone(limit):
    gradient = np.array([3.0, -4.0, 12.0])
    assert np.array_equal(clip_by_norm(gradient, limit), gradient)


def test_clipping_a_gradient_of_zeros_leaves_zeros():
    assert clip_by_norm(np.zeros(3), 1.0).tolist() == [0, 0, 0]


def test_training_clips_the_norm_over_all_layers_together():
    network = Network([3, 4, 1], "tanh", seed=0)
    X, y = np.random.default_rng(0).normal(size=(8, 3)), np.full((8, 1), 100.0)
    before = network.theta.copy()
    _, gradient = network.loss_and_gradient(X, y)
    assert np.linalg.norm(gradient) > 10
    network.train(X, y, epochs=1, batch_size="full", solver="sgd", learning_rate=1.0,
                  clip_norm=0.5)  # fmt: skip
    step = network.theta - before
    np.testing.assert_allclose(step, -gradient * 0.5 / np.linalg.norm(gradient), rtol=1e-12)
