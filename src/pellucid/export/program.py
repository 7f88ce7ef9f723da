"""A program is a fitted model as plain steps, from columns to answers: what every export writes.

    columns -> numbers and codes -> inputs -> networks -> probabilities, or numbers to predict

It knows nothing of tables, training or engines, and is one form for every kind of model. All
layers are dense: a scale is multiplied into the weights that follow, a temperature into the last.
The inputs are the numbers, then a mark for each that may be missing, then the cells of their
piecewise-linear encoding, then one for each level of each category.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.activations import activation
from pellucid.export.dates import FIRST, LAST, days_of, text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"

NUMBER, CATEGORY, DATE = "number", "category", "date"
"""What a column holds."""

PARTS = ("year", "month", "day of week", "hour", "days elapsed")
"""What a date is taken apart into."""


@dataclass(frozen=True)
class Column:
    """A column of a table, as a program takes it.

    Parameters
    ----------
    name : of the column.
    kind : `NUMBER`: NaN where there is none; `CATEGORY`: text, "" where there is none; `DATE`: days
        since the beginning of 1970 and fractions of them, NaN where there is none.
    levels : the texts of a category that training had; its codes are their places. A missing
        value has the code `len(levels)`, a text that training did not have `len(levels) + 1`.
    same : further texts, each with the code that it has too.
    gaps : whether values may be missing.
    boolean, lenient : how text is read as numbers: whether "true" and "false" are 1 and 0, and
        whether what is no number counts as missing.
    date_format : in which dates are written, as `datetime.strptime` takes it; "" for ISO 8601.
    """

    name: str
    kind: str = NUMBER
    levels: tuple[str, ...] = ()
    same: Mapping[str, int] = field(default_factory=dict)
    gaps: bool = True
    boolean: bool = False
    lenient: bool = False
    date_format: str = ""

    @property
    def codes(self) -> dict[str, int]:
        """The code of each known text."""
        return {level: i for i, level in enumerate(self.levels)} | dict(self.same)


@dataclass(frozen=True)
class Number:
    """A number as a network gets it, of a column that holds numbers or dates, or of a category.

    Parameters
    ----------
    column : its place among the program's columns.
    part : of a date, one of `PARTS`.
    shift, factor : z = (x - shift) * factor.
    limit : if not 0, z / sqrt(1 + (z / limit)^2) comes in its place.
    absent : z where x is missing.
    by_code : of a category, z for each code, in place of all that.
    """

    column: int
    part: str = ""
    shift: float = 0.0
    factor: float = 1.0
    limit: float = 0.0
    absent: float = 0.0
    by_code: tuple[float, ...] = ()

    def inverse(self, z: float) -> float:
        """The x that z is of, in the column's own unit.

        Examples
        --------
        >>> Number(0, "", shift=38.0, factor=0.1, limit=3.0).inverse(0.0)
        38.0
        """
        if self.limit:
            z = z / math.sqrt(max(1.0 - (z / self.limit) ** 2, 1e-12))
        return z / self.factor + self.shift if self.factor else self.shift


@dataclass(frozen=True)
class Cell:
    """An input that rises from 0 to 1 where a number does from `low`: (z - low) * slope, cut off.

    Parameters
    ----------
    number : its place among the program's numbers.
    low, slope : in units of z. As `z`, they are of the networks' type before they are used.
    """

    number: int
    low: float
    slope: float


@dataclass(frozen=True, eq=False)
class Layer:
    """a = f(x W + b), with W (n_in, n_out), b (n_out,), and f by name."""

    W: NDArray[Any]
    b: NDArray[Any]
    activation: str


@dataclass(frozen=True)
class Classes:
    """What the outputs of a classifier's networks stand for.

    Outputs p (n, k) are probabilities; a single one is that of the second of two classes. Then
    p - smoothing / k, not below 0, is made to add up to 1, and (1 - k floor) p + floor follows.
    """

    labels: tuple[Any, ...]
    smoothing: float = 0.0
    floor: float = 0.0


@dataclass(frozen=True)
class Numbers:
    """What the outputs of a regressor's networks stand for: cut off, times scale, plus shift.

    Parameters
    ----------
    names : of the targets, (k,) one an output.
    scale, shift : (k,).
    low, high : between which outputs are cut off, before that.
    """

    names: tuple[str, ...]
    scale: tuple[float, ...]
    shift: tuple[float, ...]
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True, eq=False)
class Program:
    """A fitted model as plain steps.

    Parameters
    ----------
    columns : that it takes, by name; or in their order, if it is a `matrix` of numbers.
    numbers, marked, cells : of the inputs; `marked` are the places of columns that get a mark.
    categories : (place of a column, whether missing values are one level more) of those with an
        input a level.
    networks : whose answers are averaged, each a sequence of layers.
    answer : what their outputs stand for.
    matrix : whether columns have no names of their own.
    target_name : what is predicted.
    about : plain data on where it comes from.
    """

    columns: tuple[Column, ...]
    numbers: tuple[Number, ...]
    marked: tuple[int, ...]
    cells: tuple[Cell, ...]
    categories: tuple[tuple[int, bool], ...]
    networks: tuple[tuple[Layer, ...], ...]
    answer: Classes | Numbers
    matrix: bool = False
    target_name: str = "target"
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_inputs(self) -> int:
        """Inputs of each network."""
        return len(self.networks[0][0].W)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the networks' numbers."""
        return self.networks[0][0].W.dtype

    @property
    def n_parameters(self) -> int:
        """Weights and biases of all networks."""
        return sum(layer.W.size + layer.b.size for layers in self.networks for layer in layers)

    def width(self, category: tuple[int, bool]) -> int:
        """Inputs of a category."""
        place, marks_missing = category
        return len(self.columns[place].levels) + marks_missing

    # --- running it -----------------------------------------------------------------------------

    def inputs(self, table: Mapping[str, Any]) -> Floats:
        """The networks' inputs (n, n_inputs) for columns by name, as `Column` has them."""
        given = [table[column.name] for column in self.columns]
        values = [
            self._codes(column, items) if column.kind == CATEGORY else np.asarray(items, np.float64)
            for column, items in zip(self.columns, given, strict=True)
        ]
        z = [_number(number, values[number.column]) for number in self.numbers]
        marks = [np.isnan(values[place]).astype(float) for place in self.marked]
        # Cells may be steep: they are reckoned in the networks' type, as the model reckons them.
        of = self.dtype.type
        cells = [
            np.clip((z[c.number].astype(of) - of(c.low)) * of(c.slope), 0.0, 1.0)
            for c in self.cells
        ]
        levels = [
            (values[category[0]] == code).astype(float)
            for category in self.categories
            for code in range(self.width(category))
        ]
        return np.column_stack([*z, *marks, *cells, *levels])

    def outputs(self, inputs: Floats, dtype: Any = None) -> Floats:
        """The probability of each class (n, n_classes), or the numbers predicted (n, k).

        Parameters
        ----------
        dtype : to reckon in, by default the networks' own.
        """
        dtype = dtype or self.dtype
        made = []
        for layers in self.networks:
            a = inputs.astype(self.dtype).astype(dtype)
            for layer in layers:
                W, b = layer.W.astype(dtype), layer.b.astype(dtype)
                a = activation(layer.activation).forward(a @ W + b)
            made.append(self._answer(a.astype(np.float64)))
        mean: Floats = np.mean(made, axis=0)
        return mean

    def run(self, table: Mapping[str, Any]) -> Floats:
        """What `outputs` gives for columns by name."""
        return self.outputs(self.inputs(table))

    def labels(self, outputs: Floats) -> list[Any]:
        """The likeliest class of each row, or the number predicted, or several of them."""
        if isinstance(self.answer, Classes):
            return [self.answer.labels[i] for i in outputs.argmax(axis=1)]
        plain: list[Any] = (outputs[:, 0] if outputs.shape[1] == 1 else outputs).tolist()
        return plain

    def _codes(self, column: Column, texts: Sequence[str]) -> NDArray[np.intp]:
        codes, n = column.codes, len(column.levels)
        return np.array([n if not text else codes.get(text, n + 1) for text in texts], np.intp)

    def _answer(self, a: Floats) -> Floats:
        answer = self.answer
        if isinstance(answer, Numbers):
            cut_off = np.clip(a, answer.low, answer.high)
            numbers: Floats = cut_off * np.array(answer.scale) + np.array(answer.shift)
            return numbers
        p = np.hstack([1.0 - a, a]) if a.shape[1] == 1 else a
        k = p.shape[1]
        if answer.smoothing:
            p = np.maximum(p - answer.smoothing / k, 0.0)
            p /= p.sum(axis=1, keepdims=True)
        shares: Floats = (1.0 - k * answer.floor) * p + answer.floor
        return shares

    # --- rows to try it on ----------------------------------------------------------------------

    def example_rows(self, n: int = 16) -> dict[str, Any]:
        """Rows made up from what it knows, nothing of training's: for checks of what is exported.

        Numbers lie around where those of training did, some far off; some are missing, if training
        had such. Dates are such as their format can write. Categories have all their levels in
        turn, one that is unknown, and none.
        """
        rng = np.random.default_rng(0)
        table: dict[str, Any] = {}
        for place, column in enumerate(self.columns):
            if column.kind == CATEGORY:
                known = [*column.levels, "", "?!"]
                order = rng.permutation(len(known))
                table[column.name] = [known[order[i % len(order)]] for i in range(n)]
                continue
            own = [number for number in self.numbers if number.column == place]
            if column.kind == DATE:
                own = [number for number in own if number.part == PARTS[-1]]
            center, factor = (own[0].shift, own[0].factor) if own else (0.0, 1.0)
            spread = 1.0 / factor if factor else 1.0
            x = center + spread * rng.normal(size=n) * np.where(np.arange(n) % 8 == 7, 10.0, 1.0)
            x = x.astype(np.float32).astype(np.float64)
            inside = self._inside_cells(place, rng)
            if column.kind == NUMBER and len(inside):
                some = rng.permutation(n)[: n // 2]
                x[some] = np.resize(inside, len(some))
            if column.kind == DATE:
                texts = [text_of(day, column.date_format) for day in np.clip(x, FIRST, LAST)]
                x = np.array([days_of(text, column.date_format) for text in texts])
            if place in self.marked or any(number.absent for number in own):
                x[rng.integers(n)] = np.nan
            table[column.name] = x
        return table

    def _inside_cells(self, place: int, rng: np.random.Generator) -> Floats:
        """Numbers of a column that lie within its cells, one in each, in any order."""
        made = []
        for cell in self.cells:
            number = self.numbers[cell.number]
            if number.column == place and not number.by_code:
                made.append(number.inverse(cell.low + rng.random() / cell.slope))
        return rng.permutation(np.array(made))


def _number(number: Number, x: NDArray[Any]) -> Floats:
    """Z (n,) of a column's values, or its codes, (n,)."""
    if number.by_code:
        looked_up: Floats = np.array(number.by_code)[x]
        return looked_up
    if number.part:
        x = part_of(x, number.part)
    z = (x - number.shift) * number.factor
    if number.limit:
        z = z / np.hypot(1.0, z / number.limit)
    return np.where(np.isnan(x), number.absent, z)


def part_of(days: Floats, part: str) -> Floats:
    """A part of dates (n,) in days since the beginning of 1970.

    Examples
    --------
    >>> [part_of(np.array([15005.645833333334]), part).round(9).tolist() for part in PARTS]
    [[2011.0], [1.0], [0.0], [15.5], [15005.645833333]]
    """
    whole = np.floor(days)
    if part == "days elapsed":
        return days
    if part == "hour":
        return (days - whole) * 24.0
    year, month = _civil(whole)
    if part == "day of week":
        return whole + 3.0 - 7.0 * np.floor((whole + 3.0) / 7.0)
    return year if part == "year" else month


def _civil(days: Floats) -> tuple[Floats, Floats]:
    """The year and the month of days since 1970, by arithmetic that any language has.

    In years that begin in March, leap days come last: 400 of them are 146097 days, and the months
    from March on have 153 days in each five.
    """
    z = days + 719468.0  # since the first of March of the year 0
    era = np.floor(z / 146097.0)
    day = z - era * 146097.0
    leaps = np.floor(day / 1460.0) - np.floor(day / 36524.0) + np.floor(day / 146096.0)
    year = np.floor((day - leaps) / 365.0)
    of_year = day - (365.0 * year + np.floor(year / 4.0) - np.floor(year / 100.0))
    shifted = np.floor((5.0 * of_year + 2.0) / 153.0)
    month = np.where(shifted < 10.0, shifted + 3.0, shifted - 9.0)
    return year + era * 400.0 + (month <= 2.0), month
