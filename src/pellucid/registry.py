"""A registry is a table from the field's names to the things they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")

MOST, LONGEST, MOST_LISTED = 1000, 200, 50
"""Names that are looked through for near ones, characters that they may have, names in a hint."""


def near(name: str, known: Iterable[str]) -> str:
    """A hint for a mistyped name: the close ones first, else all that are known.

    Examples
    --------
    >>> near("sigmod", ["relu", "sigmoid", "tanh"])
    'did you mean sigmoid? Known: relu, sigmoid, tanh'
    """
    import difflib

    known = [str(k) for k in known]
    near_ones = [k for k in known[:MOST] if len(k) <= LONGEST]  # comparing takes its time
    close = difflib.get_close_matches(str(name)[:LONGEST], near_ones, n=3, cutoff=0.6)
    more = f", ... ({len(known)})" if len(known) > MOST_LISTED else ""
    listed = ", ".join(known[:MOST_LISTED]) + more
    return f"did you mean {' or '.join(close)}? Known: {listed}" if close else f"known: {listed}"


def look_up(
    name: str, table: Mapping[str, T], kind: str, aliases: Mapping[str, str] | None = None
) -> T:
    """The row of `table` called `name`, or a ValueError that lists the names there are.

    Examples
    --------
    >>> look_up("two", {"one": 1, "two": 2}, "number")
    2
    """
    key = (aliases or {}).get(name, name)
    if key not in table:
        raise ValueError(f"unknown {kind} {name!r}: {near(name, table)}")
    return table[key]
