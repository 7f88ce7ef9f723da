"""An activation is what a unit does with its weighted sum: a = f(z), and back, dz = f'(z) da."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, pi, sqrt
from typing import Any

from pellucid.arrays import Array, namespace
from pellucid.registry import look_up
from pellucid.special import erfc, sigmoid, softplus


@dataclass(frozen=True)
class Activation:
    """A value and its backward rule, both elementwise on (n, k) arrays unless said otherwise.

    Parameters
    ----------
    name : what the model file and the command line call it.
    forward : z -> a.
    backward : (da, z, a) -> dz, where da is dLoss/da; it may use whichever of z and a is handier.
    low, high : the bounds of a; a loss refuses outputs that it cannot take.
    normalised : whether each row of a adds up to 1.
    initializer : the name of the weight initializer that keeps the signal's size through it.

    Examples
    --------
    A unit of your own is two functions:

    >>> import numpy as np
    >>> square = Activation("square", lambda z: z * z, lambda da, z, a: 2.0 * z * da)
    >>> z = np.array([[3.0]])
    >>> square.backward(np.ones_like(z), z, square.forward(z)).tolist()
    [[6.0]]
    """

    name: str
    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array, Array], Array]
    low: float = -inf
    high: float = inf
    initializer: str = "glorot_uniform"
    normalised: bool = False

    def __repr__(self) -> str:
        return f"Activation({self.name!r})"

    def __reduce__(self) -> str | tuple[Any, ...]:
        """A built-in one is copied and pickled as what it is: a row of `ACTIVATIONS`."""
        if ACTIVATIONS.get(self.name) is self:
            return activation, (self.name,)
        return super().__reduce__()


def relu(z: Array) -> Array:
    """max(z, 0)."""
    return namespace(z).clip(z, 0.0, None)


def relu_backward(da: Array, z: Array, a: Array) -> Array:
    """da where z > 0; at the kink the derivative is taken as 0."""
    return namespace(z).where(z > 0, da, 0.0)


LEAK = 0.01


def leaky_relu(z: Array) -> Array:
    """z where z > 0, else 0.01 z (Maas et al., 2013)."""
    return namespace(z).where(z > 0, z, LEAK * z)


def leaky_relu_backward(da: Array, z: Array, a: Array) -> Array:
    """da where z > 0, else 0.01 da."""
    return namespace(z).where(z > 0, da, LEAK * da)


def elu(z: Array) -> Array:
    """z where z > 0, else exp(z) - 1 (Clevert et al., 2016)."""
    xp = namespace(z)
    return xp.where(z > 0, z, xp.expm1(xp.clip(z, None, 0.0)))


def elu_backward(da: Array, z: Array, a: Array) -> Array:
    """da where z > 0, else exp(z) da (a + 1 would lose the digits of a small exp(z))."""
    xp = namespace(z)
    return da * xp.exp(xp.clip(z, None, 0.0))


# The pair that makes mean 0 and variance 1 a fixed point (Klambauer et al., 2017, eq. 14).
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def selu(z: Array) -> Array:
    """scale z where z > 0, else scale alpha (exp(z) - 1)."""
    xp = namespace(z)
    return SELU_SCALE * xp.where(z > 0, z, SELU_ALPHA * xp.expm1(xp.clip(z, None, 0.0)))


def selu_backward(da: Array, z: Array, a: Array) -> Array:
    """scale da where z > 0, else scale alpha exp(z) da."""
    xp = namespace(z)
    return SELU_SCALE * da * xp.where(z > 0, 1.0, SELU_ALPHA * xp.exp(xp.clip(z, None, 0.0)))


def gelu(z: Array) -> Array:
    """z times the standard normal distribution function at z (Hendrycks and Gimpel, 2016)."""
    return 0.5 * z * erfc(-z / sqrt(2.0))


def gelu_backward(da: Array, z: Array, a: Array) -> Array:
    """(Phi(z) + z phi(z)) da."""
    xp = namespace(z)
    return da * (0.5 * erfc(-z / sqrt(2.0)) + z * xp.exp(-0.5 * z * z) / sqrt(2.0 * pi))


def swish(z: Array) -> Array:
    """z sigmoid(z) (Ramachandran et al., 2017; also called SiLU)."""
    return z * sigmoid(z)


def swish_backward(da: Array, z: Array, a: Array) -> Array:
    """s (1 + z (1 - s)) da, with s = sigmoid(z)."""
    s = sigmoid(z)
    return da * s * (1.0 + z * (1.0 - s))


def mish(z: Array) -> Array:
    """z tanh(softplus(z)) (Misra, 2019)."""
    return z * namespace(z).tanh(softplus(z))


def mish_backward(da: Array, z: Array, a: Array) -> Array:
    """(t + z (1 - t^2) sigmoid(z)) da, with t = tanh(softplus(z))."""
    t = namespace(z).tanh(softplus(z))
    return da * (t + z * (1.0 - t * t) * sigmoid(z))


def softmax(z: Array) -> Array:
    """exp(z) over its sum along each row, so that a row adds up to 1."""
    xp = namespace(z)
    e = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


def softmax_backward(da: Array, z: Array, a: Array) -> Array:
    """a (da - sum of a da along the row): each output depends on every z of its row."""
    return a * (da - namespace(a).sum(a * da, axis=-1, keepdims=True))


ACTIVATIONS: dict[str, Activation] = {
    row.name: row
    for row in (
        Activation("identity", lambda z: z, lambda da, z, a: da),
        Activation("sigmoid", sigmoid, lambda da, z, a: da * a * (1.0 - a), 0.0, 1.0),
        Activation(
            "tanh", lambda z: namespace(z).tanh(z), lambda da, z, a: da * (1.0 - a * a), -1.0, 1.0
        ),
        Activation("relu", relu, relu_backward, 0.0, inf, "he_normal"),
        Activation("leaky_relu", leaky_relu, leaky_relu_backward, initializer="he_normal"),
        Activation("elu", elu, elu_backward, -1.0, inf, "he_normal"),
        Activation(
            "selu", selu, selu_backward, -SELU_SCALE * SELU_ALPHA, inf, initializer="lecun_normal"
        ),
        Activation("gelu", gelu, gelu_backward, -0.17, inf, "he_normal"),
        Activation("softplus", softplus, lambda da, z, a: da * sigmoid(z), 0.0, inf, "he_normal"),
        Activation("swish", swish, swish_backward, -0.28, inf, "he_normal"),
        Activation("mish", mish, mish_backward, -0.31, inf, "he_normal"),
        Activation("exp", lambda z: namespace(z).exp(z), lambda da, z, a: da * a, 0.0, inf),
        Activation("softmax", softmax, softmax_backward, 0.0, 1.0, normalised=True),
    )
}
"""Every built-in activation by name. Add a row to add one."""

ALIASES = {"logistic": "sigmoid", "linear": "identity", "silu": "swish"}


def activation(
    name: str | Activation | tuple[Callable[..., Array], Callable[..., Array]],
) -> Activation:
    """The activation meant by a name, a pair (forward, backward), or an Activation.

    Raises
    ------
    ValueError
        If the name is unknown; the known ones are listed.

    Examples
    --------
    >>> activation("logistic").name
    'sigmoid'
    """
    if isinstance(name, Activation):
        return name
    if isinstance(name, str):
        return look_up(name, ACTIVATIONS, "activation", ALIASES)
    if isinstance(name, tuple) and len(name) == 2 and all(callable(f) for f in name):
        forward, backward = name
        return Activation(getattr(forward, "__name__", "custom"), forward, backward)
    raise TypeError(
        f"an activation is a name, an Activation or a pair (forward, backward), not {name!r}"
    )
