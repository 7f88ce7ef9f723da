"""A recording is the epochs that a run has marked, thinned so that it stays within bounds."""

from __future__ import annotations

from bisect import bisect_right

from pellucid.studios.standing import Mark

MOST_RECORDED, MOST_BYTES = 1000, 64 * 2**20
"""Epochs whose weights are kept, and bytes of them all: beyond either every second one goes."""


class Recording:
    """Marks by epoch, the start first; it may be read while another thread adds to it.

    Examples
    --------
    >>> import numpy as np
    >>> recording = Recording()
    >>> for epoch in range(1002):
    ...     if recording.wants(epoch):
    ...         recording.add(Mark(epoch, epoch, np.zeros(3), 1.0, 1.0, 0.0, 0.0))
    >>> len(recording.marks), recording.at(101).epoch, recording.last.epoch
    (501, 100, 1000)
    """

    def __init__(self) -> None:
        self._marks: list[Mark] = []
        self._thinning = 1  # of epochs, each so manyeth is kept

    @property
    def marks(self) -> list[Mark]:
        """All that is recorded."""
        return list(self._marks)

    @property
    def last(self) -> Mark:
        """The newest."""
        return self._marks[-1]

    @property
    def every(self) -> int:
        """Of epochs, each so manyeth is kept."""
        return self._thinning

    def wants(self, epoch: int) -> bool:
        """Whether an epoch would be kept."""
        return epoch % self._thinning == 0

    def add(self, mark: Mark) -> None:
        """Keep a mark; beyond the bounds every second of the others goes."""
        self._marks.append(mark)
        most = min(MOST_RECORDED, max(MOST_BYTES // max(mark.theta.nbytes, 1), 8))
        if len(self._marks) > most:
            *others, last = self._marks
            self._marks = [*others[::2], last]
            self._thinning *= 2

    def at(self, epoch: int) -> Mark:
        """The last that was recorded at that epoch or before."""
        marks = self.marks
        return marks[max(bisect_right([mark.epoch for mark in marks], epoch) - 1, 0)]
