"""Hyperparameters are what a person chooses before training; here, those both estimators have."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from pellucid.activations import ACTIVATIONS, ALIASES, Activation
from pellucid.engines import ENGINES
from pellucid.optimizers import Optimizer, optimizer
from pellucid.schedules import SCHEDULES

T = TypeVar("T")

STEPPING = ("sgd", "adam", "adamw", "rmsprop")
"""Solvers that take a step for each batch."""

SEARCHING = ("lbfgs", "conjugate_gradient")
"""Solvers that search on all rows at once, for `max_iter` iterations."""

NO_PART_OF_THE_MODEL = (
    "engine", "n_threads", "verbose", "callbacks", "checkpoint", "checkpoint_seconds",
    "checkpoint_epochs", "resume",
)  # fmt: skip
"""Hyperparameters that say who trained and who watched; a model file leaves them out."""

LEARNING_RATES = ("constant", "invscaling", "adaptive")
"""What scikit-learn's `learning_rate` may be. The last two are for `sgd`, as they are there."""

KEEPING = {
    "checkpoint": None, "checkpoint_epochs": None, "checkpoint_seconds": None, "resume": False
}  # fmt: skip
"""Parameters about a file on this machine, no part of a fitted model, and their defaults."""

SHARED = """alpha : float, default=1e-4
        Strength of the L2 penalty alpha / (2 n) sum W^2, n rows in the batch.
    batch_size : int, "auto", "full" or dict, default="auto"
        Rows a step; "auto" is up to 200, "full" all. A dict holds sizes by the epoch from which
        they are used, as in `{1: 32, 20: 128}`.
    learning_rate : str or callable, default="constant"
        "constant"; for `sgd` also "invscaling" and "adaptive"; for every stepping solver also a
        name of `pellucid.SCHEDULES`, or a function of the fraction of training done that gives
        the factor on `learning_rate_init`.
    learning_rate_init : float, default=0.001
        The rate to begin with.
    power_t : float, default=0.5
        The exponent of "invscaling".
    schedule_iter : int, default=None
        Epochs that a schedule by fraction spans; None: `max_iter`. Give the total when training
        goes on in pieces.
    max_iter : int, default=200
        Epochs at the most; for a searching solver, iterations.
    shuffle : bool, default=True
        Whether the rows come in a new order in each epoch.
    random_state : int, RandomState or None, default=None
        All randomness comes from it, drawn in scikit-learn's order: the same first weights, the
        same rows held out, the same batches.
    tol : float, default=1e-4
        Training stops when loss, or validation score, is not better by `tol` for more than
        `n_iter_no_change` epochs; for a searching solver, when the gradient is smaller.
    verbose : bool or int, default=False
        1 or True shows a progress bar, 2 and more print a line an epoch.
    warm_start : bool, default=False
        Whether `fit` goes on where the last `fit` ended, as if it had not stopped.
    momentum, nesterovs_momentum : float, default=0.9; bool, default=True
        Of the solver `sgd`.
    early_stopping : bool, default=False
        Whether to stop by rows held out, and to go back to the weights that were best on them.
    validation_fraction : float, default=0.1
        The part of the rows to hold out for that, classes in equal parts, unless `fit` is given
        `X_val` and `y_val`.
    scoring : str, callable or None, default=None
        What `early_stopping` looks at: None is the estimator's own score, "loss" the loss without
        penalty, else any scorer of scikit-learn's.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Of the solvers `adam` and `adamw`.
    weight_decay : float, default=0.01
        Of the solver `adamw`.
    n_iter_no_change : int or inf, default=10
        See `tol`.
    max_fun : int, default=15000
        Function evaluations of `lbfgs` at the most.
    l1 : float, default=0.0
        Strength of the L1 penalty l1 / n sum |W|.
    dropout : float or list, default=0.0
        The part of hidden units silenced in each step, or one for each hidden layer.
    clip_norm : float, default=None
        The gradient's greatest length.
    frozen : list of int, default=()
        Layers that keep their weights: 0 is the first, -1 the last.
    max_time : float, default=None
        Seconds after which no new epoch begins.
    callbacks : list, default=()
        Functions of a `pellucid.Event`, called after each epoch, of which any may answer True to
        stop; or callbacks of scikit-learn's protocol (see also `set_callbacks`).
    checkpoint : path, default=None
        The file to which `fit` writes where it stands, all of it or nothing: while it goes on, and
        at its end. One file serves one `fit` at a time: neither `warm_start` nor `partial_fit`.
    checkpoint_epochs, checkpoint_seconds : int or None, float or None, default=None
        Write it after each so many epochs, or after the first that ends so many seconds later; by
        default every 10 seconds.
    resume : bool, default=False
        Whether `fit` goes on from that file, if there is one, to the same end as if it had never
        been stopped; otherwise the file is overwritten. See `docs/checkpoints.md`.
    engine : "auto", "native" or "reference", default="auto"
        Who does the arithmetic.
    n_threads : int, default=None
        Threads for that; None: as many as help.
    dtype : "float32", "float64" or None, default=None
        None: that of X, where it is one of them, else float64."""


