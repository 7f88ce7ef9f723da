"""What is fitted is a network, held under scikit-learn's names: its weights, and what it is for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._array_api import check_same_namespace
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted, validate_data

from pellucid.architecture import Architecture
from pellucid.arrays import Array, to_numpy
from pellucid.estimators.hyperparameters import KEEPING
from pellucid.model import Network
from pellucid.sparse import as_csr, dense, is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Fitted(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An estimator that has a network: outputs, hidden activations, gradients, pickles.

    `coefs_` and `intercepts_` are views of the network's theta. Whoever assigns others there is
    obeyed: they are compared, by identity, before each use.
    """

    if TYPE_CHECKING:
        hidden_layer_sizes: Any
        activation: Any
        engine: str
        n_threads: int | None
        warm_start: bool
        n_layers_: int
        _target: Any
        _curves: dict[str, list[float]]

    def _hold(self, network: Network) -> None:
        """Make the network's weights the estimator's: `coefs_` and `intercepts_` are views."""
        self._network = network
        self.coefs_ = network.weights
        self.intercepts_ = network.biases
        self._views = [*self.coefs_, *self.intercepts_]

    def _network_now(self) -> Network:
        """The network with the weights as they are now, whoever has set them."""
        given = [*self.coefs_, *self.intercepts_]
        if len(given) != len(self._views) or any(
            a is not b for a, b in zip(given, self._views, strict=True)
        ):
            network = Network.like(self._network)
            network.weights, network.biases = self.coefs_, self.intercepts_
            self._hold(network)
        return self._network

    def _like_this_with(self, network: Network, theta: Array) -> Any:
        """A copy of this estimator whose network has these weights."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__getstate__())
        view.__dict__.pop("_course", None)
        its = Network.like(network)
        its.theta = theta
        view._hold(its)
        return view

    @property
    def history_(self) -> dict[str, NDArray[Any]]:
        """What was seen in each epoch, a column each: `pandas.DataFrame(model.history_)`."""
        check_is_fitted(self)
        return {name: np.asarray(curve) for name, curve in self._curves.items()}

    @property
    def network_(self) -> Network:
        """The network itself, sharing its weights with `coefs_` and `intercepts_`."""
        check_is_fitted(self)
        return self._network_now()

    def __getstate__(self) -> dict[str, Any]:
        if "_network" in vars(self):
            self._network_now()
        state = dict(super().__getstate__())
        state.pop("_made_of", None)
        for name in ("coefs_", "intercepts_", "_views"):  # they are views of the network's theta
            state.pop(name, None)
        if "_network" in state:
            state |= KEEPING
        goes_on = ("_is_partial", "_begun")
        if not self.warm_start and not any(getattr(self, name, False) for name in goes_on):
            state.pop("_course", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "_course" in state:  # a copy goes its own way
            state = state | {"_course": copy.deepcopy(state["_course"])}
        super().__setstate__(state)
        if "_network" in state:
            self._hold(self._network)

    @property
    def _theta(self) -> Array:
        return self._network.theta

    def _output(self, X: Any, method: str = "predict") -> NDArray[Any]:
        """The network's output (n, n_outputs)."""
        check_is_fitted(self)
        network = self._network_now()
        plain = type(X) is np.ndarray and X.ndim == 2 and type(network.theta) is np.ndarray
        if plain and not hasattr(self, "feature_names_in_"):
            output = network._engine.forward_prepared(network.layout, network.theta, X)
            if output is not None:  # nothing was there to convert or to refuse
                return output
        X = self._inputs(X, method)
        return network._engine.forward(network.layout, network._theta_like(X), X)

    def _inputs(self, X: Any, method: str) -> Array:
        """X checked, in the dtype that it and the weights have in common."""
        check_same_namespace(X, self, attribute="_theta", method=method)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), reset=False)
        if is_sparse(X):
            return as_csr(X).astype(np.result_type(X.dtype, self._network.theta.dtype, np.float32))
        if isinstance(X, np.ndarray):
            dtype = np.result_type(X.dtype, to_numpy(self._network.theta).dtype, np.float32)
            return X.astype(dtype, copy=False)
        return X

    def transform(self, X: Any, layer: int = -2) -> NDArray[Any]:
        """The activations (n, units) of a layer for X (n, n_features).

        Parameters
        ----------
        layer : 0 is X itself, 1 the first hidden layer, -2 the last one, -1 the output.
        """
        check_is_fitted(self)
        network = self._network_now()
        layers = network.architecture.layers
        if not hasattr(layer, "__index__") or not -self.n_layers_ <= layer < self.n_layers_:
            raise ValueError(
                f"layer is {layer!r}: expected 0 (the input) to {self.n_layers_ - 1} (the output)"
            )
        number = layer % self.n_layers_
        named = _get_output_config("transform", self)["dense"]
        if number != self.n_layers_ - 2 and named != "default":
            raise ValueError(
                f"layer is {layer} and set_output asks for {named}, whose columns are named for "
                "the last hidden layer: ask for layer -2, or set_output(transform='default')"
            )
        X = self._inputs(X, "transform")
        if number == 0:
            return dense(X)
        first = Network(Architecture(layers[:number]), loss="squared_error", initializer=0.0,
                        engine=self.engine, n_threads=self.n_threads)  # fmt: skip
        theta = network._theta_like(X)
        return first._engine.forward(first.layout, theta[: first.layout.size], X)

    @property
    def _n_features_out(self) -> int:
        return int(self.coefs_[-1].shape[0])

    def input_gradient(self, X: Any) -> NDArray[Any]:
        """How each output changes with each input: (n, n_outputs, n_features).

        Of a classifier, the outputs are the probabilities of the classes (of two, that of the
        second); of several quantiles, the network's own, before they are put in order. With a
        single output the middle axis is left out.
        """
        check_is_fitted(self)
        network = self._network_now()
        gradient = network.input_gradient(dense(self._inputs(X, "input_gradient")))
        gradient = self._in_target_units(gradient)
        return gradient[:, 0, ...] if gradient.shape[1] == 1 else gradient

    def _in_target_units(self, gradient: NDArray[Any]) -> NDArray[Any]:
        return gradient
