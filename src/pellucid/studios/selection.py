"""A selection is the unit, the edge or the row of the data that a person pointed at."""

from __future__ import annotations

import re
from dataclasses import dataclass

PATTERN = re.compile(
    r"unit-(\d{1,4})-(\d{1,4})|edge-(\d{1,4})-(\d{1,4})-(\d{1,4})|(train|test)-(\d{1,9})", re.ASCII
)


@dataclass(frozen=True)
class Selection:
    """What is pointed at; layer 0 is the inputs, all counts begin at 0.

    Parameters
    ----------
    kind : "unit", "edge", or "train" and "test": a row to train on, or to test on.
    layer, unit : of a unit, or of where an edge ends.
    source : of an edge, the unit of the layer before; -1 is the bias.
    row : of a row, its place in `Material.trained` or `Material.tested`.

    Examples
    --------
    >>> Selection.read("edge-1-3-2")
    Selection(kind='edge', layer=1, unit=2, source=2, row=0)
    >>> str(Selection.read("test-7")), Selection.read("elsewhere")
    ('test-7', None)
    """

    kind: str
    layer: int = 0
    unit: int = 0
    source: int = 0
    row: int = 0

    def __str__(self) -> str:
        if self.kind == "unit":
            return f"unit-{self.layer}-{self.unit}"
        if self.kind == "edge":
            return f"edge-{self.layer}-{self.source + 1}-{self.unit}"
        return f"{self.kind}-{self.row}"

    @classmethod
    def read(cls, text: str) -> Selection | None:
        """The selection that a text is of; None where it is of none."""
        found = PATTERN.fullmatch(text)
        if found is None:
            return None
        layer, unit, at, source, to, kind, row = found.groups()
        if kind:
            return cls(kind, row=int(row))
        if layer:
            return cls("unit", int(layer), int(unit))
        return cls("edge", int(at), int(to), int(source) - 1)
