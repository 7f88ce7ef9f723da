"""A passage is a run's way from its start so far; going back to the start begins another."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import Epochs, State
from pellucid.studios.recording import Recording
from pellucid.studios.waypoint import Edit, Waypoint

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Passage:
    """What one passage from the start has led to so far; a rewind begins another."""

    state: State
    order: Any  # generators
    drops: Any
    epoch: int = 0
    drawn: int = 0  # epochs whose order of rows has been drawn
    within: int = 0  # steps taken in the epoch under way
    under_way: Epochs | None = None  # the order of its rows, and its rates
    losses: list[float] = field(default_factory=list)  # of its steps so far, times their rows
    curve: array[float] = field(default_factory=lambda: array("d"))  # training loss of each epoch
    recording: Recording = field(default_factory=Recording)
    ended: str = ""
    edits: list[Edit] = field(default_factory=list)  # weights that were set by hand
    before: dict[tuple[int, int], float] = field(default_factory=dict)  # by steps and place
    ahead: list[Edit] = field(default_factory=list)  # those to be set further on

    def __post_init__(self) -> None:
        for edit in self.ahead:
            self._refuse(edit.place, edit.weight)

    def draw(self, k: int, n: int) -> NDArray[np.intp] | None:
        """(k, n) the order of rows of the next k epochs, as training draws it; None of no rows."""
        self.drawn += k
        return np.stack([self.order.permutation(n) for _ in range(k)]) if n else None

    def _refuse(self, place: int, weight: float) -> None:
        last = len(self.state.theta) - 1
        if not (0 <= place <= last and isfinite(weight)):
            raise ValueError(
                f"weight {place} cannot be set to {weight}: expected a finite number, and one of "
                f"the weights 0 to {last}"
            )

    def set_weight(self, place: int, weight: float) -> None:
        """Another weight at that place of theta; ValueError where there cannot be one.

        The one that was there before any was set, in the same step, undoes what was done.
        """
        self._refuse(place, weight)
        theta, steps = np.array(self.state.theta), self.state.steps
        before = self.before.setdefault((steps, place), float(theta[place]))
        self.edits = [e for e in self.edits if (e.steps, e.place) != (steps, place)]
        if weight == before:
            weight = before  # a zero has two signs
        else:
            self.edits.append(Edit(steps, place, weight))
        theta[place] = weight
        self.state.theta = theta

    def set_those_due(self) -> None:
        """The weights that are to be set here."""
        while self.ahead and self.ahead[0].steps <= self.state.steps:
            edit = self.ahead.pop(0)
            self.set_weight(edit.place, edit.weight)

    def waypoint(self, steps_an_epoch: int, epoch: int | None) -> Waypoint:
        """The way to here, or to the end of an epoch, before any weight was set there."""
        here = epoch is None
        steps = self.state.steps if epoch is None else epoch * steps_an_epoch
        done = [e for e in self.edits if e.steps < steps or (here and e.steps == steps)]
        return Waypoint(*divmod(steps, steps_an_epoch), tuple(done))
