"""A tabular classifier tells classes apart by the columns of a table, and says how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from pellucid.tabular.calibration import Calibration, log_loss, loss_of, thinned, threshold
from pellucid.tabular.estimator import Tabular
from pellucid.tabular.hyperparameters import documented
from pellucid.tabular.member import Data, Floats32
from pellucid.tabular.targets import targets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_CLASSES = 1000
"""More are refused: hardly a row of each would be in a batch."""


def refuse_many(classes: int, rows: int) -> None:
    """Raise ValueError if there are more classes in so many rows than can be told apart."""
    if classes > MOST_CLASSES:
        raise ValueError(
            f"the target has {classes} classes in {rows} rows, and at most {MOST_CLASSES} can be "
            "told apart: put rare ones together as one, or predict what they stand for as "
            "numbers with TabularRegressor"
        )


@documented
@dataclass(eq=False, repr=False)
class TabularClassifier(ClassifierMixin, Tabular):
    """A classifier for tables of mixed columns that needs nothing chosen: a bag of networks.

    Parameters
    ----------
    {shared}
    label_smoothing : float, default=0.1
        The part of each target that is shared among all classes, so that training does not strive
        for certainty.
    calibrate : bool, default=True
        Whether probabilities are brought in line with rows held out, by a temperature and by taking
        back what label smoothing has taken: so that of rows with 80 % about 80 in 100 are right.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, in probabilities too.

    Attributes
    ----------
    classes_ : (n_classes,) labels.
    temperature_, smoothing_ : by which raw outputs are divided, and how much of label smoothing is
        taken back from the probabilities.
    oob_decision_function_ : (n, n_classes) probabilities of each row by networks that have not seen
        it; NaN where all have.
    oob_score_ : their accuracy; `oob_log_loss_` in nats.
    {fitted}

    Examples
    --------
    >>> table = {
    ...     "hours": [2, 9, 1, 5, 3, 6, 8, 4, 7, 0] * 4,
    ...     "slept": ["well", "badly"] * 20,
    ...     "passed": ["no", "yes", "no", "yes", "no", "yes", "yes", "no", "yes", "no"] * 4,
    ... }
    >>> model = TabularClassifier(min_steps=100, random_state=0).fit(table, "passed")
    >>> model.predict({"hours": [1, 8], "slept": ["well", None]}).tolist()
    ['no', 'yes']
    >>> print(model.schema_)
    column  kind      missing  distinct  note
    hours   number          0
    slept   category        0         2
    """

    _: KW_ONLY
    activation: Any = "selu"
    dropout: float = 0.15
    weight_decay: float = 0.02
    learning_rate_init: float = 0.04
    label_smoothing: float = 0.1
    calibrate: bool = True
    class_weight: Mapping[Any, float] | str | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Tabular._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "calibrate": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    _classes: ClassVar[bool] = True
    _loss_name: ClassVar[str] = "log_loss"

    def _targets(self, y: Any, n_rows: int, name: str) -> NDArray[Any]:
        y = targets_of(y, n_rows, name)
        if y.dtype.kind != "f":  # fractions are no classes, however many
            refuse_many(len({*y.tolist()}), len(y))
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise ValueError(f"{error} To predict numbers, use TabularRegressor") from None
        return y

    def _encode_targets(self, y: NDArray[Any]) -> tuple[Floats32, NDArray[Any]]:
        self.classes_, codes = np.unique(y, return_inverse=True)
        k = len(self.classes_)
        if k < 2:
            raise ValueError(
                f"the target has one class only, {self.classes_.tolist()[0]!r}: expected two or "
                "more"
            )
        refuse_many(k, len(y))
        return np.eye(k, dtype=np.float32)[codes], codes

    def _weights(self, y: NDArray[Any], weight: NDArray[Any] | None) -> NDArray[Any] | None:
        if self.class_weight is None:
            return weight
        by_class = compute_sample_weight(self.class_weight, y)
        return by_class if weight is None else by_class * weight

    def _judge(self, output: Floats32, rows: Data) -> float:
        return log_loss(output, rows.y.argmax(axis=1), rows.weight)

    def _look_back(self, data: Data, y: NDArray[Any]) -> None:
        """Temperature and scores, by rows held out."""
        codes = data.y.argmax(axis=1)
        held = [member for member in self._seen if member.best_epoch and len(member.held_out)]
        rows = np.concatenate([m.held_out for m in held]) if held else np.zeros(0, np.intp)
        z = np.concatenate([m.output for m in held]) if held else np.zeros((0, data.y.shape[1]))
        weight = None if data.weight is None else data.weight[rows]
        self._calibration = Calibration()
        if self.calibrate:
            self._calibration = Calibration.fit(z, codes[rows], weight, self.label_smoothing)
        self.temperature_ = self._calibration.temperature
        self.smoothing_ = self._calibration.smoothing
        n, k = data.y.shape
        seen = np.zeros((n, k))
        times = np.zeros(n)
        np.add.at(seen, rows, self._calibration.probabilities(z) if len(z) else seen[:0])
        np.add.at(times, rows, 1.0)
        with np.errstate(invalid="ignore"):
            self.oob_decision_function_ = seen / times[:, None]
        known = times > 0
        p, c = self.oob_decision_function_[known], codes[known]
        self._of_right = thinned(np.sort(p[np.arange(len(c)), c]))
        w = None if data.weight is None else data.weight[known]
        self.oob_score_ = self.oob_log_loss_ = float("nan")
        if len(c):
            self.oob_score_ = float(np.average(p.argmax(axis=1) == c, weights=w))
            self.oob_log_loss_ = loss_of(p, c, w)

    # --- predicting -----------------------------------------------------------------------------

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """The probability of each class (n, n_classes), in the order of `classes_`."""
        outputs = self._raw(X)
        made = [self._calibration.probabilities(z) for z in outputs]
        mean: NDArray[np.float64] = np.mean(made, axis=0)
        return mean

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """The logarithms of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of each row (n,)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[likeliest]
        return labels

    def predict_set(self, X: Any, coverage: float = 0.9) -> NDArray[np.bool_]:
        """Which classes a row may have (n, n_classes): sets that hold the right one so often.

        Of rows like those of training, a share of `coverage` at least has its class among them. The
        likeliest class always is.

        Raises
        ------
        ValueError
            If too few rows were held out to be so sure.
        """
        p = self.predict_proba(X)
        among = p >= threshold(self._of_right, coverage)
        among[np.arange(len(p)), p.argmax(axis=1)] = True
        return among
