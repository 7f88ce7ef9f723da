"""`pellucid train`: from a table to a model file, with the score on rows it has not seen."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.data import AsJson, Data, open_data
from pellucid.cli.exits import FAILED, INTERRUPTED
from pellucid.initializers import INITIALIZERS
from pellucid.losses import LOSSES
from pellucid.model_file import refuse_unwritable
from pellucid.optimizers import OPTIMIZERS, optimizer
from pellucid.predictor import Fit, Predictor, Recipe
from pellucid.scaling import SCALERS
from pellucid.schedules import SCHEDULES
from pellucid.solvers import SOLVERS
from pellucid.training import Event

if TYPE_CHECKING:
    from pellucid.optimizers import Optimizer

DATA, NETWORK, TRAINING, OUTPUT = "Data", "Network", "Training", "Output"


def _among(table: Any, more: str = "") -> str:
    return ", ".join(table) + more


def train(
    data: Data,
    target: Annotated[
        str | None,
        typer.Option(help="Column to predict; by default the last.", rich_help_panel=DATA),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="classification or regression; by default told from the target.",
            rich_help_panel=DATA,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="Column not to learn from; give it again for more.", rich_help_panel=DATA
        ),
    ] = None,
    test_data: Annotated[
        str | None, typer.Option(help="Data of its own to test on.", rich_help_panel=DATA)
    ] = None,
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
        str, typer.Option(help="Of the hidden layers.", rich_help_panel=NETWORK)
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
    bias: Annotated[
        bool, typer.Option(help="Whether layers have biases.", rich_help_panel=NETWORK)
    ] = True,
    initializer: Annotated[
        str | None,
        typer.Option(help=f"One of {_among(INITIALIZERS)}.", rich_help_panel=NETWORK),
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
        float, typer.Option(help="Part of hidden units silenced.", rich_help_panel=TRAINING)
    ] = 0.0,
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
        bool, typer.Option("--quiet", "-q", help="Only errors.", rich_help_panel=OUTPUT)
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Train a network on DATA, test it on rows held out, and write a model file.

    Rows are split into training, validation and test rows, classes in equal parts. Text columns
    become one-hot, numbers are standardised, missing values filled in; the model file remembers
    all that, so that `pellucid predict` takes the same kind of table.
    """
    for path in (out, plot):
        if path is not None:
            refuse_unwritable(path)  # better now than after an hour of training
    table = open_data(data)
    recipe = Recipe(
        hidden=_sizes(hidden),
        activation=activation,
        output_activation=output_activation,
        loss=loss,
        loss_parameters={"label_smoothing": label_smoothing} if label_smoothing else {},
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
        settings={
            "epochs": epochs,
            "batch_size": _whole("batch-size", batch_size)
            if batch_size not in ("auto", "full")
            else batch_size,
            "solver": _solver(solver, momentum, weight_decay),
            "learning_rate": learning_rate,
            "schedule": schedule,
            "dropout": dropout,
            "clip_norm": clip_norm,
            "early_stopping": early_stopping,
            "n_iter_no_change": n_iter_no_change,
            "max_time": max_time,
        },
    )
    with _progress(quiet or as_json) as callbacks:
        fit = Predictor.fit(
            table,
            target,
            recipe,
            task=task,
            test=open_data(test_data) if test_data else None,
            callbacks=callbacks,
        )
    diverged = fit.history.stopped == "diverged"
    if diverged and len(fit.history) < 2:
        return FAILED  # the warning has said why; there is nothing worth keeping
    fit.predictor.save(out)
    if plot is not None:
        _draw(fit, plot)
    if as_json:
        print(json.dumps(_summary(fit, data, out, plot), indent=2))
    elif not quiet:
        _report(fit, data, out, plot)
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
def _progress(silent: bool) -> Iterator[list[Callable[[Event], Any]]]:
    """A progress bar on stderr, as the callbacks that move it."""
    if silent:
        yield []
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=18),
        MofNCompleteColumn(),
        TextColumn("epochs {task.description}"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task("", total=None)

    def show(event: Event) -> None:
        history = event.history
        text = f"loss {history.loss[-1]:.4f}"
        if history.validation_loss:
            text += f" val {history.validation_loss[-1]:.4f}"
        if history.validation_score:
            text += f" score {history.validation_score[-1]:.4f}"
        bar.update(task, completed=event.epoch, total=event.epochs, description=text)
        bar.start()  # not before there is something to show

    try:
        yield [show]
    finally:
        bar.stop()


def _draw(fit: Fit, path: Path) -> None:
    from pellucid import plots
    from pellucid.metrics import ClassificationReport

    figure, (left, right) = plots.side_by_side(2)
    name = "accuracy" if fit.task == "classification" else "R2"
    plots.learning_curve(fit.history, left, score_name=name)
    if isinstance(fit.report, ClassificationReport):
        plots.confusion_matrix(fit.report, right)
    else:
        plots.predicted_against_true(
            fit.answers, fit.predictions, right, name=fit.predictor.target_name
        )
    plots.save(figure, path)


def _report(fit: Fit, data: str, out: Path, plot: Path | None) -> None:
    """What a person wants to know, on stdout."""
    network, history = fit.predictor.network, fit.history
    for note in fit.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"{data}: {fit.task} of {fit.predictor.target_name!r} ({fit.why})")
    print("rows: " + ", ".join(f"{n} {name}" for name, n in fit.rows.items() if n))
    print(f"network: {network.architecture}, {network.layout.size} parameters")
    for alpha, value in fit.alphas.items():
        chosen = "  <- kept" if alpha == network.objective.alpha else ""
        print(f"alpha {alpha:g}: validation loss {value:.5g}{chosen}")
    best = f", best in epoch {history.best_epoch}" if history.best_epoch else ""
    print(f"trained {len(history)} epochs in {history.duration:.1f} s{best}: {history.stopped}")
    print(f"\non the {fit.report_on} rows:\n{fit.report}\n")
    print("wrote " + " and ".join(str(path) for path in (out, plot) if path is not None))


def _summary(fit: Fit, data: str, out: Path, plot: Path | None) -> dict[str, Any]:
    """The same for a program."""
    network = fit.predictor.network
    return {
        "data": data,
        "task": fit.task,
        "why": fit.why,
        "target": fit.predictor.target_name,
        "rows": fit.rows,
        "network": str(network.architecture),
        "parameters": network.layout.size,
        "alpha": network.objective.alpha,
        "alphas": {f"{a:g}": value for a, value in fit.alphas.items()},
        "epochs": len(fit.history),
        "best_epoch": fit.history.best_epoch,
        "stopped": fit.history.stopped,
        "seconds": fit.history.duration,
        "measured_on": fit.report_on,
        "metrics": fit.report.to_dict(),
        "notes": list(fit.notes),
        "model": str(out),
        "plot": None if plot is None else str(plot),
    }
