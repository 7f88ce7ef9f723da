"""An optimizer turns a gradient into a step: a pair (init, update) on flat arrays.

It knows nothing of networks. `rate` is the learning rate of this step and `decay` the factor on
weight decay, each a number or an array of theta's shape with a value for every parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pellucid.arrays import Array, namespace
from pellucid.registry import look_up

State: TypeAlias = dict[str, Any]
"""What an optimizer remembers between steps: arrays of theta's shape, and counts."""


@dataclass(frozen=True)
class Optimizer:
    """The pair, with a name and a learning rate that is a sensible first try.

    Parameters
    ----------
    name : what the command line calls it.
    init : theta (P,) -> state.
    update : (theta, gradient, state, rate, decay=1.0) -> (theta, state), changing nothing in place.
    learning_rate : used where none is given.
    parameters : what its maker was given.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer, theta = sgd(), np.array([1.0])
    >>> theta, state = optimizer.update(theta, np.array([2.0]), optimizer.init(theta), 0.25)
    >>> theta.tolist()
    [0.5]
    """

    name: str
    init: Callable[[Array], State]
    update: Callable[..., tuple[Array, State]]
    learning_rate: float
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)


def sgd() -> Optimizer:
    """theta - rate * gradient."""

    def step(
        theta: Array, gradient: Array, state: State, rate: Any, decay: Any = 1.0
    ) -> tuple[Array, State]:
        return theta - rate * gradient, state

    return Optimizer("sgd", lambda theta: {}, step, 0.1)


def momentum(momentum: float = 0.9) -> Optimizer:
    """v = momentum v - rate gradient; theta + v (Polyak, 1964)."""
    _refuse_as_momentum(momentum)

    def step(
        theta: Array, gradient: Array, state: State, rate: Any, decay: Any = 1.0
    ) -> tuple[Array, State]:
        velocity = momentum * state["velocity"] - rate * gradient
        return theta + velocity, {"velocity": velocity}

    return Optimizer("momentum", _at_rest, step, 0.1, {"momentum": momentum})


def nesterov(momentum: float = 0.9) -> Optimizer:
    """v = momentum v - rate gradient; theta + momentum v - rate gradient: the look ahead.

    Sutskever et al., On the importance of initialization and momentum, 2013, in the form that
    takes the gradient where theta is.
    """
    _refuse_as_momentum(momentum)

    def step(
        theta: Array, gradient: Array, state: State, rate: Any, decay: Any = 1.0
    ) -> tuple[Array, State]:
        push = rate * gradient
        velocity = momentum * state["velocity"] - push
        return theta + momentum * velocity - push, {"velocity": velocity}

    return Optimizer("nesterov", _at_rest, step, 0.1, {"momentum": momentum})


def rmsprop(rho: float = 0.99, epsilon: float = 1e-8) -> Optimizer:
    """v = rho v + (1 - rho) gradient^2; theta - rate gradient / (sqrt(v) + epsilon).

    Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5, 2012.
    """
    _refuse_outside("rho", rho)

    def step(
        theta: Array, gradient: Array, state: State, rate: Any, decay: Any = 1.0
    ) -> tuple[Array, State]:
        xp = namespace(theta)
        square = rho * state["square"] + (1.0 - rho) * gradient * gradient
        return theta - rate * gradient / (xp.sqrt(square) + epsilon), {"square": square}

    def init(theta: Array) -> State:
        return {"square": namespace(theta).zeros_like(theta)}

    return Optimizer("rmsprop", init, step, 1e-3, {"rho": rho, "epsilon": epsilon})


def adam(
    beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, epsilon_hat: bool = False
) -> Optimizer:
    """Step by the running mean of gradients over the root of that of squares, both unbiased.

    Kingma and Ba, Adam, 2015, algorithm 1; with `epsilon_hat` in the form at the end of their
    section 2, where epsilon is added before the root's bias is corrected: TensorFlow's and
    scikit-learn's Adam. In the first steps, that is as if epsilon were up to 30 times as large.
    """
    parameters: dict[str, Any] = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    if epsilon_hat:
        parameters["epsilon_hat"] = True
    return Optimizer(
        "adam", _no_moments, _adam_step(weight_decay=0.0, **parameters), 1e-3, parameters
    )


def adamw(
    beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.01
) -> Optimizer:
    """Adam after theta has shrunk by the factor 1 - rate weight_decay.

    Loshchilov and Hutter, Decoupled weight decay regularization, 2019, algorithm 2.
    """
    if not weight_decay >= 0.0:
        raise ValueError(f"weight_decay is {weight_decay}: expected a number from 0 on")
    parameters: dict[str, Any] = {
        "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon, "weight_decay": weight_decay
    }  # fmt: skip
    return Optimizer("adamw", _no_moments, _adam_step(**parameters), 1e-3, parameters)


def _adam_step(
    beta_1: float, beta_2: float, epsilon: float, weight_decay: float, epsilon_hat: bool = False
) -> Callable[..., tuple[Array, State]]:
    _refuse_outside("beta_1", beta_1)
    _refuse_outside("beta_2", beta_2)

    def step(
        theta: Array, gradient: Array, state: State, rate: Any, decay: Any = 1.0
    ) -> tuple[Array, State]:
        xp = namespace(theta)
        t = state["t"] + 1
        mean = beta_1 * state["mean"] + (1.0 - beta_1) * gradient
        square = beta_2 * state["square"] + (1.0 - beta_2) * (gradient * gradient)
        filled = (1.0 - beta_2**t) ** 0.5
        unbiased_root = xp.sqrt(square) / filled
        small = epsilon / filled if epsilon_hat else epsilon
        if weight_decay:
            theta = theta - (rate * weight_decay * decay) * theta
        theta = theta - (rate / (1.0 - beta_1**t)) * mean / (unbiased_root + small)
        return theta, {"mean": mean, "square": square, "t": t}

    return step


def _no_moments(theta: Array) -> State:
    zeros = namespace(theta).zeros_like(theta)
    return {"mean": zeros, "square": zeros, "t": 0}


def _at_rest(theta: Array) -> State:
    return {"velocity": namespace(theta).zeros_like(theta)}


def _refuse_as_momentum(momentum: float) -> None:
    if not 0.0 <= momentum <= 1.0:  # at 1 nothing slows it down, which some want to see
        raise ValueError(f"momentum is {momentum}: expected a number from 0 to 1")


def _refuse_outside(name: str, value: float) -> None:
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name} is {value}: expected at least 0 and below 1")


def clip_by_norm(gradient: Array, limit: float) -> Array:
    """The gradient (P,), shortened to length `limit` if it is longer (Pascanu et al., 2013).

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_norm(np.array([3.0, 4.0]), 1.0).round(9).tolist()
    [0.6, 0.8]
    """
    xp = namespace(gradient)
    length = float(xp.sqrt(xp.sum(gradient * gradient)))
    return gradient * (limit / length) if length > limit else gradient


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    maker.__name__: maker for maker in (sgd, momentum, nesterov, rmsprop, adam, adamw)
}
"""The maker of every optimizer by name. Add a function to add one."""


def optimizer(name: str | Optimizer, **parameters: float) -> Optimizer:
    """The optimizer meant by a name with its parameters, or an Optimizer.

    Raises
    ------
    ValueError
        If the name is unknown; the known ones are listed.

    Examples
    --------
    >>> optimizer("momentum", momentum=0.5).parameters
    {'momentum': 0.5}
    """
    if isinstance(name, Optimizer):
        return name
    return look_up(name, OPTIMIZERS, "optimizer")(**parameters)
