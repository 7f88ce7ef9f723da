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
from pellucid.plots.diagram import MARGIN, SMALL, TEXT, Diagram, Edge, Unit, Words
from pellucid.plots.lettering import brief, shortened, width_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.layers import Layer
    from pellucid.model import Network

NAME_ROOM = 190.0
"""Longer names are shortened; the whole name is in the tooltip."""

GAP, TOP, BELOW = 140.0, 52.0, 76.0
"""Least room between the units of two layers; above all units, for headings; below, for notes."""

MOST_EDGES = 1500
"""Between two layers; of more weights the largest are drawn."""

KEY_ROOM = 340.0
"""Width of the key, which no diagram is narrower than."""


def lay_out(
    network: Network,
    inputs: Sequence[str],
    outputs: Sequence[str],
    x: NDArray[Any] | None = None,
    raw: Sequence[str] | None = None,
    answers: Sequence[Sequence[tuple[str, bool]]] | None = None,
    note: str = "",
    max_units: int = 12,
) -> Diagram:
    """Lay a network out.

    Parameters
    ----------
    inputs, outputs : what they are called.
    x : (1, n_inputs), for which activations are shown.
    raw : for each input what it was before it was scaled, or "".
    answers : for each output the lines to stand beside it, and whether each is the model's choice.
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
    layers = network.architecture.layers
    parameters = [
        tuple(np.asarray(p, np.float64) for p in row) for row in network.layout.views(network.theta)
    ]
    trace = None if x is None else network.trace(x)
    a = None if trace is None else [_flat(trace.x[0]), *map(_flat, trace.a)]
    z = None if trace is None else [np.zeros(0), *map(_flat, trace.z)]
    shown = chosen(layers, parameters, a, max_units)
    sizes = [network.architecture.n_inputs, *(layer.n_out for layer in layers)]
    rows = [len(places) + (len(places) < n) for places, n in zip(shown, sizes, strict=True)]
    beside = [[(name, False)] for name in outputs] if answers is None else answers
    lines = max((len(beside[place]) for place in shown[-1]), default=1)
    pitch = _pitch(max(rows), lines)
    radius = min(15.0, 0.41 * pitch)
    span = pitch * (max(rows) - 1)

    labels = [
        f"{n} = {r}" if r else n for n, r in zip(inputs, raw or [""] * len(inputs), strict=True)
    ]
    left = [shortened(labels[place], NAME_ROOM, TEXT) for place in shown[0]]
    right = [
        [(shortened(text, NAME_ROOM, TEXT), bold) for text, bold in beside[place]]
        for place in shown[-1]
    ]
    headings = [_heading(layers, number) for number in range(len(sizes))]
    wide = [max(width_of(line, TEXT) for line in heading) for heading in headings]
    reach = MARGIN + max(radius, *(width_of(text, TEXT) + radius + 8 for text in left), wide[0] / 2)
    across = [reach]
    for before, after in pairwise(wide):
        room = max(GAP + 2 * radius, (before + after) / 2 + 18, min(0.3 * span, 300.0))
        across.append(across[-1] + room)
    bold_width = max((1.1 * width_of(text, TEXT) for row in right for text, _ in row), default=0.0)
    width = across[-1] + max(radius + 8 + bold_width, wide[-1] / 2) + MARGIN
    spare = max(0.0, KEY_ROOM - width, width_of(note, SMALL) + 2 * MARGIN - width)
    across, width = [x_ + spare / 2 for x_ in across], width + spare
    height = TOP + 2 * radius + span + BELOW + (18.0 if note else 0.0)
    middle = TOP + radius + span / 2

    words = [
        Words(line, x_, 14.0 + 16.0 * i, "heading" if i == 0 else "note")
        for x_, heading in zip(across, headings, strict=True)
        for i, line in enumerate(heading)
    ]
    units: list[Unit] = []
    for number, places in enumerate(shown):
        # Short columns take more room, up to a point: lines are then easier to follow.
        step = min(1.6 * pitch, span / (rows[number] - 1)) if rows[number] > 1 else 0.0
        top = middle - step * (rows[number] - 1) / 2
        bias = parameters[number - 1][1] if number and len(parameters[number - 1]) > 1 else None
        for row, place in enumerate(places):
            units.append(
                Unit(
                    number,
                    place,
                    _name(layers, number, place, inputs, outputs),
                    across[number],
                    top + row * step,
                    None if bias is None else float(bias[place]),
                    None if z is None or not number else float(z[number][place]),
                    None if a is None else float(a[number][place]),
                )
            )
        if len(places) < sizes[number]:
            more = f"… {sizes[number] - len(places):,} more".replace(",", " ")
            words.append(Words(more, across[number], top + len(places) * step, "more", size=SMALL))
    by_place = {(unit.layer, unit.place): unit for unit in units}
    for place, text in zip(shown[0], left, strict=True):
        unit = by_place[0, place]
        x_ = unit.x - radius - 8
        words.append(Words(text, x_, unit.y, "name", "end", whole=labels[place]))
    for place, written in zip(shown[-1], right, strict=True):
        unit = by_place[len(layers), place]
        for i, (text, bold) in enumerate(written):
            y = unit.y + (i - (len(written) - 1) / 2) * 16.0
            role = "answer" if bold else "name"
            words.append(
                Words(text, unit.x + radius + 8, y, role, "start", whole=beside[place][i][0])
            )
    edges, notes = _edges(layers, parameters, shown)
    for number, text in enumerate(notes, 1):
        x_ = (across[number - 1] + across[number]) / 2
        words.append(Words(text, x_, TOP + 2 * radius + span + 20, "note", size=SMALL))
    if note:
        words.append(Words(note, width / 2, height - MARGIN - 24.0, "note", size=SMALL))
    return Diagram(
        tuple(units),
        tuple(edges),
        tuple(words),
        width,
        height,
        radius,
        {i: float(np.abs(p[1]).max()) for i, p in enumerate(parameters, 1) if len(p) > 1},
        {} if a is None else {i: float(np.abs(v).max()) for i, v in enumerate(a)},
    )


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
) -> tuple[list[Edge], list[str]]:
    """The lines between units that are shown, small weights first; and a note for each layer."""
    edges, notes = [], []
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
        edges += [Edge(number, i, j, w, abs(w) / largest) for i, j, w in drawn]
        note = f"widest line: {brief(float(np.abs(W).max()))}"
        if len(drawn) < len(pairs):
            note += f" ; the largest {len(drawn)} of {len(pairs)}"
        notes.append(note)
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


def _pitch(rows: int, lines: int) -> float:
    """From one unit down to the next: less where there are many, never less than words need."""
    least = 16.0 * lines + 4.0
    return max(least, 38.0 if rows <= 14 else 28.0 if rows <= 30 else 20.0)


def _flat(row: Any) -> NDArray[Any]:
    """(1, n) -> (n,), as NumPy has it."""
    return np.asarray(row, np.float64).reshape(-1)
