"""A report says what training did: as it goes, to a person, to a program, and as a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pellucid.predictor import Fit
from pellucid.training import Event


@contextmanager
def progress(silent: bool) -> Iterator[list[Callable[[Event], Any]]]:
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
        text = f"loss {history.loss[-1]:.4g}"
        if history.validation_loss:
            text += f" val {history.validation_loss[-1]:.4g}"
        if history.validation_score:
            text += f" score {history.validation_score[-1]:.4g}"
        bar.update(task, completed=event.epoch, total=event.epochs, description=text)
        bar.start()  # not before there is something to show

    try:
        yield [show]
    finally:
        if bar.live.is_started:
            bar.stop()


def draw(fit: Fit, path: Path) -> None:
    """The learning curve, beside the confusion matrix or the predictions, as a picture."""
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


def report(fit: Fit, data: str, written: list[Path], known: set[str]) -> None:
    """What a person wants to know, on stdout."""
    network, history = fit.predictor.network, fit.history
    for note in fit.notes:
        if note not in known:
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
    print("wrote " + (" and ".join(str(path) for path in written) or "nothing: it never learnt"))


def summary(fit: Fit, data: str, written: list[Path]) -> dict[str, Any]:
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
        "written": [str(path) for path in written],
    }
