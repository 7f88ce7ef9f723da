"""A bag's report is what came of training it: to a person, to a program, to the file, a picture."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cli.measure import COVERAGE, Measured
from pellucid.metrics import ClassificationReport
from pellucid.scores import NAMES, board
from pellucid.tabular import Schema

if TYPE_CHECKING:
    from pellucid.cli.bag import Trained
    from pellucid.cli.preset import Choice
    from pellucid.rows import Rows

MOST_CLASSES = 30
"""Classes up to which each gets a line."""

ON = {
    "test": "on the {} test rows",
    "out-of-bag": "on {} rows, out of the bag",
    "training": "on the {} training rows",
    "given": "on {} rows",
}


def opening(data: str, rows: Rows, choice: Choice, schema: Schema, bag: int) -> str:
    """What is worth knowing before the wait."""
    counts = ", ".join(f"{n} {name}" for name, n in rows.counts.items() if n)
    networks = "one network" if bag == 1 else f"a bag of {bag} networks"
    return (
        f"{data}: {rows.task} of {rows.target!r} ({rows.why})\n"
        f"preset: tables ({choice.why}), {networks}\n"
        f"rows: {counts}\n\n{schema}\n"
    )


def report(trained: Trained, written: list[Path], known: set[str]) -> None:
    """What a person wants to know, on stdout; notes that are not known yet on stderr."""
    for note in trained.notes:
        if note not in known:
            print(f"note: {note}", file=sys.stderr)
    networks = len(trained.courses)
    counted = "network" if networks == 1 else f"{networks} networks"
    again = ", then again on all rows" if trained.model.refit else ""
    print(f"trained {counted} in {trained.seconds:.1f} s{again}\n")
    others = [("LightGBM, as it comes", trained.peer)] if trained.peer else []
    apart = trained.out_of_bag if trained.out_of_bag is not trained.measured else None
    print(scoreboard(trained.measured, others, apart))
    print(f"\nwrote {' and '.join(str(path) for path in written)}")


def scoreboard(
    measured: Measured,
    others: Sequence[tuple[str, Measured]] = (),
    out_of_bag: Measured | None = None,
) -> str:
    """Scores beside those of others on the same rows, and what is to be said of each class."""
    lines = [("pellucid", measured.scores)]
    lines += [(name, other.scores) for name, other in others]
    if measured.guessed is not None:
        lines.append((measured.guess, measured.guessed))
    text = board(ON[measured.on].format(len(measured.answers)), lines)
    if out_of_bag is not None:
        figures = ", ".join(f"{NAMES.get(s.name, s.name)} {s}" for s in out_of_bag.scores)
        text += f"\nout of the bag, on {len(out_of_bag.answers)} rows: {figures}"
    if measured.held is not None and measured.width is not None:
        text += (
            f"\nintervals for {COVERAGE:.0%} of rows hold {measured.held} of them, and are "
            f"{float(f'{measured.width:.3g}'):g} wide on average"
        )
    classes = measured.report
    if (
        isinstance(classes, ClassificationReport)
        and len(classes.classes) <= MOST_CLASSES
        and measured.on in ("test", "given")
    ):
        text += "\n\n" + str(classes).rpartition("\n")[0]  # the accuracy stands above
    return text


def about(trained: Trained) -> dict[str, Any]:
    """What the model file remembers of its training."""
    measured, rows = trained.measured.to_dict(), trained.rows
    return {
        "preset": "tables",
        "metrics": {"on": trained.measured.on, **measured["metrics"]},
        "uncertainty": measured["uncertainty"],
        "rows": rows.counts,
        "baseline": trained.baseline,
    }


def summary(trained: Trained, data: str, written: list[Path]) -> dict[str, Any]:
    """All of it for a program."""
    model, rows = trained.model, trained.rows
    bag, board = model._bag, model.leaderboard_
    places = range(len(board["member"]))
    made: dict[str, Any] = {
        "data": data,
        "task": rows.task,
        "why": rows.why,
        "target": rows.target,
        "preset": trained.choice.preset,
        "preset_why": trained.choice.why,
        "schema": model.schema_.to_dict(),
        "network": str(bag.objective.layout.architecture),
        "parameters": bag.objective.layout.size * len(bag.members),
        "networks": [{k: _plain(column[i]) for k, column in board.items()} for i in places],
        "seconds": trained.seconds,
        "measured_on": trained.measured.on,
        **trained.measured.to_dict(),
        "rows": rows.counts,
        "notes": trained.notes,
        "written": [str(path) for path in written],
    }
    for name, other in (("out_of_bag", trained.out_of_bag), ("lightgbm", trained.peer)):
        made[name] = None if other is None else _scores_alone(other)
    return made


def _scores_alone(measured: Measured) -> dict[str, Any]:
    made = measured.to_dict()
    return {name: made[name] for name in ("rows", "metrics", "uncertainty")}


def _plain(value: Any) -> Any:
    plain = value.item()
    return None if isinstance(plain, float) and not np.isfinite(plain) else plain


def draw(trained: Trained, path: Path) -> None:
    """The loss on rows held out by epoch, beside the confusion matrix or the predictions."""
    from pellucid import plots

    figure, (left, right) = plots.side_by_side(2)
    name = "log-loss" if trained.rows.task == "classification" else "RMSE"
    plots.LossCurveDisplay.from_courses(
        trained.courses, loss_name=f"{name} on rows held out", ax=left
    )
    measured = trained.measured
    if isinstance(measured.report, ClassificationReport):
        plots.ConfusionMatrixDisplay.from_report(measured.report, ax=right)
    else:
        plots.PredictionErrorDisplay.from_predictions(
            measured.answers, measured.predictions, name=trained.rows.target, ax=right
        )
    plots.save(figure, path)
