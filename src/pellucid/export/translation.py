"""A translation turns a fitted model of any kind into a program, and a table into its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.export.program import (
    Floats,
    Layer,
    Program,
)
from pellucid.layout import Layout
from pellucid.model import Network
from pellucid.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Translation:
    """A program beside the model that it was made of.

    Parameters
    ----------
    take : a table, as the model's `predict` takes it -> columns, as the program's `run` does.
    answers : such columns -> what the model itself makes of them: the probability of each class
        (n, n_classes), or the numbers predicted (n, k).
    vectors : columns of the rows that a model file of it is tried on when it is loaded.
    """

    program: Program
    take: Callable[[Any], dict[str, Any]]
    answers: Callable[[Mapping[str, Any]], Floats]
    vectors: Mapping[str, Any] = field(default_factory=dict)


def translate(model: Any) -> Translation:
    """The program of a fitted model: a `Network`, an estimator, or one that takes tables.

    Raises
    ------
    TypeError, ValueError
        If it is no fitted model of pellucid's, or has a part that no program has; it is named.

    Examples
    --------
    >>> program = translate(Network([2, 3, 1], seed=0)).program
    >>> program.run({"x1": [1.0], "x2": [0.5]}).shape, program.n_parameters
    ((1, 1), 13)
    """
    for kind in type(model).__mro__:
        name = f"{kind.__module__}.{kind.__name__}"
        if name in READERS:
            module, _, function = READERS[name].partition(".")
            made: Translation = getattr(import_module(f"pellucid.export.{module}"), function)(model)
            return made
    raise TypeError(
        f"{type(model).__name__} cannot be exported: expected a fitted Network, MLPClassifier, "
        "MLPRegressor, TabularClassifier, TabularRegressor, Predictor, or a Pipeline of these"
    )


READERS = {
    "pellucid.model.Network": "networks.of_network",
    "pellucid.estimators.multilayer.Multilayer": "networks.of_estimator",
    "pellucid.predictor.Predictor": "tables.of_predictor",
    "pellucid.tabular.estimator.Tabular": "tables.of_bag",
    "sklearn.pipeline.Pipeline": "tables.of_pipeline",
}
"""What translates each class of models. They load, with what they need, when they are called."""


def layers(
    layout: Layout, theta: Any, order: NDArray[np.intp] | None = None, temperature: float = 1.0
) -> tuple[Layer, ...]:
    """Dense layers alone; the inputs in another order, the last sums divided."""
    theta = to_numpy(theta)
    made: list[Layer] = []
    factor: NDArray[Any] | None = None
    for layer, arrays in zip(layout.architecture.layers, layout.views(theta), strict=True):
        if layer.kind == "scale":
            factor = arrays[0] if factor is None else factor * arrays[0]
            if layer.activation.name == "identity" and layer is not layout.architecture.layers[-1]:
                continue
            W, b = np.diag(factor), np.zeros(layer.n_out, theta.dtype)
        elif layer.kind == "dense":
            W = arrays[0] if factor is None else factor[:, None] * arrays[0]
            b = arrays[1] if len(arrays) > 1 else np.zeros(layer.n_out, theta.dtype)
        else:
            raise ValueError(f"a layer of kind {layer.kind!r} cannot be exported")
        factor = None
        made.append(Layer(np.array(W), np.array(b), layer.activation.name))
    if order is not None:
        made[0] = Layer(made[0].W[order], made[0].b, made[0].activation)
    if temperature != 1.0:
        last = made[-1]
        W, b = (array / theta.dtype.type(temperature) for array in (last.W, last.b))
        made[-1] = Layer(W, b, last.activation)
    return tuple(made)


def layers_of(network: Network, order: NDArray[np.intp] | None = None) -> tuple[Layer, ...]:
    """Those of a network; ValueError if an activation is somebody's own code."""
    network.architecture.to_dict()  # which refuses it
    return layers(network.layout, network.theta, order)


def about(model: Any) -> dict[str, Any]:
    """What made it."""
    return {"made_by": f"pellucid {__version__}", "model": type(model).__name__}


def inverse(scaler: Any, k: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The scale and the shift (k,) that bring outputs back."""
    if scaler is None:
        return (1.0,) * k, (0.0,) * k
    scale, shift = (np.broadcast_to(array, (k,)) for array in (scaler.scale, scaler.shift))
    return tuple(scale.tolist()), tuple(shift.tolist())
