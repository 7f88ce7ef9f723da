"""What every engine does, and what it is handed: batches in their order, rates, masks, a state."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from pellucid.arrays import Array
from pellucid.dropout import Dropout
from pellucid.layout import Layout
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer
from pellucid.optimizers import State as Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class State:
    """Where training stands: after each `yield`, and after an interrupt, that of a whole step.

    Its arrays are replaced, never written into: whoever looked may have kept them.
    """

    theta: Array  # (P,)
    moments: Moments
    steps: int = 0
    before: Array | None = None  # theta before the last step, for going back over an epoch's end


class Epochs(NamedTuple):
    """Passes over the data, drawn outside the engine so that every engine sees the same."""

    orders: NDArray[np.intp] | None  # (k, m) rows that each epoch uses; None: all, as they stand
    rates: NDArray[np.float64]  # (k, steps) the learning rate of each step


class EpochsEnd(NamedTuple):
    """What an engine says at the end of some epochs, one item for each."""

    losses: list[float]  # mean over its batches, each at the theta it found
    penalties: list[float]  # the part of L2 and L1 in that
    rates: list[float]  # the last step's
    clocks: list[float]  # time.perf_counter() then, in seconds


@dataclass(frozen=True)
class Batches:
    """The epochs to run and how a step is taken from each batch."""

    epochs: int
    draw: Callable[[int], Epochs]  # the next so many epochs
    size: int
    at_once: int = 1  # the most epochs between two looks from outside
    clip_norm: float | None = None
    dropout: Dropout | None = None
    by_rows: bool = False  # whether a batch counts by its rows, or their weights, in that mean
    keeps_before: bool = False  # whether the state's `before` is wanted


class Engine(Protocol):
    """The contract between training and whoever does the arithmetic.

    X is an array (n, n_inputs), or a CSR array of SciPy's of that shape.
    """

    name: str

    def __init__(self, n_threads: int | None = None) -> None:
        """Ready to work in so many threads at the most; None: as many as it sees fit."""

    def forward(self, layout: Layout, theta: Array, X: Array) -> Array:
        """The output (n, n_outputs) for X (n, n_inputs)."""

    def forward_prepared(self, layout: Layout, theta: Array, X: Array) -> Array | None:
        """The same for X as NumPy's users give it, if it needs no converting; else None.

        A flat X is one row and gives a flat output. None also if X holds NaN or inf, or if the
        engine has no faster way than `forward`.
        """

    def value_and_output(
        self,
        objective: Objective,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
    ) -> tuple[float, Array]:
        """J, and the output (n, n_outputs) that it is about."""

    def value_and_gradient(
        self,
        objective: Objective,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
    ) -> tuple[float, Array]:
        """J and dJ/dtheta (P,)."""

    def train_epochs(
        self,
        objective: Objective,
        optimizer: Optimizer,
        state: State,
        X: Array,
        y: Array,
        sample_weight: Array | None,
        batches: Batches,
    ) -> Generator[EpochsEnd, None, None]:
        """Run the epochs, moving `state`, and yield after each `batches.at_once` at the most.

        Factors on rates and decay are those of the layout's segments. A step whose loss is not
        finite is not taken: theta goes back to where the loss was last finite, which is the
        state's `before` if it is the first one, the epoch's loss says what happened, and nothing
        more is yielded.
        """
