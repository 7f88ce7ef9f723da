"""A comparison trains several networks on the same rows and judges each on rows it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from pellucid.arrays import Array
from pellucid.model import Network
from pellucid.objective import Objective
from pellucid.sparse import as_csr, dense, is_sparse


@dataclass(frozen=True)
class Candidate:
    """One network's figures, each a mean over the folds."""

    label: Hashable
    parameters: int
    training_loss: float  # without penalty
    validation_loss: float  # without penalty
    score: float | None
    seconds: float


@dataclass(frozen=True)
class Comparison:
    """The candidates in the order given; print it to read it."""

    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Any:
        """The label with the highest score, or without one the lowest validation loss."""
        if self.candidates[0].score is not None:
            return max(self.candidates, key=lambda c: (c.score or 0.0, -c.validation_loss)).label
        return min(self.candidates, key=lambda c: c.validation_loss).label

    def __str__(self) -> str:
        width = max(9, *(len(str(c.label)) for c in self.candidates))
        scored = self.candidates[0].score is not None
        head = f"{'candidate':<{width}}  parameters  training loss  validation loss"
        lines = [head + ("   score" if scored else "") + "  seconds"]
        for c in self.candidates:
            score = f"  {c.score:>6.4f}" if c.score is not None else ""
            lines.append(
                f"{c.label!s:<{width}}  {c.parameters:>10}  {c.training_loss:>13.5g}  "
                f"{c.validation_loss:>15.5g}{score}  {c.seconds:>7.2f}"
                + ("  <- best" if c.label == self.best else "")
            )
        return "\n".join(lines)


def compare(
    networks: Mapping[Any, Network],
    X: Any,
    y: Any,
    *,
    validation_data: tuple[Any, Any] | None = None,
    folds: int = 5,
    metric: Callable[[Array, Array], float] | None = None,
    seed: int = 0,
    **settings: Any,
) -> Comparison:
    """Train each network from its present weights and measure it on held-out rows.

    It chooses the strength of a penalty, the size and number of layers, an activation, a solver:
    whatever the networks differ in. They are left untrained, as they came.

    Parameters
    ----------
    networks : by label, such as `{alpha: Network(..., alpha=alpha) for alpha in (0.01, 0.1)}`.
    X, y : rows to train on.
    validation_data : (X, y) to judge on. Without it, cross-validation: each of `folds` parts of
        the rows is held out in turn, and the figures are means over them.
    metric : (output, y) -> number, higher is better; by default the validation loss decides.
    seed : of the division into folds.
    settings : for `Network.train`.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 20).reshape(-1, 1)
    >>> networks = {name: Network([1, 4, 1], name, seed=0) for name in ("identity", "tanh")}
    >>> compare(networks, X, X**2, folds=2, solver="lbfgs").best
    'tanh'
    """
    if not networks:
        raise ValueError("there are no networks to compare")
    X, y = as_csr(X) if is_sparse(X) else np.asarray(X), np.asarray(y)
    n = X.shape[0]
    if validation_data is not None:
        parts = [((X, y), validation_data)]
    else:
        if not 2 <= folds <= n:
            raise ValueError(f"folds is {folds}: expected 2 up to the number of rows, {n}")
        order = np.random.default_rng(seed).permutation(n)
        parts = []
        for held in np.array_split(order, folds):
            rest = np.setdiff1d(order, held)
            parts.append(((X[rest], y[rest]), (X[held], y[held])))
    return Comparison(
        tuple(_measure(label, net, parts, metric, settings) for label, net in networks.items())
    )


def _measure(
    label: Hashable,
    network: Network,
    parts: list[tuple[tuple[Array, Array], tuple[Array, Array]]],
    metric: Callable[[Array, Array], float] | None,
    settings: dict[str, Any],
) -> Candidate:
    plain = Objective(network.layout, network.loss)  # judged without its penalty, alike for all
    figures = []
    start = perf_counter()
    for training, held_out in parts:
        trained = Network.like(network)
        trained.train(*training, **settings)
        losses = []
        for rows in (training, held_out):
            X, y, _ = trained.samples(*rows)
            value, output = plain.value_and_output(trained.theta, dense(X), y)
            losses.append(value)
        figures.append((*losses, np.nan if metric is None else float(metric(output, y))))
    training_loss, validation_loss, score = np.mean(figures, axis=0).tolist()
    return Candidate(
        label,
        network.layout.size,
        training_loss,
        validation_loss,
        None if metric is None else score,
        perf_counter() - start,
    )
