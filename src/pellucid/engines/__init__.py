"""An engine is who does the arithmetic: the same numbers from readable code or from fast code."""

from pellucid.engines.base import Batches, Engine, Epoch, State
from pellucid.engines.reference import ReferenceEngine

ENGINES: dict[str, type[Engine]] = {"reference": ReferenceEngine}
"""Every engine by name. `reference` is NumPy, and the specification of all others."""

__all__ = [
    "ENGINES",
    "Batches",
    "Engine",
    "Epoch",
    "ReferenceEngine",
    "State",
    "available",
    "engine",
]


def available() -> list[str]:
    """The engines that can run here.

    Examples
    --------
    >>> available()
    ['reference']
    """
    return list(ENGINES)


def engine(name: str = "reference") -> Engine:
    """The engine called `name`.

    Raises
    ------
    ValueError
        If there is none; those available are listed.
    """
    from pellucid.registry import look_up

    return look_up(name, ENGINES, "engine")()
