"""A sketch is what of a network is drawn: units, the edges between them, and their responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.layers import Dense
from pellucid.network import forward
from pellucid.studios.case import Case
from pellucid.studios.drawing import packed
from pellucid.studios.material import Material
from pellucid.studios.plane import Plane
from pellucid.studios.raster import Raster
from pellucid.targets import ClassTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.model import Network

MOST_UNITS, MOST_OUTPUTS, MOST_IN_ALL = 8, 10, 60
"""Units that are drawn of one layer, of the outputs, and of the whole network."""

MOST_PICTURES = 6
"""Of a first layer whose units are drawn as pictures of their weights."""

SIDE = 25
"""Points, about, along each side of the small maps in the units."""

FAINT = 0.25
"""Of the largest response in a layer: smaller ones are not made to look as large."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """Which units of each column are drawn; column 0 is the inputs.

    Parameters
    ----------
    layers : of the network's, the places of those with weights.
    units : of each column, which are drawn.
    sizes : of each column, how many there are.
    raster : of data that are pictures: the inputs are drawn as one.
    """

    layers: tuple[int, ...]
    units: tuple[range, ...]
    sizes: tuple[int, ...]
    raster: Raster | None = None

    @classmethod
    def of(
        cls, network: Network, raster: Raster | None = None, starts: Mapping[int, int] | None = None
    ) -> Sketch:
        """The first units of each column, or those from another on.

        Parameters
        ----------
        starts : of a column, the first unit to draw.

        Examples
        --------
        >>> from pellucid import Network
        >>> Sketch.of(Network([3, 100, 1]), starts={1: 96}).units
        (range(0, 3), range(92, 100), range(0, 1))
        """
        layers = [i for i, layer in enumerate(network.architecture.layers)
                  if isinstance(layer, Dense)]  # fmt: skip
        sizes = [network.architecture.layers[layers[0]].n_in]
        sizes += [network.architecture.layers[i].n_out for i in layers]
        most = max(min(MOST_UNITS, MOST_IN_ALL // len(sizes)), 3)
        units = []
        for column, size in enumerate(sizes):
            limit = max(most, MOST_OUTPUTS) if column == len(sizes) - 1 else most
            if raster is not None and column == 1 and len(sizes) > 2:
                limit = min(MOST_PICTURES, most)
            drawn = limit if size > limit + 2 else size  # "+1 more" takes as much room as the one
            start = min(max((starts or {}).get(column, 0), 0), size - drawn)
            units.append(range(start, start + drawn))
        if raster is not None:
            units[0] = range(0)
        return cls(tuple(layers), tuple(units), tuple(sizes), raster)

    @property
    def key(self) -> str:
        """What tells one sketch from another."""
        return ";".join(f"{units.start}-{units.stop}" for units in self.units)

    def still(self, material: Material, network: Network) -> dict[str, Any]:
        """What stays as long as the network does: titles and names."""
        names = (list(material.encoder.feature_names), output_names(material))
        parts = parts_of_names(material)
        last = len(self.units) - 1
        columns = []
        for column, units in enumerate(self.units):
            of = names[0] if column == 0 else names[1] if column == last else None
            layer = network.architecture.layers[self.layers[column - 1]] if column else None
            columns.append({
                "title": "inputs" if not column else "output" if column == last else
                         f"layer {column}",
                "activation": layer.activation.name if layer else "",
                "units": list(units),
                "size": self.sizes[column],
                "names": [of[i] for i in units] if of else [],
                "of": [] if column else [parts.get(i) for i in units],
            })  # fmt: skip
        return {
            "key": self.key,
            "columns": columns,
            "picture": list(self.raster.shape) if self.raster else None,
            "outputs": output_kind(material),
        }

    def frame(
        self, network: Network, material: Material, plane: Plane | None, case: Case
    ) -> dict[str, Any]:
        """All that changes with the weights, packed for the browser."""
        layout, theta = network.layout, network.theta
        views = layout.views(theta)
        weights, biases = [], []
        for column, i in enumerate(self.layers):
            W, *b = views[i]
            chosen = W[:, list(self.units[column + 1])]
            if column or self.raster is None:
                chosen = chosen[list(self.units[column])]
            weights.append(chosen)
            biases.append(b[0][list(self.units[column + 1])] if b else [])
        with np.errstate(all="ignore"):
            traced = forward(layout, theta, case.x)
            levels = [case.x[0], *(traced.a[i][0] for i in self.layers)]
            seen = self._maps(network, material, plane, levels, np.asarray(weights[0]))
        return {
            "key": self.key,
            "weights": [packed(W) for W in weights[1 if self.raster else 0 :]],
            "biases": [packed(b) for b in biases],
            "levels": [packed(a[list(units)])
                       for a, units in zip(levels, self.units, strict=True)],
            "seen": seen,
            "case": case.name,
        }  # fmt: skip

    def _maps(
        self, network: Network, material: Material, plane: Plane | None,
        levels: Sequence[NDArray[Any]], first: NDArray[Any],
    ) -> list[Any]:  # fmt: skip
        """For each column the pictures in its units: bytes (units, rows, columns)."""
        if self.raster is None and plane is not None:
            X, side = coarse(plane)
            trace = forward(network.layout, network.theta, X)
            columns = [X, *(trace.a[i] for i in self.layers)]
        else:  # no two numbers to span: how it responds to the row that is followed
            side, columns = 1, [level[None] for level in levels]
        made = []
        for column, (a, units) in enumerate(zip(columns, self.units, strict=True)):
            chosen = a[:, list(units)].T.reshape(len(units), side, side)
            outputs = column == len(self.units) - 1
            made.append(packed(as_outputs(chosen, material) if outputs else bytes_of(chosen),
                               "uint8"))  # fmt: skip
        if self.raster is not None:
            picture = np.nan_to_num(self.raster.laid_out(levels[0][None]))
            made[0] = packed(parts_of(picture, 0.0, float(picture.max()) or 1.0), "uint8")
            if len(self.units) > 2:  # outputs show their probability
                made[1] = packed(bytes_of(self.raster.laid_out(first.T)), "uint8")
        return made


def parts_of_names(material: Material) -> dict[int, tuple[str, str]]:
    """Of inputs that are one of several of a column: what each is, and the column."""
    made, i = {}, 0
    for column in material.encoder.columns:
        names = column.feature_names
        for name in names:
            if len(names) > 1 and name != column.name:
                made[i] = name.removeprefix(column.name)[1:], column.name
            i += 1
    return made


def output_names(material: Material) -> list[str]:
    """What each output is of."""
    if isinstance(material.target, ClassTarget):
        labels = [str(label) for label in material.target.classes]
        return labels if material.target.n_outputs > 1 else [f"{labels[1]}"]
    return [material.target_name]


def output_kind(material: Material) -> str:
    """How outputs are drawn: "two" classes by one of them, "several" by one each, or "values"."""
    if isinstance(material.target, ClassTarget):
        return "several" if material.target.n_outputs > 1 else "two"
    return "values"


def coarse(plane: Plane) -> tuple[NDArray[np.float64], int]:
    """Some of the rows of a plane, and how many along each side."""
    places = np.linspace(0, plane.side - 1, min(SIDE, plane.side)).round().astype(int)
    grid = plane.X.reshape(plane.side, plane.side, -1)[np.ix_(places, places)]
    return grid.reshape(len(places) ** 2, -1), len(places)


def bytes_of(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Numbers (units, ...) as bytes about 128, which is 0, each unit's by its largest.

    Examples
    --------
    >>> bytes_of(np.array([[2.0, -1.0], [0.1, 0.0]])).tolist()
    [[255, 64], [153, 128]]
    """
    if not len(values):
        return np.zeros(values.shape, np.uint8)
    sizes = np.nan_to_num(np.abs(values).reshape(len(values), -1), posinf=0.0).max(1)
    most = np.maximum(sizes, FAINT * sizes.max())
    most = np.where(most > 0, most, 1.0).reshape(-1, *(1,) * (values.ndim - 1))
    parts = np.clip(128 + 127 * np.nan_to_num(values / most), 0, 255)
    made: NDArray[np.uint8] = parts.round().astype(np.uint8)
    return made


def parts_of(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Numbers from low to high as bytes from 0 to 255."""
    parts = (np.nan_to_num(values, nan=low) - low) / (high - low or 1.0)
    made: NDArray[np.uint8] = np.clip(255 * parts, 0, 255).round().astype(np.uint8)
    return made


def as_outputs(values: NDArray[Any], material: Material) -> NDArray[np.uint8]:
    """Outputs (units, ...) as bytes: of a probability, or of where in the range of the targets."""
    if isinstance(material.target, ClassTarget):
        return parts_of(values, 0.0, 1.0)
    return parts_of(values, float(material.y.min()), float(material.y.max()))
