"""Keeping is writing an estimator's course to a checkpoint, and taking the course back to there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import Array, to_numpy
from pellucid.checkpoint import Checkpoint
from pellucid.estimators.course import RowOrder
from pellucid.estimators.data import Rows
from pellucid.estimators.hyperparameters import KEEPING, LEARNING_RATES, SEARCHING
from pellucid.fingerprints import described
from pellucid.generators import generator_of, set_state, state_of, whole_state_of
from pellucid.premises import of_data
from pellucid.resumption import Contents, Resumption, vector

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.estimators.fitting import Fitting
    from pellucid.estimators.multilayer import Multilayer

MAY_DIFFER = (
    "max_iter", "schedule_iter", "max_time", "verbose", "callbacks", "engine", "n_threads",
    "warm_start", *KEEPING,
)  # fmt: skip
"""Hyperparameters that say how far to go, whom to tell and who computes, not which way."""

HINTS = {
    "learning_rate": "its epochs are schedule_iter, or else max_iter: begun with schedule_iter, "
    "max_iter may change"
}
"""What to say of a hyperparameter that is not the same."""


def resumption_of(fitting: Fitting, rows: Rows, validation: Rows | None) -> Resumption | None:
    """What keeps a fit on these rows in the file that its estimator names; None if it names none.

    If there is one to go on from, the course is taken there.

    Raises
    ------
    ValueError
        If that file is damaged, or is from another fit: the differences are named.
    """
    e = fitting.estimator
    file = Checkpoint.asked_for(e.checkpoint, e.checkpoint_epochs, e.checkpoint_seconds, e.resume)
    if file is None:
        return None
    measured = None if validation is None else validation.measured
    of = _hyperparameters(e) | {"random_state": file.chosen(e.random_state)} | _names(e)
    of |= of_data(rows.X, rows.Y, rows.weight, measured)
    of |= {"engine": fitting.network.engine, "dtype": str(rows.Y.dtype).rpartition(".")[2]}
    return Resumption(
        file, f"{type(e).__name__}.fit", of, Kept(fitting, rows.X.shape[0]), HINTS
    )  # fmt: skip


def _hyperparameters(e: Multilayer) -> dict[str, Any]:
    given = e.get_params(deep=False)
    of = {name: described(value) for name, value in given.items() if name not in MAY_DIFFER}
    by_epochs = e.learning_rate == "invscaling" and isinstance(e.batch_size, Mapping)
    if e.solver not in SEARCHING and (by_epochs or e.learning_rate not in LEARNING_RATES):
        epochs = int(e.schedule_iter or e.max_iter)
        of["learning_rate"] = {"name": of["learning_rate"], "epochs": epochs}
    return of


def _names(e: Multilayer) -> dict[str, Any]:
    """What columns and classes are called, of which training itself sees numbers."""
    names, classes = getattr(e, "feature_names_in_", None), getattr(e, "classes_", None)
    return {
        "columns": None if names is None else names.tolist(),
        "classes": [_labels(c) for c in classes] if isinstance(classes, list) else _labels(classes),
    }


def _labels(classes: NDArray[Any] | None) -> list[Any] | None:
    if classes is None:
        return None
    return [c if isinstance(c, str | bool | int) else repr(c) for c in classes.tolist()]


class Kept:
    """All of a course that training itself does not keep.

    Parameters
    ----------
    fitting : whose course it is.
    n : rows that were given.
    """

    def __init__(self, fitting: Fitting, n: int) -> None:
        self._fitting, self._n = fitting, n
        state_of(fitting.course.random_state)  # refused now rather than at an epoch's end

    def mark(self) -> Callable[[], Contents]:
        """What gives it later as it is now."""
        course, watch = self._fitting.course, copy(self._fitting.course.convergence)
        header = {
            "random_state": state_of(course.random_state),
            "dropout": None if course.dropout is None else whole_state_of(course.dropout),
            "epochs": course.epochs, "samples": course.samples, "rate": course.rate,
            "unimproved": watch.unimproved, "best_epoch": watch.best_epoch,
            "stopped": self._fitting.stopped, "curves": list(course.curves),
        }  # fmt: skip
        order, divided, best, curves = course.order.order, course.divided, watch.best, course.curves
        epochs = course.epochs

        def contents() -> Contents:
            tensors = {"order": order.astype(np.int64), "best": np.array([best])}
            for number, rows in enumerate(divided or ()):
                tensors[f"divided.{number}"] = rows.astype(np.int64)
            for name, curve in curves.items():
                tensors[f"curve.{name}"] = np.array(curve[:epochs], np.float64)
            if watch.best_theta is not None:
                tensors["best_theta"] = to_numpy(watch.best_theta)
            return header, tensors

        return contents

    def take(self, header: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> None:
        """Take the course to where it was."""
        fitting, course = self._fitting, self._fitting.course
        watch, epochs = course.convergence, int(header["epochs"])
        if fitting.estimator.random_state is None:  # NumPy's own, which others draw from too
            course.random_state = np.random.RandomState()
            course.order = RowOrder(course.random_state)
        set_state(course.random_state, header["random_state"])
        if header["dropout"] is not None:
            course.dropout = generator_of(header["dropout"], np.random.default_rng(0))
        course.order.order = _rows(tensors["order"])
        if "divided.0" in tensors:
            parts = tensors["divided.0"], tensors["divided.1"]
            if len(_rows(np.concatenate(parts))) != self._n:
                raise ValueError(f"it divides {sum(map(len, parts))} rows of {self._n}")
            course.divided = parts
        course.epochs, course.samples = epochs, int(header["samples"])
        course.rate = float(header["rate"])
        if not (isfinite(course.rate) and course.rate > 0):
            raise ValueError(f"its learning rate is {course.rate}")
        watch.best, watch.unimproved = float(tensors["best"][0]), int(header["unimproved"])
        watch.best_epoch = int(header["best_epoch"])
        if "best_theta" in tensors:
            watch.best_theta = vector("best_theta", tensors, course.state.theta)
        curves = {str(name): tensors[f"curve.{name}"] for name in header["curves"]}
        if any(curve.shape != (epochs,) for curve in curves.values()):
            raise ValueError(f"its curves are not of {epochs} epochs")
        course.curves = {name: curve.tolist() for name, curve in curves.items()}
        fitting.stopped = str(header["stopped"])


def _rows(numbers: Array) -> NDArray[np.intp]:
    """Numbers of rows, each once; else ValueError."""
    if not np.array_equal(np.sort(numbers), np.arange(len(numbers))):
        raise ValueError("its order of the rows is none")
    return np.asarray(numbers, np.intp)
