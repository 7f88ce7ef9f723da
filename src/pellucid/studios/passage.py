"""A passage is a run's way from its start so far; going back to the start begins another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pellucid.engines import Epochs, State
from pellucid.studios.recording import Recording


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
    curve: list[float] = field(default_factory=list)  # training loss of each epoch
    recording: Recording = field(default_factory=Recording)
    ended: str = ""
    touched: bool = False  # whether weights were set by hand
