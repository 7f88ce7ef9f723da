"""Work is what every library of a row is handed: the same network, data, first weights and rule."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class NotOfferedError(Exception):
    """A library has no way to do this work; the message says what it lacks."""


@dataclass(frozen=True, eq=False)
class Work:
    """One network, the rows it meets, and how it is trained; no penalty, losses are means.

    Parameters
    ----------
    sizes : units of the inputs, of each hidden layer and of the output.
    hidden, output, loss, solver : as pellucid names them.
    learning_rate : the same for all.
    batch : rows a step.
    X : (n, n_inputs), or (n_inputs,) for the prediction of one flat row.
    Y : (n, n_outputs) targets, one-hot for classes.
    weights : W (n_in, n_out) of each layer at the start.
    biases : b (n_out,) of each layer at the start; empty: there are none.
    X_test, Y_test : rows to score on, if any.
    """

    sizes: tuple[int, ...]
    hidden: str
    output: str
    loss: str
    solver: str
    learning_rate: float
    batch: int
    X: Array
    Y: Array
    weights: list[Array]
    biases: list[Array] = field(default_factory=list)
    X_test: Array | None = None
    Y_test: Array | None = None

    @property
    def classes(self) -> Array:
        """Each row's class (n,), for libraries that take whole numbers."""
        return np.asarray(self.Y.argmax(axis=1))

    @property
    def steps_per_epoch(self) -> int:
        """Updates in one pass over the rows."""
        return -(-len(self.X) // self.batch)

    def first(self, n: int) -> Work:
        """The same on the first n rows."""
        return self if self.X.ndim == 1 else replace(self, X=self.X[:n], Y=self.Y[:n])

    def save(self, path: Path) -> None:
        """Write it to an .npz file that `load` reads, in any environment that has NumPy."""
        arrays: dict[str, Any] = {"X": self.X, "Y": self.Y}
        arrays |= {f"W{i}": W for i, W in enumerate(self.weights)}
        arrays |= {f"b{i}": b for i, b in enumerate(self.biases)}
        if self.X_test is not None and self.Y_test is not None:
            arrays |= {"X_test": self.X_test, "Y_test": self.Y_test}
        words = ("sizes", "hidden", "output", "loss", "solver", "learning_rate", "batch")
        text = json.dumps({word: getattr(self, word) for word in words})
        np.savez(path, words=np.array(text), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Work:
        """The work that `save` wrote."""
        with np.load(path) as file:
            words: dict[str, Any] = json.loads(str(file["words"]))
            words["sizes"] = tuple(words["sizes"])
            layers = range(len(words["sizes"]) - 1)
            return cls(
                **words,
                X=file["X"],
                Y=file["Y"],
                weights=[file[f"W{i}"] for i in layers],
                biases=[file[f"b{i}"] for i in layers if f"b{i}" in file],
                X_test=file.get("X_test"),
                Y_test=file.get("Y_test"),
            )


def loss_of(outputs: Array, Y: Array, loss: str) -> float:
    """The mean loss of activated outputs (n, k) against Y (n, k), counted in double precision.

    Examples
    --------
    >>> loss_of(np.array([[0.0, 1.0]]), np.array([[1.0, 1.0]]), "squared_error")
    0.5
    >>> round(loss_of(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]), "cross_entropy"), 4)
    0.6931
    """
    a, y = np.atleast_2d(outputs).astype(np.float64), np.atleast_2d(Y).astype(np.float64)
    if a.shape != y.shape:
        raise ValueError(f"outputs {a.shape} and targets {y.shape} differ in shape")
    if loss == "squared_error":
        return float(0.5 * np.square(a - y).sum(axis=1).mean())
    return float(-(y * np.log(np.maximum(a, 1e-30))).sum(axis=1).mean())
