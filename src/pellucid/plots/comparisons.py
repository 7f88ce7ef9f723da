"""A comparison in pictures trains one network a panel, and draws what each makes of the same plane.

By default the plane is that of two moons, 200 points of them, and each network starts as in the
published study of them: U(-e, e) with e = sqrt(6 / (n_in + n_out)), drawn anew for each layer from
the same seed, bias first. 10 000 other moons judge it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.datasets import load
from pellucid.model import Network
from pellucid.plots.boundary import DecisionBoundaryDisplay
from pellucid.plots.display import Display
from pellucid.plots.figures import panels
from pellucid.samples import one_hot
from pellucid.scaling import SCALERS
from pellucid.splitting import split_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

HIDDEN = (1, 2, 3, 4, 5, 10, 20, 50)
LAMBDAS = (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)
HELD_OUT_SHARE = 0.25


class ComparisonDisplay(Display):
    """Several networks' decision boundaries, each titled with what is its own.

    Parameters
    ----------
    labels : of each network, such as its hidden size.
    networks : trained.
    accuracies : for each its share of right answers on its training rows and on those held out.
    boundaries : for each its decision boundary.

    Attributes
    ----------
    axes_ : (n,) the panels.
    """

    title = "comparison of networks"
    axes_: list[Axes]

    def __init__(
        self,
        labels: Sequence[str],
        networks: Sequence[Network],
        accuracies: Sequence[tuple[float, float]],
        boundaries: Sequence[DecisionBoundaryDisplay],
    ) -> None:
        self.labels, self.networks = tuple(labels), tuple(networks)
        self.accuracies, self.boundaries = tuple(accuracies), tuple(boundaries)

    def __str__(self) -> str:
        width = max(map(len, self.labels))
        lines = [f"{'':{width}}  train  held out"]
        for label, (train, held) in zip(self.labels, self.accuracies, strict=True):
            lines.append(f"{label:{width}}  {train:.3f}  {held:8.3f}")
        return "\n".join(lines)

    @property
    def _columns(self) -> int:
        n = len(self.boundaries)
        return n if n <= 3 else ceil(n / ceil(n / 4))

    @property
    def _size(self) -> tuple[float, float]:
        return 2.6 * self._columns, 2.65 * ceil(len(self.boundaries) / self._columns)

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw a panel for each network.

        Parameters
        ----------
        ax : matplotlib Axes whose place in its figure is divided; a new figure's where None.
        style : "light" or "dark"; "auto" goes by the ground of `ax`.
        """
        n, columns = len(self.boundaries), self._columns
        with self._canvas(ax, style) as (ax, theme):
            grid = panels(ax, ceil(n / columns), columns).ravel()
            self.axes_ = list(grid[:n])
            for spare in grid[n:]:
                spare.set_axis_off()
            for panel, boundary in zip(self.axes_, self.boundaries, strict=True):
                boundary.plot(panel, style=theme.name, key=False, size=9.0)
                panel.set(xticks=[], yticks=[], xlabel="", ylabel="")
        return self


def moons_comparison(
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    hidden: Iterable[int] = HIDDEN,
    lambda_: float = 0.001,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    solver: str = "conjugate_gradient",
    epochs: int = 1000,
    seed: int = 0,
    ax: Axes | None = None,
    style: str = "auto",
) -> ComparisonDisplay:
    """What the hidden size does: networks of one hidden layer, trained on the same points.

    Parameters
    ----------
    X, y : (n, 2) points and their classes (n,); by default two moons.
    hidden : the sizes, a panel each.
    lambda_ : strength of the L2 penalty.
    held_out : (X, y) to judge by. By default 10 000 other moons, or a quarter of your own points.
    solver, epochs : for `Network.train`.
    seed : of the first weights, and of the division into rows to train on and rows held out.

    Raises
    ------
    ValueError
        If X has not two columns, or y not one class a row.

    Examples
    --------
    >>> display = moons_comparison(hidden=[3])
    >>> print(display.boundaries[0].heading)
    hidden 3
    train 0.980, held out 0.964
    """
    points = _Points(X, y, held_out, seed)
    cases = [(f"hidden {int(n)}", int(n), lambda_) for n in hidden]
    return points.compared(cases, solver, epochs, seed).plot(ax, style=style)


def regularisation_strip(
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    lambdas: Iterable[float] = LAMBDAS,
    hidden: int = 20,
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    solver: str = "conjugate_gradient",
    epochs: int = 1000,
    seed: int = 0,
    ax: Axes | None = None,
    style: str = "auto",
) -> ComparisonDisplay:
    """What the L2 penalty does: the same network, from over-fitting to learning nothing at all.

    Parameters
    ----------
    X, y : (n, 2) points and their classes (n,); by default two moons.
    lambdas : the strengths, a panel each.
    hidden : units of the hidden layer.
    held_out : (X, y) to judge by. By default 10 000 other moons, or a quarter of your own points.
    solver, epochs : for `Network.train`.
    seed : of the first weights, and of the division into rows to train on and rows held out.

    Raises
    ------
    ValueError
        If X has not two columns, or y not one class a row.

    Examples
    --------
    >>> display = regularisation_strip(lambdas=[0.01, 10.0])
    >>> (display.accuracies[0][1] > 0.95, display.accuracies[1][1] < 0.9)
    (True, True)
    """
    points = _Points(X, y, held_out, seed)
    cases = [(f"lambda {strength:g}", hidden, float(strength)) for strength in lambdas]
    return points.compared(cases, solver, epochs, seed).plot(ax, style=style)


