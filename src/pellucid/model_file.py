"""A model file is theta in safetensors with a JSON header: data that any program can read, no code.

The file has a tensor `theta` (P,) and one metadata entry, `pellucid`, whose text is JSON. Format
1 has no other tensor; in format 2 there are more, of numbers too many for a header.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.atomic import write_atomically
from pellucid.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT_VERSION = 2
"""The newest format that is read; a file says the oldest that can hold what is in it."""


def write(
    path: str | os.PathLike[str],
    theta: NDArray[Any],
    header: dict[str, Any],
    tensors: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write theta (P,), the header, and other tensors of floats to `path`, all of it or nothing.

    The file is completed under a temporary name in the same folder and then renamed, so that a
    crash leaves the old file whole.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save

    versions = {"pellucid": __version__, "numpy": np.__version__}
    header = {"format_version": 2 if tensors else 1, "versions": versions} | header
    text = json.dumps(header, sort_keys=True, allow_nan=False)
    arrays = {"theta": theta, **(tensors or {})}
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        data = save(plain, metadata={"pellucid": text})
    except SafetensorError as error:
        raise ValueError(
            f"a description of {len(text)} characters is more than a model file can hold: leave "
            f"out columns of text with very many different values ({error})"
        ) from error
    write_atomically(path, data)


def read(path: str | os.PathLike[str]) -> tuple[NDArray[Any], dict[str, Any]]:
    """Theta (P,) and the header of a model file; raises as `read_tensors` does."""
    tensors, header = read_tensors(path)
    return tensors["theta"], header


def read_tensors(
    path: str | os.PathLike[str],
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """All tensors of a model file by name, `theta` (P,) among them, and its header.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not a model file, is damaged, or comes from a newer format.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no model file {str(path)!r}")
    if not path.is_file():
        raise ValueError(f"{str(path)!r} is not a file: expected a model saved by pellucid")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            names = file.keys() if "pellucid" in metadata else ()
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error
    if "theta" not in tensors:
        raise ValueError(f"{str(path)!r} is a safetensors file, but not a model of pellucid's")
    try:
        header = json.loads(metadata["pellucid"])
        version = int(header["format_version"])
        saved_by = dict(header.get("versions", {})).get("pellucid", "a newer release")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the header of {str(path)!r} is damaged: {error!r}") from error
    if version > FORMAT_VERSION:
        raise ValueError(
            f"{str(path)!r} has format version {version} and this pellucid reads up to "
            f"{FORMAT_VERSION}: it was saved by pellucid {saved_by}; upgrade to read it"
        )
    for name, array in tensors.items():
        shapes = (1,) if name == "theta" else (1, 2)
        if array.ndim not in shapes or array.dtype not in (np.float32, np.float64):
            expected = "floats (P,)" if name == "theta" else "floats"
            raise ValueError(
                f"{name} in {str(path)!r} is {array.dtype} {array.shape}: expected {expected}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{name} in {str(path)!r} holds NaN or inf: the model is damaged")
    return tensors, header
