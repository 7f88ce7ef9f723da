"""A range is a short text that means many values: 1e-5:1:log is one a decade from 1e-5 to 1."""

from __future__ import annotations

import re
from math import ceil, isfinite, log10
from typing import Any

import numpy as np

MOST_VALUES = 1000
"""A range of more values is a slip of the hand."""

RANGES = "first:last, first:last:count, first:last:log or first:last:log:count, as in 1e-5:1:log"


def values(text: str, name: str = "values") -> list[Any]:
    """The values that a text means: a list, or a range; for hidden layers, sizes by semicolons.

    Raises
    ------
    ValueError
        If it is no such list or range; `name` says whose.

    Examples
    --------
    >>> values("1e-5:1:log"), values("16:128:log:4")  # one a decade, or so many; whole if both ends
    ([1e-05, 0.0001, 0.001, 0.01, 0.1, 1.0], [16, 32, 64, 128])
    >>> values("1:5"), values("0:0.5:3")  # whole numbers, or so many; 5 without a count
    ([1, 2, 3, 4, 5], [0.0, 0.25, 0.5])
    >>> values("0, 1e-3:1:log, 5"), values("relu,tanh")
    ([0, 0.001, 0.01, 0.1, 1.0, 5], ['relu', 'tanh'])
    >>> values("10,20; 50; none", "hidden_layer_sizes")
    [(10, 20), (50,), ()]
    >>> values("0:1:log", "alpha")
    Traceback (most recent call last):
    ValueError: alpha '0:1:log': a log range goes between two numbers above 0
    """
    try:
        if name != "hidden_layer_sizes":
            parts = [_range(part) if ":" in part else [_value(part)] for part in text.split(",")]
            return list(dict.fromkeys(value for part in parts for value in part))
        sizes: list[Any] = []
        for setting in text.split(";"):
            if ":" in setting:
                sizes += [(n,) for n in _range(setting)]
            elif setting.strip().lower() in ("none", "0"):
                sizes.append(())
            else:
                sizes.append(tuple(_value(part) for part in setting.split(",")))
        if any(not isinstance(n, int) or n < 1 for layers in sizes for n in layers):
            raise ValueError("expected whole numbers from 1 on, as in 100 or 10,20;50,50")
        return list(dict.fromkeys(sizes))
    except ValueError as error:
        raise ValueError(f"{name} {text!r}: {error}") from None


def shown(value: Any) -> str:
    """A value as `values` reads it."""
    if isinstance(value, tuple | list):
        return ",".join(map(shown, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _value(text: str) -> Any:
    """A whole number, a number, or a word."""
    text = text.strip()
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if not isfinite(value):
            raise ValueError(f"{text} is no number to try")
        return value
    if not re.fullmatch(r"\w+", text):
        raise ValueError(f"expected values as in 0.1,0.2 or a range {RANGES}")
    return text


def _range(text: str) -> list[Any]:
    ends, more = text.split(":")[:2], text.split(":")[2:]
    first, last = map(_value, ends)
    log = bool(more) and more[0].strip() == "log"
    counts = [_value(part) for part in more[log:]]
    if any(isinstance(n, str) for n in (first, last, *counts)) or len(counts) > 1:
        raise ValueError(f"expected a range {RANGES}")
    if first == last:
        raise ValueError("the range ends where it begins")
    if log and min(first, last) <= 0:
        raise ValueError("a log range goes between two numbers above 0")
    whole = isinstance(first, int) and isinstance(last, int)
    if counts:
        (count,) = counts
    elif log:
        count = ceil(abs(log10(last / first)) - 1e-9) + 1
    else:
        count = abs(last - first) + 1 if whole else 5
    if not isinstance(count, int) or not 2 <= count <= MOST_VALUES:
        raise ValueError(f"{count} values: expected 2 to {MOST_VALUES}, as in 1:100:5")
    numbers = (np.geomspace if log else np.linspace)(first, last, count)
    if whole and count <= abs(last - first) + 1:
        return list(dict.fromkeys(int(number) for number in np.rint(numbers)))
    return [float(f"{number:.12g}") for number in numbers]
