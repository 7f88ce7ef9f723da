"""The reference engine: the specification itself, run step by step in plain array code."""

from __future__ import annotations

from collections.abc import Generator
from math import isfinite, nan
from time import perf_counter

from pellucid.arrays import Array, array_like, namespace
from pellucid.engines.base import Batches, EpochsEnd, State
from pellucid.layout import Layout
from pellucid.network import forward
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer, clip_by_norm
from pellucid.sparse import dense, rows_of


class ReferenceEngine:
    """Works on NumPy arrays and on those of any library that follows the Array API standard.

    A sparse X is written out with its zeros: in training a batch at a time, else the whole of it.

    Parameters
    ----------
    n_threads : of no effect: the array library decides that by itself.
    """

    name = "reference"

    def __init__(self, n_threads: int | None = None) -> None:
        pass

    def forward(self, layout: Layout, theta: Array, X: Array) -> Array:
        """The output (n, n_outputs) for X (n, n_inputs)."""
        return forward(layout, theta, dense(X)).output

    def forward_prepared(self, layout: Layout, theta: Array, X: Array) -> Array | None:
        """None: every X is checked and converted first."""
        return None

    def value_and_output(
        self,
        objective: Objective,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
    ) -> tuple[float, Array]:
        """J, and the output (n, n_outputs) that it is about."""
        return objective.value_and_output(theta, dense(X), y, sample_weight)

    def value_and_gradient(
        self,
        objective: Objective,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
    ) -> tuple[float, Array]:
        """J and dJ/dtheta (P,)."""
        return objective.value_and_gradient(theta, dense(X), y, sample_weight)

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
        """Run the epochs as `Engine.train_epochs` says, one at a time."""
        xp = namespace(state.theta)
        rate_factors = _like(objective.layout.learning_rates(), state.theta)
        decay_factors = _like(objective.layout.decays(), state.theta)
        decay = 1.0 if decay_factors is None else decay_factors
        last_finite = state.theta if state.before is None else state.before
        for _ in range(batches.epochs):
            orders, rates = batches.draw(1)
            order = None if orders is None else array_like(orders[0], state.theta, dtype=xp.int64)
            n = X.shape[0] if order is None else order.shape[0]
            total = penalty = used = 0.0
            for step, start in enumerate(range(0, n, batches.size)):
                stop = min(start + batches.size, n)
                rows = slice(start, stop) if order is None else order[start:stop]
                X_batch, y_batch = rows_of(X, rows), rows_of(y, rows)
                w_batch = None if sample_weight is None else rows_of(sample_weight, rows)
                w = float(stop - start if w_batch is None else xp.sum(w_batch))
                if w == 0.0:
                    continue  # rows of no weight say nothing
                dropout = batches.dropout
                masks = dropout.masks(stop - start, state.theta) if dropout else None
                value, gradient = objective.value_and_gradient(
                    state.theta, X_batch, y_batch, w_batch, masks
                )
                if not isfinite(value):
                    state.theta = last_finite
                    yield EpochsEnd([value], [nan], [float(rates[0, -1])], [perf_counter()])
                    return
                if batches.clip_norm is not None:
                    gradient = clip_by_norm(gradient, batches.clip_norm)
                last_finite = state.theta
                rate = float(rates[0, step])
                if rate_factors is not None:
                    rate = rate * rate_factors
                state.theta, state.moments = optimizer.update(
                    last_finite, gradient, state.moments, rate, decay
                )
                state.steps += 1
                counts = stop - start if batches.by_rows else w
                share = 1.0 if objective.reduction == "sum" else counts
                total += value * share
                penalty += objective.penalty(last_finite, w) * share
                used += counts
            whole = 1.0 if objective.reduction == "sum" else used
            state.before = last_finite if batches.keeps_before else None
            yield EpochsEnd(
                [total / whole], [penalty / whole], [float(rates[0, -1])], [perf_counter()]
            )


def _like(factors: Array | None, theta: Array) -> Array | None:
    """Factors as an array of theta's library and dtype."""
    return None if factors is None else array_like(factors, theta)
