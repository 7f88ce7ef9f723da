"""A model file is theta in safetensors with a JSON header: data that any program can read, no code.

The file has a tensor `theta` (P,) and one metadata entry, `pellucid`, whose text is JSON. Format
1 has no other tensor; in format 2 there are more, of numbers too many for a header. In format 3 a
model of tables holds rows with the answers it gave, and scikit-learn's kinds of models are there.
`docs/model-file.md` describes all of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields, safetensors_file, strict_json
from pellucid.atomic import write_atomically
from pellucid.safetensors_file import open_regular, read_header
from pellucid.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT_VERSION = 3
"""The newest format that is read; a file says the oldest that can hold what is in it."""


MOST_SAID = 1000
"""Characters of an error: what is wrong may be as long as the file."""


def write(
    path: str | os.PathLike[str],
    theta: NDArray[Any],
    header: dict[str, Any],
    tensors: Mapping[str, NDArray[Any]] | None = None,
    oldest_format: int = 1,
) -> None:
    """Write theta (P,), the header, and other tensors of floats to `path`, all of it or nothing.

    Parameters
    ----------
    oldest_format : the first format in which the header's entries mean what they mean.

    Raises
    ------
    ValueError
        If the header is longer than what is read again, or holds what is no JSON.
    """
    from safetensors.numpy import save

    versions = {"pellucid": __version__, "numpy": np.__version__}
    format_version = max(oldest_format, 2 if tensors else 1)
    versions |= header.get("versions", {})
    header = header | {"format_version": format_version, "versions": versions}
    text = json.dumps(header, sort_keys=True, allow_nan=False)
    arrays = {"theta": theta, **(tensors or {})}
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        strict_json.refuse_too_much(json.dumps(text))
    except ValueError as error:
        raise ValueError(
            f"a description of {len(text)} characters is more than a model file can hold: leave "
            f"out columns of text with very many different values ({error})"
        ) from error
    strict_json.parse(text)  # what would be refused when it is read
    write_atomically(path, save(plain, metadata={"pellucid": text}))


def kind(header: Mapping[str, Any]) -> str:
    """What a file of such a header holds, as its class is called."""
    if "estimator" in header:
        if "steps" in header:
            return "Pipeline"
        return "MLPClassifier" if "classes" in header["estimator"]["target"] else "MLPRegressor"
    if "tabular" in header:
        return "TabularClassifier" if "classes" in header["tabular"] else "TabularRegressor"
    return "Predictor" if "table" in header else "Network"


@contextmanager
def named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Whatever a header makes go wrong is one ValueError that names the file."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        what = str(error) if isinstance(error, ValueError) else f"its header is damaged: {error!r}"
        line = " ".join(what.split())[:MOST_SAID]
        raise ValueError(f"cannot read {os.fspath(path)!r}: {line}") from error
    except (MemoryError, RecursionError) as error:
        raise ValueError(f"cannot read {os.fspath(path)!r}: it asks for too much") from error


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
    path = Path(path)
    with open_regular(path) as file:
        try:
            about, metadata, start = read_header(file)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error
        if "pellucid" not in metadata or "theta" not in about:
            raise ValueError(f"{str(path)!r} is a safetensors file, but not a model of pellucid's")
        header = _checked(metadata["pellucid"], str(path))
        try:
            tensors = safetensors_file.read_tensors(file, about, start)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{str(path)!r} is damaged: {error}") from error
        except MemoryError as error:
            raise ValueError(f"{str(path)!r} has more numbers than memory can hold") from error
    for name, array in tensors.items():
        if name == "theta" and array.ndim != 1:
            raise ValueError(f"theta in {str(path)!r} is of shape {array.shape}: expected (P,)")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} in {str(path)!r} holds NaN or inf: the model is damaged")
    return tensors, header


def _checked(text: str, path: str) -> dict[str, Any]:
    """The header that a text is, if it is one of a format that is read."""
    try:
        header = fields.mapping(strict_json.parse(text))
        version = fields.whole(header["format_version"], 1)
        versions = fields.mapping(header.get("versions", {}))
        saved_by = fields.text(versions.get("pellucid", "a newer release"))
    except (ValueError, KeyError) as error:
        raise ValueError(f"the header of {path!r} is damaged: {error}") from error
    if version > FORMAT_VERSION:
        raise ValueError(
            f"{path!r} has format version {version} and this pellucid reads up to "
            f"{FORMAT_VERSION}: it was saved by pellucid {saved_by}, which reads it; upgrade to "
            "that one or a newer"
        )
    return header
