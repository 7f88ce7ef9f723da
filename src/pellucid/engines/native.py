"""The native engine: the reference's arithmetic in C++, the same bits on any number of threads."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import nullcontext
from math import ceil, log2, nan
from time import perf_counter
from typing import Any

import numpy as np

from pellucid.activations import ACTIVATIONS
from pellucid.arrays import Array
from pellucid.engines.base import Batches, Engine, EpochsEnd, State
from pellucid.engines.loading import native
from pellucid.engines.processors import processors
from pellucid.layers import Dense, Scale
from pellucid.layout import Layout
from pellucid.losses import LOSSES
from pellucid.objective import Objective
from pellucid.optimizers import OPTIMIZERS, Optimizer
from pellucid.sparse import is_sparse

FLOPS_A_THREAD = 2e7
"""Below this much work between two meetings of threads another one gains little, and loses much
where other programs, or a BLAS that waits by spinning, have the processors."""

FLOPS_A_THREAD_AHEAD = 6e6
"""The same for a forward pass, in which threads meet at its end alone."""

FLOPS_A_MOVE = 10
"""Of an optimizer, about, for each number of theta."""

AHEAD = 1 << 18
"""Rows and rates to draw ahead at the most, beyond one epoch."""

MOST_KEPT = 1 << 20
"""Numbers in theta up to which a trainer is kept for the next call, which then starts sooner."""

MOST_THREADS = 64
"""More are taken only where there are more processors."""

MOMENTS = {
    "sgd": (), "momentum": ("velocity",), "nesterov": ("velocity",), "rmsprop": ("square",),
    "adam": ("mean", "square"), "adamw": ("mean", "square"),
}  # fmt: skip


class NativeEngine:
    """Works on NumPy arrays and SciPy's CSR arrays of float32 and float64, in C++ on the CPU.

    Parameters
    ----------
    n_threads : so many, though not more than `MOST_THREADS` unless there are more processors; None:
        as many as there are processors and the work is worth.
    otherwise : the engine for what this one cannot do; without one that is refused.

    Raises
    ------
    ValueError
        If it cannot run here.
    """

    name = "native"

    def __init__(self, n_threads: int | None = None, otherwise: Engine | None = None) -> None:
        self._module = native()
        self._n_threads = None if n_threads is None else int(n_threads)
        self._otherwise = otherwise
        self._by_layout: tuple[Layout, dict[Any, Any]] | None = None
        self._by_objective: tuple[tuple[Any, ...], dict[Any, Any]] | None = None
        self._trainers: dict[tuple[Any, ...], Any] = {}  # the last one, while nobody has it

    def __reduce__(self) -> tuple[Any, ...]:
        return NativeEngine, (self._n_threads, self._otherwise)

    def forward(self, layout: Layout, theta: Array, X: Array) -> Array:
        """The output (n, n_outputs) for X (n, n_inputs)."""
        if why := why_not_layout(layout) or why_not_array(X):
            return self._instead(why).forward(layout, theta, X)
        output = np.empty((X.shape[0], layout.architecture.n_outputs), X.dtype)
        core = self._core(layout, X.dtype)
        threads = self._threads_ahead(core, X)
        core.forward(theta, _ready(X), output, threads, False)
        return output

    def forward_prepared(self, layout: Layout, theta: Array, X: Array) -> Array | None:
        """The same for a NumPy X that needs no change, else None; a flat X is one row."""
        if X.dtype != theta.dtype or not (X.flags.c_contiguous and X.flags.aligned):
            return None
        known = self._by_layout
        if known is None or known[0] is not layout or X.dtype not in known[1]:
            if why_not_layout(layout) or why_not_array(X):
                return None
            core = self._core(layout, X.dtype)
        else:
            core = known[1][X.dtype]
        n_outputs = layout.architecture.n_outputs
        shape = X.shape
        if len(shape) == 1:
            if shape[0] != layout.architecture.n_inputs or shape[0] == 1:
                return None
            output = np.empty(n_outputs, X.dtype)
            done = core.forward(theta, X[None], output[None], 1, True)
        elif len(shape) == 2 and shape[0] > 0 and shape[1] == layout.architecture.n_inputs:
            output = np.empty((shape[0], n_outputs), X.dtype)
            threads = 1 if shape[0] == 1 else self._threads_ahead(core, X)
            done = core.forward(theta, X, output, threads, True)
        else:
            return None
        return output if done else None

    def value_and_output(
        self,
        objective: Objective,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
    ) -> tuple[float, Array]:
        """J, and the output (n, n_outputs) that it is about."""
        if why := why_not(objective) or why_not_array(X):
            engine = self._instead(why)
            return engine.value_and_output(objective, theta, X, y, sample_weight)
        core = self._core_of(objective, X.dtype)
        output = np.empty(y.shape, X.dtype)
        threads = self._threads_ahead(core, X)
        value = core.value_and_output(
            theta, _ready(X), _ready(y), _ready(sample_weight), output, threads
        )
        total = X.shape[0] if sample_weight is None else float(sample_weight.sum())
        return value + objective.penalty(theta, total), output

    def value_and_gradient(
        self,
        objective: Objective,
        theta: Array,
        X: Array,
        y: Array,
        sample_weight: Array | None = None,
    ) -> tuple[float, Array]:
        """J and dJ/dtheta (P,)."""
        if why := why_not(objective) or why_not_array(X):
            engine = self._instead(why)
            return engine.value_and_gradient(objective, theta, X, y, sample_weight)
        core = self._core_of(objective, X.dtype)
        gradient = np.empty(theta.shape, theta.dtype)
        threads = self._threads(core.flops_of_a_row(_stored(X)) * X.shape[0])
        value = core.value_and_gradient(
            theta, _ready(X), _ready(y), _ready(sample_weight), gradient, threads
        )
        return value, gradient

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
        """Run the epochs as `Engine.train_epochs` says."""
        if why := why_not(objective) or why_not_optimizer(optimizer) or why_not_array(X):
            yield from self._instead(why).train_epochs(
                objective, optimizer, state, X, y, sample_weight, batches
            )
            return
        run = _Run(self, objective, optimizer, (X, y, sample_weight), batches)
        n = X.shape[0]
        most = max(1, min(batches.at_once, AHEAD // n))
        left = batches.epochs
        try:
            while left:
                # The very last epoch comes alone: should its last step overflow, what training goes
                # back to is then no older than it has to be.
                k = min(most, max(1, left - 1))
                left -= k
                end, ends, signal = run.some(state, k)
                try:
                    if ends.losses:
                        yield ends
                finally:
                    if signal is not None:  # also when whoever looked wants no more
                        raise signal
                if end == "diverged":
                    return
        finally:
            if state.theta.size <= MOST_KEPT:
                self._trainers.clear()
                self._trainers[run.key] = run.trainer

    def _instead(self, why: str) -> Engine:
        if self._otherwise is None:
            raise ValueError(refusal(why))
        return self._otherwise

    def _threads(self, flops: float, worth: float = FLOPS_A_THREAD) -> int:
        if self._n_threads is not None:
            return min(self._n_threads, max(MOST_THREADS, processors()))
        most = int(flops / worth)
        return max(1, min(processors(), most)) if most > 1 else 1

    def _threads_ahead(self, core: Any, X: Array) -> int:
        """For a forward pass: a third of the work of a step."""
        flops = core.flops_of_a_row(_stored(X)) / 3 * X.shape[0]
        return self._threads(flops, FLOPS_A_THREAD_AHEAD)

    def _core(self, layout: Layout, dtype: Any) -> Any:
        """The compiled engine for forward passes of a layout."""
        known = self._by_layout
        if known is None or known[0] is not layout:
            known = self._by_layout = layout, {}
        if dtype not in known[1]:
            known[1][dtype] = self._compiled("Engine", dtype)(
                _layers(layout), "squared_error", False, {}, 0.0, 0.0, True
            )
        return known[1][dtype]

    def _core_of(self, objective: Objective, dtype: Any) -> Any:
        """The compiled engine for an objective."""
        o = objective
        key = o.layout, o.loss, o.alpha, o.l1, o.reduction
        known = self._by_objective
        if known is None or known[0] != key:
            known = self._by_objective = key, {}
        if dtype not in known[1]:
            parameters = dict(objective.loss.parameters)
            if "quantile" in parameters:
                parameters["quantiles"] = np.atleast_1d(parameters.pop("quantile")).tolist()
            known[1][dtype] = self._compiled("Engine", dtype)(
                _layers(o.layout), o.loss.name, o.from_raw, parameters, o.alpha, o.l1,
                o.reduction == "mean",
            )  # fmt: skip
        return known[1][dtype]

    def _compiled(self, kind: str, dtype: Any) -> Any:
        """The compiled class of a kind for a dtype."""
        return getattr(self._module, f"{kind}{8 * np.dtype(dtype).itemsize}")


class _Run:
    """One training: the compiled trainer, and what it is given again and again."""

    def __init__(
        self,
        engine: NativeEngine,
        objective: Objective,
        optimizer: Optimizer,
        data: tuple[Array, Array, Array | None],
        batches: Batches,
    ) -> None:
        X, y, sample_weight = data
        self.batches = batches
        self.data = _ready(X), _ready(y), _ready(sample_weight)
        self.names = MOMENTS[optimizer.name]
        core = engine._core_of(objective, X.dtype)
        dropout = batches.dropout
        self.bits = None if dropout is None else dropout.rng.bit_generator
        self.lock = nullcontext() if self.bits is None else self.bits.lock
        size = min(batches.size, X.shape[0])
        stored = _stored(X)
        flops = core.flops_of_a_row(stored) * size
        if is_sparse(X):
            flops += FLOPS_A_MOVE * core.size
        parameters, rates = dict(optimizer.parameters), () if dropout is None else dropout.rates
        clip_norm, threads = batches.clip_norm or 0.0, engine._threads(flops)
        self.key = (
            core, optimizer.name, tuple(sorted(parameters.items())), size, clip_norm, tuple(rates),
            stored, threads,
        )  # fmt: skip
        trainer = engine._trainers.pop(self.key, None)
        if trainer is None:
            trainer = engine._compiled("Training", X.dtype)(
                core, optimizer.name, parameters, size, clip_norm, rates, stored, threads
            )
        trainer.forget()
        self.trainer = trainer

    def some(self, state: State, k: int) -> tuple[str, EpochsEnd, BaseException | None]:
        """Move the state by the next k epochs.

        Says how that ended, the epochs that did, and the exception if it was by a signal.
        """
        orders, rates = self.batches.draw(k)
        if orders is not None:
            orders = np.ascontiguousarray(orders, np.int64)
        losses, penalties, seconds = np.empty(k), np.empty(k), np.empty(k)
        started = perf_counter()
        drawn: Any = None if self.bits is None else self.bits.state
        given, old = state.theta, state.moments

        def run(limit: int, seconds: Array) -> tuple[Any, Array, dict[str, Any]]:
            new = np.empty_like(given)
            moments = [np.empty_like(given) for _ in self.names]
            with self.lock:
                outcome = self.trainer.run(
                    given, [old[name] for name in self.names], old.get("t", 0), *self.data, orders,
                    rates, limit, None if self.bits is None else self.bits.capsule,
                    self.batches.by_rows, new, moments, losses, penalties, seconds,
                )  # fmt: skip
            return outcome, new, dict(zip(self.names, moments, strict=True))

        (end, epochs, steps, value, signal), theta, moments = run(-1, seconds)
        if end == "diverged" and steps > 0:  # to one step before
            if self.bits is not None:
                self.bits.state = drawn
            (way_back, again, taken, _, signal), theta, before = run(steps - 1, np.empty(k))
            if way_back != "done":  # there is no overflow yet
                end, epochs, steps, moments = way_back, again, taken, before
        elif end == "diverged" and not self.trainer.previous(theta):
            theta = given if state.before is None else state.before
        ends = EpochsEnd(
            losses[:epochs].tolist(), penalties[:epochs].tolist(), rates[:epochs, -1].tolist(),
            (started + seconds[:epochs]).tolist(),
        )  # fmt: skip
        if end == "diverged":
            ends.losses.append(value)
            ends.penalties.append(nan)
            ends.rates.append(float(rates[epochs, -1]))
            ends.clocks.append(perf_counter())
        if "t" in old:
            moments["t"] = old["t"] + steps
        state.theta, state.moments, state.steps = theta, moments, state.steps + steps
        if self.batches.keeps_before:
            before_last = np.empty_like(theta)
            state.before = before_last if self.trainer.previous(before_last) else None
        return end, ends, signal


def refusal(why: str) -> str:
    """What to say when the native engine is asked for what it cannot do."""
    return f"engine is 'native', which cannot do this: {why}. Leave engine out, or use 'reference'"


def why_not_layout(layout: Layout) -> str | None:
    """What the native engine cannot do about a network, or None."""
    for layer in layout.architecture.layers:
        if type(layer) not in (Dense, Scale):
            return f"layer kind {layer.kind!r} is Python code of your own"
        if ACTIVATIONS.get(layer.activation.name) is not layer.activation:
            return f"activation {layer.activation.name!r} is Python code of your own"
    return None


def why_not(objective: Objective) -> str | None:
    """What the native engine cannot do about an objective, or None."""
    loss = objective.loss
    functions = (loss.value, loss.gradient, loss.raw_value, loss.raw_gradient)
    homes = {f.__module__ for f in functions if f is not None}
    if loss.name not in LOSSES or homes != {LOSSES[loss.name].__module__}:
        return f"loss {loss.name!r} is Python code of your own"
    return why_not_layout(objective.layout)


def why_not_optimizer(optimizer: Optimizer) -> str | None:
    """What the native engine cannot do about an optimizer, or None."""
    known = OPTIMIZERS.get(optimizer.name)
    if known is None or optimizer.update.__module__ != known.__module__:
        return f"optimizer {optimizer.name!r} is Python code of your own"
    return None


def why_not_array(X: Array) -> str | None:
    """What the native engine cannot do about the library or dtype of an array, or None."""
    if not isinstance(X, np.ndarray) and not is_sparse(X):
        kind = type(X)
        return f"X is a {kind.__name__} of {kind.__module__.partition('.')[0]}, not of NumPy"
    if X.dtype not in (np.float32, np.float64):
        return f"X is of {X.dtype}, not float32 or float64"
    return None


def _layers(layout: Layout) -> list[tuple[Any, ...]]:
    """The layers in the words of the compiled engine, with the factors of their segments."""
    return [
        (
            layer.kind, layer.n_in, layer.n_out, len(segments) > 1, layer.activation.name,
            [0.0 if s.frozen else s.learning_rate for s in segments], [s.decay for s in segments],
        )
        for layer, segments in zip(layout.architecture.layers, layout.by_layer, strict=True)
    ]  # fmt: skip


def _ready(array: Array | None) -> Any:
    """An array as the compiled engine takes it: in one piece, or the three parts of a CSR array."""
    if array is None:
        return None
    if is_sparse(array):
        return array.indptr, array.indices, array.data
    return np.require(array, requirements=["C", "A"])


def _stored(X: Array) -> float:
    """Numbers stored in a row of a sparse X, up to the next power of two; -1 if X is not sparse."""
    if not is_sparse(X):
        return -1.0
    return float(2 ** ceil(log2(max(1.0, X.nnz / max(1, X.shape[0])))))
