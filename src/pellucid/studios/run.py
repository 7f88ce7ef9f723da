"""A run is an experiment under way: trained by the engine in a thread of its own, looked at by any.

Whatever way it gets to an epoch, by playing, by steps, or after going back to the start, it is
there with the very numbers that `Network.train` has there.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from math import inf, isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import numpy as np

from pellucid.dropout import dropout
from pellucid.engines import Batches, Epochs, State, engine
from pellucid.history import History
from pellucid.model import Network
from pellucid.optimizers import optimizer
from pellucid.schedules import schedule
from pellucid.studios.experiment import Experiment
from pellucid.studios.material import Material
from pellucid.studios.measure import Measure
from pellucid.studios.passage import Passage
from pellucid.studios.speed import Pace
from pellucid.studios.standing import Mark, Standing, Theta
from pellucid.studios.waypoint import Edit, Waypoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLICE = 0.1
"""Seconds, about, that the engine works before it looks whether something else is asked for."""

MEASURE_EVERY = 0.1
"""Seconds between two measurements while playing at full speed, or twenty times what one takes."""

LEAST_RECORDED, LEAST_TIME = 250, 1.0
"""Epochs that are recorded of a run however fast, if measuring them takes so few seconds."""

_OPEN: WeakSet[Run] = WeakSet()


@atexit.register
def _close_all() -> None:
    """A thread that Python's end finds within the engine would take the whole process down."""
    for run in list(_OPEN):
        run.close()


