"""A member is one network of a bag: trained on its part of the rows, kept as it was at its best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from math import ceil, inf, isfinite, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from pellucid.architecture import Architecture
from pellucid.dropout import Dropout, dropout
from pellucid.engines import Batches, Engine, Epochs, State
from pellucid.layout import Layout
from pellucid.losses import cross_entropy, squared_error
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer, adamw
from pellucid.schedules import schedule
from pellucid.tabular.pace import Pace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.tabular.encoder import Compact, Encoder

Floats32: TypeAlias = "NDArray[np.float32]"

KEPT, BLOCK = 1 << 24, 1 << 21
"""Inputs up to which those of all rows are kept; of more, so many are made at a time."""

ROWS_AT_ONCE = 8192
"""Rows whose inputs are made at a time to predict."""

LARGEST_BATCH, SMALLEST_BATCH, STEPS_AN_EPOCH = 256, 16, 8
"""Rows a step: so many at the most, or fewer for as many steps an epoch, down to so few."""


@dataclass(frozen=True)
class Recipe:
    """How each network of a bag is made and trained.

    Parameters
    ----------
    classes : whether it tells classes apart; else it predicts one number.
    hidden_layer_sizes, activation, dropout : of the network.
    learning_rate : of weights, times 1 / sqrt(fan_in), as if they were drawn from N(0, 1) and
        their sums divided by that root.
    scale_rate, bias_rate : factors on it for the Scale layer, which has to move far, and for
        biases, which are spread out enough as they are drawn.
    weight_decay, schedule, batch_size : of AdamW and its steps.
    min_steps, max_epochs : epochs are as many as it takes for so many steps, up to so many.
    early_stopping : whether training ends with a cycle of "coslog4" that brought nothing better.
    label_smoothing : of classes.
    """

    classes: bool
    hidden_layer_sizes: tuple[int, ...] = (256, 256, 256)
    activation: Any = "selu"
    dropout: float = 0.15
    learning_rate: float = 0.04
    weight_decay: float = 0.02
    schedule: Any = "coslog4"
    batch_size: int | str = "auto"
    min_steps: int = 2500
    max_epochs: int = 256
    early_stopping: bool = True
    label_smoothing: float = 0.1
    scale_rate: float = 6.0
    bias_rate: float = 0.1

    def batch(self, n_rows: int) -> int:
        """Rows a step, for so many rows.

        Examples
        --------
        >>> [Recipe(classes=True).batch(n) for n in (10, 150, 1000, 10000)]
        [10, 16, 64, 256]
        """
        if self.batch_size != "auto":
            return min(int(self.batch_size), n_rows)
        power = 1 << max(0, (n_rows // STEPS_AN_EPOCH).bit_length() - 1)
        return min(n_rows, max(SMALLEST_BATCH, min(LARGEST_BATCH, power)))

    def epochs(self, n_rows: int) -> int:
        """Passes over so many rows.

        Examples
        --------
        >>> [Recipe(classes=True).epochs(n) for n in (150, 7500)]
        [250, 84]
        """
        return min(self.max_epochs, ceil(self.min_steps / ceil(n_rows / self.batch(n_rows))))

    def rates(self, times: list[float]) -> NDArray[np.float64]:
        """The learning rate at some fractions of training done."""
        factor = schedule(self.schedule)
        return self.learning_rate * np.array([factor(time) for time in times])

    @property
    def ends_early(self) -> bool:
        """Whether training may end with a cycle of the schedule."""
        return self.early_stopping and self.schedule == "coslog4"

    def objective(self, n_inputs: int, n_outputs: int) -> Objective:
        """What is minimised, with a layout that says how each part of theta is drawn and moved."""
        sizes = (n_inputs, *self.hidden_layer_sizes, n_outputs)
        output = "softmax" if self.classes else "identity"
        architecture = Architecture.of(sizes, self.activation, output, True, True)
        segments: dict[str, dict[str, Any]] = {
            "layer1.*": {"learning_rate": self.scale_rate},
            "*.b": {"initializer": "normal:1", "learning_rate": self.bias_rate},
        }
        for number, fan_in in enumerate(sizes[:-1], 2):
            root = sqrt(fan_in)
            segments[f"layer{number}.W"] = {
                "initializer": f"normal:{1.0 / root}",
                "learning_rate": 1.0 / root,
                "decay": root,  # so that a step shrinks the weights of all layers alike
            }
        last = f"layer{len(sizes)}"
        segments[f"{last}.W"] |= {"initializer": "zeros"}
        segments[f"{last}.b"] = {"initializer": "zeros"}
        loss = cross_entropy(self.label_smoothing) if self.classes else squared_error()
        return Objective(Layout(architecture, segments), loss)


def raw(layout: Layout) -> Layout:
    """The same layout for a network whose output is not activated."""
    layers = layout.architecture.layers
    if layers[-1].activation.name == "identity":
        return layout
    sizes = [layers[0].n_in, *(layer.n_out for layer in layers[1:])]
    hidden = [layer.activation for layer in layers[1:-1]]
    return Layout(Architecture.of(sizes, hidden, "identity", True, True))


class Data(NamedTuple):
    """Encoded rows: inputs in compact form, targets (n, n_outputs), weights (n,) or None."""

    rows: Compact
    y: Floats32
    weight: Floats32 | None

    def take(self, rows: Any) -> Data:
        """Some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return Data(self.rows.take(rows), self.y[rows], weight)


