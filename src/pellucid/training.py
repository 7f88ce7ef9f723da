"""Training is the loop around the steps: epochs, validation, stopping, and what is kept of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import closing
from math import isfinite, nan
from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np

from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.dropout import dropout
from pellucid.engines import Batches, Engine, Epochs, EpochsEnd, State
from pellucid.history import History
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer, optimizer
from pellucid.resumption import Resumption
from pellucid.schedules import schedule
from pellucid.settings import Settings
from pellucid.solvers import SOLVERS, minimize
from pellucid.watch import Validation, Watch


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
    resumption: Resumption | None = None,
) -> History:
    """Move `state` to where training on X (n, n_inputs) and y (n, n_outputs) leads.

    An interrupt (Ctrl-C) ends it early and keeps what there is: the best weights on the validation
    data if there are any, else those of the last finished step. A loss that is no longer finite
    ends it at the last finite weights. The history's `stopped` says so, and `warn_of_end` warns.

    With a `resumption` it goes on from its checkpoint, if there is one, and writes others. However
    it ends, the last one is of the last epoch's end; where it diverged, of the one before that.
    """
    if settings.early_stopping and validation is None:
        raise ValueError("early_stopping needs validation_data=(X, y) to look at")
    watch = Watch(settings, engine, objective, validation, state.theta)
    if resumption is not None:
        resumption.go_on(state, watch)
        watch.look_at_clock()
    history = watch.history
    solver = settings.solver
    history.solver = solver if isinstance(solver, str) else solver.name
    run = _solve if settings.solver in SOLVERS else _descend
    work = _Work(
        engine, objective, state, X, y, sample_weight, settings, draws, watch, resumption
    )  # fmt: skip
    try:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            run(work)
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    finally:
        if resumption is not None:
            resumption.write(history)
    # The last step of all has no batch after it to tell that it went too far.
    xp = namespace(state.theta)
    overflowed = not bool(xp.all(xp.isfinite(state.theta)))
    if overflowed or (history.stopped == "diverged" and isfinite(history.loss[-1])):
        history.stopped, state.theta = "diverged", watch.sound_theta
    keep_best = settings.early_stopping or history.stopped in ("interrupted", "diverged")
    if keep_best and watch.best.theta is not None:
        state.theta = watch.best.theta
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
    watch: Watch
    resumption: Resumption | None

    def ends(self, ends: EpochsEnd) -> bool:
        """Enter epochs that have ended; whether training is to stop."""
        watch, history, theta = self.watch, self.watch.history, self.state.theta
        watch.look(theta, ends)
        if self.resumption is not None and history.stopped != "diverged":
            self.resumption.mark(self.state, watch)
        watch.look_at_clock()
        watch.tell(theta)
        if self.resumption is not None:
            self.resumption.write_if_due(history)
        return bool(history.stopped)


def _descend(work: _Work) -> None:
    """Gradient descent in batches."""
    engine, objective, state, X, y, sample_weight, settings, draws, watch, resumption = work
    n = X.shape[0]
    rule = optimizer(settings.solver)
    base_rate = settings.learning_rate or rule.learning_rate
    factor = schedule(settings.schedule)
    stretches = settings.stretches(n)
    planned = sum(epochs * -(-n // size) for epochs, size in stretches)
    done = len(watch.history)  # epochs before the checkpoint that it goes on from, if it does
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
    each, keeps = watch.looks_at_each or resumption is not None, resumption is not None
    for epochs, size in stretches:
        if watch.history.stopped:
            return
        over = min(done, epochs)
        left, draw = epochs - over, drawing(size)
        done -= over
        drawn += over * -(-n // size)
        if not over:
            state.before = None
        while left:
            some, monitor = left, settings.monitor
            if monitor is not None and not each:
                some = min(left, monitor.certain())
            left -= some
            at_once = 1 if each else some
            batches = Batches(
                some, draw, size, at_once, settings.clip_norm, drops, settings.by_rows, keeps
            )
            running = engine.train_epochs(objective, rule, state, X, y, sample_weight, batches)
            with closing(running):  # what a signal's handler raised is raised now at the latest
                for ends in running:
                    if work.ends(ends):
                        return


class _StartError(ArithmeticError):
    """A full-batch solver has nowhere to go from there."""


def _solve(work: _Work) -> None:
    """Minimisation of the whole objective; an epoch is one iteration of the solver."""
    engine, objective, state, X, y, sample_weight, settings, _, watch, resumption = work
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

    journal = None if resumption is None else resumption.journal
    start = to_numpy(like) if journal is None else journal.start
    done, state.steps = len(watch.history), 0  # iterations to go through again

    def look(loss: float, penalty: float) -> bool:
        return work.ends(EpochsEnd([loss], [penalty], [0.0], [perf_counter()]))  # it has no rate

    def value_and_gradient(theta: Array) -> tuple[float, Array]:
        if journal is not None and (known := journal.recall(theta)) is not None:
            return known
        here = array_like(theta, like)
        value, gradient = engine.value_and_gradient(objective, here, X, y, sample_weight)
        if not isfinite(value) and not watch.history.loss:
            look(value, nan)
            raise _StartError
        gradient = to_numpy(gradient).astype(np.float64)
        gradient = gradient if moving is None else np.where(moving, gradient, 0.0)
        if journal is not None:
            journal.enter(theta, value, gradient)
        return value, gradient

    def after_iteration(theta: Array, value: float) -> bool:
        state.steps += 1
        if state.steps <= done:
            return state.steps == done and bool(watch.history.stopped)
        state.theta = array_like(theta, like)
        return look(value, objective.penalty(state.theta, weight))

    assert isinstance(settings.solver, str)
    try:
        search = minimize(
            value_and_gradient,
            start.astype(np.float64),
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
