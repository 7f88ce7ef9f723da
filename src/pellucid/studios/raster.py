"""A raster is a picture as rows of pixels: what rows of some data are, and a drawing becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.studios.material import Material

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

FINE = 8
"""Points along each side of a pixel at which ink is looked for."""

INKED = 0.15
"""Of the brightest pixel: what is darker is taken for empty when a picture is measured."""

MOST_MEASURED = 500
"""Pictures of the data that the usual size is taken from."""


@dataclass(frozen=True, eq=False)
class Raster:
    """How the pictures of some data are made.

    Parameters
    ----------
    shape : rows and columns.
    names : (inputs,) the column of each input of the network.
    places : (inputs,) the pixel of each, row by row.
    full : what a pixel is where all is ink.
    size : of what is drawn, its longer side in pixels, usually.
    centre : (row, column) of its centre of mass, usually.
    """

    shape: tuple[int, int]
    names: tuple[str, ...]
    places: NDArray[np.intp]
    full: float
    size: float
    centre: tuple[float, float]

    @classmethod
    def of(cls, material: Material, network: Any) -> Raster | None:
        """That of the pictures that the rows are; None where they are none.

        Examples
        --------
        >>> from pellucid.studios.experiment import Experiment
        >>> experiment = Experiment("digits")
        >>> material = Material.of(experiment)
        >>> raster = Raster.of(material, material.network(experiment))
        >>> raster.shape, raster.full, round(raster.size)
        ((8, 8), 16.0, 8)
        """
        from pellucid.plots.first_layer import SMALLEST_SIDE, pixels_of
        from pellucid.subject import subject_of

        try:
            shape, places = pixels_of(subject_of(material.predictor(network)))
        except ValueError:
            return None
        if min(shape) < SMALLEST_SIDE:
            return None
        names = tuple(column.name for column in material.encoder.columns)
        rows = np.zeros((min(len(material.trained), MOST_MEASURED), shape[0] * shape[1]))
        rows[:, places] = material.trained.head(MOST_MEASURED).select(names).to_numpy()
        pictures = np.nan_to_num(rows).reshape(-1, *shape)
        full = float(pictures.max()) or 1.0
        measured = [_measured(each / full) for each in pictures if each.max() > INKED * full]
        size, y, x = np.median(measured, axis=0) if measured else (min(shape), 0, 0)
        return cls(shape, names, places, full, float(size), (float(y), float(x)))

    def pixels(self, ink: NDArray[Any]) -> NDArray[np.float64]:
        """The picture (rows, columns) of what was drawn, as large and as central as the data are.

        Parameters
        ----------
        ink : (height, width) of the pad, from 0 to 1.
        """
        rows, columns = self.shape
        ink = np.asarray(ink, float)
        if ink.max(initial=0.0) <= INKED:
            return np.zeros(self.shape)
        ys, xs = np.nonzero(ink > INKED)
        top, left = ys.min(), xs.min()
        height, width = ys.max() + 1 - top, xs.max() + 1 - left
        scale = self.size / max(height, width)  # pixels of the picture for one of the pad
        mass_y, mass_x = _mass(ink)
        down = _kept(self.centre[0] - (mass_y - top) * scale, rows - height * scale)
        across = _kept(self.centre[1] - (mass_x - left) * scale, columns - width * scale)
        y = top + ((np.arange(rows * FINE) + 0.5) / FINE - down) / scale
        x = left + ((np.arange(columns * FINE) + 0.5) / FINE - across) / scale
        within = (y >= 0) & (y < ink.shape[0]), (x >= 0) & (x < ink.shape[1])
        fine = ink[np.ix_(*(np.clip(at, 0, n - 1).astype(int)
                            for at, n in zip((y, x), ink.shape, strict=True)))]  # fmt: skip
        fine = fine * np.outer(*within)
        pixels: NDArray[np.float64] = fine.reshape(rows, FINE, columns, FINE).mean((1, 3))
        return pixels * self.full

    def frame(self, pixels: NDArray[Any]) -> polars.DataFrame:
        """A picture as the row of a table."""
        import polars as pl

        values = pixels.reshape(-1)[self.places].tolist()
        return pl.DataFrame({name: [v] for name, v in zip(self.names, values, strict=True)})

    def of_rows(self, frame: polars.DataFrame) -> NDArray[np.float64]:
        """(n, rows, columns) of rows of a table."""
        values = frame.select(self.names).to_numpy()
        return self.laid_out(np.asarray(values, float))

    def laid_out(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """(n, rows, columns) of what there is for each input (n, inputs); NaN elsewhere."""
        made = np.full((len(values), self.shape[0] * self.shape[1]), np.nan)
        made[:, self.places] = values
        return made.reshape(-1, *self.shape)


def _measured(picture: NDArray[Any]) -> tuple[float, float, float]:
    """The longer side of what is drawn, and its centre of mass."""
    ys, xs = np.nonzero(picture > INKED)
    y, x = _mass(picture)
    return float(max(np.ptp(ys), np.ptp(xs)) + 1), y, x


def _mass(picture: NDArray[Any]) -> tuple[float, float]:
    total = picture.sum()
    y = float(picture.sum(axis=1) @ (np.arange(picture.shape[0]) + 0.5) / total)
    x = float(picture.sum(axis=0) @ (np.arange(picture.shape[1]) + 0.5) / total)
    return y, x


def _kept(start: float, room: float) -> float:
    """The start of what is drawn, so that it stays within the picture."""
    return min(max(start, 0.0), room) if room > 0 else room / 2
