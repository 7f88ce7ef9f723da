"""Delimited text is a table whose rows are lines and whose values have a sign between them: CSV.

The sign, the header line, and which columns are numbers are found out from the text; what had to
be assumed is noted. Needs polars.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-")
"""The values of text that mean that there is none."""

DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
"""What may stand between values, first the ones that are rarer inside of them."""

LOOKED_AT, MOST_LEADING = 100, 10

NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")


def read_delimited(data: bytes, path: Path) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The frame in `data`, the bytes of the file at `path`, and notes on what was assumed.

    Raises
    ------
    ValueError
        If it is empty, binary, or has a row of another length; the line is named.
    """
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
    return pl.DataFrame(columns), tuple(notes)


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


def tidied(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with text stripped of blanks, and null where it says that there is no value."""
    import polars as pl

    text = pl.col(pl.String)
    stripped = frame.with_columns(text.str.strip_chars())
    return stripped.with_columns(pl.when(~text.is_in(MISSING)).then(text))
