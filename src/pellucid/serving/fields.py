"""A field is a column as a client sends it: its name, what it may hold, and how that is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.serving.refusals import Refusal, shown
from pellucid.tabular.frames import BOOLEAN, CATEGORY, DATE, NUMBER
from pellucid.tabular.values import as_date, as_number, as_read, as_text, as_truth, is_missing

if TYPE_CHECKING:
    from numpy.typing import NDArray

Cells: TypeAlias = "NDArray[np.float64] | list[str | None]"
"""What a column holds (n,): numbers, and booleans as 1 and 0, with NaN where there is none; or text
with None."""

EXAMPLES = 20
"""Levels that the schema of a category gives."""


@dataclass(frozen=True)
class Field:
    """A column that the model needs.

    Parameters
    ----------
    name : of the column.
    kind : "number", "boolean", "category" or "date".
    levels : the values of a category that training had.
    date_format : of dates, as `datetime.strptime` takes it; "" for ISO 8601.
    nullable : whether it may have no value.
    example : a value it may have.

    Examples
    --------
    >>> Field("age", "number").read([39, None, 2.5]).tolist()
    [39.0, nan, 2.5]
    >>> Field("job", "category", ("clerk",)).read([" clerk", 7, "?"])
    ['clerk', '7', None]
    >>> Field("age", "number").read([39, "forty"])
    Traceback (most recent call last):
    pellucid.serving.refusals.Refusal: column 'age' holds 'forty' in row 2: expected a number ...
    """

    name: str
    kind: str
    levels: tuple[str, ...] = ()
    date_format: str = ""
    nullable: bool = True
    example: Any = None

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.levels)

    def read(self, values: Sequence[Any], from_text: bool = False) -> Cells:
        """The values of a column (n,) as JSON gives them, or as the text of a CSV file.

        Raises
        ------
        Refusal
            If a value is not of the column's kind; its row is named.
        """
        if self.kind == NUMBER and {*map(type, values)} <= {float, int}:
            numbers = _plain_numbers(values)
            if numbers is not None:
                return numbers
        convert = (_TEXTS if from_text else _VALUES)[self.kind]
        made: list[Any] = []
        done: dict[str, Any] = {}  # of text, the same values come again and again
        for row, value in enumerate(values, 1):
            if type(value) is str and value in done:
                made.append(done[value])
                continue
            try:
                one = convert(value, self)
                if one is None and not self.nullable:
                    raise ValueError
            except ValueError:
                message = f"column {self.name!r} holds {shown(value)} in row {row}: "
                raise Refusal(
                    422, f"{message}expected {self.expected}", row=row, column=self.name
                ) from None
            if type(value) is str:
                done[value] = one
            made.append(one)
        return np.array(made, np.float64) if self.kind in (NUMBER, BOOLEAN) else made

    def new(self, column: Cells) -> int:
        """In how many rows a category has a value that training did not have."""
        if self.kind != CATEGORY:
            return 0
        return sum(value is not None and value not in self._known for value in column)

    @property
    def expected(self) -> str:
        """What it may hold, for a message."""
        what = {
            NUMBER: "a number",
            BOOLEAN: "true or false, 1 or 0",
            CATEGORY: "text, a number, true or false",
            DATE: f"a date {as_read(self.date_format)}",
        }[self.kind]
        if self.nullable:
            return f"{what}, or null" if "," in what else f"{what} or null"
        return what

    def to_json_schema(self) -> dict[str, Any]:
        """What it may hold, as JSON Schema says it."""
        schema: dict[str, Any] = {}
        if self.kind == BOOLEAN:
            schema = {"enum": [True, False, 1, 0]}
        elif self.kind == DATE and not self.date_format:
            schema = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}
        else:
            types = {NUMBER: "number", DATE: "string", CATEGORY: ["string", "number", "boolean"]}
            schema = {"type": types[self.kind]}
        if self.nullable:
            schema = {"anyOf": [schema, {"type": "null"}]}
        schema["description"] = f"{self.kind}: {self.expected}"
        if self.levels:
            schema["examples"] = list(self.levels[:EXAMPLES])
        elif self.example is not None:
            schema["examples"] = [self.example]
        return schema


def _plain_numbers(values: Sequence[float]) -> NDArray[np.float64] | None:
    """Numbers as they are, or None if one of them is not finite."""
    try:
        numbers = np.array(values, np.float64)
    except OverflowError:  # of a whole number with hundreds of digits
        return None
    return numbers if np.isfinite(numbers).all() else None


def _number(value: Any, field: Field) -> Any:
    if value is None:
        return math.nan if field.nullable else _refuse()
    number = None if isinstance(value, bool | str) else as_number(value)
    return _refuse() if number is None else number


def _number_in_text(value: str, field: Field) -> Any:
    if is_missing(value):
        return _number(None, field)
    number = as_number(value)
    return _refuse() if number is None else number


def _truth(value: Any, field: Field) -> Any:
    if value is None:
        return _number(None, field)
    if isinstance(value, int | float) and value in (0, 1):
        return float(value)
    return _refuse()


def _truth_in_text(value: str, field: Field) -> Any:
    if is_missing(value):
        return _number(None, field)
    truth = as_truth(value)
    return _truth(as_number(value), field) if truth is None else truth


def _category(value: Any, field: Field) -> Any:
    if isinstance(value, str):
        value.encode()  # refuses half a character, as "\ud800" is
    elif isinstance(value, list | dict) or value in (math.inf, -math.inf):
        _refuse()
    return as_text(value)


def _date(value: Any, field: Field) -> Any:
    if value is None or (isinstance(value, str) and is_missing(value)):
        return None
    if isinstance(value, str) and as_date(value, field.date_format) is not None:
        return value
    return _refuse()


def _refuse() -> Any:
    raise ValueError


_VALUES: dict[str, Callable[[Any, Field], Any]] = {
    NUMBER: _number,
    BOOLEAN: _truth,
    CATEGORY: _category,
    DATE: _date,
}
"""How values of JSON are read, by the kind of the column."""

_TEXTS: dict[str, Callable[[Any, Field], Any]] = {
    NUMBER: _number_in_text,
    BOOLEAN: _truth_in_text,
    CATEGORY: _category,
    DATE: _date,
}
"""How text is read."""
