"""A pace is how far training has come, as the schedule sees it."""

from __future__ import annotations

from time import perf_counter

import numpy as np


class Pace:
    """By steps, or by the clock in a hurry.

    Parameters
    ----------
    epochs, steps : as many as are planned, and of each epoch.
    max_time : seconds in which to end; None: as long as it takes.

    Examples
    --------
    >>> pace = Pace(2, 3, None)
    >>> [[round(time, 2) for time in pace.times(epoch)] for epoch in (1, 2)], pace.ended
    ([[0.0, 0.17, 0.33], [0.5, 0.67, 0.83]], True)
    """

    def __init__(self, epochs: int, steps: int, max_time: float | None) -> None:
        self.epochs, self._steps, self._max_time = epochs, steps, max_time
        self._begun, self.t, self._left = perf_counter(), 0.0, epochs
        self._rests = [(2**k - 1) / 15 for k in (1, 2, 3)]  # where coslog4 is 0

    def go_on(self, t: float, seconds: float) -> None:
        """Go on after the part `t` of the schedule, which has taken so many seconds already."""
        self.t, self._begun = t, self._begun - seconds
        self._rests = [end for end in self._rests if t < end - 1e-9]
        if self._max_time is not None:
            self._max_time += seconds  # it is for what is left

    @property
    def passed(self) -> float:
        """Seconds since it began."""
        return perf_counter() - self._begun

    @property
    def ended(self) -> bool:
        """Whether the epoch whose times were given last is the last."""
        return self._left == 1

    @property
    def rests(self) -> bool:
        """Whether the rate has fallen to 0, to rise once more, since this was asked before."""
        passed = [end for end in self._rests if self.t >= end - 1e-9]
        del self._rests[: len(passed)]
        return bool(passed)

    def times(self, epoch: int) -> list[float]:
        """The fraction of training done before each step of an epoch."""
        self._left = self.epochs - epoch + 1
        if self._max_time is not None and epoch > 1:
            of_one = self.passed / (epoch - 1)
            self._left = max(1, min(self._left, int((self._max_time - self.passed) / of_one)))
        of_epoch = (1.0 - self.t) / self._left
        times = self.t + of_epoch / self._steps * np.arange(self._steps)
        self.t += of_epoch
        return [float(time) for time in times]
