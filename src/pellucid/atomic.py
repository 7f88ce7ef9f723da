"""Atomic writing puts a whole file in a place or none: a crash leaves what was there before."""

from __future__ import annotations

import errno
import os
from pathlib import Path

PART = ".part"
"""How the names of files end that are not whole yet."""


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, all of it or nothing.

    It is completed under a temporary name in the same folder, forced to disk, and then renamed:
    whatever ends the program, and whenever, `path` is the old file or the new one.

    Raises
    ------
    OSError
        If it cannot be written; the old file is whole.
    """
    import tempfile

    path = Path(path)
    refuse_unwritable(path)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", suffix=PART, delete=False
    ) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o666 & ~_umask())
            os.replace(file.name, path)
            _keep_name(path.parent)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)  # a signal may come when it has been renamed
            raise


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
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=PART):
            pass
    except OSError as error:
        raise PermissionError(f"cannot write to {str(path)!r}: {error.strerror}") from error


def _keep_name(folder: Path) -> None:
    """Force to disk what the files of a folder are called, where the file system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # which some that are across a network answer
            raise
    finally:
        os.close(descriptor)


def _umask() -> int:
    """What the process takes away from a new file's permissions."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
