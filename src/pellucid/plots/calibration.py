"""Calibration is how far probabilities mean what they say: of rows told 80 %, 80 % are so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.plots.answers import classifier
from pellucid.plots.display import Display
from pellucid.plots.labels import SMALLEST, cell, extent, shortened
from pellucid.subject.labels import places_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

LIKELIEST = "the likeliest class"

STRATEGIES = ("uniform", "quantile")
"""How rows are divided: scikit-learn's words."""

NORMAL_95 = 1.959964
"""Standard deviations to either side that hold 95 % of a normal distribution."""


class CalibrationDisplay(Display):
    """How often it was so, by the probability that was given, with the rows counted below.

    Bars are 95 % intervals (Wilson) of what so few rows can tell. Of three or more classes it is
    of the likeliest: how often the model is right, by how sure it is.

    Parameters
    ----------
    prob_true, prob_pred : (bins,) the part of a bin's rows that was so, and their mean probability.
    counts : (bins,) rows of each bin; none is empty.
    of : what the probability is of.

    Attributes
    ----------
    error : mean distance of the two, each row counting alike (expected calibration error).
    intervals : (bins, 2) of `prob_true`.
    line_, bars_, diagonal_, counts_ax_, counts_ : the curve, its intervals, where it should lie,
        and the counts with the Axes they are on.

    Examples
    --------
    >>> display = CalibrationDisplay.from_predictions([0, 0, 1, 1], [0.1, 0.1, 0.1, 0.9])
    >>> display.counts.tolist(), display.prob_true.round(2).tolist(), round(display.error, 2)
    ([3, 1], [0.33, 1.0], 0.2)
    """

    title = "Calibration"

    def __init__(
        self, prob_true: ArrayLike, prob_pred: ArrayLike, counts: ArrayLike, *, of: str = ""
    ) -> None:
        self.prob_true = np.asarray(prob_true, np.float64)
        self.prob_pred = np.asarray(prob_pred, np.float64)
        self.counts = np.asarray(counts)
        self.of = of
        n = self.counts.sum()
        self.error = float(np.abs(self.prob_true - self.prob_pred) @ self.counts / max(n, 1))
        self.intervals = wilson(self.prob_true, self.counts)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_prob: ArrayLike,
        *,
        n_bins: int = 10,
        strategy: str = "uniform",
        classes: Sequence[Any] | None = None,
        of: str | None = None,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Divide rows by their probability, as `sklearn.calibration.calibration_curve` does.

        Parameters
        ----------
        y_true : (n,) whether it was so, or the class.
        y_prob : (n,) how probable it was said to be, or (n, k) of each class.
        n_bins, strategy : how many, and "uniform" in width or "quantile": in rows.
        classes : (k,) their labels in the order of the columns of `y_prob`, of two the second is
            what is probable; None: they count from 0.

        Raises
        ------
        ValueError
            If a label is of no class, or a number no probability.
        """
        from sklearn.calibration import calibration_curve

        probability = np.asarray(y_prob, np.float64)
        bad = probability[~((probability >= 0) & (probability <= 1))]
        if bad.size:
            raise ValueError(f"y_prob holds {bad[0]:g}: expected probabilities from 0 to 1")
        if n_bins < 1 or strategy not in STRATEGIES:
            raise ValueError(
                f"n_bins is {n_bins} and strategy {strategy!r}: expected 1 or more bins, "
                f"{' or '.join(map(repr, STRATEGIES))}"
            )
        true = _places(y_true, classes, probability.shape[1] if probability.ndim == 2 else 2)
        if probability.ndim == 2 and probability.shape[1] > 2:
            true = true == probability.argmax(axis=1)
            probability, of = probability.max(axis=1), of or LIKELIEST
        elif probability.ndim == 2:
            probability = probability[:, -1]
        if true.shape != probability.shape or not true.size:
            raise ValueError(f"{len(true)} answers for {len(probability)} probabilities")
        so, said = calibration_curve(true, probability, n_bins=n_bins, strategy=strategy)
        counts = _counts(probability, n_bins, strategy)
        return cls(so, said, counts, of=of or "").plot(ax, style=style)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        n_bins: int = 10,
        strategy: str = "uniform",
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw how far a fitted classifier, or the model file at a path, is to be believed.

        Parameters
        ----------
        X : rows as the model's `predict` takes them.
        y : (n,) their labels.

        Raises
        ------
        ValueError
            If the model predicts numbers.
        """
        subject, classes = classifier(estimator, "calibration")
        return cls.from_predictions(
            y, subject.answers(X), n_bins=n_bins, strategy=strategy, classes=classes,
            of=f"class {classes[1]}" if len(classes) == 2 else None, ax=ax, style=style,
        )  # fmt: skip

    @property
    def _size(self) -> tuple[float, float]:
        return 5.0, 5.4

    def plot(self, ax: Axes | None = None, *, style: str = "auto") -> Self:
        """Draw the curve on `ax`, or on a figure of its own."""
        with self._canvas(ax, style) as (ax, colours):
            (self.diagonal_,) = ax.plot(
                [0, 1], [0, 1], color=colours.muted, linewidth=1, ls=":", label="as it should be"
            )
            self.bars_ = ax.vlines(
                self.prob_pred,
                *self.intervals.T,
                color=colours.training,
                linewidth=1,
                alpha=0.7,
                label="95 % interval",
            )
            (self.line_,) = ax.plot(
                self.prob_pred, self.prob_true, "o-", color=colours.training, markersize=5,
                linewidth=1.4, label="as it is",
            )  # fmt: skip
            ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), title=self._heading())
            of = shortened(self.of, 28)
            ax.set_ylabel("part of the rows that are so")
            below = ax.inset_axes((0, -0.3, 1, 0.2), sharex=ax)
            self.counts_ = below.bar(
                self.prob_pred,
                self.counts,
                width=0.035,
                color=colours.training,
                edgecolor=colours.ground,
                linewidth=0.6,
            )
            below.set(ylabel="rows", xlabel=f"probability of {of}" if of else "probability")
            below.set_ylim(0, 1.45 * self.counts.max(initial=1))
            below.locator_params(axis="y", nbins=3)
            ax.tick_params(labelbottom=False)
            ax.legend(loc="best")
            self.counts_ax_ = below
            self._write_counts(ax, below)
        return self

    def _heading(self) -> str:
        return f"{self.title}, mean error {self.error:.3f}"

    def _write_counts(self, ax: Axes, below: Axes) -> None:
        """The number above each bar that is far enough from the next."""
        width = cell(ax, 1, 1)[0]
        gaps = np.diff(self.prob_pred, prepend=-1.0, append=2.0) * width / 1.04
        for i, count in enumerate(self.counts):
            if extent(str(count))[0] * SMALLEST + 4 < min(gaps[i], gaps[i + 1]):
                below.annotate(
                    str(count), (self.prob_pred[i], count), (0, 2), textcoords="offset points",
                    ha="center", va="bottom", fontsize=SMALLEST,
                )  # fmt: skip


