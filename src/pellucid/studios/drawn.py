"""A sketch is points that were drawn by hand, each of a class; a few of them fit in an address."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pellucid.tables import Table, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CLASSES = "ABCDEF"
"""What classes are called, in the order of the colours of pictures."""

START = "drawn-"
"""How the name of data begins that holds the points themselves."""

STEPS = 2000
"""From the middle to the edge: places are such parts of 1, which two signs can say."""

MOST_IN_ADDRESS, MOST = 200, 2000
"""Points that an address has room for, and that can be drawn."""

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
POINT = re.compile(f"[{CLASSES}][{re.escape(SIGNS)}]{{4}}")


@dataclass(frozen=True)
class DrawnPoints:
    """Points in the plane, from -1 to 1 each way.

    Parameters
    ----------
    points : (x, y, number of its class) of each, x and y in parts of 1 / `STEPS`.

    Examples
    --------
    >>> sketch = DrawnPoints.of([(0.5, -1.0, 0), (0.25, 0.0, 1)])
    >>> sketch.name
    'drawn-Au4AABnEfQ'
    >>> DrawnPoints.read(sketch.name) == sketch
    True
    >>> sketch.table().frame.rows()
    [(0.5, -1.0, 'A'), (0.25, 0.0, 'B')]
    """

    points: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def of(cls, points: Sequence[tuple[float, float, int]]) -> DrawnPoints:
        """The sketch of places from -1 to 1; what is beyond comes to the edge."""
        return cls(tuple((_step(x), _step(y), int(k)) for x, y, k in points[:MOST]))

    @property
    def name(self) -> str:
        """All of it as a text."""
        return START + "".join(
            CLASSES[k] + _two(x + STEPS) + _two(y + STEPS) for x, y, k in self.points
        )

    @property
    def fits(self) -> bool:
        """Whether an address has room for it."""
        return len(self.points) <= MOST_IN_ADDRESS

    @classmethod
    def read(cls, name: str) -> DrawnPoints:
        """The sketch whose `name` this is.

        Raises
        ------
        ValueError
            If it is none.
        """
        text = name.removeprefix(START)
        groups = [text[i : i + 5] for i in range(0, len(text), 5)]
        if len(groups) > MOST or not all(POINT.fullmatch(group) for group in groups):
            raise ValueError("the drawn points of this address are damaged: draw them once more")
        return cls(tuple((_number(g[1:3]), _number(g[3:5]), CLASSES.index(g[0])) for g in groups))

    def places(self) -> list[tuple[float, float, int]]:
        """The points, from -1 to 1."""
        return [(x / STEPS, y / STEPS, k) for x, y, k in self.points]

    def table(self) -> Table:
        """A table of them; ValueError where there are not two classes to tell apart."""
        if len({k for _, _, k in self.points}) < 2:
            raise ValueError("draw points of two classes at least: there is nothing to tell apart")
        X = [[x, y] for x, y, _ in self.places()]
        labels = [CLASSES[k] for _, _, k in self.points]
        table = table_of(X, labels, ["x1", "x2"], "class", scaling="none")
        return replace(table, task="classification")


def _step(part: float) -> int:
    return max(-STEPS, min(STEPS, round(part * STEPS)))


def _two(number: int) -> str:
    return SIGNS[number // 64] + SIGNS[number % 64]


def _number(two: str) -> int:
    return min(SIGNS.index(two[0]) * 64 + SIGNS.index(two[1]), 2 * STEPS) - STEPS
