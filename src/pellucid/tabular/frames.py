"""A frame is a table of any library, or an array, seen as columns of NumPy arrays by name.

Tables of pandas, polars and pyarrow come through narwhals; a path is read by polars.
"""

from __future__ import annotations

import datetime
import decimal
import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.sparse import is_sparse

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

NUMBER, BOOLEAN, TEXT, CATEGORY, DATE, MIXED, OTHER = (
    "number", "boolean", "text", "category", "date", "mixed", "other"
)  # fmt: skip
"""What the values of a column are, as they come."""


LARGEST = 10**300
"""A whole number beyond it counts as infinite."""

FEW = 32
"""Rows up to which a table is taken row by row."""


class Values(NamedTuple):
    """A column's values, and what they are.

    Numbers and booleans are float64 with NaN where there is none, dates datetime64[us] with NaT,
    all else a list of Python objects with None.
    """

    kind: str
    items: Any


class Frame:
    """Columns by name.

    Parameters
    ----------
    names : of the columns.
    n_rows : of each.
    column : name -> its values, all or those of some rows.
    named : whether the names were given, or made up for an array that has none.
    notes : what was assumed in reading it, a sentence each.

    Examples
    --------
    >>> frame = frame_of({"age": [36, None], "name": ["Ada", "Alan"]})
    >>> frame.names, frame.column("name").items
    (('age', 'name'), ['Ada', 'Alan'])
    >>> frame.column("age")
    Values(kind='number', items=array([36., nan]))
    """

    def __init__(
        self,
        names: Sequence[str],
        n_rows: int,
        column: Callable[[str], Values],
        named: bool = True,
        notes: Sequence[str] = (),
    ) -> None:
        self.names = tuple(names)
        self.n_rows = n_rows
        self.column = column
        self.named = named
        self.notes = tuple(notes)

    def without(self, name: str) -> Frame:
        """The same without a column."""
        names = [other for other in self.names if other != name]
        return Frame(names, self.n_rows, self.column, self.named, self.notes)

    def renamed(self, names: Sequence[str]) -> Frame:
        """The same columns under other names."""
        before = dict(zip(names, self.names, strict=True))
        return Frame(names, self.n_rows, lambda name: self.column(before[name]), notes=self.notes)

    def rows(self, places: NDArray[np.intp]) -> Frame:
        """Some of the rows, in the order of their places."""
        return Frame(
            self.names, len(places), lambda name: _taken(self.column(name), places), self.named
        )

    def shuffled(self, name: str, order: NDArray[np.intp]) -> Frame:
        """The same with one column's values in another order."""

        def column(other: str) -> Values:
            values = self.column(other)
            return _taken(values, order) if other == name else values

        return Frame(self.names, self.n_rows, column, self.named)


def _taken(values: Values, places: NDArray[np.intp]) -> Values:
    if isinstance(values.items, list):
        return Values(values.kind, [values.items[i] for i in places.tolist()])
    return Values(values.kind, values.items[places])


def frame_of(X: Any) -> Frame:
    """The columns of a table, a path to one, a dict of columns, or an array (n, k).

    Raises
    ------
    TypeError, ValueError
        As `table_of`; and if an array has not two dimensions.
    """
    frame = table_of(X)
    return _of_array(np.asarray(X)) if frame is None else frame


def table_of(X: Any, by_row: bool = False) -> Frame | None:
    """The columns of a table, a path to one, or a dict of columns; None for anything else.

    Parameters
    ----------
    by_row : whether a few rows of pandas or polars may be taken row by row, which is four times as
        fast, but then values alone say what a column holds: a category of numbers is numbers.

    Raises
    ------
    TypeError
        If it is lazy, sparse, or nothing that has rows and columns.
    ValueError
        If two columns have one name, or the file cannot be read.
    """
    if isinstance(X, Frame):
        return X
    if isinstance(X, np.ndarray | list | tuple) or is_sparse(X):  # some of which are dicts too
        return None
    if isinstance(X, str | os.PathLike):
        return _of_path(Path(X))
    if isinstance(X, dict):
        return _of_dict(X)
    return (_of_few(X) if by_row else None) or _through_narwhals(X)


