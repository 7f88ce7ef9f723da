"""A model file is theta in safetensors with a JSON header: data that any program can read, no code.

The file has one tensor, `theta` (P,), and one metadata entry, `pellucid`, whose text is JSON.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.version import __version__

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT_VERSION = 1


def write(path: str | os.PathLike[str], theta: NDArray[Any], header: dict[str, Any]) -> None:
    """Write theta (P,) and the header to `path`, all of it or nothing.

    The file is completed under a temporary name in the same folder and then renamed, so that a
    crash leaves the old file whole.
    """
    import tempfile

    from safetensors.numpy import save

    versions = {"pellucid": __version__, "numpy": np.__version__}
    header = {"format_version": FORMAT_VERSION, "versions": versions} | header
    text = json.dumps(header, sort_keys=True, allow_nan=False)
    data = save({"theta": np.ascontiguousarray(theta)}, metadata={"pellucid": text})
    path = Path(path)
    refuse_unwritable(path)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o666 & ~_umask())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def read(path: str | os.PathLike[str]) -> tuple[NDArray[Any], dict[str, Any]]:
    """Theta (P,) and the header of a model file.

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
            theta = file.get_tensor("theta") if "theta" in file.keys() else None  # noqa: SIM118
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{str(path)!r} is not a safetensors file: {error}") from error
    if theta is None or "pellucid" not in metadata:
        raise ValueError(f"{str(path)!r} is a safetensors file, but not a model of pellucid's")
    try:
        header = json.loads(metadata["pellucid"])
        version = int(header["format_version"])
        saved_by = dict(header.get("versions", {})).get("pellucid", "a newer release")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"the header of {str(path)!r} is damaged: {error!r}") from error
    if version > FORMAT_VERSION:
        raise ValueError(
            f"{str(path)!r} has format version {version} and this pellucid reads up to "
            f"{FORMAT_VERSION}: it was saved by pellucid {saved_by}; upgrade to read it"
        )
    if theta.ndim != 1 or theta.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"theta in {str(path)!r} is {theta.dtype} {theta.shape}: expected floats (P,)"
        )
    if not np.isfinite(theta).all():
        raise ValueError(f"theta in {str(path)!r} holds NaN or inf: the model is damaged")
    return theta, header


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """Raise OSError now if a file could not be written to `path` later.

    Asks the file system by making a file there and removing it, since permissions alone do not
    tell of full disks or read-only mounts.
    """
    import tempfile

    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"cannot write to {str(path)!r}: it is a folder, give a file name")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write to {str(path)!r}: no folder {str(path.parent)!r}")
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise PermissionError(f"cannot write to {str(path)!r}: {error.strerror}") from error


def _umask() -> int:
    """What the process takes away from a new file's permissions."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
