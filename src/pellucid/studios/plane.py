"""A plane is what a picture of two inputs spans: a grid of rows, all else at its middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.studios.material import Material

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

MOST_NUMBERS = 2_000_000
"""Of the grid as the network gets it; with many inputs the grid is coarser."""

MOST_ASKED = 2000
"""Rows that say which inputs tell most."""

MARGIN = 0.08
"""Beyond the data, in parts of their range."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Two inputs, and rows of all of them in between.

    Parameters
    ----------
    names : of the inputs across and up.
    ranges : (low, high) of each, as the table has them.
    side : rows of the grid along each.
    X : (side * side, inputs) as the network gets them, line by line from the lowest up.
    """

    names: tuple[str, str]
    ranges: tuple[tuple[float, float], tuple[float, float]]
    side: int
    X: NDArray[np.float64]

    @classmethod
    def of(cls, material: Material, x: str = "", y: str = "", side: int = 100) -> Plane | None:
        """The plane of two inputs, by default those that tell most; None where no number varies.

        Examples
        --------
        >>> from pellucid.studios.experiment import Experiment
        >>> plane = Plane.of(Material.of(Experiment("iris")), side=50)
        >>> plane.names, plane.X.shape
        (('petal length (cm)', 'petal width (cm)'), (2500, 4))
        """
        frame = material.trained.drop(material.target_name)
        names = spanning(material)
        if not names:
            return None
        first = telling(material, names)
        across = x if x in names else next((name for name in first if name != y), first[0])
        others = [y, *first] if y in names else first
        up = next((name for name in others if name != across), across)
        side = max(min(side, int(np.sqrt(MOST_NUMBERS / material.X.shape[1]))), 16)
        ranges = _range(material, across), _range(material, up)
        low_to_high, upwards = (np.linspace(low, high, side) for low, high in ranges)
        grid = {across: np.tile(low_to_high, side)}
        if up != across:
            grid[up] = np.repeat(upwards, side)
        rows = _middle(frame, side * side).with_columns(**_series(grid, frame))
        return cls(
            (across, up), ranges, side, material.encoder.transform(rows.select(frame.columns))
        )


def spanning(material: Material) -> list[str]:
    """The inputs that a plane can span: numbers that vary."""
    frame = material.trained.drop(material.target_name)
    return [
        column.name for column in frame
        if column.dtype.is_numeric() and column.drop_nulls().n_unique() > 1
    ]  # fmt: skip


def telling(material: Material, names: list[str]) -> list[str]:
    """The two of these inputs that each tell most of the target, in the table's order."""
    if len(names) <= 2:
        return names
    few = material.trained.head(MOST_ASKED).select(names).cast(dict.fromkeys(names, float))
    X = np.ma.masked_invalid(few.to_numpy())
    X = (X - X.mean(axis=0)).filled(0.0)
    y = material.y[:MOST_ASKED] - material.y[:MOST_ASKED].mean(axis=0)
    spread = (X**2).sum(axis=0)
    told = ((X.T @ y) ** 2).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    most = np.sort(np.argsort(-told, kind="stable")[:2])
    return [names[i] for i in most]


def _range(material: Material, name: str) -> tuple[float, float]:
    import polars as pl

    values = pl.concat([material.trained[name], material.tested[name]]).cast(pl.Float64)
    values = values.filter(values.is_finite())
    low, high = float(values.min() or 0.0), float(values.max() or 0.0)  # type: ignore[arg-type]
    margin = MARGIN * (high - low or 1.0)
    return low - margin, high + margin


def _middle(frame: polars.DataFrame, n: int) -> polars.DataFrame:
    """So many rows, all of them the middle one: medians of numbers, else what is most frequent."""
    import polars as pl

    made: list[Any] = []
    for column in frame:
        present = column.drop_nulls()
        if column.dtype.is_numeric():
            made.append(pl.Series(column.name, [present.median()], pl.Float64))
        else:
            made.append(
                pl.Series(column.name, [*present.mode().sort()[:1], None][:1], column.dtype)
            )
    return pl.DataFrame(made).select(pl.all().repeat_by(n).explode())


def _series(grid: dict[str, Any], frame: polars.DataFrame) -> dict[str, Any]:
    import polars as pl

    return {name: pl.Series(name, values, pl.Float64) for name, values in grid.items()}
