"""A score says how good predictions are, and how far off other rows of the kind may put it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10, nan, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST = 1e-15
"""No probability counts as less in a log-loss."""


@dataclass(frozen=True)
class Score:
    """A number with its standard error over the rows it was measured on.

    Parameters
    ----------
    error : NaN where rows are too few to tell.

    Examples
    --------
    >>> str(Score("accuracy", 0.86123, 0.0042)), str(Score("rmse", 46123.4, 1512.0))
    ('0.861 +- 0.004', '46100 +- 1500')
    """

    name: str
    value: float
    error: float = nan

    def __str__(self) -> str:
        return self.to(self.places)

    @property
    def places(self) -> int | None:
        """Decimals worth showing: of the error one digit, two if the first is a 1."""
        if not (isfinite(self.error) and self.error > 0.0):
            return None
        size = floor(log10(self.error))
        return -size + (self.error / 10.0**size < 1.95)

    def to(self, places: int | None) -> str:
        """As text with so many decimals."""
        if not isfinite(self.value):
            return "-"
        if self.places is None or places is None:
            return f"{self.value:.4g}"
        value, error = round(self.value, places) + 0.0, round(self.error, places)  # no -0.0
        return f"{value:.{max(places, 0)}f} +- {error:.{max(places, 0)}f}"


def part(name: str, held: NDArray[np.bool_]) -> Score:
    """The part of rows (n,) of which something holds.

    Its error is that of the part with two rows more on either side, so that of a few rows which are
    all right it does not say that all are (Agresti and Coull, 1998).

    Examples
    --------
    >>> print(part("accuracy", np.array([True] * 90 + [False] * 10)))
    0.90 +- 0.03
    """
    n, k = len(held), int(held.sum())
    p = (k + 2) / (n + 4)
    return Score(name, k / n, sqrt(p * (1.0 - p) / (n + 4)))


def mean(name: str, losses: Floats) -> Score:
    """The mean of rows' losses (n,)."""
    n = len(losses)
    error = float(losses.std(ddof=1)) / sqrt(n) if n > 1 else nan
    return Score(name, float(losses.mean()), error)


def of_classes(codes: NDArray[Any], p: Floats) -> list[Score]:
    """Accuracy and log-loss, in nats.

    Parameters
    ----------
    codes : (n,) the right classes.
    p : (n, k) their probabilities.

    Examples
    --------
    >>> [str(s) for s in of_classes(np.repeat([0, 1], 50), np.tile([0.75, 0.25], (100, 1)))]
    ['0.50 +- 0.05', '0.84 +- 0.06']
    """
    of_right = p[np.arange(len(codes)), codes]
    losses = -np.log(np.maximum(of_right, LEAST))
    return [part("accuracy", p.argmax(axis=1) == codes), mean("log_loss", losses)]


def of_numbers(y: Floats, predicted: Floats) -> list[Score]:
    """R2, root mean squared error and mean absolute error of predictions (n,).

    The errors of the first two are by the delta method: those of a ratio of means, and of a root.

    Examples
    --------
    >>> y = np.arange(100.0)
    >>> [str(s) for s in of_numbers(y, y + np.tile([3.0, -5.0], 50))]
    ['0.980 +- 0.002', '4.12 +- 0.10', '4.00 +- 0.10']
    """
    n, off = len(y), predicted - y
    squares, about = off**2, (y - y.mean()) ** 2
    mse, variance = float(squares.mean()), float(about.mean())
    r2 = Score("r2", 1.0 - mse / variance if variance else nan)
    rmse = Score("rmse", sqrt(mse))
    if n > 1 and variance:
        spread = float((squares - mse / variance * about).std(ddof=1))
        r2 = Score("r2", r2.value, spread / variance / sqrt(n))
    if n > 1 and mse:
        error = float(squares.std(ddof=1)) / sqrt(n) / (2.0 * rmse.value)
        rmse = Score("rmse", rmse.value, error)
    return [r2, rmse, mean("mae", np.abs(off))]


def board(title: str, rows: Sequence[tuple[str, Sequence[Score]]]) -> str:
    """Scores side by side: who, and how good.

    Examples
    --------
    >>> print(board("on 9 rows", [("pellucid", [Score("rmse", 1.5, 0.2)]),
    ...                           ("mean", [Score("rmse", 12.5, 0.3)])]))
    on 9 rows  RMSE
    pellucid   1.5 +- 0.2
    mean       12.5 +- 0.3
    """
    table = [[title, *(NAMES[score.name] for score in rows[0][1])]]
    for who, scores in rows:  # with as many decimals as the first
        shown = zip(scores, rows[0][1], strict=True)
        table.append([who, *(score.to(first.places) for score, first in shown)])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in table)
    return "\n".join(line.rstrip() for line in lines)


NAMES = {"accuracy": "accuracy", "log_loss": "log-loss", "r2": "R2", "rmse": "RMSE", "mae": "MAE"}
"""What people call them."""


def as_data(scores: Sequence[Score]) -> dict[str, dict[str, float | None]]:
    """Scores for JSON: values by name, and their standard errors."""
    return {
        "metrics": {score.name: _finite(score.value) for score in scores},
        "uncertainty": {score.name: _finite(score.error) for score in scores},
    }


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
