"""An engine is who does the arithmetic: the same numbers from readable code or from fast code."""

from pellucid.counts import refuse_unless_count
from pellucid.engines.base import Batches, Engine, Epochs, EpochsEnd, State
from pellucid.engines.reference import ReferenceEngine
from pellucid.registry import look_up

ENGINES: dict[str, type[Engine]] = {"reference": ReferenceEngine}
"""Every engine by name. `reference` is NumPy, and the specification of all others."""

__all__ = [
    "ENGINES",
    "Batches",
    "Engine",
    "Epochs",
    "EpochsEnd",
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


def engine(name: str = "auto", n_threads: int | None = None) -> Engine:
    """The engine called `name`, or with "auto" the one that suits best.

    Parameters
    ----------
    n_threads : threads it may use at the most; None: as many as it sees fit.

    Raises
    ------
    ValueError
        If there is none, and those available are listed; or if `n_threads` is no count.

    Examples
    --------
    >>> engine("reference").name
    'reference'
    """
    if n_threads is not None:
        refuse_unless_count("n_threads", n_threads)
    return look_up(name, {"auto": _auto} | ENGINES, "engine")(n_threads)


def _auto(n_threads: int | None) -> Engine:
    """The one that suits best."""
    return ReferenceEngine(n_threads)
