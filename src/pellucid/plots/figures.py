"""A figure is the sheet that pictures are drawn on, and what is written to a file.

matplotlib loads when the first is made (`pip install "pellucid[plots]"`). Its global state (pyplot)
is never touched: a figure lives as long as something refers to it, and no window opens.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.plots.palette import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

FORMATS = ("png", "svg", "pdf")
"""The kinds of picture that are written, by the ending of the file's name."""

REPEATABLE: dict[str, dict[str, Any]] = {
    "png": {},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}
"""Metadata left out, so that the same picture gives the same bytes."""


def new_figure(width: float, height: float, style: str = "auto") -> Figure:
    """An empty figure of that many inches, on the ground of its theme.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    refuse_without_matplotlib()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(theme(style).settings):
        return Figure(figsize=(width, height), layout="constrained")


def side_by_side(
    n: int, width: float = 5.2, height: float = 4.2, style: str = "auto"
) -> tuple[Figure, list[Axes]]:
    """A figure with `n` Axes in a row, to draw on and then `save`.

    Parameters
    ----------
    width, height : of each of them, in inches.
    style : "light", "dark", or "auto", which is light.
    """
    from matplotlib import rc_context

    figure = new_figure(width * n, height, style)
    with rc_context(theme(style).settings):
        return figure, [figure.add_subplot(1, n, i + 1) for i in range(n)]


def panels(ax: Axes, rows: int, columns: int) -> NDArray[Any]:
    """(rows, columns) Axes in the place of `ax`, which is itself no longer seen."""
    import numpy as np

    ax.set_axis_off()
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError("ax has no place in a grid to be divided: make it with add_subplot")
    grid = place.subgridspec(rows, columns)
    made = np.empty((rows, columns), dtype=object)
    for row, column in np.ndindex(rows, columns):
        made[row, column] = ax.figure.add_subplot(grid[row, column])
    return made


def save(figure: Figure, path: str | os.PathLike[str], dpi: float = 150) -> None:
    """Write a figure as the kind of picture its name ends in: .png, .svg, .pdf.

    The same program gives the same bytes again.

    Parameters
    ----------
    dpi : dots an inch of a .png, and of what is drawn in dots in the others.

    Raises
    ------
    ValueError
        If the name ends otherwise.
    """
    from matplotlib import rc_context

    ending = format_of(path)
    figure.draw_without_rendering()  # what fits where is only known once all has been drawn
    with rc_context({"svg.hashsalt": "pellucid", "svg.fonttype": "path"}):
        figure.savefig(path, format=ending, dpi=dpi, metadata=REPEATABLE[ending])


def format_of(path: str | os.PathLike[str]) -> str:
    """The kind of picture a file's name asks for.

    Examples
    --------
    >>> format_of("curve.SVG")
    'svg'
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise ValueError(
            f"{str(path)!r} does not end in .png, .svg or .pdf: a picture is one of these"
        )
    return ending


def refuse_without_matplotlib() -> None:
    """Say how to install matplotlib where it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ImportError(
            'a picture needs matplotlib, which is not installed: pip install "pellucid[plots]"'
        ) from error
