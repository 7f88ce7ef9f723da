"""Example rows are a few rows of a table, made up from what an encoder knows of its columns.

They hold nothing that the model file does not say anyway, and are as odd as rows come: values in
the middle, at both ends and beyond, none at all, and levels that training has not had.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Value: TypeAlias = str | float | bool | None
"""What JSON can hold in one place."""

SPREADS = (0.0, 1.0, -1.0, 0.3, -3.0, 8.0, -0.6)
"""How far from the middle the numbers lie, the row without one apart."""

ROWS = len(SPREADS) + 1

FAR = 1e300

UNSEEN = "not seen in training"


def numbers(middle: float, spread: float) -> list[Value]:
    """So many numbers around the middle, and none.

    Examples
    --------
    >>> numbers(10.0, 2.0)
    [10.0, 12.0, 8.0, 10.6, 4.0, 26.0, 8.8, None]
    """
    return [*(rounded(middle + spread * times) for times in SPREADS), None]


def rounded(number: float) -> float:
    """A number that is short to write, and not infinite."""
    return float(f"{min(max(number, -FAR), FAR):.6g}")


def levels(known: Sequence[str]) -> list[Value]:
    """The first level, the last and others between them, one that is not known, and none.

    Examples
    --------
    >>> levels(["blue", "green", "red"])
    ['blue', 'red', 'green', 'not seen in training', 'green', 'red', 'blue', None]
    """
    unseen = UNSEEN
    while unseen in known:
        unseen += "!"
    if not known:
        return [unseen] * (ROWS - 1) + [None]
    n = len(known)
    second, middle, first, last = known[1 % n], known[n // 2], known[0], known[-1]
    return [first, last, middle, unseen, second, last, first, None]


def truths() -> list[Value]:
    """True, false, and none."""
    return [True, False, True, None, False, True, False, None]


def staggered(columns: dict[str, list[Value]]) -> dict[str, list[Value]]:
    """The same values, each column's begun one row later than the last's.

    Else all that is missing would be so in one row; the first row keeps what is in the middle.

    Examples
    --------
    >>> staggered({"a": [1, 2, 3], "b": [4, 5, 6]})
    {'a': [1, 2, 3], 'b': [4, 6, 5]}
    """
    rows: dict[str, list[Value]] = {}
    for i, (name, (middle, *others)) in enumerate(columns.items()):
        places = len(others)
        rows[name] = [middle, *(others[(j + i) % places] for j in range(places))]
    return rows
