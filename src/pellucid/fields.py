"""A field is one value in the header of a file: here it is made sure that it is what it must be.

Headers come from anywhere. Each function gives its value back, or raises a `ValueError` that says
what was expected in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from reprlib import repr as _short
from typing import Any, NoReturn, TypeVar

Choice = TypeVar("Choice", bound=str)

LONGEST = 10_000
"""Characters that a text may have."""


def short(value: Any) -> str:
    """A value for a message, a long one cut."""
    return _short(value)


def refuse(value: Any, expected: str) -> NoReturn:
    """Raise a ValueError that says what was found and what was expected."""
    raise ValueError(f"{short(value)} where {expected} was expected")


def text(value: Any) -> str:
    """Text of a length that can be a name or a note."""
    if type(value) is not str or len(value) > LONGEST:
        refuse(value, "a text")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(map(text, sequence(value)))


def choice(value: Any, known: Sequence[Choice] | Mapping[Choice, Any]) -> Choice:
    """One of some names."""
    if type(value) is not str or value not in known:
        refuse(value, "one of " + ", ".join(known))
    return value  # type: ignore[return-value]


def truth(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        refuse(value, "true or false")
    return value


def whole(value: Any, low: int = 0, high: int = 2**53) -> int:
    """A whole number between bounds, both included.

    Examples
    --------
    >>> whole(0, low=1)
    Traceback (most recent call last):
    ValueError: 0 where a whole number from 1 on was expected
    """
    if type(value) is not int or not low <= value <= high:
        refuse(value, f"a whole number from {low} on")
    return value


def number(value: Any, low: float = -inf, high: float = inf, above: bool = False) -> float:
    """A finite number between bounds, both included; with `above`, greater than the lower one."""
    if type(value) not in (int, float) or not low <= value <= high or abs(value) == inf:
        refuse(value, "a number" + ("" if low == -inf else f" from {low:g} on"))
    if above and value == low:
        refuse(value, f"a number above {low:g}")
    return float(value)


def numbers(value: Any, low: float = -inf, high: float = inf) -> list[float]:
    """A list of finite numbers."""
    return [number(item, low, high) for item in sequence(value)]


def optional_number(value: Any) -> float | None:
    """A finite number, or none."""
    return None if value is None else number(value)


def sequence(value: Any, length: int | None = None) -> list[Any]:
    """A list, perhaps of a certain length."""
    if type(value) is not list or length not in (None, len(value)):
        refuse(value, "a list" if length is None else f"a list of {length}")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """Fields by name."""
    if type(value) is not dict:
        refuse(value, "an object")
    return value


def only(value: Any, known: Sequence[str]) -> dict[str, Any]:
    """Fields by name, none of which is called anything else."""
    for name in mapping(value):
        if name not in known:
            raise ValueError(f"{name!r:.60} is no name here: known: {', '.join(known)}")
    return value  # type: ignore[no-any-return]
