"""A classifier is a network that tells classes apart: scikit-learn's MLPClassifier, and more."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    type_of_target,
    unique_labels,
)
from sklearn.utils.validation import _check_sample_weight

from pellucid.arrays import Array, like_given, namespace, to_numpy
from pellucid.estimators.data import Rows
from pellucid.estimators.hyperparameters import Hyperparameters, documented
from pellucid.estimators.labels import (
    Labels,
    MixedLabels,
    columns_of,
    is_mixed,
    refuse_unknown,
    weights_by_class,
)
from pellucid.estimators.multilayer import Multilayer, takes_steps
from pellucid.losses import Loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@documented
@dataclass(eq=False, repr=False)
class MLPClassifier(ClassifierMixin, Multilayer):
    """A network that tells classes apart: scikit-learn's `MLPClassifier`, faster and with more.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer; () is a linear model.
    activation : str, Activation, pair of functions, or a list with one a layer, default="relu"
        Of the hidden layers: a name of `pellucid.ACTIVATIONS` ("logistic" is "sigmoid").
    solver : str, default="adam"
        "sgd", "adam", "adamw", "rmsprop" take a step for each batch; "lbfgs" and
        "conjugate_gradient" search on all rows at once.
    {shared}
    class_weight : dict, "balanced" or None, default=None
        Weight of each class in loss and scores; for several targets a list of dicts.
    label_smoothing : float, default=0.0
        The part of each target that is shared among all classes.

    Attributes
    ----------
    classes_ : (n_classes,) labels, or for several targets a list of such.
    {fitted}

    Notes
    -----
    Where it differs from scikit-learn's is listed in `docs/scikit-learn.md`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> X = (X - X.mean(axis=0)) / X.std(axis=0)
    >>> model = MLPClassifier((16,), solver="lbfgs", alpha=1.0, random_state=0).fit(X, y)
    >>> model.predict(X[:2]).tolist(), model.score(X, y) > 0.95
    ([0, 0], True)
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: Any = "relu"
    _: KW_ONLY
    class_weight: str | Mapping[Any, float] | Sequence[Mapping[Any, float]] | None = None
    label_smoothing: float = 0.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Hyperparameters._parameter_constraints,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    }

    loss: ClassVar[str] = "log_loss"
    _numeric: ClassVar[bool] = False

    @available_if(takes_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Any:
        """Train for one epoch on X (n, n_features) and y, going on from where training stands.

        Parameters
        ----------
        classes : all classes there are, or for several targets a list of such; needed in the first
            call alone.
        """
        with self._all_or_nothing(once=True):
            self._refuse_early_stopping()
            begun = hasattr(self, "_target") and hasattr(self, "classes_")
            if not begun and classes is not None and is_mixed(y):
                self._all_classes: Any = MixedLabels.knowing(classes, np.shape(y)[1])
            elif not (begun and (classes is None or isinstance(self.classes_, list))) and (
                _check_partial_fit_first_call(self, classes)
            ):
                several = type_of_target(y).startswith("multilabel")
                self._all_classes = y if several else classes
            try:
                self._fit(X, y, sample_weight, once=True)
            finally:
                self.__dict__.pop("_all_classes", None)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of each row of X (n, n_features): (n,), or (n, n_targets)."""
        output = self._output(X)
        return like_given(self._target.decode(to_numpy(output)), output)

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class (n, n_classes); for several targets a list of such."""
        return self._probabilities(X, "predict_proba")

    def _probabilities(self, X: Any, method: str) -> Any:
        output = self._output(X, method)
        return self._target.probabilities(output)

    def predict_log_proba(self, X: Any) -> Any:
        """The logarithm of `predict_proba`."""
        probabilities = self._probabilities(X, "predict_log_proba")
        if isinstance(probabilities, list):
            return [np.log(p) for p in probabilities]
        return namespace(probabilities).log(probabilities)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The part of rows, by weight, whose label is right: of several targets, all labels."""
        if isinstance(getattr(self, "_target", None), MixedLabels):
            predicted, y = self.predict(X), np.asarray(y)
            if y.shape != predicted.shape:
                raise ValueError(f"y has shape {y.shape}: expected {predicted.shape}")
            if sample_weight is not None:
                sample_weight = _check_sample_weight(sample_weight, predicted)
            return float(np.average((predicted == y).all(axis=1), weights=sample_weight))
        return float(super().score(X, y, sample_weight))

    # --- what fitting asks of it ----------------------------------------------------------------

    def _target_of(self, y: NDArray[Any]) -> Labels | MixedLabels:
        known = getattr(self, "_all_classes", None)
        target: Labels | MixedLabels
        if isinstance(known, MixedLabels):
            target = known
        elif is_mixed(y):
            target = MixedLabels.of(y)
        elif known is None:
            target = Labels(y)
        else:
            target = Labels(known)
            refuse_unknown(y, target.classes)
        self.classes_: Any = target.classes
        return target

    def _refuse_other_targets(self, y: NDArray[Any]) -> None:
        if self.warm_start and not isinstance(self.classes_, list):  # else encoding them tells
            classes = unique_labels(y)
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {self.classes_}, `y` has {classes}"
                )

    def _loss(self) -> Loss:
        return self._target.loss(self.label_smoothing)

    def _encoded(self, y: NDArray[Any]) -> NDArray[Any]:
        return self._target.encode(y)

    def _weights(self, X: Array, y: Any, sample_weight: Any, once: bool, of_training: bool) -> Any:
        weights = super()._weights(X, y, sample_weight, once, of_training)
        if self.class_weight is None:
            return weights
        if self.class_weight == "balanced" and once:
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit, which sees a part of "
                "the rows. Give a dict, such as sklearn.utils.compute_class_weight makes of all y."
            )
        if of_training:  # rows to validate on weigh as those would
            self._class_weights = weights_by_class(self.class_weight, y, weights)
        factors = np.prod(
            [
                [by_class.get(label, 1.0) for label in column]
                for by_class, column in zip(self._class_weights, columns_of(y), strict=True)
            ],
            axis=0,
        )
        if not (factors >= 0.0).all() or not np.isfinite(factors).all():
            raise ValueError(
                f"class_weight is {self.class_weight!r}: expected finite weights from 0 on"
            )
        return factors if weights is None else factors * weights

    def _strata(self, rows: Rows) -> NDArray[Any] | None:
        """What to hold out equal parts of: the classes, where there are enough of each."""
        if self._target.kind == "binary":
            return rows.Y.astype(bool)  # as scikit-learn does
        if not self._target.one_of_several:
            return None
        counts = np.unique(rows.y, return_counts=True)[1]
        held = int(np.ceil(self.validation_fraction * len(rows.y)))
        enough = counts.min() >= 2 and len(counts) <= min(held, len(rows.y) - held)
        return rows.y if enough else None

    def _remark(self, rows: Rows) -> str:
        return ""

    def _score_of(self, output: NDArray[Any], rows: Rows) -> float:
        right = self._target.right(output, rows.y)
        return float(np.average(right, weights=rows.weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
