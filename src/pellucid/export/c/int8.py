"""Weights of 8 bits are whole numbers from -127 to 127, with a scale for each unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.export.program import Classes, Floats, Layer, Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Answers = tuple[Mapping[str, Any], NDArray[Any]]

STEPS = 127
"""On each side of 0, so that -w is written as exactly as w."""


@dataclass(frozen=True, eq=False)
class Rounded:
    """A layer with weights q scale: q (n_in, n_out), scale and b (n_out,)."""

    q: NDArray[np.int8]
    scale: NDArray[np.float32]
    b: NDArray[np.float32]
    activation: str

    @classmethod
    def of(cls, layer: Layer) -> Rounded:
        """The nearest to a layer: the largest weight of each unit is 127 steps.

        Examples
        --------
        >>> layer = Layer(np.array([[1.27, 0.0], [-0.51, 0.0]]), np.zeros(2), "tanh")
        >>> Rounded.of(layer).q.tolist()
        [[127, 0], [-51, 0]]
        """
        largest = np.abs(layer.W).max(axis=0)
        scale = np.where(largest > 0, largest, 1.0).astype(np.float32) / np.float32(STEPS)
        q = np.clip(np.rint(layer.W / scale), -STEPS, STEPS).astype(np.int8)
        return cls(q, scale, layer.b.astype(np.float32), layer.activation)

    def layer(self, dtype: Any) -> Layer:
        """The layer that it stands for."""
        W = self.q.astype(np.float64) * self.scale
        return Layer(W.astype(dtype), self.b.astype(dtype), self.activation)


def rounded(program: Program) -> tuple[Program, tuple[tuple[Rounded, ...], ...]]:
    """A program whose weights are of 8 bits, and these."""
    networks = tuple(tuple(Rounded.of(layer) for layer in layers) for layers in program.networks)
    as_layers = tuple(tuple(layer.layer(program.dtype) for layer in layers) for layers in networks)
    return replace(program, networks=as_layers), networks


def loss(program: Program, own: Floats, found: Floats) -> dict[str, str]:
    """What rounding changed: answers (n, k) of the model itself, and those found.

    Numbers are compared as a part of the largest.
    """
    size = 1.0 if isinstance(program.answer, Classes) else max(1.0, float(np.abs(own).max()))
    off = np.abs(found - own) / size
    what = "probabilities" if isinstance(program.answer, Classes) else "numbers"
    made = {f"int8: change of {what}": f"{off.mean():.1g} on average and {off.max():.1g} at most"}
    if isinstance(program.answer, Classes):
        other = np.mean(found.argmax(axis=1) != own.argmax(axis=1))
        made["labels changed"] = f"{other:.1%}"
    return made


def score(program: Program, data: Answers) -> tuple[str, float]:
    """The accuracy of labels, or the RMSE of numbers, on columns and answers (n,).

    The answers are the places of classes among the program's labels, or numbers.
    """
    columns, answers = data
    found = program.run(columns)
    if isinstance(program.answer, Classes):
        return "accuracy", float(np.mean(found.argmax(axis=1) == answers))
    return "RMSE", float(np.sqrt(np.mean((found[:, 0] - answers) ** 2)))
