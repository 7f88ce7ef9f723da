"""DATA is what a command is given to work on: the name of a built-in set, or a path."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from pellucid import datasets
from pellucid.atomic import refuse_unwritable
from pellucid.model import Network
from pellucid.predictor import Predictor
from pellucid.registry import near
from pellucid.saving import load
from pellucid.tables import Table, read_table

if TYPE_CHECKING:
    from pellucid.cli.arrays import ArrayModel
    from pellucid.tabular import TabularClassifier, TabularRegressor

Data: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A built-in set, a CSV, TSV, Parquet, NPZ or IDX file, or - for standard input.",
    ),
]
ModelPath: TypeAlias = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model file, of whatever made it.")
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]

# What `train` and `tune` both ask.
Target: TypeAlias = Annotated[
    str | None,
    typer.Option(help="Column to predict; by default the last.", rich_help_panel="Data"),
]
Task: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="classification or regression; by default told from the target.",
        rich_help_panel="Data",
    ),
]
Exclude: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(help="Column not to learn from; give it again for more.", rich_help_panel="Data"),
]
TestData: TypeAlias = Annotated[
    str | None, typer.Option(help="Data of its own to test on.", rich_help_panel="Data")
]
ReportAsJson: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON document instead of text.", rich_help_panel="Output"
    ),
]


def open_data(name: str) -> Table:
    """The table called `name`: a built-in set, standard input for "-", else a file."""
    if name == "-":
        return _standard_input()
    if name in datasets.DATASETS:
        return datasets.load(name).table()
    if not Path(name).exists() and not Path(name).suffix and "/" not in name:
        hint = near(name, datasets.DATASETS)
        raise ValueError(f"no file and no built-in data set is called {name!r}: {hint}")
    return read_table(name)


def _standard_input() -> Table:
    """What comes through a pipe, kept in a file for as long as it takes to read it."""
    with tempfile.NamedTemporaryFile(prefix="standard input ") as file:
        file.write(sys.stdin.buffer.read())
        file.flush()
        try:
            return read_table(file.name)
        except ValueError as error:
            raise ValueError(str(error).replace(file.name, "standard input")) from error


def open_model(path: Path) -> Predictor | TabularClassifier | TabularRegressor | ArrayModel:
    """What a model file holds that takes rows of a table."""
    model = load(path)
    if isinstance(model, Network):
        raise ValueError(f"'{path}' holds a bare network, which knows no columns of a table")
    return model


def refuse_to_overwrite(written: Sequence[Path | None], read: Sequence[str | Path | None]) -> None:
    """Raise an error now if a file to be written is one that is read, another, or impossible."""
    taken = {Path(path).resolve(): "is read" for path in read if path not in (None, "-")}
    for path in written:
        if path is None:
            continue
        if str(path) == "-":
            raise ValueError("cannot write to '-': give the name of a file")
        if path.resolve() in taken:
            raise ValueError(
                f"cannot write to '{path}': it {taken[path.resolve()]} by this command"
            )
        taken[path.resolve()] = "is written already"
        refuse_unwritable(path)