@dataclass
class Member:
    """A trained network.

    Parameters
    ----------
    theta : (P,) its parameters when they were best.
    held_out : the rows that it was not trained on.
    output : (held out, n_outputs) raw, for these rows.
    losses, held_out_losses : by epoch: of training, and on the rows held out.
    best_epoch, planned, steps, seconds : of its training; `planned` are epochs.
    stopped : why it ended.
    """

    theta: Floats32
    held_out: NDArray[np.intp]
    output: Floats32
    losses: list[float] = field(default_factory=list)
    held_out_losses: list[float] = field(default_factory=list)
    best_epoch: int = 0
    planned: int = 0
    steps: int = 0
    seconds: float = 0.0
    stopped: str = ""
    rest: int = 0  # the epoch at whose end the rate had fallen to 0, as far as was asked

    def without_rows(self) -> Member:
        """The same, without which rows it held out, and what it made of them."""
        return replace(self, held_out=self.held_out[:0], output=self.output[:0])

    def enter(
        self, loss: float, judged: float, theta: Floats32, output: Floats32, keep: bool
    ) -> None:
        """What an epoch has led to, which is kept if it is the best, or anyway."""
        least = self.best_loss
        self.losses.append(loss)
        self.held_out_losses.append(judged)
        if not (isfinite(loss) and isfinite(judged)):
            self.stopped = "diverged"
        elif judged < least or keep:
            self.theta, self.output, self.best_epoch = theta, output, self.epochs

    def is_better_since_rest(self) -> bool:
        """Whether the best epoch came since this was asked before; the first time it is so."""
        before, self.rest = self.rest, self.epochs
        return before == 0 or self.best_epoch > before

    @property
    def epochs(self) -> int:
        """That it was trained for."""
        return len(self.losses)

    @property
    def best_loss(self) -> float:
        """On the rows held out, in the best epoch; infinite if it diverged at once."""
        return self.held_out_losses[self.best_epoch - 1] if self.best_epoch else inf


@dataclass
class Running:
    """A member in training, between two epochs: all that decides how it goes on.

    Parameters
    ----------
    member : what has come of it.
    state : theta, and what the optimizer remembers.
    draws : of the order of rows, and of dropout.
    time : the part of the schedule that is done.
    """

    member: Member
    state: State
    draws: tuple[np.random.Generator, np.random.Generator]
    time: float = 0.0


