"""A solver minimises a function of theta from its value and gradient on all the data at once.

SciPy does the searching; it loads when a solver is first used (`pip install "pellucid[solvers]"`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vector: TypeAlias = "NDArray[np.float64]"

EPSILON = float(np.finfo(np.float64).eps)

SOLVERS = {"conjugate_gradient": "CG", "lbfgs": "L-BFGS-B"}
"""The name of every solver with SciPy's own name for it."""


class Search(NamedTuple):
    """Where a search ended, SciPy's sentence on why, and its status: 0 where it found a minimum."""

    theta: Vector  # (P,)
    why: str
    status: int


def minimize(
    value_and_gradient: Callable[[Vector], tuple[float, Vector]],
    theta: Vector,
    solver: str,
    max_iterations: int,
    tolerance: float = 1e-5,
    after_iteration: Callable[[Vector, float], bool] | None = None,
    max_evaluations: int | None = None,
    relative_tolerance: float = 64 * EPSILON,
) -> Search:
    """Where the search ended, and why.

    Parameters
    ----------
    value_and_gradient : theta (P,) -> (J, dJ/dtheta (P,)).
    theta : where to start (P,).
    solver : a key of `SOLVERS`: nonlinear conjugate gradient (Polak and Ribiere; Nocedal and
        Wright, Numerical Optimization, 2006, p. 120) or L-BFGS (Byrd et al., 1995).
    max_iterations : line searches at the most.
    tolerance : stop when no part of the gradient is larger.
    after_iteration : called with theta and J after each iteration; stop if it answers True.
    max_evaluations : of the function, for L-BFGS; by default 20 an iteration.
    relative_tolerance : stop when J falls by a smaller part of itself, for L-BFGS.

    Examples
    --------
    >>> bowl = lambda theta: (float(theta @ theta), 2.0 * theta)
    >>> search = minimize(bowl, np.array([3.0, 4.0]), "lbfgs", 50)
    >>> bool(abs(search.theta).max() < 1e-6), search.status
    (True, 0)
    """
    from scipy import optimize

    def callback(intermediate_result: optimize.OptimizeResult) -> None:
        theta, value = intermediate_result.x.copy(), float(intermediate_result.fun)
        if after_iteration is not None and after_iteration(theta, value):
            raise StopIteration

    limits = {"maxiter": max_iterations, "gtol": tolerance}
    if solver == "lbfgs":
        limits |= {
            "ftol": relative_tolerance, "maxfun": max_evaluations or 20 * max_iterations
        }  # fmt: skip
    with _one_thread_in_scipy():
        result = optimize.minimize(
            value_and_gradient,
            theta,
            method=SOLVERS[solver],
            jac=True,
            callback=callback,
            options=limits,
        )
    return Search(result.x, str(result.message), int(result.status))


def _one_thread_in_scipy() -> Any:
    """A context in which SciPy's own BLAS uses one thread; NumPy's is left as it is.

    L-BFGS works on vectors so short that waiting for other threads takes longer than the sums:
    up to 40 times on a busy machine.
    """
    from threadpoolctl import ThreadpoolController

    libraries = ThreadpoolController()
    of_scipy = [lib.filepath for lib in libraries.lib_controllers if "scipy" in lib.filepath]
    return libraries.select(filepath=of_scipy).limit(limits=1)
