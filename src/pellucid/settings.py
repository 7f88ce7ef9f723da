"""Settings say how to train: how long, in which batches and steps, and when to stop."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Protocol

from pellucid.arrays import Array
from pellucid.counts import refuse_unless_count
from pellucid.events import Event
from pellucid.optimizers import OPTIMIZERS, Optimizer
from pellucid.registry import near
from pellucid.schedules import Schedule
from pellucid.solvers import SOLVERS

AUTO_BATCH = 32
"""Rows a step when nobody says; all of them if there are fewer."""


class Monitor(Protocol):
    """Judges how training goes, after one epoch or several."""

    def certain(self) -> int:
        """How many epochs are sure to be run before it may say stop."""

    def look(self, event: Event) -> bool:
        """Whether to stop, given all epochs so far."""


@dataclass(frozen=True)
class Settings:
    """How to train; `Network.train` says what each one means."""

    epochs: int = 100
    batch_size: int | str | Mapping[int, int] = "auto"
    solver: str | Optimizer = "adam"
    learning_rate: float | None = None
    schedule: str | Schedule = "constant"
    shuffle: bool = True
    dropout: float | Sequence[float] = 0.0
    clip_norm: float | None = None
    early_stopping: bool = False
    n_iter_no_change: int = 10
    tol: float = 0.0
    max_time: float | None = None
    metric: Callable[[Array, Array], float] | None = None
    callbacks: Sequence[Callable[[Event], Any]] = field(default_factory=tuple)
    monitor: Monitor | None = None
    divisor: int = 1  # of losses without penalty, in what is reported
    by_rows: bool = False  # whether batches count by their rows in the epoch's loss, or by weight
    limits: Mapping[str, Any] = field(default_factory=dict)  # of a solver's search, for `minimize`

    def __post_init__(self) -> None:
        refuse_unless_count("epochs", self.epochs)
        refuse_unless_count("n_iter_no_change", self.n_iter_no_change)
        if isinstance(self.batch_size, Mapping):
            if 1 not in self.batch_size:
                raise ValueError(
                    f"batch_size is {dict(self.batch_size)}: expected one from epoch 1 on, as in "
                    "{1: 32, 20: 128}"
                )
            for epoch, size in self.batch_size.items():
                refuse_unless_count("an epoch of batch_size", epoch)
                refuse_unless_count(f"batch_size from epoch {epoch} on", size)
        elif self.batch_size not in ("auto", "full"):
            refuse_unless_count("batch_size", self.batch_size, ", 'full' or 'auto'")
        for name, limit in (
            ("learning_rate", self.learning_rate),
            ("clip_norm", self.clip_norm),
            ("max_time", self.max_time),
        ):
            if limit is not None and not (isfinite(limit) and limit > 0):
                raise ValueError(f"{name} is {limit!r}: expected a finite number above 0")
        solvers = [*OPTIMIZERS, *SOLVERS]
        if isinstance(self.solver, str) and self.solver not in solvers:
            raise ValueError(f"unknown solver {self.solver!r}: {near(self.solver, solvers)}")

    def stretches(self, n: int) -> list[tuple[int, int]]:
        """The epochs to run and the rows of their batches, stretch after stretch of equal ones.

        A batch larger than all n rows is one of all, with a warning.

        Examples
        --------
        >>> Settings(epochs=10, batch_size={1: 32, 5: 64}).stretches(100)
        [(4, 32), (6, 64)]
        """
        if not isinstance(self.batch_size, Mapping):
            named = {"full": n, "auto": min(AUTO_BATCH, n)}
            size = self.batch_size
            sizes = {1: named[size] if isinstance(size, str) else size}
        else:
            sizes = dict(sorted(self.batch_size.items()))
        for size in sizes.values():
            if int(size) > n:
                warnings.warn(
                    f"batch_size is {size} and there are {n} rows: using {n}", stacklevel=4
                )
        begins = [int(epoch) for epoch in sizes if epoch <= self.epochs]
        ends = [*begins[1:], int(self.epochs) + 1]
        return [
            (end - begin, min(int(sizes[begin]), n))
            for begin, end in zip(begins, ends, strict=True)
        ]
