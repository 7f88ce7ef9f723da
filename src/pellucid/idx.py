"""An IDX file is one array of numbers behind a short header, the format of MNIST and its kin.

Two zero bytes, one byte for the type, one for the number of dimensions, each dimension as four
bytes, then the numbers, all big-endian. Images and their labels come as a pair of such files.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The header's type byte with NumPy's name for what it means."""

GZIP = b"\x1f\x8b"
MOST_PACKED = 1032
"""No gzip file holds more than this many bytes in one (https://zlib.net/zlib_tech.html)."""


def is_idx(start: bytes) -> bool:
    """Whether a file that begins with these bytes (unpacked) has the header of an IDX file.

    Examples
    --------
    >>> is_idx(bytes([0, 0, 8, 1])), is_idx(b"a,b")
    (True, False)
    """
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in TYPES and start[3] > 0


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """The array in an IDX file, packed with gzip or not, in this machine's byte order.

    The sizes that the header claims are held against the file's length before anything is
    allocated, so a damaged or hostile file costs nothing.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not an IDX file, or is shorter or longer than its header says.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "labels").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_idx(folder / "labels").tolist()
    [7, 2, 1]
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no file {str(path)!r}")
    with path.open("rb") as file:
        packed = file.read(2) == GZIP
    at_most = path.stat().st_size * (MOST_PACKED if packed else 1)
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            return _read(file, at_most, str(path))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{str(path)!r} is a damaged gzip file: {error}") from error


def _read(file: gzip.GzipFile | IO[bytes], at_most: int, path: str) -> NDArray[Any]:
    start = file.read(4)
    if not is_idx(start):
        raise ValueError(
            f"{path!r} is not an IDX file: it begins with {start.hex(' ') or 'nothing'}, "
            "expected 00 00, a type (08 .. 0e) and the number of dimensions"
        )
    dtype, n_dimensions = np.dtype(TYPES[start[2]]), start[3]
    sizes = file.read(4 * n_dimensions)
    if len(sizes) < 4 * n_dimensions:
        raise ValueError(f"{path!r} ends within its header of {n_dimensions} dimensions")
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    expected = math.prod(shape) * dtype.itemsize
    claim = f"{path!r} should hold {' x '.join(map(str, shape))} numbers, {expected} bytes"
    if expected > at_most:
        raise ValueError(f"{claim}, and is shorter than that: it is damaged or cut off")
    data = file.read(expected + 1)  # one more, to see that nothing follows
    if len(data) != expected:
        found = f"only {len(data)} follow" if len(data) < expected else "more follow"
        raise ValueError(f"{claim}, and {found} the header: it is damaged or cut off")
    try:
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError as error:  # more dimensions than NumPy has
        raise ValueError(f"{path!r} has {n_dimensions} dimensions: {error}") from error


def find_pair(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """The file of images and the file of labels, given either; MNIST's names are understood.

    Raises
    ------
    FileNotFoundError
        If the other file is not beside the given one; it says which was looked for.
    ValueError
        If the name says neither "images" nor "labels".

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"):
    ...     (folder / name).touch()
    >>> [found.name for found in find_pair(folder / "train-images-idx3-ubyte")]
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte.gz']
    """
    path = Path(path)
    of_images = "images" in path.name
    if not of_images and "labels" not in path.name:
        raise ValueError(
            f"{str(path)!r} is an IDX file, and its name has neither 'images' nor 'labels' in it: "
            "name the two files of a pair so, as in train-images-idx3-ubyte and "
            "train-labels-idx1-ubyte"
        )
    if not path.exists():
        raise FileNotFoundError(f"no file {str(path)!r}")
    swaps = (("images", "labels"), ("idx3", "idx1"))
    name = path.name
    for image, label in swaps:
        name = name.replace(image, label) if of_images else name.replace(label, image)
    other = path.with_name(name)
    toggled = name.removesuffix(".gz") if name.endswith(".gz") else f"{name}.gz"
    for candidate in (other, path.with_name(toggled)):
        if candidate.exists():
            return (path, candidate) if of_images else (candidate, path)
    missing = "labels" if of_images else "images"
    raise FileNotFoundError(
        f"{str(path)!r} needs its {missing}: no file {name!r} or {toggled!r} beside it"
    )


def read_idx_pair(path: str | os.PathLike[str]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Images (n, rows * columns) and labels (n,), given either file of the pair.

    Raises
    ------
    FileNotFoundError
        If the other file is not beside the given one; it says which was looked for.
    ValueError
        If either is damaged, or they hold different numbers of rows.

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40])
    >>> _ = (folder / "a-images-idx3-ubyte").write_bytes(images)
    >>> _ = (folder / "a-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 6]))
    >>> X, y = read_idx_pair(folder / "a-labels-idx1-ubyte")
    >>> X.tolist(), y.tolist()
    ([[10, 20], [30, 40]], [5, 6])
    """
    images, labels = read_images(path)
    n_pixels = math.prod(images.shape[1:])
    return images.reshape(len(images), n_pixels), labels


def read_images(path: str | os.PathLike[str]) -> tuple[NDArray[Any], NDArray[Any]]:
    """As `read_idx_pair`, with the images in their own shape, as (n, rows, columns)."""
    of_images, of_labels = find_pair(path)
    images, labels = read_idx(of_images), read_idx(of_labels)
    if images.ndim < 2 or labels.ndim != 1:
        raise ValueError(
            f"{of_images.name!r} has {images.ndim} dimensions and {of_labels.name!r} has "
            f"{labels.ndim}: expected images (n, rows, columns) and labels (n,)"
        )
    if len(images) != len(labels):
        raise ValueError(
            f"{of_images.name!r} holds {len(images)} images and {of_labels.name!r} "
            f"{len(labels)} labels: they are not a pair"
        )
    return images, labels
