"""A layout says where in theta each array of a network lies, and how each part is to be trained."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields
from pellucid.architecture import Architecture
from pellucid.arrays import Array, array_like, namespace
from pellucid.initializers import initializer
from pellucid.layers import Dense
from pellucid.registry import near

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Segment:
    """A named slice of theta, such as `layer2.W`, and how it is drawn and trained.

    Parameters
    ----------
    name : the layer, counted from 1, and the parameter's letter.
    start, stop : where it lies in theta.
    shape, fan_in, fan_out : of the array that it is.
    initializer : a name, function, number or array for `pellucid.initializers.initializer`.
    learning_rate : factor on the learning rate.
    decay : factor on L2, L1 and weight decay; 0 for biases and scales.
    frozen : never changed by training.
    """

    name: str
    start: int
    stop: int
    shape: tuple[int, ...]
    fan_in: int
    fan_out: int
    initializer: Any
    learning_rate: float = 1.0
    decay: float = 1.0
    frozen: bool = False

    def __post_init__(self) -> None:
        for name, factor in (("learning_rate", self.learning_rate), ("decay", self.decay)):
            if not 0.0 <= factor < inf:
                raise ValueError(
                    f"{name} of {self.name} is {factor}: expected a finite factor from 0 on"
                )

    def view(self, theta: Array) -> Array:
        """The part of theta (P,) that it is, in its own shape, sharing theta's memory."""
        part = theta[self.start : self.stop]
        return namespace(part).reshape(part, self.shape)


WILD = {*"*?["}
"""What makes a name a pattern."""

SETTINGS = ("initializer", "learning_rate", "decay", "frozen")


