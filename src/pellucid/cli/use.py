"""`pellucid predict` and `pellucid evaluate`: a model file put to work on a table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pellucid.cli.data import (
    AsJson,
    Data,
    ModelPath,
    open_data,
    open_predictor,
    refuse_to_overwrite,
)


def predict(
    model: ModelPath,
    data: Data,
    out: Annotated[
        Path | None, typer.Option(help="The CSV file to write; by default standard output.")
    ] = None,
    probabilities: Annotated[
        bool, typer.Option(help="Add a column with the probability of each class.")
    ] = False,
) -> None:
    """Predict the target for each row of DATA, as CSV in the order of the rows.

    The table needs the columns the model was trained on, in any order; others are ignored.
    """
    refuse_to_overwrite([out], [model, data])
    predictor = open_predictor(model)
    table = open_data(data)
    frame, notes = table.frame, list(table.notes)
    classes = predictor.classes if probabilities else None
    output = predictor.output(frame, notes)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    columns: dict[str, Any] = {predictor.target_name: predictor.target.decode(output)}
    if classes is not None:
        by_class = classes.probabilities(output)
        for i, name in enumerate(classes.classes):
            columns[f"probability of {name}"] = by_class[:, i]
    import polars

    csv = polars.DataFrame(columns).write_csv()
    if out is None:
        sys.stdout.write(csv)
    else:
        out.write_text(csv, encoding="utf-8")


def evaluate(model: ModelPath, data: Data, as_json: AsJson = False) -> None:
    """Measure the model on DATA, whose target column holds the right answers."""
    predictor = open_predictor(model)
    table = open_data(data)
    notes = list(table.notes)
    report = predictor.evaluate(table.frame, notes)
    if as_json:
        document = {"data": data, "target": predictor.target_name, "task": predictor.task}
        print(json.dumps(document | {"metrics": report.to_dict(), "notes": notes}, indent=2))
        return
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    print(report)
