"""A diagram is a network laid out for the eye: its units, the weights between them, and words.

It knows nothing of how it is drawn: places and sizes are in pixels, from the upper left corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pellucid.plots.lettering import in_a_circle, width_of

TEXT, SMALL = 12.0, 10.0
"""Heights of letters."""

MARGIN = 14.0
"""Around all."""


RADIUS = 16.5
"""Of units, where there is room; smaller ones hold no number, which could not be read."""

DEEPEST = 0.5
"""How much of its sign's colour the largest activation gets: its number is in ink upon it."""

KEY_LINE, KEY_DOT = 22.0, 4.0
"""Length of a line and radius of a dot in the key."""


@dataclass(frozen=True)
class Unit:
    """A unit of a layer, or an input.

    Parameters
    ----------
    layer : 0 for the inputs, then as layers are counted.
    place : in its layer, from 0.
    name : what it is called in full.
    x, y : of its centre.
    bias : its b; None where it has none.
    z, a : its weighted sum and its activation for the row; of an input `a` alone; None without.
    """

    layer: int
    place: int
    name: str
    x: float
    y: float
    bias: float | None = None
    z: float | None = None
    a: float | None = None


@dataclass(frozen=True)
class Edge:
    """A weight: what the line from one unit to another of the next layer stands for.

    Parameters
    ----------
    layer : whose weight it is, from 1.
    source, target : places of the units in their layers.
    weight : a number of theta.
    size : |weight| by the largest of its layer.
    width : of its line, in pixels.
    """

    layer: int
    source: int
    target: int
    weight: float
    size: float
    width: float

    @property
    def opacity(self) -> float:
        """Of its line, so that what matters stands out."""
        return 0.22 + 0.73 * float(self.size**0.7)


@dataclass(frozen=True)
class Words:
    """A line of words.

    Parameters
    ----------
    x, y : where its middle height is, at its left, middle or right as `anchor` says.
    role : "name", "answer", "heading", "note" or "more".
    anchor : "start", "middle" or "end".
    whole : the words before they were shortened.
    """

    text: str
    x: float
    y: float
    role: str
    anchor: str = "middle"
    size: float = TEXT
    whole: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """The places of its left and right ends."""
        width = width_of(self.text, self.size)
        left = self.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * width
        return left, left + width


@dataclass(frozen=True)
class Diagram:
    """A network laid out: all there is to draw.

    Parameters
    ----------
    units, edges, words : in the order in which they are drawn; large weights come last.
    width, height : of the whole.
    radius : of units.
    largest_bias : of each layer, by its number.
    largest_activation : |a| of each layer's units by its number, of those shown.
    """

    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]
    words: tuple[Words, ...]
    width: float
    height: float
    radius: float
    largest_bias: dict[int, float]
    largest_activation: dict[int, float]

    @property
    def key_y(self) -> float:
        """Where the key to lines and dots goes."""
        return self.height - MARGIN - 6.0

    @cached_property
    def by_place(self) -> dict[tuple[int, int], Unit]:
        """The units that are shown, by their layers and places."""
        return {(unit.layer, unit.place): unit for unit in self.units}

    def shade(self, unit: Unit) -> float:
        """How far a unit is filled, from -1 to 1: its activation by the largest of its layer."""
        return 0.0 if unit.a is None else unit.a / (self.largest_activation[unit.layer] or 1.0)

    def inside(self, unit: Unit) -> str:
        """What is written into a unit: its activation, or which unit of its layer it is."""
        if self.radius < RADIUS:
            return ""
        if unit.a is not None:
            return in_a_circle(unit.a)
        inner = 0 < unit.layer < max(each.layer for each in self.units)
        return str(unit.place + 1) if inner else ""

    @cached_property
    def letters(self) -> float:
        """Height of the letters in which every unit has room for what is written into it."""
        widest = max(width_of(self.inside(unit), 1.0) for unit in self.units)
        return round(min(SMALL, 1.8 * self.radius / max(widest, 1.0)), 1)

    def dot(self, unit: Unit) -> tuple[float, float, float]:
        """Centre and radius of the dot that stands for a unit's bias, at its lower left."""
        size = abs(unit.bias or 0.0) / (self.largest_bias[unit.layer] or 1.0)
        off = 0.72 * self.radius
        return unit.x - off, unit.y + off, self.radius * (0.12 + 0.2 * size)

    @cached_property
    def key(self) -> tuple[list[tuple[str, float, float]], list[Words]]:
        """The key to lines and dots: ("line" or "dot", x, 1 or -1 for the sign), and its words."""
        marks, words, x = [], [], MARGIN
        for text, sign in (("positive weight", 1.0), ("negative weight", -1.0)):
            marks.append(("line", x, sign))
            words.append(Words(text, x + KEY_LINE + 6, self.key_y, "note", "start", SMALL))
            x = words[-1].span[1] + 16.0
        if self.largest_bias:
            marks += [("dot", x + 4.0, 1.0), ("dot", x + 14.0, -1.0)]
            words.append(Words("bias", x + 22.0, self.key_y, "note", "start", SMALL))
        return marks, words
