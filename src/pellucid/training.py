"""Training is the loop around the steps: epochs, validation, stopping, and what is kept of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import closing
from math import isfinite, nan
from time import perf_counter
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.dropout import dropout
from pellucid.engines import Batches, Engine, Epochs, EpochsEnd, State
from pellucid.events import Event
from pellucid.history import History
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer, optimizer
from pellucid.schedules import schedule
from pellucid.settings import Settings
from pellucid.solvers import SOLVERS, minimize

Validation: TypeAlias = tuple[Array, Array, Array | None]
"""X (n, n_inputs), y (n, n_outputs) and weights (n,) or None of the rows to measure on."""


class DivergenceWarning(RuntimeWarning):
    """The loss stopped being a finite number, and training stopped with it."""


class Permuting(Protocol):
    """What the order of rows comes from, such as a `numpy.random.Generator`."""

    def permutation(self, n: int, /) -> Array:
        """The next order of n rows."""


class Draws(NamedTuple):
    """What training leaves to chance: apart, so that neither depends on the other's draws."""

    order: Permuting
    dropout: np.random.Generator


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
        validation: Validation | None,
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
        elif settings.early_stopping and self.unimproved >= settings.n_iter_no_change:
            history.stopped = f"no better validation loss in {settings.n_iter_no_change} epochs"
        elif settings.max_time is not None and history.seconds[-1] >= settings.max_time:
            history.stopped = f"{settings.max_time:g} s are over"
        event = Event(len(history), settings.epochs, history, theta)
        if settings.monitor is not None and settings.monitor.look(event):
            history.stopped = history.stopped or "no longer better"
        if settings.callbacks:
            answers = [callback(event) for callback in settings.callbacks]  # all are told
            if any(answer is True for answer in answers):
                history.stopped = history.stopped or "a callback said so"
        return bool(history.stopped)

    def look_once(self, theta: Array, loss: float, penalty: float) -> bool:
        """Enter one iteration of a solver, which knows no rate."""
        return self.look(theta, EpochsEnd([loss], [penalty], [0.0], [perf_counter()]))

    def _validate(self, theta: Array) -> None:
        assert self.validation is not None
        X, y, w = self.validation
        value, output = self.engine.value_and_output(self.plain, theta, X, y, w)
        if self.settings.metric is not None:
            self.history.validation_score.append(float(self.settings.metric(output, y)))
        value /= self.settings.divisor
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
    draws: Draws,
    sample_weight: Array | None = None,
    validation: Validation | None = None,
) -> History:
    """Move `state` to where training on X (n, n_inputs) and y (n, n_outputs) leads.

    An interrupt (Ctrl-C) ends it early and keeps what there is: the best weights on the validation
    data if there are any, else those of the last finished step. A loss that is no longer finite
    ends it at the last finite weights. The history's `stopped` says so, and `warn_of_end` warns.
    """
    if settings.early_stopping and validation is None:
        raise ValueError("early_stopping needs validation_data=(X, y) to look at")
    watch = _Watch(settings, engine, objective, validation, state.theta)
    history = watch.history
    run = _solve if settings.solver in SOLVERS else _descend
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            run(_Work(engine, objective, state, X, y, sample_weight, settings, draws), watch)
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    # The last step of all has no batch after it to tell that it went too far.
    xp = namespace(state.theta)
    overflowed = not bool(xp.all(xp.isfinite(state.theta)))
    if overflowed or (history.stopped == "diverged" and isfinite(history.loss[-1])):
        history.stopped, state.theta = "diverged", watch.sound_theta
    keep_best = settings.early_stopping or history.stopped in ("interrupted", "diverged")
    if keep_best and watch.best_theta is not None:
        state.theta = watch.best_theta
    history.stopped = history.stopped or "all epochs done"
    return history


def warn_of_end(history: History) -> None:
    """Warn if training was interrupted or has diverged."""
    if history.stopped == "interrupted":
        warnings.warn(
            f"training was interrupted after {len(history)} epochs; its weights are kept",
            stacklevel=3,
        )
    if history.stopped == "diverged":
        warnings.warn(
            f"{divergence(history)[0]}: training has stopped and the last finite weights are kept. "
            f"{divergence(history)[1]}",
            DivergenceWarning,
            stacklevel=3,
        )


