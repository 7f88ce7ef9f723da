"""The reference engine: the specification itself, run step by step in plain array code."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from time import perf_counter

from pellucid.arrays import Array, array_like, namespace
from pellucid.engines.base import Batches, EpochEnd, State
from pellucid.layout import Layout
from pellucid.network import forward
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer, clip_by_norm


class ReferenceEngine:
    """Works on NumPy arrays and on those of any library that follows the Array API standard."""

    name = "reference"

    def forward(self, layout: Layout, theta: Array, X: Array) -> Array:
        """The output (n, n_outputs) for X (n, n_inputs)."""
        return forward(layout, theta, X).output

    def value_and_gradient(
        self,
        objective: Objective,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
    ) -> tuple[float, Array]:
        """J and dJ/dtheta (P,)."""
        return objective.value_and_gradient(theta, X, y, sample_weight)

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
        """Run the epochs as `Engine.train_epochs` says."""
        xp = namespace(X)
        n = X.shape[0]
        rate_factors = _like(batches.rate_factors, state.theta)
        decay = 1.0 if batches.decay_factors is None else _like(batches.decay_factors, state.theta)
        last_finite = state.theta
        for order, rates in batches.epochs:
            rows = None if order is None else array_like(order, X, dtype=xp.int64)
            total = weight = 0.0
            for step, start in enumerate(range(0, n, batches.size)):
                stop = min(start + batches.size, n)
                X_batch, y_batch, w_batch = X, y, sample_weight
                if rows is not None:
                    chosen = rows[start:stop]
                    X_batch, y_batch = xp.take(X, chosen, axis=0), xp.take(y, chosen, axis=0)
                    if sample_weight is not None:
                        w_batch = xp.take(sample_weight, chosen, axis=0)
                elif stop - start < n:
                    X_batch, y_batch = X[start:stop, :], y[start:stop, :]
                    w_batch = None if sample_weight is None else sample_weight[start:stop]
                w = float(stop - start if w_batch is None else xp.sum(w_batch))
                if w == 0.0:
                    continue  # rows of no weight say nothing
                masks = batches.masks(stop - start) if batches.masks else None
                value, gradient = objective.value_and_gradient(
                    state.theta, X_batch, y_batch, w_batch, masks
                )
                if not isfinite(value):
                    state.theta = last_finite
                    yield EpochEnd(value, perf_counter())
                    return
                if batches.clip_norm is not None:
                    gradient = clip_by_norm(gradient, batches.clip_norm)
                last_finite = state.theta
                rate = float(rates[step])
                if rate_factors is not None:
                    rate = rate * rate_factors
                state.theta, state.moments = optimizer.update(
                    last_finite, gradient, state.moments, rate, decay
                )
                state.steps += 1
                total += value if objective.reduction == "sum" else value * w
                weight += w
            yield EpochEnd(
                total if objective.reduction == "sum" else total / weight, perf_counter()
            )


def _like(factors: Array | None, theta: Array) -> Array | None:
    """Factors as an array of theta's library and dtype."""
    return None if factors is None else array_like(factors, theta)
