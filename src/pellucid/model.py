"""A model is a network with its numbers: architecture, theta, and the loss it is trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from numbers import Integral
from operator import index
from typing import Any, Self

import numpy as np

from pellucid.architecture import Architecture
from pellucid.arrays import Array, namespace
from pellucid.engines import engine as engine_named
from pellucid.explanation.choosing import LIMITS, Limits
from pellucid.explanation.form import Explanation
from pellucid.explanation.step import LEARNING_RATE, step_of
from pellucid.layout import Layout
from pellucid.learner import Learner
from pellucid.losses import Loss
from pellucid.network import Trace, forward, input_gradient
from pellucid.network_file import Saved
from pellucid.objective import Objective, loss_for
from pellucid.samples import as_targets
from pellucid.sparse import dense


class Network(Learner, Saved):
    """A feed-forward network to look into: make it, run it, train it, take any number out of it.

    Parameters
    ----------
    sizes : units of the inputs, of each hidden layer and of the output; or an `Architecture`.
    hidden_activation : for all hidden layers, or a list with one for each: a name of
        `pellucid.ACTIVATIONS`, an `Activation`, or a pair of functions (forward, backward).
    output_activation : that of the last layer.
    loss : a name of `pellucid.LOSSES`, a `Loss`, or a pair of functions (value, gradient). By
        default the one made for the output activation.
    bias : for all layers, or a list with one for each.
    scale_inputs : whether a learnable factor per input comes first.
    initializer : of all weights: a name of `pellucid.INITIALIZERS`, a function or a number. By
        default the one that suits each layer's activation. Biases start at 0.
    segments : settings for parts of theta by name or pattern, each with any of `initializer`,
        `learning_rate` (a factor), `decay` (a factor) and `frozen`, such as
        `{"*.b": {"learning_rate": 0.1}, "layer1.W": {"frozen": True}}`.
    alpha, l1 : strength of the L2 penalty alpha/(2n) sum W^2 and of the L1 penalty l1/n sum |W|.
    reduction : "mean" or "sum" of the loss over the rows of a batch.
    dtype : "float32" or "float64"; by default that of the X it is given.
    seed : a whole number or a `numpy.random.Generator`; all randomness comes from it.
    engine : who does the arithmetic, a name of `pellucid.ENGINES`; "auto" takes what suits best.
    n_threads : threads that the engine may use; by default as many as it sees fit.

    Examples
    --------
    >>> network = Network([2, 3, 1], output_activation="sigmoid", seed=0)
    >>> network
    Network(2 -> 3 relu -> 1 sigmoid, binary_cross_entropy, 13 parameters)
      layer1  W (2, 3)  b (3,)       9
      layer2  W (3, 1)  b (1,)       4
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 1]
    >>> history = network.train(X, y, epochs=200, batch_size="full", learning_rate=0.1)
    >>> network.predict(X).round().ravel().tolist()
    [0.0, 1.0, 1.0, 1.0]
    """

    def __init__(
        self,
        sizes: Sequence[int] | Architecture,
        hidden_activation: Any = "relu",
        output_activation: Any = "identity",
        loss: str | Loss | tuple[Callable[..., Array], Callable[..., Array]] | None = None,
        *,
        bias: bool | Sequence[bool] = True,
        scale_inputs: bool = False,
        initializer: Any = None,
        segments: Mapping[str, Mapping[str, Any]] | None = None,
        alpha: float = 0.0,
        l1: float = 0.0,
        reduction: str = "mean",
        dtype: str | None = None,
        seed: int | np.random.Generator | None = None,
        engine: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        if isinstance(sizes, Architecture):
            shape = (hidden_activation, output_activation, bias, scale_inputs)
            if shape != ("relu", "identity", True, False):
                raise ValueError(
                    "an Architecture has its own activations and biases: give no others"
                )
            architecture = sizes
        else:
            architecture = Architecture.of(
                sizes, hidden_activation, output_activation, bias, scale_inputs
            )
        if dtype not in (None, "float32", "float64"):
            raise ValueError(f"dtype is {dtype!r}: expected 'float32' or 'float64'")
        if isinstance(seed, int) and seed < 0:
            raise ValueError(f"seed is {seed}: expected a whole number from 0 on")
        drawn = {} if initializer is None else {"*.W": {"initializer": initializer}}
        layout = Layout(architecture, drawn | dict(segments or {}))
        self._rng = np.random.default_rng(seed)
        self._seed = index(seed) if isinstance(seed, Integral) else None
        super().__init__(layout, layout.draw(self._rng).astype(dtype or "float64"), dtype)
        self.objective = Objective(
            layout, loss_for(architecture.output_activation, loss), alpha, l1, reduction
        )
        self.history = None
        self.n_threads = n_threads
        self._engine = engine_named(engine, n_threads, self.objective)
        self._stepping = None

    @classmethod
    def like(cls, other: Network, dtype: str | None = None) -> Network:
        """A network with the same layers, loss and weights, and a theta of its own.

        Examples
        --------
        >>> first = Network([2, 1], seed=0)
        >>> second = Network.like(first)
        >>> second.theta[0] = 5.0
        >>> bool(first.theta[0] == 5.0)
        False
        """
        copy = cls.__new__(cls)
        copy.__dict__ |= other.__dict__
        copy._dtype = dtype or other._dtype
        xp = namespace(other._theta)
        kind = other._theta.dtype if dtype is None else getattr(xp, dtype)
        copy._theta = xp.astype(other._theta, kind, copy=True)
        copy._rng = deepcopy(other._rng)
        copy._stepping = None
        return copy

    @property
    def engine(self) -> str:
        """Who does the arithmetic."""
        return self._engine.name

    def forward(self, X: Any) -> Array:
        """The activated output (n, n_outputs) for X (n, n_inputs); a flat row gives a flat answer.

        Examples
        --------
        >>> network = Network([2, 1], bias=False)
        >>> network.weights = [[[10.0], [1.0]]]
        >>> network.forward([2, 3]).tolist(), network.forward([[2, 3], [4, 5]]).tolist()
        ([23.0], [[23.0], [45.0]])
        """
        if type(X) is np.ndarray:  # one row, with nothing to convert: in less time than to check it
            output = self._engine.forward_prepared(self.layout, self._theta, X)
            if output is not None:
                return output
        rows = self._inputs(X)
        output = self._engine.forward(self.layout, self._theta_like(rows), rows)
        return output[0, :] if rows.shape[0] == 1 and np.ndim(X) == 1 else output

    predict = forward

    def trace(self, X: Any) -> Trace:
        """What a forward pass sees: each layer's parameters, inputs x, sums z, activations a."""
        rows = dense(self._inputs(X))
        return forward(self.layout, self._theta_like(rows), rows)

    def input_gradient(self, X: Any) -> Array:
        """How each output changes with each input: (n, n_outputs, n_inputs)."""
        return input_gradient(self.layout, self.trace(X))

    def loss_and_gradient(self, X: Any, y: Any, sample_weight: Any = None) -> tuple[float, Array]:
        """The objective J on these rows and its gradient by theta (P,).

        `per_layer` turns the gradient into named arrays.

        Examples
        --------
        >>> network = Network([1, 1], seed=0)
        >>> network.theta = [2.0, 1.0]
        >>> loss, gradient = network.loss_and_gradient([[3.0]], [[5.0]])
        >>> loss, network.per_layer(gradient)
        (2.0, {'layer1.W': array([[6.]]), 'layer1.b': array([2.])})
        """
        X, y, w = self.samples(X, y, sample_weight)
        return self._engine.value_and_gradient(self.objective, self._theta_like(X), X, y, w)

    def explain(
        self,
        x: Any,
        y: Any = None,
        learning_rate: float | None = LEARNING_RATE,
        digits: int = 4,
        terms: int | None = LIMITS.terms,
        units: int | None = LIMITS.units,
    ) -> Explanation:
        """One row's forward pass written out; with y the loss, the backward pass and the update.

        Parameters
        ----------
        x, y : one row and its target.
        learning_rate : of the update by plain gradient descent; None leaves it out.
        digits : significant digits to print.
        terms : of a sum to show, the sum of the rest being one of them; None shows all.
        units : of a layer to show, those that matter most; None shows all.

        Examples
        --------
        >>> network = Network([2, 1], output_activation="sigmoid", bias=False)
        >>> network.weights = [[[0.2], [0.8]]]
        >>> print(network.explain([2, 9]))
        layer1: z = x W,  a = sigmoid(z)
          z1 = (2 * 0.2) + (9 * 0.8) = 7.6
          a1 = sigmoid(7.6) = 0.9995
        """
        x = dense(self._inputs(x))
        if x.shape[0] != 1:
            raise ValueError(f"explain takes one row, not {x.shape[0]}: pick one, such as X[:1]")
        if y is not None:
            y = as_targets(y, 1, self.architecture.n_outputs, self.loss, x.dtype)
        limits, theta = Limits.of(terms, units), self._theta_like(x)
        made = step_of(self.objective, theta, x, y, learning_rate, limits)
        return Explanation("", tuple(made.sections), digits)

    @classmethod
    def _of(cls, objective: Objective, dtype: Any) -> Self:
        return cls(
            objective.layout.architecture,
            loss=objective.loss,
            segments=objective.layout.settings(),
            alpha=objective.alpha,
            l1=objective.l1,
            reduction=objective.reduction,
            dtype=dtype,
        )

    def __repr__(self) -> str:
        head = f"Network({self.architecture}, {self.loss.name}, {self.layout.size} parameters)"
        return f"{head}\n{self.layout}"
