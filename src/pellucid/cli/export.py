"""`pellucid export`: a model file in other forms, each checked against the model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from pellucid.cli.data import ModelPath, open_data, refuse_to_overwrite

if TYPE_CHECKING:
    from pellucid.export import Exported, Translation
    from pellucid.export.c.int8 import Answers

FileToWrite: TypeAlias = Path | None

PATIENCE = 3.0
"""Seconds after which something is said of what still takes time."""


def export(
    model: ModelPath,
    onnx: Annotated[
        FileToWrite, typer.Option("--onnx", help="An ONNX file, preprocessing included.")
    ] = None,
    c: Annotated[
        FileToWrite, typer.Option("--c", help="A C99 header without dependencies or malloc.")
    ] = None,
    python: Annotated[
        FileToWrite, typer.Option("--python", help="A script that needs NumPy alone.")
    ] = None,
    json: Annotated[
        FileToWrite, typer.Option("--json", help="JSON for other languages and web pages.")
    ] = None,
    float32: Annotated[
        bool, typer.Option("--float32", help="Networks of --onnx in float32, whatever they are in.")
    ] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="Weights of --c as whole numbers of 8 bits.")
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(help="Rows with the right answers, to tell what --int8 costs on them."),
    ] = None,
) -> None:
    """Write MODEL in other forms: preprocessing, networks and labels in each.

    None is written that does not give the model's answers.
    """
    from pellucid import export as forms
    from pellucid.export.python import refuse_name
    from pellucid.saving import load

    asked = {"onnx": onnx, "c": c, "python": python, "json": json}
    paths = {form: path for form, path in asked.items() if path is not None}
    if not paths:
        raise ValueError("nothing to write: give --onnx, --c, --python or --json, and a file")
    if int8 and c is None:
        raise ValueError("--int8 is for --c, whose weights it makes smaller")
    if float32 and onnx is None:
        raise ValueError("--float32 is for --onnx, whose networks it makes smaller")
    if data is not None and not int8:
        raise ValueError("--data is for --int8: it tells what rounding the weights costs")
    refuse_to_overwrite([*paths.values()], [model, data])
    if python is not None:
        refuse_name(python)
    translation = forms.translate(load(model))
    for form, path in paths.items():
        more: dict[str, Any] = {"int8": True} if form == "c" and int8 else {}
        if more and data is not None:
            more["data"] = _with_answers(translation, data)
        more |= {"dtype": "float32"} if form == "onnx" and float32 else {}
        with _told_if_slow(f"{path} is being written and held against the model"):
            made = forms.FORMS[form](translation, path, **more)
        print(_line(made))


@contextmanager
def _told_if_slow(what: str) -> Iterator[None]:
    """Say what is going on, if it takes longer than `PATIENCE`."""
    timer = Timer(PATIENCE, print, [f"note: {what} ..."], {"file": sys.stderr, "flush": True})
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _with_answers(translation: Translation, name: str) -> Answers:
    """Columns of a table as a program takes them, with the right answers (n,)."""
    from pellucid.columns import without_nan
    from pellucid.export.program import Classes
    from pellucid.predictor import class_numbers
    from pellucid.rows import answered
    from pellucid.tables import find_column
    from pellucid.targets import ClassTarget, NumericTarget

    program = translation.program
    if program.matrix:
        raise ValueError("--data is a table, and this model knows no columns")
    notes: list[str] = []
    frame = answered(open_data(name).frame, program.target_name, notes)
    column = find_column(frame, program.target_name)
    columns = translation.take(frame.select(c.name for c in program.columns))
    if isinstance(program.answer, Classes):
        return columns, class_numbers(ClassTarget(program.answer.labels).encode(column, notes))
    return columns, NumericTarget.fit(without_nan(column), "none").encode(column)[:, 0]


def _line(made: Exported) -> str:
    facts = [
        f"{made.size / 1000:,.1f} KB",
        *([f"{made.difference:.1g} off on {made.rows} rows"] if made.rows else []),
        *(f"{name} {value}" for name, value in made.about.items()),
    ]
    return f"{made.path}  {', '.join(facts)}"