class Run:
    """An experiment that can be played, paused, taken step by step, and begun again.

    Parameters
    ----------
    experiment : what is done.
    material : on which data; by default made of the experiment.
    theta : (P,) to begin at; by default the experiment's own first weights.
    edits : weights to set on the way, as an address has them; going back to the start forgets them.

    Examples
    --------
    >>> with Run(Experiment("xor", hidden=(3,), epochs=20)) as run:
    ...     run.forward(epochs=5)
    ...     run.standing.epoch, run.standing.theta.shape
    (5, (13,))
    """

    def __init__(
        self, experiment: Experiment, material: Material | None = None, theta: Any = None,
        edits: Sequence[Edit] = (),
    ) -> None:  # fmt: skip
        self.experiment = experiment
        self.material = Material.of(experiment) if material is None else material
        self.network = self.material.network(experiment)
        if theta is not None:
            self.network.theta = theta
        self.start = np.array(self.network.theta, np.float64)
        self.objective = self.network.objective
        self._engine = engine("auto", None, self.objective)
        self._measure = Measure(self.material, self.objective, self._engine)
        self._rule = optimizer(experiment.solver)
        self._factor = schedule(experiment.schedule)
        n = len(self.material.X)
        self._size = min(experiment.batch_size or n, n)
        self.steps_an_epoch = -(-n // self._size)
        self.speed = inf  # epochs a second at the most, while playing
        self._asked = threading.Condition()
        self._step = SLICE  # seconds that one takes, of late
        self._target: float = 0  # steps to go to, inf while playing
        self._closed = False
        self._fresh = False  # whether to begin again
        self._pace = Pace()
        self._progress = self._begin(edits)
        self._progress.set_those_due()
        self._standing = self._stand()
        self._thread = threading.Thread(target=self._work, name="run", daemon=True)
        self._thread.start()
        _OPEN.add(self)

    # --- what can be asked of it, from any thread -----------------------------------------------

    def play(self) -> None:
        """Go on until told otherwise, or to the last epoch."""
        self._ask(lambda: inf)

    def pause(self) -> None:
        """Stop after the steps that the engine is at; returns when it has."""
        with self._asked:
            self._target = 0
            self._asked.notify_all()
            self._asked.wait_for(lambda: not self._standing.playing or self._closed)

    def forward(self, epochs: int = 0, steps: int = 0) -> None:
        """Go on by so many epochs (to the end of the one under way, first) or steps, and wait."""
        self.pause()
        here, per = self._standing.steps, self.steps_an_epoch
        target = (here // per + epochs) * per if epochs else here + steps
        self._ask(lambda: float(target))
        with self._asked:
            self._asked.wait_for(lambda: not self._standing.playing or self._closed)

    def rewind(self) -> None:
        """Back to the start, to the same first weights and the same chance."""
        self.pause()
        with self._asked:
            self._fresh = True
            self._asked.notify_all()
            self._asked.wait_for(lambda: not self._fresh or self._closed)

    def go_to(self, waypoint: Waypoint) -> None:
        """Go on to there from the start, and wait; who pauses it on the way stays there."""
        if waypoint.epoch:
            self.forward(epochs=waypoint.epoch)
        if waypoint.step and self.standing.steps == waypoint.epoch * self.steps_an_epoch:
            self.forward(steps=min(waypoint.step, self.steps_an_epoch - 1))

    def set_weight(self, place: int, weight: float) -> None:
        """Another weight at that place of theta from here on; the optimizer's moments stay."""
        self.pause()
        with self._asked:
            self._progress.set_weight(place, weight)
            self._standing = self._stand()

    def waypoint(self, epoch: int | None = None) -> Waypoint:
        """The way to where it stands, or to a recorded epoch."""
        return self._progress.waypoint(self.steps_an_epoch, epoch)

    def close(self) -> None:
        """End the thread; nothing is lost that was recorded."""
        with self._asked:
            self._closed = True
            self._asked.notify_all()
        self._thread.join()

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    # --- what can be seen, from any thread ------------------------------------------------------

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return self._standing

    @property
    def marks(self) -> list[Mark]:
        """All that was recorded, by epoch, the start first."""
        return self._progress.recording.marks

    def at(self, epoch: int) -> Mark:
        """The last that was recorded at that epoch or before."""
        return self._progress.recording.at(epoch)

    @property
    def has_time(self) -> bool:
        """Whether it plays as slowly as was asked for, and can record all that it goes through."""
        return self._held and self._pace.keeps_up

    @property
    def touched(self) -> bool:
        """Whether weights were set by hand since the start: such a run no script repeats."""
        return bool(self._progress.edits)

    @property
    def history(self) -> History:
        """The training loss of each epoch, and why it ended."""
        return History(loss=self.losses.tolist(), stopped=self._progress.ended)

    @property
    def losses(self) -> NDArray[np.float64]:
        """The training loss (k,) of each epoch so far."""
        return np.frombuffer(self._progress.curve[:])  # of a copy: it grows in another thread

    def network_at(self, theta: Any) -> Network:
        """The network with such weights, and a theta of its own."""
        network = Network.like(self.network)
        network.theta = np.array(theta, np.float64)
        network.history = self.history
        return network

    # --- the thread -----------------------------------------------------------------------------

    def _ask(self, target: Callable[[], float]) -> None:
        with self._asked:
            if not self._progress.ended:
                self._target = target()
                self._standing = self._stand()
            self._asked.notify_all()

    def _wanted(self) -> bool:
        return self._target > self._progress.state.steps and not self._progress.ended

    def _called(self) -> bool:
        return self._closed or self._fresh or self._wanted() or self._standing.playing

    def _work(self) -> None:
        while not self._closed:
            try:
                self._turn()
            except BaseException as failure:  # whoever waits shall not wait for ever
                with self._asked:
                    self._fresh, self._target = False, 0
                    self._progress.ended = f"failed: {failure}"
                    self._standing = self._stand()
                    self._asked.notify_all()

    def _turn(self) -> None:
        """Wait for something to do, and do a slice of it."""
        with self._asked:
            self._asked.wait_for(self._called)
            if self._closed:
                return
            if self._fresh:
                self._progress, self._fresh, self._pace = self._begin(), False, Pace()
            target = self._target
            if not self._wanted():  # paused before it had begun
                self._standing = self._stand()
                self._asked.notify_all()
                return
        began, before = perf_counter(), self._progress.state.steps
        with np.errstate(all="ignore"):
            self._advance(target)
        steps, taken = self._progress.state.steps - before, perf_counter() - began
        due = steps / self.steps_an_epoch / self.speed if self._held else 0.0
        self._pace.add(steps, taken, due)
        with self._asked:
            if not self._wanted():
                self._target, self._pace = 0, Pace()
                self._measure_now()
            self._progress.set_those_due()
            self._standing = self._stand()
            self._asked.notify_all()
            if self._held:  # for what is left of the time that this should have taken
                self._asked.wait_for(lambda: not self._held, due - taken)

    @property
    def _held(self) -> bool:
        """Whether it plays at a speed that is not full, and is to go on."""
        return self._target == inf and isfinite(self.speed) and not self._closed

    def _begin(self, edits: Sequence[Edit] = ()) -> Passage:
        """The start: the network's own weights and the draws that `Network.train` would make."""
        network = self.material.network(self.experiment)
        order, drops = network._rng.spawn(2)
        state = State(self.start, self._rule.init(self.start))
        recipe = self.experiment.recipe()
        made = dropout(self.objective.layout.architecture, recipe.settings["dropout"], drops)
        progress = Passage(state, order, made, ahead=list(edits))
        progress.recording.add(self._measure.mark(0, 0, self.start, self._measure.loss(self.start)))
        self._measured = perf_counter()
        return progress

    def _advance(self, target: float) -> None:
        """One slice of work towards a step: some steps of the epoch under way, or some epochs."""
        progress, per = self._progress, self.steps_an_epoch
        left = min([target, *(edit.steps for edit in progress.ahead)]) - progress.state.steps
        long = self._step * per > 2 * SLICE or (self._held and self.speed * SLICE < 1)
        if progress.within or left < per or long:
            some = max(int(SLICE / max(self._step, 1e-6)), 1)
            if self._held:  # few epochs a second: step by step
                some = min(some, max(int(self.speed * per * SLICE), 1))
            self._take_steps(int(min(left, per - progress.within, some)))
        else:
            k = max(int(SLICE / max(self._step * per, 1e-6)), 1)
            if progress.epoch < 50:  # those in which most happens are all recorded
                k = 1
            if self._held:
                k = min(k, max(int(self.speed * SLICE), 1))
            if self.has_time:
                k = min(k, progress.recording.every)
            k = min(k, max(self.experiment.epochs // LEAST_RECORDED, 1))
            k = int(min(k, left // per, self.experiment.epochs - progress.epoch))
            self._take_epochs(k)

    def _draw(self, k: int) -> Epochs:
        """The order of rows and the rates of the next epochs, as training draws them."""
        n, per = len(self.material.X), self.steps_an_epoch
        done = (self._progress.drawn * per + np.arange(k * per)) / (self.experiment.epochs * per)
        factors = np.fromiter(map(self._factor, done.tolist()), float, len(done))
        rates = (self.experiment.learning_rate * factors).reshape(k, per)
        return Epochs(self._progress.draw(k, n if self._size < n else 0), rates)

    def _run(self, batches: Batches) -> tuple[list[float], bool]:
        """Losses of the epochs that the engine has run, and whether all was finite."""
        state, losses = self._progress.state, []
        began, before = perf_counter(), state.steps
        running = self._engine.train_epochs(
            self.objective, self._rule, state, self.material.X, self.material.y, None, batches
        )
        with closing(running):
            for ends in running:
                losses += ends.losses
        taken = state.steps - before
        if taken:
            pace = (perf_counter() - began) / taken
            self._step = pace if pace < 0.1 * self._step else 0.7 * self._step + 0.3 * pace
        finite = bool(losses) and isfinite(losses[-1]) and bool(np.isfinite(state.theta).all())
        return losses, finite

    def _take_epochs(self, k: int) -> None:
        progress = self._progress
        before = progress.state.theta
        batches = Batches(k, self._draw, self._size, k, None, progress.drops)
        losses, finite = self._run(batches)
        progress.epoch += len(losses)
        self._enter(losses, finite, before)

    def _take_steps(self, k: int) -> None:
        """Some steps of an epoch: the same batches, at the same rates."""
        progress, size, n = self._progress, self._size, len(self.material.X)
        if not progress.within:
            progress.under_way, progress.losses = self._draw(1), []
        assert progress.under_way is not None
        orders, rates = progress.under_way
        before = progress.state.theta
        i = progress.within
        rows = slice(i * size, min((i + k) * size, n))
        # To the engine, an epoch of its own, which goes through these rows alone.
        some = Epochs(None if orders is None else orders[:, rows], rates[:, i : i + k])
        losses, finite = self._run(Batches(1, lambda _: some, size, 1, None, progress.drops))
        progress.losses.append(losses[-1] * (rows.stop - rows.start) if losses else inf)
        progress.within += k
        if not finite:
            progress.epoch += 1
            self._enter([inf], False, before)
            return
        if progress.within == self.steps_an_epoch:
            loss = sum(progress.losses) / n  # each row counts alike
            progress.within, progress.under_way = 0, None
            progress.epoch += 1
            self._enter([loss], True, before)

    def _enter(self, losses: list[float], finite: bool, before: Theta) -> None:
        """Record the end of epochs."""
        progress = self._progress
        progress.curve.extend(losses)
        if not finite:
            progress.ended, progress.within = "diverged", 0
            if not np.isfinite(progress.state.theta).all():
                progress.state.theta = before
        elif progress.epoch >= self.experiment.epochs:
            progress.ended = "all epochs done"
        cost = self._measure.cost
        rest = max(MEASURE_EVERY, 20 * cost)
        due = self._target != inf or perf_counter() - self._measured >= rest or self.has_time
        due = due or (progress.epoch <= 50 and cost * 50 < LEAST_TIME)
        if cost * LEAST_RECORDED < LEAST_TIME:
            since = progress.epoch - progress.recording.last.epoch
            due = due or since * LEAST_RECORDED >= self.experiment.epochs
        if (due and progress.recording.wants(progress.epoch)) or progress.ended:
            self._record(losses[-1] if losses else inf)
            self._measured = perf_counter()

    def _record(self, loss: float) -> None:
        progress, state = self._progress, self._progress.state
        progress.recording.add(self._measure.mark(progress.epoch, state.steps, state.theta, loss))

    def _measure_now(self) -> None:
        """When it stops at the end of an epoch, that epoch is recorded, whatever was left out."""
        progress = self._progress
        behind = progress.recording.last.epoch != progress.epoch
        if behind and not progress.within:
            self._record(progress.curve[-1])

    def _stand(self) -> Standing:
        progress = self._progress
        playing = self._wanted() if self._target else False
        return Standing(
            progress.epoch, progress.state.steps, self.steps_an_epoch, playing, progress.ended,
            progress.state.theta, progress.recording.last, self._pace.rate if playing else 0.0,
        )  # fmt: skip
