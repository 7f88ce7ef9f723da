"""A view is what a page shows at one moment: a run's standing, and the weights of one epoch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.model import Network
from pellucid.predictor import Predictor
from pellucid.studios.experiment import Experiment
from pellucid.studios.material import Material
from pellucid.studios.plane import Plane
from pellucid.studios.run import Run
from pellucid.studios.standing import Mark, Standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.subject import Subject


@dataclass(frozen=True, eq=False)
class View:
    """All of one moment, and what follows from it, computed when it is first asked for.

    Parameters
    ----------
    experiment, material, run : that are looked at.
    standing : where the run stands.
    mark : the recorded epoch that is shown: the slider's, or the newest.
    theta : (P,) the weights that are shown: the run's own now, or those of `mark`.
    live : whether they are the run's own now.
    plane : the two inputs that pictures span, if there are any.
    row : the row that is followed, as "test-7"; "" is the first.
    """

    experiment: Experiment
    material: Material
    run: Run
    standing: Standing
    mark: Mark
    theta: NDArray[np.float64]
    live: bool
    plane: Plane | None
    row: str = ""

    @property
    def epoch(self) -> int:
        """The epoch that is shown."""
        return self.standing.epoch if self.live else self.mark.epoch

    @cached_property
    def network(self) -> Network:
        """The network with the weights that are shown, and a theta of its own."""
        return self.run.network_at(self.theta)

    @cached_property
    def predictor(self) -> Predictor:
        """The same as a model that takes tables: what is saved, exported, explained."""
        return self.material.predictor(self.network)

    @cached_property
    def subject(self) -> Subject:
        """The same, opened."""
        from pellucid.subject import subject_of

        return subject_of(self.predictor)

    @cached_property
    def output(self) -> NDArray[np.float64]:
        """(n, k) what the network says of the training rows, the first `MOST_SHOWN`."""
        return self.predict(self.material.X[:MOST_SHOWN])

    @cached_property
    def test_output(self) -> NDArray[np.float64]:
        """(n, k) of the test rows, the first `MOST_SHOWN`."""
        return self.predict(self.material.X_test[:MOST_SHOWN])

    def predict(self, X: Any) -> NDArray[np.float64]:
        """(n, k) what the network says of encoded rows; infinities are let through."""
        with np.errstate(all="ignore"):
            return np.asarray(self.network.predict(X), np.float64)


MOST_SHOWN = 10_000
"""Rows at the most that pictures are made of."""
