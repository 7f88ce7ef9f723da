"""A reckoning holds all numbers of one step of one row, as the network itself reckons them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from pellucid.arrays import Array, namespace, to_numpy
from pellucid.network import forward
from pellucid.objective import Objective

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[Any]"


class Forward(NamedTuple):
    """The way forward; lists have one item a layer."""

    objective: Objective
    parameters: list[tuple[Floats, ...]]
    x: list[Floats]  # (n_in,)
    z: list[Floats]  # (n_out,)
    a: list[Floats]  # (n_out,)


class Backward(NamedTuple):
    """The way back."""

    y: Floats  # (n_outputs,)
    loss: float
    objective: float  # J, with penalties
    da: list[Floats]  # (n_out,) of each layer; of the last dLoss/da, where that is taken
    slopes: list[Floats]  # (n_out,) f'(z), where units do not mix
    dz: list[Floats]  # (n_out,)
    gradient: dict[str, Floats]  # that of J by segment


def reckon_forward(objective: Objective, theta: Array, x: Array) -> Forward:
    """For x (1, n_inputs)."""
    trace = forward(objective.layout, theta, x)
    parameters = [tuple(map(to_numpy, arrays)) for arrays in trace.parameters]
    rows = ([to_numpy(array)[0] for array in arrays] for arrays in (trace.x, trace.z, trace.a))
    return Forward(objective, parameters, *rows)


def reckon_backward(objective: Objective, theta: Array, x: Array, y: Array) -> Backward:
    """For x (1, n_inputs) and y (1, n_outputs), step by step as `pellucid.network` goes."""
    trace, layers = forward(objective.layout, theta, x), objective.layout.architecture.layers
    da, slopes, dz = [], [], []
    delta = objective.output_gradient(trace, y)
    share = objective.loss.gradient(trace.a[-1], y) if not objective.from_raw else delta
    whole, gradient = objective.value_and_gradient(theta, x, y)
    for i in range(len(layers) - 1, -1, -1):
        ones = namespace(delta).ones_like(trace.a[i])
        slopes.append(layers[i].activation.backward(ones, trace.z[i], trace.a[i]))
        da.append(share)
        dz.append(delta)
        if i:
            share = layers[i].backward(trace.parameters[i], delta)
            delta = layers[i - 1].activation.backward(share, trace.z[i - 1], trace.a[i - 1])
    da_, slopes_, dz_ = (
        [to_numpy(array)[0] for array in reversed(arrays)] for arrays in (da, slopes, dz)
    )
    named = objective.layout.named(gradient).items()
    gradient_ = {name: to_numpy(array) for name, array in named}
    loss = float(objective.rows(trace, y)[0])
    return Backward(to_numpy(y)[0], loss, whole, da_, slopes_, dz_, gradient_)
