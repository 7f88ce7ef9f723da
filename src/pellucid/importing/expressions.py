"""An expression is what a few nodes make of a weighted sum; its values tell which activation it is.

Exporters write SiLU as z times its sigmoid, and GELU in as many ways as there are. So the nodes are
run on a grid of numbers, and what comes out is held against each of pellucid's activations.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from pellucid.activations import ACTIVATIONS, SELU_ALPHA, SELU_SCALE, gelu, mish, relu, softmax
from pellucid.special import erfc, sigmoid, softplus

_COLUMN = np.concatenate(
    [[-600.0, -100.0, -40.0], np.linspace(-30, 30, 1201), [40.0, 100.0, 600.0]]
)
GRID = np.stack([_COLUMN, np.roll(_COLUMN, 400)], axis=1)
"""(n, 2) weighted sums; each row is of different ones, for softmax."""

TOLERANCE = 1e-6


def _elu(z: Any, alpha: float = 1.0) -> Any:
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _selu(z: Any, alpha: float = SELU_ALPHA, gamma: float = SELU_SCALE) -> Any:
    return gamma * _elu(z, alpha)


def _gelu(z: Any, approximate: bytes = b"none") -> Any:
    if approximate == b"none":
        return gelu(z)
    return 0.5 * z * (1 + np.tanh(sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def _leaky_relu(z: Any, alpha: float = 0.01) -> Any:
    return np.where(z > 0, z, alpha * z)


def _swish(z: Any, alpha: float = 1.0) -> Any:
    return z * sigmoid(alpha * z)


OPERATORS: dict[str, Callable[..., Any]] = {
    "Relu": relu,
    "Tanh": np.tanh,
    "Sigmoid": sigmoid,
    "Softmax": lambda z, axis=-1: softmax(z),
    "Elu": _elu,
    "Selu": _selu,
    "Gelu": _gelu,
    "LeakyRelu": _leaky_relu,
    "Softplus": softplus,
    "Swish": _swish,
    "Mish": mish,
    "Exp": np.exp,
    "Erf": lambda z: 1.0 - erfc(z),
    "Neg": np.negative,
    "Reciprocal": np.reciprocal,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
}
"""ONNX's operators that an activation may be made of, each with its attributes by name."""


def activation_of(values: Any) -> str | None:
    """The name of the activation that gives `values` (n, 2) on the grid; None if none does.

    Examples
    --------
    >>> activation_of(GRID / (1.0 + np.exp(-GRID)))
    'swish'
    """
    with np.errstate(all="ignore"):
        for name, activation in ACTIVATIONS.items():
            ours = activation.forward(GRID)
            if np.allclose(values, ours, rtol=TOLERANCE, atol=TOLERANCE):
                return name
    return None
