"""A quantile band lies between two numbers that the target is between as often as it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.columns import listed
from pellucid.plots.answers import levels_of, regressor
from pellucid.plots.display import Display
from pellucid.plots.labels import legend_below, shortened
from pellucid.plots.prediction_error import DOTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

BAG_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels drawn of a bag, which gives intervals of any coverage."""

MOST_POINTS = 1000
"""Rows that are drawn; of more, so many are chosen evenly, as the bands have to be seen."""

STEPS = 120
"""Places along a column at which bands are computed."""


class QuantileDisplay(Display):
    """Bands between quantiles along one column, the rest held at what is usual.

    Rows are points where there is no other column. Where there are others, each row has a band of
    its own, and points would lie by bands that are not theirs: only their places are marked.

    Parameters
    ----------
    x : (m,) places along the column, ascending.
    quantiles : (m, q) of the target at each.
    levels : (q,) such as (0.05, 0.5, 0.95), ascending.
    points : (x, y) of rows, or None. They are marked along the column alone where `held`.
    feature, name : what the column and the target are called.
    held : whether other columns are held at their medians.
    coverage : the part of rows between their own outermost quantiles, or None.
    middle : what the line in the middle is called; otherwise by its level.

    Attributes
    ----------
    bands_ : an area for each pair of levels from the outermost in.
    line_ : that of the level in the middle; None if levels are even in number.
    scatter_ : the rows, or None; `rug_` : the marks of their places, or None.

    Examples
    --------
    >>> x, levels = [0.0, 1.0], (0.1, 0.5, 0.9)
    >>> display = QuantileDisplay(x, [[-1, 0, 1], [-2, 1, 4]], levels).plot()
    >>> len(display.bands_), display.line_.get_ydata().tolist()
    (1, [0.0, 1.0])
    """

    title = "Quantiles"

    def __init__(
        self,
        x: ArrayLike,
        quantiles: ArrayLike,
        levels: Sequence[float],
        *,
        points: tuple[ArrayLike, ArrayLike] | None = None,
        feature: str = "x",
        name: str = "target",
        held: bool = False,
        coverage: float | None = None,
        middle: str = "",
    ) -> None:
        self.x: NDArray[np.float64] = np.asarray(x, np.float64)
        self.quantiles: NDArray[np.float64] = np.asarray(quantiles, np.float64)
        self.levels = [float(level) for level in levels]
        expected = (len(self.x), len(self.levels))
        if self.quantiles.shape != expected:
            raise ValueError(f"quantiles have shape {self.quantiles.shape}: expected {expected}")
        if sorted(set(self.levels)) != self.levels:
            raise ValueError(f"levels are {listed(self.levels)}: expected them to ascend")
        self.points = None
        if points is not None:
            self.points = (np.asarray(points[0], np.float64), np.asarray(points[1], np.float64))
        self.feature, self.name, self.held, self.coverage = feature, name, held, coverage
        self.middle = middle

    @classmethod
    def from_predictions(
        cls,
        x: ArrayLike,
        quantiles: ArrayLike,
        levels: Sequence[float],
        *,
        y_true: ArrayLike | None = None,
        feature: str = "x",
        name: str = "target",
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw quantiles (n, q) predicted at x (n,), in any order, and the true numbers (n,)."""
        x, quantiles = np.asarray(x, np.float64), np.asarray(quantiles, np.float64)
        order, by_level = np.argsort(x, kind="stable"), np.argsort(levels)
        ascending = quantiles[:, by_level]
        made = cls(
            x[order],
            ascending[order],
            np.asarray(levels, float)[by_level].tolist(),
            points=None if y_true is None else (x, y_true),
            feature=feature,
            name=name,
            coverage=_coverage(ascending, y_true),
        )
        return made.plot(ax, style=style)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        feature: int | str = 0,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw what a model knows of the spread of its target, along one column of X.

        Parameters
        ----------
        estimator : `MLPRegressor(loss="quantile", quantile=[0.05, 0.5, 0.95])`, alone or in a
            pipeline, or a `TabularRegressor`, whose intervals hold 50 and 90 % of rows around its
            prediction; or the path of a model file.
        X : rows, whose other columns are held at their median or most frequent value.
        y : (n,) true numbers; the part of them within is counted by the band of each row.
        feature : the column, by name or place.

        Raises
        ------
        ValueError
            If the model gives no quantiles, or the column has no numbers.
        """
        from pellucid.plots.holding import held, named, numbers

        subject = regressor(estimator, "a quantile band")
        column = named(subject, feature)
        seen = numbers(subject, X, column)
        x = np.linspace(np.nanmin(seen), np.nanmax(seen), STEPS)
        levels, quantiles = quantiles_of(subject, held(subject, X, {column: x}))
        points, coverage = None, None
        if y is not None:
            points, coverage = (seen, y), _coverage(quantiles_of(subject, X)[1], y)
        made = cls(
            x, quantiles, levels, points=points, feature=column, name=subject.target_name,
            held=len(subject.columns) > 1, coverage=coverage,
            middle="prediction" if hasattr(subject.model, "predict_interval") else "",
        )  # fmt: skip
        return made.plot(ax, style=style)

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw the bands on `ax`, or on a figure of their own."""
        q = len(self.levels)
        with self._canvas(ax, style) as (ax, colours):
            self.bands_, self.line_, self.scatter_, self.rug_ = [], None, None, None
            if self.points is not None:
                n = len(self.points[0])
                some = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(int))
                x, y = self.points[0][some], self.points[1][some]
                if self.held:
                    (self.rug_,) = ax.plot(
                        x, np.full(len(x), 0.015), "|", color=colours.muted, markersize=6,
                        alpha=0.5, transform=ax.get_xaxis_transform(), label="places of rows",
                    )  # fmt: skip
                else:
                    self.scatter_ = ax.scatter(
                        x, y, s=10 if n > 300 else 16, color=colours.muted,
                        alpha=0.35 if n > 300 else 0.6, linewidths=0,
                        rasterized=len(some) > DOTS, label="rows", zorder=1,
                    )  # fmt: skip
            for i in range(q // 2):
                low, high = self.levels[i], self.levels[q - 1 - i]
                self.bands_.append(
                    ax.fill_between(
                        self.x, self.quantiles[:, i], self.quantiles[:, q - 1 - i],
                        color=colours.training, alpha=0.24, linewidth=0.6, zorder=2,
                        label=f"{low:.4g} to {high:.4g}",
                    )
                )  # fmt: skip
            if q % 2:
                (self.line_,) = ax.plot(
                    self.x, self.quantiles[:, q // 2], color=colours.training, linewidth=1.8,
                    zorder=3, label=self.middle or f"{self.levels[q // 2]:.4g}",
                )  # fmt: skip
            held = ", the rest held at what is usual" if self.held else ""
            ax.set(xlabel=f"{shortened(self.feature, 30)}{held}", ylabel=shortened(self.name, 30))
            ax.set_title(self._heading())
            shown = [*self.bands_, self.line_, self.scatter_, self.rug_]
            handles = [artist for artist in shown if artist is not None]
            legend_below(ax, handles, 4 if self.rug_ is None else 2)
        return self

    def _heading(self) -> str:
        if self.coverage is None or len(self.levels) < 2:
            return self.title
        meant = self.levels[-1] - self.levels[0]
        if self.held:
            return (
                f"{self.title}: {self.coverage:.1%} of rows lie in a {meant:.0%} band of their own"
            )
        return f"{self.title}: the {meant:.0%} band holds {self.coverage:.1%} of the rows"


def quantiles_of(subject: Any, X: Any) -> tuple[list[float], NDArray[np.float64]]:
    """Ascending levels (q,) and the quantiles (n, q) of rows; of a bag around its prediction."""
    model = subject.model
    if hasattr(model, "predict_interval"):
        middle = np.asarray(model.predict(X), np.float64)
        found = {0.5: middle}
        for low in (level for level in BAG_LEVELS if level < 0.5):
            ends = np.asarray(model.predict_interval(X, 1 - 2 * low), np.float64)
            found |= {low: ends[:, 0], 1 - low: ends[:, 1]}
        ascending = sorted(found)
        return ascending, np.column_stack([found[level] for level in ascending])
    levels = levels_of(subject)
    if not levels:
        raise ValueError(
            f"this {subject.kind} gives no quantiles of one number: expected "
            'MLPRegressor(loss="quantile", quantile=[0.05, 0.5, 0.95]) or a TabularRegressor'
        )
    order = np.argsort(levels)
    return [levels[i] for i in order], subject.answers(X)[:, order]


def _coverage(quantiles: NDArray[np.float64], y: ArrayLike | None) -> float | None:
    if y is None or quantiles.shape[1] < 2:
        return None
    true = np.asarray(y, np.float64).ravel()
    if len(true) != len(quantiles):
        raise ValueError(f"{len(true)} true numbers for {len(quantiles)} rows: expected as many")
    return float(np.mean((quantiles[:, 0] <= true) & (true <= quantiles[:, -1])))
