"""A metric is one number that says how good predictions are; scikit-learn does the counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class ClassificationReport:
    """How often each class was found, and how often it was what it was called.

    Parameters
    ----------
    classes : (k,) names of the classes.
    precision, recall, f1 : (k,) in [0, 1]; 0 where a class was never predicted or never there.
    support : (k,) rows of each class.
    accuracy : part of the rows that were right.
    confusion : (k, k) rows of the true class (down) by predicted class (across).
    """

    classes: tuple[str, ...]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]
    accuracy: float
    confusion: NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        by_class = {
            name: {"precision": p, "recall": r, "f1": f, "support": s}
            for name, p, r, f, s in zip(
                self.classes,
                self.precision.tolist(),
                self.recall.tolist(),
                self.f1.tolist(),
                self.support.tolist(),
                strict=True,
            )
        }
        return {
            "accuracy": self.accuracy,
            "classes": by_class,
            "confusion": self.confusion.tolist(),
        }

    def __str__(self) -> str:
        width = max(5, *(len(name) for name in self.classes))
        lines = [f"{'class':<{width}}  precision  recall     f1  support"]
        for row in zip(
            self.classes, self.precision, self.recall, self.f1, self.support, strict=True
        ):
            name, p, r, f, s = row
            lines.append(f"{name:<{width}}  {p:>9.3f}  {r:>6.3f}  {f:>5.3f}  {s:>7}")
        total = self.support.sum()
        means = [float(np.average(m, weights=self.support)) for m in self.averaged]
        lines.append(
            f"{'mean':<{width}}  {means[0]:>9.3f}  {means[1]:>6.3f}  {means[2]:>5.3f}  {total:>7}"
        )
        return "\n".join([*lines, f"accuracy {self.accuracy:.4f}"])

    @property
    def averaged(self) -> tuple[NDArray[np.float64], ...]:
        """The three columns whose mean, weighted by support, closes the table."""
        return self.precision, self.recall, self.f1


def classification_report(
    y_true: ArrayLike, y_predicted: ArrayLike, classes: Sequence[str] | None = None
) -> ClassificationReport:
    """Precision, recall, f1 and support of each class, accuracy and the confusion matrix.

    Parameters
    ----------
    y_true, y_predicted : (n,) whole numbers 0 .. k-1; one-hot or probabilities (n, k) also do.
    classes : (k,) names.

    Raises
    ------
    ValueError
        If the numbers of rows differ, or there are none.

    Examples
    --------
    >>> report = classification_report([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
    >>> print(report)
    class  precision  recall     f1  support
    cat        1.000   0.500  0.667        2
    dog        0.667   1.000  0.800        2
    mean       0.833   0.750  0.733        4
    accuracy 0.7500
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    true, predicted = _labels(y_true), _labels(y_predicted)
    if true.shape != predicted.shape or not true.size:
        raise ValueError(
            f"{true.size} true labels and {predicted.size} predictions: expected pairs"
        )
    k = len(classes) if classes is not None else int(max(true.max(), predicted.max())) + 1
    labels = np.arange(k)
    precision, recall, f1, support = precision_recall_fscore_support(
        true, predicted, labels=labels, zero_division=0.0
    )
    return ClassificationReport(
        tuple(classes) if classes is not None else tuple(str(i) for i in labels),
        precision,
        recall,
        f1,
        support,
        float(np.mean(true == predicted)),
        confusion_matrix(true, predicted, labels=labels),
    )


def _labels(y: ArrayLike) -> NDArray[np.int64]:
    y = np.asarray(y)
    return y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1).astype(np.int64)


@dataclass(frozen=True)
class RegressionReport:
    """How far numbers were off, in the target's own unit, and how much of it was explained.

    Parameters
    ----------
    r2 : 1 - squared error / variance of the target; 0 for always guessing the mean.
    rmse : root of the mean squared error.
    mae : mean absolute error.
    rows : how many were compared.
    """

    r2: float
    rmse: float
    mae: float
    rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; r2 is null where the target does not vary."""
        r2 = self.r2 if np.isfinite(self.r2) else None
        return {"r2": r2, "rmse": self.rmse, "mae": self.mae, "rows": self.rows}

    def __str__(self) -> str:
        return f"R2 {self.r2:.4f}   RMSE {self.rmse:.6g}   MAE {self.mae:.6g}   rows {self.rows}"


def regression_report(y_true: ArrayLike, y_predicted: ArrayLike) -> RegressionReport:
    """R squared, root mean squared error and mean absolute error of (n,) or (n, k) predictions.

    Examples
    --------
    >>> print(regression_report([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]))
    R2 0.5000   RMSE 0.57735   MAE 0.333333   rows 3
    """
    true, predicted = np.asarray(y_true, float), np.asarray(y_predicted, float)
    if true.shape != predicted.shape or not true.size:
        raise ValueError(f"targets {true.shape} and predictions {predicted.shape}: expected pairs")
    largest = max(float(np.abs(true).max()), float(np.abs(predicted).max()))
    unit = largest if 1e100 < largest < np.inf else 1.0  # the squares of such would overflow
    true, predicted = true / unit, predicted / unit
    error = predicted - true
    spread = float(((true - true.mean(axis=0)) ** 2).sum())
    r2 = 1.0 - float((error**2).sum()) / spread if spread > 0 else float("nan")
    rmse, mae = float(np.sqrt((error**2).mean())) * unit, float(np.abs(error).mean()) * unit
    return RegressionReport(r2, rmse, mae, len(true))
