"""A count is a whole number from 1 on, of epochs, rows or threads; anything else is refused."""

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
