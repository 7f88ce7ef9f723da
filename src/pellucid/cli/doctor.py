"""`pellucid doctor`: what is wrong with a model, and what to change."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from pellucid import model_file
from pellucid.cli.data import AsJson, Data, ModelPath, open_data
from pellucid.cli.exits import FAILED
from pellucid.diagnosis import Diagnosis
from pellucid.diagnosis import doctor as examine
from pellucid.metrics import regression_report
from pellucid.recipe import Recipe
from pellucid.rows import divide
from pellucid.subject import Subject, subject_of
from pellucid.tables import Table, find_column

AGREEMENT = 1e-4
"""Relative difference up to which a score is the one that the model file remembers."""


def doctor(
    model: ModelPath,
    data: Data,
    test: Annotated[
        str | None,
        typer.Option(
            help="Data that it was not trained on. Without it, DATA is divided as in training, if "
            "it is what the model was trained on."
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="The column with the answers, where the model does not know its name."),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="That it was trained with, if the model does not know.")
    ] = None,
    solver: Annotated[
        str | None, typer.Option(help="That it was trained with, if the model does not know.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Look for what is wrong with a model, and say what to change.

    DATA is what it was trained on, with the answers. Exits with 1 if there is any finding.
    """
    subject = subject_of(model)
    table = open_data(data)
    notes = list(table.notes)
    X, y = _answered(subject, table, target, data)
    X_test, y_test = None, None
    if test is not None:
        X_test, y_test = _answered(subject, open_data(test), target, test)
    else:
        parts = _as_in_training(subject, model, table)
        if parts is not None:
            (X, y), (X_test, y_test) = parts
            notes.append(
                f"the rows are divided as in training: {len(y)} that it learnt from and "
                f"{len(y_test)} to test on"
            )
    diagnosis: Diagnosis = examine(
        subject.model, X, y, X_test, y_test, learning_rate=learning_rate, solver=solver
    )
    if as_json:
        document = {"file": str(model), "data": data, **diagnosis.to_dict(), "notes": notes}
        print(json.dumps(document, indent=2))
    else:
        for note in notes:
            print(f"note: {note}", file=sys.stderr)
        print(diagnosis)
    return 0 if diagnosis.healthy else FAILED


def _answered(subject: Subject, table: Table, target: str | None, data: str) -> tuple[Any, Any]:
    X, y = subject.divide(table, target)
    if y is None:
        named = f"no column {subject.target_name!r}" if subject.names_target else "no answers"
        raise ValueError(
            f"{data!r} has {named}: give the rows that the model was trained on, with their "
            "answers" + ("" if subject.names_target else ", and the column's name (--target)")
        )
    return X, y


def _as_in_training(
    subject: Subject, path: Path, table: Table
) -> tuple[tuple[Any, Any], tuple[Any, Any]] | None:
    """The rows learnt from and those tested on, if what the file remembers leads to its score."""
    about: Any = model_file.read(path)[1].get("about")
    try:
        recipe = _recipe(subject, about)
        rows = divide(table, subject.target_name, recipe, subject.task, None)
        if rows.counts != about["rows"] or not rows.tested.height:
            return None
        halves = [
            (frame.drop(rows.target), find_column(frame, rows.target).to_numpy())
            for frame in (rows.trained, rows.tested)
        ]
        known, found = _scores(subject, about, *halves[1])
    except (KeyError, TypeError, ValueError, AttributeError):  # it remembers something else
        return None
    if not np.isclose(found, known, rtol=AGREEMENT):
        return None
    return halves[0], halves[1]


def _recipe(subject: Subject, about: Mapping[str, Any]) -> Recipe:
    """What says how rows were divided."""
    if subject.kind == "Predictor":
        told = about["training"]
        return Recipe(
            exclude=tuple(told["exclude"]), validation=told["validation"], test=told["test"],
            seed=told["seed"],
        )  # fmt: skip
    counts = about["rows"]
    share = counts["test"] / sum(counts.values())
    return Recipe(validation=0.0, test=share, seed=subject.model.random_state)


def _scores(subject: Subject, about: Mapping[str, Any], X: Any, y: Any) -> tuple[float, float]:
    """The score that the file remembers, and the one on these rows."""
    metrics, predicted = about["metrics"], subject.predict(X)
    if subject.classes is not None:
        codes = {str(label): i for i, label in enumerate(subject.classes)}
        true, told = ([codes[str(label)] for label in labels.tolist()] for labels in (y, predicted))
        return metrics["accuracy"], float(np.mean(np.equal(true, told)))
    return metrics["rmse"], regression_report(y, predicted).rmse
