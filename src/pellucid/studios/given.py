"""What is given to a studio is the bytes of a file: read as data alone, and within bounds."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pellucid.tables import Table, read_table

if TYPE_CHECKING:
    import polars

MOST_GIVEN = 50 * 2**20
"""Bytes of a file that is given."""

MOST_UNPACKED = 256 * 2**20
"""Bytes that a packed one may come to."""

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 1_000_000, 5_000, 50_000_000
"""Of a table; more are for a script."""

MOST_SIGNS = 20_000_000
"""Values of text, told by the signs between them before anything is read."""

MOST_LETTERS = 200
"""Of a column's name."""

MOST_CLASSES = 50
"""Text with more different values is hardly what a person wants to have told apart."""

GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"


def table_given(data: bytes, name: str) -> Table:
    r"""The table in the bytes of a CSV, TSV, Parquet or NPZ file, packed with gzip or not.

    Parameters
    ----------
    name : what the file is called, for messages.

    Raises
    ------
    ValueError
        If it is no such file, is damaged, or goes beyond the bounds above; in one line.

    Examples
    --------
    >>> table_given(b"size,kind\n1,small\n?,large\n", "sizes.csv").frame.rows()
    [(1, 'small'), (None, 'large')]
    >>> table_given(b"\x80\x04cos\nsystem\n", "model.pkl")
    Traceback (most recent call last):
    ValueError: 'model.pkl' is a pickle, which can run code and is never read: expected CSV, ...
    """
    import polars as pl

    name = plain_name(name)
    if len(data) > MOST_GIVEN:
        raise ValueError(f"{name!r} has {len(data):,} bytes: expected {MOST_GIVEN:,} at the most")
    if data.startswith(GZIP):
        data = _unpacked(data, name)
    _refuse_large(data, name)
    with TemporaryDirectory() as folder:
        path = Path(folder, "given")
        path.write_bytes(data)
        try:
            table = read_table(path)
        except ValueError as error:
            raise ValueError(one_line(error, path, name)) from None
        except (
            pl.exceptions.PolarsError,
            pl.exceptions.PanicException,
            OSError,
            KeyError,
        ) as error:
            raise ValueError(f"{name!r} is damaged: {one_line(error, path, name)}") from None
    _refuse_wide(table.frame.height, table.frame.width, name)
    _refuse_long_names(table.frame, name)
    return table


def likely_target(table: Table) -> str:
    r"""The column to predict until a person says another: the last that can be; "" is the last.

    Examples
    --------
    >>> likely_target(table_given(b"age,kind,note\n1,a,x\n2,b,x\n3,a,x\n", "given.csv"))
    'kind'
    """
    frame = table.frame
    if table.target is not None:
        return ""
    for column in reversed(frame.get_columns()):
        present = column.drop_nulls()
        distinct, n = present.n_unique(), len(present)
        named = not column.dtype.is_numeric() and (distinct > MOST_CLASSES or distinct == n)
        if distinct > 1 and not named:
            return "" if column.name == frame.columns[-1] else column.name
    return ""


def is_model(data: bytes) -> bool:
    """Whether the bytes begin as a model file does: the length of a header, and the header.

    Examples
    --------
    >>> is_model(bytes([2, 0, 0, 0, 0, 0, 0, 0]) + b"{}"), is_model(b"size,kind")
    (True, False)
    """
    return data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= len(data)


def plain_name(name: str) -> str:
    r"""A file's name without folders and signs that no one can see, and not too long.

    Examples
    --------
    >>> plain_name("C:\\data\\people.csv"), plain_name("../../etc/passwd\0")
    ('people.csv', 'passwd')
    """
    last = PurePath(name.replace("\\", "/")).name
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    return (shown if len(shown) <= 60 else f"{shown[:40]}…{shown[-15:]}") or "the file"


def _unpacked(data: bytes, name: str) -> bytes:
    """What is within gzip, if that is not too much, and not packed once more."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        made = unpacking.decompress(data, MOST_UNPACKED + 1)
    except zlib.error as error:
        raise ValueError(f"{name!r} is a damaged gzip file: {error}") from None
    if len(made) > MOST_UNPACKED:
        raise ValueError(
            f"{name!r} unpacks to more than {MOST_UNPACKED:,} bytes: expected less (it may be made "
            "to fill the memory)"
        )
    if not unpacking.eof:
        raise ValueError(f"{name!r} is a damaged gzip file: it ends too early")
    if made.startswith(GZIP):
        raise ValueError(f"{name!r} is packed twice: expected once at the most")
    return made


def _refuse_large(data: bytes, name: str) -> None:
    """Raise ValueError where the file itself says that it holds too much, before it is read."""
    import polars as pl

    if data.startswith(ZIP):
        try:
            with zipfile.ZipFile(BytesIO(data)) as archive:
                size = sum(member.file_size for member in archive.infolist())
        except zipfile.BadZipFile as error:
            raise ValueError(f"{name!r} is a damaged zip archive: {error}") from None
        if size > MOST_UNPACKED:
            raise ValueError(
                f"{name!r} unpacks to {size:,} bytes: expected {MOST_UNPACKED:,} at the most"
            )
    elif data.startswith(PARQUET):
        try:
            columns = len(pl.read_parquet_schema(BytesIO(data)))
            rows = pl.scan_parquet(BytesIO(data)).select(pl.len()).collect().item()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise ValueError(f"{name!r} is a damaged Parquet file: {error}") from None
        _refuse_wide(rows, columns, name)
    else:
        line = data.partition(b"\n")[0]
        signs = {sign: data.count(sign) for sign in (b",", b";", b"\t", b"|")}
        columns = max(line.count(sign) for sign in signs) + 1
        _refuse_wide(data.count(b"\n"), columns, name)
        if max(signs.values(), default=0) > MOST_SIGNS:
            raise ValueError(f"{name!r} has more than {MOST_SIGNS:,} values: expected fewer")


def _refuse_wide(rows: int, columns: int, name: str) -> None:
    for what, n, most in (
        ("rows", rows, MOST_ROWS),
        ("columns", columns, MOST_COLUMNS),
        ("values", rows * columns, MOST_CELLS),
    ):
        if n > most:
            raise ValueError(f"{name!r} has {n:,} {what}: expected {most:,} at the most")


def _refuse_long_names(frame: polars.DataFrame, name: str) -> None:
    for column in frame.columns:
        if len(column) > MOST_LETTERS:
            raise ValueError(
                f"{name!r} has a column whose name, {column[:30]!r}..., has {len(column):,} "
                f"letters: expected {MOST_LETTERS} at the most"
            )


def one_line(error: BaseException, path: Path, name: str) -> str:
    """What went wrong with a file, by the name that people know it by."""
    text = str(error).replace(repr(str(path)), repr(name)).replace(str(path), name)
    return " ".join(text.split())[:300]
