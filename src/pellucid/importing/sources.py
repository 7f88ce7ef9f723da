"""A source is where a model to import comes from: a file, or its bytes."""

from __future__ import annotations

import os
from pathlib import Path

MOST_BYTES = 2**29
"""The longest file that is read: room for 134 million weights in float32."""


def read_source(source: str | os.PathLike[str] | bytes) -> tuple[bytes, str]:
    """The bytes of a file, or those given, and the name that messages have for them.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is a folder, empty, or longer than any network.

    Examples
    --------
    >>> read_source(b"PK")
    (b'PK', 'the file')
    """
    if isinstance(source, bytes | bytearray | memoryview):
        data, name = bytes(source), "the file"
    elif isinstance(source, str | os.PathLike):
        path = Path(source)
        name = repr(str(path))
        if not path.exists():
            raise FileNotFoundError(f"no file {name}")
        if not path.is_file():
            raise ValueError(f"{name} is not a file: expected a model to import")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    else:
        raise TypeError(
            f"source is a {type(source).__name__}: expected a file's path, or its bytes"
        )
    if not data:
        raise ValueError(f"{name} is empty: expected a model to import")
    if len(data) > MOST_BYTES:
        raise ValueError(f"{name} is longer than {MOST_BYTES} bytes, the most that is read")
    return data, name
