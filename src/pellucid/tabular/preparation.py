"""Preparation is what an encoder learns from the training rows: sizes, bins, levels, means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.tabular.encoder import (
    Category,
    Compact,
    Encoder,
    Floats,
    Number,
    codes_of,
)
from pellucid.tabular.frames import CATEGORY, Frame
from pellucid.tabular.moments import numbers_in
from pellucid.tabular.schema import Schema
from pellucid.tabular.values import texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY_NUMBERS, ROWS_A_BIN = 10, 16
"""Columns above which each gets fewer bins; rows that a bin holds at least."""

NARROWEST = 1e-30
"""Bins are wider, so that what they are divided by is a number in float32."""

FOLDS = 5
"""Parts of the rows that are encoded by the target of the others."""


@dataclass(frozen=True)
class Preparation:
    """What is chosen of the encoding.

    Parameters
    ----------
    bins : of the piecewise-linear encoding of each number, at the most; 0 for none.
    most_levels : up to which a category has an input a level; above, it is encoded by the target.
    seed : of the folds of the encoding by the target.
    """

    bins: int = 0
    most_levels: int = 30
    seed: int = 0

    def fit(self, frame: Frame, schema: Schema, y: NDArray[Any]) -> tuple[Encoder, Compact]:
        """Learn from the rows of a table with their targets, and encode them.

        A category of many levels is encoded by the target of other rows than the one encoded
        (scikit-learn's `TargetEncoder`), so that no row's own target is among its inputs.
        """
        numbers: list[Number] = []
        categories: list[Category] = []
        squashed: list[NDArray[np.float32]] = []
        coded: list[NDArray[np.int32]] = []
        by_target: list[tuple[Category, NDArray[np.int32]]] = []
        for column in schema.used:
            values = frame.column(column.name)
            if column.kind == CATEGORY:
                texts = texts_of(values)
                levels = tuple(sorted({text for text in texts if text is not None}))
                category = Category(column.name, levels, None in texts)
                lookup = {level: code for code, level in enumerate(levels)}
                codes = codes_of(texts, lookup)
                if len(levels) > self.most_levels:
                    by_target.append((category, codes))
                else:
                    coded.append(codes)
                categories.append(category)
                continue
            for part, x in numbers_in(column, values).items():
                number = fit_number(column.name, part, x)
                if number is not None:
                    numbers.append(number)
                    squashed.append(number.squash(x).astype(np.float32))
        for category, codes in by_target:
            fitted, parts = self._by_target(category, codes, y)
            categories[categories.index(category)] = fitted
            for part, x in parts.items():
                number = fit_number(category.source, part, x) or Number(category.source, part)
                numbers.append(number)
                squashed.append(number.squash(x).astype(np.float32))
        n = frame.n_rows
        Z = np.stack(squashed, axis=1) if squashed else np.empty((n, 0), np.float32)
        C = np.stack(coded, axis=1) if coded else np.empty((n, 0), np.int32)
        bins = self._bins(len(numbers), n)
        numbers = [
            replace(number, edges=bin_edges(Z[:, i], bins)) for i, number in enumerate(numbers)
        ]
        return Encoder(schema, tuple(numbers), tuple(categories)), Compact(Z, C)

    def _bins(self, n_numbers: int, n_rows: int) -> int:
        fewer = self.bins * MANY_NUMBERS // max(n_numbers, MANY_NUMBERS)
        return min(fewer, n_rows // ROWS_A_BIN)

    def _by_target(
        self, category: Category, codes: NDArray[np.int32], y: NDArray[Any]
    ) -> tuple[Category, dict[str, Floats]]:
        from sklearn.model_selection import KFold
        from sklearn.preprocessing import TargetEncoder

        n_levels = len(category.levels) + category.marks_missing
        own = np.where(codes < 0, len(category.levels), codes)
        kind = "continuous" if y.dtype.kind == "f" else "auto"
        by_target = TargetEncoder(
            categories=[np.arange(n_levels)],
            target_type=kind,
            cv=KFold(min(FOLDS, len(y)), shuffle=True, random_state=self.seed),
        )
        crossed = by_target.fit_transform(own[:, None], y)  # (n, k)
        means = by_target.transform(np.arange(n_levels)[:, None])
        unknown = np.broadcast_to(by_target.target_mean_, means[:1].shape)
        table = tuple(tuple(row) for row in np.concatenate([means, unknown]).tolist())
        return replace(category, means=table), {
            f"mean {j}": column for j, column in enumerate(crossed.T)
        }


def fit_number(source: str, part: str, x: Floats) -> Number | None:
    """How numbers (n,) are brought to size; None for a part of a date that is always the same.

    Where more than half are the same, they have no interquartile range: the size is then that of
    the others' distance from it, in the median.
    """
    missing = np.isnan(x)
    marks_missing = bool(missing.any())
    present = x[~missing] if marks_missing else x
    if not len(present):
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # as far apart as floats can be
        low, median, high = np.quantile(present, [0.25, 0.5, 0.75])
        spread = float(high - low)
    if part and present.min() == present.max():
        return None
    if not spread:
        others = present[present != median]
        spread = float(np.median(np.abs(others - median))) if len(others) else 0.0
    scale = 1.0 / spread if spread > 0.0 and np.isfinite(1.0 / spread) else 0.0
    return Number(source, part, float(median), scale, marks_missing)


def bin_edges(z: NDArray[np.float32], bins: int) -> tuple[float, ...]:
    """The edges of bins that hold about equal parts of numbers (n,); () where two would do.

    Where more than half are the same, bins are for the others, which else would share one or two.
    """
    present = z[~np.isnan(z)]
    if bins < 2 or not len(present):
        return ()
    low, median, high = np.quantile(present, [0.25, 0.5, 0.75])
    most: list[float] = []
    if low == high:
        present, most = present[present != median], [median]
        bins = min(bins, len(present) // ROWS_A_BIN)
        if bins < 2:
            return ()
    marks = np.quantile(present, np.linspace(0.0, 1.0, bins + 1)).tolist()
    edges = np.unique(np.array([*marks, *most], np.float32))
    edges = edges[np.diff(edges, prepend=-np.inf) > NARROWEST]
    return tuple(edges.astype(np.float64).tolist()) if len(edges) > 2 else ()
