"""The rows of a request are what it asks about: the columns that the model needs, and notes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.serving.fields import Cells, Field
from pellucid.serving.refusals import Refusal, listed, shown

if TYPE_CHECKING:
    from pellucid.serving.answering import Answerer


class RequestRows(NamedTuple):
    """Columns by name, how many rows they have, and what is to be said of them."""

    columns: dict[str, Cells]
    n: int
    notes: tuple[str, ...] = ()


def joined(parts: Sequence[RequestRows]) -> RequestRows:
    """The rows of several requests, one below the other."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Cells] = {}
    for name, first in parts[0].columns.items():
        several: list[Any] = [part.columns[name] for part in parts]
        if isinstance(first, list):
            columns[name] = list(chain.from_iterable(several))
        else:
            columns[name] = np.concatenate(several)
    return RequestRows(columns, sum(part.n for part in parts))


def read_json(body: bytes, answerer: Answerer, most: int) -> RequestRows:
    """The rows in `{"rows": [...]}`, or in the list alone, each an object by column.

    A model whose columns have no names of their own takes lists of numbers as well.

    Raises
    ------
    Refusal
        If it is no JSON, or not such rows; what is wrong is named, and where.
    """
    document = _parsed(body)
    if isinstance(document, dict):
        if document.keys() != {"rows"}:
            what = f"has the keys {listed(list(document))}" if document else "is empty"
            is_row = any(field.name in document for field in answerer.fields)
            cure = (
                'put the row in a list: {"rows": [{...}]}'
                if is_row
                else 'expected {"rows": [...]} and nothing else'
            )
            raise Refusal(422, f"the object {what}: {cure}")
        document = document["rows"]
    if not isinstance(document, list):
        raise Refusal(422, f"rows is {shown(document)}: expected a list of rows")
    _refuse_count(len(document), most)
    if answerer.lists and isinstance(document[0], list):
        return _of_lists(document, answerer.fields)
    return _of_objects(document, answerer)


def read_csv(body: bytes, answerer: Answerer, most: int) -> RequestRows:
    """The rows of comma-separated text (RFC 4180) whose first line has the names of the columns.

    Raises
    ------
    Refusal
        If it is no such text, or a column is missing, or a value wrong.
    """
    reader = csv.reader(io.StringIO(_decoded(body).removeprefix("\ufeff"), newline=""), strict=True)
    records: list[list[str]] = []
    names: list[str] = []
    try:
        for record in reader:
            if not record:  # an empty line
                continue
            if not names:
                names = [name.strip() for name in record]
                continue
            records.append(record)
            if len(record) != len(names):
                raise Refusal(
                    422,
                    f"row {len(records)} has {len(record)} values: expected {len(names)}, as there "
                    "are names in the first line",
                    row=len(records),
                )
            if len(records) > most:
                break
    except csv.Error as error:
        raise Refusal(400, f"not CSV: {error}, in line {reader.line_num}") from None
    if not names:
        raise Refusal(422, "the body is empty: expected a line of names, and rows")
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise Refusal(422, f"{shown(twice[0])} is the name of two columns", column=twice[0])
    missing = [field.name for field in answerer.fields if field.name not in names]
    if missing:
        raise Refusal(422, f"missing columns: {listed(missing)}", column=missing[0])
    _refuse_count(len(records), most)
    columns = dict(zip(names, zip(*records, strict=True), strict=True))
    return _checked(columns, len(records), answerer, names, from_text=True)


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refusal(400, f"not UTF-8: {error.reason} at byte {error.start + 1}") from None


def _parsed(body: bytes) -> Any:
    """What the JSON says; none of Python's own additions to it are taken."""
    text = _decoded(body)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal(400, f"not JSON: {error.msg.lower()} in {where}") from None
    except RecursionError:
        raise Refusal(400, "lists or objects lie too deep within each other") from None
    except ValueError:  # what Python says of whole numbers with thousands of digits
        raise Refusal(400, "a number has too many digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Refusal(400, f"{shown(twice)} comes twice in one object")
    return made


def _refuse_constant(name: str) -> Any:
    raise Refusal(400, f"{name} is not JSON: give null where there is no number")


def _refuse_count(n: int, most: int) -> None:
    if not n:
        raise Refusal(422, "there are no rows: give one or more")
    if n > most:
        raise Refusal(422, f"there are more than {most} rows: send them in several requests")


def _of_lists(rows: list[Any], fields: Sequence[Field]) -> RequestRows:
    for number, row in enumerate(rows, 1):
        if type(row) is not list or len(row) != len(fields):
            what = f"{len(row)} values" if isinstance(row, list) else shown(row)
            raise Refusal(
                422, f"row {number} is {what}: expected a list of {len(fields)}", row=number
            )
    columns = zip(*rows, strict=True)
    read = {f.name: f.read(column) for f, column in zip(fields, columns, strict=True)}
    return RequestRows(read, len(rows))


def _of_objects(rows: list[Any], answerer: Answerer) -> RequestRows:
    for number, row in enumerate(rows, 1):
        if type(row) is not dict:
            raise Refusal(
                422,
                f"row {number} is {shown(row)}: expected an object of values by column",
                row=number,
            )
    names = [field.name for field in answerer.fields]
    try:
        columns = {name: [row[name] for row in rows] for name in names}
    except KeyError:
        number = next(i for i, row in enumerate(rows) if not row.keys() >= {*names})
        missing = [name for name in names if name not in rows[number]]
        message = f"row {number + 1} lacks {listed(missing)}"
        raise Refusal(422, message, row=number + 1, column=missing[0]) from None
    longest = max(map(len, rows))
    sent = dict.fromkeys(chain.from_iterable(rows)) if longest > len(names) else names
    return _checked(columns, len(rows), answerer, sent)


def _checked(
    columns: dict[str, Any],
    n: int,
    answerer: Answerer,
    names: Iterable[str],
    from_text: bool = False,
) -> RequestRows:
    """The columns that are needed, read; `names` are of all that were sent."""
    read = {field.name: field.read(columns[field.name], from_text) for field in answerer.fields}
    needed = {*read, *answerer.others}
    extra = [name for name in names if name not in needed]
    notes = [f"columns that the model does not know, left out: {listed(extra)}"] if extra else []
    for field in answerer.fields:
        new = field.new(read[field.name])
        if new:
            notes.append(f"rows whose {field.name!r} is new, or was too rare: {new}")
    return RequestRows(read, n, tuple(notes))
