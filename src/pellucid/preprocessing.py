"""Preprocessing turns a table into arrays of numbers, by what was learnt from the training rows.

An encoder is plain data: it is saved in the model file, and gives any later table the same columns
in the same order. Needs polars.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.registry import look_up
from pellucid.scaling import SCALERS, Scaler
from pellucid.tables import find_column, tidied

if TYPE_CHECKING:
    import polars as pl

Label: TypeAlias = str | int | float | bool
Floats: TypeAlias = NDArray[np.float64]

MOST_LEVELS = 100
"""So many values of a text column get an input of their own."""

NEARLY_ALL, FEW_ROWS = 0.9, 50
"""Text is a name, not a category, if this share of more than so many values are different."""

MOST_CLASSES, ROWS_PER_CLASS = 20, 5
"""Whole numbers are classes if they are at most so many, with so many rows each."""

FEWEST_TO_SPLIT, ROWS_AT_ONCE = 20, 4096

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
            made = _fit_column(series, keep_constant, notes)
            if isinstance(made, str):
                dropped.append((series.name, made))
            else:
                columns.append(made)
        for reason in dict.fromkeys(reason for _, reason in dropped):
            names = [name for name, why in dropped if why == reason]
            notes.append(f"not used, {reason}: {_listed(names)}")
        if not columns:
            raise ValueError("no column is of use to learn from: " + "; ".join(notes))
        filled = [c.name for c in columns if isinstance(c, NumericColumn) and c.marks_missing]
        if filled:
            notes.insert(0, f"missing numbers are marked and get the median: {_listed(filled)}")
        numeric = [column for column in columns if isinstance(column, NumericColumn)]
        scaler = Scaler.none([])
        if numeric:
            scaler = make_scaler(_filled(_numbers(frame, numeric), numeric))
        return cls(tuple(columns), scaling, scaler, tuple(dropped), tuple(notes))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """(k,) what the inputs are called."""
        return tuple(name for column in self.columns for name in column.feature_names)

    def transform(self, frame: pl.DataFrame) -> Floats:
        """Inputs (n, k). Columns are found by name, in any order; others are not looked at.

        Raises
        ------
        ValueError
            If a column is missing, or what should be a number is not; the place is named.
        """
        X = np.zeros((frame.height, len(self.feature_names)))
        numeric = [column for column in self.columns if isinstance(column, NumericColumn)]
        numbers, places, start = _numbers(frame, numeric), [], 0
        for column in self.columns:
            if isinstance(column, NumericColumn):
                if column.marks_missing:
                    X[:, start + 1] = numbers[column.name].is_null().to_numpy()
                places.append(start)
            else:
                level = _levels(find_column(frame, column.name), column.levels)  # (n,)
                rows = np.flatnonzero(level >= 0)
                X[rows, start + level[rows]] = 1.0
                if column.marks_missing:
                    X[level == ABSENT, start + len(column.levels)] = 1.0
            start += len(column.feature_names)
        for first in range(0, frame.height if numeric else 0, ROWS_AT_ONCE):
            values = _filled(numbers.slice(first, ROWS_AT_ONCE), numeric)
            X[first : first + ROWS_AT_ONCE, places] = self.scaler.transform(values)
        return X

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
            columns = tuple(_column_from(column) for column in fields["columns"])
            dropped = tuple((str(name), str(reason)) for name, reason in fields["dropped"])
            notes, scaling = tuple(map(str, fields["notes"])), str(fields["scaling"])
            scaler = Scaler.from_dict(fields["scaler"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"the model's columns are damaged: {error!r}") from error
        n_numeric = sum(isinstance(column, NumericColumn) for column in columns)
        if scaler.scale.shape not in ((1,), (n_numeric,)) or not columns:
            raise ValueError(
                f"the model's columns are damaged: its scaler has {scaler.scale.size} numbers for "
                f"{n_numeric} columns"
            )
        return cls(columns, scaling, scaler, dropped, notes)


@dataclass(frozen=True)
class ClassTarget:
    """Classes as numbers: one output a class, or a single one for two classes.

    Parameters
    ----------
    classes : the labels, sorted; a single output is the probability of the second of two.

    Examples
    --------
    >>> import polars as pl
    >>> target = ClassTarget.fit(pl.Series("spam", ["no", "yes", "no"]))
    >>> target.encode(pl.Series(["yes", "no"])).tolist()
    [[1.0], [0.0]]
    >>> target.decode(np.array([[0.2], [0.9]])).tolist()
    ['no', 'yes']
    >>> target.probabilities(np.array([[0.25]])).tolist()
    [[0.75, 0.25]]
    """

    classes: tuple[Label, ...]

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise ValueError(
                f"the target has one class only ({', '.join(map(repr, self.classes))}): "
                "expected two or more to tell apart"
            )
        if len(set(self.classes)) < len(self.classes):
            raise ValueError(f"a class comes twice in {self.classes}")

    @classmethod
    def fit(cls, series: pl.Series) -> ClassTarget:
        """The classes there are in the training rows; none may be missing."""
        _refuse_missing(series)
        plain = series if series.dtype.is_numeric() or _is_bool(series) else _text(series)
        if plain.dtype.is_float() and not np.isfinite(plain.to_numpy()).all():
            raise ValueError(f"target {series.name!r} holds infinite numbers: drop those rows")
        return cls(tuple(sorted(plain.unique().to_list())))

    @property
    def n_outputs(self) -> int:
        """Outputs that the network needs."""
        return 1 if len(self.classes) == 2 else len(self.classes)

    def encode(self, series: pl.Series, notes: list[str] | None = None) -> Floats:
        """Labels (n,) -> (n, 1) of 0 and 1 for two classes, (n, k) one-hot for more.

        A full stop at the end of labels is dropped if that makes them known, and `notes` gets a
        sentence on it.

        Raises
        ------
        ValueError
            If a label is missing, or was not there in training.
        """
        _refuse_missing(series)
        levels = [_label_text(label) for label in self.classes]
        found = _levels(series, levels)
        if (found == UNKNOWN).any():
            texts = _text(series)
            unknown = texts.gather(np.flatnonzero(found == UNKNOWN)).unique().sort().to_list()
            strange = [text for text in unknown if text.removesuffix(".") not in levels]
            if strange:
                raise ValueError(
                    f"target {series.name!r} has {_listed(strange)}, and the model knows "
                    f"{_listed(levels)}"
                )
            if notes is not None:
                notes.append(f"the full stop is dropped from {_listed(unknown)}")
            shortened = _levels(texts.str.strip_suffix("."), levels)
            found = np.where(found == UNKNOWN, shortened, found)
        if self.n_outputs == 1:
            return found.reshape(-1, 1).astype(np.float64)
        one_hot: Floats = np.eye(len(levels))[found]
        return one_hot

    def probabilities(self, output: ArrayLike) -> Floats:
        """Activated outputs -> (n, number of classes); as they are for more than two."""
        output = _outputs(output, self.n_outputs)
        return np.hstack([1.0 - output, output]) if self.n_outputs == 1 else output

    def decode(self, output: ArrayLike) -> NDArray[Any]:
        """Activated outputs -> the likeliest label of each row (n,)."""
        likeliest = self.probabilities(output).argmax(axis=1)
        labels: NDArray[Any] = np.array(self.classes)[likeliest]
        return labels

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file."""
        return {"classes": list(self.classes)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ClassTarget:
        """The inverse of `to_dict`."""
        return cls(tuple(fields["classes"]))


@dataclass(frozen=True, eq=False)
class NumericTarget:
    """Numbers to be predicted, scaled for training and scaled back on the way out.

    Parameters
    ----------
    scaler : what brings targets to a common size.
    names : what the targets are called.

    Examples
    --------
    >>> import polars as pl
    >>> target = NumericTarget.fit(pl.Series("score", [92.0, 86.0, 89.0]), scaling=100.0)
    >>> target.encode(pl.Series([92])).tolist(), target.decode([[0.92]]).tolist()
    ([[0.92]], [92.0])
    """

    scaler: Scaler
    names: tuple[str, ...] = ("target",)

    @classmethod
    def fit(
        cls, data: pl.Series | pl.DataFrame, scaling: str | float = "standard"
    ) -> NumericTarget:
        """Learn the scale from the training rows: by a name in `SCALERS`, or a number."""
        y, names = _targets(data)
        if isinstance(scaling, str):
            return cls(look_up(scaling, SCALERS, "scaling")(y), names)
        return cls(Scaler.by(scaling), names)

    @property
    def n_outputs(self) -> int:
        """Outputs that the network needs."""
        return len(self.names)

    def encode(self, data: pl.Series | pl.DataFrame) -> Floats:
        """Targets (n, k), scaled; ValueError if any is missing, infinite or not a number."""
        y, _ = _targets(data)
        return self.scaler.transform(_outputs(y, self.n_outputs))

    def decode(self, output: ArrayLike) -> Floats:
        """Outputs (n, k) -> the target's own unit: (n,) for one target, else (n, k)."""
        y = self.scaler.inverse(_outputs(output, self.n_outputs))
        return y[:, 0] if self.n_outputs == 1 else y

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file."""
        return {"scaler": self.scaler.to_dict(), "names": list(self.names)}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> NumericTarget:
        """The inverse of `to_dict`."""
        return cls(Scaler.from_dict(fields["scaler"]), tuple(map(str, fields["names"])))


def infer_task(series: pl.Series) -> tuple[str, str]:
    """Whether to learn classes or numbers from such a target, and the reason, a sentence.

    Examples
    --------
    >>> import polars as pl
    >>> infer_task(pl.Series("passed", ["no", "yes", "yes"]))
    ('classification', "target 'passed' is text with 2 different values")
    >>> infer_task(pl.Series("score", [92, 86, 89]))
    ('regression', "target 'score' has 3 different numbers in 3 rows")
    """
    present = _without_nan(series).drop_nulls()
    n = len(present)
    if not n:
        raise ValueError(f"target {series.name!r} has no values: choose another column")
    distinct = present.n_unique()
    called = f"target {series.name!r}"
    if _is_bool(series):
        return "classification", f"{called} is true or false"
    if not series.dtype.is_numeric():
        return "classification", f"{called} is text with {distinct} different values"
    values = present.to_numpy().astype(np.float64)
    whole = bool((values == np.round(values)).all())
    if distinct == 2:
        return "classification", f"{called} has just two different numbers"
    if whole and distinct <= min(MOST_CLASSES, n / ROWS_PER_CLASS):
        return "classification", f"{called} has {distinct} different whole numbers in {n} rows"
    return "regression", f"{called} has {distinct} different numbers in {n} rows"


def split_rows(
    n: int,
    labels: ArrayLike | None = None,
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Row numbers for training, validation and test, each in ascending order.

    Parameters
    ----------
    n : rows in all; fewer than 20 are not split: all are for training.
    labels : (n,) classes; each is shared out in the same proportions, and stays in training.
    validation, test : the shares of the rows that are kept from training.
    seed : of the shuffle.

    Examples
    --------
    >>> train, validation, test = split_rows(100, labels=np.repeat(["a", "b"], [20, 80]))
    >>> len(train), len(validation), len(test), int((test < 20).sum())
    (70, 15, 15, 3)
    """
    if not (validation >= 0 and test >= 0 and validation + test < 1):
        raise ValueError(
            f"shares of {validation} for validation and {test} for test: expected at least 0 each, "
            "and less than 1 together"
        )
    if labels is None:
        group = np.zeros(n, np.intp)
    else:
        _, group = np.unique(np.asarray(labels), return_inverse=True)
        if group.shape != (n,):
            raise ValueError(f"labels have shape {group.shape}: expected one for each of {n} rows")
    none = np.zeros(0, np.intp)
    if n < FEWEST_TO_SPLIT:
        return np.arange(n), none, none
    sizes = np.bincount(group)
    n_test, n_validation = _shares(sizes, test), _shares(sizes, validation)
    for c in np.flatnonzero(n_test + n_validation >= sizes):  # one row stays in training
        while n_test[c] + n_validation[c] >= sizes[c]:
            larger = n_test if n_test[c] > n_validation[c] else n_validation
            larger[c] -= 1
    order = np.random.default_rng(seed).permutation(n)
    order = order[np.argsort(group[order], kind="stable")]  # shuffled within each class
    rank = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # 0, 1, ... in its class
    of_class = group[order]
    in_test = rank < n_test[of_class]
    in_validation = ~in_test & (rank < (n_test + n_validation)[of_class])
    parts = (~in_test & ~in_validation, in_validation, in_test)
    train, held, tested = (np.sort(order[part]) for part in parts)
    return train, held, tested


def _shares(sizes: NDArray[np.intp], share: float) -> NDArray[np.intp]:
    """Whole rows of each group that add up to the share of all; largest remainders round up."""
    exact = sizes * share
    whole = exact.astype(np.intp)
    left = int(sizes.sum() * share + 0.5) - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:left]] += 1
    return whole


