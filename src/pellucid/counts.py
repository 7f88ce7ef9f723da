"""A count is a whole number, of epochs, rows or threads: refused below 1, or told in words."""

from __future__ import annotations

from operator import index
from typing import Any


def refuse_unless_count(name: str, value: Any, or_else: str = "") -> None:
    """Raise ValueError unless `value` is a whole number from 1 on, of Python's or NumPy's.

    Examples
    --------
    >>> refuse_unless_count("epochs", 2.5)
    Traceback (most recent call last):
    ValueError: epochs is 2.5: expected a whole number from 1 on
    """
    try:
        is_count = not isinstance(value, bool) and index(value) >= 1
    except TypeError:
        is_count = False
    if not is_count:
        raise ValueError(f"{name} is {value!r}: expected a whole number from 1 on{or_else}")


def counted(n: int, what: str) -> str:
    """So many of something, in words.

    Examples
    --------
    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{n:,} {what}" + ("" if n == 1 else "s")
