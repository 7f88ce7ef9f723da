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


class Interrupted(Exception):  # noqa: N818
    """A Ctrl-C in a command, in a form that Typer does not turn into an exit without a word.

    Its message is what is to be known; without one, that nothing was written.
    """


@contextmanager
def one_interrupt() -> Iterator[None]:
    """The first Ctrl-C ends the training; more of them must not keep it from being saved."""

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