def _fit_column(
    series: pl.Series, keep_constant: bool, notes: list[str]
) -> NumericColumn | TextColumn | str:
    """What a column becomes, or the reason why it is of no use."""
    is_number = series.dtype.is_numeric()
    values = _without_nan(series) if is_number else _text(series)
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


def _numbers(frame: pl.DataFrame, columns: Sequence[NumericColumn]) -> pl.DataFrame:
    """The columns as finite numbers, null where they are missing; text is parsed."""
    import polars as pl

    made: list[pl.Series] = []
    for column in columns:
        series = find_column(frame, column.name)
        if not series.dtype.is_integer():
            is_number = series.dtype.is_numeric() or _is_bool(series)
            given = _without_nan(series) if is_number else _text(series)
            series = given.cast(pl.Float64, strict=False).fill_nan(None)
            wrong = (given.is_not_null() & (series.is_null() | series.is_infinite())).arg_true()
            if len(wrong):
                raise ValueError(
                    f"column {column.name!r} holds {given[wrong[0]]!r} in row {wrong[0]}: "
                    "expected finite numbers"
                )
        made.append(series)
    return pl.DataFrame(made)


def _filled(numbers: pl.DataFrame, columns: Sequence[NumericColumn]) -> Floats:
    """The numbers (n, k), the columns' medians in place of what is missing."""
    values = np.asarray(numbers.to_numpy(), np.float64)
    missing = np.isnan(values)
    if missing.any():
        values = np.where(missing, [column.median for column in columns], values)
    return values


