"""Text weights are a network's numbers as text files, one for each array, that people can read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHAPE = re.compile(r"^# shape ([\d ]+)$")


def write_text(folder: str | os.PathLike[str], arrays: Mapping[str, NDArray[np.float64]]) -> None:
    """One file `name.txt` for each array: its shape in the first line, then a row a line.

    Numbers have 17 significant digits, so that reading gives the very same float64.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        shape = " ".join(str(n) for n in array.shape)
        np.savetxt(folder / f"{name}.txt", np.atleast_2d(array), "%.17g", header=f"shape {shape}")


def read_text(
    folder: str | os.PathLike[str], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, NDArray[np.float64]]:
    """The arrays of the given names, from the files that `write_text` made.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file's shape is not the one expected; both are named.
    """
    arrays = {}
    for name, shape in shapes.items():
        path = Path(folder) / f"{name}.txt"
        with path.open() as lines:
            match = _SHAPE.match(lines.readline().rstrip("\n"))
            numbers = np.loadtxt(lines, ndmin=2)
        if match is None:
            raise ValueError(f"{str(path)!r} does not begin with '# shape ...'")
        found = tuple(int(n) for n in match[1].split())
        if found != shape or numbers.size != np.prod(shape):
            raise ValueError(f"{str(path)!r} holds shape {found} and the network needs {shape}")
        arrays[name] = numbers.reshape(shape)
    return arrays
