"""A decision boundary is where a network begins to take points for another class.

matplotlib loads when a plot is drawn (`pip install "pellucid[plots]"`). Every function draws on
the `Axes` it is given, or on a new figure's, and returns the Axes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

CLASSES = ("#1f5fa8", "#d2691e", "#3a8f4c", "#8b4ba8", "#c23b4e", "#7a7a2b")


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(5.2, 4.2), layout="constrained").add_subplot()


def decision_boundary(
    predict: Callable[[Any], Any],
    X: ArrayLike,
    y: ArrayLike,
    ax: Axes | None = None,
    title: str = "",
    resolution: int = 200,
) -> Axes:
    """Two-dimensional points by class, on a ground coloured by what the network takes it for.

    Parameters
    ----------
    predict : (m, 2) -> (m, k) outputs, such as `Network.predict`; one output splits at 0.5.
    X : (n, 2) points.
    y : (n,) classes as whole numbers.
    title : such as the hidden size.
    """
    from matplotlib.colors import ListedColormap

    ax = _axes(ax)
    X, y = np.asarray(X, dtype=float), np.asarray(y).reshape(-1)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"X has shape {X.shape}: a decision boundary needs two columns")
    margin = 0.15 * np.ptp(X, axis=0)
    (left, bottom), (right, top) = X.min(axis=0) - margin, X.max(axis=0) + margin
    across = np.linspace(left, right, resolution)
    up = np.linspace(bottom, top, resolution)
    grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    output = np.asarray(predict(grid))
    taken = output.argmax(axis=1) if output.shape[1] > 1 else (output[:, 0] > 0.5).astype(int)
    k = int(max(y.max(), taken.max())) + 1
    colours = ListedColormap([CLASSES[i % len(CLASSES)] for i in range(k)])
    shape = (resolution, resolution)
    ground: dict[str, Any] = {"cmap": colours, "vmin": -0.5, "vmax": k - 0.5}
    ax.pcolormesh(across, up, taken.reshape(shape), alpha=0.22, shading="nearest", **ground)
    ax.scatter(X[:, 0], X[:, 1], c=y, s=16, edgecolors="white", linewidths=0.5, **ground)
    ax.set(title=title, xticks=[], yticks=[])
    return ax