@dataclass(frozen=True)
class Training:
    """What all members of a bag are trained on, and how.

    Parameters
    ----------
    judge : raw outputs and the rows they are of -> the loss by which epochs are chosen.
    """

    recipe: Recipe
    objective: Objective
    engine: Engine
    encoder: Encoder
    data: Data
    judge: Callable[[Floats32, Data], float]

    def member(
        self,
        held_out: NDArray[np.intp],
        seed: np.random.SeedSequence,
        max_time: float | None = None,
        progress: Callable[[Member, int], bool] | None = None,
        like: Member | None = None,
        start: Running | None = None,
        keep: Callable[[Running], None] | None = None,
    ) -> Member:
        """Train a network on the rows that are not held out.

        Parameters
        ----------
        max_time : seconds; the schedule is drawn together so that it ends by then.
        progress : told of each epoch's end, and how many there are to be; True stops.
        like : a network to end with the best epoch of, the schedule being cut off there as it was
            for that one; None: go through with all, and keep the weights that were best on the
            rows held out.
        start : where another training stood, to go on from; None: begin.
        keep : told where it stands after each epoch, before `progress`, whose errors lose nothing.
        """
        recipe, layout = self.recipe, self.objective.layout
        inside = np.ones(len(self.data.y), bool)
        inside[held_out] = False
        feed = _Feed(self.encoder, self.data.take(inside), recipe)
        watched = self.data.take(held_out)
        rule = adamw(0.9, 0.95, weight_decay=recipe.weight_decay)
        best = like.best_epoch if like is not None else 0
        planned = like.planned if like is not None and best else recipe.epochs(feed.n)
        last = best or planned
        running = start or self._begin(rule, held_out, seed, planned)
        member, state, (ordered, dropped) = running.member, running.state, running.draws
        drops = dropout(layout.architecture, recipe.dropout, dropped)
        pace = Pace(planned, feed.steps, max_time)
        pace.go_on(running.time, member.seconds)
        output, bare, look = member.output, raw(layout), _Look(self.encoder, watched.rows)
        for epoch in range(member.epochs + 1, last + 1):
            pieces = feed.pieces(ordered.permutation(feed.n), recipe.rates(pace.times(epoch)))
            loss = sum(self._steps(rule, state, piece, feed.size, drops) for piece in pieces)
            if len(held_out):
                outputs = [self.engine.forward(bare, state.theta, X) for X in look.blocks()]
                output = np.concatenate(outputs)
            judged = self.judge(output, watched) if len(held_out) else loss
            member.steps, member.seconds = state.steps, pace.passed
            member.enter(loss, judged, state.theta, output, keep=bool(best))
            if epoch == last:
                member.stopped = member.stopped or "all epochs done"
            if pace.ended:
                member.stopped = member.stopped or "max_time is over"
            if recipe.ends_early and not best and pace.rests and not member.is_better_since_rest():
                member.stopped = member.stopped or "no better for a whole cycle of the schedule"
            if keep is not None:
                running.time = pace.t
                keep(running)
            if progress is not None and progress(member, last):
                member.stopped = member.stopped or "a callback said so"
            if member.stopped:
                break
        return member

    def _begin(
        self,
        rule: Optimizer,
        held_out: NDArray[np.intp],
        seed: np.random.SeedSequence,
        planned: int,
    ) -> Running:
        """A network as it is drawn."""
        drawn, ordered, dropped = (np.random.default_rng(s) for s in seed.spawn(3))
        layout = self.objective.layout
        theta = layout.draw(drawn).astype(np.float32)
        output = np.empty((0, layout.architecture.n_outputs), np.float32)
        member = Member(theta, held_out, output, planned=planned)
        return Running(member, State(theta, rule.init(theta)), (ordered, dropped))

    def _steps(
        self, rule: Optimizer, state: State, piece: _Piece, size: int, drops: Dropout | None
    ) -> float:
        """Take the steps of a piece of an epoch; its part of the epoch's loss."""
        batches = Batches(1, piece.draw, size, dropout=drops)
        data = piece.X, piece.y, piece.weight
        running = self.engine.train_epochs(self.objective, rule, state, *data, batches)
        with closing(running):
            return sum(end.losses[-1] for end in running) * piece.share


class _Look:
    """The inputs of rows held out, a block at a time; kept, if they are few."""

    def __init__(self, encoder: Encoder, rows: Compact) -> None:
        self._encoder, self._rows = encoder, rows
        few = rows.n_rows * encoder.n_inputs <= KEPT // 4
        self._kept = list(self._made()) if few else None

    def _made(self) -> Iterator[Floats32]:
        return (X for _, X in self._encoder.blocks(self._rows, ROWS_AT_ONCE))

    def blocks(self) -> Iterable[Floats32]:
        """All of them, in order."""
        return self._made() if self._kept is None else self._kept


class _Piece(NamedTuple):
    """Rows for some steps."""

    X: Floats32
    y: Floats32
    weight: Floats32 | None
    orders: NDArray[np.intp] | None  # (1, n) of these rows; None: as they stand
    rates: NDArray[np.float64]  # (1, steps)
    share: float  # of the rows of an epoch

    def draw(self, k: int) -> Epochs:
        """What an engine is handed for the one epoch that it takes this for."""
        return Epochs(self.orders, self.rates)


class _Feed:
    """The rows that a network is trained on: all in one piece, or, if they are many, in several."""

    def __init__(self, encoder: Encoder, data: Data, recipe: Recipe) -> None:
        self._encoder, self._data = encoder, data
        self.n = data.rows.n_rows
        self.size = recipe.batch(self.n)
        self.steps = ceil(self.n / self.size)
        few = self.n * encoder.n_inputs <= KEPT
        self._X = encoder.inputs(data.rows) if few else None

    def pieces(self, order: NDArray[np.intp], rates: NDArray[np.float64]) -> Iterator[_Piece]:
        """The rows in an order (n,), with the rate of each step."""
        if self._X is not None:
            y, weight = self._data.y, self._data.weight
            yield _Piece(self._X, y, weight, order[None], rates[None], 1.0)
            return
        steps = max(1, BLOCK // self._encoder.n_inputs // self.size)
        for first in range(0, self.steps, steps):
            some = rates[None, first : first + steps]
            rows = self._data.take(order[first * self.size : (first + steps) * self.size])
            X = self._encoder.inputs(rows.rows)
            yield _Piece(X, rows.y, rows.weight, None, some, len(X) / self.n)