def _levels(series: pl.Series, levels: Sequence[str]) -> NDArray[np.intp]:
    """The number of each value's level (n,), `ABSENT` or `UNKNOWN`.

    Numbers are compared by value, so that 1.0 finds the level '1', and true finds 'True'.
    """
    import polars as pl

    places: dict[Any, int] = {level: i for i, level in enumerate(levels)}
    is_number = series.dtype.is_numeric()
    if is_number:
        values = _without_nan(series)
        alike: dict[Any, int] = {_number(level): i for level, i in places.items()}
    else:
        values = _text(series)
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


def _text(series: pl.Series) -> pl.Series:
    import polars as pl

    return tidied(series.cast(pl.String).to_frame()).to_series()


def _without_nan(series: pl.Series) -> pl.Series:
    return series.fill_nan(None) if series.dtype.is_float() else series


def _is_bool(series: pl.Series) -> bool:
    import polars as pl

    return series.dtype == pl.Boolean


def _label_text(label: Label) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def _refuse_missing(series: pl.Series) -> None:
    is_text = not (series.dtype.is_numeric() or _is_bool(series))
    values = _text(series) if is_text else _without_nan(series)
    rows = np.flatnonzero(values.is_null().to_numpy())
    if rows.size:
        raise ValueError(
            f"target {series.name!r} is missing in {rows.size} rows, first in row {rows[0]}: "
            "drop those rows"
        )


