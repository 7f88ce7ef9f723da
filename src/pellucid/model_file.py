"""A model file is theta in safetensors with a JSON header: data that any program can read, no code.

The file has a tensor `theta` (P,), perhaps more, and one metadata entry, `pellucid`, whose text is
JSON. By a digest, and by inputs with the outputs they gave, a reader tells that nothing in it has
changed. `docs/model-file.md` describes all of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import fields, safetensors_file, strict_json
from pellucid.atomic import write_atomically
from pellucid.digest import digest_of
from pellucid.file_kinds import kind_of
from pellucid.safetensors_file import open_regular, read_header
from pellucid.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT_VERSION = 3
"""That of each file that is written; those before it are read too."""

PROVEN = 3
"""The first format in which each file has a digest, and each but a bare network's test rows."""

FIELDS = (
    "format_version", "versions", "digest", "architecture", "loss", "alpha", "l1", "reduction",
    "segments", "dtype", "test_vectors", "test_rows", "optimizer", "curves", "table", "tabular",
    "estimator", "steps",
)  # fmt: skip
"""What a header may hold that means something to a reader."""

OF_A_KIND = {"table", "tabular", "estimator"}
"""Those of them that say that it is no bare network."""

MOST_SAID = 1000
"""Characters of an error: what is wrong may be as long as the file."""


def write(
    path: str | os.PathLike[str],
    theta: NDArray[Any],
    header: dict[str, Any],
    tensors: Mapping[str, NDArray[Any]] | None = None,
    more: Mapping[str, Any] | None = None,
    restore: Callable[[dict[str, NDArray[Any]], dict[str, Any]], object] | None = None,
) -> None:
    """Write theta (P,), the header, and other tensors of floats to `path`, all of it or nothing.

    Parameters
    ----------
    more : what a user adds to the header.
    restore : makes the model of tensors and a header: tried before anything is written, so that
        no file takes a good one's place that could not be read.

    Raises
    ------
    TypeError, ValueError
        If a number is NaN or infinite, `more` has the name of a field or is no plain data, or the
        header is longer than what is read again. Nothing is written then.
    """
    from safetensors.numpy import save

    path = _given(path)
    arrays = {"theta": theta, **(tensors or {})}
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    for name, array in plain.items():
        if not np.isfinite(array).all():
            raise ValueError(
                f"{name} holds NaN or inf, which no model file can: train again, with a smaller "
                "learning rate if training ran away"
            )
    for name, value in (more or {}).items():
        if name in FIELDS or name in header:
            raise ValueError(f"{name!r} is a field of the model file's own: choose another name")
        try:
            json.dumps(value, sort_keys=True)
        except TypeError as error:
            raise TypeError(f"{name} is {value!r:.60}, which is no plain data: {error}") from error
    versions = {"pellucid": __version__, "numpy": np.__version__} | header.get("versions", {})
    about = header | dict(more or {}) | {"format_version": FORMAT_VERSION, "versions": versions}
    about.pop("digest", None)  # of a header that was read
    text = _fitting(about)
    read_again = strict_json.parse(text)
    about["digest"] = digest_of(read_again, plain)
    if restore is not None:
        try:
            restore(plain, read_again)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            raise ValueError(f"the model could not be loaded again: {error}") from error
    write_atomically(path, save(plain, metadata={"pellucid": _fitting(about)}))


def _fitting(header: Mapping[str, Any]) -> str:
    """The header as JSON, of a length that is read again."""
    text = json.dumps(header, sort_keys=True, allow_nan=False)
    try:
        strict_json.refuse_too_much(json.dumps(text))
    except ValueError as error:
        raise ValueError(
            f"a description of {len(text)} characters is more than a model file can hold: leave "
            f"out columns of text with very many different values ({error})"
        ) from error
    return text


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
    path = _given(path)
    tensors, header = read_unproven(path)
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} in {str(path)!r} holds NaN or inf: the model is damaged")
    if not proven(tensors, header):
        raise ValueError(
            f"{str(path)!r} is damaged: what is in it has not the digest that was saved with it"
        )
    return tensors, header


def proven(tensors: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> bool:
    """Whether what is in a file has the digest that it says, if it says any."""
    return "digest" not in header or header["digest"] == digest_of(header, tensors)


def read_unproven(
    path: str | os.PathLike[str],
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The same of a file whose numbers may be NaN and whose digest may be another."""
    path = _given(path)
    with open_regular(path) as file:
        try:
            about, metadata, start = read_header(file)
        except (ValueError, KeyError) as error:
            file.seek(0)
            kind = kind_of(file.read(1000))
            if kind is not None:
                raise ValueError(f"{str(path)!r} is {kind}, not a model file") from error
            raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error
        if "pellucid_checkpoint" in metadata:
            raise ValueError(
                f"{str(path)!r} is a checkpoint, not a model file: go on with its training by "
                "resume=True, or --resume on the command line"
            )
        if "pellucid" not in metadata or "theta" not in about:
            raise ValueError(f"{str(path)!r} is a safetensors file, but not a model of pellucid's")
        header = _checked(metadata["pellucid"], str(path))
        try:
            tensors = safetensors_file.read_tensors(file, about, start)
        except (ValueError, KeyError) as error:
            raise ValueError(f"{str(path)!r} is damaged: {error}") from error
        except MemoryError as error:
            raise ValueError(f"{str(path)!r} has more numbers than memory can hold") from error
    if tensors["theta"].ndim != 1:
        shape = tensors["theta"].shape
        raise ValueError(f"theta in {str(path)!r} is of shape {shape}: expected (P,)")
    return tensors, header


def _given(path: Any) -> Path:
    """The path, if it can be one."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path is {path!r:.60}: expected the path of a model file")
    if not os.fspath(path) or "\0" in os.fsdecode(path):
        raise ValueError(f"path is {os.fspath(path)!r}: expected the path of a model file")
    return Path(path)


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
    needed = ["test_vectors"]
    if version >= PROVEN:
        needed += ["digest", "test_rows"] if OF_A_KIND & header.keys() else ["digest"]
    for name in needed:
        if name not in header:
            raise ValueError(f"the header of {path!r} is damaged: it has no {name}")
    return header
