"""A table is rows of named columns, numbers or text, however the file that it came in was written.

What a file holds is found out from its content: Parquet, NPZ, an IDX pair, or text in columns. What
had to be assumed is said in the table's notes. Needs polars (`pip install "pellucid[cli]"`).
"""

from __future__ import annotations

import difflib
import gzip
import io
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.delimited import read_delimited, tidied
from pellucid.file_kinds import STARTS
from pellucid.idx import GZIP, is_idx, read_images
from pellucid.registry import near

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

READ = (b"PK\x03\x04", b"\x1f\x8b", b"PAR1")  # NPZ, gzip and Parquet

OTHER_KINDS = {start: kind for start, kind in STARTS.items() if start not in READ} | {
    b"\x93NUMPY": "a single NumPy array (put X and y into one .npz)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (save it as CSV)",
}
"""How files begin that are not read, and what to call them."""

LARGEST = 10**308
"""Whole numbers up to which a float can hold."""

ARRAY_NAMES = (
    ("X", "y"),
    ("x", "y"),
    ("X_train", "y_train"),
    ("x_train", "y_train"),
    ("data", "target"),
    ("images", "labels"),
)
"""What inputs and targets may be called in an NPZ file; the first pair found is read."""


@dataclass(frozen=True, eq=False)
class Table:
    """A frame, and what is known or was assumed of it.

    Parameters
    ----------
    frame : numbers as Int64 or Float64 (pixels as they came), the rest as text or Boolean.
    notes : what was assumed in reading it, a sentence each.
    scaling : the name in `pellucid.scaling.SCALERS` that suits it; None if nothing is known.
    target : the column that is known to be the target, None if none is.
    task : "classification" or "regression", if it is known.
    target_scaling : a name in `SCALERS`, or a number to divide by, that suits the target.
    file : what it was read from: "text", "parquet", "npz" or "idx"; None for what was made here.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    scaling: str | None = None
    target: str | None = None
    task: str | None = None
    target_scaling: str | float | None = None
    file: str | None = None


def read_table(path: str | os.PathLike[str]) -> Table:
    r"""The table in a file: CSV, TSV, Parquet, NPZ or an IDX pair, packed with gzip or not.

    In text, the delimiter and whether there is a header line are found out; blanks around values
    are dropped; the values of `MISSING` become nulls; a column is numbers if all its values are.

    Raises
    ------
    FileNotFoundError
        If there is no such file; near names in that folder are given.
    ValueError
        If it is empty, of a kind that is not read, or has rows of different lengths.

    Examples
    --------
    >>> path = getfixture("tmp_path") / "people"
    >>> _ = path.write_text("name; age\nAda; 36\nAlan; ?\n")
    >>> table = read_table(path)
    >>> table.frame.rows()
    [('Ada', 36), ('Alan', None)]
    >>> table.notes
    ('values are taken to be separated by semicolons',)
    """
    path = Path(path)
    _refuse_no_file(path)
    data = path.read_bytes()
    if data.startswith(GZIP):
        start = _unpacked(path, 4)
        data = start if is_idx(start) else _unpacked(path)
    if is_idx(data[:4]):
        return replace(_table_of_images(*read_images(path), "label"), file="idx")
    if data.startswith(b"PAR1"):
        return _read_parquet(data, path)
    if data.startswith(b"PK\x03\x04"):
        return _read_npz(data, path)
    for start, kind in OTHER_KINDS.items():
        if data.startswith(start):
            raise ValueError(f"{str(path)!r} is {kind}: expected CSV, TSV, Parquet, NPZ or IDX")
    return Table(*read_delimited(data, path), file="text")


def table_of(
    X: ArrayLike,
    y: ArrayLike | None = None,
    feature_names: Sequence[str] | None = None,
    target_name: str = "target",
    scaling: str | None = None,
) -> Table:
    """A table from arrays: inputs (n, k), and targets (n,) as the last column if given.

    Raises
    ------
    ValueError
        If the numbers of rows or of names do not fit.

    Examples
    --------
    >>> table_of([[0, 1], [1, 1]], ["no", "yes"]).frame.rows(named=True)[1]
    {'x1': 1, 'x2': 1, 'target': 'yes'}
    """
    import polars as pl

    X = np.asarray(X)
    X = X.reshape(-1, 1) if X.ndim == 1 else X
    if X.ndim != 2:
        raise ValueError(f"X has shape {X.shape}: expected rows of columns")
    names = [f"x{i}" for i in range(1, X.shape[1] + 1)] if feature_names is None else feature_names
    names = [str(name) for name in names]
    if len(names) != X.shape[1]:
        raise ValueError(f"{len(names)} feature names for {X.shape[1]} columns")
    if y is not None:
        names, y = [*names, target_name], np.asarray(y)
        if y.shape != (len(X),):
            raise ValueError(
                f"y has shape {y.shape}: expected one target for each of {len(X)} rows"
            )
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} is the name of two columns: expected different ones")
    columns = [*np.asfortranarray(X).T, *([] if y is None else [y])]
    frame = pl.DataFrame([_series(*pair) for pair in zip(names, columns, strict=True)])
    return Table(_plain(frame), scaling=scaling, target=None if y is None else target_name)


def table_of_columns(columns: Mapping[str, Sequence[Any]]) -> Table:
    """A table from columns by name, of plain values: numbers, text, booleans, None.

    Raises
    ------
    ValueError
        If columns are of different lengths, or a column holds what no column can.

    Examples
    --------
    >>> table_of_columns({"age": [36, None], "name": ["Ada", "?"]}).frame.rows()
    [(36, 'Ada'), (None, None)]
    """
    import polars as pl

    lengths = {name: len(column) for name, column in columns.items()}
    if len({*lengths.values()}) > 1:
        raise ValueError(f"columns have different lengths: {lengths}")
    made = []
    for name, column in columns.items():
        values = [_plain_value(value, name, row) for row, value in enumerate(column, 1)]
        made.append(_series(name, np.array(values, object)))
    return Table(_plain(pl.DataFrame(made)))


def find_column(frame: pl.DataFrame, name: str) -> pl.Series:
    """The column called `name`, or a ValueError that lists near names.

    Examples
    --------
    >>> find_column(table_of([[1]], feature_names=["age"]).frame, "agee")
    Traceback (most recent call last):
    ValueError: no column 'agee': did you mean age? Known: age
    """
    import polars as pl

    try:
        return frame.get_column(name)
    except pl.exceptions.ColumnNotFoundError:
        known, more = frame.columns, ""
        if len(known) > 20:  # more than can be read on a line
            close = difflib.get_close_matches(name, known, n=3)
            more = f", ... ({len(known)} columns)"
            known = [*close, *(column for column in known[:10] if column not in close)]
        raise ValueError(f"no column {name!r}: {near(name, known)}{more}") from None


def _plain_value(value: Any, name: str, row: int) -> Any:
    """The value; a whole number of more than 64 bits as a float."""
    if value is None or isinstance(value, str | bool | float):
        return value
    if isinstance(value, int) and abs(value) < LARGEST:
        return value if abs(value) < 2**63 else float(value)
    what = "a number too large" if isinstance(value, int) else f"{value!r:.60}"
    raise ValueError(
        f"column {name!r} holds {what} in row {row}: expected a number, text, true, false, or "
        "null where there is none"
    )


def _refuse_no_file(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"{str(path)!r} is a folder: give a file in it")
    if not path.exists():
        others = os.listdir(path.parent) if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, others, n=3)
        hint = f": did you mean {' or '.join(close)}?" if close else ""
        raise FileNotFoundError(f"no file {str(path)!r}{hint}")
    if not path.stat().st_size:
        raise ValueError(f"{str(path)!r} is empty")


def _unpacked(path: Path, n_bytes: int = -1) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(n_bytes)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{str(path)!r} is a damaged gzip file: {error}") from error


def _series(name: str, values: NDArray[Any]) -> pl.Series:
    """A column of an array as polars takes it; text and numbers together become text."""
    import polars as pl

    if values.dtype.kind in "OUS":
        items = [str(v, "utf-8") if isinstance(v, bytes) else v for v in values.tolist()]
        if any(isinstance(item, str) for item in items):
            items = [item if item is None else str(item) for item in items]
        return pl.Series(name, items, strict=False)
    half = values.dtype == np.float16
    dtype = np.dtype(np.float32) if half else values.dtype.newbyteorder("=")
    return pl.Series(name, np.ascontiguousarray(values, dtype))


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column as numbers, Boolean or String, with nulls for what is missing."""
    import polars as pl

    columns = []
    for column in frame:
        if column.dtype.is_integer() and column.dtype not in (pl.UInt8, pl.UInt64):
            column = column.cast(pl.Int64)
        elif column.dtype.is_numeric() and column.dtype != pl.UInt8:  # pixels stay small
            column = column.cast(pl.Float64).fill_nan(None)
        elif column.dtype not in (pl.UInt8, pl.Boolean):
            column = column.cast(pl.String)
        columns.append(column)
    return tidied(pl.DataFrame(columns))


