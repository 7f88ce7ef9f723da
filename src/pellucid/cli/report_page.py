"""`pellucid report`: all there is to say of a model on rows, as one page of HTML."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.data import AsJson, Data, ModelPath, open_data, refuse_to_overwrite
from pellucid.held_out import as_in_training
from pellucid.reporting import report as made_of
from pellucid.reporting.composing import MOST_ROWS, refuse_another_ending
from pellucid.subject import subject_of


def report(
    model: ModelPath,
    data: Data,
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    target: Annotated[
        str | None,
        typer.Option(help="The column with the answers, where the model does not know its name."),
    ] = None,
    card: Annotated[
        Path | None, typer.Option(help="A Markdown file to write the model card to, too.")
    ] = None,
    use: Annotated[
        str | None, typer.Option(help="What the model is meant for: a sentence for its card.")
    ] = None,
    row: Annotated[
        int,
        typer.Option(
            help="The row, from 1, of those it is tried on, whose answer is taken apart.", min=1
        ),
    ] = 1,
    rows: Annotated[
        int, typer.Option(help="Rows at the most; of more, so many at random.", min=1)
    ] = MOST_ROWS,
    seed: Annotated[int, typer.Option(help="Of what is drawn at random.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Try a MODEL on DATA with answers, and write a page on how good it is, and why.

    Where DATA is what it was trained on, the rows are divided as in training, and it is tried on
    those that it has not seen.

    The page needs no other file: scores and pictures, what the model leans on, what is wrong with
    it, and its card.
    """
    refuse_another_ending(out)
    refuse_to_overwrite([out, card], [model, data])
    subject = subject_of(model)
    table = open_data(data)
    X, y = subject.divide(table, target)
    if y is None:
        raise ValueError(
            f"nothing says which column of {data!r} has the answers: name it (--target)"
        )
    name = "" if data == "-" else Path(data).name
    halves = as_in_training(subject, model, table, target)
    learnt, (X, y) = (None, (X, y)) if halves is None else halves
    if row > len(y):
        raise ValueError(f"--row is {row}: it is tried on {len(y)} rows, from 1 to {len(y)}")
    made = made_of(
        model, X, y, learnt=learnt, data=name, target_name=subject.target_name, use=use,
        row=row - 1, rows=rows, seed=seed,
    )  # fmt: skip
    made.save(out)
    written = [out]
    if card is not None:
        card.write_text(made.card.to_markdown(), encoding="utf-8")
        written.append(card)
    if as_json:
        print(json.dumps(made.to_dict() | {"written": [str(path) for path in written]}, indent=2))
        return
    for note in made.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"{made.headline}\nwrote {' and '.join(str(path) for path in written)}")
