"""Hyperparameters are what may be chosen of a tabular model; here, those both kinds have."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

from sklearn.utils._param_validation import Interval, Options, StrOptions

from pellucid.activations import ACTIVATIONS, ALIASES, Activation
from pellucid.engines import ENGINES
from pellucid.schedules import SCHEDULES
from pellucid.tabular.bag import Step

T = TypeVar("T")

SHARED = """bag : int, default=4
        Networks that are trained, on different parts of the rows, and averaged; 1 is fastest.
    validation_fraction : float or "auto", default="auto"
        The part of the rows that each network holds out, to end at its best epoch and to be judged
        by; they take turns. "auto" is 1000 rows: a quarter of few rows, so that with 4 networks
        each row is held out once, down to a tenth of many.
    refit : bool, default=False
        Whether the networks are trained once more, on all rows, for as many epochs as were best.
    hidden_layer_sizes, activation, dropout : of each network, which begins with a factor an input.
        By default "selu" and 0.15 for classes, "mish" and 0 for numbers.
    learning_rate_init, weight_decay : of AdamW; by default 0.04 and 0.02 for classes, 0.07 and 0
        for numbers. The rate is for inputs of one unit: weights get it times 1 / sqrt(fan_in).
    schedule : str or callable, default="coslog4"
        The factor on the rate as a function of the fraction of training done. The default rises and
        falls four times, ever slower, and so ends four times, of which the best is kept.
    batch_size : int or "auto", default="auto"
        Rows a step: 256, or fewer for small tables.
    min_steps, max_epochs : int, default=2500, 256
        Passes over the rows are as many as make so many steps, up to so many.
    early_stopping : bool, default=True
        Whether a network's training ends with a cycle of "coslog4" in which no epoch was the best.
    bins : int, default=48
        Of the piecewise-linear encoding of each number, which lets a network bend its answer where
        many rows are; fewer above 10 columns of numbers, and for few rows. 0 leaves it out.
    max_levels : int, default=30
        Values of a category up to which each gets an input of its own; above, the category is
        encoded by the target, as scikit-learn's `TargetEncoder` does it.
    column_types : dict, default=None
        What columns hold, by name, where it shall not be told from their values: "number",
        "boolean", "category", "date" or "ignored".
    max_time : float, default=None
        Seconds for training; the schedule is drawn together so that it ends by then.
    checkpoint : str or path, default=None
        A file that is kept of where all networks stand, so that training can go on after whatever
        ends it.
    checkpoint_seconds, checkpoint_epochs : float, int, default=None
        Write it after the first epoch that ends so long after the last time, or with each network
        after each so many epochs of its own; by default every 10 seconds. It is always written at
        the end.
    resume : bool, default=False
        Whether to go on from that file, to the same bits as if nothing had been (but not under
        `max_time`, which goes by the clock); without one, training begins anew.
    random_state : int, RandomState or None, default=None
        The same whole number gives the same bits, however many threads there are.
    n_jobs : int, default=None
        Threads; None or -1: as many as there are processors.
    verbose : bool or int, default=False
        1 or True shows a bar a network, 2 and more print a line an epoch.
    callbacks : list, default=()
        Functions of a `pellucid.tabular.Step`, called after each epoch of each network; one that
        answers True ends the training.
    engine : "auto", "native" or "reference", default="auto"
        Who does the arithmetic."""

FITTED = """schema_ : what each column was taken for.
    notes_ : what was assumed or left out, a sentence each.
    leaderboard_ : dict of arrays, a row a network, the best first, as `pandas.DataFrame` takes it.
    n_features_in_, feature_names_in_, target_name_ : of the table."""


@dataclass(eq=False, repr=False)
class Hyperparameters:
    """Everything that both kinds let one choose; the defaults are the recipe."""

    _: KW_ONLY
    bag: int = 4
    validation_fraction: float | str = "auto"
    refit: bool = False
    hidden_layer_sizes: Sequence[int] = (256, 256, 256)
    activation: Any = "selu"
    dropout: float = 0.0
    learning_rate_init: float = 0.04
    weight_decay: float = 0.0
    schedule: str | Callable[[float], float] = "coslog4"
    batch_size: int | str = "auto"
    min_steps: int = 2500
    max_epochs: int = 256
    early_stopping: bool = True
    bins: int = 48
    max_levels: int = 30
    column_types: Mapping[str, str] | None = None
    max_time: float | None = None
    checkpoint: str | os.PathLike[str] | None = None
    checkpoint_seconds: float | None = None
    checkpoint_epochs: int | None = None
    resume: bool = False
    random_state: Any = None
    n_jobs: int | None = None
    verbose: bool | int = False
    callbacks: Sequence[Callable[[Step], Any]] = ()
    engine: str = "auto"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "bag": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "refit": ["boolean"],
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions({*ACTIVATIONS, *ALIASES}), Activation, list, tuple],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "schedule": [StrOptions(set(SCHEDULES)), callable],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "min_steps": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "bins": [Interval(Integral, 0, None, closed="left")],
        "max_levels": [Interval(Integral, 1, None, closed="left")],
        "column_types": [dict, None],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "checkpoint": [str, os.PathLike, None],
        "checkpoint_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "checkpoint_epochs": [Interval(Integral, 1, None, closed="left"), None],
        "resume": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [Interval(Integral, 1, None, closed="left"), Options(Integral, {-1}), None],
        "verbose": ["verbose"],
        "callbacks": [list, tuple],
        "engine": [StrOptions({"auto", *ENGINES})],
    }


def documented(estimator: type[T]) -> type[T]:
    """The class with what both estimators share written out in its docstring."""
    if estimator.__doc__:
        shared = estimator.__doc__.replace("{shared}", SHARED)
        estimator.__doc__ = shared.replace("{fitted}", FITTED)
    return estimator
