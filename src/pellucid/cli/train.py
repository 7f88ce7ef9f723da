"""`pellucid train`: from a table to a model file, with the score on rows it has not seen."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.activations import ACTIVATIONS
from pellucid.cli.data import (
    Data,
    Exclude,
    ReportAsJson,
    Target,
    Task,
    TestData,
    open_data,
    refuse_to_overwrite,
)
from pellucid.cli.exits import FAILED, INTERRUPTED
from pellucid.cli.report import draw, report, summary
from pellucid.engines import ENGINES
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES
from pellucid.optimizers import OPTIMIZERS, optimizer
from pellucid.predictor import Predictor
from pellucid.progress import progress
from pellucid.recipe import Recipe
from pellucid.scaling import SCALERS
from pellucid.schedules import SCHEDULES
from pellucid.solvers import SOLVERS

if TYPE_CHECKING:
    from pellucid.optimizers import Optimizer

DATA, NETWORK, TRAINING, OUTPUT = "Data", "Network", "Training", "Output"


def _among(table: Any, more: str = "") -> str:
    return ", ".join(table) + more


def train(
    data: Data,
    target: Target = None,
    task: Task = None,
    exclude: Exclude = None,
    test_data: TestData = None,
    validation: Annotated[
        float, typer.Option(help="Part of the rows to validate on.", rich_help_panel=DATA)
    ] = 0.15,
    test: Annotated[
        float, typer.Option(help="Part of the rows to test on.", rich_help_panel=DATA)
    ] = 0.15,
    scaling: Annotated[
        str | None,
        typer.Option(help=f"Of number columns: {_among(SCALERS)}.", rich_help_panel=DATA),
    ] = None,
    target_scaling: Annotated[
        str | None,
        typer.Option(
            help="Of a number to predict: standard, maximum, none, or a number to divide by.",
            rich_help_panel=DATA,
        ),
    ] = None,
    hidden: Annotated[
        str,
        typer.Option(
            help="Units of each hidden layer, as in 100,50; none for a linear model.",
            rich_help_panel=NETWORK,
        ),
    ] = "100",
    activation: Annotated[
        str,
        typer.Option(
            help=f"Of the hidden layers, one or as many: {_among(ACTIVATIONS)}.",
            rich_help_panel=NETWORK,
        ),
    ] = "relu",
    output_activation: Annotated[
        str | None,
        typer.Option(
            help="By default softmax or sigmoid for classes, identity for numbers.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help=f"One of {_among(LOSSES)}.", rich_help_panel=NETWORK)
    ] = None,
    quantile: Annotated[
        float | None,
        typer.Option(help="Which one, for the loss quantile.", rich_help_panel=NETWORK),
    ] = None,
    delta: Annotated[
        float | None,
        typer.Option(help="Where it turns straight, for the loss huber.", rich_help_panel=NETWORK),
    ] = None,
    bias: Annotated[
        bool, typer.Option(help="Whether layers have biases.", rich_help_panel=NETWORK)
    ] = True,
    initializer: Annotated[
        str | None,
        typer.Option(
            help=f"One of {_among(INITIALIZERS)}; uniform:0.3 gives it its number.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="float32 or float64 (default).", rich_help_panel=NETWORK)
    ] = None,
    solver: Annotated[
        str,
        typer.Option(help=f"One of {_among([*OPTIMIZERS, *SOLVERS])}.", rich_help_panel=TRAINING),
    ] = "adam",
    learning_rate: Annotated[
        float | None,
        typer.Option(help="By default the solver's own.", rich_help_panel=TRAINING),
    ] = None,
    schedule: Annotated[
        str,
        typer.Option(help=f"Of the learning rate: {_among(SCHEDULES)}.", rich_help_panel=TRAINING),
    ] = "constant",
    momentum: Annotated[
        float | None,
        typer.Option(help="Of the solvers momentum and nesterov.", rich_help_panel=TRAINING),
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="Of the solver adamw.", rich_help_panel=TRAINING)
    ] = None,
    epochs: Annotated[
        int, typer.Option(help="Passes over the data at the most.", rich_help_panel=TRAINING)
    ] = 200,
    batch_size: Annotated[
        str, typer.Option(help="Rows a step: a number, full, or auto.", rich_help_panel=TRAINING)
    ] = "auto",
    alpha: Annotated[
        str,
        typer.Option(
            help="Strength of the L2 penalty; of several, as in 0.001,0.01,0.1, the best on the "
            "validation rows is kept.",
            rich_help_panel=TRAINING,
        ),
    ] = "0.0001",
    l1: Annotated[
        float, typer.Option(help="Strength of the L1 penalty.", rich_help_panel=TRAINING)
    ] = 0.0,
    dropout: Annotated[
        str,
        typer.Option(
            help="Part of hidden units silenced, one or a list as in 0.1,0.2.",
            rich_help_panel=TRAINING,
        ),
    ] = "0",
    label_smoothing: Annotated[
        float, typer.Option(help="For losses of classes.", rich_help_panel=TRAINING)
    ] = 0.0,
    clip_norm: Annotated[
        float | None, typer.Option(help="The gradient's greatest length.", rich_help_panel=TRAINING)
    ] = None,
    early_stopping: Annotated[
        bool,
        typer.Option(
            help="Stop when the validation loss no longer falls, and keep the best weights.",
            rich_help_panel=TRAINING,
        ),
    ] = True,
    n_iter_no_change: Annotated[
        int, typer.Option(help="Epochs to wait for that.", rich_help_panel=TRAINING)
    ] = 20,
    max_time: Annotated[
        float | None,
        typer.Option(help="Seconds after which no epoch begins.", rich_help_panel=TRAINING),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="All randomness comes from it.", rich_help_panel=TRAINING)
    ] = 0,
    engine: Annotated[
        str,
        typer.Option(
            help=f"Who does the arithmetic: {_among(['auto', *ENGINES])}.",
            rich_help_panel=TRAINING,
        ),
    ] = "auto",
    threads: Annotated[
        int | None,
        typer.Option(
            help="Threads for that; by default as many as help.", rich_help_panel=TRAINING
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="The model file to write.", rich_help_panel=OUTPUT)
    ] = Path("model.safetensors"),
    plot: Annotated[
        Path | None,
        typer.Option(
            help="A picture to write (.png, .svg, .pdf): the learning curve beside the confusion "
            "matrix, or beside predicted against true values.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="No progress and no report.", rich_help_panel=OUTPUT),
    ] = False,
    as_json: ReportAsJson = False,
) -> int:
    """Train a network on DATA, test it on rows held out, and write a model file.

    Rows are split into training, validation and test rows, classes in equal parts. Text columns
    become one-hot, numbers are standardised, missing values filled in; the model file remembers
    all that, so that `pellucid predict` takes the same kind of table.
    """
    refuse_to_overwrite([out, plot], [data, test_data])  # better now than after an hour
    if plot is not None and plot.suffix not in (".png", ".svg", ".pdf"):
        raise ValueError(f"cannot draw '{plot}': expected a name ending in .png, .svg or .pdf")
    table = open_data(data)
    known = set(table.notes)
    for note in [] if quiet or as_json else table.notes:  # worth knowing before the wait
        print(f"note: {note}", file=sys.stderr)
    recipe = Recipe(
        hidden=_sizes(hidden),
        activation=activation if "," not in activation else tuple(activation.split(",")),
        output_activation=output_activation,
        loss=loss,
        loss_parameters={
            name: value
            for name, value in (
                ("label_smoothing", label_smoothing or None),
                ("quantile", quantile),
                ("delta", delta),
            )
            if value is not None
        },
        bias=bias,
        initializer=initializer,
        alpha=tuple(_numbers("alpha", alpha)),
        l1=l1,
        dtype=dtype,
        scaling=scaling,
        exclude=tuple(exclude or ()),
        target_scaling=_number_or_name(target_scaling),
        validation=validation,
        test=test,
        seed=seed,
        engine=engine,
        n_threads=threads,
        settings={
            "epochs": epochs,
            "batch_size": _whole("batch-size", batch_size)
            if batch_size not in ("auto", "full")
            else batch_size,
            "solver": _solver(solver, momentum, weight_decay),
            "learning_rate": learning_rate,
            "schedule": schedule,
            "dropout": _one_or_many(_numbers("dropout", dropout)),
            "clip_norm": clip_norm,
            "early_stopping": early_stopping,
            "n_iter_no_change": n_iter_no_change,
            "max_time": max_time,
        },
    )
    with _one_interrupt():
        with progress(quiet or as_json) as callbacks:
            fit = Predictor.fit(
                table,
                target,
                recipe,
                task=task,
                test=open_data(test_data) if test_data else None,
                callbacks=callbacks,
            )
        diverged = fit.history.stopped == "diverged"
        kept = not (diverged and len(fit.history) < 2)  # weights without an epoch are worth no file
        if kept:
            fit.predictor.save(out)
            if plot is not None:
                draw(fit, plot)
    written = [path for path in (out, plot) if path is not None and kept]
    if as_json:
        print(json.dumps(summary(fit, data, written), indent=2))
    elif not quiet:
        report(fit, data, written, known)
    if fit.history.stopped == "interrupted":
        return INTERRUPTED
    return FAILED if diverged else 0


def _sizes(text: str) -> tuple[int, ...]:
    """Hidden layer sizes from "100,50"; nothing from "" or "none"."""
    if text.strip().lower() in ("", "none", "0"):
        return ()
    return tuple(_whole("hidden", part) for part in text.split(","))


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"--{name} {text!r}: expected whole numbers, such as 100") from None


def _numbers(name: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"--{name} {text!r}: expected numbers, such as 0.001,0.01") from None


def _one_or_many(numbers: list[float]) -> float | list[float]:
    return numbers[0] if len(numbers) == 1 else numbers


def _number_or_name(text: str | None) -> str | float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _solver(name: str, momentum: float | None, weight_decay: float | None) -> str | Optimizer:
    """The solver with the parameters that were given for it."""
    given = {"momentum": momentum, "weight_decay": weight_decay}
    given = {key: value for key, value in given.items() if value is not None}
    takes = {"momentum": ("momentum", "nesterov"), "weight_decay": ("adamw",)}
    for key in given:
        if name not in takes[key]:
            option = key.replace("_", "-")
            raise ValueError(f"--{option} is for {' and '.join(takes[key])}, not for {name!r}")
    return optimizer(name, **given) if given else name  # type: ignore[arg-type]


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """The first Ctrl-C ends the training; more of them must not keep it from being saved."""

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
