"""What every engine does, and what it is handed: batches in their order, rates, masks, a state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from pellucid.arrays import Array
from pellucid.layout import Layout
from pellucid.network import Masks
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer
from pellucid.optimizers import State as Moments

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class State:
    """Where training stands. An engine replaces its parts after every step, never inside one."""

    theta: Array  # (P,)
    moments: Moments
    steps: int = 0


class Epoch(NamedTuple):
    """One pass over the data, drawn outside the engine so that every engine sees the same."""

    order: NDArray[np.intp] | None  # (n,) rows in the order they are used; None: as they stand
    rates: NDArray[np.float64]  # (steps,) the learning rate of each step


class EpochEnd(NamedTuple):
    """What an engine says at the end of an epoch."""

    loss: float  # of its batches, each at the theta it found; not finite: training has diverged
    clock: float  # time.perf_counter() then, in seconds


@dataclass(frozen=True)
class Batches:
    """The epochs to run and how a step is taken from each batch."""

    epochs: Iterator[Epoch]
    size: int
    rate_factors: NDArray[np.float64] | None = None  # (P,); None: all 1
    decay_factors: NDArray[np.float64] | None = None  # (P,); None: all 1
    clip_norm: float | None = None
    masks: Callable[[int], Masks] | None = None


class Engine(Protocol):
    """The contract between training and whoever does the arithmetic."""

    name: str

    def forward(self, layout: Layout, theta: Array, X: Array) -> Array:
        """The output (n, n_outputs) for X (n, n_inputs)."""

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
    ) -> Iterator[EpochEnd]:
        """Run the epochs, moving `state` step by step, and yield at the end of each.

        A step whose loss is not finite is not taken: theta goes back to where the loss was last
        finite, the epoch's loss says what happened, and nothing more is yielded.
        """
