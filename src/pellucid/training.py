"""Training is the loop around the steps: epochs, validation, stopping, and what is kept of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from math import isfinite
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.counts import refuse_unless_count
from pellucid.dropout import dropout
from pellucid.engines import Batches, Engine, Epochs, EpochsEnd, State
from pellucid.history import History
from pellucid.objective import Objective
from pellucid.optimizers import OPTIMIZERS, Optimizer, optimizer
from pellucid.registry import near
from pellucid.schedules import Schedule, schedule
from pellucid.solvers import SOLVERS, minimize

AUTO_BATCH = 32
"""Rows a step when nobody says; all of them if there are fewer."""


class DivergenceWarning(RuntimeWarning):
    """The loss stopped being a finite number, and training stopped with it."""


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


@dataclass(frozen=True)
class Settings:
    """How to train; `Network.train` says what each one means."""

    epochs: int = 100
    batch_size: int | str = "auto"
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

    def __post_init__(self) -> None:
        refuse_unless_count("epochs", self.epochs)
        refuse_unless_count("n_iter_no_change", self.n_iter_no_change)
        if self.batch_size not in ("auto", "full"):
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

    def rows_per_batch(self, n: int) -> int:
        """The batch size for n rows: all of them, with a warning, if more were asked for."""
        if self.batch_size == "full":
            return n
        if self.batch_size == "auto":
            return min(AUTO_BATCH, n)
        size = int(self.batch_size)
        if size > n:
            warnings.warn(f"batch_size is {size} and there are {n} rows: using {n}", stacklevel=4)
        return min(size, n)


def begin(theta: Array, solver: str | Optimizer) -> State:
    """Where training with a solver begins: at theta, with nothing remembered yet."""
    moments = {} if solver in SOLVERS else optimizer(solver).init(theta)
    return State(theta, moments)


class _Watch:
    """The eyes of training: after some epochs it measures, remembers the best, and may say stop."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        objective: Objective,
        validation: tuple[Array, Array] | None,
        theta: Array,
    ) -> None:
        self.settings = settings
        self.engine = engine
        # Validation is about the data alone: no penalty counts in it.
        self.plain = Objective(objective.layout, objective.loss, reduction=objective.reduction)
        self.validation = validation
        self.history = History()
        self.best_theta: Array | None = None
        self.sound_theta = self.last_theta = theta  # where the loss is known to be finite; newest
        self.best_loss = self.bar = float("inf")
        self.unimproved = 0
        self.start = perf_counter()

    @property
    def looks_at_each(self) -> bool:
        """Whether it must see every epoch at its end, or may see several at once."""
        settings = self.settings
        timed = settings.max_time is not None
        return timed or self.validation is not None or bool(settings.callbacks)

    def look(self, theta: Array, ends: EpochsEnd) -> bool:
        """Enter epochs into the history, theta being where the last one led.

        True when training shall stop (`stopped` says why).
        """
        history, settings, start = self.history, self.settings, self.start
        history.loss += ends.losses
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
        elif settings.early_stopping and self.unimproved >= settings.n_iter_no_change:
            history.stopped = f"no better validation loss in {settings.n_iter_no_change} epochs"
        elif settings.max_time is not None and history.seconds[-1] >= settings.max_time:
            history.stopped = f"{settings.max_time:g} s are over"
        if settings.callbacks:
            event = Event(len(history), settings.epochs, history, theta)
            answers = [callback(event) for callback in settings.callbacks]  # all are told
            if any(answer is True for answer in answers):
                history.stopped = history.stopped or "a callback said so"
        return bool(history.stopped)

    def look_once(self, theta: Array, loss: float) -> bool:
        """Enter one iteration of a solver, which knows no rate."""
        return self.look(theta, EpochsEnd([loss], [0.0], [perf_counter()]))

    def _validate(self, theta: Array) -> None:
        assert self.validation is not None
        X, y = self.validation
        value, output = self.engine.value_and_output(self.plain, theta, X, y)
        if self.settings.metric is not None:
            self.history.validation_score.append(float(self.settings.metric(output, y)))
        self.history.validation_loss.append(value)
        if value < self.best_loss:
            self.best_loss, self.best_theta = value, theta
            self.history.best_epoch = len(self.history)
        if value < self.bar - self.settings.tol:
            self.bar, self.unimproved = value, 0
        else:
            self.unimproved += 1


