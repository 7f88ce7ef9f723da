"""`pellucid doctor`: what is wrong with a model, and what to change."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from pellucid.cli.data import AsJson, Data, ModelPath, open_data
from pellucid.cli.exits import FAILED
from pellucid.diagnosis import Diagnosis
from pellucid.diagnosis import doctor as examine
from pellucid.held_out import as_in_training
from pellucid.subject import Subject, subject_of
from pellucid.tables import Table


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
        parts = as_in_training(subject, model, table)
        if parts is not None:
            (X, y), (X_test, y_test) = parts
            notes.append(str(parts))
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
