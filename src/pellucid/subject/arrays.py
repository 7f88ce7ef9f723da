"""A subject that takes a matrix of numbers: a bare network, or an estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.export.program import Column
from pellucid.history import History
from pellucid.model import Network
from pellucid.subject.base import Floats, Input, Subject, float64

if TYPE_CHECKING:
    from numpy.typing import NDArray


class NetworkSubject(Subject):
    """A bare network: what it takes is a matrix, what it gives is the answer."""

    def __init__(self, model: Network) -> None:
        n, k = model.architecture.n_inputs, model.architecture.n_outputs
        columns = [Column(f"x{i + 1}", gaps=False) for i in range(n)]
        tells_classes = model.loss.normalised or model.loss.name == "binary_cross_entropy"
        classes = range(max(k, 2)) if tells_classes else None
        inputs = [Input(column.name, i) for i, column in enumerate(columns)]
        super().__init__(model, [model], columns, inputs, classes, "y", model.history)

    def _encode_targets(self, y: Any) -> Floats:
        k = self.network.architecture.n_outputs
        flat = np.asarray(to_numpy(y))
        if flat.ndim == 1 and k > 1 and flat.size != k:
            codes = flat.astype(int)
            if (codes != flat).any() or codes.min() < 0 or codes.max() >= k:
                raise ValueError(
                    f"y holds {flat.min()} to {flat.max()}: expected classes from 0 to {k - 1}"
                )
            one_hot: Floats = np.eye(k)[codes]
            return one_hot
        rows = flat if flat.ndim == 2 else flat.reshape(1 if flat.size == k else -1, k)
        X = np.zeros((len(rows), self.network.architecture.n_inputs))
        return float64(self.network.samples(X, y)[1])

    def _answer(self, output: Floats) -> Floats:
        both = self.classes is not None and output.shape[1] == 1
        return np.hstack([1.0 - output, output]) if both else output


class EstimatorSubject(Subject):
    """An MLPClassifier or MLPRegressor."""

    def __init__(self, model: Any) -> None:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(model)
        named = getattr(model, "feature_names_in_", None)
        n = model.n_features_in_
        names = [f"x{i + 1}" for i in range(n)] if named is None else [str(name) for name in named]
        columns = [Column(name, gaps=False) for name in names]
        classes: Any = getattr(model, "classes_", None)
        several = isinstance(classes, list)
        if several:
            classes = [(i + 1, one) for i, each in enumerate(classes) for one in each.tolist()]
        elif classes is not None:
            classes = np.asarray(classes).tolist()
        super().__init__(
            model, [model.network_], columns, [Input(name, i) for i, name in enumerate(names)],
            classes, history=_history(model),
            exclusive=not several and getattr(model._target, "kind", "") != "multilabel-indicator",
        )  # fmt: skip

    def _encode_targets(self, y: Any) -> Floats:
        y = np.asarray(y)
        if self.classes is None:
            y = y.reshape(len(y), -1)  # one column a target
        elif y.dtype == object:
            y = np.array(y.tolist())
        return np.asarray(self.model._target.encode(y), np.float64).reshape(len(y), -1)

    def _predict(self, X: Any) -> NDArray[Any]:
        decoded: NDArray[Any] = self.model._target.decode(self.outputs(X)[0])
        return decoded

    def _answer(self, output: Floats) -> Floats:
        target = self.model._target
        if self.classes is None:
            return np.asarray(target.decode(output), np.float64).reshape(len(output), -1)
        found = target.probabilities(output)
        return np.hstack(found) if isinstance(found, list) else np.asarray(found, np.float64)


def _history(model: Any) -> History | None:
    """That of an estimator, of what its curves tell."""
    curves: dict[str, Any] = {name: list(curve) for name, curve in model._curves.items()}
    known = {name: curve for name, curve in curves.items() if name in History.__annotations__}
    best = getattr(model, "best_iter_", None)
    stopped = getattr(model, "stopped_", "")
    return History(**known, best_epoch=best, stopped=stopped) if known.get("loss") else None
