"""A label is a text on a picture; here it finds a size and a place where it can be read.

What does not fit at 7 points, the smallest that is read with ease, is left out, so that no two
texts lie on one another however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend

SMALLEST, NAME_SIZE, LARGEST = 7.0, 8.5, 9.5
"""Points that a text within a picture has at the least, as a class's name, and at the most."""

LONGEST_NAME = 18
"""Characters of a class's or column's name that are written."""

POINTS_AN_INCH = 72.0


def shortened(name: Any, longest: int = LONGEST_NAME) -> str:
    """A name that is not too long: its middle gives way, as names differ at their ends.

    Examples
    --------
    >>> shortened("never-married"), shortened("Married-civilian-spouse-17")
    ('never-married', 'Married-civ…use-17')
    """
    text = " ".join(str(name).split())
    if len(text) <= longest:
        return text
    end = (longest - 1) * 2 // 5
    return text[: longest - 1 - end] + "…" + text[-end:]


def distinct(names: Sequence[Any], longest: int = LONGEST_NAME) -> list[str]:
    """Names that are not too long, and as different as they were.

    Of names that come out alike, what they have in common gives way in place of their middles;
    where that is not enough, the last letters are the name's number.

    Examples
    --------
    >>> distinct(["class number 7 with a long name", "class number 71 with a long name", "other"])
    ['class number 7…', 'class number 71…', 'other']
    """
    whole = [" ".join(str(name).split()) for name in names]
    made = [shortened(name, longest) for name in whole]
    for alike in _alike(made, whole):
        texts = sorted({whole[i] for i in alike})
        start = _shared(texts)
        end = _shared([text[start:][::-1] for text in texts])
        for i in alike:
            middle = whole[i][start : len(whole[i]) - end]
            before = max(longest - len(middle) - 1, 0)  # of the letters in front, with one for "…"
            cut = start <= before
            head = whole[i][:start] if cut else "…" + whole[i][start - max(before - 1, 0) : start]
            made[i] = shortened(head + middle, longest - 1) + ("…" if end else "")
    for alike in _alike(made, whole):
        for i in alike:
            number = f" ({i + 1})"
            made[i] = shortened(whole[i], longest - len(number)) + number
    return made


def _shared(texts: Sequence[str]) -> int:
    """How many letters all texts begin with together."""
    first, last = min(texts), max(texts)
    pairs = zip(first, last, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(first), len(last)))


def _alike(made: Sequence[str], whole: Sequence[str]) -> list[list[int]]:
    """The places of texts that are one, though the names that they are of are not."""
    places: dict[str, list[int]] = {}
    for i, text in enumerate(made):
        places.setdefault(text, []).append(i)
    return [some for some in places.values() if len({whole[i] for i in some}) > 1]


@lru_cache(maxsize=4096)
def extent(text: str) -> tuple[float, float]:
    """Width and height of a text, as parts of its size."""
    from matplotlib.textpath import TextPath

    box = TextPath((0, 0), text.replace("$", r"\$"), size=100).get_extents()
    return box.width / 100, box.height / 100


def fitting_size(texts: Sequence[str], width: float, height: float) -> float:
    """The size in points at which each of the texts fits in a box of so many points."""
    sizes = [LARGEST]
    for text in texts:
        wide, high = extent(text)
        sizes += [width / max(wide, 1e-9), height / max(high, 1e-9)]
    return min(sizes)


def cell(ax: Axes, columns: int, rows: int) -> tuple[float, float]:
    """Width and height in points of one of the equal cells that the Axes is divided in."""
    figure: Any = ax.get_figure(root=True)
    figure.draw_without_rendering()  # only now is the place of everything known
    box = ax.get_window_extent()
    points = POINTS_AN_INCH / figure.dpi
    return box.width * points / columns, box.height * points / rows


def name_cells(ax: Axes, across: Sequence[Any], down: Sequence[Any]) -> None:
    """Name the columns and rows of an image: upright where they are long, every nth where many."""
    columns, rows = distinct(across), distinct(down)
    dense = max(len(rows), len(columns)) > 30
    size = SMALLEST if dense else NAME_SIZE
    line = 1.3 * size  # of text, with what sets it off from the next
    widest = max(extent(name)[0] for name in columns) * size
    _set_names(ax, columns, rows, size, 1, 1, upright=False)
    upright = widest > 0.85 * cell(ax, len(columns), len(rows))[0]
    if upright:
        _set_names(ax, columns, rows, size, 1, 1, upright=True)
    wide, high = cell(ax, len(columns), len(rows))
    by_column = ceil(line / wide) if upright else 1
    _set_names(ax, columns, rows, size, by_column, ceil(line / high), upright)


def name_ticks(ax: Axes, names: Sequence[Any]) -> None:
    """Name the places 0, 1, ... along an Axes, as `name_cells` does."""
    texts = distinct(names)
    room = cell(ax, len(texts), 1)[0]
    upright = max(extent(text)[0] for text in texts) * NAME_SIZE > 0.85 * room
    step = ceil(1.3 * NAME_SIZE / room) if upright else 1
    ax.set_xticks(
        range(0, len(texts), step), texts[::step], rotation=90 if upright else 0,
        fontsize=NAME_SIZE, parse_math=False,
    )  # fmt: skip


def name_values(ax: Axes, values: Sequence[float], texts: Sequence[str]) -> None:
    """Ticks along an Axes at these values and no others, named as far as there is room."""
    cell(ax, 1, 1)  # all is in its place from here on
    pixels = ax.transData.transform([(value, ax.get_ylim()[0]) for value in values])[:, 0]
    figure: Any = ax.get_figure(root=True)
    written, free = [""] * len(texts), -np.inf
    for i in np.argsort(pixels):
        half = (extent(texts[i])[0] * NAME_SIZE / 2 + 3) * figure.dpi / POINTS_AN_INCH
        if pixels[i] - half >= free:
            written[i], free = texts[i], pixels[i] + half
    ax.set_xticks(values, written, fontsize=NAME_SIZE)
    ax.minorticks_off()


def _set_names(
    ax: Axes,
    columns: Sequence[str],
    rows: Sequence[str],
    size: float,
    by_column: int,
    by_row: int,
    upright: bool,
) -> None:
    literal: dict[str, Any] = {"fontsize": size, "parse_math": False}
    rotation = 90 if upright else 0
    ax.set_xticks(
        range(0, len(columns), by_column), columns[::by_column], rotation=rotation, **literal
    )
    ax.set_yticks(range(0, len(rows), by_row), rows[::by_row], **literal)


def legend_below(ax: Axes, handles: Sequence[Any], columns: int = 3) -> Legend:
    """A legend under the Axes and what is written along it, where it hides nothing."""
    from matplotlib.transforms import ScaledTranslation

    figure: Any = ax.get_figure(root=True)
    figure.draw_without_rendering()
    under = ax.xaxis.get_tightbbox()
    deep = 0.0 if under is None else (ax.get_window_extent().y0 - under.y0) / figure.dpi
    down = ScaledTranslation(0, -deep - 5 / POINTS_AN_INCH, figure.dpi_scale_trans)
    return ax.legend(
        handles=list(handles),
        ncols=min(columns, len(handles)),
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=ax.transAxes + down,
        borderaxespad=0.0,
        columnspacing=1.4,
        handlelength=1.6,
    )
