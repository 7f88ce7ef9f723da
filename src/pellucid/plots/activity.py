"""Activity is what a network's units give on rows of data, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.plots.display import Display
from pellucid.plots.figures import panels
from pellucid.plots.member import member_of
from pellucid.subject import subject_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from pellucid.activations import Activation

NEAR_A_BOUND = 0.01
"""Within this part of its range from a bound, an activation counts as saturated."""

MUCH = 0.25
"""A hidden layer of which such a share is saturated, or dead, is drawn in the second colour."""

DEAD = "of units dead"


@dataclass(frozen=True)
class LayerActivity:
    """The activations of one layer, counted.

    Parameters
    ----------
    name : of the layer, with its units.
    counts, edges : (m,) and (m + 1,): how many of them lie in each stretch.
    saturated : the share of them that lies at a bound of the unit; None for units without two.
    dead : the share of units that give the same on every row.
    lifeless : what such units are called.
    """

    name: str
    counts: NDArray[np.intp]
    edges: NDArray[np.float64]
    saturated: float | None
    dead: float
    lifeless: str = DEAD

    @classmethod
    def of(
        cls, name: str, a: NDArray[np.float64], f: Activation, bins: int, lifeless: str
    ) -> LayerActivity:
        """That of activations a (n, n_out) that f gave."""
        low, high = float(a.min()), float(a.max())
        saturated = None
        if np.isfinite(f.low) and np.isfinite(f.high):
            low, high = f.low, f.high
            room = NEAR_A_BOUND * (high - low)
            saturated = float(np.mean((a <= low + room) | (a >= high - room)))
        counts, edges = np.histogram(a, bins, (low, high) if high > low else None)
        dead = float(np.mean(np.ptp(a, axis=0) == 0.0)) if len(a) > 1 else 0.0
        return cls(name, counts, edges, saturated, dead, lifeless)

    @property
    def note(self) -> str:
        """The shares, where there are any."""
        shares = {"saturated": self.saturated or 0.0, self.lifeless: self.dead}
        said = [f"{_percent(share)} {word}" for word, share in shares.items() if share]
        if self.saturated is None:
            return ", ".join(said) or ("none dead" if self.lifeless == DEAD else "none constant")
        return ", ".join(said) or "none saturated or dead"

    @property
    def ails(self) -> bool:
        """Whether so much of a hidden layer is saturated or dead that learning suffers."""
        hidden = self.name.startswith("layer") and self.lifeless == DEAD
        return hidden and max(self.saturated or 0.0, self.dead) >= MUCH


class ActivationDisplay(Display):
    """Histograms of the activations of each layer on rows of data.

    A layer all of whose units sit at their bounds, or that is dead, cannot learn: its share of
    either is noted above its histogram.

    Parameters
    ----------
    layers : one for each layer of the network.
    n_rows : on which it was run.

    Attributes
    ----------
    axes_ : a panel for each layer.
    bars_ : a StepPatch for each layer; heights are parts of all its activations.

    Examples
    --------
    >>> from pellucid import Network, datasets
    >>> X = datasets.load("digits").X / 16
    >>> display = ActivationDisplay.from_estimator(Network([64, 30, 10], seed=0), X)
    >>> [layer.name for layer in display.layers], int(display.layers[0].counts.sum())
    (['layer 1, 30 relu', 'output, 10 identity'], 53910)
    """

    title = "activations by layer"
    axes_: list[Axes]
    bars_: list[Any]

    def __init__(self, layers: Sequence[LayerActivity], n_rows: int) -> None:
        self.layers, self.n_rows = tuple(layers), n_rows

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any,
        *,
        network: int | None = None,
        bins: int = 40,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """The activations of a fitted model on the rows of X.

        Parameters
        ----------
        model : fitted, of any kind, or the path of a model file.
        X : rows, as the model's `predict` takes them.
        network : of several that a model averages, which one, from 1; by default the first.
        bins : stretches of each histogram.
        """
        subject = subject_of(model)
        if bins < 1:
            raise ValueError(f"bins is {bins}: expected 1 or more")
        inputs = subject.encode(X)
        chosen = member_of(subject, network)
        trace = chosen.trace(inputs)
        layers, made = chosen.architecture.layers, []
        for number, (layer, a) in enumerate(zip(layers, trace.a, strict=True), 1):
            kind = "output" if number == len(layers) else f"layer {number}"
            name = f"{kind}, {layer.n_out} {layer.activation.name}"
            lifeless = DEAD
            if layer.kind == "scale":
                name, lifeless = f"layer {number}, {layer.n_out} scaled inputs", "constant"
            activations = np.asarray(a, np.float64)
            made.append(LayerActivity.of(name, activations, layer.activation, bins, lifeless))
        return cls(made, len(inputs)).plot(ax, style=style)

    def _heading(self) -> str:
        said = "; ".join(f"{layer.name}: {layer.note}" for layer in self.layers)
        return f"{self.title} on {self.n_rows} rows: {said}"

    @property
    def _columns(self) -> int:
        return min(len(self.layers), 3)

    @property
    def _size(self) -> tuple[float, float]:
        return max(3.4, 2.9 * self._columns), 2.7 * -(-len(self.layers) // self._columns)

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw a histogram for each layer.

        Parameters
        ----------
        ax : matplotlib Axes whose place in its figure is divided; a new figure's where None.
        style : "light" or "dark"; "auto" goes by the ground of `ax`.
        """
        from matplotlib.ticker import PercentFormatter

        columns = self._columns
        with self._canvas(ax, style) as (ax, theme):
            grid = panels(ax, -(-len(self.layers) // columns), columns).ravel()
            self.axes_, self.bars_ = list(grid[: len(self.layers)]), []
            for spare in grid[len(self.layers) :]:
                spare.set_axis_off()
            for panel, layer in zip(self.axes_, self.layers, strict=True):
                colour = theme.colours[1] if layer.ails else theme.colours[0]
                parts = layer.counts / max(layer.counts.sum(), 1)
                bars = panel.stairs(parts, layer.edges, fill=True, color=colour, alpha=0.85)
                self.bars_.append(bars)
                panel.set_title(f"{layer.name}\n{layer.note}")
                panel.set(xlabel="activation")
                panel.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
                panel.locator_params(axis="y", nbins=4)
                panel.margins(y=0.05)
                panel.set_ylim(bottom=0)
            for first in self.axes_[::columns]:
                first.set_ylabel("of the activations")
        return self


def _percent(share: float) -> str:
    """A share in per cent, in few letters."""
    return "<1 %" if share < 0.01 else f"{100 * share:.0f} %"