def _targets(data: pl.Series | pl.DataFrame) -> tuple[Floats, tuple[str, ...]]:
    import polars as pl

    frame = data.to_frame() if isinstance(data, pl.Series) else data
    for series in frame:
        _refuse_missing(series)
    columns = [NumericColumn(name, 0.0) for name in frame.columns]
    return _filled(_numbers(frame, columns), columns), tuple(frame.columns)


def _outputs(output: ArrayLike, n_outputs: int) -> Floats:
    array = np.asarray(output, dtype=np.float64)
    array = array.reshape(-1, 1) if array.ndim == 1 and n_outputs == 1 else array
    if array.ndim != 2 or array.shape[1] != n_outputs:
        raise ValueError(f"outputs have shape {array.shape}: expected (n, {n_outputs})")
    return array


def _column_from(fields: Mapping[str, Any]) -> NumericColumn | TextColumn:
    name, marks_missing = str(fields["name"]), bool(fields["marks_missing"])
    if "levels" in fields:
        levels = tuple(map(str, fields["levels"]))
        if len(set(levels)) < len(levels):
            raise ValueError(f"the model's columns are damaged: a level of {name!r} comes twice")
        return TextColumn(name, levels, marks_missing)
    median = float(fields["median"])
    if not math.isfinite(median):
        raise ValueError(f"the median of {name!r} is {median}: expected a finite number")
    return NumericColumn(name, median, marks_missing)


def _listed(items: Sequence[Any], at_most: int = 10) -> str:
    more = f" and {len(items) - at_most} more" if len(items) > at_most else ""
    return ", ".join(map(repr, items[:at_most])) + more
