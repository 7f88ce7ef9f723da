"""To measure is to hold a bag's predictions against the answers, and against guessing blindly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid import model_file
from pellucid.metrics import (
    ClassificationReport,
    RegressionReport,
    classification_report,
    regression_report,
)
from pellucid.predictor import class_numbers
from pellucid.rows import answered
from pellucid.scores import Score, as_data, of_classes, of_numbers, part
from pellucid.tables import find_column
from pellucid.tabular import Schema, TabularClassifier, TabularRegressor
from pellucid.tabular.frames import CATEGORY, frame_of
from pellucid.tabular.moments import numbers_in
from pellucid.targets import ClassTarget, NumericTarget

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

Model: TypeAlias = TabularClassifier | TabularRegressor

COVERAGE = 0.9
"""Of the intervals whose hold on the test rows is reported."""


@dataclass(frozen=True)
class Measured:
    """How good predictions of some rows are.

    Parameters
    ----------
    on : which rows: "test", "out-of-bag", "training" or "given".
    scores : with their standard errors.
    guess : what is guessed without looking, and `guessed` its scores on the same rows.
    report : class by class.
    answers, predictions : (n,) codes of classes, or numbers.
    held, width : the part of answers in intervals of `COVERAGE`, and how wide these are on average.
    """

    on: str
    scores: list[Score]
    guess: str
    guessed: list[Score] | None
    report: ClassificationReport | RegressionReport
    answers: NDArray[Any]
    predictions: NDArray[Any]
    held: Score | None = None
    width: float | None = None

    @property
    def task(self) -> str:
        """Classification or regression."""
        classes = isinstance(self.report, ClassificationReport)
        return "classification" if classes else "regression"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        made: dict[str, Any] = {"rows": len(self.answers), **as_data(self.scores)}
        if isinstance(self.report, ClassificationReport):
            made["metrics"] |= self.report.to_dict()
        else:
            made["metrics"] |= {"rows": len(self.answers)}
        if self.guessed is not None:
            made["baseline"] = {"guess": self.guess, **as_data(self.guessed)}
        if self.held is not None:
            made["interval"] = {
                "coverage": COVERAGE, "held": self.held.value, "uncertainty": self.held.error,
                "mean_width": self.width,
            }  # fmt: skip
        return made


def answers_of(model: Model, column: polars.Series, notes: list[str] | None = None) -> NDArray[Any]:
    """The right answers (n,): codes in the order of the model's classes, or numbers.

    A full stop at the end of labels is dropped if that makes them known; `notes` gets a sentence.
    """
    if isinstance(model, TabularClassifier):
        classes = ClassTarget(tuple(model.classes_.tolist()))
        return class_numbers(classes.encode(column, notes))
    return NumericTarget.fit(column, "none").encode(column)[:, 0]


def measure(
    model: Model,
    frame: polars.DataFrame,
    answers: NDArray[Any],
    baseline: Mapping[str, Any],
    on: str,
) -> Measured:
    """How well a model predicts rows whose answers are known."""
    table = frame_of(known_columns(model, frame))
    if isinstance(model, TabularClassifier):
        return against(model, model.predict_proba(table), answers, baseline, on)
    intervals = None
    if on != "training" and len(model._residuals.off) >= 1 / (1 - COVERAGE):
        intervals = model.predict_interval(table, COVERAGE)
    return against(model, model.predict(table), answers, baseline, on, intervals)


def measure_table(model: Model, path: Path, frame: polars.DataFrame, notes: list[str]) -> Measured:
    """How well the model of a file predicts a table that has the answers too.

    `notes` gets a sentence on whatever had to be assumed, or is new.
    """
    name = model.target_name_
    frame = answered(frame, name, notes)
    if not frame.height:
        raise ValueError(f"no row has an answer in {name!r}: there is nothing to measure on")
    answers = answers_of(model, find_column(frame, name), notes)
    notes += model.unseen(frame_of(known_columns(model, frame, notes)))
    about = model_file.read(path)[1].get("about")
    baseline = about.get("baseline", {}) if isinstance(about, dict) else {}
    return measure(model, frame, answers, baseline, "given")


def against(
    model: Model,
    output: NDArray[np.float64],
    answers: NDArray[Any],
    baseline: Mapping[str, Any],
    on: str,
    intervals: NDArray[np.float64] | None = None,
) -> Measured:
    """Predictions held against answers (n,).

    Parameters
    ----------
    output : (n, k) probabilities of the classes, or (n,) numbers.
    baseline : the `parts` of the rows that each class had in training, or their `mean`; or neither.
    """
    guess, guessed = "", None
    if isinstance(model, TabularClassifier):
        names = [str(label) for label in model.classes_.tolist()]
        predictions = output.argmax(axis=1)
        if "parts" in baseline:
            parts = np.array(baseline["parts"])
            guess = f"majority {names[parts.argmax()]!r}"
            guessed = of_classes(answers, np.broadcast_to(parts, output.shape))
        report = classification_report(answers, predictions, names)
        return Measured(
            on, of_classes(answers, output), guess, guessed, report, answers, predictions
        )
    if "mean" in baseline:
        guess = f"mean {baseline['mean']:.6g}"
        guessed = of_numbers(answers, np.full(len(answers), baseline["mean"]))
    held, width = None, None
    if intervals is not None:
        low, high = intervals.T
        held = part("held", (low <= answers) & (answers <= high))
        width = float((high - low).mean())
    return Measured(
        on, of_numbers(answers, output), guess, guessed, regression_report(answers, output),
        answers, output, held, width,
    )  # fmt: skip


def known_columns(
    model: Model, frame: polars.DataFrame, notes: list[str] | None = None
) -> polars.DataFrame:
    """The table without columns that training did not have; `notes` gets a sentence on them."""
    if not {column.name for column in model.schema_.used} <= {*frame.columns}:
        return frame  # which the model refuses, with all names
    known = {column.name for column in model.schema_}
    extra = [name for name in frame.columns if name not in known]
    left = [name for name in extra if name != model.target_name_]
    if left and notes is not None:
        notes.append(f"columns that training did not have, left out: {', '.join(left)}")
    return frame.drop(extra)


def refuse_unfit(schema: Schema, frame: polars.DataFrame) -> None:
    """Raise ValueError if rows to test on lack a column, or hold what is not of its kind."""
    table = frame_of(frame)
    for column in schema.used:
        find_column(frame, column.name)
        if column.kind != CATEGORY and table.n_rows:
            numbers_in(column, table.column(column.name))
