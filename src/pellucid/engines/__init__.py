"""An engine is who does the arithmetic: the same numbers from readable code or from fast code."""

from pellucid.counts import refuse_unless_count
from pellucid.engines.base import Batches, Engine, Epochs, EpochsEnd, State
from pellucid.engines.loading import is_available
from pellucid.engines.native import NativeEngine, refusal, why_not
from pellucid.engines.reference import ReferenceEngine
from pellucid.objective import Objective
from pellucid.registry import look_up

ENGINES: dict[str, type[Engine]] = {"native": NativeEngine, "reference": ReferenceEngine}
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
    """The engines that can run here, the one that is taken by itself first.

    `native` is missing where pellucid was installed without a C++ compiler.

    Examples
    --------
    >>> available()[-1]
    'reference'
    """
    return [name for name in ENGINES if name != "native" or is_available()]


def engine(
    name: str = "auto", n_threads: int | None = None, objective: Objective | None = None
) -> Engine:
    """The engine called `name`, or with "auto" the one that suits best.

    That is the native one, which leaves to the reference what it cannot do itself: your own Python
    functions, and arrays that are not NumPy's.

    Parameters
    ----------
    n_threads : threads it shall use; None: as many as it sees fit.
    objective : what it is for, so that it can be told at once whether it can do that.

    Raises
    ------
    ValueError
        If there is none, and those there are are listed; if it cannot run here or not do what it is
        for; or if `n_threads` is no count.

    Examples
    --------
    >>> engine("reference").name
    'reference'
    """
    if n_threads is not None:
        refuse_unless_count("n_threads", n_threads)
    reason = None if objective is None else why_not(objective)
    if name == "auto":
        if reason or not is_available():
            return ReferenceEngine(n_threads)
        return NativeEngine(n_threads, otherwise=ReferenceEngine(n_threads))
    chosen = look_up(name, {"auto": NativeEngine} | ENGINES, "engine")(n_threads)
    if name == "native" and reason:
        raise ValueError(refusal(reason))
    return chosen
