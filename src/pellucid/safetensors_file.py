"""A safetensors file is a JSON header of names, types and places, and then the numbers themselves.

Eight bytes say how long the header is, least significant first. This reader is stricter than the
format asks: it takes what a model needs, and every size is compared with the file's own before
anything of that size is made.
"""

from __future__ import annotations

import stat
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from pellucid import fields, strict_json

if TYPE_CHECKING:
    from numpy.typing import NDArray

DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
"""What the numbers of a model may be kept in."""

MOST_BYTES = strict_json.MOST_CHARACTERS
"""Of a header."""


def read_header(file: IO[bytes]) -> tuple[dict[str, Any], dict[str, str], int]:
    """What is said of each tensor by name, the metadata, and where the numbers begin.

    Raises
    ------
    ValueError
        If it is no safetensors file.
    """
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or length > size - 8:
        what = f"a header of {length} bytes" if size >= 8 else "a header"
        raise ValueError(f"it has {size} bytes, too few for {what}")
    if length > MOST_BYTES:
        raise ValueError(f"its header has {length} bytes: at most {MOST_BYTES} are read")
    header = fields.mapping(strict_json.parse(file.read(length).decode()))
    metadata = fields.mapping(header.pop("__metadata__", {}))
    for text in metadata.values():
        if type(text) is not str:
            fields.refuse(text, "a text")
    return header, metadata, 8 + length


def read_tensors(file: IO[bytes], header: dict[str, Any], start: int) -> dict[str, NDArray[Any]]:
    """The numbers of each tensor by name, in the file's order.

    Raises
    ------
    ValueError
        If they are not the file's bytes one after another, or are neither float32 nor float64.
    """
    places: list[tuple[int, int, str, tuple[int, ...], np.dtype[Any]]] = []
    for name, about in header.items():
        fields.only(about, ("dtype", "shape", "data_offsets"))
        shape = tuple(fields.whole(n) for n in fields.sequence(about["shape"]))
        if len(shape) > 2:
            raise ValueError(f"tensor {name!r:.60} has {len(shape)} axes: expected 1 or 2")
        begin, end = map(fields.whole, fields.sequence(about["data_offsets"], 2))
        kind = about["dtype"]
        if not isinstance(kind, str) or kind not in DTYPES:
            raise ValueError(f"tensor {name!r:.60} is {fields.short(kind)}: expected F32 or F64")
        if prod(shape) * DTYPES[kind].itemsize != end - begin:
            raise ValueError(
                f"tensor {name!r:.60} of shape {fields.short(shape)} is said to have "
                f"{end - begin} bytes"
            )
        places.append((begin, end, name, shape, DTYPES[kind]))
    places.sort()
    at = 0
    for begin, end, name, _, _ in places:
        if begin != at:
            what = "overlaps another" if begin < at else "leaves a gap before it"
            raise ValueError(f"tensor {name!r:.60} {what}")
        at = end
    size = file.seek(0, 2) - start
    if at != size:
        raise ValueError(f"it has {size} bytes of numbers and its header speaks of {at}")
    file.seek(start)
    tensors: dict[str, NDArray[Any]] = {}
    for _, _, name, shape, dtype in places:
        numbers = np.fromfile(file, dtype, prod(shape))
        tensors[name] = numbers.reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    return tensors


def open_regular(path: Path) -> IO[bytes]:
    """The file, if it is one: a pipe or a device could be read for ever.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is none, or it is a folder or anything else.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(f"no model file {str(path)!r}") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ValueError(
            f"{str(path)!r} is {what}, which is not a file: expected a model saved by pellucid"
        )
    return path.open("rb")