def divergence(history: History, rate_name: str = "learning_rate") -> tuple[str, str]:
    """What was seen when training diverged, and what may cure it."""
    curves = {"loss": history.loss, "validation loss": history.validation_loss}
    became = [f"{name} became {c[-1]}" for name, c in curves.items() if c and not isfinite(c[-1])]
    cure = "Scale the inputs and targets"
    if history.learning_rate[-1]:
        rate = f"{history.learning_rate[-1]:g}"
        cure = f"Lower {rate_name} (it was {rate}), scale the data, or set clip_norm"
    seen = f"the {became[0] if became else 'weights overflowed'} in epoch {len(history)}"
    return seen, cure


class _Work(NamedTuple):
    """What is to be trained, on what, by whom, and how."""

    engine: Engine
    objective: Objective
    state: State
    X: Array
    y: Array
    sample_weight: Array | None
    settings: Settings
    draws: Draws


def _descend(work: _Work, watch: _Watch) -> None:
    """Gradient descent in batches."""
    engine, objective, state, X, y, sample_weight, settings, draws = work
    n = X.shape[0]
    rule = optimizer(settings.solver)
    base_rate = settings.learning_rate or rule.learning_rate
    factor = schedule(settings.schedule)
    stretches = settings.stretches(n)
    planned = sum(epochs * -(-n // size) for epochs, size in stretches)
    drawn = 0  # steps so far

    def drawing(size: int) -> Callable[[int], Epochs]:
        steps_per_epoch = -(-n // size)
        shuffle = settings.shuffle and size < n

        def draw(k: int) -> Epochs:
            nonlocal drawn
            done = np.arange(drawn, drawn + k * steps_per_epoch)
            drawn += len(done)
            factors = np.fromiter(map(factor, (done / planned).tolist()), np.float64, len(done))
            rates = (base_rate * factors).reshape(k, steps_per_epoch)
            if not (rates >= 0.0).all():
                raise ValueError(f"the schedule gives the rate {rates.min():g}: expected 0 or more")
            orders = np.stack([draws.order.permutation(n) for _ in range(k)]) if shuffle else None
            return Epochs(orders, rates)

        return draw

    drops = dropout(objective.layout.architecture, settings.dropout, draws.dropout)
    for epochs, size in stretches:
        left, draw = epochs, drawing(size)
        while left:
            some, monitor = left, settings.monitor
            if monitor is not None and not watch.looks_at_each:
                some = min(left, monitor.certain())
            left -= some
            at_once = 1 if watch.looks_at_each else some
            batches = Batches(
                some, draw, size, at_once, settings.clip_norm, drops, settings.by_rows
            )
            running = engine.train_epochs(objective, rule, state, X, y, sample_weight, batches)
            with closing(running):  # what a signal's handler raised is raised now at the latest
                for ends in running:
                    if watch.look(state.theta, ends):
                        return


class _StartError(ArithmeticError):
    """A full-batch solver has nowhere to go from there."""


def _solve(work: _Work, watch: _Watch) -> None:
    """Minimisation of the whole objective; an epoch is one iteration of the solver."""
    engine, objective, state, X, y, sample_weight, settings, _ = work
    for name, given in (("dropout", np.any(settings.dropout)), ("clip_norm", settings.clip_norm)):
        if given:
            raise ValueError(
                f"{name} needs a solver that goes in steps, such as sgd or adam, and "
                f"{settings.solver!r} does not"
            )
    like = state.theta
    weight = X.shape[0] if sample_weight is None else float(namespace(like).sum(sample_weight))
    free = objective.layout.learning_rates()
    moving = None if free is None else free != 0.0

    def value_and_gradient(theta: Array) -> tuple[float, Array]:
        here = array_like(theta, like)
        value, gradient = engine.value_and_gradient(objective, here, X, y, sample_weight)
        if not isfinite(value) and not watch.history.loss:
            watch.look_once(like, value, nan)
            raise _StartError
        gradient = to_numpy(gradient).astype(np.float64)
        return value, gradient if moving is None else np.where(moving, gradient, 0.0)

    def after_iteration(theta: Array, value: float) -> bool:
        state.theta = array_like(theta, like)
        state.steps += 1
        return watch.look_once(state.theta, value, objective.penalty(state.theta, weight))

    assert isinstance(settings.solver, str)
    try:
        search = minimize(
            value_and_gradient,
            to_numpy(like).astype(np.float64),
            settings.solver,
            settings.epochs,
            after_iteration=after_iteration,
            **settings.limits,
        )
    except _StartError:
        return
    watch.history.status = search.status
    if not watch.history.stopped and len(watch.history) < settings.epochs:
        watch.history.stopped = f"{settings.solver}: {search.why.strip().rstrip('.').lower()}"
