"""A check holds a gradient against what the loss does when the parameters are moved a little."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.layout import Segment
from pellucid.model import Network
from pellucid.sparse import dense

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vector: TypeAlias = "NDArray[np.float64]"

PER_PARAMETER = 500  # networks up to this size have every single parameter checked too
STEPS = (1e-3, 1e-4, 1e-5, 1e-6)  # a wrong gradient is wrong at every step; a right one at none
ROUNDING = 16.0 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class SegmentCheck:
    """What was found in one segment of theta.

    Parameters
    ----------
    name : of the segment, such as `layer2.W`.
    size : parameters in it.
    norm : length of its gradient.
    error : the largest relative difference found.
    at : where: a direction, or a parameter by its place from 1.
    verdict : "ok", "WRONG", or "zero" where there is no gradient to check.
    """

    name: str
    size: int
    norm: float
    error: float
    at: str
    verdict: str


@dataclass(frozen=True)
class GradientCheck:
    """The check's table, and its verdict in `passed`; print it to read it."""

    segments: tuple[SegmentCheck, ...]
    tolerance: float

    @property
    def wrong(self) -> list[str]:
        """The names of the segments whose gradient is wrong."""
        return [s.name for s in self.segments if s.verdict == "WRONG"]

    @property
    def passed(self) -> bool:
        """Whether none is wrong, and not all are zero: that would have checked nothing."""
        return not self.wrong and any(s.verdict == "ok" for s in self.segments)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.wrong:
            return f"WRONG: the gradient of {', '.join(self.wrong)} is not that of the loss"
        if not self.passed:
            return "NOTHING CHECKED: the gradient is zero everywhere; take other data or weights"
        return f"ok: the gradient is that of the loss, to a relative {self.tolerance:g}"

    def __str__(self) -> str:
        width = max(len(s.name) for s in self.segments)
        rows = [f"{'segment':<{width}}  {'size':>8}  {'|gradient|':>10}  {'error':>8}  verdict"]
        for s in self.segments:
            rows.append(
                f"{s.name:<{width}}  {s.size:>8}  {s.norm:>10.3g}  {s.error:>8.1e}  "
                + (f"{s.verdict} ({s.at})" if s.verdict == "WRONG" else s.verdict)
            )
        return "\n".join([*rows, self.verdict])


def check_gradient(
    network: Network,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    gradient: Any = None,
    directions: int = 5,
    tolerance: float = 1e-5,
    seed: int = 0,
) -> GradientCheck:
    """Compare a gradient with central differences of the loss, segment by segment, in float64.

    Along a random direction d of unit length inside a segment, (J(theta + h d) - J(theta - h d))
    / 2h must be gradient . d. That costs two losses whatever the size; networks of up to 500
    parameters have every parameter moved by itself as well. Several h are tried and the best
    counts, since a kink (of relu, say) or rounding can spoil one but not all.

    Parameters
    ----------
    network : whose loss it is; its theta is where it is checked.
    X, y, sample_weight : as `Network.train` takes them; a few rows are enough.
    gradient : the theta-shaped array to check, your own perhaps; by default the network's.
    directions : random directions tried in each segment.
    tolerance : the relative difference that is taken for an error.
    seed : of the directions.

    Examples
    --------
    >>> network = Network([3, 4, 2], "tanh", "softmax", seed=0)
    >>> X, y = np.eye(3), [0, 1, 1]
    >>> check_gradient(network, X, y).passed
    True
    >>> _, wrong = network.loss_and_gradient(X, y)
    >>> network.per_layer(wrong)["layer1.W"][...] *= 1.001
    >>> check_gradient(network, X, y, gradient=wrong).wrong
    ['layer1.W']
    """
    theta = to_numpy(network.theta).astype(np.float64)
    given = [to_numpy(a) for a in (dense(X), y)] + [
        None if sample_weight is None else sample_weight
    ]
    X, y, w = Network.like(network, dtype="float64").samples(*given)
    if gradient is None:
        gradient = network.objective.value_and_gradient(theta, X, y, w)[1]
    gradient = np.asarray(gradient, dtype=np.float64)
    if gradient.shape != theta.shape:
        raise ValueError(f"the gradient has shape {gradient.shape} and theta {theta.shape}")

    def loss_at(moved: Vector) -> float:
        return network.objective.value(moved, X, y, w)

    rng = np.random.default_rng(seed)
    every = theta.size <= PER_PARAMETER
    return GradientCheck(
        tuple(
            _check_segment(segment, loss_at, theta, gradient, rng, directions, every, tolerance)
            for segment in network.layout.segments
        ),
        tolerance,
    )


def _check_segment(
    segment: Segment,
    loss_at: Callable[[Vector], float],
    theta: Vector,
    gradient: Vector,
    rng: np.random.Generator,
    directions: int,
    every: bool,
    tolerance: float,
) -> SegmentCheck:
    size = segment.stop - segment.start
    part = gradient[segment.start : segment.stop]
    norm = float(np.linalg.norm(part))
    tries: list[tuple[str, Vector]] = []
    for i in range(directions):
        direction = rng.normal(size=size)
        tries.append((f"direction {i + 1}", direction / np.linalg.norm(direction)))
    if every:
        for i in range(size):
            place = ",".join(str(k + 1) for k in np.unravel_index(i, segment.shape))
            tries.append((f"[{place}]", np.eye(size)[i]))
    worst, worst_at, largest_slope, wrong = 0.0, "", 0.0, False
    # By chance a direction can be nearly level; what is usual for the segment is the measure then.
    usual = norm / np.sqrt(size)
    for at, direction in tries:
        slope = float(part @ direction)
        found = _difference(segment, loss_at, theta, direction, slope, 0.1 * usual)
        largest_slope = max(largest_slope, abs(slope), found.measured)
        wrong = wrong or found.unexplained > tolerance
        if found.error > worst:
            worst, worst_at = found.error, at
    verdict = "WRONG" if wrong else "ok" if largest_slope > 0.0 else "zero"
    return SegmentCheck(segment.name, size, norm, worst, worst_at, verdict)


class _Difference(NamedTuple):
    error: float  # relative, at the best step
    unexplained: float  # the part of it that rounding of the two losses cannot explain
    measured: float  # size of the slope there, 0 if it drowns in rounding


def _difference(
    segment: Segment,
    loss_at: Callable[[Vector], float],
    theta: Vector,
    direction: Vector,
    slope: float,
    floor: float,
) -> _Difference:
    """How far the slope is from the one measured, at the step where they agree best."""
    tries = []
    for h in STEPS:
        up, down = theta.copy(), theta.copy()
        up[segment.start : segment.stop] += h * direction
        down[segment.start : segment.stop] -= h * direction
        J_up, J_down = loss_at(up), loss_at(down)
        numeric = (J_up - J_down) / (2.0 * h)
        rounding = ROUNDING * max(abs(J_up), abs(J_down)) / h
        difference = abs(numeric - slope)
        measured = 0.0 if abs(numeric) <= rounding else abs(numeric)
        size = max(measured, abs(slope), floor)
        excess = max(difference - rounding, 0.0)
        tries.append(
            _Difference(difference / size, excess / size, measured)
            if size
            else _Difference(0.0, 0.0, 0.0)
        )
    return min(tries)
