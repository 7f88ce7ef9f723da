"""Text weights are a network's numbers as text files, one for each layer, that people can read.

Each array of a layer is headed by its name and shape, and then has a row of numbers a line. A
folder has the layers of one network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.atomic import write_atomically

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[np.float64]]

HEAD = re.compile(r"# (\w+), shape ([0-9]{1,15}(?: +[0-9]{1,15})*)")
"""What stands above the numbers of an array."""

LAYER = re.compile(r"layer([1-9][0-9]*)\.txt")
"""What the file of a layer is called."""


def write_text(folder: str | os.PathLike[str], layers: Mapping[str, Arrays]) -> None:
    """One file `name.txt` for each layer, with all its arrays; files of other layers are removed.

    Numbers have as many digits as it takes to give the very same number when they are read. Each
    file is written whole or not at all.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for layer, arrays in layers.items():
        lines: list[str] = []
        for name, array in arrays.items():
            lines.append(f"# {name}, shape {' '.join(map(str, array.shape))}")
            lines += (" ".join(f"{x:.17g}" for x in row) for row in np.atleast_2d(array).tolist())
        write_atomically(folder / f"{layer}.txt", ("\n".join(lines) + "\n").encode())
    for path in _others(folder, layers):
        path.unlink()


def read_text(
    folder: str | os.PathLike[str], shapes: Mapping[str, Mapping[str, tuple[int, ...]]]
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """The arrays of the given layers, names and shapes, from the files that `write_text` made.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file has other arrays than expected, or what is no finite number; the line is named.
        If there are files of further layers.
    """
    arrays = {
        layer: _layer(Path(folder) / f"{layer}.txt", expected) for layer, expected in shapes.items()
    }
    for path in _others(Path(folder), shapes):
        raise ValueError(
            f"{str(path)!r} is of another network: this one has {len(shapes)} layers; remove the "
            "file if it is left over"
        )
    return arrays


def _others(folder: Path, layers: Collection[str]) -> list[Path]:
    """The files of layers that are none of these."""
    return sorted(
        path for path in folder.iterdir() if LAYER.fullmatch(path.name) and path.stem not in layers
    )


def _layer(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float64]]:
    """The arrays in a file, all of those expected and no others."""
    found: dict[str, tuple[int, ...]] = {}
    rows: dict[str, list[list[float]]] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{str(path)!r} is no text in UTF-8: {error.reason}") from error
    for number, line in enumerate(text.splitlines(), 1):
        head = HEAD.fullmatch(line.strip())
        if head:
            name = head[1]
            if name in found:
                raise ValueError(f"{str(path)!r} has {name} twice, again in line {number}")
            found[name], rows[name] = tuple(map(int, head[2].split())), []
        elif not found:
            raise ValueError(f"{str(path)!r} does not begin with a line such as '# W, shape 2 3'")
        elif line.startswith("#"):
            raise ValueError(f"{str(path)!r} has {line!r:.60} in line {number}: expected numbers")
        elif line.strip():
            rows[name].append([_number(word, path, number) for word in line.split()])
    if found != dict(expected):
        raise ValueError(
            f"{str(path)!r} holds {_listed(found)} and the network needs {_listed(expected)}"
        )
    arrays: dict[str, NDArray[np.float64]] = {}
    for name, shape in expected.items():
        height, width = (1, *shape)[-2:]
        if [len(row) for row in rows[name]] != [width] * height or not prod(shape):
            raise ValueError(
                f"{str(path)!r} has not {height} lines of {width} numbers under {name}"
            )
        arrays[name] = np.array(rows[name]).reshape(shape)
    return arrays


def _number(word: str, path: Path, line: int) -> float:
    try:
        number = float(word)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ValueError(f"{str(path)!r} has {word!r:.60} in line {line}: expected a finite number")
    return number


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return " and ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"
