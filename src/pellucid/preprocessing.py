"""Preprocessing turns a table into arrays of numbers, by what was learnt from the training rows.

An encoder is plain data: it is saved in the model file, and gives any later table the same columns
in the same order. Needs polars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.columns import (
    ABSENT,
    UNKNOWN,
    Floats,
    NumericColumn,
    TextColumn,
    column_from_dict,
    filled_in,
    fit_column,
    level_numbers,
    listed,
    numbers_of,
)
from pellucid.example_rows import Value, levels, numbers, staggered
from pellucid.fields import choice, mapping, sequence, texts
from pellucid.registry import look_up
from pellucid.scaling import SCALERS, Scaler
from pellucid.tables import find_column

if TYPE_CHECKING:
    import polars as pl

ROWS_AT_ONCE = 4096
"""Rows encoded at a time, so that no large copies are made."""


@dataclass(frozen=True, eq=False)
class TableEncoder:
    """What turns a table into inputs: which columns, what fills their gaps, how they are scaled.

    Parameters
    ----------
    columns : the columns that are used, in the order of their inputs.
    scaling : the name of the scaler of numbers in `pellucid.scaling.SCALERS`.
    scaler : the scaler itself, one number a numeric column, or one for all.
    dropped : (name, reason) of every column that is not used.
    notes : what was done that a user should know, a sentence each.

    Examples
    --------
    >>> from pellucid.tables import table_of
    >>> train = table_of([[20, "red"], [40, "blue"], [None, "red"]], feature_names=["age", "hue"])
    >>> encoder = TableEncoder.fit(train.frame, scaling="maximum")
    >>> encoder.feature_names
    ('age', 'age missing', 'hue=blue', 'hue=red')
    >>> encoder.transform(train.frame).tolist()
    [[0.5, 0.0, 0.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.75, 1.0, 0.0, 1.0]]
    """

    columns: tuple[NumericColumn | TextColumn, ...]
    scaling: str
    scaler: Scaler
    dropped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def fit(cls, frame: pl.DataFrame, scaling: str = "standard") -> TableEncoder:
        """Learn from the training rows, which must hold the inputs only.

        Raises
        ------
        ValueError
            If there are no rows, no column of use, an infinite number, or no such scaling.
        """
        make_scaler = look_up(scaling, SCALERS, "scaling")
        if not frame.height:
            raise ValueError("the table has no rows: there is nothing to learn from")
        keep_constant = scaling == "shared_maximum"  # pixels stay in their places
        columns: list[NumericColumn | TextColumn] = []
        dropped: list[tuple[str, str]] = []
        notes: list[str] = []
        for series in frame:
            made = fit_column(series, keep_constant, notes)
            if isinstance(made, str):
                dropped.append((series.name, made))
            else:
                columns.append(made)
        for reason in dict.fromkeys(reason for _, reason in dropped):
            names = [name for name, why in dropped if why == reason]
            notes.append(f"not used, {reason}: {listed(names)}")
        if not columns:
            raise ValueError("no column is of use to learn from: " + "; ".join(notes))
        gaps = [c.name for c in columns if isinstance(c, NumericColumn) and c.marks_missing]
        if gaps:
            notes.insert(0, f"missing numbers are marked and get the median: {listed(gaps)}")
        numeric = [column for column in columns if isinstance(column, NumericColumn)]
        scaler = Scaler.none([])
        if numeric:
            values = filled_in(numbers_of(frame, numeric), numeric)
            try:
                scaler = make_scaler(values)
            except ValueError as error:
                largest = np.abs(values).max(axis=0)
                name = numeric[int(largest.argmax())].name
                raise ValueError(
                    f"column {name!r} goes up to {largest.max():g}: {error}"
                ) from error
        return cls(tuple(columns), scaling, scaler, tuple(dropped), tuple(notes))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """(k,) what the inputs are called."""
        return tuple(name for column in self.columns for name in column.feature_names)

    def transform(self, frame: pl.DataFrame, notes: list[str] | None = None) -> Floats:
        """Inputs (n, k). Columns are found by name, in any order; others are not looked at.

        `notes` gets a sentence for each text column with values that training did not have.

        Raises
        ------
        ValueError
            If a column is missing, or what should be a number is not; the place is named.
        """
        X = np.zeros((frame.height, len(self.feature_names)))
        numeric = [column for column in self.columns if isinstance(column, NumericColumn)]
        numbers, start = numbers_of(frame, numeric), 0
        places: list[int] = []
        for column in self.columns:
            if isinstance(column, NumericColumn):
                if column.marks_missing:
                    X[:, start + 1] = numbers[column.name].is_null().to_numpy()
                places.append(start)
            else:
                level = level_numbers(find_column(frame, column.name), column.levels)  # (n,)
                rows, unknown = np.flatnonzero(level >= 0), int((level == UNKNOWN).sum())
                if notes is not None and unknown:
                    notes.append(f"rows whose {column.name!r} is new, or was too rare: {unknown}")
                X[rows, start + level[rows]] = 1.0
                if column.marks_missing:
                    X[level == ABSENT, start + len(column.levels)] = 1.0
            start += len(column.feature_names)
        for first in range(0, frame.height if numeric else 0, ROWS_AT_ONCE):
            values = filled_in(numbers.slice(first, ROWS_AT_ONCE), numeric)
            X[first : first + ROWS_AT_ONCE, places] = self.scaler.transform(values)
        return X

    def example_rows(self) -> dict[str, list[Value]]:
        """A few rows of input as plain values by column, made up from what is known of each.

        `pellucid.tables.table_of_columns` makes a table of them.

        Examples
        --------
        >>> from pellucid.tables import table_of_columns
        >>> encoder = TableEncoder((TextColumn("hue", ("blue", "red")),), "none", Scaler.none([]))
        >>> rows = encoder.example_rows()
        >>> rows["hue"][:4]
        ['blue', 'red', 'red', 'not seen in training']
        >>> encoder.transform(table_of_columns(rows).frame).shape
        (8, 2)
        """
        n = sum(isinstance(column, NumericColumn) for column in self.columns)
        spreads = iter(np.broadcast_to(self.scaler.scale, (n,)).tolist())
        return staggered(
            {
                column.name: numbers(column.median, next(spreads))
                if isinstance(column, NumericColumn)
                else levels(column.levels)
                for column in self.columns
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file."""
        return {
            "columns": [column.to_dict() for column in self.columns],
            "scaling": self.scaling,
            "scaler": self.scaler.to_dict(),
            "dropped": [list(pair) for pair in self.dropped],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> TableEncoder:
        """The inverse of `to_dict`."""
        try:
            columns = tuple(column_from_dict(mapping(c)) for c in sequence(fields["columns"]))
            pairs = [texts(pair) for pair in sequence(fields["dropped"])]
            dropped = tuple((name, reason) for name, reason in pairs)
            notes, scaling = texts(fields["notes"]), choice(fields["scaling"], SCALERS)
            scaler = Scaler.from_dict(mapping(fields["scaler"]))
        except KeyError as error:
            raise ValueError(f"the model's columns are damaged: no {error}") from error
        except ValueError as error:
            raise ValueError(f"the model's columns are damaged: {error}") from error
        n_numeric = sum(isinstance(column, NumericColumn) for column in columns)
        if scaler.scale.shape not in ((1,), (n_numeric,)) or not columns:
            raise ValueError(
                f"the model's columns are damaged: its scaler has {scaler.scale.size} numbers for "
                f"{n_numeric} columns"
            )
        if len({column.name for column in columns}) < len(columns):
            raise ValueError("the model's columns are damaged: two have one name")
        return cls(columns, scaling, scaler, dropped, notes)
