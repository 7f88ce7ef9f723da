"""pellucid as a user calls it: `Network.train` and `Network.predict`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pellucid
from pellucid import Network
from work import Array, Work


class PellucidModel:
    """A `Network`, made anew for every run."""

    def __init__(self, work: Work, options: dict[str, Any]) -> None:
        self.work, self.options = work, options
        self.targets = work.classes if work.loss == "cross_entropy" else work.Y
        self.reset(seed=0)

    def reset(self, seed: int) -> None:
        """Back to the first weights."""
        work = self.work
        self.network = Network(
            work.sizes, work.hidden, work.output, work.loss,
            bias=bool(work.biases), dtype=str(work.X.dtype), seed=seed, **self.options,
        )  # fmt: skip
        self.network.weights = work.weights
        for b, values in zip(self.network.biases, work.biases, strict=bool(work.biases)):
            if b is not None:
                b[...] = values

    def train(self, epochs: int, shuffle: bool) -> float:
        """Train; the history has the loss."""
        history = self.network.train(
            self.work.X, self.targets, epochs=epochs, batch_size=self.work.batch,
            solver=self.work.solver, learning_rate=self.work.learning_rate, shuffle=shuffle,
        )  # fmt: skip
        return history.loss[-1]

    def predictor(self, X: Array) -> Callable[[], Any]:
        """The plain method on a prepared array."""
        return partial(self.network.predict, X)


class Pellucid:
    """One engine of pellucid with so many threads; None: as many as it sees fit."""

    def __init__(self, engine: str, threads: int | None) -> None:
        self.options: dict[str, Any] = {"engine": engine, "n_threads": threads}
        self.version = f"{pellucid.__version__}, engine {Network([1, 1], **self.options).engine}"

    def model(self, work: Work) -> PellucidModel:
        """The network of `work`."""
        return PellucidModel(work, self.options)


def start(threads: int | None) -> Pellucid:
    """The engine that pellucid chooses by itself."""
    return Pellucid("auto", threads)
