"""A target is the column to predict: as numbers for the network, and back as answers for people.

Needs polars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.columns import (
    UNKNOWN,
    Floats,
    NumericColumn,
    as_text,
    filled_in,
    is_bool,
    level_numbers,
    listed,
    numbers_of,
    without_nan,
)
from pellucid.fields import mapping, sequence, short, texts
from pellucid.registry import look_up
from pellucid.scaling import SCALERS, Scaler

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import ArrayLike, NDArray

Label: TypeAlias = str | int | float | bool

MOST_CLASSES, ROWS_PER_CLASS = 20, 5
"""Whole numbers are classes if they are at most so many, with so many rows each."""


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
        plain = series if series.dtype.is_numeric() or is_bool(series) else as_text(series)
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
        found = level_numbers(series, levels)
        if (found == UNKNOWN).any():
            texts = as_text(series)
            unknown = texts.gather(np.flatnonzero(found == UNKNOWN)).unique().sort().to_list()
            strange = [text for text in unknown if text.removesuffix(".") not in levels]
            if strange:
                raise ValueError(
                    f"target {series.name!r} has {listed(strange)}, and the model knows "
                    f"{listed(levels)}"
                )
            if notes is not None:
                notes.append(f"the full stop is dropped from {listed(unknown)}")
            shortened = level_numbers(texts.str.strip_suffix("."), levels)
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
        classes = sequence(fields["classes"])
        if not {*map(type, classes)} <= {str, int, float, bool}:
            raise ValueError(f"{short(classes)} where labels were expected")
        return cls(tuple(classes))


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
        scaler, names = Scaler.from_dict(mapping(fields["scaler"])), texts(fields["names"])
        if scaler.scale.shape not in ((1,), (len(names),)):
            raise ValueError(f"{scaler.scale.size} scales for {len(names)} targets")
        return cls(scaler, names)


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
    present = without_nan(series).drop_nulls()
    n = len(present)
    if not n:
        raise ValueError(f"target {series.name!r} has no values: choose another column")
    distinct = present.n_unique()
    called = f"target {series.name!r}"
    if is_bool(series):
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


def _label_text(label: Label) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def _refuse_missing(series: pl.Series) -> None:
    is_text = not (series.dtype.is_numeric() or is_bool(series))
    values = as_text(series) if is_text else without_nan(series)
    rows = np.flatnonzero(values.is_null().to_numpy())
    if rows.size:
        raise ValueError(
            f"target {series.name!r} is missing in {rows.size} rows, first in row {rows[0] + 1}: "
            "drop those rows"
        )


def _targets(data: pl.Series | pl.DataFrame) -> tuple[Floats, tuple[str, ...]]:
    import polars as pl

    frame = data.to_frame() if isinstance(data, pl.Series) else data
    for series in frame:
        _refuse_missing(series)
    columns = [NumericColumn(name, 0.0) for name in frame.columns]
    return filled_in(numbers_of(frame, columns), columns), tuple(frame.columns)


def _outputs(output: ArrayLike, n_outputs: int) -> Floats:
    array = np.asarray(output, dtype=np.float64)
    array = array.reshape(-1, 1) if array.ndim == 1 and n_outputs == 1 else array
    if array.ndim != 2 or array.shape[1] != n_outputs:
        raise ValueError(f"outputs have shape {array.shape}: expected (n, {n_outputs})")
    return array
