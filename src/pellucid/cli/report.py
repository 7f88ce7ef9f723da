"""A report says what training did: as it goes, to a person, to a program, and as a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pellucid.predictor import Fit


def draw(fit: Fit, path: Path) -> None:
    """The learning curve, beside the confusion matrix or the predictions, as a picture."""
    from pellucid import plots
    from pellucid.metrics import ClassificationReport

    figure, (left, right) = plots.side_by_side(2)
    name = "accuracy" if fit.task == "classification" else "R2"
    plots.LossCurveDisplay.from_history(fit.history, score_name=name, ax=left)
    if isinstance(fit.report, ClassificationReport):
        plots.ConfusionMatrixDisplay.from_report(fit.report, ax=right)
    else:
        plots.PredictionErrorDisplay.from_predictions(
            fit.answers, fit.predictions, name=fit.predictor.target_name, ax=right
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
