"""Gradient flow is how large the gradient is in each part of a network, from output to input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.plots.display import Display
from pellucid.plots.member import member_of
from pellucid.subject import subject_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


class GradientFlowDisplay(Display):
    """The mean and the largest |gradient| of each part of theta, on a logarithmic scale.

    Dots that fall by orders of magnitude towards the first layer are a vanishing gradient, dots
    that rise an exploding one. There are no bars, as a logarithmic scale has no 0 to begin at.

    Parameters
    ----------
    names : of the parts of theta, such as "layer1.W".
    means, largest : (n,) of |gradient| over the numbers of each part.
    loss : at which it was taken.
    n_rows : over which the loss is.

    Attributes
    ----------
    dots_ : the means, of the parts that are not 0.
    marks_ : rings, the largest of the same parts.
    lines_ : from each dot to its ring.

    Examples
    --------
    >>> from pellucid import Network, datasets
    >>> iris = datasets.load("iris")
    >>> network = Network([4, 8, 3], "tanh", "softmax", seed=0)
    >>> display = GradientFlowDisplay.from_estimator(network, iris.X, iris.y)
    >>> display.names
    ('layer1.W', 'layer1.b', 'layer2.W', 'layer2.b')
    """

    title = "gradient flow"
    dots_: Any
    marks_: Any
    lines_: Any

    def __init__(
        self,
        names: Sequence[str],
        means: NDArray[np.float64],
        largest: NDArray[np.float64],
        loss: float,
        n_rows: int,
    ) -> None:
        self.names, self.means, self.largest = tuple(names), means, largest
        self.loss, self.n_rows = loss, n_rows

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        y: Any,
        *,
        network: int | None = None,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """The gradient of a fitted model's objective on the rows of X.

        Parameters
        ----------
        model : fitted, of any kind, or the path of a model file.
        X : rows, as the model's `predict` takes them.
        y : (n,) labels or numbers.
        network : of several that a model averages, which one, from 1; by default the first.
        """
        subject = subject_of(model)
        chosen = member_of(subject, network)
        inputs = subject.encode(X)
        if not len(inputs):
            raise ValueError("X has no rows: a gradient is of one or more")
        targets = subject.encode_targets(y)
        if len(inputs) != len(targets):
            raise ValueError(f"X has {len(inputs)} rows and y {len(targets)}: expected as many")
        loss, gradient = chosen.loss_and_gradient(inputs, targets)
        sizes = {k: np.abs(np.asarray(v)) for k, v in chosen.per_layer(gradient).items()}
        means = np.array([size.mean() for size in sizes.values()], np.float64)
        largest = np.array([size.max() for size in sizes.values()], np.float64)
        return cls(list(sizes), means, largest, loss, len(inputs)).plot(ax, style=style)

    def _heading(self) -> str:
        return f"{self.title} at loss {self.loss:.4g} on {self.n_rows} rows"

    @property
    def _size(self) -> tuple[float, float]:
        return 5.6, max(2.4, 1.4 + 0.27 * len(self.names))

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw a dot and a ring for each part, the first layer on top.

        Parameters
        ----------
        ax : matplotlib Axes; a new figure's where None.
        style : "light" or "dark"; "auto" goes by the ground of `ax`.
        """
        with self._canvas(ax, style) as (ax, theme):
            rows = np.arange(len(self.names))
            positive = np.concatenate([self.means, self.largest])
            positive = positive[np.isfinite(positive) & (positive > 0)]
            low, high = (positive.min(), positive.max()) if len(positive) else (0.1, 1.0)
            floor = 10.0 ** (np.floor(np.log10(low)) - 0.5)
            seen = self.largest > 0
            weights = [name.rpartition(".")[2] != "b" for name in self.names]
            colours = np.where(weights, theme.colours[0], theme.muted)[seen]
            means, largest, at = self.means[seen], self.largest[seen], rows[seen]
            self.lines_ = ax.hlines(at, means, largest, color=theme.line, linewidth=2.0, zorder=1)
            self.marks_ = ax.scatter(
                largest, at, s=90, facecolors="none", edgecolors=theme.colours[1],
                linewidths=1.6, zorder=2, label="largest",
            )  # fmt: skip
            self.dots_ = ax.scatter(means, at, s=30, color=colours, zorder=3, label="mean")
            for row in rows[~seen]:
                ax.text(floor * 1.3, row, "0", va="center", color=theme.ink)
            ax.set_xscale("log")
            ax.set(xlim=(floor, high * 3.0), ylim=(len(rows) - 0.4, -0.6))
            ax.set_yticks(rows, self.names)
            ax.tick_params(axis="y", length=0)
            ax.set_axisbelow(True)
            ax.grid(axis="x", color=theme.line, linewidth=0.6)
            ax.set_xlabel(f"|gradient| on {self.n_rows} rows: dot mean, ring largest")
            ax.set_title(f"Gradient flow at loss {self.loss:.4g}")
        return self
