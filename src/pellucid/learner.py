"""A learner is a network that training moves, a step at a time or to the end of all epochs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.arrays import Array
from pellucid.checkpoint import Checkpoint
from pellucid.engines import Batches, Engine, Epochs, State
from pellucid.events import Event
from pellucid.history import History
from pellucid.losses import Loss
from pellucid.objective import Objective
from pellucid.optimizers import Optimizer, optimizer
from pellucid.parameters import Parameters
from pellucid.premises import HINTS, of_data, of_network, of_settings
from pellucid.resumption import Chance, Resumption
from pellucid.samples import as_inputs, as_targets, as_weights, warn_of_scale
from pellucid.schedules import Schedule
from pellucid.settings import Settings
from pellucid.training import Draws, begin, train, warn_of_end


class Learner(Parameters):
    """The half of a `Network` that takes rows and learns from them; not to be used by itself."""

    objective: Objective
    history: History | None
    _engine: Engine
    _rng: np.random.Generator
    _seed: int | None  # where it is a number
    _stepping: tuple[tuple[Any, ...], State] | None

    @property
    def architecture(self) -> Architecture:
        """Its layers."""
        return self.layout.architecture

    @property
    def loss(self) -> Loss:
        """What it is trained on."""
        return self.objective.loss

    def _inputs(self, X: Any, dtype: Any = None) -> Array:
        return as_inputs(X, self.architecture.n_inputs, dtype or self._dtype)

    def samples(
        self, X: Any, y: Any, sample_weight: Any = None, dtype: Any = None
    ) -> tuple[Array, Array, Array | None]:
        """X, y and weights as the arrays this network computes with, or a ValueError that says why.

        Classes become one-hot rows here, flat targets a column; nothing is ever broadcast.
        """
        X = self._inputs(X, dtype)
        n = X.shape[0]
        y = as_targets(y, n, self.architecture.n_outputs, self.loss, X.dtype)
        return X, y, as_weights(sample_weight, n, X.dtype)

    def train_step(
        self,
        X: Any,
        y: Any,
        learning_rate: float | None = None,
        solver: str | Optimizer = "sgd",
        sample_weight: Any = None,
    ) -> float:
        """One step of backpropagation on these rows; the loss as it was before the step.

        Moments (of momentum, Adam, ...) live on from step to step as long as the solver is the
        same. One row may be flat.

        Examples
        --------
        >>> from pellucid import Network
        >>> network = Network([1, 1], bias=False)
        >>> network.weights = [[[2.0]]]
        >>> network.train_step([3], [5], learning_rate=0.1)
        0.5
        >>> network.theta.round(9).tolist()
        [1.7]
        """
        X, y, w = self.samples(X, y, sample_weight)
        Settings(learning_rate=learning_rate)  # refuses a rate that is no rate
        rule, theta = optimizer(solver), self._theta_like(X)
        known = self._stepping
        same = known is not None and known[0] == (rule.name, rule.parameters, theta.dtype)
        state = known[1] if known is not None and same else State(theta, rule.init(theta))
        state.theta = theta
        rate = rule.learning_rate if learning_rate is None else learning_rate
        batches = Batches(1, lambda k: Epochs(None, np.full((k, 1), rate)), X.shape[0])
        before = state.steps
        try:
            (end,) = self._engine.train_epochs(self.objective, rule, state, X, y, w, batches)
        finally:  # a signal's exception may come when the step has been taken
            if state.steps > before:
                self._theta = state.theta
                self._stepping = (rule.name, rule.parameters, theta.dtype), state
        return end.losses[0]

    def train(
        self,
        X: Any,
        y: Any,
        *,
        epochs: int = 100,
        batch_size: int | str | Mapping[int, int] = "auto",
        solver: str | Optimizer = "adam",
        learning_rate: float | None = None,
        schedule: str | Schedule = "constant",
        shuffle: bool = True,
        dropout: float | Sequence[float] = 0.0,
        clip_norm: float | None = None,
        sample_weight: Any = None,
        validation_data: tuple[Any, ...] | None = None,
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
        tol: float = 0.0,
        max_time: float | None = None,
        metric: Callable[[Array, Array], float] | None = None,
        callbacks: Sequence[Callable[[Event], Any]] = (),
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_epochs: int | None = None,
        checkpoint_seconds: float | None = None,
        resume: bool = False,
    ) -> History:
        """Train on X (n, n_inputs) and y (n, n_outputs) from the weights as they are.

        X may be sparse, in any format of SciPy's.

        Parameters
        ----------
        epochs : passes over the data at the most; for conjugate_gradient and lbfgs, iterations.
        batch_size : rows a step: 1 is online learning, "full" takes all, "auto" up to 32. Or
            sizes by the epoch from which they hold, as in `{1: 32, 20: 128}`.
        solver : a name of `pellucid.OPTIMIZERS` or `pellucid.SOLVERS`, or an `Optimizer`.
        learning_rate : by default the solver's own: 0.1 for sgd, momentum, nesterov; else 0.001.
        schedule : a name of `pellucid.SCHEDULES`, or a function of the fraction of training done.
        shuffle : whether the rows come in a new order in each epoch.
        dropout : the part of hidden units silenced in each step, or a list with one a hidden layer.
        clip_norm : the gradient's greatest length.
        sample_weight : (n,) weights of the rows in the loss.
        validation_data : (X, y) or (X, y, sample_weight) to measure on after each epoch.
        early_stopping : stop when the validation loss has not fallen by more than `tol` for
            `n_iter_no_change` epochs, and go back to the weights at which it was lowest.
        max_time : seconds after which no new epoch begins.
        metric : (output, y) -> number, entered into the history's `validation_score`.
        callbacks : functions of an `Event`, called after each epoch; one that answers True stops.
        checkpoint : the file to write where training stands to, all of it or nothing: while it
            goes on, and at its end. An older one is overwritten, unless it is resumed.
        checkpoint_epochs, checkpoint_seconds : write it after each so many epochs, or at the end of
            the first epoch after so many seconds; by default every 10 seconds. For
            conjugate_gradient and lbfgs it holds every gradient so far, of 8 bytes a parameter.
        resume : go on from that file to the same end, to the bit, as if training had never been
            stopped; begin anew if there is none yet. `docs/checkpoints.md` says more.

        Returns
        -------
        History
            Also kept as `history`.

        Raises
        ------
        ValueError
            If something does not fit the network, or the file to resume from is damaged, or is
            from training on other data or in another way: the differences are named.

        Warns
        -----
        ScaleWarning
            If inputs are large or of very different sizes.
        DivergenceWarning
            If the loss is no longer finite; the last finite weights are kept.
        """
        X, y, w = self.samples(X, y, sample_weight)
        warn_of_scale(X)
        settings = Settings(
            epochs, batch_size, solver, learning_rate, schedule, shuffle, dropout, clip_norm,
            early_stopping, n_iter_no_change, tol, max_time, metric, tuple(callbacks),
        )  # fmt: skip
        validation = None
        if validation_data is not None:
            if len(validation_data) not in (2, 3):
                parts = f"validation_data has {len(validation_data)} parts"
                raise ValueError(f"{parts}: give (X, y) or (X, y, sample_weight)")
            held_X, held_y, held_w = [*validation_data, None][:3]
            validation = self.samples(held_X, held_y, held_w, X.dtype)
        state = begin(self._theta_like(X), solver)
        file = Checkpoint.asked_for(checkpoint, checkpoint_epochs, checkpoint_seconds, resume)
        chance = dict(zip(("order", "dropout"), self._rng.spawn(2), strict=True))
        resumption = None
        if file is not None:
            of = of_network(self.objective, state.theta, self._engine.name) | of_settings(settings)
            of |= of_data(X, y, w, validation) | {"seed": self._seed}
            chance["network"] = self._rng
            resumption = Resumption(file, "Network.train", of, Chance(chance), HINTS)
            self._rng = chance["network"]
        try:
            self.history = train(
                self._engine, self.objective, state, X, y, settings,
                Draws(chance["order"], chance["dropout"]), w, validation, resumption,
            )  # fmt: skip
        finally:
            self._theta = state.theta
            self._stepping = None
        warn_of_end(self.history)
        return self.history
