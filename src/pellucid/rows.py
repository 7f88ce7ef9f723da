"""Rows are a table divided: what is learnt from, what chooses, and what judges the learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.columns import NumericColumn, numbers_of
from pellucid.recipe import Recipe
from pellucid.splitting import split_rows
from pellucid.tables import Table, find_column
from pellucid.targets import infer_task

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Rows:
    """A table divided, and what is to be learnt from it."""

    target: str
    task: str
    why: str
    answers: polars.Series  # of all rows
    trained: polars.DataFrame
    validated: polars.DataFrame
    tested: polars.DataFrame
    notes: list[str]

    @property
    def measured(self) -> polars.DataFrame:
        """The rows that the report is about."""
        return self.tested if self.tested.height else self.trained

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are for what."""
        parts = {"train": self.trained, "validation": self.validated, "test": self.tested}
        return {name: frame.height for name, frame in parts.items()}


def divide(
    table: Table, target: str | None, recipe: Recipe, task: str | None, test: Table | None
) -> Rows:
    """Find the target, leave out what cannot be learnt from, and split the rows."""
    notes = list(table.notes)
    name = target or table.target or table.frame.columns[-1]
    find_column(table.frame, name)
    _refuse_infinite(table.frame)  # before any row is moved, so that the right one is named
    frame = answered(table.frame, name, notes)
    if frame.height == 0:
        raise ValueError("the table has no rows to learn from")
    for excluded in recipe.exclude:
        frame = frame.drop(find_column(frame, excluded).name)
    if frame.width < 2:
        raise ValueError(f"{name!r} is the only column: there is nothing to predict it from")
    answers = find_column(frame, name)
    if task not in (None, "classification", "regression"):
        raise ValueError(f"task is {task!r}: expected 'classification' or 'regression'")
    why = "as asked for"
    if task is None and target in (None, table.target) and table.task is not None:
        task, why = table.task, "as the data set says"
    elif task is None:
        task, why = infer_task(answers)
    classes = answers.cast(str).to_numpy() if task == "classification" else None
    held_out = 0.0 if test is not None else recipe.test
    parts = split_rows(frame.height, classes, recipe.validation, held_out, recipe.seed)
    trained, validated, tested = (frame[rows.tolist()] for rows in parts)
    if test is not None:
        notes += test.notes
        tested = answered(test.frame, name, notes)
    return Rows(name, task, why, answers, trained, validated, tested, notes)


def answered(frame: polars.DataFrame, target: str, notes: list[str]) -> polars.DataFrame:
    """The rows that have an answer; `notes` gets how many have none."""
    answers = find_column(frame, target)
    if not answers.null_count():
        return frame
    notes.append(f"rows without {target}, left out: {answers.null_count()}")
    return frame.filter(answers.is_not_null())


def _refuse_infinite(frame: polars.DataFrame) -> None:
    """Raise ValueError naming the first infinite number, its column and its row in the table."""
    numbers_of(frame, [NumericColumn(c.name, 0.0) for c in frame if c.dtype.is_float()])