class Layout:
    """Theta's map: for each layer its W row-major then b, first layer first.

    Parameters
    ----------
    architecture : whose parameters they are.
    segments : settings by segment name or pattern, later ones winning, for instance
        `{"*.b": {"learning_rate": 0.1}, "layer1.W": {"frozen": True}}`.

    Examples
    --------
    >>> layout = Layout(Architecture.of([2, 3, 1]))
    >>> [(s.name, s.start, s.stop) for s in layout.segments]
    [('layer1.W', 0, 6), ('layer1.b', 6, 9), ('layer2.W', 9, 12), ('layer2.b', 12, 13)]
    """

    def __init__(
        self, architecture: Architecture, segments: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.architecture = architecture
        for setting in (name for chosen in (segments or {}).values() for name in chosen):
            if setting not in SETTINGS:
                raise ValueError(f"unknown segment setting {setting!r}: {near(setting, SETTINGS)}")
        by_layer: list[tuple[Segment, ...]] = []
        used: set[str] = set()
        order = {pattern: i for i, pattern in enumerate(segments or {})}
        wild = [pattern for pattern in order if WILD & {*pattern}]
        start = 0
        for number, layer in enumerate(architecture.layers, 1):
            row = []
            for p in layer.parameters:
                name = f"layer{number}.{p.name}"
                stop = start + prod(p.shape)
                settings: dict[str, Any] = {
                    "initializer": p.initializer or layer.activation.initializer,
                    "decay": p.decay,
                }
                fitting = {pattern for pattern in wild if fnmatch.fnmatchcase(name, pattern)}
                for pattern in sorted(fitting | {name} & {*order}, key=order.__getitem__):
                    used.add(pattern)
                    settings |= (segments or {})[pattern]
                row.append(Segment(name, start, stop, p.shape, p.fan_in, p.fan_out, **settings))
                start = stop
            by_layer.append(tuple(row))
        self.by_layer = tuple(by_layer)
        self.segments = tuple(segment for row in by_layer for segment in row)
        self.size = start
        for pattern in segments or {}:
            if pattern not in used:
                names = [s.name for s in self.segments]
                raise ValueError(
                    f"no segment of theta is called {pattern!r}: {near(pattern, names)}"
                )

    def __str__(self) -> str:
        """A line a layer: its arrays, their shapes, and how many parameters they are."""
        rows = []
        for i, segments in enumerate(self.by_layer, 1):
            shapes = "  ".join(f"{s.name.split('.')[1]} {s.shape}" for s in segments)
            rows.append((f"layer{i}", shapes, str(sum(s.stop - s.start for s in segments))))
        a, b, c = (max(len(row[k]) for row in rows) for k in range(3))
        return "\n".join(f"  {x:<{a}}  {y:<{b}}  {z:>{c + 4}}" for x, y, z in rows)

    def views(self, theta: Array) -> list[tuple[Array, ...]]:
        """The arrays of each layer, as views of theta (P,)."""
        return [tuple([segment.view(theta) for segment in row]) for row in self.by_layer]

    def named(self, theta: Array) -> dict[str, Array]:
        """The same views by segment name.

        Examples
        --------
        >>> Layout(Architecture.of([1, 1])).named(np.array([2.0, 3.0]))
        {'layer1.W': array([[2.]]), 'layer1.b': array([3.])}
        """
        return {segment.name: segment.view(theta) for segment in self.segments}

    def by_letter(self, theta: Array, letter: str) -> dict[str, Array | None]:
        """The W, or the b, of each Dense layer by name, as views of theta; None where it has none.

        Examples
        --------
        >>> Layout(Architecture.of([1, 1], bias=False)).by_letter(np.array([2.0]), "b")
        {'layer1.b': None}
        """
        named = self.named(theta)
        return {
            name: named.get(name)
            for name in (
                f"layer{number}.{letter}"
                for number, layer in enumerate(self.architecture.layers, 1)
                if isinstance(layer, Dense)
            )
        }

    def assign(self, theta: Array, letter: str, arrays: Sequence[Any]) -> None:
        """Write an array for each Dense layer into theta (P,): all of them, or none if one is off.

        Raises
        ------
        ValueError
            If there are more or fewer arrays than layers, or one has another shape.
        """
        views = self.by_letter(theta, letter)
        if len(arrays) != len(views):
            what = {"W": "weights", "b": "biases"}.get(letter, letter)
            raise ValueError(f"{len(arrays)} {what} for {len(views)} layers: give one each")
        found = [None if array is None else np.asarray(array, dtype=float) for array in arrays]
        for (name, view), array in zip(views.items(), found, strict=True):
            needed, given = (None if a is None else tuple(a.shape) for a in (view, array))
            if needed is None and given is not None:
                raise ValueError(f"{name}: the layer has no bias; give None, not shape {given}")
            if needed != given:
                raise ValueError(f"{name} has shape {needed}, not {given}")
            if array is not None and not np.isfinite(array).all():
                raise ValueError(f"{name} holds NaN or inf: expected finite numbers")
        for view, array in zip(views.values(), found, strict=True):
            if view is not None:
                view[...] = array_like(array, view)

    def settings(self) -> dict[str, dict[str, Any]]:
        """What was set for the training of segments, as plain data for the model file."""
        standard = Layout(self.architecture).segments
        return {
            mine.name: {key: getattr(mine, key) for key in ("learning_rate", "decay", "frozen")}
            for mine, plain in zip(self.segments, standard, strict=True)
            if (mine.learning_rate, mine.decay, mine.frozen)
            != (plain.learning_rate, plain.decay, plain.frozen)
        }

    @classmethod
    def from_settings(cls, architecture: Architecture, settings: Any) -> Layout:
        """The inverse of `settings`: plain data from a model file, by segments' own names."""
        for name, chosen in fields.mapping(settings).items():
            fields.only(chosen, ("learning_rate", "decay", "frozen"))
            if WILD & {*name}:
                raise ValueError(f"{name!r:.60} is the name of no segment")
            for setting, value in chosen.items():
                (fields.truth if setting == "frozen" else fields.number)(value)
        return cls(architecture, settings)

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """A new theta (P,), each segment from its own initializer, in theta's order."""
        theta = np.empty(self.size)
        for s in self.segments:
            values = initializer(s.initializer)(rng, s.shape, s.fan_in, s.fan_out)
            theta[s.start : s.stop] = np.reshape(values, -1)
        return theta

    def learning_rates(self) -> NDArray[np.float64] | None:
        """Each parameter's factor on the learning rate (P,), 0 where frozen; None if all 1."""
        return self._spread([0.0 if s.frozen else s.learning_rate for s in self.segments])

    def decays(self) -> NDArray[np.float64] | None:
        """The factor on penalties and decay of every parameter (P,); None if all 1."""
        return self._spread([s.decay for s in self.segments])

    def _spread(self, factors: list[float]) -> NDArray[np.float64] | None:
        if all(factor == 1.0 for factor in factors):
            return None
        return np.repeat(factors, [s.stop - s.start for s in self.segments])
