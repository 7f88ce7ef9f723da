"""A plane is two of a model's columns, along which it is asked while the others are held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.columns import listed
from pellucid.export.program import NUMBER
from pellucid.plots.holding import held, usual
from pellucid.registry import near

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.subject import Subject

TAIL = 0.01
"""The part of rows at either end that may lie far out, and is then left out of the plane."""

MARGIN = 0.06
"""Of the plane's width, around the rows."""

GOLDEN = np.pi * (3.0 - np.sqrt(5.0))
"""The angle from one to the next by which points in a disc keep apart."""


def pair_of(
    subject: Subject,
    X: Any,
    columns: Mapping[str, NDArray[Any]],
    features: tuple[str | int, str | int] | None,
    target: int,
) -> tuple[str, str]:
    """The names of the two columns to draw; of more, where none are chosen, those that matter."""
    names = subject.columns
    numbers = [column.name for column in subject.taken if column.kind == NUMBER]
    if features is None:
        if len(names) == 2:
            features = (names[0], names[1])
        else:
            return _foremost(subject, X, {name: columns[name] for name in numbers}, target)
    if len(features) != 2 or features[0] == features[1]:
        raise ValueError(f"features is {features!r}: expected two columns")
    made = []
    for one in features:
        if isinstance(one, int | np.integer) and not isinstance(one, bool):
            if not 0 <= one < len(names):
                raise ValueError(f"there is no column {one}: expected 0 to {len(names) - 1}")
            one = names[one]
        if one not in names:
            raise ValueError(f"the model takes no column {one!r}: {near(str(one), names)}")
        if one not in numbers:
            raise ValueError(
                f"column {one!r} holds no numbers, so it cannot be an axis: choose two of "
                f"{listed(numbers)}"
            )
        made.append(str(one))
    return made[0], made[1]


def ends_of(columns: Mapping[str, NDArray[Any]]) -> dict[str, tuple[float, float]]:
    """From where to where the numbers of each column go, of those that are not all the same."""
    ends = {}
    for name, column in columns.items():
        x = numbers_of(column, name)
        known = x[np.isfinite(x)]
        if len(known) and np.ptp(known):
            low, high = np.quantile(known, [TAIL, 1.0 - TAIL])
            # Of a column that is mostly one number, the others are what it does.
            ends[name] = (low, high) if low < high else (known.min(), known.max())
    return ends


def _foremost(
    subject: Subject, X: Any, columns: Mapping[str, NDArray[Any]], target: int
) -> tuple[str, str]:
    """The two columns that change the answer most, each going alone from low to high."""
    ends = ends_of(columns)
    if len(ends) < 2:
        raise ValueError(
            f"{len(ends)} of the model's columns hold numbers that differ in these rows: a plane "
            "takes two"
        )
    given = {name: np.full(2 * len(ends), usual(columns[name]), np.float64) for name in ends}
    for i, (name, pair) in enumerate(ends.items()):
        given[name][2 * i : 2 * i + 2] = pair
    answers = np.asarray(subject.answers(held(subject, X, given)))
    if subject.classes is None:
        answers = answers[:, [target]]
    moved = np.abs(answers[1::2] - answers[::2]).sum(axis=1)
    first, second = np.argsort(-moved, kind="stable")[:2]
    names = list(ends)
    return names[first], names[second]


def numbers_of(column: NDArray[Any], name: str) -> NDArray[np.float64]:
    """A column that can be an axis."""
    try:
        return column.astype(np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"column {name!r} holds what is no number: it cannot be an axis") from None


def places(x: NDArray[np.float64], name: str, resolution: int) -> NDArray[np.float64]:
    """Where the model is asked along an axis: around the rows, but for the end of a long tail.

    A column in which nothing is below 0 is not asked about there.

    Examples
    --------
    >>> places(np.array([0.0, 1.0, 2.0]), "x", 3).tolist()
    [0.0, 1.06, 2.12]
    >>> bool(places(np.array([*range(200), 99_999.0]), "x", 2)[-1] < 400)
    True
    """
    known = x[np.isfinite(x)]
    if not len(known):
        raise ValueError(f"column {name!r} holds no number in these rows")
    low, high = float(known.min()), float(known.max())
    one, other = np.quantile(known, [TAIL, 1.0 - TAIL])
    if other > one:
        reach = float(other - one) / 2.0
        low, high = max(low, float(one) - reach), min(high, float(other) + reach)
    margin = MARGIN * (high - low) or 0.5 * max(abs(low), 1.0)
    start = max(low - margin, 0.0) if known.min() >= 0 else low - margin
    return np.linspace(start, high + margin, resolution)


def apart(points: NDArray[np.float64], width: float, height: float) -> NDArray[np.float64]:
    """Points (n, 2), those that lie on one another moved into a disc around their place.

    Examples
    --------
    >>> apart(np.array([[0.0, 0.0], [1.0, 1.0]]), 1.0, 1.0).tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    >>> len(np.unique(apart(np.zeros((50, 2)), 1.0, 1.0), axis=0))
    50
    """
    if not len(points):
        return points
    _, place, counts = np.unique(points, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    order = np.argsort(place, kind="stable")
    number = np.empty(len(points))  # which of those at its place a point is
    number[order] = np.arange(len(points)) - np.repeat(np.cumsum(counts) - counts, counts)
    many = counts[place]
    disc = np.where(many > 1, np.minimum(0.004 * np.sqrt(many), 0.022), 0.0)
    far, angle = disc * np.sqrt((number + 0.5) / many), GOLDEN * number
    moved = np.column_stack([far * np.cos(angle) * width, far * np.sin(angle) * height])
    return np.asarray(points + moved)
