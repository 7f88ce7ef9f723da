"""A watch is the eyes of training: it measures, remembers what was best, and may say stop."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from time import perf_counter
from typing import TypeAlias

from pellucid.arrays import Array
from pellucid.engines import Engine, EpochsEnd
from pellucid.events import Event
from pellucid.history import History
from pellucid.objective import Objective
from pellucid.settings import Settings

Validation: TypeAlias = tuple[Array, Array, Array | None]
"""X (n, n_inputs), y (n, n_outputs) and weights (n,) or None of the rows to measure on."""


@dataclass
class Best:
    """The lowest validation loss so far, and how long ago there was one that counts.

    Parameters
    ----------
    theta : (P,) where it was lowest; None before the first look.
    loss : the lowest.
    bar : the loss to be better than by `tol`.
    unimproved : epochs that have not been.
    """

    theta: Array | None = None
    loss: float = inf
    bar: float = inf
    unimproved: int = 0


class Watch:
    """Enters epochs into a history, measures on the validation data, and judges.

    Parameters
    ----------
    settings : which say when to stop.
    engine, objective : what measures, and what.
    validation : rows to measure on, or None.
    theta : (P,) where training begins.
    """

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        objective: Objective,
        validation: Validation | None,
        theta: Array,
    ) -> None:
        self.settings = settings
        self.engine = engine
        # Validation is about the data alone: no penalty counts in it.
        self.plain = Objective(objective.layout, objective.loss, reduction=objective.reduction)
        self.validation = validation
        self.history = History()
        self.best = Best()
        self.sound_theta = self.last_theta = theta  # where the loss is known to be finite; newest
        self.start = perf_counter()

    @property
    def looks_at_each(self) -> bool:
        """Whether it must see every epoch at its end, or may see several at once."""
        settings = self.settings
        timed = settings.max_time is not None
        return timed or self.validation is not None or bool(settings.callbacks)

    def look(self, theta: Array, ends: EpochsEnd) -> None:
        """Enter epochs into the history, theta being where the last one led, and judge.

        The history's `stopped` says why training shall stop, if it shall.
        """
        history, settings, start = self.history, self.settings, self.start
        parts = zip(ends.losses, ends.penalties, strict=True)
        history.loss += [(loss - p) / settings.divisor + p if p == p else loss for loss, p in parts]
        history.penalty += ends.penalties
        history.learning_rate += ends.rates
        history.seconds += [clock - start for clock in ends.clocks]
        if isfinite(ends.losses[0]):  # that was measured first where the look before left off
            self.sound_theta = self.last_theta
        self.last_theta = theta
        loss = ends.losses[-1]
        if self.validation is not None:
            self._validate(theta)
        if not isfinite(loss) or (self.validation and not isfinite(history.validation_loss[-1])):
            history.stopped = "diverged"
        elif settings.early_stopping and self.best.unimproved >= settings.n_iter_no_change:
            history.stopped = f"no better validation loss in {settings.n_iter_no_change} epochs"
        if settings.monitor is not None and settings.monitor.look(self._event(theta)):
            history.stopped = history.stopped or "no longer better"

    def look_at_clock(self) -> None:
        """Say stop when the time is over."""
        most = self.settings.max_time
        if most is not None and self.history.duration >= most:
            self.history.stopped = self.history.stopped or f"{most:g} s are over"

    def tell(self, theta: Array) -> None:
        """Tell whoever wants to know of each epoch that it has ended; they may say stop."""
        if self.settings.callbacks:
            event = self._event(theta)
            answers = [callback(event) for callback in self.settings.callbacks]  # all are told
            if any(answer is True for answer in answers):
                self.history.stopped = self.history.stopped or "a callback said so"

    def _event(self, theta: Array) -> Event:
        return Event(len(self.history), self.settings.epochs, self.history, theta)

    def _validate(self, theta: Array) -> None:
        assert self.validation is not None
        X, y, w = self.validation
        value, output = self.engine.value_and_output(self.plain, theta, X, y, w)
        if self.settings.metric is not None:
            self.history.validation_score.append(float(self.settings.metric(output, y)))
        value /= self.settings.divisor
        self.history.validation_loss.append(value)
        best = self.best
        if value < best.loss:
            best.loss, best.theta = value, theta
            self.history.best_epoch = len(self.history)
        if value < best.bar - self.settings.tol:
            best.bar, best.unimproved = value, 0
        else:
            best.unimproved += 1
