"""An input is a number that networks get, and where it comes from: those of tables' encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.export.program import CATEGORY, DATE, NUMBER, Cell, Column, Number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.preprocessing import TableEncoder
    from pellucid.tabular.encoder import Encoder


def of_table_encoder(encoder: TableEncoder) -> tuple[dict[str, Any], NDArray[np.intp]]:
    """The parts of a program that stand for an encoder, and the order of its inputs in them."""
    from pellucid.columns import NumericColumn

    numeric = [column for column in encoder.columns if isinstance(column, NumericColumn)]
    scale, shift = (
        np.broadcast_to(array, (len(numeric),)).tolist()
        for array in (encoder.scaler.scale, encoder.scaler.shift)
    )
    columns: list[Column] = []
    numbers: list[Number] = []
    marked: list[int] = []
    categories: list[tuple[int, bool]] = []
    at_numbers: list[int] = []
    at_marks: list[int] = []
    at_levels: list[int] = []
    at = 0
    for place, column in enumerate(encoder.columns):
        if isinstance(column, NumericColumn):
            i = len(numbers)
            absent = (column.median - shift[i]) / scale[i]
            columns.append(Column(column.name))
            numbers.append(Number(place, "", shift[i], 1.0 / scale[i], 0.0, absent))
            at_numbers.append(at)
            if column.marks_missing:
                marked.append(place)
                at_marks.append(at + 1)
        else:
            columns.append(_category(column.name, column.levels))
            categories.append((place, column.marks_missing))
            at_levels += range(at, at + len(column.feature_names))
        at += len(column.feature_names)
    parts = {
        "columns": tuple(columns),
        "numbers": tuple(numbers),
        "marked": tuple(marked),
        "cells": (),
        "categories": tuple(categories),
    }
    return parts, np.array([*at_numbers, *at_marks, *at_levels], np.intp)


def _category(name: str, levels: tuple[str, ...]) -> Column:
    """A category whose levels may be true and false, which are written in more ways than one."""
    from pellucid.delimited import MISSING

    same: dict[str, int] = {text: len(levels) for text in sorted(MISSING) if text}
    if {level.lower() for level in levels} <= {"true", "false"}:
        for i, level in enumerate(levels):
            ways = (level.lower(), level.capitalize(), level.upper())
            same |= {text: i for text in ways if text not in levels}
    return Column(name, CATEGORY, levels, same)


def of_bag_encoder(encoder: Encoder) -> dict[str, Any]:
    """The parts of a program that stand for a bag's encoder, whose inputs are in that order."""
    from pellucid.tabular.encoder import ABSENT, SOFT_LIMIT, UNKNOWN
    from pellucid.tabular.frames import BOOLEAN
    from pellucid.tabular.frames import CATEGORY as A_CATEGORY
    from pellucid.tabular.frames import DATE as A_DATE

    used = list(encoder.schema.used)
    levels = {category.source: category.levels for category in encoder.categories}
    places, columns = {column.name: i for i, column in enumerate(used)}, []
    for column in used:
        if column.kind == A_CATEGORY:
            columns.append(_category(column.name, levels[column.name]))
        else:
            columns.append(
                Column(
                    column.name,
                    DATE if column.kind == A_DATE else NUMBER,
                    boolean=column.kind == BOOLEAN,
                    lenient=column.lenient,
                    date_format=column.date_format,
                )
            )
    by_code: dict[str, Any] = {}
    for category in encoder.categories:
        if category.means:
            codes = np.array([*range(len(category.levels)), ABSENT, UNKNOWN], np.int32)
            by_code[category.source] = category.parts(codes)
    numbers = []
    for number in encoder.numbers:
        if number.source in by_code:
            z = number.squash(by_code[number.source][number.part])
            by_code_z = tuple(z.astype(np.float32).tolist())
            numbers.append(Number(places[number.source], number.part, by_code=by_code_z))
        else:
            numbers.append(
                Number(places[number.source], number.part, number.median, number.scale, SOFT_LIMIT)
            )
    cells = [
        Cell(i, low, 1.0 / (high - low))
        for i, number in enumerate(encoder.numbers)
        for low, high in zip(number.edges[:-1], number.edges[1:], strict=True)
    ]
    return {
        "columns": tuple(columns),
        "numbers": tuple(numbers),
        "marked": tuple(places[n.source] for n in encoder.numbers if n.marks_missing),
        "cells": tuple(cells),
        "categories": tuple((places[c.source], c.marks_missing) for c in encoder.direct),
    }
