"""A column on a card: what it holds, and what becomes of it before a network gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from pellucid.export.program import DATE, Column, Number
from pellucid.pictures.words import figure
from pellucid.reporting.html import MINUS
from pellucid.subject import CELL, LEVEL, MISSING, NUMERIC, Input, Subject

SOME = 6
"""Levels of a category that are named."""


@dataclass(frozen=True)
class CardColumn:
    """A column that a model takes, in words.

    Parameters
    ----------
    name : of the column.
    holds : numbers, text, dates, or yes and no.
    values : of a text column, the levels that training had.
    becomes : the inputs that are made of it.
    missing : what stands in where there is no value.
    """

    name: str
    holds: str
    values: str
    becomes: str
    missing: str


def columns_of(subject: Subject) -> tuple[CardColumn, ...]:
    """A line for each column of a model, in their order."""
    inputs: list[list[Input]] = [[] for _ in subject.taken]
    for each in subject.inputs:
        inputs[each.column].append(each)
    pairs = zip(subject.taken, inputs, strict=True)
    return tuple(_column(column, of_it) for column, of_it in pairs)


def _column(column: Column, inputs: Sequence[Input]) -> CardColumn:
    holds = "yes or no" if column.boolean else {DATE: "dates"}.get(column.kind, "numbers")
    if column.levels:
        holds = "text"
    numbers = [each for each in inputs if each.kind == NUMERIC]
    levels = [each.level for each in inputs if each.kind == LEVEL]
    cells = sum(each.kind == CELL for each in inputs)
    marked = any(each.kind == MISSING for each in inputs) or None in levels
    becomes = []
    if any(each.number is not None and each.number.by_code for each in numbers):
        becomes.append("a number for each level, learnt from the answers")
    elif numbers:
        becomes.append("; ".join(_scaled(each.number) for each in numbers))
    if cells:
        becomes.append(f"{cells} steps along its range")
    if levels:
        becomes.append(f"{len(levels)} inputs of 0 or 1")
    return CardColumn(
        column.name, holds, _named(column.levels), "; ".join(becomes) or "nothing",
        _missing(column, numbers, marked),
    )  # fmt: skip


def _named(levels: Sequence[str]) -> str:
    if not levels:
        return ""
    more = len(levels) - SOME
    return ", ".join(levels[:SOME]) + (f" and {more} more" if more > 0 else "")


def _scaled(number: Number | None) -> str:
    """How x becomes what the network gets."""
    if number is None or (number.shift, number.factor) == (0.0, 1.0):
        return "taken as it is"
    sign = MINUS if number.shift >= 0 else "+"
    x = number.part or "x"
    inner = f"({x} {sign} {figure(abs(number.shift))})" if number.shift else x
    text = f"{inner} / {figure(1 / number.factor)}" if number.factor else "0"
    return f"{text}, within ±{number.limit:g}" if number.limit else text


def _missing(column: Column, numbers: Sequence[Input], marked: bool) -> str:
    if not column.gaps:
        return "refused"
    mark = ", with a mark" if marked else ""
    number = next((each.number for each in numbers if each.number is not None), None)
    if column.levels:
        if numbers:
            return "a number of its own"
        return "an input of its own" if marked else "all its inputs 0"
    if number is None or number.part or not isfinite(number.absent):
        return f"the middle of training{mark}"
    return f"{figure(number.inverse(number.absent))}{mark}"
