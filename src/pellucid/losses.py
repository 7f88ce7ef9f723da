"""A loss says how far the outputs are from the targets, row by row, and which way is down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from math import inf
from typing import Any

from pellucid.arrays import Array, array_like, namespace
from pellucid.registry import look_up
from pellucid.special import log_sum_exp, sigmoid, x_log_y, x_over_y


@dataclass(frozen=True)
class Loss:
    """A value and a gradient for each row, on activated outputs and, for one pair, on raw ones.

    Parameters
    ----------
    name : what the model file and the command line call it.
    value : (a, y) -> (n,), the loss of each row, summed over outputs.
    gradient : (a, y) -> (n, k), dvalue/da.
    canonical : the output activation whose pair with this loss is computed from the raw output z,
        so that no probability is ever rounded to 0 or 1.
    raw_value, raw_gradient : the same two for that pair: (z, y) -> (n,), and (z, y) -> dvalue/dz.
    low, high : the outputs it can take.
    normalised : whether the outputs of a row must add up to 1.
    target_low, target_high : the targets it can take.
    parameters : what its maker was given, for the model file.

    Examples
    --------
    A loss of your own is two functions:

    >>> import numpy as np
    >>> fourth = Loss("fourth", lambda a, y: np.sum((a - y)**4, axis=1), lambda a, y: 4*(a - y)**3)
    >>> fourth.value(np.array([[3.0]]), np.array([[1.0]])).tolist()
    [16.0]
    """

    name: str
    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    canonical: str | None = None
    raw_value: Callable[[Array, Array], Array] | None = None
    raw_gradient: Callable[[Array, Array], Array] | None = None
    low: float = -inf
    high: float = inf
    normalised: bool = False
    target_low: float = -inf
    target_high: float = inf
    parameters: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __reduce__(self) -> str | tuple[Any, ...]:
        """A built-in one is copied and pickled as its name and parameters."""
        maker = LOSSES.get(self.name)
        if maker is not None and self.value.__module__ == maker.__module__:
            return _made_again, (self.to_dict(),)
        return super().__reduce__()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file; `loss(**fields)` makes it again.

        Raises
        ------
        ValueError
            If it is one's own: a file of data holds no code.
        """
        maker = LOSSES.get(self.name)
        if maker is None or maker().canonical != self.canonical:
            raise ValueError(
                f"loss {self.name!r} is your own code and a model file holds none: "
                "keep theta with numpy.save, or use a built-in loss"
            )
        return {"name": self.name, **self.parameters}


def _made_again(fields: Mapping[str, Any]) -> Loss:
    return loss(**fields)


def _rows(elements: Array) -> Array:
    """Sum over outputs: (n, k) -> (n,)."""
    return namespace(elements).sum(elements, axis=1)


def squared_error() -> Loss:
    """Half the squared distance: 0.5 sum (a - y)^2. Its gradient is a - y.

    Examples
    --------
    >>> import numpy as np
    >>> squared_error().value(np.array([[3.0, 1.0]]), np.array([[1.0, 1.0]])).tolist()
    [2.0]
    """

    def value(a: Array, y: Array) -> Array:
        difference = a - y
        return 0.5 * _rows(difference * difference)

    def gradient(a: Array, y: Array) -> Array:
        return a - y

    return Loss("squared_error", value, gradient, "identity", value, gradient)


def absolute_error() -> Loss:
    """The sum of |a - y|; at a = y the gradient is taken as 0.

    Examples
    --------
    >>> import numpy as np
    >>> absolute_error().value(np.array([[3.0, 1.0]]), np.array([[1.0, 2.0]])).tolist()
    [3.0]
    """

    def value(a: Array, y: Array) -> Array:
        return _rows(namespace(a).abs(a - y))

    def gradient(a: Array, y: Array) -> Array:
        return namespace(a).sign(a - y)

    return Loss("absolute_error", value, gradient, "identity", value, gradient)


