"""Strict JSON is JSON of bounded size that says nothing twice and whose numbers are finite.

What is read from a file of unknown origin is parsed here: whatever it holds, the answer is a value
or one `ValueError`, in memory of a few hundred megabytes at the most.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from math import isfinite
from typing import Any, NoReturn

MOST_CHARACTERS = 2**25
"""A longer text is refused before it is parsed."""

MOST_VALUES = 2**22
"""So is one of more values than about so many: an empty list takes 20 times its two characters."""

MOST_DIGITS = 30
"""Of a whole number."""


def parse(text: str, most_digits: int = MOST_DIGITS) -> Any:
    """The value that a text of JSON stands for, whose whole numbers have so many digits at most.

    Raises
    ------
    ValueError
        If it is no JSON, has NaN, Infinity or a number too large, a name twice in one object or
        half a surrogate pair, or is too long or too deep.

    Examples
    --------
    >>> parse('{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    >>> parse('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ValueError: 'a' is there twice
    """
    refuse_too_much(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_each_once,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=partial(_whole, most_digits),
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if "\\ud" in text.lower():  # an escaped surrogate, of which half a pair is no text
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("it has half a surrogate pair, which is no character") from error
    return value


def refuse_too_much(text: str) -> None:
    """Raise ValueError if a text is longer, or has more values, than is ever parsed."""
    values = sum(map(text.count, ",[{"))
    if len(text) > MOST_CHARACTERS or values > MOST_VALUES:
        raise ValueError(
            f"it has {len(text)} characters and about {values} values: at most {MOST_CHARACTERS} "
            f"and {MOST_VALUES} are read"
        )


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"{twice!r:.60} is there twice")
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(f"the number {text:.60} is too large")
    return number


def _whole(most_digits: int, text: str) -> int:
    if len(text) > most_digits:
        raise ValueError(f"a whole number of {len(text)} digits is too large")
    return int(text)
