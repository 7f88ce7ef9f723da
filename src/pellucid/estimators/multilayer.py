"""A multilayer perceptron is a network that scikit-learn can fit: what both estimators share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, validate_data

from pellucid.architecture import Architecture
from pellucid.arrays import Array, array_like, namespace, to_numpy
from pellucid.engines import State
from pellucid.estimators.convergence import Convergence
from pellucid.estimators.course import Course
from pellucid.estimators.fitted import Fitted
from pellucid.estimators.fitting import Fitting, Rows, as_double, optimizer_of
from pellucid.estimators.hyperparameters import SEARCHING, STEPPING, Hyperparameters
from pellucid.estimators.protocol import ProtocolCallbacks
from pellucid.model import Network
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
            self._begin(X, y)
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
        first = not self._goes_on(once)
        X, y = self._checked(X, y, reset=first)
        if first:
            self._begin(X, y)
        else:
            self._refuse_other_targets(y)
            self._go_on(X)
        self.__dict__.pop("_begun", None)
        self._is_partial = once
        for callback in self.callbacks:
            if ProtocolCallbacks.is_one(callback) and callback not in self._protocol():
                CallbackSupportMixin.set_callbacks(self, *self._protocol(), callback)
        rows = self._rows(X, y, sample_weight, once)
        kind = rows.Y.dtype
        if self.solver in SEARCHING and self.dtype is None:
            rows = rows.in_double_precision()  # a search on float32 ends too soon
            self._course.state.theta = as_double(self._course.state.theta)
        held = None
        if validation is not None:
            X_val, y_val = self._checked(validation[0], validation[1], reset=False)
            held = self._rows(X_val, y_val, validation[2], once)
            held = held if held.Y.dtype == rows.Y.dtype else held.in_double_precision()
        fitting = Fitting(self, self._network, self._course, rows, held, once)
        fitting.run()
        self._end(fitting, kind)

    def _goes_on(self, once: bool) -> bool:
        """Whether training goes on from where it stands, or begins anew."""
        wanted = self.warm_start or once or getattr(self, "_begun", False)
        return wanted and hasattr(self, "coefs_")

    def _protocol(self) -> list[Any]:
        return list(getattr(self, "_skl_callbacks", ()))

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

    def _rows(self, X: Array, y: NDArray[Any], sample_weight: Any, once: bool) -> Rows:
        """What the engine works on."""
        like = X.data if is_sparse(X) else X
        Y = array_like(self._encoded(y), like)
        weight = self._weights(X, y, sample_weight, once)
        return Rows(X, y, Y, None if weight is None else array_like(weight, like))

    def _weights(self, X: Array, y: Any, sample_weight: Any, once: bool) -> Any:
        if sample_weight is None:
            return None
        return _check_sample_weight(sample_weight, X, ensure_non_negative=True)

    def _begin(self, X: Array, y: NDArray[Any]) -> None:
        """A new network with the first weights, drawn as scikit-learn draws them."""
        self._target = self._target_of(y)
        self._announce()
        random_state = check_random_state(self.random_state)
        sizes = [X.shape[1], *self._hidden_sizes(), self._target.n_outputs]
        like = X.data if is_sparse(X) else X
        if isinstance(like, np.ndarray):
            dtype = like.dtype.name
        else:
            dtype = "float32" if like.dtype == namespace(like).float32 else "float64"
        architecture = Architecture.of(sizes, self._activations(), self._target.output_activation)
        factor = 2.0 if self.activation in ("logistic", "sigmoid") else 6.0
        theta = _drawn(architecture, factor, random_state).astype(dtype)
        network = self._made(architecture)
        network.theta = array_like(theta, like)
        self._hold(network)
        self._course = self._new_course(random_state)

    def _go_on(self, X: Array) -> None:
        """The network as it is, with whatever hyperparameters may have changed since."""
        network = self._network_now()
        hidden = [layer.n_out for layer in network.architecture.layers[:-1]]
        if hidden != self._hidden_sizes():
            raise ValueError(
                f"hidden_layer_sizes is {self._hidden_sizes()} and the fitted network has "
                f"{hidden}: set warm_start=False to begin anew"
            )
        like = X.data if is_sparse(X) else X
        theta = array_like(to_numpy(network.theta), like)
        architecture = Architecture.of(
            [network.architecture.n_inputs, *hidden, network.architecture.n_outputs],
            self._activations(),
            network.architecture.output_activation,
        )
        course = getattr(self, "_course", None)
        if course is None:
            course = self._new_course(check_random_state(self.random_state))
        network = self._made(architecture)
        network.theta = theta
        self._hold(network)
        as_handed_out = course.given is not None and np.array_equal(
            to_numpy(course.given), to_numpy(theta)
        )
        start = course.state.theta if as_handed_out else theta
        start = array_like(to_numpy(start), like)
        rule = None if self.solver in SEARCHING else optimizer_of(self)
        moments = {} if rule is None else rule.init(start)
        if rule is not None and course.solver == rule.name:
            moments = {
                name: array_like(to_numpy(m), like) if np.ndim(m) else m
                for name, m in course.state.moments.items()
            }
        course.solver = None if rule is None else rule.name
        course.state = State(start, moments, course.state.steps)
        if course.rate_at_first != self.learning_rate_init:
            course.rate = course.rate_at_first = float(self.learning_rate_init)
        course.convergence.tol = self.tol
        course.convergence.patience = self.n_iter_no_change
        self._course = course

    def _new_course(self, random_state: np.random.RandomState) -> Course:
        theta = self._network.theta
        rule = None if self.solver in SEARCHING else optimizer_of(self)
        return Course(
            random_state,
            State(theta, {} if rule is None else rule.init(theta)),
            Convergence(self.tol, self.n_iter_no_change),
            float(self.learning_rate_init),
            None if rule is None else rule.name,
        )

    def _made(self, architecture: Architecture) -> Network:
        """The network that the hyperparameters mean."""
        layers = len(architecture.layers)
        frozen = {}
        for number in self.frozen:
            if not -layers <= number < layers:
                raise ValueError(f"frozen names layer {number}: expected 0 to {layers - 1}")
            frozen[f"layer{number % layers + 1}.*"] = {"frozen": True}
        made_of = (architecture, self._target, getattr(self, "label_smoothing", None), self.alpha,
                   self.l1, tuple(self.frozen), self.engine, self.n_threads)  # fmt: skip
        if getattr(self, "_made_of", None) == made_of:  # its engine knows it already
            return Network.like(self._network)
        self._made_of = made_of
        return Network(
            architecture, loss=self._loss(), initializer=0.0, alpha=self.alpha, l1=self.l1,
            segments=frozen, engine=self.engine, n_threads=self.n_threads,
        )  # fmt: skip

    def _hidden_sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if np.any(np.array(sizes) <= 0):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return sizes

    def _activations(self) -> Any:
        return list(self.activation) if isinstance(self.activation, list) else self.activation

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
        best = course.convergence.best
        by_score = fitting.stops_early and not fitting.by_loss
        self.best_validation_score_ = -best if by_score else None
        self.best_loss_ = None if by_score else best
        self.best_iter_ = course.convergence.best_epoch
        self.stopped_ = fitting.stopped

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.array_api_support = True
        return tags


def _drawn(
    architecture: Architecture, factor: float, random_state: np.random.RandomState
) -> NDArray[np.float64]:
    """First weights and biases, from scikit-learn's distribution and in its order.

    U(-b, b) with b = sqrt(factor / (n_in + n_out)): Glorot and Bengio (2010), for whom it is 6,
    and 2 for units of the logistic function.
    """
    pieces = []
    for layer in architecture.layers:
        bound = sqrt(factor / (layer.n_in + layer.n_out))
        pieces.append(random_state.uniform(-bound, bound, layer.n_in * layer.n_out))
        pieces.append(random_state.uniform(-bound, bound, layer.n_out))
    return np.concatenate(pieces)


def _is_of_another_library(X: Any) -> bool:
    """Whether X is an array that scikit-learn will leave in its library."""
    from sklearn import get_config

    if not get_config()["array_api_dispatch"] or isinstance(X, np.ndarray) or is_sparse(X):
        return False
    return hasattr(X, "dtype") and hasattr(X, "device")