def huber(delta: float = 1.0) -> Loss:
    """Squared error up to `delta`, absolute error beyond (Huber, 1964).

    0.5 r^2 where |r| <= delta, else delta (|r| - delta / 2), r = a - y.

    Examples
    --------
    >>> import numpy as np
    >>> huber(1.0).value(np.array([[0.5], [3.0]]), np.zeros((2, 1))).tolist()
    [0.125, 2.5]
    """
    if not delta > 0:
        raise ValueError(f"huber's delta is {delta}: expected a number above 0")

    def value(a: Array, y: Array) -> Array:
        xp = namespace(a)
        r = xp.abs(a - y)
        return _rows(xp.where(r <= delta, 0.5 * r * r, delta * (r - 0.5 * delta)))

    def gradient(a: Array, y: Array) -> Array:
        return namespace(a).clip(a - y, -delta, delta)

    parameters = {"delta": delta}
    return Loss("huber", value, gradient, "identity", value, gradient, parameters=parameters)


def quantile(quantile: float | Iterable[float] = 0.5) -> Loss:
    """Pinball loss: q (y - a) where y >= a, else (1 - q) (a - y) (Koenker and Bassett, 1978).

    Parameters
    ----------
    quantile : q in (0, 1), or one for each output.

    Examples
    --------
    >>> import numpy as np
    >>> quantile(0.9).value(np.array([[0.0], [2.0]]), np.array([[1.0], [1.0]])).round(2).tolist()
    [0.9, 0.1]
    """
    many = isinstance(quantile, Iterable)
    levels = [float(q) for q in (quantile if isinstance(quantile, Iterable) else [quantile])]
    if not levels or not all(0.0 < q < 1.0 for q in levels):
        raise ValueError(f"quantile is {quantile}: expected numbers above 0 and below 1")

    def level(like: Array) -> Array:
        if len(levels) not in (1, like.shape[1]):
            raise ValueError(f"{len(levels)} quantiles for {like.shape[1]} outputs: give one each")
        return array_like([levels], like)  # (1, 1) or (1, k)

    def value(a: Array, y: Array) -> Array:
        xp = namespace(a)
        r, q = y - a, level(a)
        return _rows(xp.where(r >= 0, q * r, (q - 1.0) * r))

    def gradient(a: Array, y: Array) -> Array:
        xp = namespace(a)
        q = level(a)
        return xp.where(y > a, -q, xp.where(y < a, 1.0 - q, xp.zeros_like(a)))

    parameters = {"quantile": levels if many else levels[0]}
    return Loss("quantile", value, gradient, "identity", value, gradient, parameters=parameters)


def poisson() -> Loss:
    """Half the Poisson deviance: a - y + y log(y / a), zero when a = y; targets are counts.

    Canonical with the `exp` output, where it is exp(z) - y - y z + y log(y) and its gradient
    in z is exp(z) - y (McCullagh and Nelder, Generalized Linear Models, 1989, table 2.1).

    Examples
    --------
    >>> import numpy as np
    >>> poisson().value(np.array([[2.0]]), np.array([[2.0]])).tolist()
    [0.0]
    """

    def value(a: Array, y: Array) -> Array:
        return _rows(a - y + x_log_y(y, y) - x_log_y(y, a))

    def gradient(a: Array, y: Array) -> Array:
        return 1.0 - x_over_y(y, a)

    def raw_value(z: Array, y: Array) -> Array:
        return _rows(namespace(z).exp(z) - y - y * z + x_log_y(y, y))

    def raw_gradient(z: Array, y: Array) -> Array:
        return namespace(z).exp(z) - y

    return Loss("poisson", value, gradient, "exp", raw_value, raw_gradient, low=0.0, target_low=0.0)


def _smoothing(amount: float) -> dict[str, float]:
    if not 0.0 <= amount < 1.0:
        raise ValueError(f"label_smoothing is {amount}: expected at least 0 and below 1")
    return {"label_smoothing": amount} if amount else {}


