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

ONE = Value(1.0)

CLOSE = 1e-5
"""How near a written-out input must come to the model's own, whose arrays may be float32."""


def inputs_section(subject: Subject, x: Any, step: Step, limits: Limits) -> list[Section]:
    """The inputs that matter most; none where the network takes the columns as they are."""
    names = [f"x{i + 1}" for i in range(len(subject.columns))]
    values, raw = step.forward.x[0], raw_values(subject, x)
    unnamed = not subject.takes_tables and list(subject.columns) == names
    if unnamed and len(raw) == len(values) and np.allclose(raw, values, rtol=CLOSE):
        return []
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
        latex = r"{} = \frac{{\text{{value}} - \text{{shift}}}}{{\text{{scale}}}}"
        soft = [i.number.limit for i in subject.inputs if i.number is not None and i.number.limit]
        letter = "u" if soft else "x"
        equations.append(Equation(f"{letter} = (value - shift) / scale", latex.format(letter)))
        if soft:
            root = r"x = \frac{u}{\sqrt{1 + (u / \text{limit})^2}}"
            equations.append(Equation("x = u / sqrt(1 + (u / limit)^2)", root))
    return [Section("inputs", "inputs", "inputs", tuple(equations), tuple(lines))]


def raw_values(subject: Subject, x: Any) -> list[Any]:
    """The value of each column, as the row has it; None where there is none."""
    if not subject.takes_tables:
        return [float(value) for value in subject.matrix(x)[0]]
    return [x[name][0] if name in x.columns else None for name in subject.columns]


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
        if number is None or not math.isclose(number, value, rel_tol=CLOSE):
            return [Line(x, value, label=given.name, note=f"made of {_shown(raw)}")]
        return [Line(x, value, Value(number, _named(column.name), exact=True), label=given.name)]
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
    u = (raw - number.shift) * number.factor
    z = u / math.hypot(1.0, u / number.limit) if number.limit else u
    if number.factor == 0.0 or not math.isclose(z, value, rel_tol=CLOSE, abs_tol=CLOSE):
        return [Line(x, value, label=name, note=f"made of {_shown(raw)}")]
    if number.shift:
        numbers = Difference(numbers, Value(number.shift))
    if number.factor != 1.0:
        numbers = Quotient(numbers, Value(1.0 / number.factor))
    if not number.limit:
        return [Line(x, value, numbers, label=name)]
    before = Symbol("u", 1, x.index)
    limited = Value(u, before)
    under = Sum((ONE, Power(Quotient(limited, Value(number.limit)), 2)))
    return [
        Line(before, u, numbers, label=name),
        Line(x, value, Quotient(limited, Apply("sqrt", (under,))), True, name),
    ]


def _in_cell(cell: Cell, values: np.ndarray) -> Expression:
    """How far x has come through the cell, from 0 to 1."""
    of = values.dtype.type
    z = Value(float(values[cell.number]), Symbol("x", 1, (cell.number + 1,)))
    rise = Product((Difference(z, Value(float(of(cell.low)))), Value(float(of(cell.slope)))))
    return Apply("clip", (rise, Value(0.0), ONE))
