"""An event is what a callback is told at the end of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.arrays import Array
from pellucid.counts import refuse_unless_count
from pellucid.history import History


@dataclass(frozen=True)
class Event:
    """What a callback is told at the end of each epoch. It answers True to stop training."""

    epoch: int  # from 1
    epochs: int  # as many as are planned
    history: History  # so far, this epoch included
    theta: Array  # (P,) as it is now


def print_loss(every: int = 1) -> Callable[[Event], None]:
    """A callback that prints the epoch's loss every so many epochs, and in the last one planned.

    Examples
    --------
    >>> import numpy as np
    >>> callback = print_loss(every=10)
    >>> callback(Event(20, 100, History(loss=[0.5, 0.25]), np.zeros(1)))
    epoch  20 of 100   loss 0.25
    """
    refuse_unless_count("every", every)

    def callback(event: Event) -> None:
        if event.epoch % every == 0 or event.epoch == event.epochs:
            width = len(str(event.epochs))
            loss = event.history.loss[-1]
            print(f"epoch {event.epoch:>{width}} of {event.epochs}   loss {loss:.6g}", flush=True)

    return callback
