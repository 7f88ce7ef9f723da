"""Laying out a network decides which of its units are shown, and where, and what is written.

Wide layers are condensed to the units that matter most, and say how many more there are. Columns
keep far enough apart for their headings, and units for the words beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.layers import Scale
from pellucid.plots.diagram import MARGIN, RADIUS, SMALL, TEXT, Diagram, Edge, Unit, Words
from pellucid.plots.lettering import brief, shortened, width_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.layers import Layer
    from pellucid.model import Network

NAME_ROOM = 190.0
"""Longer names are shortened; the whole name is in the tooltip."""

GAP, TOP, BELOW = 140.0, 52.0, 76.0
"""Least room between the units of two layers; above all units, for headings; below, for notes."""

MOST_EDGES = 600
"""Between two layers; of more weights the largest are drawn."""

WIDEST, THINNEST, CROWD = 4.5, 0.35, 150
"""Widths of the lines of a layer's largest weight and of one that is 0, and up to how many lines
there are so wide: more of them are thinner."""

LINE = 16.0
"""From one line of words down to the next."""

KEY_ROOM = 340.0
"""Width of the key, which no diagram is narrower than."""


def lay_out(
    network: Network,
    inputs: Sequence[str],
    outputs: Sequence[str],
    x: NDArray[Any] | None = None,
    raw: Sequence[str] | None = None,
    answers: Sequence[Sequence[tuple[str, str, bool]]] | None = None,
    note: str = "",
    max_units: int = 12,
) -> Diagram:
    """Lay a network out.

    Parameters
    ----------
    inputs, outputs : what they are called.
    x : (1, n_inputs), for which activations are shown.
    raw : for each input what it was before it was scaled, or "".
    answers : for each output the lines to stand beside it: a name, what is said of it, and whether
        it is the model's choice.
    note : a line below everything.
    max_units : of a layer; of more, the ones that matter most are shown.

    Examples
    --------
    >>> from pellucid import Network
    >>> made = lay_out(Network([64, 3, 1], seed=0), [f"x{i + 1}" for i in range(64)], ["y"])
    >>> len(made.units), len(made.edges), [w.text for w in made.words if w.role == "more"]
    (15, 36, ['… 53 more'])
    """
    if max_units < 2:
        raise ValueError(f"max_units is {max_units}: expected 2 or more")
    sheet = _Sheet(network, x, max_units)
    beside = [[(name, "", False)] for name in outputs] if answers is None else answers
    values = [f" = {text}" if text else "" for text in raw or [""] * len(inputs)]
    left = [_label(inputs[place], values[place]) for place in sheet.shown[0]]
    right = [[(_label(n, said), bold) for n, said, bold in beside[i]] for i in sheet.shown[-1]]
    sheet.space(left, [text for lines in right for text, _ in lines], max(map(len, right)), note)
    units = sheet.units(inputs, outputs)
    words = sheet.headings() + sheet.more() + sheet.below(note)
    at, off = {(unit.layer, unit.place): unit for unit in units}, sheet.radius + 8
    for place, text in zip(sheet.shown[0], left, strict=True):
        unit, whole = at[0, place], inputs[place] + values[place]
        words.append(Words(text, unit.x - off, unit.y, "name", "end", whole=whole))
    for place, lines in zip(sheet.shown[-1], right, strict=True):
        unit = at[len(sheet.layers), place]
        for i, (text, bold) in enumerate(lines):
            y = unit.y + (i - (len(lines) - 1) / 2) * LINE
            whole = "".join(beside[place][i][:2])
            role = "answer" if bold else "name"
            words.append(Words(text, unit.x + off, y, role, "start", whole=whole))
    return Diagram(
        tuple(units),
        tuple(sheet.edges),
        tuple(words),
        sheet.width,
        sheet.height,
        sheet.radius,
        sheet.largest_bias,
        {} if sheet.a is None else {i: float(np.abs(a).max()) for i, a in enumerate(sheet.a)},
    )


class _Sheet:
    """What is shown of a network, and the room that it takes."""

    def __init__(self, network: Network, x: NDArray[Any] | None, max_units: int) -> None:
        self.layers = network.architecture.layers
        self.parameters = [
            tuple(np.asarray(p, np.float64) for p in row)
            for row in network.layout.views(network.theta)
        ]
        trace = None if x is None else network.trace(x)
        self.a = None if trace is None else [_flat(trace.x[0]), *map(_flat, trace.a)]
        self.z = None if trace is None else [np.zeros(0), *map(_flat, trace.z)]
        self.sizes = [network.architecture.n_inputs, *(layer.n_out for layer in self.layers)]
        self.shown = chosen(self.layers, self.parameters, self.a, max_units)
        self.edges, self.notes = _edges(self.layers, self.parameters, self.shown)
        biases = {i: p[1] for i, p in enumerate(self.parameters, 1) if len(p) > 1}
        self.largest_bias = {i: float(np.abs(b).max()) for i, b in biases.items() if b.any()}

    def space(self, left: Sequence[str], right: Sequence[str], lines: int, note: str) -> None:
        """Give all columns their places, with room for the words beside and above them."""
        self.rows = [
            len(places) + (len(places) < n)
            for places, n in zip(self.shown, self.sizes, strict=True)
        ]
        self.pitch = _pitch(max(self.rows), lines)
        self.radius = min(RADIUS, 0.41 * self.pitch)
        self.span = self.pitch * (max(self.rows) - 1)
        self.heads = [_heading(self.layers, number) for number in range(len(self.sizes))]
        wide = [max(width_of(line, TEXT) for line in heading) for heading in self.heads]
        off = self.radius + 8
        before = max(off + max(width_of(text, TEXT) for text in left), wide[0] / 2)
        # The chosen answer's letters are bold, which are wider.
        after = max(off + max(1.1 * width_of(text, TEXT) for text in right), wide[-1] / 2)
        self.across = [MARGIN + before]
        for one, other in pairwise(wide):
            room = max(GAP + 2 * self.radius, (one + other) / 2 + 18, min(0.3 * self.span, 300.0))
            self.across.append(self.across[-1] + room)
        width = self.across[-1] + after + MARGIN
        self.width = max(width, KEY_ROOM, width_of(note, SMALL) + 2 * MARGIN)
        self.across = [x + (self.width - width) / 2 for x in self.across]
        self.bottom = TOP + 2 * self.radius + self.span
        self.height = self.bottom + BELOW + (18.0 if note else 0.0)

    def row(self, number: int, row: int) -> float:
        """How far down a row of a column is. Short columns take more room, up to a point."""
        n = self.rows[number]
        step = min(1.6 * self.pitch, self.span / (n - 1)) if n > 1 else 0.0
        return TOP + self.radius + self.span / 2 + (row - (n - 1) / 2) * step

    def units(self, inputs: Sequence[str], outputs: Sequence[str]) -> list[Unit]:
        """The circles."""
        made = []
        for number, places in enumerate(self.shown):
            arrays = self.parameters[number - 1] if number else ()
            bias = arrays[1] if len(arrays) > 1 else None
            for row, place in enumerate(places):
                name = _name(self.layers, number, place, inputs, outputs)
                b = None if bias is None else float(bias[place])
                z = None if self.z is None or not number else float(self.z[number][place])
                a = None if self.a is None else float(self.a[number][place])
                y = self.row(number, row)
                made.append(Unit(number, place, name, self.across[number], y, b, z, a))
        return made

    def headings(self) -> list[Words]:
        """What stands above each column: which layer it is; its units and their activation."""
        return [
            Words(line, x, 14.0 + LINE * i, "note" if i else "heading")
            for x, heading in zip(self.across, self.heads, strict=True)
            for i, line in enumerate(heading)
        ]

    def more(self) -> list[Words]:
        """How many units of a column are not shown, where the next of them would be."""
        return [
            Words(f"… {n - len(places)} more", x, self.row(number, len(places)), "more", size=SMALL)
            for number, (x, places, n) in enumerate(
                zip(self.across, self.shown, self.sizes, strict=True)
            )
            if len(places) < n
        ]

    def below(self, note: str) -> list[Words]:
        """What the widest line between two columns stands for, and the note on the whole."""
        made = [
            Words(line, (left + right) / 2, self.bottom + 20 + 13 * i, "note", size=SMALL)
            for (left, right), lines in zip(pairwise(self.across), self.notes, strict=True)
            for i, line in enumerate(lines)
        ]
        y = self.height - MARGIN - 24.0
        return [*made, Words(note, self.width / 2, y, "note", size=SMALL)] if note else made


def chosen(
    layers: Sequence[Layer],
    parameters: Sequence[tuple[NDArray[Any], ...]],
    a: Sequence[NDArray[Any]] | None,
    max_units: int,
) -> list[list[int]]:
    """Places of the units to show, of the inputs and of each layer, in their order.

    A unit matters by the length of the vector of its weights to the next layer; for a row, by that
    times its activation. Of the outputs for a row the largest matter, and without one the first.
    """
    n = layers[-1].n_out
    weights = -np.arange(n, dtype=float) if a is None else a[-1]
    shown = [_foremost(weights, max_units)]
    matters = None
    for number in range(len(layers) - 1, -1, -1):
        if isinstance(layers[number], Scale):
            later = np.ones(layers[number].n_out) if matters is None else matters
            matters = np.abs(parameters[number][0]) * later
            shown.insert(0, shown[0])  # an input and what it is scaled to are shown together
            continue
        matters = np.linalg.norm(parameters[number][0], axis=1)
        activity = 1.0 if a is None else np.abs(a[number])
        shown.insert(0, _foremost(matters * activity, max_units))
    return shown


def _foremost(weights: NDArray[Any], most: int) -> list[int]:
    """Places of the largest, in their order; one fewer than `most` if some are left out."""
    if len(weights) <= most:
        return list(range(len(weights)))
    order = np.argsort(-weights, kind="stable")[: most - 1]
    return sorted(order.tolist())


def _edges(
    layers: Sequence[Layer],
    parameters: Sequence[tuple[NDArray[Any], ...]],
    shown: Sequence[Sequence[int]],
) -> tuple[list[Edge], list[list[str]]]:
    """The lines between units that are shown, small weights first; and a note for each layer."""
    edges: list[Edge] = []
    notes: list[list[str]] = []
    for number, layer in enumerate(layers, 1):
        W = parameters[number - 1][0]
        largest = float(np.abs(W).max()) or 1.0
        sources, targets = shown[number - 1], shown[number]
        if isinstance(layer, Scale):
            pairs = [(place, place, float(W[place])) for place in sources]
        else:
            pairs = [(i, j, float(W[i, j])) for i in sources for j in targets]
        pairs.sort(key=lambda pair: abs(pair[2]))
        drawn = pairs[-MOST_EDGES:]
        spread = WIDEST * min(1.0, (CROWD / max(len(drawn), 1)) ** 0.7) - THINNEST
        for i, j, w in drawn:
            size = abs(w) / largest
            edges.append(Edge(number, i, j, w, size, THINNEST + spread * size))
        notes.append([f"widest line: {brief(float(np.abs(W).max()))}"])
        if len(drawn) < len(pairs):
            notes[-1].append(f"{len(drawn)} of {len(pairs)} drawn")
    return edges, notes


def _heading(layers: Sequence[Layer], number: int) -> tuple[str, str]:
    """What stands above a column: which layer it is; its units and their activation."""
    if number == 0:
        return "inputs", str(layers[0].n_in)
    layer = layers[number - 1]
    if isinstance(layer, Scale):
        return "scaled", str(layer.n_out)
    kind = "outputs" if layer.n_out > 1 else "output"
    return kind if number == len(
        layers
    ) else f"layer {number}", f"{layer.n_out} {layer.activation.name}"


def _name(
    layers: Sequence[Layer], number: int, place: int, inputs: Sequence[str], outputs: Sequence[str]
) -> str:
    """What a unit is called in full."""
    if number == 0:
        return inputs[place]
    if number == len(layers):
        return outputs[place]
    if isinstance(layers[number - 1], Scale):
        return f"{inputs[place]}, scaled"
    return f"unit {place + 1} of layer {number}"


def _label(name: str, said: str) -> str:
    """A name and what is said of it; where both are too long, the name gives way."""
    return shortened(name, max(NAME_ROOM - width_of(said, TEXT), NAME_ROOM / 3), TEXT) + said


def _pitch(rows: int, lines: int) -> float:
    """From one unit down to the next: less where there are many, never less than words need."""
    least = LINE * lines + 4.0
    return max(least, 42.0 if rows <= 14 else 28.0 if rows <= 30 else 20.0)


def _flat(row: Any) -> NDArray[Any]:
    """(1, n) -> (n,), as NumPy has it."""
    return np.asarray(row, np.float64).reshape(-1)
