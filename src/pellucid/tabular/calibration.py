"""Calibration makes a model say how sure it is: probabilities, intervals and sets that hold.

All of it is measured on rows that the network which predicts them was not trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SHARPEST, SOFTEST = -3.0, 3.0
"""Logarithms between which a temperature is looked for."""

PARTS = (0.25, 0.5, 0.75, 1.0)
"""Of label smoothing that may be taken back."""

WINDOW, FEWEST = 0.1, 200
"""Rows whose predictions are alike: this part of all, or at least so many."""

MOST = 10_000
"""Rows held out whose errors a model keeps, evenly chosen of more: it goes into a file."""


def softmax(z: NDArray[Any]) -> Floats:
    """Raw outputs (n, k) as probabilities.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    e = np.exp(z - z.max(axis=1, keepdims=True), dtype=np.float64)
    shares: Floats = e / e.sum(axis=1, keepdims=True)
    return shares


@dataclass(frozen=True)
class Calibration:
    """How raw outputs become probabilities that hold.

    Parameters
    ----------
    temperature : by which they are divided.
    smoothing : the part of each label that was shared among all classes in training, as far as it
        is to be taken back: who learns 0.95 where 1 is right says 0.95 when sure.
    floor : below which no probability is.
    """

    temperature: float = 1.0
    smoothing: float = 0.0
    floor: float = 0.0

    def probabilities(self, z: NDArray[Any]) -> Floats:
        """Of each class (n, k), from raw outputs (n, k).

        Examples
        --------
        >>> sure = np.array([[2.944439, 0.0]])  # softmax: 0.95, 0.05
        >>> Calibration(smoothing=0.1, floor=0.001).probabilities(sure).round(3).tolist()
        [[0.999, 0.001]]
        """
        p = softmax(z / self.temperature)
        k = p.shape[1]
        if self.smoothing:
            p = np.maximum(p - self.smoothing / k, 0.0)
            p /= p.sum(axis=1, keepdims=True)
        shares: Floats = (1.0 - k * self.floor) * p + self.floor
        return shares

    @classmethod
    def fit(
        cls,
        z: NDArray[Any],
        codes: NDArray[Any],
        weight: NDArray[Any] | None = None,
        label_smoothing: float = 0.0,
    ) -> Calibration:
        """The one with the lowest log-loss on rows held out.

        It is measured as if each class had one row more, of which nothing else is known, so that a
        few rows which all are right do not make it certain (a temperature: Guo et al., On
        calibration of modern neural networks, 2017, section 4.2; rows more: Platt, Probabilistic
        outputs for support vector machines, 1999, section 2.2.1). Nor is any probability below
        what one row more than these, of any class, would be.
        """
        if not len(z):
            return cls()
        z = np.asarray(z, np.float64)
        n, k = z.shape
        unknown, floor = k / (n + k), 1.0 / (k * (n + 1))

        def loss(one: Calibration) -> float:
            p = one.probabilities(z)
            right = loss_of(p, codes, weight)
            return (1.0 - unknown) * right - unknown * float(np.log(p).mean())

        found = []
        for part in (0.0, *PARTS) if label_smoothing else (0.0,):
            smoothing = part * label_smoothing

            def of(log_t: float, smoothing: float = smoothing) -> float:
                return loss(cls(exp(log_t), smoothing, floor))

            log_t = _lowest(of)
            found.append(cls(exp(log_t), smoothing, floor))
        return min(found, key=loss)


def log_loss(z: NDArray[Any], codes: NDArray[Any], weight: NDArray[Any] | None = None) -> float:
    """Mean of -log of the probability of the right class, from raw outputs (n, k), in nats."""
    z = z - z.max(axis=1, keepdims=True)
    losses = np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), codes]
    return float(np.average(losses, weights=weight))


def loss_of(p: Floats, codes: NDArray[Any], weight: NDArray[Any] | None = None) -> float:
    """The same from probabilities (n, k), of which none counts as less than 1e-300."""
    of_right = p[np.arange(len(p)), codes]
    return float(np.average(-np.log(np.maximum(of_right, 1e-300)), weights=weight))


def _lowest(loss: Callable[[float], float]) -> float:
    """The logarithm of a temperature at which a loss is lowest."""
    from scipy.optimize import minimize_scalar

    bounds = SHARPEST, SOFTEST
    best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(best.x)


def rank_of(coverage: float, n: int, sides: int = 1) -> int:
    """Which of n scores, rising, a new one is at most with probability `coverage` at least.

    Of two sides, each has half of what is not covered.

    Vovk, Gammerman and Shafer, Algorithmic learning in a random world, 2005, section 2.

    Raises
    ------
    ValueError
        If there are too few of them to be so sure.
    """
    if not 0.0 < coverage < 1.0:
        raise ValueError(f"coverage is {coverage}: expected a number between 0 and 1")
    rank = ceil((n + 1) * (1.0 - (1.0 - coverage) / sides) - 1e-9)  # but for rounding
    if rank > n:
        raise ValueError(
            f"coverage is {coverage} and {n} rows were held out: that many allow for at most "
            f"{max(0.0, 1.0 - sides / (n + 1)):.3g}; ask for less, or train on more rows"
        )
    return rank


