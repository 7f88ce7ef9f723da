"""Atomic writing puts a whole file in a place or none: a crash leaves what was there before."""

from __future__ import annotations

import errno
import os
import stat
import time
from glob import escape
from pathlib import Path

PART = ".part"
"""How the names of files end that are not whole yet."""

LEFT_OVER = 600.0
"""Seconds after which such a file is taken for one that a killed program has left."""

LONGEST = 255
"""Bytes of a name that file systems take."""


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, all of it or nothing.

    It is completed under a temporary name in the same folder, forced to disk, and then renamed:
    whatever ends the program, and whenever, `path` is the old file or the new one. The new one has
    the permissions of the old. A link stays a link, and what it leads to is written.

    Raises
    ------
    OSError
        If it cannot be written; the old file is whole.
    """
    refuse_unwritable(path)
    path = Path(os.path.realpath(path))
    for left in path.parent.glob(f"{escape(_prefix(path))}*{PART}"):
        _remove_left(left)
    descriptor, part = _part(path)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if path.exists() and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            os.fsync(file.fileno())
        os.replace(part, path)
        _keep_name(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)  # a signal may come when it has been renamed
        raise


def refuse_unwritable(path: str | os.PathLike[str]) -> None:
    """Raise OSError now if a file could not be written to `path` later.

    Asks the file system by making a file there and removing it, since permissions alone do not
    tell of full disks or read-only mounts.
    """
    shown, path = str(Path(path)), Path(os.path.realpath(path))
    if len(os.fsencode(path.name)) > LONGEST:
        raise OSError(f"cannot write to {shown!r}: names have at most {LONGEST} bytes")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write to {shown!r}: it is a folder, give a file name")
    if path.exists() and not path.is_file():
        raise OSError(f"cannot write to {shown!r}: it is a device or a pipe, give a file name")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write to {shown!r}: no folder {str(path.parent)!r}")
    try:
        descriptor, part = _part(path)
        os.close(descriptor)
        part.unlink(missing_ok=True)
    except OSError as error:
        raise type(error)(f"cannot write to {shown!r}: {error.strerror}") from error


def _prefix(path: Path) -> str:
    """How the names of the parts of a file begin; short enough, however long its own is."""
    return f".{path.name[:50]}."


def _part(path: Path) -> tuple[int, Path]:
    """A new file beside `path`, open, with the permissions that new files get."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    part = path.with_name(f"{_prefix(path)}{os.urandom(6).hex()}{PART}")
    return os.open(part, flags, 0o666), part


def _remove_left(part: Path) -> None:
    """Remove what a program left that was killed as it wrote."""
    try:
        if time.time() - part.stat().st_mtime > LEFT_OVER:
            part.unlink()
    except FileNotFoundError:
        pass  # somebody else was quicker


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
