"""Fitting is training an estimator's network by its hyperparameters, watched epoch by epoch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from pellucid.arrays import Array, namespace, to_numpy
from pellucid.estimators.convergence import (
    SMALLEST_RATE,
    Convergence,
    search_sentence,
    stalled_sentence,
    unfinished_sentence,
)
from pellucid.estimators.course import Course
from pellucid.estimators.data import Rows
from pellucid.estimators.hyperparameters import LEARNING_RATES, SEARCHING, solver_of
from pellucid.estimators.keeping import resumption_of
from pellucid.estimators.protocol import ProtocolCallbacks
from pellucid.events import Event
from pellucid.history import History
from pellucid.model import Network
from pellucid.progress import progress
from pellucid.schedules import schedule
from pellucid.settings import Settings
from pellucid.training import DivergenceWarning, divergence, train

if TYPE_CHECKING:
    from pellucid.estimators.multilayer import Multilayer

AUTO_BATCH = 200
"""Rows a step when nobody says, as in scikit-learn."""

LBFGS_FALL = 1e7 * np.finfo(np.float64).eps
"""A search ends when the loss falls by a smaller part of itself: SciPy's own number."""


class Fitting:
    """One call of `fit` or `partial_fit`.

    Parameters
    ----------
    estimator : whose hyperparameters say how.
    network : to train, with its loss and penalties.
    course : where training stands; it is moved on.
    rows : to train on.
    validation : to measure on after each epoch, or None.
    once : whether it is a single epoch, as `partial_fit` takes.

    Raises
    ------
    ValueError
        If early stopping has too few rows to hold out, or the checkpoint to resume from is no good.
    """

    def __init__(
        self,
        estimator: Multilayer,
        network: Network,
        course: Course,
        rows: Rows,
        validation: Rows | None,
        once: bool,
    ) -> None:
        self.estimator, self.network, self.course, self.once = estimator, network, course, once
        self.searching = estimator.solver in SEARCHING
        self.done_before = course.epochs
        self.samples_before = course.samples
        self.seconds_before = (course.curves.get("seconds") or [0.0])[-1]
        self.stopped = ""
        self.resumption = resumption_of(self, rows, validation)  # it may take the course further
        if validation is None and estimator.early_stopping and not self.searching:
            rows, validation = self._divided(rows)
        self.rows, self.validation = rows, validation
        self.stops_early = estimator.early_stopping and validation is not None
        self.by_loss = self.stops_early and estimator.scoring == "loss"
        self.scorer: Callable[..., float] | None = None
        if estimator.scoring not in (None, "loss"):
            from sklearn.metrics import check_scoring

            self.scorer = check_scoring(estimator, estimator.scoring)
        watched = self._watched()
        if course.watched not in ((), watched):
            course.convergence = Convergence(estimator.tol, estimator.n_iter_no_change)
        course.watched = watched
        self.patient: list[Callable[[Event], Any]] = []  # which need not see every epoch
        self.epochs = 1 if once else estimator.max_iter

    def _watched(self) -> tuple[Any, ...]:
        """What convergence is judged by."""
        if not self.stops_early or self.validation is None:
            return ("training loss",)
        scoring, rows = self.estimator.scoring, to_numpy(self.validation.Y)
        # A function is known by its name: where it lies is another place in each process.
        name = getattr(scoring, "__qualname__", repr(scoring))
        return name, rows.shape, crc32(rows.tobytes())

    def run(self) -> History:
        """Train, and enter what was seen into the course.

        Raises
        ------
        ValueError
            If the weights are no longer finite.
        """
        e, course = self.estimator, self.course
        with ExitStack() as stack:
            protocol = stack.enter_context(ProtocolCallbacks(self))
            callbacks: list[Callable[[Event], Any]] = []
            if e.verbose == 1:
                callbacks += stack.enter_context(progress())
            plain = [c for c in e.callbacks if not protocol.is_one(c)]
            self.patient = [c for c in plain if getattr(c, "patient", False)]
            callbacks += [c for c in plain if c not in self.patient]
            if protocol.any:
                callbacks.append(protocol.after_epoch)
            history = train(
                self.network._engine,
                self.network.objective,
                course.state,
                self.rows.X,
                self.rows.Y,
                self._settings(callbacks),
                course.draws(bool(np.any(e.dropout))),
                self.rows.weight,
                None if self.validation is None else self.validation.measured,
                self.resumption,
            )
        self.stopped = self.stopped or history.stopped
        if history.stopped == "diverged":
            self._answer_divergence(history)
        self._warn(history)
        return history

    def _answer_divergence(self, history: History) -> None:
        """Go back to the best weights with a warning, or, where none are known, refuse."""
        seen, cure = divergence(history, "learning_rate_init")
        if self.stops_early and self.course.convergence.best_theta is not None:
            for name in ("validation_score", "validation_loss"):
                self.course.curves.get(name, [0.0])[-1] = float("nan")
            warnings.warn(
                f"{seen[0].upper()}{seen[1:]}: training has stopped and the best weights before "
                f"are kept. {cure}",
                DivergenceWarning,
                stacklevel=6,
            )
        else:
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                f"values and need to be preprocessed. What was seen: {seen}. {cure}"
            )

    @property
    def theta(self) -> Array:
        """The weights to hand out: the best ones after early stopping or an interrupt."""
        best = self.course.convergence.best_theta
        wants_best = self.stops_early or self.stopped == "interrupted"
        return best if wants_best and best is not None else self.course.state.theta

    def _divided(self, rows: Rows) -> tuple[Rows, Rows]:
        """The rows to train on and those to hold out: the same ones in each `fit` that goes on."""
        e, course = self.estimator, self.course
        n = rows.X.shape[0]
        if course.divided is None or sum(map(len, course.divided)) != n:
            course.divided = tuple(
                train_test_split(
                    np.arange(n),
                    random_state=course.random_state,
                    test_size=e.validation_fraction,
                    stratify=e._strata(rows),
                )
            )
        train_on, hold_out = course.divided
        if rows.weight is not None and not float(to_numpy(rows.weight)[hold_out].sum()):
            raise ValueError(
                "Sample weights must contain at least one non-zero number: those of the rows held "
                "out do not. Give X_val and y_val, or another random_state."
            )
        if len(hold_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return rows.some(train_on), rows.some(hold_out)

    def _settings(self, callbacks: list[Callable[[Event], Any]]) -> Settings:
        e = self.estimator
        common: dict[str, Any] = {
            "epochs": self.epochs,
            "max_time": e.max_time,
            "metric": None if self.validation is None or self.by_loss else self._score,
            "divisor": e._target.curve_divisor,
            "dropout": np.asarray(e.dropout, dtype=float).tolist(),
            "clip_norm": e.clip_norm,
            "callbacks": tuple(callbacks),
            "monitor": self,
            "by_rows": True,
        }
        if self.searching:
            limits = {"tolerance": e.tol}
            if e.solver == "lbfgs":
                limits |= {"max_evaluations": e.max_fun, "relative_tolerance": LBFGS_FALL}
            return Settings(solver=solver_of(e), limits=limits, **common)
        return Settings(
            solver=solver_of(e),
            batch_size=self._batch_size(),
            learning_rate=1.0,  # times the schedule, which gives the rate itself
            schedule=self._rate,
            shuffle=e.shuffle,
            **common,
        )

    def _batch_size(self) -> int | str | dict[int, int]:
        size, n = self.estimator.batch_size, self.rows.X.shape[0]
        if isinstance(size, Mapping):
            Settings(batch_size=size)  # refuses what is no such table
        most = max(size.values()) if isinstance(size, Mapping) else size
        if not isinstance(most, str) and most > n:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=7,
            )
        if isinstance(size, Mapping):  # counted from the first epoch ever
            size = {epoch: min(rows, n) for epoch, rows in size.items()}
            at = self.done_before
            now = max((epoch for epoch in size if epoch <= at + 1), default=1)
            later = {epoch - at: rows for epoch, rows in size.items() if epoch > at + 1}
            return ({1: size[now]} if now in size else {}) | later
        if size == "auto":
            return min(AUTO_BATCH, n)
        if isinstance(size, str):
            return size
        return min(int(size), n)

    def _rate(self, fraction: float) -> float:
        """The learning rate when this fraction of the call's steps is done."""
        e = self.estimator
        if e.solver == "sgd" and e.learning_rate == "invscaling":
            epochs = int(fraction * self.epochs + 1e-9)
            seen = self.samples_before + epochs * self.rows.X.shape[0]
            return float(e.learning_rate_init) / (seen + 1) ** e.power_t
        if e.learning_rate in LEARNING_RATES:
            return self.course.rate
        before, planned, spanned = self._steps  # counted, so that pieces add up exactly
        t = min((before + round(fraction * planned)) / spanned, 1.0)
        return float(e.learning_rate_init * schedule(e.learning_rate)(t))

    @cached_property
    def _steps(self) -> tuple[int, int, int]:
        """Steps before this call, in it, and in all epochs that the schedule spans."""
        e, n, before = self.estimator, self.rows.X.shape[0], self.done_before
        size: Any = min(AUTO_BATCH, n) if e.batch_size == "auto" else e.batch_size

        def steps(epochs: int) -> int:
            settings = Settings(epochs=max(epochs, 1), batch_size=size)
            return sum(k * -(-n // rows) for k, rows in settings.stretches(n)) if epochs else 0

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of batches larger than n: that was said
            spanned = steps(e.schedule_iter or e.max_iter)
            return steps(before), steps(before + self.epochs) - steps(before), spanned

    def _score(self, output: Array, Y: Array) -> float:
        """The score of the validation rows, whose output this is; NaN if it is not finite."""
        held = self.validation
        assert held is not None
        if not bool(namespace(output).all(namespace(output).isfinite(output))):
            return float("nan")
        if self.scorer is None:
            return float(self.estimator._score_of(to_numpy(output), held))
        weight = {} if held.weight is None else {"sample_weight": held.weight}
        return float(self.scorer(self.view(), held.X, held.y, **weight))

    def view(self) -> Multilayer:
        """The estimator as it would be if training stopped here."""
        view = self.estimator._like_this_with(self.network, self.course.state.theta)
        view.__dict__.pop("feature_names_in_", None)  # it is asked about bare arrays
        return view

    def certain(self) -> int:
        """How many epochs are sure to be run before one may be the last, or change the rate."""
        e, watch = self.estimator, self.course.convergence
        if e.verbose or self.stops_early:
            return 1
        return int(min(self.epochs, max(1, watch.patience + 1 - watch.unimproved)))

    def look(self, event: Event) -> bool:
        """Enter the epochs that are new into the course; True if training shall stop."""
        new = range(self.course.epochs - self.done_before, event.epoch)
        stops = [self._enter(number, event) for number in new]  # all are entered
        return any(stops) or any(callback(event) is True for callback in self.patient)

    def _enter(self, number: int, event: Event) -> bool:
        """Enter an epoch, counted from 0, and judge it."""
        e, course, history = self.estimator, self.course, event.history
        course.epochs += 1
        course.samples += 0 if self.searching else self.rows.X.shape[0]
        loss = history.loss[number]
        row = {
            "epoch": course.epochs,
            "loss": loss,
            "learning_rate": history.learning_rate[number],
            "seconds": self.seconds_before + history.seconds[number],
        }
        if history.validation_loss:
            row["validation_loss"] = history.validation_loss[-1]
        if history.validation_score:
            row["validation_score"] = history.validation_score[-1]
        curves = course.curves
        for name in {**curves, **row}:  # all columns stay of one length
            missing = [float("nan")] * (course.epochs - 1 - len(curves.setdefault(name, [])))
            curves[name] += [*missing, row.get(name, float("nan"))]
        if e.verbose > 1:
            print(f"Iteration {number + 1}, loss = {loss:.8f}")
            if self.stops_early and not self.by_loss:
                print(f"Validation score: {row['validation_score']:f}")
        watched = loss
        if self.stops_early:
            watched = row["validation_loss"] if self.by_loss else -row["validation_score"]
        best_so_far = event.theta if self.stops_early else None  # several epochs have one theta
        stalls = course.convergence.stalls(watched, best_so_far, course.epochs)
        if self.once or (self.searching and not self.stops_early):
            return False
        return stalls and self._stop_or_slow_down()

    def _stop_or_slow_down(self) -> bool:
        e, course = self.estimator, self.course
        what = "Training loss"
        if self.stops_early:
            what = "Validation loss" if self.by_loss else "Validation score"
        message = stalled_sentence(what, e.tol, e.n_iter_no_change)
        adapts = e.solver == "sgd" and e.learning_rate == "adaptive"
        if adapts and course.rate > SMALLEST_RATE:
            course.rate /= 5.0
            course.convergence.unimproved = 0
            self._say(f"{message} Setting learning rate to {course.rate:f}")
            return False
        self._say(message + (" Learning rate too small." if adapts else "") + " Stopping.")
        self.stopped = message
        return True

    def _say(self, message: str) -> None:
        if self.estimator.verbose > 1:
            print(message)

    def _warn(self, history: History) -> None:
        e, X = self.estimator, self.rows.X
        message, kind = "", ConvergenceWarning
        if history.stopped == "interrupted":
            kept = "newest" if self.validation is None else "best"
            message = (
                f"Training interrupted by user. After {len(history)} epochs the {kept} weights "
                "are kept."
            )
            kind = UserWarning
        elif self.stops_early and self.course.convergence.best_theta is None:
            what = "loss" if self.by_loss else "score"
            message = (
                f"The validation {what} was no number in any of {len(history)} epochs, so that the "
                "last weights are kept: hold out more rows, or see what `scoring` gives."
            )
            kind = UserWarning
        elif self.searching and history.status:
            why = history.stopped.partition(": ")[2].upper()
            why = why or "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"
            message = search_sentence(e.solver, len(history), history.status, why, X)
        elif history.stopped == "all epochs done" and not (self.once or self.searching):
            losses, rate = self.course.curves["loss"], history.learning_rate[-1]
            message = unfinished_sentence(e.max_iter, losses, X, rate) + e._remark(self.rows)
        if message:
            warnings.warn(message, kind, stacklevel=6)
