"""A measure is what a run's weights are worth: loss and score on rows to train and to test on."""

from __future__ import annotations

from collections import deque
from time import thread_time
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import Engine
from pellucid.objective import Objective
from pellucid.predictor import class_numbers
from pellucid.studios.material import Material
from pellucid.studios.standing import Mark, Theta

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_MEASURED = 10_000
"""Rows at the most that are measured on, the first ones."""


class Measure:
    """What measures weights.

    Parameters
    ----------
    material : the rows.
    objective : that training makes small; its penalty is left out of what is measured.
    engine : that computes.
    """

    def __init__(self, material: Material, objective: Objective, engine: Engine) -> None:
        m, most = material, MOST_MEASURED
        self._trained = m.X[:most], m.y[:most]
        self._tested = m.X_test[:most], m.y_test[:most]
        self._task = material.task
        self._whole = objective
        self._plain = Objective(objective.layout, objective.loss)
        self._engine = engine
        self._costs = deque([0.0] * 3, 3)  # seconds of the processor, of the last marks

    @property
    def cost(self) -> float:
        """Seconds of the processor that a mark takes.

        It is the least of the last three: neither what other threads have meanwhile nor a hiccup
        makes a measurement dear.
        """
        return min(self._costs)

    def loss(self, theta: Theta) -> float:
        """The training loss with its penalty."""
        with np.errstate(all="ignore"):
            return float(self._whole.value(theta, *self._trained))

    def mark(self, epoch: int, steps: int, theta: Theta, loss: float) -> Mark:
        """The mark of an epoch, whose training loss is known."""
        began = thread_time()
        _, score = self._of(theta, *self._trained)
        test_loss, test_score = self._of(theta, *self._tested)
        self._costs.append(thread_time() - began)
        return Mark(epoch, steps, theta, loss, test_loss, score, test_score)

    def _of(self, theta: Theta, X: Any, y: Any) -> tuple[float, float]:
        """The loss without penalty, and the accuracy or R2."""
        if not len(X):
            return float("nan"), float("nan")
        with np.errstate(all="ignore"):
            loss, output = self._engine.value_and_output(self._plain, theta, X, y)
            return float(loss), _score(self._task, np.asarray(output), y)


def _score(task: str, output: NDArray[Any], y: NDArray[Any]) -> float:
    if task == "classification":
        return float(np.mean(class_numbers(output) == class_numbers(y)))
    spread = float(((y - y.mean(axis=0)) ** 2).sum())
    return 1.0 - float(((output - y) ** 2).sum()) / spread if spread else 0.0