def train(
    engine: Engine,
    objective: Objective,
    state: State,
    X: Array,
    y: Array,
    settings: Settings,
    rng: np.random.Generator,
    sample_weight: Array | None = None,
    validation: tuple[Array, Array] | None = None,
) -> History:
    """Move `state` to where training on X (n, n_inputs) and y (n, n_outputs) leads.

    An interrupt (Ctrl-C) ends it early with a warning and keeps what there is: the best weights
    on the validation data if there are any, else those of the last finished step.
    """
    if settings.early_stopping and validation is None:
        raise ValueError("early_stopping needs validation_data=(X, y) to look at")
    watch = _Watch(settings, engine, objective, validation, state.theta)
    history = watch.history
    run = _solve if settings.solver in SOLVERS else _descend
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            run(_Work(engine, objective, state, X, y, sample_weight, settings, rng), watch)
    except KeyboardInterrupt:
        history.stopped = "interrupted"
        warnings.warn(
            f"training was interrupted after {len(history)} epochs; its weights are kept",
            stacklevel=3,
        )
    # The last step of all has no batch after it to tell that it went too far.
    xp = namespace(state.theta)
    overflowed = not bool(xp.all(xp.isfinite(state.theta)))
    if overflowed or (history.stopped == "diverged" and isfinite(history.loss[-1])):
        history.stopped, state.theta = "diverged", watch.sound_theta
    keep_best = settings.early_stopping or history.stopped in ("interrupted", "diverged")
    if keep_best and watch.best_theta is not None:
        state.theta = watch.best_theta
    if history.stopped == "diverged":
        curves = {"loss": history.loss, "validation loss": history.validation_loss}
        became = [
            f"{name} became {c[-1]}" for name, c in curves.items() if c and not isfinite(c[-1])
        ]
        cure = "Scale the inputs and targets"
        if settings.solver not in SOLVERS:
            rate = f"{history.learning_rate[-1]:g}"
            cure = f"Lower learning_rate (it was {rate}), scale the data, or set clip_norm"
        warnings.warn(
            f"the {became[0] if became else 'weights overflowed'} in epoch {len(history)}: "
            f"training has stopped and the last finite weights are kept. {cure}",
            DivergenceWarning,
            stacklevel=3,
        )
    history.stopped = history.stopped or "all epochs done"
    return history


class _Work(NamedTuple):
    """What is to be trained, on what, by whom, and how."""

    engine: Engine
    objective: Objective
    state: State
    X: Array
    y: Array
    sample_weight: Array | None
    settings: Settings
    rng: np.random.Generator


def _descend(work: _Work, watch: _Watch) -> None:
    """Gradient descent in batches."""
    engine, objective, state, X, y, sample_weight, settings, rng = work
    n = X.shape[0]
    size = settings.rows_per_batch(n)
    rule = optimizer(settings.solver)
    base_rate = settings.learning_rate or rule.learning_rate
    factor = schedule(settings.schedule)
    steps_per_epoch = -(-n // size)
    planned = settings.epochs * steps_per_epoch
    shuffling, dropping = rng.spawn(2)  # apart, so that neither depends on the other's draws
    shuffle = settings.shuffle and size < n
    drawn = 0  # epochs so far

    def draw(k: int) -> Epochs:
        nonlocal drawn
        done = np.arange(drawn * steps_per_epoch, (drawn + k) * steps_per_epoch)
        drawn += k
        factors = np.fromiter(map(factor, (done / planned).tolist()), np.float64, len(done))
        rates = (base_rate * factors).reshape(k, steps_per_epoch)
        if not (rates >= 0.0).all():
            raise ValueError(f"the schedule gives the rate {rates.min():g}: expected 0 or more")
        orders = np.stack([shuffling.permutation(n) for _ in range(k)]) if shuffle else None
        return Epochs(orders, rates)

    epochs = int(settings.epochs)
    batches = Batches(
        epochs,
        draw,
        size,
        1 if watch.looks_at_each else epochs,
        settings.clip_norm,
        dropout(objective.layout.architecture, settings.dropout, dropping),
    )
    running = engine.train_epochs(objective, rule, state, X, y, sample_weight, batches)
    with closing(running):  # what a signal's handler raised meanwhile is raised now at the latest
        for ends in running:
            if watch.look(state.theta, ends):
                break


class _StartError(ArithmeticError):
    """A full-batch solver has nowhere to go from there."""


def _solve(work: _Work, watch: _Watch) -> None:
    """Minimisation of the whole objective; an epoch is one iteration of the solver."""
    engine, objective, state, X, y, sample_weight, settings, _ = work
    for name, given in (("dropout", np.any(settings.dropout)), ("clip_norm", settings.clip_norm)):
        if given:
            raise ValueError(f"{name} needs a solver that goes in steps: one of {list(OPTIMIZERS)}")
    like = state.theta
    free = objective.layout.learning_rates()
    moving = None if free is None else free != 0.0

    def value_and_gradient(theta: Array) -> tuple[float, Array]:
        here = array_like(theta, like)
        value, gradient = engine.value_and_gradient(objective, here, X, y, sample_weight)
        if not isfinite(value) and not watch.history.loss:
            watch.look_once(like, value)
            raise _StartError
        gradient = to_numpy(gradient).astype(np.float64)
        return value, gradient if moving is None else np.where(moving, gradient, 0.0)

    def after_iteration(theta: Array, value: float) -> bool:
        state.theta = array_like(theta, like)
        state.steps += 1
        return watch.look_once(state.theta, value)

    assert isinstance(settings.solver, str)
    try:
        _, why = minimize(
            value_and_gradient,
            to_numpy(like).astype(np.float64),
            settings.solver,
            settings.epochs,
            after_iteration=after_iteration,
        )
    except _StartError:
        return
    if not watch.history.stopped and len(watch.history) < settings.epochs:
        watch.history.stopped = f"{settings.solver}: {why.strip().rstrip('.').lower()}"
