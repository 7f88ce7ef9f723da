"""An initializer draws the numbers a network starts from, so that equal units do not stay equal."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.registry import look_up

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Initializer: TypeAlias = (
    "Callable[[np.random.Generator, tuple[int, ...], int, int], NDArray[np.float64]]"
)
"""(generator, shape, fan_in, fan_out) -> array of that shape; the fans count a unit's wires."""


def normal(std: float = 1.0) -> Initializer:
    """N(0, std^2)."""
    return lambda rng, shape, fan_in, fan_out: rng.normal(0.0, std, shape)


def uniform(bound: float = 0.5) -> Initializer:
    """U(-bound, bound).

    Examples
    --------
    >>> W = uniform(0.5)(np.random.default_rng(0), (3, 2), 3, 2)
    >>> W.shape, bool(abs(W).max() <= 0.5)
    ((3, 2), True)
    """
    return lambda rng, shape, fan_in, fan_out: rng.uniform(-bound, bound, shape)


def _scaled(
    gain: float, fan: Callable[[int, int], float], distribution: str
) -> Callable[[], Initializer]:
    """Variance gain / fan, drawn from a normal or from the uniform of the same variance."""

    def draw(
        rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
    ) -> NDArray[np.float64]:
        std = sqrt(gain / fan(fan_in, fan_out))
        if distribution == "normal":
            return rng.normal(0.0, std, shape)
        return rng.uniform(-sqrt(3.0) * std, sqrt(3.0) * std, shape)

    return lambda: draw


def constant(value: float = 0.0) -> Initializer:
    """The same number everywhere. Equal weights get equal gradients and never separate."""
    return lambda rng, shape, fan_in, fan_out: np.full(shape, value)


def given(values: ArrayLike) -> Initializer:
    """The numbers given.

    Raises
    ------
    ValueError
        When used, if their shape is not the segment's.

    Examples
    --------
    >>> given([[1.0, 2.0]])(np.random.default_rng(0), (1, 2), 1, 2).tolist()
    [[1.0, 2.0]]
    """
    array = np.array(values, dtype=np.float64)

    def draw(
        rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
    ) -> NDArray[np.float64]:
        if array.shape != shape:
            raise ValueError(f"given weights have shape {array.shape}, the layer needs {shape}")
        return array.copy()

    return draw


def _mean_fan(fan_in: int, fan_out: int) -> float:
    return 0.5 * (fan_in + fan_out)


def _fan_in(fan_in: int, fan_out: int) -> float:
    return fan_in


INITIALIZERS: dict[str, Callable[..., Initializer]] = {
    "normal": normal,
    "uniform": uniform,
    "zeros": constant,
    "constant": constant,
    # U(-e, e) with e = sqrt(6 / (fan_in + fan_out)): Glorot and Bengio, 2010, eq. 16.
    "glorot_uniform": _scaled(1.0, _mean_fan, "uniform"),
    "glorot_normal": _scaled(1.0, _mean_fan, "normal"),
    # He et al., 2015, eq. 10: half of the signal dies in a rectifier, so twice the variance.
    "he_uniform": _scaled(2.0, _fan_in, "uniform"),
    "he_normal": _scaled(2.0, _fan_in, "normal"),
    # LeCun et al., Efficient BackProp, 1998, eq. 16.
    "lecun_uniform": _scaled(1.0, _fan_in, "uniform"),
    "lecun_normal": _scaled(1.0, _fan_in, "normal"),
}
"""The maker of every initializer by name. Add a row to add one."""

ALIASES = {"glorot": "glorot_uniform", "xavier": "glorot_uniform", "he": "he_normal",
           "lecun": "lecun_normal", "ones": "constant"}  # fmt: skip


def initializer(name: Any) -> Initializer:
    """The initializer meant by a name, a function, a number (a constant) or an array.

    A name may carry its number, as in `"uniform:0.3"` or `"normal:0.1"`.

    Raises
    ------
    ValueError
        If the name is unknown; the known ones are listed. If what follows it is no number.

    Examples
    --------
    >>> bool(abs(initializer("uniform:0.3")(np.random.default_rng(0), (99,), 1, 1)).max() <= 0.3)
    True
    >>> initializer([1.0, 2.0])(np.random.default_rng(0), (2,), 1, 2).tolist()
    [1.0, 2.0]
    """
    if callable(name):
        return name  # type: ignore[no-any-return]
    if isinstance(name, str):
        kind, colon, number = name.partition(":")
        maker = look_up(kind, INITIALIZERS, "initializer", ALIASES)
        if colon:
            try:
                return maker(float(number))
            except (ValueError, TypeError):
                takers = "normal, uniform and constant take one number, as in uniform:0.3"
                raise ValueError(f"initializer {name!r}: {takers}") from None
        return maker(1.0) if kind == "ones" else maker()
    if isinstance(name, int | float):
        return constant(float(name))
    return given(name)
