"""An encoder turns the columns of a table into a network's inputs, by what it learnt in training.

What it makes of a table is compact: a number for each number, a code for each category. The inputs
proper, of which there may be hundreds a row, are made from that a block of rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from pellucid.example_rows import Value, levels, numbers, staggered, truths
from pellucid.tabular.frames import BOOLEAN, CATEGORY, DATE, Frame
from pellucid.tabular.moments import numbers_in
from pellucid.tabular.schema import Schema
from pellucid.tabular.values import texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"

ABSENT, UNKNOWN = -2, -1
"""In place of a level's code: there is no value, or one that training did not have."""

FIRST_DAY, SOME_DAY, LAST_DAY = -350_000.0, 11_000.0, 2_900_000.0
"""Days from the beginning of 1970 between which dates can be written as text with four digits."""

SOFT_LIMIT, FAR = 3.0, 1e300
"""Numbers are squashed to lie within so many times their interquartile range of the median, from
however far."""


class Compact(NamedTuple):
    """An encoded table: for each row, numbers (n, k) with NaN where there is none, and codes."""

    numbers: NDArray[np.float32]  # (n, k)
    codes: NDArray[np.int32]  # (n, c)

    def take(self, rows: Any) -> Compact:
        """Some of the rows."""
        return Compact(self.numbers[rows], self.codes[rows])

    @property
    def n_rows(self) -> int:
        """How many rows."""
        return len(self.numbers)


@dataclass(frozen=True)
class Number:
    """A number as the network gets it: squashed, perhaps marked as missing, perhaps in bins.

    Parameters
    ----------
    source : the column it comes from.
    part : what of it: "" for a number itself, "year" and so on of a date, "mean 0" of a category.
    median, scale : z = (x - median) * scale, then z / sqrt(1 + (z / 3)^2).
    marks_missing : whether training had rows without it.
    edges : of the bins of its piecewise-linear encoding, rising, in units of z; () for none.
    """

    source: str
    part: str = ""
    median: float = 0.0
    scale: float = 1.0
    marks_missing: bool = False
    edges: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """The source, and what of it."""
        return f"{self.source} {self.part}".rstrip()

    def squash(self, x: Floats) -> Floats:
        """Numbers (n,) to a common size, with outliers drawn in."""
        with np.errstate(over="ignore"):  # what is far off lies at the limit
            z = np.clip((x - self.median) * self.scale, -FAR, FAR)
        squashed: Floats = z / np.hypot(1.0, z / SOFT_LIMIT)
        return squashed


@dataclass(frozen=True)
class Category:
    """A category as the network gets it: an input a level, 1 for the level that a row has.

    Parameters
    ----------
    source : the column it comes from.
    levels : that training had.
    marks_missing : whether training had rows without it, which then is one level more.
    means : for a category of many levels: the k numbers that each stands for, in place of inputs
        of its own; the last row is that of rows whose level is unknown, and if missing values are
        marked, the one before it theirs.
    """

    source: str
    levels: tuple[str, ...]
    marks_missing: bool = False
    means: tuple[tuple[float, ...], ...] = ()

    def parts(self, codes: NDArray[np.int32]) -> dict[str, Floats]:
        """The numbers that codes (n,) stand for, by part, for a category of many levels."""
        table = np.array(self.means)
        unknown = len(table) - 1
        absent = len(self.levels) if self.marks_missing else unknown
        places = np.select([codes == ABSENT, codes == UNKNOWN], [absent, unknown], codes)
        means = table[places]
        return {f"mean {j}": column for j, column in enumerate(means.T)}

    @property
    def n_inputs(self) -> int:
        """Inputs of its own."""
        return 0 if self.means else len(self.levels) + self.marks_missing

    @property
    def input_names(self) -> tuple[str, ...]:
        """What they are called."""
        if self.means:
            return ()
        missing = (f"{self.source} missing",) if self.marks_missing else ()
        return (*(f"{self.source}={level}" for level in self.levels), *missing)