def wilson(parts: NDArray[np.float64], counts: ArrayLike) -> NDArray[np.float64]:
    """Intervals (n, 2) that hold 95 % of probabilities, for parts (n,) seen of so many rows.

    Wilson, Probable Inference (1927). It stays within 0 and 1, however few the rows.

    Examples
    --------
    >>> wilson(np.array([0.5]), [10]).round(3).tolist()
    [[0.237, 0.763]]
    """
    n = np.maximum(np.asarray(counts, np.float64), 1)
    z2 = NORMAL_95**2
    middle = (parts + z2 / (2 * n)) / (1 + z2 / n)
    half = NORMAL_95 / (1 + z2 / n) * np.sqrt(parts * (1 - parts) / n + z2 / (4 * n * n))
    return np.column_stack([middle - half, middle + half]).clip(0, 1)


def _places(y: ArrayLike, classes: Sequence[Any] | None, k: int) -> NDArray[np.intp]:
    """The places of labels among k classes, which count from 0 unless they are given."""
    known = range(k) if classes is None else classes
    if len(known) != k:
        raise ValueError(f"{len(known)} classes for probabilities of {k}: expected as many")
    try:
        return places_of(y, known)
    except ValueError as error:
        cure = "; else give classes, in the order of y_prob" if classes is None else ""
        raise ValueError(f"{error}{cure}") from None


def _counts(probability: NDArray[np.float64], n_bins: int, strategy: str) -> NDArray[np.int64]:
    """Rows of each bin of `calibration_curve`'s that is not empty."""
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    if strategy == "quantile":
        edges = np.percentile(probability, edges * 100)
    counts = np.bincount(np.searchsorted(edges[1:-1], probability), minlength=n_bins)
    return counts[counts > 0]
