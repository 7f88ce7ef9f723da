"""A plot shows what the numbers mean: curves of training, confusions, and decision boundaries.

matplotlib loads when a plot is drawn (`pip install "pellucid[plots]"`). Every function draws on
the `Axes` it is given, or on a new figure's, and returns the Axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.history import History
from pellucid.metrics import ClassificationReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

TRAINING, VALIDATION = "#1f5fa8", "#d2691e"
CLASSES = ("#1f5fa8", "#d2691e", "#3a8f4c", "#8b4ba8", "#c23b4e", "#7a7a2b")


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib.figure import Figure

    return Figure(figsize=(5.2, 4.2), layout="constrained").add_subplot()


def learning_curve(history: History, ax: Axes | None = None, score_name: str = "score") -> Axes:
    """Loss by epoch for training and validation data, the score on an axis of its own.

    The epoch whose weights were kept is marked when early stopping chose one.
    """
    from matplotlib.ticker import MaxNLocator

    ax = _axes(ax)
    epochs = np.arange(1, len(history) + 1)
    lines = ax.plot(epochs, history.loss, color=TRAINING, label="training loss")
    if history.validation_loss:
        lines += ax.plot(epochs, history.validation_loss, color=VALIDATION, label="validation loss")
    curves = np.array([*history.loss, *history.validation_loss])
    positive = curves[np.isfinite(curves) & (curves > 0)]
    if positive.size and positive.size == curves.size and positive.max() > 30 * positive.min():
        ax.set_yscale("log")
    if history.best_epoch:
        ax.axvline(history.best_epoch, color="0.7", linewidth=1, linestyle=":", zorder=0)
    if history.validation_score:
        right = ax.twinx()
        lines += right.plot(
            epochs,
            history.validation_score,
            color="0.45",
            linewidth=1,
            label=f"validation {score_name} (right)",
        )
        right.spines["top"].set_visible(False)
    ax.set(xlabel="epoch", ylabel="loss", title="Learning curve")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.spines["top"].set_visible(False)
    below: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.14)}
    ax.legend(handles=lines, ncols=len(lines), frameon=False, fontsize=8.5, **below)
    return ax


def courses(
    losses: Mapping[Any, Sequence[float]], ax: Axes | None = None, name: str = "loss"
) -> Axes:
    """The loss of several networks by epoch, with the best of each marked."""
    from matplotlib.ticker import MaxNLocator

    ax = _axes(ax)
    for i, (number, course) in enumerate(losses.items()):
        colour = CLASSES[i % len(CLASSES)]
        best = int(np.argmin(np.nan_to_num(course, nan=np.inf)))
        ax.plot(np.arange(1, len(course) + 1), course, color=colour, linewidth=1)
        ax.plot(best + 1, course[best], "o", color=colour, markersize=4, label=f"network {number}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.spines[["top", "right"]].set_visible(False)
    ax.set(xlabel="epoch", ylabel=name, title="Course of training")
    ax.legend(frameon=False, fontsize=8.5)
    return ax


def confusion_matrix(report: ClassificationReport, ax: Axes | None = None) -> Axes:
    """Rows of each true class by what they were taken for; shades are parts of the true class."""
    ax = _axes(ax)
    counts = report.confusion
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    k = len(report.classes)
    size = 9 if k <= 12 else 6
    for i, j in zip(*np.nonzero(counts), strict=True):
        shade = "white" if parts[i, j] > 0.5 else "black"
        ax.text(j, i, str(counts[i, j]), ha="center", va="center", color=shade, fontsize=size)
    longest = max(len(name) for name in report.classes)
    ax.set_xticks(range(k), report.classes, rotation=90 if longest > 3 else 0, fontsize=size)
    ax.set_yticks(range(k), report.classes, fontsize=size)
    ax.tick_params(length=0)
    ax.set(
        xlabel="predicted",
        ylabel="true",
        title=f"Confusion matrix, accuracy {report.accuracy:.3f}",
    )
    return ax


def predicted_against_true(
    y_true: ArrayLike, y_predicted: ArrayLike, ax: Axes | None = None, name: str = "target"
) -> Axes:
    """Each row's prediction by its true value, with the diagonal on which they agree."""
    ax = _axes(ax)
    true, predicted = np.ravel(np.asarray(y_true)), np.ravel(np.asarray(y_predicted))
    ax.scatter(true, predicted, s=8, alpha=0.4, color=TRAINING, linewidths=0)
    low, high = min(true.min(), predicted.min()), max(true.max(), predicted.max())
    ax.plot([low, high], [low, high], color="0.5", linewidth=1)
    ax.set(xlabel=f"true {name}", ylabel=f"predicted {name}", title="Predicted against true")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


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
