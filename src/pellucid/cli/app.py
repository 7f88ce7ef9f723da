"""The application: one function a command, each in the file of its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from pellucid.cli.check import check
from pellucid.cli.derivation import derivation
from pellucid.cli.describe import datasets, info
from pellucid.cli.doctor import doctor
from pellucid.cli.exits import Interrupted
from pellucid.cli.explain import explain
from pellucid.cli.export import export
from pellucid.cli.import_file import import_file
from pellucid.cli.plot import plot
from pellucid.cli.report_page import report
from pellucid.cli.serve import serve
from pellucid.cli.studio import studio
from pellucid.cli.train import train
from pellucid.cli.tune import tune
from pellucid.cli.use import evaluate, predict
from pellucid.version import __version__

app = typer.Typer(
    help="Train feed-forward neural networks on tables, see what they do, and use them.\n\n"
    "DATA is a built-in set (see `pellucid datasets`) or a file: CSV, TSV, Parquet, NPZ or a pair "
    "of IDX files, gzip or not. Text, numbers and missing values are taken as they come.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Try: `pellucid train digits`, then `pellucid info model.safetensors`",
)


def _version(asked: bool) -> None:
    if asked:
        print(f"pellucid {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    pass


def _interruptible(command: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:
            raise Interrupted from None

    return run


COMMANDS = (
    train, tune, predict, evaluate, info, explain, derivation, check, doctor, plot, report, export,
    serve, studio, datasets,
)  # fmt: skip

for command in COMMANDS:
    app.command()(_interruptible(command))
app.command("import")(_interruptible(import_file))
