"""Convergence is when an epoch is no better than those before: scikit-learn's rules, and advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np

from pellucid.arrays import Array, to_numpy
from pellucid.samples import LARGE, UNEVEN, column_sizes

SMALLEST_RATE = 1e-6
"""Below it "adaptive" does not go on."""


@dataclass
class Convergence:
    """One number an epoch, lower is better: has it stopped falling?

    Examples
    --------
    >>> watch = Convergence(tol=0.1, patience=1)
    >>> [watch.stalls(loss) for loss in (1.0, 0.5, 0.45, 0.43)]
    [False, False, False, True]
    """

    tol: float
    patience: float
    best: float = inf
    unimproved: int = 0
    best_theta: Array | None = None
    best_epoch: int = 0

    def stalls(self, value: float, theta: Array | None = None, epoch: int = 0) -> bool:
        """Whether more than `patience` epochs in a row have not been better by `tol`."""
        better = value <= self.best - self.tol  # which a value that is no number is not
        self.unimproved = 0 if better else self.unimproved + 1
        if value < self.best:
            self.best, self.best_theta, self.best_epoch = value, theta, epoch
        return self.unimproved > self.patience


def stalled_sentence(what: str, tol: float, patience: float) -> str:
    """Why training stops, in scikit-learn's words."""
    return f"{what} did not improve more than tol={tol:f} for {patience:g} consecutive epochs."


def unfinished_sentence(max_iter: int, losses: Sequence[float], X: Any, rate: float) -> str:
    """That `max_iter` was too few, what was seen, and what to change."""
    return (
        f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization "
        f"hasn't converged yet. {_trend(losses, rate)}{remark_on_scale(X)}"
    )


def search_sentence(solver: str, n_iter: int, status: int, why: str, X: Any) -> str:
    """That a searching solver did not reach a minimum, why, and what to change."""
    at_limit = "Raise max_iter" + (" or max_fun" if solver == "lbfgs" else "")
    cure = at_limit if status == 1 else "Raise alpha, or try another random_state"
    return (
        f"{solver} failed to converge after {n_iter} iteration(s) (status={status}):\n{why}\n\n"
        f"{cure}.{remark_on_scale(X)}"
    )


def _trend(losses: Sequence[float], rate: float) -> str:
    """What the last epochs' losses did."""
    recent = np.asarray(losses[-11:])
    if len(recent) < 3:
        return "It has hardly begun: raise max_iter."
    up = np.diff(recent) > 0
    fall = (recent[0] - recent[-1]) / max(abs(recent[0]), 1e-300)
    seen = f"Over the last {len(recent) - 1} epochs the loss went from {recent[0]:.4g} to "
    seen += f"{recent[-1]:.4g}"
    if fall <= 0 or up.mean() > 0.4:
        return f"{seen}, up in {up.sum()} of them: lower learning_rate_init (it was {rate:g})."
    pace = (recent[0] - recent[-1]) / (len(recent) - 1)
    usual = (losses[0] - losses[-1]) / (len(losses) - 1)
    if fall > 0.05 or pace > 0.3 * usual:
        return f"{seen}, still falling: raise max_iter or learning_rate_init (it was {rate:g})."
    return f"{seen}, nearly flat: raise max_iter, or tol if this is good enough."


def remark_on_target(Y: Any) -> str:
    """A sentence if targets (n, n_outputs) are of another size than a network begins with.

    Examples
    --------
    >>> remark_on_target(np.array([[1.0], [-1.0]]))
    ''
    >>> remark_on_target(np.array([[100.0], [300.0]]))
    ' Targets spread by 100 around 200: set target_scaling="standard".'
    """
    Y = to_numpy(Y)
    spread, middle = Y.std(axis=0).max(), np.abs(Y.mean(axis=0)).max()
    if 0.1 < spread < LARGE and middle < LARGE:
        return ""
    return f' Targets spread by {spread:.3g} around {middle:.3g}: set target_scaling="standard".'


def remark_on_scale(X: Any) -> str:
    """A sentence if columns of X (n, k) are large or of very different sizes, else nothing.

    Examples
    --------
    >>> remark_on_scale(np.array([[1.0, -1.0]]))
    ''
    >>> remark_on_scale(np.array([[300.0], [-200.0]]))
    ' Inputs go up to 300: standardise them first, for instance with StandardScaler.'
    """
    largest, usual = column_sizes(X)
    used = largest[largest > 0]
    if not used.size or not isfinite(float(used.max())):
        return ""
    cure = "standardise them first, for instance with StandardScaler."
    if used.max() / used.min() > UNEVEN:
        return f" Columns of X differ in size by a factor of {used.max() / used.min():.2g}: {cure}"
    if usual.max() > LARGE:
        return f" Inputs go up to {largest[usual.argmax()]:.3g}: {cure}"
    return ""
