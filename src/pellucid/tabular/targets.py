"""Targets are the answers to learn, as they come in a column of a table or beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import column_or_1d

from pellucid.tabular.frames import (
    BOOLEAN,
    CATEGORY,
    DATE,
    NUMBER,
    OTHER,
    TEXT,
    Frame,
    Values,
    values_of_objects,
)
from pellucid.tabular.moments import numbers_in
from pellucid.tabular.schema import MOSTLY, SEVERAL, Column
from pellucid.tabular.values import as_number, is_missing, texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


FIRST = 10
"""Rows in which a column is compared with the target before it is in all."""


def targets_of(y: Any, n_rows: int, name: str) -> NDArray[Any]:
    """Targets (n,): of a column of a table, or anything that is one-dimensional.

    Whole numbers of a column are integers, text has no blanks around it.

    Raises
    ------
    ValueError
        If there are more or fewer than rows, or one is missing; its row is named.
    """
    y = _of_column(y, name) if isinstance(y, Values) else column_or_1d(y, warn=True)
    if y.dtype.kind in "mM":
        y = _of_column(Values(DATE, y), name)
    if len(y) != n_rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {n_rows} rows and "
            f"y {len(y)}"
        )
    absent = np.flatnonzero(_absent(y))
    if absent.size:
        rows = "1 row" if absent.size == 1 else f"{absent.size} rows"
        raise ValueError(
            f"target {name!r} is missing in {rows}, first in row {absent[0] + 1} "
            "(counted from 1): Input y contains NaN; drop those rows"
        )
    return np.asarray(y)


def _of_column(values: Values, name: str) -> NDArray[Any]:
    if values.kind == CATEGORY:  # which may be of numbers
        values = values_of_objects(values.items)
    if values.kind == NUMBER:
        numbers: NDArray[Any] = values.items
        whole = np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()
        return numbers.astype(np.int64) if whole else numbers
    if values.kind == BOOLEAN and not np.isnan(values.items).any():
        return np.asarray(values.items, bool)
    if values.kind in (OTHER, DATE):
        what = "dates" if values.kind == DATE else "neither numbers nor text"
        raise ValueError(f"target {name!r} holds {what}: expected numbers or classes")
    if values.kind == TEXT:
        _refuse_stray(values.items, name)
    return np.array(texts_of(values), dtype=object)


def _refuse_stray(items: list[Any], name: str) -> None:
    """Raise an error if text is among what mostly is numbers, too many to be classes."""
    numbers = [as_number(item) for item in items if not is_missing(item)]
    if numbers.count(None) in (0, len(numbers)) or len(set(numbers)) <= SEVERAL:
        return
    if len(numbers) - numbers.count(None) > MOSTLY * len(numbers):
        row = next(i for i, v in enumerate(items) if not is_missing(v) and as_number(v) is None)
        raise ValueError(
            f"target {name!r} holds text among numbers: {items[row]!r} in row {row + 1} (counted "
            "from 1): correct it, or drop the row"
        )


def _absent(y: NDArray[Any]) -> NDArray[np.bool_]:
    if y.dtype.kind == "f":
        return np.isnan(y)
    if y.dtype.kind == "O":
        return np.array([is_missing(item) or item != item for item in y.tolist()])
    return np.zeros(len(y), bool)


def is_target(column: Column, frame: Frame, y: NDArray[Any]) -> bool:
    """Whether a column is the target again: the same number, or text, in every row."""
    first = np.arange(min(FIRST, len(y)))  # nearly every column is told apart by a few rows
    return _is_same(column, frame.rows(first), y[first]) and _is_same(column, frame, y)


def _is_same(column: Column, frame: Frame, y: NDArray[Any]) -> bool:
    values = frame.column(column.name)
    if column.kind == DATE:
        return False
    if column.kind == CATEGORY or y.dtype.kind not in "fiub":
        return texts_of(values) == [str(item) for item in y.tolist()]
    return bool(np.array_equal(numbers_in(column, values)[""], y))
