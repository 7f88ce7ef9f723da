"""A prediction's error is how far it is from the truth: on the diagonal, or from zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from pellucid.metrics import regression_report
from pellucid.plots.answers import levels_of, regressor
from pellucid.plots.display import Display
from pellucid.plots.labels import shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

KINDS = ("actual_vs_predicted", "residual_vs_predicted")
"""What `kind` may be: scikit-learn's words."""

MOST_POINTS = 10_000
"""Rows that are drawn; of more, so many are chosen evenly."""

DOTS = 1500
"""Points from which they are drawn in dots in an SVG or PDF too, which stays small."""


class PredictionErrorDisplay(Display):
    """Each row's true number, or its residual (true - predicted), by what was predicted.

    Parameters
    ----------
    y_true, y_pred : (n,) numbers.
    name : of what is predicted, with its unit.

    Attributes
    ----------
    line_ : where a prediction without error lies.
    scatter_ : the rows.

    Examples
    --------
    >>> display = PredictionErrorDisplay.from_predictions(
    ...     [1.0, 2.0], [1.5, 2.0], kind="residual_vs_predicted"
    ... )
    >>> display.scatter_.get_offsets().tolist()
    [[1.5, -0.5], [2.0, 0.0]]
    """

    title = "Predicted and true"
    kind = KINDS[0]

    def __init__(self, *, y_true: ArrayLike, y_pred: ArrayLike, name: str = "target") -> None:
        self.y_true, self.y_pred = _numbers(y_true, "y_true"), _numbers(y_pred, "y_pred")
        self.name = name
        for given, values in (("y_true", self.y_true), ("y_pred", self.y_pred)):
            if not np.isfinite(values).all():
                raise ValueError(
                    f"{given} holds {values[~np.isfinite(values)][0]}: expected numbers"
                )
        if self.y_true.shape != self.y_pred.shape or not self.y_true.size:
            raise ValueError(
                f"{self.y_true.size} true numbers, {self.y_pred.size} predictions: expected pairs"
            )

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        *,
        kind: str = "actual_vs_predicted",
        name: str = "target",
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw predictions (n,) of numbers (n,)."""
        return cls(y_true=y_true, y_pred=y_pred, name=name).plot(ax, kind=kind, style=style)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        kind: str = "actual_vs_predicted",
        output: int | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        style: str = "auto",
    ) -> Self:
        """Draw the errors of a fitted regressor, or of the model file at a path.

        Parameters
        ----------
        X : rows as the model's `predict` takes them.
        y : (n,), or (n, k) for a model that predicts k numbers.
        kind : "actual_vs_predicted" or "residual_vs_predicted".
        output : which of the k numbers; None: the first, of quantiles the one nearest the median.

        Raises
        ------
        ValueError
            If the model tells classes apart, or y has another shape than its predictions.
        """
        subject = regressor(estimator, "a prediction error")
        answers = subject.answers(X)
        levels = levels_of(subject)
        k = 1 if levels else answers.shape[1]  # several quantiles are of one number
        true = np.asarray(y)
        if true.shape not in [(len(answers), k), *([(len(answers),)] if k == 1 else [])]:
            expected = f"({len(answers)},)" if k == 1 else f"({len(answers)}, {k})"
            raise ValueError(f"y has shape {true.shape}: expected {expected}, as is predicted")
        if output is None:
            output = int(np.argmin(np.abs(np.array(levels or [0.5]) - 0.5)))
        if not 0 <= output < answers.shape[1]:
            raise ValueError(f"output is {output}: the model predicts {answers.shape[1]} numbers")
        return cls.from_predictions(
            true if k == 1 else true[:, output], answers[:, output], kind=kind,
            name=name or subject.target_name, ax=ax, style=style,
        )  # fmt: skip

    @property
    def _size(self) -> tuple[float, float]:
        return 5.0, 4.6

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str = "actual_vs_predicted",
        style: str = "auto",
    ) -> Self:
        """Draw the rows on `ax`, or on a figure of their own.

        Parameters
        ----------
        kind : "actual_vs_predicted", or "residual_vs_predicted": true - predicted.
        """
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}: expected {' or '.join(map(repr, KINDS))}")
        self.kind = kind
        residuals = kind == "residual_vs_predicted"
        n = len(self.y_true)
        some = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).astype(int))
        predicted = self.y_pred[some]
        shown = self.y_true[some] - predicted if residuals else self.y_true[some]
        name = shortened(self.name, 30)
        with self._canvas(ax, style, kind=kind) as (ax, colours):
            drawn = len(some)
            few = drawn < 300
            self.scatter_ = ax.scatter(
                predicted, shown, s=20 if few else 10, color=colours.training, linewidths=0,
                alpha=0.75 if few else 0.55 if drawn < 2000 else 0.3, rasterized=drawn > DOTS,
            )  # fmt: skip
            both = self.y_pred if residuals else np.concatenate([self.y_true, self.y_pred])
            ends = np.array([both.min(), both.max()])
            (self.line_,) = ax.plot(
                ends, 0 * ends if residuals else ends, color=colours.validation, linewidth=1.4
            )
            ax.set(xlabel=f"predicted {name}")
            if residuals:
                ax.set(ylabel=f"true - predicted {name}")
            else:
                ax.set(ylabel=f"true {name}")
                margin = 0.04 * float(np.ptp(ends)) or 1.0
                ax.set(xlim=(ends[0] - margin, ends[1] + margin))
                ax.set(ylim=ax.get_xlim())
            ax.set_title(self._heading())
            ax.locator_params(nbins=6)
        return self

    def _heading(self) -> str:
        report = regression_report(self.y_true, self.y_pred)
        if self.kind == "residual_vs_predicted":
            return f"Residuals, RMSE {report.rmse:.5g}"
        r2 = report.r2
        return f"{self.title}, R² {r2:.3f}" if np.isfinite(r2) else self.title


def _numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        return np.asarray(values, np.float64).ravel()
    except ValueError:
        raise ValueError(f"{name} holds what is no number: an error is of numbers") from None
