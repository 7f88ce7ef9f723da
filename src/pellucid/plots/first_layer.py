"""The weights of a first layer, each unit's laid out as the picture that it looks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil, isqrt, sqrt
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.layers import Scale
from pellucid.plots.display import Display
from pellucid.plots.member import member_of
from pellucid.subject import NUMERIC, Subject, subject_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

SMALLEST_SIDE = 5
"""Fewer pixels a side are not taken for a picture unless its shape is given."""

CELL, GUTTER = 1.0, 0.12
"""Width of a picture and of the space between two, in the Axes' own unit."""


class FirstLayerDisplay(Display):
    """Each unit's weights as a picture: blue where a bright pixel drives it, orange where it stops.

    Parameters
    ----------
    images : (n, rows, columns) weights; NaN at pixels that the model does not look at.
    units : (n,) which units of the layer they are, from 0.
    n_units : of the whole layer.

    Attributes
    ----------
    images_ : n AxesImages.
    colorbar_ : of all of them: its middle is 0.

    Examples
    --------
    >>> from pellucid import Network
    >>> display = FirstLayerDisplay.from_estimator(Network([64, 4, 10], seed=0))
    >>> display.images.shape, len(display.images_)
    ((4, 8, 8), 4)
    """

    title = "weights of the first layer"
    images_: list[AxesImage]
    colorbar_: Any

    def __init__(self, images: NDArray[Any], units: Sequence[int], n_units: int) -> None:
        self.images, self.units, self.n_units = images, tuple(units), n_units

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        *,
        shape: tuple[int, int] | None = None,
        network: int | None = None,
        max_units: int = 25,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """The first weights of a fitted model whose inputs are pixels.

        Parameters
        ----------
        model : fitted, of any kind, or the path of a model file.
        shape : rows and columns of the pictures; by default a square of as many pixels.
        network : of several that a model averages, which one, from 1; by default the first.
        max_units : of more, those with the largest weights are shown.

        Raises
        ------
        ValueError
            If the inputs are no pixels of such a picture.
        """
        subject = subject_of(model)
        if max_units < 1:
            raise ValueError(f"max_units is {max_units}: expected 1 or more")
        chosen = member_of(subject, network)
        layers = chosen.architecture.layers
        views = chosen.layout.views(chosen.theta)
        W = np.asarray(views[0][0], np.float64)
        if isinstance(layers[0], Scale) and len(layers) > 1:  # what reaches the units of a pixel
            W = W[:, None] * np.asarray(views[1][0], np.float64)
        shape, places = pixels_of(subject, shape)
        size = np.linalg.norm(W, axis=0)
        units = sorted(np.argsort(-size, kind="stable")[:max_units].tolist())
        images = np.full((len(units), shape[0] * shape[1]), np.nan)
        images[:, places] = W[:, units].T
        return cls(images.reshape(-1, *shape), units, W.shape[1]).plot(ax, style=style)

    def _heading(self) -> str:
        return f"{self.title}, {len(self.units)} of {self.n_units} units"

    @property
    def _columns(self) -> int:
        rows, columns = self.images.shape[1:]
        return min(len(self.images), max(1, ceil(sqrt(len(self.images) * rows / columns))))

    @property
    def _size(self) -> tuple[float, float]:
        across, down = self._columns, ceil(len(self.images) / self._columns)
        rows, columns = self.images.shape[1:]
        width, height = sqrt(columns / rows), sqrt(rows / columns)  # about an inch square each
        return max(across * width + 1.3, 3.6), max(down * (height + 0.25) + 0.5, 2.0)

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw the pictures in a grid, under one scale of colours.

        Parameters
        ----------
        ax : matplotlib Axes; a new figure's where None.
        style : "light" or "dark"; "auto" goes by the ground of `ax`.
        """
        from matplotlib.patches import Rectangle

        columns = self._columns
        rows = ceil(len(self.images) / columns)
        tall = self.images.shape[1] / self.images.shape[2]
        label = 0.22 * max(sqrt(tall), 0.2)  # room for its number above each
        step = tall * CELL + label + GUTTER / 2
        most = float(np.nanmax(np.abs(self.images))) or 1.0
        with self._canvas(ax, style) as (ax, theme):
            cmap = theme.diverging.with_extremes(bad=theme.line)
            self.images_ = []
            for i, picture in enumerate(self.images):
                left = (i % columns) * (CELL + GUTTER)
                top = (i // columns) * step
                where = (left, left + CELL, top + tall * CELL, top)
                self.images_.append(
                    ax.imshow(
                        np.ma.masked_invalid(picture),
                        cmap=cmap,
                        vmin=-most,
                        vmax=most,
                        extent=where,
                        interpolation="nearest",
                    )
                )
                frame = Rectangle(
                    (left, top), CELL, tall * CELL, fill=False, ec=theme.line, linewidth=0.6
                )
                ax.add_patch(frame)
                ax.text(
                    left + CELL / 2,
                    top - 0.1 * label,
                    str(self.units[i] + 1),
                    ha="center",
                    va="bottom",
                    color=theme.muted,
                    fontsize=7.0,
                )
            ax.set(
                xlim=(-GUTTER, columns * (CELL + GUTTER)), ylim=(rows * step - label, -1.1 * label)
            )  # fmt: skip
            ax.set_aspect("equal")
            ax.set_axis_off()
            shown = len(self.images)
            which = f"{shown} of {self.n_units} units" if shown < self.n_units else f"{shown} units"
            ax.set_title(f"Weights of the first layer, {which if shown > 1 else '1 unit'}")
            self.colorbar_ = ax.figure.colorbar(self.images_[0], ax=ax, label="weight", shrink=0.8)
        return self


def pixels_of(
    subject: Subject, shape: tuple[int, int] | None = None
) -> tuple[tuple[int, int], NDArray[np.intp]]:
    """The shape of a model's pictures, and the place of each input in them, row by row.

    Columns whose names end in a pixel's row and column, as "pixel_4_5" does, lie there; so do those
    that end in a pixel's number, as "pixel37" does, where some are missing because an encoder drops
    pixels that never change. All others lie in their own order, as many as a picture has pixels.

    Raises
    ------
    ValueError
        If the inputs are not numbers of alike columns, or do not fill such a picture.
    """
    purpose = "pictures of weights are for models whose inputs are pixels"
    for each in subject.inputs:
        if each.kind != NUMERIC:
            raise ValueError(f"input {each.name!r} is no pixel: {purpose}")
    columns, n = [subject.columns[each.column] for each in subject.inputs], len(subject.inputs)
    stems = {re.sub(r"[\d\s_.,x-]+", "", name.lower()) for name in columns}
    if len(stems) > 1 and shape is None:
        raise ValueError(f"columns such as {columns[0]!r} and {columns[-1]!r} differ: {purpose}")
    numbered = [re.search(r"(?:(\d+)[_x., -])?(\d+)$", name) for name in columns]
    found = [(match[1], match[2]) for match in numbered if match]
    placed = _by_number(found, shape) if len(found) == n else None
    if placed is not None:
        return placed
    side = isqrt(n)
    if shape is None and side * side == n and side >= SMALLEST_SIDE:
        shape = (side, side)
    if shape is not None and shape[0] * shape[1] == n:
        return shape, np.arange(n)
    if shape is not None:
        pixels = shape[0] * shape[1]
        raise ValueError(f"shape {shape} is of {pixels} pixels, and the model has {n} inputs")
    raise ValueError(
        f"{n} inputs are no square picture of {SMALLEST_SIDE} or more pixels a side: give "
        f"shape=(rows, columns) if they are pixels; {purpose}"
    )


def _by_number(
    found: Sequence[tuple[str | None, str]], shape: tuple[int, int] | None
) -> tuple[tuple[int, int], NDArray[np.intp]] | None:
    """Shape and places by the numbers that names end in; None if they make no such picture."""
    last = np.array([int(end) for _, end in found])
    if all(row is not None for row, _ in found):
        rows = np.array([int(row or 0) for row, _ in found])
        first = min(rows.min(), last.min(), 1)  # counted from 0 or from 1
        rows, last = rows - first, last - first
        side = int(max(rows.max(), last.max())) + 1
        shape = shape or (side, side)
        places = np.where(last < shape[1], rows * shape[1] + last, -1)
    elif np.ptp(last) == len(last) - 1:
        return None  # none is missing, so that their order is all there is to know
    else:
        side = isqrt(int(last.max()) - 1) + 1 if last.max() > 1 else 1
        side += int(side * side == last.max() and last.min() == 0)
        shape = shape or (side, side)
        places = last - int(last.max() == shape[0] * shape[1])
    pixels = shape[0] * shape[1]
    fits = len(set(places.tolist())) == len(places) and places.min() >= 0 and places.max() < pixels
    # An encoder drops pixels of the margin: if most are gone, these were none.
    fits = fits and min(shape) >= SMALLEST_SIDE and 2 * len(places) > pixels
    return (shape, places) if fits else None
