"""An exit code tells another program how a command ended; 0 is well."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FAILED = 1
"""A check failed, or training diverged."""

MISTAKE = 2
"""Something that was asked cannot be done as it was asked."""

INTERRUPTED = 130
"""Ctrl-C. One network is kept as it was then; of a bag that is not whole, only a checkpoint is."""

SIGNALS = signal.SIGINT, signal.SIGTERM
"""Ctrl-C, and what a cluster sends when the time is over: after that the exit code is 143."""


class Interrupted(Exception):  # noqa: N818
    """A Ctrl-C in a command, in a form that Typer does not turn into an exit without a word.

    Its message is what is to be known; without one, that nothing was written.

    Parameters
    ----------
    code : to exit with.
    """

    def __init__(self, message: str = "", code: int = INTERRUPTED) -> None:
        super().__init__(message)
        self.code = code


class Interrupt:
    """A signal that has come, or may come.

    Parameters
    ----------
    code : to exit with: 128 and the signal's number, as shells have it.
    """

    def __init__(self) -> None:
        self.code = INTERRUPTED

    def end(self, number: int, frame: Any) -> None:
        """Take no more of them, and end what is done as Ctrl-C does."""
        for other in SIGNALS:
            signal.signal(other, signal.SIG_IGN)
        self.code = 128 + number
        raise KeyboardInterrupt


@contextmanager
def one_interrupt() -> Iterator[Interrupt]:
    """The first signal ends the training; more of them must not keep it from being saved."""
    interrupt = Interrupt()
    before = [signal.signal(number, interrupt.end) for number in SIGNALS]
    try:
        yield interrupt
    except KeyboardInterrupt:
        raise Interrupted(code=interrupt.code) from None
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