def published_start(sizes: Sequence[int], seed: int = 0) -> list[NDArray[np.float64]]:
    """The first weights of each layer, (n_out, 1 + n_in) rows, the bias in front.

    Examples
    --------
    >>> [layer.shape for layer in published_start([2, 3, 2])]
    [(3, 3), (2, 4)]
    """
    layers = []
    for n_in, n_out in pairwise(sizes):
        e = np.sqrt(6.0 / (n_in + n_out))
        layers.append(np.random.RandomState(seed).uniform(-e, e, (n_out, 1 + n_in)))
    return layers


class _Points:
    """Points of a plane by class: those to train on, and those to judge by."""

    def __init__(
        self,
        X: ArrayLike | None,
        y: ArrayLike | None,
        held_out: tuple[ArrayLike, ArrayLike] | None,
        seed: int,
    ) -> None:
        if (X is None) != (y is None):
            raise ValueError("X and y go together: give both, or neither for two moons")
        if X is None or y is None:
            train = load("moons")
            X, y, names, own = train.X, train.y, train.feature_names, False
            if held_out is None:
                other = load("moons", n=10_000, seed=1)
                held_out = other.X, other.y
        else:
            names, own = tuple(getattr(X, "columns", ("x1", "x2"))), True
        self.X, labels = _checked(X, y, "X")
        self.names = (str(names[0]), str(names[1]))
        self.classes, self.y = np.unique(labels, return_inverse=True)
        if len(self.classes) < 2:
            raise ValueError(f"all points are of class {self.classes[0]}: nothing to tell apart")
        if held_out is not None:
            self.held_X, held_labels = _checked(*held_out, "held_out's X")
        else:
            train_rows, _, test = split_rows(len(self.X), self.y, 0.0, HELD_OUT_SHARE, seed)
            if not len(test):
                raise ValueError(f"{len(self.X)} points are too few to hold any out: give held_out")
            self.held_X, held_labels = self.X[test], labels[test]
            self.X, self.y = self.X[train_rows], self.y[train_rows]
        self.held_y = np.searchsorted(self.classes, held_labels)
        # The moons are learnt as they are, as published; other points may be in any unit.
        self.scaler = SCALERS["standard" if own else "none"](self.X)

    def compared(
        self, cases: Sequence[tuple[str, int, float]], solver: str, epochs: int, seed: int
    ) -> ComparisonDisplay:
        """Train a network for each (label, hidden size, lambda)."""
        if not cases:
            raise ValueError("there is nothing to compare: give one value or more")
        k = len(self.classes)
        Y, Z = one_hot(self.y, k), self.scaler.transform(self.X)
        made: list[tuple[Network, tuple[float, float], DecisionBoundaryDisplay]] = []
        for label, hidden, strength in cases:
            sizes = [2, hidden, k]
            network = Network(sizes, "sigmoid", "sigmoid", "binary_cross_entropy", alpha=strength)
            start = published_start(sizes, seed)
            network.weights = [layer[:, 1:].T for layer in start]
            network.biases = [layer[:, 0] for layer in start]
            network.train(Z, Y, solver=solver, epochs=epochs)
            train = self._accuracy(network, self.X, self.y)
            held = self._accuracy(network, self.held_X, self.held_y)
            heading = f"{label}\ntrain {train:.3f}, held out {held:.3f}"
            made.append((network, (train, held), self._boundary(network, heading)))
        networks, accuracies, boundaries = zip(*made, strict=True)
        return ComparisonDisplay([label for label, _, _ in cases], networks, accuracies, boundaries)

    def _answers(self, network: Network, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(network.predict(self.scaler.transform(X)))

    def _accuracy(self, network: Network, X: NDArray[np.float64], y: NDArray[np.intp]) -> float:
        return float(np.mean(self._answers(network, X).argmax(axis=1) == y))

    def _boundary(self, network: Network, heading: str) -> DecisionBoundaryDisplay:
        margin = 0.1 * np.ptp(self.X, axis=0)
        low, high = self.X.min(axis=0) - margin, self.X.max(axis=0) + margin
        x0, x1 = (np.linspace(low[i], high[i], 120) for i in (0, 1))
        grid = np.stack(np.meshgrid(x0, x1), axis=-1)
        answers = self._answers(network, grid.reshape(-1, 2)).reshape(120, 120, -1)
        return DecisionBoundaryDisplay(
            x0,
            x1,
            answers,
            names=self.names,
            X=self.X,
            y=self.y,
            classes=self.classes.tolist(),
            heading=heading,
        )


def _checked(X: ArrayLike, y: ArrayLike, name: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    points, labels = np.asarray(X, np.float64), np.asarray(y)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"{name} has shape {points.shape}: expected two columns")
    if labels.shape != (len(points),):
        raise ValueError(f"y has shape {labels.shape}: expected a class for each of {len(points)}")
    return points, labels
