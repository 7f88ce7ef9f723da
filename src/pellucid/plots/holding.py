"""To hold a column is to give it one usual value, so that what another one does is seen alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.columns import listed
from pellucid.plots.columns import columns_of, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.subject import Subject


def named(subject: Subject, feature: int | str) -> str:
    """The name of a column given by its name or place."""
    names = subject.columns
    if isinstance(feature, str):
        if feature not in names:
            raise ValueError(f"feature is {feature!r}: expected one of {listed(names)}")
        return feature
    if not 0 <= feature < len(names):
        raise ValueError(f"feature is {feature}: expected 0 to {len(names) - 1}")
    return names[feature]


def numbers(subject: Subject, X: Any, name: str) -> NDArray[np.float64]:
    """The numbers (n,) of a column, NaN where there is none.

    Raises
    ------
    ValueError
        If it holds none at all.
    """
    column = columns_of(subject, X)[name]
    try:
        found: NDArray[np.float64] = np.array(column, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.full(len(column), np.nan)
    if not np.isfinite(found).any():
        raise ValueError(f"column {name!r} has no numbers: give the name of one that has")
    return found


def held(subject: Subject, X: Any, given: Mapping[str, NDArray[np.float64]]) -> Any:
    """Rows (m,) with numbers given for some columns (m,); the others hold what is usual in X.

    That is the median of numbers, and what is most frequent of anything else.
    """
    m = len(next(iter(given.values())))
    made: dict[str, NDArray[Any]] = {}
    for name, column in columns_of(subject, X).items():
        made[name] = given[name] if name in given else np.full(m, usual(column), column.dtype)
    return rows_of(subject, made)


def usual(column: NDArray[Any]) -> Any:
    """The median of numbers; of anything else what is most frequent, None if there is nothing.

    Examples
    --------
    >>> usual(np.array([1.0, 9.0, 2.0])), usual(np.array(["a", "b", "b"], dtype=object))
    (np.float64(2.0), 'b')
    """
    if column.dtype.kind in "iuf":
        known = column[np.isfinite(column)]
        return np.median(known).astype(column.dtype) if known.size else np.nan
    counts: dict[Any, int] = {}
    for value in column.tolist():
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return max(counts, key=lambda value: counts[value], default=None)
