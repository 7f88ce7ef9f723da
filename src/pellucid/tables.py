"""A table is rows of named columns, numbers or text, however the file that it came in was written.

What a file holds is found out from its content: Parquet, NPZ, an IDX pair, or text in columns. What
had to be assumed is said in the table's notes. Needs polars (`pip install "pellucid[cli]"`).
"""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import io
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.idx import GZIP, is_idx, read_images
from pellucid.registry import near

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-")
"""The values of text that mean that there is none."""

DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
"""What may stand between values, first the ones that are rarer inside of them."""

OTHER_KINDS = {
    b"\x89HDF": "an HDF5 file",
    b"ARROW1": "an Arrow (Feather) file",
    b"SQLite format 3": "an SQLite database",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"\x93NUMPY": "a single NumPy array (put X and y into one .npz)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (save it as CSV)",
    b"\x80\x04": "a pickle, which can run code and is never read",
    b"\x80\x05": "a pickle, which can run code and is never read",
}
"""How files begin that are not read, and what to call them."""

ARRAY_NAMES = (
    ("X", "y"),
    ("x", "y"),
    ("X_train", "y_train"),
    ("x_train", "y_train"),
    ("data", "target"),
    ("images", "labels"),
)
"""What inputs and targets may be called in an NPZ file; the first pair found is read."""

LOOKED_AT, MOST_LEADING = 100, 10
NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, eq=False)
class Table:
    """A frame, and what is known or was assumed of it.

    Parameters
    ----------
    frame : numbers as Int64 or Float64 (pixels as they came), the rest as text or Boolean.
    notes : what was assumed in reading it, a sentence each.
    scaling : the name in `pellucid.scaling.SCALERS` that suits it; None if nothing is known.
    target : the column that is known to be the target, None if none is.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()
    scaling: str | None = None
    target: str | None = None


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
        return _table_of_images(*read_images(path), "label")
    if data.startswith(b"PAR1"):
        return _read_parquet(data, path)
    if data.startswith(b"PK\x03\x04"):
        return _read_npz(data, path)
    for start, kind in OTHER_KINDS.items():
        if data.startswith(start):
            raise ValueError(f"{str(path)!r} is {kind}: expected CSV, TSV, Parquet, NPZ or IDX")
    return _read_text(data, path)


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


def tidied(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with text stripped of blanks, and null where it says that there is no value."""
    import polars as pl

    text = pl.col(pl.String)
    stripped = frame.with_columns(text.str.strip_chars())
    return stripped.with_columns(pl.when(~text.is_in(MISSING)).then(text))


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
    return Table(_plain(frame.drop(other)), tuple(notes))


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
    return replace(table, notes=tuple(notes))


def _read_text(data: bytes, path: Path) -> Table:
    import polars as pl

    notes: list[str] = []
    text = _decode(data, path, notes).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ValueError(f"{str(path)!r} is empty")
    delimiter, n_fields = _shape(text)
    if delimiter not in ",\t":
        notes.append(f"values are taken to be separated by {DELIMITERS[delimiter]}")
    raw = (_quoted if '"' in text else _unquoted)(text, delimiter, n_fields, path, notes)
    frame, first = tidied(raw), [(cell or "").strip() for cell in raw.row(0)]
    decimal_comma = delimiter == ";"
    below = frame[1:]
    if _is_header(first, _numbers(below[: 10 * LOOKED_AT], decimal_comma), below, notes):
        frame = below
        frame.columns = _repaired(first, notes)
    else:
        notes.append(f"there is no header line: columns are called column_1 .. column_{n_fields}")
    if not frame.height:
        raise ValueError(f"{str(path)!r} has a header line and no rows")
    numbers, columns = _numbers(frame, decimal_comma), []
    for column, number in zip(frame, numbers, strict=True):
        if number.dtype.is_numeric() and column.str.contains(",", literal=True).any():
            notes.append(f"commas in column {column.name!r} are taken for decimal points")
        columns.append(number)
    return Table(pl.DataFrame(columns), tuple(notes))


