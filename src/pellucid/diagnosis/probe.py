"""A probe trains copies of a network for a short while, each at another rate; never the model."""

from __future__ import annotations

import warnings
from math import ceil, inf, isfinite

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.diagnosis.case import Case, NotMeasured, Part
from pellucid.model import Network
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer

STEPS, FEWEST_STEPS = 200, 20
"""Steps of each copy, and how many there must be for a probe to say anything."""

MOST_ROWS, FEWEST_ROWS = 2000, 40
"""Rows that a probe takes, and how many it needs; a quarter of them is for judging."""

WORK = 3e9
"""Multiplications and additions that a copy may take, so that a probe is short."""

FURTHEST = 4
"""Powers of ten that a probe tries on either side."""


class Probe:
    """Copies of a network, trained at other rates on three rows of four; the rest is to judge.

    Parameters
    ----------
    case : whose first network is copied.
    solver : that moves the copies.
    """

    def __init__(self, case: Case, solver: str | Optimizer) -> None:
        self.case, self.solver = case, solver
        some = case.rows.some(MOST_ROWS, case.seed)
        n = len(some.X)
        if n < FEWEST_ROWS:
            raise NotMeasured(f"fewer than {FEWEST_ROWS} rows")
        order = np.random.default_rng(case.seed).permutation(n)
        judging = order[: n // 4]
        learning = order[n // 4 :]
        self.learn = Part(some.X[learning], some.y[learning])
        self.judge = Part(some.X[judging], some.y[judging])
        size = case.trained.batch_size
        self.batch = len(learning) if size == "full" else min(int(size), len(learning))
        per_epoch = ceil(len(learning) / self.batch)
        afford = WORK / (6.0 * case.network.layout.size * self.batch)
        if afford < FEWEST_STEPS:
            raise NotMeasured("the network is too large for a short probe")
        self.epochs = max(1, round(min(STEPS, afford) / per_epoch))

    def anew(self, rate: float) -> float:
        """The loss on the rows learnt from, after some steps at this rate from new weights."""
        return self._trained(rate, True, self.learn)

    def further(self, rate: float) -> float:
        """The loss on the rows to judge by, after such steps from the network's own weights."""
        return self._trained(rate, False, self.judge)

    def _trained(self, rate: float, fresh: bool, part: Part) -> float:
        copy = Network.like(self.case.network, dtype="float64")
        if fresh:
            copy.theta = copy.layout.draw(np.random.default_rng(self.case.seed))
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            history = copy.train(
                self.learn.X, self.learn.y, epochs=self.epochs, batch_size=self.batch,
                solver=self.solver, learning_rate=rate,
            )  # fmt: skip
        return inf if history.stopped == "diverged" else _loss(copy, part)

    def start(self) -> float:
        """The loss on the rows to judge by, with the network's own weights."""
        return _loss(self.case.network, self.judge)


def _loss(network: Network, part: Part) -> float:
    """Without penalty; infinite where it is no number."""
    theta = to_numpy(network.theta).astype(np.float64)
    with np.errstate(all="ignore"):
        loss = Objective(network.layout, network.loss).value(theta, part.X, part.y)
    return loss if isfinite(loss) else inf


def probes(case: Case) -> list[tuple[Probe, float]]:
    """A probe for each solver that may have been used, with the rate; or `NotMeasured`."""
    if not case.probes:
        if case.family == "bag":
            raise NotMeasured("each layer of a bag has a rate of its own")
        if not case.trained.solvers:
            raise NotMeasured("its solver has no learning rate")
        if case.trained.learning_rate is None:
            raise NotMeasured("the learning rate is not known: give learning_rate")
        case.probes += [(Probe(case, s), case.trained.learning_rate) for s in case.trained.solvers]
    return case.probes
