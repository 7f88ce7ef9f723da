"""A course is where training stands between two calls of `fit`: all it needs to go on exactly."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import State
from pellucid.estimators.convergence import Convergence
from pellucid.training import Draws

if TYPE_CHECKING:
    from numpy.typing import NDArray


class RowOrder:
    """The order of the rows, epoch after epoch: as scikit-learn shuffles them.

    Each epoch shuffles the order of the one before.

    Examples
    --------
    >>> order = RowOrder(np.random.RandomState(0))
    >>> order.permutation(4).tolist(), order.permutation(4).tolist()
    ([2, 3, 1, 0], [2, 1, 3, 0])
    """

    def __init__(self, random_state: np.random.RandomState) -> None:
        self.random_state = random_state
        self.order: NDArray[np.intp] = np.arange(0)

    def permutation(self, n: int, /) -> NDArray[np.intp]:
        """The next order of n rows (n,)."""
        if len(self.order) != n:
            self.order = np.arange(n)
        swaps = np.arange(n)
        self.random_state.shuffle(swaps)
        self.order = self.order[swaps]
        return self.order


@dataclass
class Course:
    """What `fit` leaves behind for a `fit` that goes on.

    Parameters
    ----------
    random_state : what is drawn next.
    state : theta (P,) as training left it, which early stopping's best weights need not be, the
        optimizer's moments, and the steps taken.
    convergence : best value and epochs without a better one.
    rate : the learning rate, where it depends on what was seen.
    solver : whose moments those are.
    epochs : done.
    samples : rows seen, each as often as it was.
    divided : rows to train on and rows that early stopping holds out.
    curves : one list for each column of `history_`.
    given : theta (P,) as it was handed out: where the weights are others, somebody set them.
    watched : what `convergence` is about: values of another loss or score do not compare.
    """

    random_state: np.random.RandomState
    state: State
    convergence: Convergence
    rate: float
    solver: Any = None
    epochs: int = 0
    samples: int = 0
    divided: tuple[NDArray[np.intp], ...] | None = None
    curves: dict[str, list[float]] = field(default_factory=dict)
    given: Any = None
    watched: tuple[Any, ...] = ()
    order: RowOrder = field(init=False)
    rate_at_first: float = field(init=False)
    dropout: np.random.Generator | None = None

    def __post_init__(self) -> None:
        self.order = RowOrder(self.random_state)
        self.rate_at_first = self.rate

    def mark(self) -> Callable[[], None]:
        """What brings it back to where it is now. Arrays are replaced, never written into."""
        before = dict(vars(self))
        state, watch, order = copy(self.state), copy(self.convergence), self.order.order
        drawn = self.random_state.get_state(legacy=False)
        dropped = None if self.dropout is None else self.dropout.bit_generator.state
        lengths = {name: len(curve) for name, curve in self.curves.items()}

        def restore() -> None:
            self.__dict__.update(before)
            self.state, self.convergence, self.order.order = state, watch, order
            self.random_state.set_state(drawn)
            if self.dropout is not None and dropped is not None:
                self.dropout.bit_generator.state = dropped
            for name in [*self.curves]:
                del self.curves[name][lengths.get(name, 0) :]
                if name not in lengths:
                    del self.curves[name]

        return restore

    def draws(self, dropping: bool) -> Draws:
        """What the next epochs draw from; dropout draws only where there is some."""
        if self.dropout is None and dropping:
            self.dropout = np.random.default_rng(self.random_state.randint(2**31))
        return Draws(self.order, self.dropout or np.random.default_rng(0))