@dataclass(frozen=True)
class Residuals:
    """How far off predictions were, by what was predicted.

    Parameters
    ----------
    predicted, off : (n,) predictions of rows held out, rising, and how far above them the target
        was.

    Examples
    --------
    >>> predicted = np.arange(1000.0)
    >>> residuals = Residuals(predicted, np.tile([-1.0, 1.0], 500) * (1 + predicted / 100))
    >>> residuals.interval(np.array([0.0, 999.0]), 0.8).round().tolist()
    [[-2.0, 2.0], [989.0, 1009.0]]
    """

    predicted: Floats
    off: Floats

    @classmethod
    def of(cls, predicted: Floats, y: Floats, less: Floats | None = None) -> Residuals:
        """Of rows in any order.

        Parameters
        ----------
        less : (n,) by how much the squared errors are smaller of what is to be asked about than of
            these predictions; of rows with like predictions, errors are made smaller by as much.
        """
        order = thinned(np.argsort(predicted, kind="stable"))
        predicted, off = predicted[order], (y - predicted)[order]
        if less is None or not less.any():
            return cls(predicted, off)
        less = less[order]
        windows = _windows(len(off))
        squared = np.array([(off[window] ** 2).mean() for window in windows])
        lost = np.array([less[window].mean() for window in windows])
        shares = np.divide(lost, squared, out=np.zeros_like(lost), where=squared > 0.0)
        factors = np.sqrt(np.clip(1.0 - shares, 0.0, 1.0))
        centers = [predicted[window].mean() for window in windows]
        return cls(predicted, off * np.interp(predicted, centers, factors))

    def interval(self, predictions: Floats, coverage: float) -> Floats:
        """Lower and upper bounds (m, 2) that hold for `coverage` of rows, as many on either side.

        They are quantiles of the residuals of rows with like predictions, so that an interval is
        as wide as errors are there (Bostrom et al., Mondrian conformal regressors, 2020). Between
        such rows they are drawn on in straight lines; all are then made wider or narrower by one
        factor, so that they hold for all rows together (Romano et al., Conformalized quantile
        regression, 2019).
        """
        n = len(self.off)
        rank_of(coverage, n, sides=2)  # refuses what so few rows cannot tell
        windows = _windows(n)
        size = windows[0].stop
        rank = (1.0 - coverage) / 2.0 * (size + 1)  # from either end, counted from 1
        low = max(0.0, rank - 1.0) / max(1, size - 1)
        centers = np.array([self.predicted[window].mean() for window in windows])
        bounds = np.array([np.quantile(self.off[window], [low, 1.0 - low]) for window in windows])
        middles, halves = bounds.mean(axis=1), (bounds[:, 1] - bounds[:, 0]) / 2.0
        factor = 1.0
        if len(windows) > 1:
            off = np.abs(self.off - np.interp(self.predicted, centers, middles))
            half = np.interp(self.predicted, centers, halves)
            scores = np.divide(off, half, out=np.where(off > 0.0, np.inf, 0.0), where=half > 0.0)
            nth = rank_of(coverage, n) - 1
            factor = float(np.partition(scores, nth)[nth])
        middle = predictions + np.interp(predictions, centers, middles)
        half = np.interp(predictions, centers, halves) * (factor if np.isfinite(factor) else 1.0)
        return np.stack([middle - half, middle + half], axis=1)


def _windows(n: int) -> list[slice]:
    """Rows whose predictions are alike, of n in the order of these; each overlaps with the next."""
    size = min(n, max(FEWEST, ceil(WINDOW * n)))
    starts = np.unique(np.linspace(0, n - size, max(1, 2 * (n - size) // size + 1)).astype(int))
    return [slice(start, start + size) for start in starts.tolist()]


def thinned(items: NDArray[Any]) -> NDArray[Any]:
    """At most `MOST` of items (n,) in their order, the first and the last among them.

    Examples
    --------
    >>> thinned(np.arange(20_001))[[0, 1, 2, -2, -1]].tolist()
    [0, 2, 4, 19998, 20000]
    """
    if len(items) <= MOST:
        return items
    return items[np.linspace(0, len(items) - 1, MOST).round().astype(np.intp)]


def threshold(of_right: Floats, coverage: float) -> float:
    """The probability that classes have at least if sets of them shall hold the right one.

    Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers, 2019.

    Parameters
    ----------
    of_right : (n,) probabilities of the right class, of rows held out.
    """
    return float(np.sort(of_right)[-rank_of(coverage, len(of_right))])
