"""A schedule is the factor on the learning rate as a function of the fraction of training done."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, floor, log2, pi
from typing import TypeAlias

from pellucid.registry import look_up

Schedule: TypeAlias = Callable[[float], float]
"""t -> factor, with t = steps done / steps planned, in [0, 1); evaluated before every step."""


def constant() -> Schedule:
    """1 throughout."""
    return lambda t: 1.0


def inverse_scaling(span: float = 100.0, power: float = 0.5) -> Schedule:
    """(1 + span t) ** -power. With span the number of steps it is scikit-learn's `invscaling`.

    Examples
    --------
    >>> inverse_scaling(span=99, power=0.5)(1.0)
    0.1
    """
    return lambda t: (1.0 + span * t) ** -power


def step(factor: float = 0.1, every: float = 1 / 3) -> Schedule:
    """Times `factor` after each part `every` of the training.

    Examples
    --------
    >>> [step(0.5, 0.25)(t) for t in (0.0, 0.3, 0.8)]
    [1.0, 0.5, 0.125]
    """
    return lambda t: float(factor ** floor(t / every))


def cosine(final: float = 0.0, warm_up: float = 0.0) -> Schedule:
    """Half a cosine from 1 down to `final` (Loshchilov and Hutter, 2017), after a linear warm-up.

    Examples
    --------
    >>> [round(cosine()(t), 3) for t in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.0]
    """

    def falling(t: float) -> float:
        return final + (1.0 - final) * 0.5 * (1.0 + cos(pi * t))

    return warmed(falling, warm_up)


def warm_up(fraction: float = 0.1) -> Schedule:
    """Linear from 0 to 1 over the first `fraction` of the training, then 1.

    Examples
    --------
    >>> [warm_up(0.1)(t) for t in (0.0, 0.05, 0.5)]
    [0.0, 0.5, 1.0]
    """
    return warmed(constant(), fraction)


def warmed(schedule: Schedule, fraction: float) -> Schedule:
    """`schedule` squeezed into the time after a linear warm-up over the first `fraction`.

    Raises
    ------
    ValueError
        If `fraction` is not at least 0 and below 1.
    """
    if not 0.0 <= fraction < 1.0:
        raise ValueError(f"warm-up takes {fraction} of the training: give a part in [0, 1)")
    return lambda t: t / fraction if t < fraction else schedule((t - fraction) / (1.0 - fraction))


def coslog4() -> Schedule:
    """0.5 (1 - cos(2 pi log2(1 + 15 t))): four waves, each as long as all before it (RealMLP).

    Holzmüller et al., Better by Default, 2024, section 3.

    Examples
    --------
    >>> [round(coslog4()(t), 3) for t in (0.0, (2**0.5 - 1) / 15, 1 / 15)]
    [0.0, 1.0, 0.0]
    """
    return lambda t: 0.5 * (1.0 - cos(2.0 * pi * log2(1.0 + 15.0 * t)))


SCHEDULES: dict[str, Callable[..., Schedule]] = {
    maker.__name__: maker for maker in (constant, inverse_scaling, step, cosine, warm_up, coslog4)
}
"""The maker of every schedule by name. Add a function to add one."""


def schedule(name: str | Schedule, **parameters: float) -> Schedule:
    """The schedule meant by a name with its parameters, or by a function of the fraction.

    Raises
    ------
    ValueError
        If the name is unknown; the known ones are listed.

    Examples
    --------
    >>> schedule("constant")(0.3)
    1.0
    """
    if callable(name):
        return name
    return look_up(name, SCHEDULES, "schedule")(**parameters)
