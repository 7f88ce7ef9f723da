"""To hold a column is to give it one usual value, so that what another one does is seen alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.arrays import to_numpy
from pellucid.columns import listed
from pellucid.sparse import dense

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.subject import Subject


def along(
    subject: Subject, X: Any, feature: int | str, steps: int
) -> tuple[int, NDArray[np.float64], Any]:
    """The place of a column, `steps` numbers over its range, and rows with those in it.

    The other columns have their median, or the value that is most frequent.
    """
    place = place_of(subject, feature)
    seen = column(subject, X, place)
    seen = seen[np.isfinite(seen)]
    if not seen.size:
        raise ValueError(f"column {subject.columns[place]!r} has no numbers to go along")
    x = np.linspace(seen.min(), seen.max(), steps)
    return place, x, held(subject, X, {place: x})


def place_of(subject: Subject, feature: int | str) -> int:
    """The place of a column given by its name or place."""
    names = list(subject.columns)
    if isinstance(feature, str):
        if feature not in names:
            raise ValueError(f"feature is {feature!r}: expected one of {listed(names)}")
        return names.index(feature)
    if not 0 <= feature < len(names):
        raise ValueError(f"feature is {feature}: expected 0 to {len(names) - 1}")
    return feature


def column(subject: Subject, X: Any, place: int) -> NDArray[np.float64]:
    """The numbers (n,) of one column, NaN where there is none."""
    if not subject.takes_tables:
        return _matrix(subject, X)[:, place]
    import polars

    series = _frame(subject, X)[subject.columns[place]]
    return series.cast(polars.Float64, strict=False).fill_null(float("nan")).to_numpy()


def held(subject: Subject, X: Any, given: dict[int, NDArray[np.float64]]) -> Any:
    """Rows (m,) with the numbers given of some columns (m,), and what is usual in the others."""
    m = len(next(iter(given.values())))
    if not subject.takes_tables:
        rows = np.tile(np.nanmedian(_matrix(subject, X), axis=0), (m, 1))
        for place, numbers in given.items():
            rows[:, place] = numbers
        return rows
    import polars

    frame = _frame(subject, X)
    made = {}
    for place, name in enumerate(subject.columns):
        series = frame[name]
        if place in given:
            made[name] = polars.Series(name, given[place])
            continue
        known = series.drop_nulls()
        if not len(known):
            usual = None
        elif known.dtype.is_numeric():
            usual = known.median()
        else:
            usual = known.mode().sort()[0]
        dtype = polars.Float64 if series.dtype.is_numeric() else series.dtype
        made[name] = polars.Series(name, [usual] * m, dtype=dtype)
    return polars.DataFrame(made)


def _matrix(subject: Subject, X: Any) -> NDArray[np.float64]:
    if hasattr(X, "columns"):
        from pellucid.subject.base import polars_of

        frame = polars_of(X)
        named = set(subject.columns) <= set(frame.columns)
        X = frame.select(subject.columns) if named else frame
    rows = np.asarray(to_numpy(dense(X)), np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(subject.columns):
        raise ValueError(
            f"X has shape {rows.shape}: expected rows of {len(subject.columns)} columns"
        )
    return rows


def _frame(subject: Subject, X: Any) -> Any:
    from pellucid.subject.tables import table_of

    return table_of(X, subject.columns)
