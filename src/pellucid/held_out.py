"""Held-out rows are those of a table that a model has not seen: found by dividing it once more."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from pellucid import model_file
from pellucid.metrics import regression_report
from pellucid.recipe import Recipe
from pellucid.rows import divide
from pellucid.subject import Subject
from pellucid.tables import Table, find_column

AGREEMENT = 1e-4
"""Relative difference up to which a score is the one that the model file remembers."""


class Halves(NamedTuple):
    """The rows that a model learnt from and those that it has not seen: X and y of each."""

    learnt: tuple[Any, Any]
    unseen: tuple[Any, Any]

    def __str__(self) -> str:
        return (
            f"the rows are divided as in training: {len(self.learnt[1])} that it learnt from and "
            f"{len(self.unseen[1])} to test on"
        )


def as_in_training(
    subject: Subject, path: str | os.PathLike[str], table: Table, target: str | None = None
) -> Halves | None:
    """The halves of a table, if what the model file remembers leads to its score on one of them.

    Parameters
    ----------
    path : of the model file.
    target : the column with the answers, where the model does not know its name.
    """
    try:
        about: Any = model_file.read(path)[1].get("about")
        recipe = _recipe(subject, about)
        name = subject.target_name if subject.names_target else target or table.target
        rows = divide(table, name, recipe, subject.task, None)
        if rows.counts != about["rows"] or not rows.tested.height:
            return None
        halves = [
            (frame.drop(rows.target), find_column(frame, rows.target).to_numpy())
            for frame in (rows.trained, rows.tested)
        ]
        known, found = _scores(subject, about, *halves[1])
    except (KeyError, TypeError, ValueError, AttributeError):  # it remembers something else
        return None
    return Halves(*halves) if np.isclose(found, known, rtol=AGREEMENT) else None


def _recipe(subject: Subject, about: Mapping[str, Any]) -> Recipe:
    """What says how rows were divided."""
    if subject.kind == "Predictor":
        told = about["training"]
        return Recipe(
            exclude=tuple(told["exclude"]), validation=told["validation"], test=told["test"],
            seed=told["seed"],
        )  # fmt: skip
    counts = about["rows"]
    share = counts["test"] / sum(counts.values())
    return Recipe(validation=0.0, test=share, seed=subject.model.random_state)


def _scores(subject: Subject, about: Mapping[str, Any], X: Any, y: Any) -> tuple[float, float]:
    """The score that the file remembers, and the one on these rows."""
    metrics, predicted = about["metrics"], subject.predict(X)
    if subject.classes is not None:
        codes = {str(label): i for i, label in enumerate(subject.classes)}
        true, told = ([codes[str(label)] for label in labels.tolist()] for labels in (y, predicted))
        return metrics["accuracy"], float(np.mean(np.equal(true, told)))
    return metrics["rmse"], regression_report(y, predicted).rmse
