"""A column of a table holds numbers, or one of several levels; here is how its values are read.

Missing values are null. Needs polars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.delimited import tidied
from pellucid.fields import number, text, texts, truth
from pellucid.tables import find_column

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"

MOST_LEVELS = 100
"""So many values of a text column get an input of their own."""

NEARLY_ALL, FEW_ROWS = 0.9, 50
"""Text is a name, not a category, if this share of more than so many values are different."""

ABSENT, UNKNOWN = -2, -1
"""In place of the number of a level: there is no value, or one that training did not have."""


@dataclass(frozen=True)
class NumericColumn:
    """A column of numbers: one input, and one that marks missing values if training had any."""

    name: str
    median: float
    marks_missing: bool = False

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What its inputs are called."""
        return (self.name, f"{self.name} missing") if self.marks_missing else (self.name,)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file."""
        return {"name": self.name, "median": self.median, "marks_missing": self.marks_missing}


@dataclass(frozen=True)
class TextColumn:
    """A column of text: one 0/1 input a level, and one that marks missing values if need be."""

    name: str
    levels: tuple[str, ...]
    marks_missing: bool = False

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What its inputs are called."""
        missing = (f"{self.name} missing",) if self.marks_missing else ()
        return (*(f"{self.name}={level}" for level in self.levels), *missing)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file."""
        return {
            "name": self.name,
            "levels": list(self.levels),
            "marks_missing": self.marks_missing,
        }


def fit_column(
    series: pl.Series, keep_constant: bool, notes: list[str]
) -> NumericColumn | TextColumn | str:
    """What a column becomes, or the reason why it is of no use."""
    is_number = series.dtype.is_numeric()
    values = without_nan(series) if is_number else as_text(series)
    present = values.drop_nulls()
    n, missing, distinct = len(present), values.null_count() > 0, present.n_unique()
    if not n:
        return "every value is missing"
    if distinct == 1 and not missing and not (is_number and keep_constant):
        return "the same in every row"
    if is_number:
        return NumericColumn(series.name, float(np.median(present.to_numpy())), missing)
    if n > FEW_ROWS and distinct > NEARLY_ALL * n:
        return "nearly every value is different"
    counts = present.value_counts(name="rows").rows()
    levels = sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:MOST_LEVELS]
    if distinct > MOST_LEVELS:
        notes.append(
            f"column {series.name!r} has {distinct} different values: "
            f"the {MOST_LEVELS} most frequent are told apart"
        )
    return TextColumn(series.name, tuple(sorted(level for level, _ in levels)), missing)


def column_from_dict(fields: Mapping[str, Any]) -> NumericColumn | TextColumn:
    """The column whose `to_dict` gave these fields; ValueError if they make no sense."""
    name, marks_missing = text(fields["name"]), truth(fields["marks_missing"])
    if "levels" in fields:
        levels = texts(fields["levels"])
        if len(set(levels)) < len(levels):
            raise ValueError(f"a level of {name!r} comes twice")
        return TextColumn(name, levels, marks_missing)
    return NumericColumn(name, number(fields["median"]), marks_missing)


def numbers_of(frame: pl.DataFrame, columns: Sequence[NumericColumn]) -> pl.DataFrame:
    """The columns as finite numbers, null where they are missing; text is parsed."""
    import polars as pl

    found = [find_column(frame, column.name) for column in columns]
    if all(series.dtype.is_integer() or series.dtype == pl.Float64 for series in found):
        numbers = pl.DataFrame(found)
        if np.isfinite(numbers.to_numpy()).all():  # as they are, in a fraction of the time
            return numbers
    made: list[pl.Series] = []
    for column, series in zip(columns, found, strict=True):
        if not series.dtype.is_integer():
            is_number = series.dtype.is_numeric() or is_bool(series)
            given = without_nan(series) if is_number else as_text(series)
            series = given.cast(pl.Float64, strict=False).fill_nan(None)
            wrong = (given.is_not_null() & (series.is_null() | series.is_infinite())).arg_true()
            if len(wrong):
                raise ValueError(
                    f"column {column.name!r} holds {given[wrong[0]]!r} in row {wrong[0] + 1}: "
                    "expected finite numbers (rows are counted from 1, below the names)"
                )
        made.append(series)
    return pl.DataFrame(made)


def whole_numbers(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Those columns as numbers, for models that know no gaps; ValueError if there is one."""
    numbers = numbers_of(frame, [NumericColumn(name, 0.0) for name in names])
    for series in numbers:
        if series.null_count():
            row = int(series.is_null().arg_true()[0]) + 1
            raise ValueError(
                f"column {series.name!r} is missing in row {row}: this model takes numbers alone; "
                "fill in the gaps, or train on tables with pellucid train"
            )
    return numbers


def filled_in(numbers: pl.DataFrame, columns: Sequence[NumericColumn]) -> Floats:
    """The numbers (n, k), the columns' medians in place of what is missing."""
    values = np.asarray(numbers.to_numpy(), np.float64)
    missing = np.isnan(values)
    if missing.any():
        values = np.where(missing, [column.median for column in columns], values)
    return values


def level_numbers(series: pl.Series, levels: Sequence[str]) -> NDArray[np.intp]:
    """The number of each value's level (n,), `ABSENT` or `UNKNOWN`.

    Numbers are compared by value, so that 1.0 finds the level '1', and true finds 'True'.
    """
    import polars as pl

    places: dict[Any, int] = {level: i for i, level in enumerate(levels)}
    is_number = series.dtype.is_numeric()
    if is_number:
        values = without_nan(series)
        alike: dict[Any, int] = {_number(level): i for level, i in places.items()}
    else:
        values = as_text(series)
        true_false = {level.lower() for level in levels} <= {"true", "false"}
        alike = {level.lower(): i for level, i in places.items()} if true_false else {}

    def place(value: Any) -> int:
        found = places.get(str(value), UNKNOWN)
        if found == UNKNOWN:
            found = alike.get(value if is_number else value.lower(), UNKNOWN)
        return found

    known = values.drop_nulls().unique()
    found = values.replace_strict(
        known, [place(value) for value in known], default=ABSENT, return_dtype=pl.Int64
    )
    return found.to_numpy().astype(np.intp)


def _number(level: str) -> float | None:
    try:
        return float(level)
    except ValueError:
        return None


def as_text(series: pl.Series) -> pl.Series:
    """Values as text without blanks around it, null where it means that there is none."""
    import polars as pl

    return tidied(series.cast(pl.String).to_frame()).to_series()


def without_nan(series: pl.Series) -> pl.Series:
    """Numbers with null in place of NaN."""
    return series.fill_nan(None) if series.dtype.is_float() else series


def is_bool(series: pl.Series) -> bool:
    """Whether values are true or false."""
    import polars as pl

    return series.dtype == pl.Boolean


def listed(items: Sequence[Any], at_most: int = 10) -> str:
    """Items for a message, a long list cut."""
    more = f" and {len(items) - at_most} more" if len(items) > at_most else ""
    return ", ".join(map(repr, items[:at_most])) + more