def binary_cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """-y log(a) - (1 - y) log(1 - a), summed over outputs, in nats: each output its own yes or no.

    Canonical with `sigmoid`, where it is log(1 + exp(z)) - y z and its gradient in z is
    sigmoid(z) - y. Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90.

    Parameters
    ----------
    label_smoothing : s; a target y counts as (1 - s) y + s / 2.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy().raw_value(np.array([[800.0]]), np.array([[0.0]])).tolist()
    [800.0]
    """
    parameters = _smoothing(label_smoothing)

    def smooth(y: Array) -> Array:
        return (1.0 - label_smoothing) * y + 0.5 * label_smoothing if label_smoothing else y

    def value(a: Array, y: Array) -> Array:
        y = smooth(y)
        return -_rows(x_log_y(y, a) + x_log_y(1.0 - y, 1.0 - a))

    def gradient(a: Array, y: Array) -> Array:
        y = smooth(y)
        return x_over_y(1.0 - y, 1.0 - a) - x_over_y(y, a)

    def raw_value(z: Array, y: Array) -> Array:
        # softplus(z) - y z, the two large parts cancelling before the small one is added
        xp = namespace(z)
        return _rows(xp.clip(z, 0.0, None) - smooth(y) * z + xp.log1p(xp.exp(-xp.abs(z))))

    def raw_gradient(z: Array, y: Array) -> Array:
        return sigmoid(z) - smooth(y)

    return Loss(
        "binary_cross_entropy", value, gradient, "sigmoid", raw_value, raw_gradient,
        0.0, 1.0, False, 0.0, 1.0, parameters,
    )  # fmt: skip


def cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """-sum y log(a), in nats: one class out of k, y one-hot or a distribution over classes.

    Canonical with `softmax`, where it is log sum exp(z) - sum y z for rows of y that add up
    to 1, and its gradient in z is softmax(z) - y. Bishop (2006), eq. 4.108 and 4.109.

    Parameters
    ----------
    label_smoothing : s; a target y counts as (1 - s) y + s / k (Szegedy et al., 2016).

    Examples
    --------
    >>> import numpy as np
    >>> y = np.array([[0.0, 1.0]])
    >>> cross_entropy().raw_value(np.array([[800.0, 0.0]]), y).tolist()
    [800.0]
    """
    parameters = _smoothing(label_smoothing)

    def smooth(y: Array) -> Array:
        if not label_smoothing:
            return y
        return (1.0 - label_smoothing) * y + label_smoothing / y.shape[1]

    def value(a: Array, y: Array) -> Array:
        return -_rows(x_log_y(smooth(y), a))

    def gradient(a: Array, y: Array) -> Array:
        return -x_over_y(smooth(y), a)

    def raw_value(z: Array, y: Array) -> Array:
        return _rows(smooth(y) * (log_sum_exp(z) - z))

    def raw_gradient(z: Array, y: Array) -> Array:
        xp = namespace(z)
        y = smooth(y)
        return xp.exp(z - log_sum_exp(z)) * xp.sum(y, axis=1, keepdims=True) - y

    return Loss(
        "cross_entropy", value, gradient, "softmax", raw_value, raw_gradient,
        0.0, 1.0, True, 0.0, 1.0, parameters,
    )  # fmt: skip


LOSSES: dict[str, Callable[..., Loss]] = {
    maker.__name__: maker
    for maker in (
        squared_error, absolute_error, huber, quantile, poisson, binary_cross_entropy,
        cross_entropy,
    )
}  # fmt: skip
"""The maker of every built-in loss by name. Add a function to add one."""

CANONICAL_LOSS = {
    "identity": "squared_error", "sigmoid": "binary_cross_entropy", "softmax": "cross_entropy",
    "exp": "poisson",
}  # fmt: skip
"""The loss that goes with an output activation when none is asked for."""


def loss(
    name: str | Loss | tuple[Callable[..., Array], Callable[..., Array]], **parameters: Any
) -> Loss:
    """The loss meant by a name with its parameters, a pair (value, gradient), or a Loss.

    Raises
    ------
    ValueError
        If the name is unknown; the known ones are listed.

    Examples
    --------
    >>> loss("huber", delta=2.0).parameters
    {'delta': 2.0}
    """
    if isinstance(name, Loss):
        return name
    if isinstance(name, str):
        maker = look_up(name, LOSSES, "loss")
        for parameter in parameters:
            takers = [n for n, m in LOSSES.items() if parameter in signature(m).parameters]
            if name not in takers:
                raise ValueError(
                    f"loss {name!r} takes no {parameter}: "
                    + (f"{' and '.join(takers)} do" if takers else "no loss does")
                )
        return maker(**parameters)
    if isinstance(name, tuple) and len(name) == 2 and all(callable(f) for f in name):
        value, gradient = name
        return Loss(getattr(value, "__name__", "custom"), value, gradient)
    raise TypeError(f"a loss is a name, a Loss or a pair (value, gradient), not {name!r}")
