"""Stepping is where `train_step` stands: an optimizer, its moments, and the steps it has taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid import fields
from pellucid.arrays import Array, to_numpy
from pellucid.engines import State
from pellucid.optimizers import OPTIMIZERS, optimizer

if TYPE_CHECKING:
    from numpy.typing import NDArray

Stepping: TypeAlias = tuple[tuple[Any, ...], State]
"""The optimizer's name and parameters and theta's dtype, which must stay the same; the state."""

PREFIX = "optimizer."
"""How the tensors of moments are called in a model file."""


def to_file(stepping: Stepping | None) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What a header says of it, and tensors for the moments.

    Raises
    ------
    ValueError
        If no step has been taken, or the optimizer is one's own code.
    """
    if stepping is None:
        raise ValueError(
            "there is no optimizer state: it is what train_step gathers, and train ends with none"
        )
    (name, parameters, _), state = stepping
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer {name!r} is your own code and a model file holds none")
    arrays = {k: to_numpy(m) for k, m in state.moments.items() if np.ndim(m)}
    counts = {k: int(m) for k, m in state.moments.items() if not np.ndim(m)}
    about = {"name": name, "parameters": dict(parameters), "steps": state.steps, "counts": counts}
    return about, {PREFIX + name: array for name, array in arrays.items()}


def from_file(about: Any, tensors: Mapping[str, NDArray[Any]], theta: Array) -> Stepping:
    """The inverse of `to_file`, for a network at theta (P,).

    Raises
    ------
    ValueError
        If these are not moments of an optimizer for so many parameters.
    """
    try:
        parameters = {
            name: fields.truth(value) if name == "epsilon_hat" else fields.number(value)
            for name, value in fields.mapping(about["parameters"]).items()
        }
        rule = optimizer(fields.choice(about["name"], OPTIMIZERS), **parameters)
        counts = {k: fields.whole(n) for k, n in fields.mapping(about["counts"]).items()}
        steps = fields.whole(about["steps"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"the optimizer's state is damaged: {error}") from error
    arrays = {
        name.removeprefix(PREFIX): array
        for name, array in tensors.items()
        if name.startswith(PREFIX)
    }
    expected = rule.init(theta)
    found = arrays | counts
    if {k: np.shape(m) for k, m in found.items()} != {k: np.shape(m) for k, m in expected.items()}:
        raise ValueError(
            f"the optimizer's state is damaged: {rule.name} has {', '.join(expected) or 'none'}, "
            f"each of {theta.size} numbers"
        )
    if (arrays.get("square", np.zeros(0)) < 0.0).any():
        raise ValueError("the optimizer's state is damaged: a mean of squares is below 0")
    same = {k: m.astype(theta.dtype, copy=False) for k, m in arrays.items()} | counts
    return (rule.name, rule.parameters, theta.dtype), State(theta, same, steps)