def codes_of(texts: Sequence[str | None], lookup: Mapping[str, int]) -> NDArray[np.int32]:
    """The code (n,) of each value's level, `ABSENT` or `UNKNOWN`."""
    found = [ABSENT if text is None else lookup.get(text, UNKNOWN) for text in texts]
    return np.array(found, np.int32)


@dataclass
class Encoder:
    """The columns that are used and what becomes of each.

    Parameters
    ----------
    schema : what the columns hold.
    numbers, categories : in the order of the compact form. The numbers that categories of many
        levels stand for come last.
    """

    schema: Schema
    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    _lookups: dict[str, dict[Any, int]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.direct = [c for c in self.categories if not c.means]
        numbers = self.numbers
        self._flagged = [i for i, number in enumerate(numbers) if number.marks_missing]
        cells = [
            (i, low, 1.0 / (high - low))
            for i, number in enumerate(numbers)
            for low, high in zip(number.edges[:-1], number.edges[1:], strict=True)
        ]
        self._cell_of = np.array([cell[0] for cell in cells], np.intp)  # (p,) number of each cell
        self._low = np.array([cell[1] for cell in cells], np.float32)
        self._slope = np.array([cell[2] for cell in cells], np.float32)
        widths = [category.n_inputs for category in self.direct]
        k, f, p = len(numbers), len(self._flagged), len(cells)
        self._cells = slice(k + f, k + f + p)
        self._offsets = k + f + p + np.cumsum([0, *widths])[:-1].astype(np.int64)
        self.n_inputs = k + f + p + sum(widths)

    @property
    def input_names(self) -> tuple[str, ...]:
        """(n_inputs,) what the network's inputs are called."""
        return (
            *(number.name for number in self.numbers),
            *(f"{self.numbers[i].name} missing" for i in self._flagged),
            *(
                f"{self.numbers[i].name} > {e:.3g}"
                for i, e in zip(self._cell_of, self._low, strict=True)
            ),
            *(name for category in self.direct for name in category.input_names),
        )

    def inputs(self, rows: Compact) -> NDArray[np.float32]:
        """The network's inputs (n, n_inputs).

        Numbers, marks of missing ones, their piecewise-linear encoding, levels: in that order. In
        each bin below the one a number lies in the encoding is 1, in those above 0, and in its own
        the part of the bin that lies below it (Gorishniy et al., On embeddings for numerical
        features in tabular deep learning, 2022, eq. 1).
        """
        n, k = rows.numbers.shape
        X = np.zeros((n, self.n_inputs), np.float32)
        if k:
            z = X[:, :k]
            z[...] = rows.numbers
            if self._flagged:
                missing = np.isnan(rows.numbers)
                X[:, k : k + len(self._flagged)] = missing[:, self._flagged]
            np.nan_to_num(z, copy=False, nan=0.0)
            if len(self._low):
                cells = X[:, self._cells]
                np.subtract(np.take(z, self._cell_of, axis=1), self._low, out=cells)
                cells *= self._slope
                np.clip(cells, 0.0, 1.0, out=cells)
        for i, category in enumerate(self.direct):
            codes = rows.codes[:, i]
            absent = len(category.levels) if category.marks_missing else UNKNOWN
            codes = np.where(codes == ABSENT, absent, codes)
            known = np.flatnonzero(codes >= 0)
            X[known, self._offsets[i] + codes[known]] = 1.0
        return X

    def blocks(self, rows: Compact, size: int) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """The inputs of so many rows at a time, and which rows they are of."""
        for first in range(0, rows.n_rows, size):
            part = slice(first, first + size)
            yield part, self.inputs(rows.take(part))

    def compact(self, frame: Frame, notes: list[str] | None = None) -> Compact:
        """The table in compact form; `notes` gets a sentence on columns with values that are new.

        Raises
        ------
        ValueError
            If a value is not of the kind that its column had in training; its row is named.
        """
        numbers = np.empty((frame.n_rows, len(self.numbers)), np.float32)
        codes = np.empty((frame.n_rows, len(self.direct)), np.int32)
        parts: dict[str, Mapping[str, Floats]] = {}
        at = 0
        for category in self.categories:
            found = self._codes(category, frame)
            unknown = int((found == UNKNOWN).sum())
            if unknown and notes is not None:
                notes.append(f"rows whose {category.source!r} is new: {unknown}")
            if category.means:
                parts[category.source] = category.parts(found)
            else:
                codes[:, at] = found
                at += 1
        for i, number in enumerate(self.numbers):
            if number.source not in parts:
                column = self.schema[number.source]
                parts[number.source] = numbers_in(column, frame.column(column.name))
            numbers[:, i] = number.squash(parts[number.source][number.part])
        return Compact(numbers, codes)

    def _codes(self, category: Category, frame: Frame) -> NDArray[np.int32]:
        values = frame.column(category.source)
        lookup = self._lookups.get(category.source)
        if lookup is None:
            lookup = {level: code for code, level in enumerate(category.levels)}
            self._lookups[category.source] = lookup
        return codes_of(texts_of(values), lookup)

    def example_rows(self) -> dict[str, list[Value]]:
        """A few rows of the columns that are used, made up from what is known of each.

        Values are plain, as JSON has them, with dates as text in the column's own format.

        Examples
        --------
        >>> from pellucid.tabular.frames import frame_of
        >>> from pellucid.tabular.schema import Column
        >>> schema = Schema((Column("age", "number"), Column("job", "category")))
        >>> encoder = Encoder(
        ...     schema, (Number("age", median=40.0, scale=0.1),), (Category("job", ("poet",)),)
        ... )
        >>> rows = encoder.example_rows()
        >>> rows["age"][:3], rows["job"][:3]
        ([40.0, 50.0, 30.0], ['poet', 'poet', 'not seen in training'])
        >>> encoder.inputs(encoder.compact(frame_of(rows))).shape
        (8, 2)
        """
        categories = {category.source: category for category in self.categories}
        parts = {(number.source, number.part): number for number in self.numbers}
        columns: dict[str, list[Value]] = {}
        for column in self.schema.used:
            name = column.name
            if column.kind == CATEGORY:
                columns[name] = levels(categories[name].levels)
            elif column.kind == BOOLEAN:
                columns[name] = truths()
            elif column.kind == DATE:
                found = {part: number for (source, part), number in parts.items() if source == name}
                columns[name] = _dates(found, column.date_format)
            else:
                number = parts.get((name, ""), Number(name))
                columns[name] = numbers(number.median, 1.0 / number.scale if number.scale else 1.0)
        return staggered(columns)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for the model file."""
        from dataclasses import asdict

        return {
            "schema": self.schema.to_dict(),
            "numbers": [asdict(number) for number in self.numbers],
            "categories": [asdict(category) for category in self.categories],
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Encoder:
        """The inverse of `to_dict`."""
        numbers = tuple(
            Number(**{**number, "edges": tuple(number["edges"])}) for number in fields["numbers"]
        )
        categories = tuple(
            Category(
                category["source"], tuple(category["levels"]), category["marks_missing"],
                tuple(map(tuple, category["means"])),
            )
            for category in fields["categories"]
        )  # fmt: skip
        return cls(Schema.from_dict(fields["schema"]), numbers, categories)


def _dates(parts: Mapping[str, Number], date_format: str) -> list[Value]:
    """Days around the one in the middle of those that training had, as text; and none."""
    elapsed = parts.get("days elapsed", Number("", median=SOME_DAY))
    around = numbers(elapsed.median, 1.0 / elapsed.scale if elapsed.scale else 1.0)
    texts: list[Value] = []
    for days in around:
        if not isinstance(days, float):
            texts.append(None)
            continue
        minutes = round(min(max(days, FIRST_DAY), LAST_DAY) * 24 * 60)
        moment = datetime(1970, 1, 1) + timedelta(minutes=minutes)
        if date_format:
            texts.append(moment.strftime(date_format))
        else:
            texts.append((moment if "hour" in parts else moment.date()).isoformat())
    return texts
