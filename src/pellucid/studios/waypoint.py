"""A waypoint is how far an address goes: an epoch, steps beyond it, and weights set on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

MOST_DIGITS, MOST_EDITS = 9, 100
"""Of a whole number in an address, and weights set by hand that it holds."""


NAMES = ("epoch", "step", "set")
"""What an address calls them."""


class Edit(NamedTuple):
    """A weight that a person has set: after how many steps, its place in theta, and to what."""

    steps: int
    place: int
    weight: float


@dataclass(frozen=True)
class Waypoint:
    """How far to go.

    Parameters
    ----------
    epoch, step : finished epochs, and steps of the next.
    edits : weights to set on the way.

    Examples
    --------
    >>> there = Waypoint(2, 1, (Edit(0, 3, 0.5),))
    >>> there.to_texts()
    {'epoch': '2', 'step': '1', 'set': '0:3:0.5'}
    >>> Waypoint.from_texts(there.to_texts(), 10) == there
    True
    """

    epoch: int = 0
    step: int = 0
    edits: tuple[Edit, ...] = ()

    def __bool__(self) -> bool:
        return self != Waypoint()

    def to_texts(self) -> dict[str, str]:
        """What an address says of it; nothing of the start."""
        edits = ",".join(f"{steps}:{place}:{weight!r}" for steps, place, weight in self.edits)
        texts = zip(NAMES, (str(self.epoch), str(self.step), edits), strict=True)
        return {name: text for name, text in texts if text not in ("0", "")}

    @classmethod
    def from_texts(cls, texts: Mapping[str, str], epochs: int) -> Waypoint:
        """That of an address; ValueError if it is none, or goes beyond so many epochs."""
        epoch, step = (_whole(name, texts.get(name, "0")) for name in ("epoch", "step"))
        if epoch > epochs:
            raise ValueError(f"epoch is {epoch}: expected {epochs} at the most")
        given = [text for text in texts.get("set", "").split(",") if text]
        if len(given) > MOST_EDITS:
            raise ValueError(f"set has {len(given)} weights: expected {MOST_EDITS} at the most")
        return cls(epoch, step, tuple(sorted(map(_edit, given), key=lambda edit: edit.steps)))


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS:
        raise ValueError(f"{name} is {text!r}: expected a whole number")
    return int(text)


def _edit(text: str) -> Edit:
    steps, place, weight = (*text.split(":"), "", "")[:3]
    try:
        number = float(weight)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise ValueError(f"set holds {text!r}: expected steps:place:weight")
    return Edit(_whole("steps", steps), _whole("place", place), number)
