"""Bars are signed numbers by name as plain text: the largest in full, the rest as one sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

WIDTH, LONGEST_NAME, LONGEST_BAR = 80, 36, 24


@dataclass(frozen=True)
class Line:
    """A name, a number in units of the last digit that is printed, and whether it has a bar."""

    name: str
    units: int
    bar: bool = True
    remark: str = ""


def decimals(largest: float, digits: int = 4) -> int:
    """Decimals that show so many digits of the largest number, and few of one that is large.

    Examples
    --------
    >>> [decimals(size) for size in (123456.0, 3.0, 0.25, 0.0004, 0.0)]
    [0, 3, 4, 7, 4]
    """
    if not largest > 0.0:
        return digits
    return min(12, max(0, digits - 1 - floor(log10(largest))))


def added_up(
    names: Sequence[str], values: Sequence[float], total: int, places: int, most: int
) -> list[Line]:
    """The largest numbers and the sum of the rest, which in printed digits add up to a total.

    Parameters
    ----------
    total : in units of the last digit, `places` of them behind the point. What rounding each
        number adds or takes goes into the rest.
    most : lines.
    """
    order = sorted(range(len(values)), key=lambda i: -abs(values[i]))
    units = [round(value * 10**places) for value in values]
    shown = order if len(order) <= most else order[: most - 1]
    lines = [Line(names[i], units[i]) for i in shown]
    left = len(order) - len(shown)
    rest = total - sum(line.units for line in lines)
    if left:
        lines.append(Line(f"{left} others", rest))
    elif rest:
        lines.append(Line("rounding", rest, bar=False))
    return lines


def written(lines: Sequence[Line], places: int, width: int = WIDTH) -> str:
    """A line each: the name, the number with its sign, a bar of + or of -, in `width` columns.

    Examples
    --------
    >>> print(written([Line("age", 200), Line("hours", -100), Line("sum", 100, False)], 3))
    age    +0.200  ++++++++++++++++++++++++
    hours  -0.100  ------------
    sum    +0.100
    """
    names = [shortened(line.name, LONGEST_NAME) for line in lines]
    numbers = [f"{line.units / 10**places:+,.{places}f}" for line in lines]
    n, k = max(map(len, names), default=0), max(map(len, numbers), default=0)
    longest = max(4, min(LONGEST_BAR, width - n - k - 4))
    largest = max((abs(line.units) for line in lines if line.bar), default=0) or 1
    rows = []
    for name, number, line in zip(names, numbers, lines, strict=True):
        bar = ""
        if line.bar:
            length = round(longest * abs(line.units) / largest)
            bar = ("+" if line.units > 0 else "-") * length
        after = shortened(line.remark, width - n - k - 4) if line.remark else bar
        rows.append(f"{name:<{n}}  {number:>{k}}  {after}".rstrip())
    return "\n".join(rows)


def as_table(lines: Sequence[Line], places: int) -> str:
    """The same lines as an HTML table."""
    largest = max((abs(line.units) for line in lines if line.bar), default=0) or 1
    rows = []
    for line in lines:
        after = f'<span class="muted">{escape(line.remark)}</span>'
        if line.bar:
            colour, length = "accent" if line.units >= 0 else "second", abs(line.units) / largest
            after = (
                f'<div style="background:var(--{colour});height:.8em;margin-top:.35em;'
                f'width:{100.0 * length:.1f}%"></div>'
            )
        number = f"{line.units / 10**places:+,.{places}f}"
        rows.append(
            f'<tr><td>{escape(line.name)}</td><td class="number">{number}</td>'
            f'<td style="min-width:12em">{after}</td></tr>'
        )
    return f"<table>{''.join(rows)}</table>"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else text[: most - 3] + "..."
