"""`pellucid tune`: which setting is best for a table, by cross-validation, tested once."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from math import prod
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
from pellucid.ranges import shown, values
from pellucid.recipe import Recipe
from pellucid.rows import Rows, divide
from pellucid.tables import find_column
from pellucid.targets import ClassTarget, NumericTarget

if TYPE_CHECKING:
    from pellucid.search import Tuning

DATA, CHOOSING, SEARCH, OUTPUT = "Data", "What to choose from", "Search", "Output"

IN_TRAIN = {
    "hidden_layer_sizes": "hidden",
    "activation": "activation",
    "solver": "solver",
    "alpha": "alpha",
    "learning_rate_init": "learning-rate",
    "batch_size": "batch-size",
    "dropout": "dropout",
    "max_iter": "epochs",
}
"""The option of `pellucid train` for each parameter of the estimators."""

STEPS_ALONE = ("learning_rate_init", "batch_size", "dropout")
"""What solvers that search on all rows at once have no use for."""


def tune(
    data: Data,
    target: Target = None,
    task: Task = None,
    exclude: Exclude = None,
    test: Annotated[
        float,
        typer.Option(help="Part of the rows to test on, once, at the end.", rich_help_panel=DATA),
    ] = 0.2,
    test_data: TestData = None,
    alpha: Annotated[
        str, typer.Option(help="Strengths of the L2 penalty.", rich_help_panel=CHOOSING)
    ] = "1e-5:1:log",
    hidden: Annotated[
        str,
        typer.Option(
            help="Units of the hidden layers, settings separated by semicolons, as in 20;50,50.",
            rich_help_panel=CHOOSING,
        ),
    ] = "100",
    activation: Annotated[
        str,
        typer.Option(
            help=f"Of the hidden layers: {', '.join(ACTIVATIONS)}.", rich_help_panel=CHOOSING
        ),
    ] = "relu",
    solver: Annotated[
        str,
        typer.Option(
            help="sgd (with Nesterov's momentum), adam, adamw, rmsprop, lbfgs, conjugate_gradient.",
            rich_help_panel=CHOOSING,
        ),
    ] = "adam",
    learning_rate: Annotated[
        str,
        typer.Option(
            "--learning-rate",
            "--learning-rate-init",
            help="Of solvers that take a step a batch.",
            rich_help_panel=CHOOSING,
        ),
    ] = "0.001",
    batch_size: Annotated[
        str, typer.Option(help="Rows a step: numbers, full, auto.", rich_help_panel=CHOOSING)
    ] = "auto",
    dropout: Annotated[
        str, typer.Option(help="Parts of hidden units silenced.", rich_help_panel=CHOOSING)
    ] = "0",
    epochs: Annotated[
        str,
        typer.Option(
            "--epochs",
            "--max-iter",
            help="Passes over the data at the most.",
            rich_help_panel=CHOOSING,
        ),
    ] = "200",
    folds: Annotated[
        int, typer.Option(help="Parts that are held out in turn.", rich_help_panel=SEARCH)
    ] = 5,
    scoring: Annotated[
        str | None,
        typer.Option(
            help="A scorer of scikit-learn's, such as neg_log_loss; by default accuracy or R2.",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    candidates: Annotated[
        int | None,
        typer.Option(
            help="Try so many settings drawn at random; by default all combinations.",
            min=2,
            rich_help_panel=SEARCH,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Fits at once; by default one a processor.", min=1, rich_help_panel=SEARCH
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="All randomness comes from it.", rich_help_panel=SEARCH)
    ] = 0,
    out: Annotated[
        Path | None, typer.Option(help="A CSV file to write the table to.", rich_help_panel=OUTPUT)
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No report.", rich_help_panel=OUTPUT)
    ] = False,
    as_json: ReportAsJson = False,
) -> None:
    """Try settings on DATA by cross-validation, show how each scores, and test the best one.

    What to choose from is a list as in 0.1,0.2 or a range: 1e-5:1:log is one value a decade,
    1:5 whole numbers, 0:0.5:6 six numbers. Every combination is tried. Columns are scaled and
    encoded by what each fit itself may see. The test rows are looked at once, at the end, and the
    same test rows are held out by the `pellucid train` that is printed.
    """
    refuse_to_overwrite([out], [data, test_data])
    choices = {
        "hidden_layer_sizes": hidden, "activation": activation, "solver": solver, "alpha": alpha,
        "learning_rate_init": learning_rate, "batch_size": batch_size, "dropout": dropout,
        "max_iter": epochs,
    }  # fmt: skip
    several: dict[str, list[Any]] = {}
    fixed: dict[str, Any] = {}
    for name, text in choices.items():
        several[name] = _values(name, text)
        if len(several[name]) == 1:
            (fixed[name],) = several.pop(name)
    if not several:
        raise ValueError("there is one setting only: give several of something, as in --alpha "
                         "1e-5:1:log or --hidden '20;50,50'")  # fmt: skip
    table = open_data(data)
    recipe = Recipe(exclude=tuple(exclude or ()), validation=0.0, test=test, seed=seed)
    own = open_data(test_data) if test_data else None
    rows = divide(table, target, recipe, task, own)
    loud = not (quiet or as_json)
    n = min(prod(map(len, several.values())), candidates or sys.maxsize)
    if loud and sys.stderr.isatty():
        print(f"trying {n} settings on {folds} folds: {n * folds} fits", file=sys.stderr)
    target_scaling = table.target_scaling if isinstance(table.target_scaling, str) else "standard"
    tuning = _tuned(
        rows, several, fixed, table.scaling or "standard", target_scaling,
        folds=folds, scoring=scoring, n_candidates=candidates, n_jobs=jobs, seed=seed,
    )  # fmt: skip
    if out is not None:
        _write(tuning, out)
    line = _train_line(
        data, target, task, exclude, test, test_data, seed, fixed | tuning.best_parameters
    )
    if as_json:
        print(json.dumps(_document(tuning, data, rows, line, out), indent=2))
    elif loud:
        for note in rows.notes:
            print(f"note: {note}", file=sys.stderr)
        print(f"{data}: {rows.task} of {rows.target!r} ({rows.why})")
        setting = " ".join(f"{k} {shown(v)}" for k, v in tuning.best_parameters.items())
        print(f"{tuning}\n\nbest: {setting}\nto train with it:\n  {line}")
        if out is not None:
            print(f"wrote {out}")


def _values(name: str, text: str) -> list[Any]:
    """The values, or a ValueError that calls them as the option is called."""
    try:
        return values(text, name)
    except ValueError as error:
        raise ValueError(str(error).replace(name, f"--{IN_TRAIN[name]}", 1)) from None


def _tuned(
    rows: Rows,
    several: Mapping[str, Any],
    fixed: Mapping[str, Any],
    scaling: str,
    target_scaling: str,
    **options: Any,
) -> Tuning:
    from sklearn.pipeline import make_pipeline

    from pellucid.encoding import TableEncoding
    from pellucid.estimators import MLPClassifier, MLPRegressor
    from pellucid.search import tune

    answers = find_column(rows.trained, rows.target)
    encoded: ClassTarget | NumericTarget
    if rows.task == "classification":
        encoded, network = ClassTarget.fit(rows.answers), MLPClassifier(**fixed)
    else:
        encoded = NumericTarget.fit(answers, "none")
        network = MLPRegressor(target_scaling=target_scaling, **fixed)

    def samples(frame: Any) -> tuple[Any, Any]:
        column = find_column(frame, rows.target)
        if isinstance(encoded, ClassTarget):
            labels = encoded.encode(column, rows.notes)
        else:
            labels = encoded.encode(column)
        return frame.drop(rows.target), encoded.decode(labels)

    return tune(
        *samples(rows.trained), several,
        estimator=make_pipeline(TableEncoding(scaling), network), test=None,
        test_data=samples(rows.tested) if rows.tested.height else None, **options,
    )  # fmt: skip


def _train_line(
    data: str,
    target: str | None,
    task: str | None,
    exclude: list[str] | None,
    test: float,
    test_data: str | None,
    seed: int,
    setting: Mapping[str, Any],
) -> str:
    """The command that trains with this setting, and holds out the same test rows."""
    words = ["pellucid", "train", data]
    for option, value in (("target", target), ("task", task), ("test-data", test_data)):
        words += [f"--{option}", value] if value is not None else []
    for column in exclude or ():
        words += ["--exclude", column]
    searches = setting["solver"] in ("lbfgs", "conjugate_gradient")
    for name, option in IN_TRAIN.items():
        if not (searches and name in STEPS_ALONE):
            word = shown(setting[name])
            words += [f"--{option}", "nesterov" if word == "sgd" else word]
    words += ["--validation", "0", "--no-early-stopping", "--seed", str(seed)]
    if test_data is None:
        words += ["--test", f"{test:g}"]
    return shlex.join(words)


def _rows_of(tuning: Tuning) -> list[dict[str, Any]]:
    """The table row by row, in what JSON and CSV can hold."""
    columns = {name: column.tolist() for name, column in tuning.table.items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """What JSON has too: no tuples, and null for the score of a fit that failed."""
    if isinstance(value, tuple):
        return shown(value)
    return None if value != value else value


def _write(tuning: Tuning, path: Path) -> None:
    import polars

    rows = _rows_of(tuning)
    mixed = {name for name in rows[0] if len({type(row[name]) for row in rows}) > 1}
    plain = [{k: shown(v) if k in mixed else v for k, v in row.items()} for row in rows]
    path.write_text(polars.DataFrame(plain).write_csv(), encoding="utf-8")


def _document(tuning: Tuning, data: str, rows: Rows, line: str, out: Path | None) -> dict[str, Any]:
    return {
        "data": data,
        "task": rows.task,
        "why": rows.why,
        "target": rows.target,
        "rows": tuning.rows,
        "scoring": tuning.score_name,
        "table": _rows_of(tuning),
        "best": {name: _plain(value) for name, value in tuning.best_parameters.items()},
        "validation_score": tuning.validation_score,
        "test_score": tuning.test_score,
        "notes": [*rows.notes, *tuning.notes],
        "train": line,
        "written": [] if out is None else [str(out)],
    }  # fmt: skip
