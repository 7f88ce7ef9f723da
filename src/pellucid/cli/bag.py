"""A bag is trained on a table without anything being chosen: `pellucid train --preset tables`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pellucid.cli.exits import Interrupted, one_interrupt
from pellucid.cli.keeping import OPTIONS as KEEPING
from pellucid.cli.keeping import how_to_go_on
from pellucid.cli.measure import Measured, against, answers_of, measure, refuse_unfit
from pellucid.engines import ENGINES
from pellucid.predictor import fit_target
from pellucid.recipe import Recipe
from pellucid.registry import near
from pellucid.rows import Rows, divide
from pellucid.tables import find_column
from pellucid.tabular import Schema, TabularClassifier, TabularRegressor
from pellucid.tabular.classifier import refuse_many
from pellucid.tabular.frames import frame_of
from pellucid.tabular.schema import IGNORED, KINDS, infer
from pellucid.targets import ClassTarget

if TYPE_CHECKING:
    import polars
    from numpy.typing import NDArray

    from pellucid.cli.preset import Choice
    from pellucid.tables import Table

Model: TypeAlias = TabularClassifier | TabularRegressor


@dataclass(frozen=True)
class Trained:
    """A bag, what it was trained on, and how good it is.

    Parameters
    ----------
    baseline : what is guessed without looking: the `parts` of classes, or the `mean`.
    courses : the loss on rows held out by epoch, of each network.
    measured : on the test rows; of few rows, that are all for training, out of the bag.
    out_of_bag : each training row by networks that have not seen it; None if all have.
    peer : LightGBM's scores, if asked for.
    """

    model: Model
    rows: Rows
    choice: Choice
    seconds: float
    baseline: dict[str, Any]
    courses: Mapping[int, list[float]]
    measured: Measured
    out_of_bag: Measured | None
    peer: Measured | None
    notes: list[str] = field(default_factory=list)


def train_bag(
    table: Table, test: Table | None, choice: Choice, options: Mapping[str, Any], known: set[str]
) -> int:
    """Train, save, draw and report, by the options of `pellucid train`; the exit code.

    Parameters
    ----------
    known : notes that have been printed.
    """
    from pellucid.cli.bag_report import about, draw, opening, report, summary

    loud = not (options["quiet"] or options["as_json"])
    out, plot = options["out"], options["plot"]
    if options["compare"]:
        from pellucid.cli.peer import refuse_without

        refuse_without()
    types = _types(options["column_type"], options["exclude"], table)
    engine = options["engine"]
    if engine not in ("auto", *ENGINES):
        raise ValueError(f"unknown engine {engine!r}: {near(engine, ['auto', *ENGINES])}")
    for name in ("max_time", "threads"):
        if options[name] is not None and options[name] <= 0:
            least = "a whole number from 1 on" if name == "threads" else "seconds, more than 0"
            raise ValueError(f"--{name.replace('_', '-')} is {options[name]}: expected {least}")
    recipe = Recipe(validation=0.0, test=options["test"], seed=options["seed"])
    schema = _schema(table, options["target"], types)  # in all rows, so that the right one is named
    rows = divide(table, options["target"], recipe, options["task"], test)
    refuse_unfit(schema, rows.tested)
    target = fit_target(rows, "none")
    if isinstance(target, ClassTarget):
        refuse_many(len(target.classes), rows.trained.height)
    for frame in (rows.trained, rows.tested):  # what is wrong with them is found before training
        target.encode(find_column(frame, rows.target))
    if options["compare"] and not rows.tested.height:
        raise ValueError("--compare needs rows to test on: give --test or --test-data")
    model = (TabularClassifier if rows.task == "classification" else TabularRegressor)(
        bag=options["bag"],
        refit=options["refit"],
        max_time=options["max_time"],
        random_state=options["seed"],
        column_types=types or None,
        n_jobs=options["threads"],
        engine=engine,
        verbose=loud,
        **{name: options[name] for name in KEEPING},
    )
    if loud:
        print(opening(options["data"], rows, choice, schema, options["bag"]), flush=True)
    with one_interrupt() as interrupt:
        try:
            trained = _trained(model, rows, choice, compare=options["compare"])
        except KeyboardInterrupt:
            if options["checkpoint"] is None:
                raise
            raise Interrupted(how_to_go_on(options["checkpoint"]), interrupt.code) from None
        model.save(out, about=about(trained))
        if plot is not None:
            draw(trained, plot)
    written = [path for path in (out, plot) if path is not None]
    if options["as_json"]:
        print(json.dumps(summary(trained, options["data"], written), indent=2))
    elif loud:
        report(trained, written, known)
    return 0


def _trained(model: Model, rows: Rows, choice: Choice, *, compare: bool) -> Trained:
    notes = rows.notes
    learnt = _told_apart(rows.trained, rows) if rows.task == "classification" else rows.trained
    begun = perf_counter()
    model.fit(learnt, rows.target)
    seconds = perf_counter() - begun
    courses = {i: member.held_out_losses for i, member in enumerate(model._seen, 1)}
    own = answers_of(model, find_column(rows.trained, rows.target))
    baseline = _baseline(model, own)
    out_of_bag = _out_of_bag(model, own, baseline)
    if rows.tested.height:
        answers = answers_of(model, find_column(rows.tested, rows.target), notes)
        measured = measure(model, rows.tested, answers, baseline, "test")
    elif out_of_bag is not None:
        measured = out_of_bag
        notes.append("no rows were held out to test on: each is measured by networks that have "
                     "not seen it")  # fmt: skip
    else:
        measured = measure(model, rows.trained, own, baseline, "training")
        notes.append(f"{rows.trained.height} rows are too few to hold some out: it is measured on "
                     "the rows it has learnt from")  # fmt: skip
    peer = None
    if compare:
        from pellucid.cli.peer import lightgbm

        peer = lightgbm(model, rows.trained, own, rows.tested, measured)
    notes += [note for note in model.notes_ if note not in notes]
    return Trained(
        model, rows, choice, seconds, baseline, courses, measured, out_of_bag, peer, notes
    )


def _types(given: list[str] | None, exclude: list[str] | None, table: Table) -> dict[str, str]:
    """What columns hold, as it was asked for; those left out are ignored."""
    types: dict[str, str] = {}
    for text in given or ():
        name, _, kind = text.rpartition("=")
        if not name:
            raise ValueError(f"--column-type {text!r}: expected name=kind, such as year=category")
        find_column(table.frame, name)
        if kind not in KINDS:
            raise ValueError(f"--column-type {text!r}: {near(kind, KINDS)}")
        types[name] = kind
    for name in exclude or ():
        find_column(table.frame, name)
        if types.setdefault(name, IGNORED) != IGNORED:
            raise ValueError(f"--exclude and --column-type both have {name!r}: leave one out")
    return types


def _schema(table: Table, target: str | None, types: Mapping[str, str]) -> Schema:
    """What the columns are in all rows; ValueError if one is neither."""
    name = find_column(table.frame, target or table.target or table.frame.columns[-1]).name
    if name in types:
        raise ValueError(
            f"{name!r} is the target: --exclude and --column-type are for columns to learn from, "
            "and --task says what to predict"
        )
    return infer(frame_of(table.frame.drop(name)), types)


def _told_apart(frame: polars.DataFrame, rows: Rows) -> polars.DataFrame:
    """The rows with classes that are fractions, such as 0.5, as text, which tells them apart."""
    import polars as pl

    if not rows.answers.dtype.is_float() or (rows.answers == rows.answers.round()).all():
        return frame
    return frame.with_columns(pl.col(rows.target).cast(pl.String))


def _baseline(model: Model, answers: NDArray[Any]) -> dict[str, Any]:
    """What is guessed without looking: the parts of classes, or the mean."""
    if isinstance(model, TabularClassifier):
        counts = np.bincount(answers, minlength=len(model.classes_))
        return {"parts": (counts / counts.sum()).tolist()}
    return {"mean": float(answers.mean())}


def _out_of_bag(
    model: Model, answers: NDArray[Any], baseline: Mapping[str, Any]
) -> Measured | None:
    """The training rows that some network has not seen, as those predict them."""
    if isinstance(model, TabularClassifier):
        output = model.oob_decision_function_
        known = ~np.isnan(output[:, 0])
    else:
        output = model.oob_prediction_
        known = ~np.isnan(output)
    if not known.any():
        return None
    return against(model, output[known], answers[known], baseline, "out-of-bag")
