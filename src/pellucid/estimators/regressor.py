"""A regressor is a network that predicts numbers: scikit-learn's MLPRegressor, and more."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils._param_validation import Interval, StrOptions

from pellucid.arrays import Array, array_like, like_given, to_numpy
from pellucid.estimators.convergence import remark_on_target
from pellucid.estimators.data import Rows
from pellucid.estimators.hyperparameters import Hyperparameters, documented
from pellucid.estimators.multilayer import Multilayer
from pellucid.estimators.numeric import Numbers
from pellucid.losses import Loss
from pellucid.scaling import SCALERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@documented
@dataclass(eq=False, repr=False)
class MLPRegressor(RegressorMixin, Multilayer):
    """A network that predicts numbers: scikit-learn's `MLPRegressor`, faster and with more.

    Parameters
    ----------
    loss : str, Loss or pair of functions, default="squared_error"
        "squared_error", "absolute_error", "huber", "quantile", or for counts "poisson", whose
        output is exp; or one's own value and gradient, as `pellucid.Loss` describes them.
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer; () is a linear model.
    activation : str, Activation, pair of functions, or a list with one a layer, default="relu"
        Of the hidden layers: a name of `pellucid.ACTIVATIONS` ("logistic" is "sigmoid").
    solver : str, default="adam"
        "sgd", "adam", "adamw", "rmsprop" take a step for each batch; "lbfgs" and
        "conjugate_gradient" search on all rows at once.
    {shared}
    quantile : float or list of float, default=0.5
        For the loss "quantile": which one, or several at once; predictions of several have a
        column for each and do not cross.
    huber_delta : float, default=1.0
        For the loss "huber": where it turns from squared to absolute, in units of the target as
        it is scaled.
    target_scaling : str or None, default=None
        A name of `pellucid.SCALERS`, such as "standard": the network learns the scaled target,
        and predictions are scaled back. Losses are in scaled units then.

    Attributes
    ----------
    {fitted}

    Notes
    -----
    Where it differs from scikit-learn's is listed in `docs/scikit-learn.md`.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> model = MLPRegressor(
    ...     "quantile", (20,), "tanh", solver="lbfgs", quantile=[0.1, 0.9], random_state=0
    ... ).fit(X, X[:, 0])
    >>> model.predict(X).shape
    (50, 2)
    """

    loss: Any = "squared_error"
    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: Any = "relu"
    _: KW_ONLY
    quantile: float | Sequence[float] = 0.5
    huber_delta: float = 1.0
    target_scaling: str | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Hyperparameters._parameter_constraints,
        "loss": [
            StrOptions({"squared_error", "poisson", "absolute_error", "huber", "quantile"}),
            Loss,
            tuple,
        ],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
        "huber_delta": [Interval(Real, 0, None, closed="neither")],
        "target_scaling": [StrOptions(set(SCALERS)), None],
    }

    _numeric: ClassVar[bool] = True

    def predict(self, X: Any) -> NDArray[Any]:
        """The number predicted for each row of X (n, n_features).

        (n,), or (n, n_targets); for several quantiles with one more axis, in their order.
        """
        output = self._output(X)
        return like_given(self._target.decode(to_numpy(output)), output)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R^2, by weight; for several quantiles the mean of their D^2 of the pinball loss."""
        if self._is_of_quantiles():
            return self._pinball(self.predict(X), np.asarray(y), sample_weight)
        return float(super().score(X, y, sample_weight))

    # --- what fitting asks of it ----------------------------------------------------------------

    def _is_of_quantiles(self) -> bool:
        return bool(getattr(getattr(self, "_target", None), "several", False))

    def _pinball(self, predicted: NDArray[Any], y: NDArray[Any], weight: Any) -> float:
        from sklearn.metrics import d2_pinball_score

        scores = [
            d2_pinball_score(y, predicted[..., j], alpha=q, sample_weight=weight)
            for j, q in enumerate(self._target.levels)
        ]
        return float(np.mean(scores))

    def _target_of(self, y: NDArray[Any]) -> Numbers:
        if y.dtype.kind not in "biuf":
            raise ValueError(
                f"y holds {y.ravel()[:1].tolist()}, which is no number: expected numbers, or for "
                "classes use MLPClassifier"
            )
        if isinstance(self.loss, tuple) and not all(callable(part) for part in self.loss):
            raise ValueError(
                f"loss is {self.loss!r}: expected a name, or a pair of functions. (The sizes of "
                "hidden layers are the second argument: hidden_layer_sizes=...)"
            )
        target = Numbers(
            _as_columns(y), self.loss, self.quantile, self.huber_delta, self.target_scaling
        )
        names = ("loss", "quantile", "huber_delta", "target_scaling")
        target.made_with = {name: getattr(self, name) for name in names}
        return target

    def _refuse_other_targets(self, y: NDArray[Any]) -> None:
        for name, value in self._target.made_with.items():
            if getattr(self, name) is not value and getattr(self, name) != value:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r} and the network was made with {value!r}: "
                    "set warm_start=False to begin anew"
                )
        given, known = _as_columns(y).shape[1], self._target.n_targets
        if given != known:
            raise ValueError(f"y has {given} targets and the network was made for {known}")

    def _loss(self) -> Loss:
        return self._target.loss()

    def _encoded(self, y: NDArray[Any]) -> NDArray[Any]:
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError(
                "Some value(s) of y are out of the valid range of the loss 'poisson': the lowest "
                f"is {y.min():g}, expected counts from 0 on. Use another loss."
            )
        return self._target.encode(_as_columns(y))

    def _strata(self, rows: Rows) -> None:
        return None

    def _remark(self, rows: Rows) -> str:
        as_it_is = self._target.scaler is None and self.loss != "poisson"
        return remark_on_target(rows.Y) if as_it_is else ""

    def _score_of(self, output: NDArray[Any], rows: Rows) -> float:
        from sklearn.metrics import r2_score

        predicted = self._target.decode(output)
        if self._is_of_quantiles():
            return self._pinball(predicted, rows.y, rows.weight)
        return float(r2_score(rows.y, predicted, sample_weight=rows.weight))

    def _in_target_units(self, gradient: NDArray[Any]) -> NDArray[Any]:
        scaler = self._target.scaler
        if scaler is None:
            return gradient
        scale = np.broadcast_to(scaler.scale, (self._target.n_targets,))
        by_output = np.repeat(scale, gradient.shape[1] // len(scale))[:, None]
        return gradient * array_like(by_output, gradient)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _as_columns(y: Array) -> Array:
    return y.reshape(-1, 1) if y.ndim == 1 else y