def _table_of_images(images: NDArray[Any], labels: NDArray[Any], target: str) -> Table:
    """Images (n, rows, columns, ...) as one column a pixel, called by where it is."""
    names = ["_".join(map(str, ("pixel", *place))) for place in np.ndindex(images.shape[1:])]
    flat = images.reshape(len(images), len(names))
    return table_of(flat, labels, names, target, scaling="shared_maximum")


def _read_parquet(data: bytes, path: Path) -> Table:
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ValueError(f"{str(path)!r} is a damaged Parquet file: {error}") from error
    if not frame.height:
        raise ValueError(f"{str(path)!r} has no rows")
    other = [c.name for c in frame if c.dtype.is_nested() or c.dtype in (pl.Binary, pl.Object)]
    notes = [f"column {name!r} holds neither numbers nor text, and is left out" for name in other]
    return Table(_plain(frame.drop(other)), tuple(notes), file="parquet")


def _read_npz(data: bytes, path: Path) -> Table:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
        if not all(member.endswith(".npy") for member in members):
            excel = any(member.startswith("xl/") for member in members)
            raise ValueError("it is an Excel workbook" if excel else "it is another zip archive")
        found = [member.removesuffix(".npy") for member in members]
        pair = next((pair for pair in ARRAY_NAMES if {*pair} <= {*found}), None)
        if pair is None:
            raise ValueError(f"it holds {', '.join(found)}: expected two arrays called X and y")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            X, y = arrays[pair[0]], arrays[pair[1]]
            names = arrays["feature_names"].tolist() if "feature_names" in found else None
    except (zipfile.BadZipFile, EOFError, zlib.error, ValueError) as error:
        raise ValueError(f"{str(path)!r} cannot be read as NPZ: {error}") from error
    y = y.reshape(len(y)) if y.ndim == 2 and y.shape[1] == 1 else y
    if X.ndim == 0 or y.ndim != 1 or len(X) != len(y) or not len(X):
        raise ValueError(
            f"{str(path)!r}: {pair[0]} has shape {X.shape} and {pair[1]} {y.shape}: "
            "expected rows of inputs with one target each"
        )
    left = [name for name in found if name not in (*pair, "feature_names")]
    notes = [f"read {' and '.join(pair)}, and left out {', '.join(left)}"] if left else []
    if X.ndim > 2:
        notes.append(f"{pair[0]} of shape {X.shape} is read as images, a column for each pixel")
        table = _table_of_images(X, y, pair[1])
    else:
        table = table_of(X, y, names, pair[1])
    return replace(table, notes=tuple(notes), file="npz")
