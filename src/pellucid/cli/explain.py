"""`pellucid explain`: one row through a model file, each number with where it comes from."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.data import AsJson, ModelPath, open_data, refuse_to_overwrite
from pellucid.cli.forms import form_of
from pellucid.cli.why import FORMS as BARS
from pellucid.cli.why import of_columns, of_row
from pellucid.explaining import explain as explain_row
from pellucid.explanation.choosing import LIMITS
from pellucid.explanation.step import LEARNING_RATE
from pellucid.subject import Subject, subject_of

if TYPE_CHECKING:
    from pellucid.explanation.form import Explanation

FORMS = ("text", "markdown", "html", "json")


def explain(
    model: ModelPath,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Where --row is the number of a row: the table."),
    ] = None,
    row: Annotated[
        str | None,
        typer.Option(
            help='Its values, "4,8" or "hours=4,slept=8"; with DATA the number of its row, counted '
            "from 1.",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="The right answer for the row, for the loss, the way back and the update; with "
            "--backward by default what DATA has, if it has the column."
        ),
    ] = None,
    backward: Annotated[
        bool,
        typer.Option(
            "--backward", help="Write the loss, the way back and the update for the answer in DATA."
        ),
    ] = False,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="Of the update by gradient descent, which it asks for.",
            show_default=f"{LEARNING_RATE:g}",
        ),
    ] = None,
    digits: Annotated[int, typer.Option(help="Significant digits.", min=1, max=17)] = 4,
    terms: Annotated[
        int,
        typer.Option(
            help="Of a sum to show at the most, the sum of the rest counted as one.", min=1
        ),
    ] = LIMITS.terms,
    units: Annotated[
        int,
        typer.Option(help="Of a layer to show at the most, all the others counted as one.", min=1),
    ] = LIMITS.units,
    everything: Annotated[bool, typer.Option("--all", help="Show all terms and units.")] = False,
    network: Annotated[int, typer.Option(help="Of a bag, which network.", min=1)] = 1,
    why: Annotated[
        bool,
        typer.Option(
            "--why",
            help="In place of the arithmetic: what each column did for the answer, as bars.",
            rich_help_panel="Why",
        ),
    ] = False,
    importance: Annotated[
        bool,
        typer.Option(
            "--importance",
            help="Of DATA: how much worse the answers get when a column is shuffled, as bars.",
            rich_help_panel="Why",
        ),
    ] = False,
    method: Annotated[
        str,
        typer.Option(
            help="Of --why: integrated-gradients, which add up, gradient-x-input or gradient.",
            rich_help_panel="Why",
        ),
    ] = "integrated-gradients",
    output: Annotated[
        str | None,
        typer.Option(
            help="Of --why: the class to explain, by default the one predicted; of several "
            "numbers which one, counted from 1.",
            rich_help_panel="Why",
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            help="text, markdown, html or json; by default what the end of --out says, else text.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="A file to write; by default standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write out what a model does with one row: columns, layers, answer.

    With --target or --backward the loss follows, how the error goes back through the layers, each
    gradient and each update. With --why it says instead what each column did.
    """
    bars = why or importance
    form = form_of(form, BARS if bars else FORMS, out, as_json)
    refuse_to_overwrite([out], [model, data])
    subject = subject_of(model)
    if bars:
        if why and importance:
            raise ValueError("--why is of one row and --importance of many: ask for one of them")
        if target is not None:
            raise ValueError("--target is for the loss: leave it out with --why and --importance")
        if importance:
            _keep(of_columns(subject, data, form), out)
        else:
            x, _ = _row_of(subject, data, row)
            _keep(of_row(subject, x, method, output, form), out)
        return
    x, y = _row_of(subject, data, row)
    known = target is None and y is not None
    y = y if target is None else target
    back = backward or learning_rate is not None or target is not None
    if back and y is None:
        raise ValueError(
            "the way back and the update need the right answer: give --target, or DATA with the "
            f"column {subject.target_name!r}"
        )
    made = explain_row(
        subject.model,
        x,
        y,
        LEARNING_RATE if learning_rate is None else learning_rate,
        digits,
        None if everything else terms,
        None if everything else units,
        network,
        back,
    )
    _write(made, form, out)
    if known and not back and form == "text" and out is None:
        typer.echo("  (--backward writes the loss, the way back and the update)")


def _row_of(subject: Subject, data: str | None, row: str | None) -> tuple[Any, Any]:
    """The row that is asked for, and its target if the table has it."""
    if data is None:
        if row is None:
            values = ",".join(subject.columns[:3]) + (",..." if len(subject.columns) > 3 else "")
            raise ValueError(f'which row? Give --row "{values}", or DATA and --row NUMBER')
        return subject.row(row), None
    table = open_data(data)
    n = len(table.frame)
    if row is None or not row.strip().isdecimal() or not 1 <= int(row) <= n:
        given = "is missing" if row is None else f"is {row!r}"
        raise ValueError(f"--row {given}: expected the number of a row of {data}, from 1 to {n}")
    one = table.frame[int(row) - 1 : int(row)]
    unknown = [c for c in one.columns if one[c].null_count() and c not in subject.columns]
    X, y = subject.divide(replace(table, frame=one.drop(unknown)))
    return X, None if y is None else y[0]


def _write(explanation: Explanation, form: str, out: Path | None) -> None:
    if form == "text" and out is None and sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(explanation, soft_wrap=True)
        return
    _keep(_text(explanation, form), out)


def _keep(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


def _text(explanation: Explanation, form: str) -> str:
    if form == "markdown":
        return explanation.to_markdown()
    if form == "html":
        return explanation.to_html()
    return (explanation.to_json() if form == "json" else str(explanation)) + "\n"
