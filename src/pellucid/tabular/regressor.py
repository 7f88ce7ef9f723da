"""A tabular regressor predicts a number by the columns of a table, and how far off it may be."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from pellucid.tabular.calibration import Residuals, thinned
from pellucid.tabular.estimator import Tabular
from pellucid.tabular.hyperparameters import documented
from pellucid.tabular.member import Data, Floats32
from pellucid.tabular.targets import targets_of
from pellucid.tabular.values import as_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.tabular.encoder import Compact


LARGEST = 1e150
"""The largest target, whose square is a number."""


@documented
@dataclass(eq=False, repr=False)
class TabularRegressor(RegressorMixin, Tabular):
    """A regressor for tables of mixed columns that needs nothing chosen: a bag of networks.

    Parameters
    ----------
    {shared}

    Attributes
    ----------
    target_range_ : the least and the largest target of training; predictions lie within.
    oob_prediction_ : (n,) of each row by networks that have not seen it; NaN where all have.
    oob_score_ : their R2; `oob_rmse_` their root mean squared error, in the target's unit.
    {fitted}

    Examples
    --------
    >>> table = {"hours": [2, 9, 1, 5, 3, 6, 8, 4, 7, 0] * 4}
    >>> score = [50 + 5 * hours for hours in table["hours"]]
    >>> model = TabularRegressor(min_steps=200, random_state=0).fit(table, score)
    >>> bool(abs(model.predict({"hours": [3.5]})[0] - 67.5) < 3)
    True
    >>> model.predict_interval({"hours": [3.5]}).shape
    (1, 2)
    """

    _: KW_ONLY
    activation: Any = "mish"
    dropout: float = 0.0
    weight_decay: float = 0.0
    learning_rate_init: float = 0.07

    _classes: ClassVar[bool] = False
    _loss_name: ClassVar[str] = "rmse"

    def _targets(self, y: Any, n_rows: int, name: str) -> NDArray[Any]:
        y = targets_of(y, n_rows, name)
        try:
            y = y.astype(np.float64)
        except (TypeError, ValueError):
            items = y.tolist()
            row = next((i for i, item in enumerate(items) if as_number(item) is None), 0)
            raise ValueError(
                f"target {name!r} holds {items[row]!r} in row {row + 1} (counted from 1): expected "
                "numbers; to tell classes apart, use TabularClassifier"
            ) from None
        if not np.isfinite(y).all():
            row = int((~np.isfinite(y)).argmax())
            raise ValueError(
                f"target {name!r} is {y[row]} in row {row + 1} (counted from 1): expected finite "
                "numbers"
            )
        if np.abs(y).max() > LARGEST:
            row = int(np.abs(y).argmax())
            raise ValueError(
                f"target {name!r} is {y[row]:g} in row {row + 1} (counted from 1): expected "
                f"numbers up to {LARGEST:g}; divide them by a constant"
            )
        return y

    def _encode_targets(self, y: NDArray[Any]) -> tuple[Floats32, NDArray[Any]]:
        self.target_range_ = float(y.min()), float(y.max())
        self._mean = float(y.mean())
        self._std = float(y.std()) or 1.0
        low, high = self.target_range_
        self._bounds = (low - self._mean) / self._std, (high - self._mean) / self._std
        return ((y - self._mean) / self._std).astype(np.float32)[:, None], y

    def _weights(self, y: NDArray[Any], weight: NDArray[Any] | None) -> NDArray[Any] | None:
        return weight

    def _judge(self, output: Floats32, rows: Data) -> float:
        off = np.clip(output, *self._bounds) - rows.y
        mean = np.average(off[:, 0].astype(np.float64) ** 2, weights=rows.weight)
        return float(np.sqrt(mean)) * self._std

    def _in_unit(self, output: NDArray[Any]) -> NDArray[np.float64]:
        """Raw outputs (..., 1) as targets (...)."""
        return np.clip(output[..., 0].astype(np.float64), *self._bounds) * self._std + self._mean

    def _look_back(self, data: Data, y: NDArray[Any]) -> None:
        """Scores and residuals, by rows held out."""
        total, times = np.zeros(len(y)), np.zeros(len(y))
        for member in self._seen:
            if member.best_epoch and len(member.held_out):
                total[member.held_out] += self._in_unit(member.output)
                times[member.held_out] += 1.0
        with np.errstate(invalid="ignore"):
            self.oob_prediction_ = total / times
        known = np.flatnonzero(times)
        predicted, weight = self.oob_prediction_[known], data.weight
        weight = None if weight is None else weight[known]
        self.oob_score_ = self.oob_rmse_ = float("nan")
        if len(known) > 1:
            self.oob_score_ = float(r2_score(y[known], predicted, sample_weight=weight))
            mean = np.average((y[known] - predicted) ** 2, weights=weight)
            self.oob_rmse_ = float(np.sqrt(mean))
        order = thinned(np.argsort(predicted, kind="stable"))
        predicted, rows = predicted[order], known[order]
        less = self._gain_of_mean(data.rows.take(rows))
        self._residuals = Residuals.of(predicted, y[rows], less)

    def _gain_of_mean(self, rows: Compact) -> NDArray[np.float64]:
        """By how much the squared error of the mean of all networks is less than that of one (n,).

        The squared error of one is that of what all have in common plus the variance among them,
        s2. Of the mean of m networks it is s2 / m: so it is less by (1 - 1 / m) s2.
        """
        m = len(self._bag.members)
        if m == 1 or not rows.n_rows:
            return np.zeros(rows.n_rows)
        made = self._in_unit(self._bag.outputs(rows))  # (m, n)
        less: NDArray[np.float64] = (1.0 - 1.0 / m) * made.var(axis=0, ddof=1)
        return less

    # --- predicting -----------------------------------------------------------------------------

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The target of each row (n,), in its own unit."""
        mean: NDArray[np.float64] = self._in_unit(self._raw(X)).mean(axis=0)
        return mean

    def predict_interval(self, X: Any, coverage: float = 0.9) -> NDArray[np.float64]:
        """Between which numbers the target lies (n, 2), for a share of `coverage` of rows.

        They are as wide as errors were on rows held out whose predictions were alike, made smaller
        by as much as the mean of the networks is better than one of them.

        Raises
        ------
        ValueError
            If too few rows were held out to be so sure.
        """
        return self._residuals.interval(self.predict(X), coverage)