def _decode(data: bytes, path: Path, notes: list[str]) -> str:
    utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not utf_16 and re.search(rb"[\0-\x08\x0e-\x19\x1b-\x1f]", data):
        raise ValueError(
            f"{str(path)!r} is a binary file of an unknown kind: "
            "expected CSV, TSV, Parquet, NPZ or IDX"
        )
    try:
        return data.decode("utf-16" if utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        notes.append("the text is not UTF-8, and is taken for Latin-1")
        return data.decode("latin-1")


def _shape(text: str) -> tuple[str, int]:
    """The delimiter that parts the first lines most evenly, and the number of fields it makes."""
    lines = text.split("\n", LOOKED_AT)[:LOOKED_AT]
    best, delimiter, n_fields = 0.0, ",", 1
    for candidate in DELIMITERS:
        reader = csv.reader(lines, delimiter=candidate, skipinitialspace=True)
        try:
            counts = [len(fields) for fields in reader if any(fields)]
        except csv.Error:  # a field of more than 128 kB: not this one
            continue
        usual, times = Counter(counts).most_common(1)[0] if counts else (1, 0)
        share = times / max(len(counts), 1) if usual > 1 else 0.0
        if share > best:
            best, delimiter = share, candidate
            n_fields = usual if share >= 2 / 3 else counts[0]
    return delimiter, n_fields


Record = TypeVar("Record")


def _of_length(
    records: Iterable[tuple[int, int, Record]], n_fields: int, path: Path, notes: list[str]
) -> Iterator[Record]:
    """The records, given with line and length, but for a few leading ones of another length."""
    skipped, begun = 0, False
    for line, length, record in records:
        if length == n_fields:
            begun = True
            yield record
        elif begun or skipped == MOST_LEADING:
            raise ValueError(
                f"{str(path)!r}, line {line}: {_fields(length)}, expected {n_fields} as in the rest"
            )
        else:
            skipped += 1
            notes.append(
                f"line {line} is skipped: it has {_fields(length)}, and the rest has {n_fields}"
            )


def _fields(n: int) -> str:
    return "1 field" if n == 1 else f"{n} fields"


def _unquoted(
    text: str, delimiter: str, n_fields: int, path: Path, notes: list[str]
) -> pl.DataFrame:
    """Text without quotes: lines are rows, and polars parts them."""
    import polars as pl

    lines = (
        (number, line.count(delimiter) + 1, line)
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip(" ")
    )
    body = "\n".join(_of_length(lines, n_fields, path, notes)).encode()
    frame = pl.read_csv(
        body, has_header=False, separator=delimiter, quote_char=None, infer_schema=False
    )
    frame.columns = _numbered(n_fields)
    return frame


def _quoted(text: str, delimiter: str, n_fields: int, path: Path, notes: list[str]) -> pl.DataFrame:
    """Text with quotes, by Python's reader: it knows in which line a row begins."""
    import polars as pl

    names = _numbered(n_fields)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, strict=True)

    def records() -> Iterator[tuple[int, int, list[str]]]:
        line = 1
        for fields in reader:
            if len(fields) > 1 or any(fields):
                yield line, len(fields), fields
            line = reader.line_num + 1

    rows, frames = _of_length(records(), n_fields, path, notes), []
    try:
        while chunk := list(islice(rows, 50_000)):
            columns = dict(zip(names, zip(*chunk, strict=True), strict=True))
            frames.append(pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)))
    except csv.Error as error:
        unclosed = "unexpected end" in str(error)
        what = "a quote is opened before it and not closed" if unclosed else error
        raise ValueError(f"{str(path)!r}, line {reader.line_num}: {what}") from error
    return pl.concat(frames)


def _numbered(n: int) -> list[str]:
    return [f"column_{i}" for i in range(1, n + 1)]


def _numbers(frame: pl.DataFrame, decimal_comma: bool) -> pl.DataFrame:
    """Each column of text as Int64 or Float64 if all that is there are numbers, else as it is."""
    import polars as pl

    def all_cast(before: pl.Series, cast: pl.Series) -> bool:
        return before.null_count() == cast.null_count() < len(before)

    whole = frame.select(pl.all().cast(pl.Int64, strict=False))
    rest = [column.name for column in frame if not all_cast(column, whole[column.name])]
    text = pl.all().str.replace(",", ".", literal=True) if decimal_comma else pl.all()
    floats = frame.select(rest).select(text.cast(pl.Float64, strict=False).fill_nan(None))
    columns = {column.name: column for column in whole}
    for cast in floats:
        before = frame[cast.name]
        columns[cast.name] = cast if all_cast(before, cast) else before
    return pl.DataFrame(list(columns.values()))


def _is_header(
    first: list[str], numbers: pl.DataFrame, below: pl.DataFrame, notes: list[str]
) -> bool:
    """Whether the first row is names: text above numbers, or text that does not come again.

    Columns may be called by their position (0, 1, 2, ...) if one has a name above its numbers.
    """
    is_number = [bool(NUMBER.fullmatch(cell)) for cell in first]
    for i, cell in enumerate(first):
        if is_number[i] and cell not in (str(i - 1), str(i), str(i + 1)):
            return False
    named = [not is_number[i] and cell not in MISSING for i, cell in enumerate(first)]
    if any(name and n.dtype.is_numeric() for name, n in zip(named, numbers, strict=True)):
        return True
    again = any((column == cell).any() for column, cell in zip(below, first, strict=True))
    if any(is_number) or again:
        return False
    notes.append("the first line is taken for names, since none of it comes again below")
    return True


def _repaired(names: list[str], notes: list[str]) -> list[str]:
    """Names without gaps and doubles."""
    repaired: dict[str, None] = {}
    given = set(names)
    for i, name in enumerate(names, 1):
        new, copy = name or f"column_{i}", 1
        while new in repaired or (new != name and new in given):
            copy += 1
            new = f"{name or f'column_{i}'}_{copy}"
        if new != name:
            what = f"the second column called {name!r}" if name else f"column {i}, without a name,"
            notes.append(f"{what} is called {new!r}")
        repaired[new] = None
    return list(repaired)
