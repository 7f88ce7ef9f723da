"""The text of an explanation: a line a calculation, for a terminal, with nothing but plain letters.

    label: of = formula = numbers = value, note

Signs are those of programs, so that the numbers of a line can be worked out again as they stand;
only "from 3 more", after the sum of terms that are not shown, is to be left out.
"""

from __future__ import annotations

from math import floor, isfinite, log10
from typing import NamedTuple

from pellucid.explanation.expression import (
    Apply,
    Difference,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Rest,
    Row,
    Sum,
    Value,
)
from pellucid.explanation.form import Explanation, Line, Omitted, Section


class Printed(NamedTuple):
    """A line of text, which kind it is, and where in it the result stands, if it has one.

    Parameters
    ----------
    kind : "title", "heading", "line", "note" or "blank".
    """

    kind: str
    text: str
    result: tuple[int, int] = (0, 0)


def text(explanation: Explanation) -> str:
    """All of it."""
    return "\n".join(printed.text for printed in printed_lines(explanation))


def printed_lines(explanation: Explanation) -> list[Printed]:
    """The lines of text with their kinds, for a terminal that has colours."""
    made: list[Printed] = []
    if explanation.title:
        made += [Printed("title", explanation.title), Printed("blank", "")]
    part = ""
    for section in explanation.sections:
        if part and section.part != part:
            made.append(Printed("blank", ""))
        part = section.part
        made.append(Printed("heading", heading(section)))
        for line in section.lines:
            if isinstance(line, Omitted):
                made.append(Printed("note", f"  ... and {line.n} more {line.what}"))
            else:
                written, note = "  " + line_text(line, explanation.digits), _note(line)
                stop = len(written) - len(note)
                start = written.rindex(" = ", 0, stop) + 3
                made.append(Printed("line", written, (start, stop)))
    return made


def heading(section: Section) -> str:
    """The title, and the general equations after it."""
    if not section.equations:
        return section.title
    return f"{section.title}: " + ",  ".join(equation.plain for equation in section.equations)


def line_text(line: Line, digits: int) -> str:
    """A line, without what leads it in.

    Examples
    --------
    >>> from pellucid.explanation.expression import Symbol
    >>> x, dz = Value(0.5, Symbol("x", 2, (1,))), Value(-0.125, Symbol("dz", 2, (1,)))
    >>> product = Product((x, dz))
    >>> line_text(Line(Symbol("W", 2, (1, 1), derivative=True), -0.0625, product, True), 4)
    'dlayer2.W[1,1] = x1 * dz1 = 0.5 * -0.125 = -0.0625'
    """
    parts = [line.of.plain]
    if line.numbers is not None:
        numbers = with_numbers(line.numbers, digits)
        named = symbols(line.numbers, digits)
        if line.formula and named != numbers:
            parts.append(named)
        if not line.formula or named == numbers or not isinstance(line.numbers, Value):
            parts.append(numbers)
    result = line.value if isinstance(line.value, str) else number(line.value, digits)
    if len(parts) == 1 or parts[-1] != result:
        parts.append(result)
    label = f"{line.label}: " if line.label not in ("", parts[0]) else ""
    return label + " = ".join(parts) + _note(line)


def _note(line: Line) -> str:
    return f", {line.note}" if line.note else ""


def number(value: float, digits: int) -> str:
    """To so many significant digits, and never fewer than it has before the point.

    Examples
    --------
    >>> [number(v, 4) for v in (0.25, 2 / 3, 123456.7, 1e-7, -0.0)]
    ['0.25', '0.6667', '123457', '1e-07', '0']
    """
    value = float(value)
    if not isfinite(value) or value == 0.0:
        return f"{value + 0.0:g}"
    whole = floor(log10(abs(value))) + 1
    return f"{value:.{max(digits, whole) if whole <= LONGEST else digits}g}"


LONGEST = 9
"""Digits before the point at the most; beyond them a number is written with an exponent."""


def with_numbers(expression: Expression, digits: int) -> str:
    """The calculation with its numbers."""
    return _written(expression, digits, False)


def symbols(expression: Expression, digits: int) -> str:
    """The calculation with symbols where it has them."""
    return _written(expression, digits, True)


# What stands in brackets where it is part of a sum, a product and so on.
_IN = {
    Sum: (Product, Difference, Quotient, Negative),
    Product: (Sum, Difference, Quotient, Negative),
    Difference: (Sum, Difference, Negative),
    Quotient: (Sum, Product, Difference, Quotient, Negative),
    Power: (Sum, Product, Difference, Quotient, Power, Negative),
    Negative: (Sum, Product, Difference, Quotient, Negative),
}


def _written(item: Expression, digits: int, named: bool) -> str:
    def part(inner: Expression) -> str:
        made = _written(inner, digits, named)
        negative = made.startswith("-") and isinstance(inner, Value)
        if isinstance(inner, _IN[type(item)]) or (negative and isinstance(item, Power | Negative)):
            return f"({made})"
        return made

    def plain(inner: Expression) -> str:
        return _written(inner, digits, named)

    match item:
        case Value():
            if named and item.symbol is not None:
                return item.symbol.plain
            return number(item.number, max(digits, 12) if item.exact else digits)
        case Rest():
            return f"{number(item.number, digits)} from {item.count} more"
        case Sum():
            return " + ".join(map(part, item.terms))
        case Product():
            return " * ".join(map(part, item.factors))
        case Difference():
            return f"{plain(item.left)} - {part(item.right)}"
        case Quotient():
            return f"{part(item.over)} / {part(item.under)}"
        case Power():
            return f"{part(item.base)}^{item.exponent}"
        case Negative():
            return f"-{part(item.item)}"
        case Apply():
            return f"{item.function}({', '.join(map(plain, item.arguments))})"
        case Row():
            more = [f"... {item.omitted} more"] if item.omitted else []
            return f"[{', '.join([*map(plain, item.items), *more])}]"
