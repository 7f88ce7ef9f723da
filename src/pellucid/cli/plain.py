"""A plain network is what `pellucid train --preset plain` makes of a table, as it is told to."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.cli.exits import FAILED, one_interrupt
from pellucid.cli.keeping import OPTIONS as KEEPING
from pellucid.cli.keeping import Resuming, how_to_go_on
from pellucid.cli.report import draw, report, summary
from pellucid.optimizers import optimizer
from pellucid.predictor import Predictor
from pellucid.progress import progress
from pellucid.recipe import Recipe

if TYPE_CHECKING:
    from pellucid.cli.preset import Choice
    from pellucid.optimizers import Optimizer
    from pellucid.tables import Table


def train_plain(
    table: Table, test: Table | None, choice: Choice, options: Mapping[str, Any], known: set[str]
) -> int:
    """Train, save, draw and report, by the options of `pellucid train`; the exit code.

    Parameters
    ----------
    known : notes that have been printed.
    """
    recipe = recipe_of(options)
    silent, out, plot = options["quiet"] or options["as_json"], options["out"], options["plot"]
    resuming = Resuming(options, silent)
    with one_interrupt() as interrupt:
        with progress(silent) as callbacks:
            fit = Predictor.fit(
                table,
                options["target"],
                recipe,
                task=options["task"],
                test=test,
                callbacks=[*resuming.callback(), *callbacks],
                keeping={name: options[name] for name in KEEPING},
            )
        resuming.say(len(fit.history))  # where nothing was left to do
        diverged = fit.history.stopped == "diverged"
        kept = not (diverged and len(fit.history) < 2)  # weights without an epoch are worth no file
        if kept:
            fit.predictor.save(out)
            if plot is not None:
                draw(fit, plot)
    written: list[Path] = [path for path in (out, plot) if path is not None and kept]
    if options["as_json"]:
        made = summary(fit, options["data"], written)
        print(json.dumps({**made, "preset": choice.preset, "preset_why": choice.why}, indent=2))
    elif not options["quiet"]:
        report(fit, options["data"], written, known)
    if fit.history.stopped == "interrupted":
        if options["checkpoint"] is not None and not silent:
            print(f"note: {how_to_go_on(options['checkpoint'])}", file=sys.stderr)
        return interrupt.code
    return FAILED if diverged else 0


def recipe_of(options: Mapping[str, Any]) -> Recipe:
    """The recipe that the options of `pellucid train` ask for."""
    activation, batch_size = options["activation"], options["batch_size"]
    parameters = {
        "label_smoothing": options["label_smoothing"] or None,
        "quantile": options["quantile"],
        "delta": options["delta"],
    }
    return Recipe(
        hidden=_sizes(options["hidden"]),
        activation=activation if "," not in activation else tuple(activation.split(",")),
        output_activation=options["output_activation"],
        loss=options["loss"],
        loss_parameters={name: v for name, v in parameters.items() if v is not None},
        bias=options["bias"],
        initializer=options["initializer"],
        alpha=tuple(_numbers("alpha", options["alpha"])),
        l1=options["l1"],
        dtype=options["dtype"],
        scaling=options["scaling"],
        exclude=tuple(options["exclude"] or ()),
        target_scaling=_number_or_name(options["target_scaling"]),
        validation=options["validation"],
        test=options["test"],
        seed=options["seed"],
        engine=options["engine"],
        n_threads=options["threads"],
        settings={
            "epochs": options["epochs"],
            "batch_size": _whole("batch-size", batch_size)
            if batch_size not in ("auto", "full")
            else batch_size,
            "solver": _solver(options["solver"], options["momentum"], options["weight_decay"]),
            "learning_rate": options["learning_rate"],
            "schedule": options["schedule"],
            "dropout": _one_or_many(_numbers("dropout", options["dropout"])),
            "clip_norm": options["clip_norm"],
            "early_stopping": options["early_stopping"],
            "n_iter_no_change": options["n_iter_no_change"],
            "max_time": options["max_time"],
        },
    )


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
