"""`pellucid predict` and `pellucid evaluate`: a model file put to work on a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.data import (
    AsJson,
    Data,
    ModelPath,
    open_data,
    open_model,
    refuse_to_overwrite,
)
from pellucid.predictor import Predictor

if TYPE_CHECKING:
    import polars

    from pellucid.cli.measure import Model
    from pellucid.predictor import Report


def predict(
    model: ModelPath,
    data: Data,
    out: Annotated[
        Path | None, typer.Option(help="The CSV file to write; by default standard output.")
    ] = None,
    probabilities: Annotated[
        bool, typer.Option(help="Add a column with the probability of each class.")
    ] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            help="Add columns lower and upper, between which the number lies for such a part of "
            "rows, as in 0.9; of a bag alone."
        ),
    ] = None,
    among: Annotated[
        float | None,
        typer.Option(
            "--set",
            help="Add a column for each class, whether it is in the set that holds the right one "
            "for such a part of rows, as in 0.9; of a bag alone.",
        ),
    ] = None,
) -> None:
    """Predict the target for each row of DATA, as CSV in the order of the rows.

    The table needs the columns the model was trained on, in any order; others are ignored.
    """
    from pellucid.cli.arrays import columns_of_answers
    from pellucid.tabular import TabularClassifier, TabularRegressor

    refuse_to_overwrite([out], [model, data])
    predictor = open_model(model)
    table = open_data(data)
    notes = list(table.notes)
    columns: Mapping[str, Any]
    if isinstance(predictor, TabularClassifier | TabularRegressor):
        columns = _columns_of_bag(predictor, table.frame, notes, probabilities, interval, among)
    else:
        for option, value in (("--interval", interval), ("--set", among)):
            if value is not None:
                raise ValueError(
                    f"{option} needs a bag, which knows how far off it was on rows held out: "
                    "train it with --preset tables"
                )
        if isinstance(predictor, Predictor):
            columns = _columns(predictor, table.frame, notes, probabilities)
        else:
            columns = columns_of_answers(predictor, table, probabilities)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    import polars

    csv = polars.DataFrame(columns).write_csv()
    if out is None:
        sys.stdout.write(csv)
    else:
        out.write_text(csv, encoding="utf-8")


def _columns(
    predictor: Predictor, frame: polars.DataFrame, notes: list[str], probabilities: bool
) -> dict[str, Any]:
    classes = predictor.classes if probabilities else None
    output = predictor.output(frame, notes)
    columns: dict[str, Any] = {predictor.target_name: predictor.target.decode(output)}
    if classes is not None:
        by_class = classes.probabilities(output)
        for i, name in enumerate(classes.classes):
            columns[f"probability of {name}"] = by_class[:, i]
    return columns


def _columns_of_bag(
    model: Model,
    frame: polars.DataFrame,
    notes: list[str],
    probabilities: bool,
    interval: float | None,
    among: float | None,
) -> dict[str, Any]:
    from pellucid.cli.measure import known_columns
    from pellucid.tabular import TabularRegressor
    from pellucid.tabular.frames import frame_of

    table = frame_of(known_columns(model, frame, notes))
    notes += model.unseen(table)
    name = model.target_name_
    if isinstance(model, TabularRegressor):
        if probabilities or among is not None:
            raise ValueError("this model predicts numbers: it has no classes; see --interval")
        columns: dict[str, Any] = {name: model.predict(table)}
        if interval is not None:
            low, high = model.predict_interval(table, interval).T
            before = f"{name} " if name in ("lower", "upper") else ""
            columns |= {f"{before}lower": low, f"{before}upper": high}
        return columns
    if interval is not None:
        raise ValueError("--interval is of numbers and this model tells classes apart: see --set")
    p = model.predict_proba(table)
    labels = model.classes_.tolist()
    columns = {name: [labels[i] for i in p.argmax(axis=1)]}
    if probabilities:
        columns |= {f"probability of {label}": p[:, i] for i, label in enumerate(labels)}
    if among is not None:
        sets = model.predict_set(table, among)
        columns |= {f"may be {label}": sets[:, i] for i, label in enumerate(labels)}
    return columns


def evaluate(
    model: ModelPath,
    data: Data,
    target: Annotated[
        str | None,
        typer.Option(help="The column with the answers, where the model does not know its name."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the model on DATA, whose target column holds the right answers."""
    from pellucid.cli.arrays import evaluate_array_model
    from pellucid.tabular import TabularClassifier, TabularRegressor

    predictor = open_model(model)
    table = open_data(data)
    notes = list(table.notes)
    known = getattr(predictor, "target_name", getattr(predictor, "target_name_", None))
    if target is not None and known is not None and target != known:
        raise ValueError(f"--target is {target!r} and the model predicts {known!r}")
    if not isinstance(predictor, TabularClassifier | TabularRegressor):
        report: Report
        if isinstance(predictor, Predictor):
            report = predictor.evaluate(table.frame, notes)
            name, task = predictor.target_name, predictor.task
        else:
            name, task, report = evaluate_array_model(predictor, table, target, notes)
        made, text = {"metrics": report.to_dict()}, str(report)
    else:
        from pellucid.cli.bag_report import scoreboard
        from pellucid.cli.measure import measure_table

        measured = measure_table(predictor, model, table.frame, notes)
        name, task = predictor.target_name_, measured.task
        made, text = measured.to_dict(), scoreboard(measured)
    if as_json:
        document = {"data": data, "target": name, "task": task}
        print(json.dumps(document | made | {"notes": notes}, indent=2))
        return
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print(text)
