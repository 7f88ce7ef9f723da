"""Parity is that all did the same work: the same losses from the same weights and batch order."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from math import inf, isfinite
from typing import Any


class ParityError(Exception):
    """A library's loss is not that of the others; the message names it."""


def spread(losses: Iterable[float]) -> float:
    """How far the losses lie apart, relative to their median; inf if one is no finite number.

    Examples
    --------
    >>> spread([1.0, 1.0, 1.5]), spread([1.0, float("nan")])
    (0.5, inf)
    """
    values = list(losses)
    if not all(map(isfinite, values)):
        return inf
    return (max(values) - min(values)) / max(abs(statistics.median(values)), 1e-12)


def check(row: str, answers: Mapping[str, Mapping[str, Any]], tolerance: float) -> float:
    """The relative difference of final losses; those counted on the way must agree just so.

    Parameters
    ----------
    row : the row's name, for the message.
    answers : by library, the `loss` of its outputs afterwards, and `counted`, the mean loss of the
        last epoch as it counts itself, or None.
    tolerance : the largest relative difference that counts as none.

    Raises
    ------
    ParityError
        If one differs by more, or is not a number.

    Examples
    --------
    >>> check("a row", {"a": {"loss": 2.0}, "b": {"loss": 2.0}}, 1e-3)
    0.0
    >>> check("a row", {"a": {"loss": 2.0}, "b": {"loss": 2.0}, "c": {"loss": 3.0}}, 1e-3)
    Traceback (most recent call last):
    parity.ParityError: a row: final losses differ by 50.00%, more than 0.10%: ...
    """
    worst = 0.0
    for key, what in (("counted", "losses of the last epoch"), ("loss", "final losses")):
        losses = {name: a[key] for name, a in answers.items() if a.get(key) is not None}
        if not losses:
            continue
        found = spread(losses.values())
        if found > tolerance:
            figures = ", ".join(f"{name} {loss:.6g}" for name, loss in losses.items())
            raise ParityError(
                f"{row}: {what} differ by {found:.2%}, more than {tolerance:.2%}: {figures}; "
                f"the furthest from the median: {' and '.join(furthest(losses))}"
            )
        worst = max(worst, found)
    return worst


def furthest(losses: Mapping[str, float]) -> list[str]:
    """Whose losses are no finite numbers, else whose lie furthest from the median; of two, both.

    Examples
    --------
    >>> furthest({"a": 1.0, "b": 1.1, "c": 7.0}), furthest({"a": 1.0, "b": 2.0})
    (['c'], ['a', 'b'])
    """
    broken = [name for name, loss in losses.items() if not isfinite(loss)]
    if broken:
        return broken
    middle = statistics.median(losses.values())
    most = max(abs(loss - middle) for loss in losses.values())
    return [name for name, loss in losses.items() if abs(loss - middle) == most]
