"""How a row's columns become the network's inputs, written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid.columns import NumericColumn, numbers_of
from pellucid.explanation.choosing import Limits
from pellucid.explanation.expression import (
    Apply,
    Difference,
    Expression,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    Value,
)
from pellucid.explanation.form import Equation, Line, Omitted, Section
from pellucid.explanation.step import Step
from pellucid.export.dates import days_of
from pellucid.export.program import CATEGORY, DATE, Cell, Column, Number, part_of
from pellucid.subject import CELL, LEVEL, MISSING, Input, Subject
from pellucid.subject.base import polars_of
from pellucid.subject.tables import table_of

ONE = Value(1.0)


def inputs_section(subject: Subject, x: Any, step: Step, limits: Limits) -> list[Section]:
    """The inputs that matter most; none where the network takes the columns as they are."""
    names = [f"x{i + 1}" for i in range(len(subject.columns))]
    as_they_are = all(i.number is None and i.level is None for i in subject.inputs)
    if as_they_are and list(subject.columns) == names:
        return []
    values = step.forward.x[0]
    raw = raw_values(subject, x)
    lines: list[Line | Omitted] = []
    shown = {*step.shown[0]}
    shown |= {cell.number for i in shown if (cell := subject.inputs[i].cell) is not None}
    for i in sorted(shown):
        given = subject.inputs[i]
        lines += input_lines(given, i, values, subject.taken[given.column], raw[given.column])
    if left := len(values) - len(shown):
        lines.append(Omitted(left, "inputs"))
    equations = []
    if any(i.number is not None and not i.number.by_code for i in subject.inputs):
        latex = r"x = \frac{\text{value} - \text{shift}}{\text{scale}}"
        equations.append(Equation("x = (value - shift) / scale", latex))
    return [Section("inputs", "inputs", "inputs", tuple(equations), tuple(lines))]


def raw_values(subject: Subject, x: Any) -> list[Any]:
    """The value of each column, as the row has it; None where there is none."""
    if not subject.takes_tables:
        return [float(value) for value in subject._matrix(x)[0]]
    frame = table_of(x, subject.columns) if isinstance(x, list | tuple) else polars_of(x)
    return [frame[name][0] if name in frame.columns else None for name in subject.columns]


def input_lines(
    given: Input, place: int, values: np.ndarray, column: Column, raw: Any
) -> list[Line]:
    """The line of one input, and what is reckoned before it.

    Parameters
    ----------
    place : of the input.
    values : (n_inputs,) of all of them.
    raw : the column's value.
    """
    x, value = Symbol("x", 1, (place + 1,)), float(values[place])
    if given.kind == MISSING:
        there = "is missing" if value else "is there"
        return [Line(x, value, label=given.name, note=f"for {column.name} {there}")]
    if given.kind == LEVEL:
        return [Line(x, value, label=given.name, note=f"for {column.name} is {_shown(raw)}")]
    if given.kind == CELL and given.cell is not None:
        return [Line(x, value, _in_cell(given.cell, values), True, given.name)]
    number = as_number(column, given.number, raw)
    if given.number is None:
        numbers = None if number is None else Value(number, _named(column.name), exact=True)
        return [Line(x, value, numbers, label=given.name)]
    if given.number.by_code:
        note = f"what {column.name} = {_shown(raw)} stands for"
        return [Line(x, value, label=given.name, note=note)]
    if number is None or math.isnan(number):
        return [Line(x, value, label=given.name, note=f"for {column.name} is missing")]
    return _scaled(given.number, given.name, x, value, number)


def as_number(column: Column, number: Number | None, raw: Any) -> float | None:
    """A column's value, or the part of a date that an input is of; None where it is none."""
    if raw is None or column.kind == CATEGORY:
        return None
    if column.kind == DATE:
        text = raw if isinstance(raw, str) else raw.isoformat(" ") if _has_time(raw) else str(raw)
        form = column.date_format if isinstance(raw, str) else ""
        days = np.array([days_of(text, form)])
        return float(part_of(days, number.part)[0]) if number else float(days[0])
    if isinstance(raw, str):
        import polars

        frame = polars.DataFrame({column.name: [raw]})
        found = numbers_of(frame, [NumericColumn(column.name, 0.0)])[column.name][0]
        return None if found is None else float(found)
    return float(raw)


def _has_time(raw: Any) -> bool:
    return hasattr(raw, "hour")


def _named(column: str) -> Symbol:
    return Symbol(column, kind="column")


def _shown(raw: Any) -> str:
    return "missing" if raw is None else f'"{raw}"'


def _scaled(number: Number, name: str, x: Symbol, value: float, raw: float) -> list[Line]:
    """(value - shift) / scale, softly limited."""
    of = f"{number.part} of {name}" if number.part and number.part not in name else name
    numbers: Expression = Value(raw, _named(of), exact=True)
    if number.factor == 0.0:
        return [Line(x, value, label=name, note="the same whatever the value")]
    if number.shift:
        numbers = Difference(numbers, Value(number.shift))
    if number.factor != 1.0:
        numbers = Quotient(numbers, Value(1.0 / number.factor))
    if not number.limit:
        return [Line(x, value, numbers, label=name)]
    u = Value((raw - number.shift) * number.factor, Symbol("u", 1, x.index))
    assert u.symbol is not None
    under = Sum((ONE, Power(Quotient(u, Value(number.limit)), 2)))
    return [
        Line(u.symbol, u.number, numbers, label=name),
        Line(x, value, Quotient(u, Apply("sqrt", (under,))), True, name),
    ]


def _in_cell(cell: Cell, values: np.ndarray) -> Expression:
    """How far x has come through the cell, from 0 to 1."""
    of = values.dtype.type
    z = Value(float(values[cell.number]), Symbol("x", 1, (cell.number + 1,)))
    rise = Product((Difference(z, Value(float(of(cell.low)))), Value(float(of(cell.slope)))))
    return Apply("clip", (rise, Value(0.0), ONE))