FITTED = """coefs_, intercepts_ : list of (n_in, n_out) and (n_out,), one a layer: views of the
        network's parameters, which may be read and set.
    loss_, best_loss_, loss_curve_ : the training loss, its lowest value (None where early stopping
        looks at rows held out), and that of each epoch.
    validation_scores_, best_validation_score_, validation_loss_curve_, best_validation_loss_ : of
        the rows held out.
    history_ : dict of arrays, a row an epoch: `pandas.DataFrame(model.history_)`.
    best_iter_ : the epoch (from 1) of the best value watched.
    n_iter_, t_ : epochs of this `fit`, and rows seen in all.
    n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_ : its shape.
    network_ : the `pellucid.Network` itself.
    stopped_ : why training ended."""


@dataclass(eq=False, repr=False)
class Hyperparameters:
    """Everything that both estimators let one choose, with scikit-learn's names and defaults."""

    _: KW_ONLY
    solver: str = "adam"
    alpha: float = 0.0001
    batch_size: int | str | Mapping[int, int] = "auto"
    learning_rate: str | Callable[[float], float] = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    schedule_iter: int | None = None
    max_iter: int = 200
    shuffle: bool = True
    random_state: int | np.random.RandomState | None = None
    tol: float = 1e-4
    verbose: bool | int = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    scoring: str | Callable[..., float] | None = None
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    n_iter_no_change: int = 10
    max_fun: int = 15000
    l1: float = 0.0
    dropout: float | Sequence[float] = 0.0
    clip_norm: float | None = None
    frozen: Sequence[int] = ()
    max_time: float | None = None
    callbacks: Sequence[Any] = ()
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_epochs: int | None = None
    checkpoint_seconds: float | None = None
    resume: bool = False
    engine: str = "auto"
    n_threads: int | None = None
    dtype: str | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [
            StrOptions({*ACTIVATIONS, *ALIASES}), Activation, list,
            tuple,
        ],
        "solver": [StrOptions({*STEPPING, *SEARCHING})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto", "full"}), Interval(Integral, 1, None, closed="left"), dict,
        ],
        "learning_rate": [StrOptions({*LEARNING_RATES, *SCHEDULES}), callable],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "schedule_iter": [Interval(Integral, 1, None, closed="left"), None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "scoring": [str, callable, None],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "l1": [Interval(Real, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "frozen": ["array-like"],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "callbacks": [list, tuple],
        "checkpoint": [str, os.PathLike, None],
        "checkpoint_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "checkpoint_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "resume": ["boolean"],
        "engine": [StrOptions({"auto", *ENGINES})],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
        "dtype": [StrOptions({"float32", "float64"}), None],
    }  # fmt: skip


def solver_of(e: Hyperparameters) -> str | Optimizer:
    """The solver that an estimator's hyperparameters mean: a name if it searches."""
    if e.solver in SEARCHING:
        return e.solver
    if e.solver == "sgd":
        return optimizer("nesterov" if e.nesterovs_momentum else "momentum", momentum=e.momentum)
    betas = {"beta_1": e.beta_1, "beta_2": e.beta_2, "epsilon": e.epsilon}
    if e.solver == "adam":
        return optimizer("adam", **betas, epsilon_hat=True)  # scikit-learn's form
    if e.solver == "adamw":
        return optimizer("adamw", **betas, weight_decay=e.weight_decay)
    return optimizer(e.solver)


def documented(estimator: type[T]) -> type[T]:
    """The class with what both estimators share written out in its docstring."""
    if estimator.__doc__:
        shared = estimator.__doc__.replace("{shared}", SHARED)
        estimator.__doc__ = shared.replace("{fitted}", FITTED)
    return estimator
