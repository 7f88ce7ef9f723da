"""A speed is how many epochs a second a run may play, so that a person can watch it learn."""

from __future__ import annotations

from math import inf

SPEEDS = {"": "easy to watch", "full": "full speed", "100": "100 epochs/s", "20": "20 epochs/s",
          "5": "5 epochs/s", "1": "1 epoch/s"}  # fmt: skip
"""What each is called; the first, "", is what a page has by default."""

EASY_EPOCHS, EASY_STEPS, EASY_SHARE = 4.0, 8.0, 1 / 3
"""Easy to watch are so many epochs a second at first, when most is learnt, and then ever more, as
many as were done; no fewer steps a second than these, and of all epochs no more than this share."""

LATE = 1.0
"""Seconds behind the speed asked for, from which on a run does as at full speed."""


def speed_of(name: str, epochs: int, steps_an_epoch: int, done: int = 0) -> float:
    """Epochs a second at the most; what has no such name is easy to watch.

    Parameters
    ----------
    name : one of `SPEEDS`.
    epochs, steps_an_epoch, done : of the run, and how many epochs it has done.

    Examples
    --------
    >>> [speed_of("", 900, 10, done) for done in (0, 50, 800)]
    [4.0, 50.0, 300.0]
    >>> speed_of("", 900, 1), speed_of("20", 8, 2), speed_of("full", 8, 2)
    (8.0, 20.0, inf)
    """
    if name == "full":
        return inf
    if name in SPEEDS and name:
        return float(name)
    rising = min(max(float(done), EASY_EPOCHS), EASY_SHARE * epochs)
    return max(rising, EASY_STEPS / steps_an_epoch)


class Pace:
    """How fast a run plays of late, and whether it keeps up with the speed asked for.

    Attributes
    ----------
    rate : steps a second; 0 before there were any.
    """

    def __init__(self) -> None:
        self.rate = 0.0
        self._late = 0.0

    @property
    def keeps_up(self) -> bool:
        """Whether it is hardly late."""
        return self._late < LATE

    def add(self, steps: int, taken: float, due: float) -> None:
        """Steps that took so many seconds, and should have: 0 at full speed."""
        rate = steps / max(taken, due, 1e-9)
        self.rate = 0.8 * self.rate + 0.2 * rate if self.rate else rate
        self._late = min(max(self._late + taken - due, 0.0), 1.5 * LATE) if due else 0.0
