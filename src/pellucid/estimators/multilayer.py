"""A multilayer perceptron is a network that scikit-learn can fit: what both estimators share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.callback import AutoPropagatedCallback, CallbackSupportMixin
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, validate_data

from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.estimators.data import Rows, as_kind
from pellucid.estimators.fitted import Fitted
from pellucid.estimators.fitting import Fitting
from pellucid.estimators.hyperparameters import SEARCHING, STEPPING, Hyperparameters
from pellucid.estimators.protocol import ProtocolCallbacks
from pellucid.estimators.start import begin, go_on
from pellucid.sparse import as_csr, dense, is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

OF_A_FIT = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")
"""What scikit-learn keeps on an estimator while it is being fitted."""


def takes_steps(estimator: Multilayer) -> bool:
    """Whether it has `partial_fit`; if not, AttributeError says why."""
    if estimator.solver not in STEPPING:
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    return True


@dataclass(eq=False, repr=False)
class Multilayer(CallbackSupportMixin, Hyperparameters, Fitted):
    """What `MLPClassifier` and `MLPRegressor` share; not to be used by itself."""

    # --- fitting --------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Any:
        """Fit the model to X (n, n_features) and y (n,) or (n, n_targets).

        Parameters
        ----------
        sample_weight : (n,) weights of the rows in the loss, and in what early stopping looks at.
        X_val, y_val, sample_weight_val : rows to measure on after each epoch, and for
            `early_stopping` to look at; without them it holds out a part of X.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If data or hyperparameters are not what they should be, or training diverges; the
            estimator is then as it was before.
        """
        with self._all_or_nothing():
            validation = self._given_validation(X_val, y_val, sample_weight_val)
            self._fit(X, y, sample_weight, validation)
        return self

    @available_if(takes_steps)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Train for one epoch on X (n, n_features) and y, going on from where training stands."""
        with self._all_or_nothing(once=True):
            self._refuse_early_stopping()
            self._fit(X, y, sample_weight, once=True)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def initialize(self, X: Any, y: Any) -> Any:
        """Make the network for such data, with its first weights, and do not train it.

        `coefs_` and `intercepts_` can then be read and set; the next `fit` or `partial_fit` begins
        with them. `frozen` names the layers that are to keep theirs.
        """
        with self._all_or_nothing():
            X, y = self._checked(X, y, reset=True)
            begin(self, X, y)
            self._begun = True
        return self

    def set_callbacks(self, *callbacks: Any) -> Any:
        """Set what is called as training goes on: protocol callbacks, and functions of an event."""
        of_protocol = [c for c in callbacks if ProtocolCallbacks.is_one(c)]
        super().set_callbacks(*of_protocol)
        self.callbacks = [c for c in callbacks if not ProtocolCallbacks.is_one(c)]
        return self

    def to_sklearn(self) -> Any:
        """The scikit-learn estimator with the same parameters, weights and state.

        Raises
        ------
        ValueError
            If scikit-learn has no such network.
        """
        from pellucid.estimators.conversion import to_sklearn

        return to_sklearn(self)

    def save(self, path: str | os.PathLike[str], **more: Any) -> None:
        """Write everything needed to predict to one model file, which `pellucid.load` reads.

        It is safetensors with a JSON header: data, no code. Training does not go on from it as
        from a pickle.

        Parameters
        ----------
        more : what else shall be in the header, plain data by name.

        Raises
        ------
        ValueError
            If an activation or the loss is one's own code, or classes are neither text, numbers
            nor booleans.
        """
        from pellucid.estimators.saving import save

        save(self, path, **more)

    def _refuse_checkpoint(self, once: bool) -> None:
        if self.checkpoint is not None and (once or self.warm_start):
            raise ValueError(
                f"checkpoint is {os.fspath(self.checkpoint)!r} and "
                + ("partial_fit takes one epoch" if once else "warm_start is True")
                + ": a checkpoint is of one fit from its beginning. Leave it out and pickle the "
                "estimator, or call fit with resume=True and a larger max_iter"
            )

    def _refuse_early_stopping(self) -> None:
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")

    @contextmanager
    def _all_or_nothing(self, once: bool = False) -> Iterator[None]:
        """If something goes wrong, the estimator is left as it was."""
        before = dict(vars(self))
        course = before.get("_course")
        restore = course.mark() if course is not None and self._goes_on(once) else None
        try:
            yield
        except BaseException:
            now = self.__dict__
            kept = {name: now[name] for name in OF_A_FIT if name in now}
            now.clear()
            now.update(before | kept)
            if restore is not None:
                restore()
            raise

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any, Any] | None = None,
        once: bool = False,
    ) -> None:
        self._refuse_checkpoint(once)
        first = not self._goes_on(once)
        X, y = self._checked(X, y, reset=first)
        if first:
            begin(self, X, y)
        else:
            self._refuse_other_targets(y)
            if self.dtype is None and type(X) is np.ndarray:  # weights stay what they are
                X = as_kind(X, to_numpy(self._network.theta).dtype)
            go_on(self, X)
        self.__dict__.pop("_begun", None)
        self._is_partial = once
        rows = self._rows(X, y, sample_weight, once)
        kind = rows.Y.dtype
        if self.solver in SEARCHING and self.dtype is None:  # on float32 it ends too soon
            rows = rows.of(namespace(rows.Y).float64)
            self._course.state.theta = as_kind(self._course.state.theta, rows.Y.dtype)
        held = None
        if validation is not None:
            X_val, y_val = self._checked(validation[0], validation[1], reset=False)
            held = self._rows(X_val, y_val, validation[2], once, of_training=False)
            held = held.of(rows.Y.dtype)
        fitting = Fitting(self, self._network, self._course, rows, held, once)
        known: Any = getattr(self, "_skl_callbacks", None)
        self._skl_callbacks: Any = self._protocol_callbacks()
        try:
            fitting.run()
        finally:
            self._skl_callbacks = known
            if known is None:
                del self._skl_callbacks
        self._end(fitting, kind)

    def _goes_on(self, once: bool) -> bool:
        """Whether training goes on from where it stands, or begins anew."""
        wanted = self.warm_start or once or getattr(self, "_begun", False)
        return wanted and hasattr(self, "coefs_")

    def _protocol_callbacks(self) -> list[Any]:
        """Those that were set and those among `callbacks`, for this fit."""
        own = [c for c in self.callbacks if ProtocolCallbacks.is_one(c)]
        spread = [type(c).__name__ for c in own if isinstance(c, AutoPropagatedCallback)]
        if spread and hasattr(self, "_parent_callback_ctx"):
            raise TypeError(
                f"callbacks holds {', '.join(spread)}, which follow whatever an estimator fits: "
                "give them to the outermost one, by its set_callbacks"
            )
        known = list(getattr(self, "_skl_callbacks", ()))
        return known + [c for c in own if c not in known]

    def _given_validation(self, X: Any, y: Any, weight: Any) -> tuple[Any, Any, Any] | None:
        if (X is None) != (y is None):
            there, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"{there} was given without {missing}: give both, or neither")
        if X is None and weight is not None:
            raise ValueError("sample_weight_val was given without X_val and y_val: give all three")
        return None if X is None else (X, y, weight)

    def _checked(self, X: Any, y: Any, reset: bool) -> tuple[Array, NDArray[Any]]:
        """X and y as arrays, or scikit-learn's own errors."""
        dtypes: Any = [self.dtype] if self.dtype else [np.float64, np.float32]
        if _is_of_another_library(X):
            xp = namespace(X)
            dtypes = [getattr(xp, self.dtype)] if self.dtype else [xp.float64, xp.float32]
        X, y = validate_data(
            self, X, y, accept_sparse=("csr", "csc"), multi_output=True, dtype=dtypes, reset=reset,
            y_numeric=self._numeric,
        )  # fmt: skip
        y = y.toarray() if is_sparse(y) else to_numpy(y)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return as_csr(X) if is_sparse(X) else X, y

    def _rows(
        self, X: Array, y: NDArray[Any], sample_weight: Any, once: bool, of_training: bool = True
    ) -> Rows:
        """What the engine works on."""
        like = X.data if is_sparse(X) else X
        Y = array_like(self._encoded(y), like)
        if Y.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has shape {y.shape}, which is of another kind than the y it was made for "
                f"({self._target.kind})"
            )
        weight = self._weights(X, y, sample_weight, once, of_training)
        return Rows(X, y, Y, None if weight is None else array_like(weight, like))

    def _weights(self, X: Array, y: Any, sample_weight: Any, once: bool, of_training: bool) -> Any:
        if sample_weight is None:
            return None
        return _check_sample_weight(sample_weight, X, ensure_non_negative=True)

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if np.any(np.array(sizes) <= 0):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return sizes

    def _activations(self) -> Any:
        layers = len(self._hidden_sizes())
        if isinstance(self.activation, list) and len(self.activation) != layers:
            raise ValueError(
                f"activation has {len(self.activation)} items for {layers} hidden layers: give "
                "one, or one for each"
            )
        return self.activation

    # --- what is fitted -------------------------------------------------------------------------

    def _announce(self) -> None:
        """The attributes that say what the network is for."""
        target = self._target
        name = target.output_activation.name
        self.n_outputs_ = target.n_outputs
        self.n_layers_ = len(self._hidden_sizes()) + 2
        self.out_activation_ = {"sigmoid": "logistic"}.get(name, name)

    def _end(self, fitting: Fitting, kind: Any) -> None:
        """Hand out the weights, in the dtype of the data, and what was seen on the way."""
        course, network = self._course, fitting.network
        xp = namespace(fitting.theta)
        course.given = xp.astype(fitting.theta, kind, copy=True)
        network.theta = course.given
        self._hold(network)
        curves = course.curves
        self._curves = curves
        self.n_iter_ = course.epochs - fitting.done_before
        self.t_ = course.samples
        self.loss_curve_ = curves.get("loss", [])
        if self.loss_curve_:
            self.loss_ = self.loss_curve_[-1]
        else:  # a search that began where it would have ended
            rows = fitting.rows
            self.loss_ = network.objective.value(network.theta, dense(rows.X), rows.Y, rows.weight)
        self.validation_loss_curve_ = curves.get("validation_loss")
        self.validation_scores_ = curves.get("validation_score")
        best, early = course.convergence.best, fitting.stops_early
        self.best_validation_score_ = -best if early and not fitting.by_loss else None
        self.best_validation_loss_ = best if fitting.by_loss else None
        self.best_loss_ = None if early else best
        self.best_iter_ = course.convergence.best_epoch
        self.stopped_ = fitting.stopped

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        return tags


def _is_of_another_library(X: Any) -> bool:
    """Whether X is an array that scikit-learn will leave in its library."""
    from sklearn import get_config

    if not get_config()["array_api_dispatch"] or isinstance(X, np.ndarray) or is_sparse(X):
        return False
    return hasattr(X, "dtype") and hasattr(X, "device")