def _of_few(X: Any) -> Frame | None:
    """A few rows of pandas or polars as Python objects; None if it is anything else."""
    library = type(X).__module__.partition(".")[0]
    if library not in ("pandas", "polars") or getattr(X, "ndim", 2) != 2:
        return None
    if not hasattr(X, "columns") or not hasattr(X, "height" if library == "polars" else "iloc"):
        return None  # a lazy frame
    if not 0 < len(X) <= FEW:
        return None
    names = [str(name) for name in X.columns]
    _refuse_twice(names)
    rows = X.to_numpy(object).tolist() if library == "pandas" else X.rows()
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Frame(names, len(X), lambda name: values_of_objects(list(columns[name])))


def _refuse_twice(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = [name for name, times in Counter(names).items() if times > 1]
        raise ValueError(f"{twice[0]!r} is the name of two columns: expected different ones")


def _of_path(path: Path) -> Frame:
    from pellucid.tables import read_table

    table = read_table(path)
    frame = frame_of(table.frame)
    return Frame(frame.names, frame.n_rows, frame.column, notes=table.notes)


def _of_dict(columns: dict[Any, Any]) -> Frame:
    for name, column in columns.items():
        dimensions = getattr(column, "ndim", 1)
        if dimensions != 1 or isinstance(column, str | bytes) or not hasattr(column, "__len__"):
            what = f"has {dimensions} dimensions" if dimensions > 1 else f"is {column!r}"
            raise ValueError(f"column {name!r} {what}: expected a list of values, one a row")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns have different lengths: {lengths}")
    names = [str(name) for name in columns]
    _refuse_twice(names)
    by_name = dict(zip(names, columns.values(), strict=True))
    return Frame(names, next(iter(lengths.values()), 0), lambda name: _of_anything(by_name[name]))


def _of_array(X: NDArray[Any]) -> Frame:
    if X.ndim != 2:
        raise ValueError(
            f"X has {X.ndim} dimensions: expected rows of columns. Reshape your data: "
            "X.reshape(-1, 1) for a single column, X.reshape(1, -1) for a single row"
        )
    names = [f"x{i}" for i in range(1, X.shape[1] + 1)]
    places = {name: i for i, name in enumerate(names)}

    def column(name: str) -> Values:
        return _of_anything(X[:, places[name]])

    return Frame(names, len(X), column, named=False)


def _of_anything(values: Any) -> Values:
    """The values of a column that is an array, or a sequence of Python objects."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
        return Values(BOOLEAN if values.dtype.kind == "b" else NUMBER, values.astype(np.float64))
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return Values(DATE, values.astype("datetime64[us]"))
    if isinstance(values, np.ndarray) and values.dtype.kind == "m":
        return Values(NUMBER, _seconds(values))
    if hasattr(values, "dtype") and not isinstance(values, np.ndarray):
        import narwhals as nw

        series = nw.from_native(values, pass_through=True, series_only=True)
        if isinstance(series, nw.Series):
            return values_of(series)
    if hasattr(values, "to_pylist"):  # an array of pyarrow
        values = values.to_pylist()
    items = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return values_of_objects([str(v, "utf-8") if isinstance(v, bytes) else v for v in items])


def values_of_objects(items: list[Any]) -> Values:
    """Python objects told by their types."""
    items = _with_none(items)
    kinds = {kind_of(one) for one in set(map(type, items)) - {type(None)}}
    if not kinds:
        return Values(NUMBER, np.full(len(items), np.nan))
    if len(kinds) > 1:
        return Values(MIXED if OTHER not in kinds else OTHER, items)
    (kind,) = kinds
    if kind in (NUMBER, BOOLEAN):
        plain = [np.nan if v is None else _plain_number(v) for v in items]
        try:
            return Values(kind, np.array(plain, np.float64))
        except OverflowError:  # whole numbers with hundreds of digits
            huge = [v if abs(v) < LARGEST else math.inf for v in plain]
            return Values(kind, np.array(huge, np.float64))
    if kind == DATE:
        plain = [None if v is None else _naive(v) for v in items]
        return Values(DATE, np.array(plain, "datetime64[us]"))
    return Values(kind, items)


def _with_none(items: list[Any]) -> list[Any]:
    """The same with None for whatever else stands for no value: NaN, NaT, NA."""
    if set(map(type, items)) <= {str, type(None)}:
        return items
    return [None if _is_absent(item) else item for item in items]


def _is_absent(item: Any) -> bool:
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(item, float | np.floating | np.datetime64) and bool(item != item)


def kind_of(one: type) -> str:
    """What values of a type of Python are."""
    if issubclass(one, bool | np.bool_):
        return BOOLEAN
    if issubclass(one, int | float | np.number | decimal.Decimal | datetime.timedelta):
        return NUMBER
    if issubclass(one, str):
        return TEXT
    return DATE if issubclass(one, datetime.date | np.datetime64) else OTHER


def _plain_number(item: Any) -> Any:
    """Time spans in seconds, other numbers as they are."""
    return item.total_seconds() if isinstance(item, datetime.timedelta) else item


def _naive(moment: Any) -> Any:
    """A date or time without its zone, as it was told there."""
    return moment.replace(tzinfo=None) if getattr(moment, "tzinfo", None) else moment


def _seconds(spans: NDArray[Any]) -> NDArray[np.float64]:
    seconds: NDArray[np.float64] = spans / np.timedelta64(1, "s")
    return seconds


def _through_narwhals(X: Any) -> Frame | None:
    """The table as narwhals gives it, or None if it is none that narwhals knows."""
    try:
        import narwhals as nw
    except ImportError as error:
        raise ImportError("tables need narwhals: pip install 'pellucid[tables]'") from error
    try:
        table = nw.from_native(X, pass_through=True, allow_series=True)
    except nw.exceptions.DuplicateError as error:
        told = str(error).partition("- ")[2].partition("\n")[0]
        raise ValueError(f"columns of one name: {told}; expected different names") from error
    if isinstance(table, nw.LazyFrame):
        raise TypeError("the table is lazy: collect() it first")
    if isinstance(table, nw.Series):
        raise ValueError(
            "X is a single column: expected 2D array-like or a table; select it as one, such as "
            "X[['column']]"
        )
    if not isinstance(table, nw.DataFrame):
        return None
    names = [str(name) for name in table.columns]
    _refuse_twice(names)
    places = {name: i for i, name in enumerate(names)}

    def column(name: str) -> Values:
        return values_of(table[:, places[name]])

    return Frame(names, table.shape[0], column)


def values_of(series: nw.Series[Any]) -> Values:
    """The values of a column of narwhals'."""
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_numeric():
        wide = dtype in (nw.Decimal, nw.Int128, nw.UInt128)  # which NumPy has not
        values = (series.cast(nw.Float64) if wide else series).to_numpy()
        return Values(NUMBER, np.asarray(values, np.float64))
    if dtype == nw.Boolean:
        return Values(BOOLEAN, series.cast(nw.Float64).to_numpy())
    if dtype in (nw.String, nw.Categorical, nw.Enum):  # the latter two may be of numbers
        return Values(TEXT if dtype == nw.String else CATEGORY, _with_none(series.to_list()))
    if dtype in (nw.Date, nw.Datetime):
        zone = getattr(dtype, "time_zone", None)
        plain = series.dt.replace_time_zone(None) if zone else series
        return Values(DATE, plain.cast(nw.Datetime("us")).to_numpy().astype("datetime64[us]"))
    if dtype == nw.Duration:
        return Values(NUMBER, _seconds(series.to_numpy()))
    if dtype == nw.Object or dtype == nw.Unknown:
        return values_of_objects(series.to_list())
    return Values(OTHER, [None] * len(series))
