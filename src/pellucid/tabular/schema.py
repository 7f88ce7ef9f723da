"""A schema says what each column of a table holds: numbers, booleans, categories or dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from html import escape
from typing import Any

import numpy as np

from pellucid.registry import near
from pellucid.tabular.frames import (
    BOOLEAN,
    CATEGORY,
    DATE,
    MIXED,
    NUMBER,
    OTHER,
    TEXT,
    Frame,
    Values,
    kind_of,
)
from pellucid.tabular.values import (
    as_date,
    as_number,
    as_truth,
    dates_of,
    is_missing,
    numbers_of,
    texts_of,
)

IGNORED = "ignored"

KINDS = (NUMBER, BOOLEAN, CATEGORY, DATE, IGNORED)
"""What a column may be taken for."""

NEARLY_ALL, FEW_ROWS = 0.9, 50
"""Text is a name, not a category, if this share of more than so many values are different."""

MOSTLY, SEVERAL = 0.9, 30
"""Text is mixed if this share of it is numbers, and so many different ones, but not all of it."""

DATE_FORMATS = (
    "", "%Y/%m/%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y",
    "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M",
)  # fmt: skip
"""How dates may be written, as `datetime.strptime` takes it; "" is ISO 8601."""

PLURALS = {TEXT: "text", BOOLEAN: "booleans", DATE: "dates", NUMBER: "numbers"}
"""What values of a kind are called in a message."""

LEADING_ZERO = re.compile(r"[+-]?0\d")


@dataclass(frozen=True)
class Column:
    """What a column was taken for.

    Parameters
    ----------
    name : of the column.
    kind : one of `KINDS`.
    missing : rows in which it has no value.
    distinct : different values, of a category.
    note : why it is ignored, or how it is read.
    date_format : of dates that are text, as `datetime.strptime` takes it; "" for ISO 8601.
    lenient : whether what is no number counts as missing.
    """

    name: str
    kind: str
    missing: int = 0
    distinct: int | None = None
    note: str = ""
    date_format: str = ""
    lenient: bool = False

    def ignored(self, note: str) -> Column:
        """The same column, not used, and why."""
        return replace(self, kind=IGNORED, note=note)


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in their order.

    Examples
    --------
    >>> from pellucid.tabular.frames import frame_of
    >>> print(infer(frame_of({"age": [36, None, 41], "job": ["poet", "clerk", "poet"]})))
    column  kind      missing  distinct  note
    age     number          1
    job     category        0         2
    """

    columns: tuple[Column, ...]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __getitem__(self, name: str) -> Column:
        if name in self._by_name:
            return self._by_name[name]
        raise KeyError(f"no column {name!r}: {near(name, self._by_name)}")

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def used(self) -> tuple[Column, ...]:
        """Those that are learnt from."""
        return tuple(column for column in self.columns if column.kind != IGNORED)

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Its lines as text."""
        return [
            (c.name, c.kind, str(c.missing), "" if c.distinct is None else str(c.distinct), c.note)
            for c in self.columns
        ]

    def __str__(self) -> str:
        table = [("column", "kind", "missing", "distinct", "note"), *self.rows()]
        widths = [max(len(row[i]) for row in table) for i in range(5)]
        lines = (
            f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}  {e}"
            for a, b, c, d, e in table
        )
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{n}</th>" for n in ("column", "kind", "missing", "distinct", "note"))
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self.rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def to_dict(self) -> list[dict[str, Any]]:
        """Plain data for the model file."""
        return [asdict(column) for column in self.columns]

    @classmethod
    def from_dict(cls, fields: list[dict[str, Any]]) -> Schema:
        """The inverse of `to_dict`."""
        return cls(tuple(Column(**column) for column in fields))


def infer(frame: Frame, types: Mapping[str, str] | None = None) -> Schema:
    """What each column is, told from its values, or from `types` where they say it.

    Raises
    ------
    ValueError
        If a column holds numbers and text; the first row that does not fit is named. If `types`
        has a name that is no column's, or a kind that there is not.
    """
    types = {str(name): kind for name, kind in (types or {}).items()}
    for name, kind in types.items():
        if name not in frame.names:
            raise ValueError(f"column_types has {name!r}: {near(name, frame.names)}")
        if kind not in KINDS:
            raise ValueError(f"column_types has {name!r} as {kind!r}: {near(kind, KINDS)}")
    return Schema(tuple(_column(name, frame.column(name), types.get(name)) for name in frame.names))


def _column(name: str, values: Values, kind: str | None) -> Column:
    if kind == IGNORED:
        return Column(name, IGNORED, note="as asked")
    asked = kind is not None
    if values.kind == OTHER:
        if asked:
            raise ValueError(
                f"column_types has {name!r} as {kind!r}, and it holds neither numbers, text nor "
                "dates: make it one of these, or leave it out as 'ignored'"
            )
        return Column(name, IGNORED, note="holds neither numbers, text nor dates")
    if kind is None:
        kind = _kind(name, values)
    if kind == CATEGORY:
        return _category(name, values, asked)
    if kind == DATE:
        formats = _date_formats(values)
        if len(formats) > 1:
            raise ValueError(
                f"column {name!r} holds dates that can be read in {len(formats)} ways: "
                f"{' and '.join(formats)}. Turn it into dates before, or leave it a category"
            )
        date_format = formats[0] if formats else ""
        numbers = dates_of(values, name, date_format)
        missing = np.isnat(numbers)
        column = Column(name, kind, int(missing.sum()), date_format=date_format)
        if values.kind == TEXT:
            column = replace(column, note=f"read from text as {date_format or 'ISO 8601'}")
    else:
        numbers = numbers_of(values, name, asked, kind == BOOLEAN)
        missing = np.isnan(numbers)
        column = Column(name, kind, int(missing.sum()), lenient=asked)
        if asked and values.kind in (TEXT, MIXED):
            lost = column.missing - sum(is_missing(item) for item in values.items)
            if lost:
                note = f"{lost} values that are no numbers count as missing"
                column = replace(column, note=note)
    present = numbers[~missing]
    if not len(present):
        return replace(column, kind=IGNORED, note=column.note or "every value is missing")
    if not column.missing and present.min() == present.max():
        return replace(column, kind=IGNORED, note="the same in every row")
    return column


def _category(name: str, values: Values, asked: bool) -> Column:
    items = texts_of(values)
    different = set(items)
    missing = sum(item is None for item in items) if None in different else 0
    different.discard(None)
    n, distinct = len(items) - missing, len(different)
    if not n:
        return Column(name, IGNORED, missing, 0, "every value is missing")
    if distinct == 1 and not missing:
        return Column(name, IGNORED, missing, 1, "the same in every row")
    if not asked and n > FEW_ROWS and distinct > NEARLY_ALL * n:
        return Column(name, IGNORED, missing, distinct, "nearly every value is different")
    return Column(name, CATEGORY, missing, distinct)


def _kind(name: str, values: Values) -> str:
    """What a column is by its values alone."""
    if values.kind in (NUMBER, BOOLEAN, CATEGORY, DATE):
        return values.kind
    if values.kind == MIXED:
        sorts = {*map(_sort, values.items)} - {None}
        if len(sorts) > 1:
            _refuse_mixed(name, values.items)
        if sorts != {NUMBER}:  # of which some may be text, and tell more
            return str(sorts.pop())
    different = {item for item in set(values.items) if not is_missing(item)}
    if not different:
        return NUMBER
    if all(as_truth(item) is not None for item in different):
        return BOOLEAN
    numbers = {item for item in different if as_number(item) is not None}
    if len(numbers) == len(different):
        padded = any(isinstance(v, str) and LEADING_ZERO.match(v.strip()) for v in numbers)
        return CATEGORY if padded else NUMBER
    if len(numbers) > SEVERAL:
        rows = sum(item in numbers for item in values.items)
        if rows > MOSTLY * sum(item in different for item in values.items):
            _refuse_mixed(name, values.items)
    return DATE if not numbers and len(_date_formats(values)) == 1 else CATEGORY


def _date_formats(values: Values) -> list[str]:
    """The formats in which all of some text is dates, "" for ISO 8601: two if they give others.

    1/2/11 is the first of February, or the second of January.
    """
    if values.kind not in (TEXT, CATEGORY):
        return []
    different = [item.strip() for item in set(values.items) if not is_missing(item)]
    fitting: dict[tuple[Any, ...], str] = {}
    for date_format in DATE_FORMATS:
        dates = []
        for item in different:
            date = as_date(item, date_format)
            if date is None:
                break
            dates.append(date)
        else:
            fitting.setdefault(tuple(dates), date_format)
    return list(fitting.values())


def _sort(item: Any) -> str | None:
    """What one value is, text that is a number being one; None if there is none."""
    if is_missing(item):
        return None
    return NUMBER if isinstance(item, str) and as_number(item) is not None else kind_of(type(item))


def _refuse_mixed(name: str, items: list[Any]) -> None:
    """Raise an error that names the first row of what is rarest: numbers, text or others."""
    sorts = [_sort(item) for item in items]
    rare, *_, often = sorted((sort for sort in PLURALS if sort in sorts), key=sorts.count)
    row = sorts.index(rare)
    what = f"{PLURALS[rare]} among {PLURALS[often]}"
    raise ValueError(
        f"column {name!r} holds {what}: {items[row]!r} in row {row + 1} (counted from 1). Correct "
        f"it, or say what the column is: column_types={{{name!r}: 'number'}} takes what is no "
        f"number for missing, {{{name!r}: 'category'}} takes all of it for text"
    )
