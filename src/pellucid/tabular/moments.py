"""A moment in time is several numbers: its year, month, day of the week, hour, and days elapsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.tabular.frames import BOOLEAN, DATE, Values
from pellucid.tabular.schema import Column
from pellucid.tabular.values import dates_of, numbers_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY = np.timedelta64(1, "D")


def moments(dates: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """The parts of dates (n,) of datetime64, NaN where there is none.

    The day of the week counts from Monday, 0; the hour has its minutes as a fraction; days elapsed
    count from the beginning of 1970.

    Examples
    --------
    >>> for part, numbers in moments(np.array(["2011-01-31T15:30"], "datetime64[us]")).items():
    ...     print(part, numbers.tolist())
    year [2011.0]
    month [1.0]
    day of week [0.0]
    hour [15.5]
    days elapsed [15005.645833333334]
    """
    day = dates.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    year = dates.astype("datetime64[Y]")
    absent = np.isnat(dates)

    def numbers(counts: NDArray[Any]) -> NDArray[np.float64]:
        return np.where(absent, np.nan, counts.astype(np.float64))

    days = numbers((dates - np.datetime64(0, "D")) / DAY)
    return {
        "year": numbers(year.astype(np.int64) + 1970),
        "month": numbers((month - year).astype(np.int64) + 1),
        "day of week": numbers((day.astype(np.int64) + 3) % 7),
        "hour": numbers((dates - day) / np.timedelta64(1, "h")),
        "days elapsed": days,
    }


def numbers_in(column: Column, values: Values) -> Mapping[str, NDArray[np.float64]]:
    """The numbers (n,) in a column by part; "" is the whole of one that holds numbers."""
    if column.kind == DATE:
        return moments(dates_of(values, column.name, column.date_format))
    return {"": numbers_of(values, column.name, column.lenient, column.kind == BOOLEAN)}
