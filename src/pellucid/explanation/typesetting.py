"""Typesetting writes a calculation as mathematics, with the signs and brackets that it needs.

A style says how each part looks: one for HTML, one for LaTeX.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

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
from pellucid.explanation.form import Line
from pellucid.explanation.text import number

ADDS, MULTIPLIES, BINDS = 1, 2, 3  # how firmly a calculation holds together

EXACT = 12
"""Digits of a number that was given as it stands."""


class Style(Protocol):
    """How each part of a calculation looks, as text of HTML or LaTeX."""

    times: str
    minus: str
    stacks: bool  # whether a quotient is written one above the other

    def value(self, value: Value, digits: str) -> str:
        """A number, given its digits."""

    def symbol(self, value: Value) -> str:
        """What a number is called."""

    def rest(self, digits: str, count: int) -> str:
        """The sum of terms that are not shown."""

    def brackets(self, inside: str) -> str:
        """In round brackets."""

    def quotient(self, over: str, under: str) -> str:
        """One by the other."""

    def power(self, base: str, exponent: str) -> str:
        """Raised."""

    def applied(self, function: str, arguments: list[str]) -> str:
        """A function of its arguments."""

    def row(self, items: list[str], omitted: int) -> str:
        """Several numbers as one."""

    def number(self, digits: str) -> str:
        """What a line comes to."""

    def text(self, text: str) -> str:
        """What a line comes to where that is a class, or a level."""


class Written(NamedTuple):
    """The parts of a line between its signs of equality."""

    formula: str  # "" if there is none
    numbers: str
    value: str


def written(line: Line, digits: int, style: Style) -> Written:
    """The right side of a line in a style."""
    formula = numbers = ""
    if line.numbers is not None:
        numbers = typeset(line.numbers, digits, style)
        named = typeset(line.numbers, digits, style, named=True)
        formula = named if line.formula and _has_symbol(line.numbers) else ""
    if isinstance(line.value, str):
        return Written(formula, numbers, style.text(line.value))
    shown = number(line.value, digits)
    value = style.number(shown)
    if isinstance(line.numbers, Value) and (formula or shown == _digits(line.numbers, digits)):
        value, numbers = style.value(line.numbers, shown), ""  # the one number is what it comes to
    return Written(formula, numbers, value)


def _has_symbol(item: Expression) -> bool:
    parts: tuple[Expression, ...] = ()
    match item:
        case Value(symbol=symbol):
            return symbol is not None
        case Sum(terms=parts) | Product(factors=parts) | Apply(arguments=parts) | Row(items=parts):
            pass
        case Difference(left=one, right=other) | Quotient(over=one, under=other):
            parts = one, other
        case Power(base=one) | Negative(item=one):
            parts = (one,)
    return any(map(_has_symbol, parts))


def _digits(value: Value, digits: int) -> str:
    return number(value.number, max(digits, EXACT) if value.exact else digits)


def typeset(item: Expression, digits: int, style: Style, named: bool = False) -> str:
    """A calculation in a style, with numbers or with symbols where there are any."""

    def inner(part: Expression) -> str:
        return typeset(part, digits, style, named)

    def held(part: Expression, firmness: int, first: bool = True) -> str:
        own = _firmness(part, first and firmness < BINDS, style, named)
        return inner(part) if own >= firmness else style.brackets(inner(part))

    match item:
        case Value():
            if named and item.symbol is not None:
                return style.symbol(item)
            return style.value(item, _digits(item, digits))
        case Rest():
            return style.rest(number(item.number, digits), item.count)
        case Sum():
            rest = [held(term, ADDS, first=False) for term in item.terms[1:]]
            return " + ".join([held(item.terms[0], ADDS), *rest])
        case Difference():
            return f"{held(item.left, ADDS)} {style.minus} {held(item.right, MULTIPLIES, False)}"
        case Product():
            rest = [held(factor, MULTIPLIES, first=False) for factor in item.factors[1:]]
            return f" {style.times} ".join([held(item.factors[0], MULTIPLIES), *rest])
        case Quotient():
            if style.stacks:
                return style.quotient(inner(item.over), inner(item.under))
            return style.quotient(held(item.over, MULTIPLIES), held(item.under, BINDS))
        case Power():
            return style.power(held(item.base, BINDS), str(item.exponent))
        case Negative():
            return style.minus + held(item.item, MULTIPLIES, first=False)
        case Apply(function="exp"):
            return style.power("e", inner(item.arguments[0]))
        case Apply():
            return style.applied(item.function, [inner(part) for part in item.arguments])
        case Row():
            return style.row([inner(part) for part in item.items], item.omitted)


def _firmness(item: Expression, leads: bool, style: Style, named: bool) -> int:
    """A minus needs brackets everywhere but where it leads."""
    match item:
        case Sum() | Difference():
            return ADDS
        case Product(factors=factors):
            leading = _firmness(factors[0], leads, style, named)
            return MULTIPLIES if leading else 0
        case Quotient():
            return MULTIPLIES
        case Negative():
            return MULTIPLIES if leads else 0
        case Value(number=value, symbol=symbol):
            if named and symbol is not None:
                return BINDS
            bare = value >= 0 and "e" not in number(value, EXACT)
            return BINDS if bare else MULTIPLIES if leads else 0 if value < 0 else MULTIPLIES
        case Rest(number=value):
            return BINDS if value >= 0 else MULTIPLIES if leads else 0
        case Power() | Apply(function="exp"):
            return MULTIPLIES
    return BINDS
