"""A report is one page on a model: how good it is, what it leans on, what is wrong, what it is."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.atomic import write_atomically
from pellucid.attribution import attribute, permutation_importance
from pellucid.diagnosis import Diagnosis, doctor
from pellucid.explaining import explain
from pellucid.pictures import Scene, fitting, length, numbers
from pellucid.plots.answers import levels_of
from pellucid.reporting.card import (
    GENERAL_LIMITS,
    ModelCard,
    about_of,
    card_of,
    file_of,
    split_of,
)
from pellucid.reporting.headline import headline
from pellucid.reporting.quality import Quality, quality_of
from pellucid.reporting.shown import Shown, shown
from pellucid.subject import subject_of

if TYPE_CHECKING:
    from pellucid.attribution import Attribution, Importance
    from pellucid.explanation.form import Explanation

MOST_ROWS = 50_000
"""Rows that a report is on; of more, so many are drawn at random."""

SHUFFLING = 20e9
"""Multiplications that may be spent on shuffling columns, which decides on how many rows it is."""

REPEATS = 3
"""Shuffles of each column."""

EXAMINED = 10_000
"""Rows at the most that the doctor looks at."""

MOST_LINES = 80
"""Of the arithmetic of one answer at the most; that of a network with more lines is left out."""

FEWEST_SHUFFLED = 20
"""Rows below which shuffling them says nothing."""

FEWEST, MOST = 200, 2000
"""Rows that columns are shuffled on, whatever it costs and however little."""


@dataclass(frozen=True, eq=False)
class Report:
    """All that is to be said of a model and the rows it was tried on; `report` makes one.

    It prints as text, shows itself in a notebook, and `save` writes it as a page of HTML.

    Parameters
    ----------
    headline : what it predicts, on how many rows, and how well.
    quality : how good its answers are, and those of a blind guess.
    card : what the model is.
    pictures : those that fit it.
    importance : what it leans on; None of a single column.
    why : one row's answer, shared out among the columns.
    step : its arithmetic, of a bag that of the first network; None where that is long.
    diagnosis : what is wrong.
    notes : what is to be known of the report itself, a sentence each.
    title : of the page.
    row : which of the rows `why` and `step` are of, from 0.
    shuffled : the rows that `importance` is on.
    """

    headline: str
    quality: Quality
    card: ModelCard
    pictures: tuple[Shown, ...]
    importance: Importance | None
    why: Attribution | None
    step: Explanation | None
    diagnosis: Diagnosis
    notes: tuple[str, ...]
    title: str
    row: int
    shuffled: int = 0

    def to_html(self) -> str:
        """The page: one document that needs no other file."""
        from pellucid.reporting.writing import written

        return written(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, all of it or nothing.

        Raises
        ------
        ValueError
            If the name does not end in .html or .htm.
        """
        refuse_another_ending(path)
        write_atomically(Path(path), self.to_html().encode())

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; of the pictures, their words."""
        return {
            "headline": self.headline,
            "quality": self.quality.to_dict(),
            "importance": None if self.importance is None else self.importance.to_dict(),
            "why": None if self.why is None else self.why.to_dict(),
            "step": None if self.step is None else self.step.to_dict(),
            "diagnosis": self.diagnosis.to_dict(),
            "pictures": {each.name: each.words for each in self.pictures},
            "card": self.card.to_dict(),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        parts = [self.headline, *self.notes, str(self.diagnosis)]
        if self.importance is not None:
            parts.append(str(self.importance))
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        from pellucid.reporting.writing import notebook

        return notebook(self)


def report(
    model: Any,
    X: Any,
    y: Any,
    *,
    learnt: tuple[Any, Any] | None = None,
    data: str = "",
    target_name: str = "",
    use: str | None = None,
    row: int = 0,
    rows: int = MOST_ROWS,
    seed: int = 0,
) -> Report:
    """Try a model on rows whose answers are known, and say all there is to say of it.

    What takes long is done on some of the rows, and the page says on how many: a report on 48 842
    rows and a bag of networks is there in half a minute.

    Parameters
    ----------
    model : any fitted model, or the path of a model file, of which the report tells more.
    X : rows as its `predict` takes them.
    y : (n,) the right answers.
    learnt : X and y of the rows that it has learnt from, where those it is tried on are all others:
        the page says so, and the doctor holds both against each other.
    data : what the rows are called.
    target_name : what is predicted, where the model does not know its name.
    use : what the model is meant for, for its card. Nothing is made up where nobody says so.
    row : the row whose answer is shared out among the columns, from 0.
    rows : how many it is on at the most; of more, so many are drawn at random.
    seed : of that, and of the shuffling of columns.

    Raises
    ------
    TypeError, ValueError
        If it is no fitted model, or X and y do not fit it.

    Examples
    --------
    >>> from pellucid import MLPClassifier, datasets
    >>> iris = datasets.load("iris")
    >>> model = MLPClassifier(solver="lbfgs", hidden_layer_sizes=(8,), random_state=0)
    >>> made = report(model.fit(iris.X, iris.y), iris.X, iris.y, data="iris")
    >>> made.quality.first.name, made.quality.rows
    ('accuracy', 150)
    >>> made.to_html().startswith("<!doctype html>")
    True
    """
    subject = subject_of(model)
    if target_name and not subject.names_target:
        subject.target_name = target_name
    scene, notes = Scene(subject, X, np.asarray(y), row=row), []
    n = length(X)
    if n > rows:
        scene = scene.some(rows, seed)
        notes.append(f"Of {n:,} rows, {rows:,} were drawn at random, and all of this is on them.")
    file, header = file_of(model)
    quality = quality_of(subject, scene.X, scene.y, scene.answers)
    if learnt is None:
        notes.append(_perhaps_learnt(split_of(about_of(subject, header)), n))
    if levels := levels_of(subject):
        notes.append(
            f"It predicts quantiles; the scores are those of {levels[scene.single or 0]:g}."
        )
    importance, shuffled = _importance(scene, seed)
    if importance is not None:
        plane = [name for name in importance.columns if name in numbers(scene)][:2]
        scene = replace(scene, features=tuple(plane))
    why = attribute(subject, scene.one, output=scene.single)
    diagnosis = _diagnosis(scene, learnt, seed, notes)
    limits = [*(f"{each.message} (the doctor)" for each in diagnosis.findings), *GENERAL_LIMITS]
    card = card_of(subject, file, header, use, limits)
    return Report(
        headline(subject, quality, card, data, learnt is not None), quality, card,
        tuple(_pictures(scene)), importance, why, _step(scene, y), diagnosis, tuple(notes),
        f"Predicting {subject.target_name}", row, shuffled,
    )  # fmt: skip


def refuse_another_ending(path: str | os.PathLike[str]) -> None:
    """Raise ValueError where a file's name is none of a page."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{str(path)!r} does not end in .html: a report is a page of HTML")


def _perhaps_learnt(split: dict[str, int], n: int) -> str:
    """A warning that the rows may be those that the model was made from."""
    learnt, total = split.get("train", 0), sum(split.values())
    if n == total and learnt < total:
        return (
            f"These are as many rows as the model was made from: {learnt:,} of {total:,} may be "
            "rows that it has learnt, on which it does better than on new ones. Its score on rows "
            "held out, when it was trained, is on its card."
        )
    if n == learnt:
        return (
            f"These are as many rows as the model has learnt from: if they are the same {n:,}, it "
            "does worse on new ones."
        )
    return (
        "It is not known whether the model has learnt from any of these rows: on new ones it does "
        "worse than on those."
    )


def _importance(scene: Scene, seed: int) -> tuple[Importance | None, int]:
    """What happens to the score when a column is shuffled, and on how many rows, to save time."""
    subject = scene.subject
    columns = len(subject.columns)
    if columns < 2 or scene.rows < FEWEST_SHUFFLED:
        return None, 0
    cost = len(subject.networks) * subject.network.layout.size * columns * REPEATS
    some = scene.some(int(np.clip(SHUFFLING / cost, FEWEST, MOST)), seed)
    made = permutation_importance(
        subject.model, some.X, some.y, n_repeats=REPEATS, random_state=seed
    )
    return made, some.rows


def _step(scene: Scene, y: Any) -> Explanation | None:
    """The way from the row to its answer, and what the table says of that."""
    made = explain(scene.subject, scene.one, np.asarray(y)[scene.row or 0], backward=False)
    return made if len(made.lines) <= MOST_LINES else None


def _diagnosis(
    scene: Scene, learnt: tuple[Any, Any] | None, seed: int, notes: list[str]
) -> Diagnosis:
    """What is wrong, on rows that leave time for it."""
    test = scene.some(EXAMINED, seed)
    if test is not scene:
        notes.append(f"The doctor looked at {EXAMINED:,} rows.")
    model = scene.subject
    if learnt is None:
        return doctor(model, test.X, test.y, seed=seed)
    rows = Scene(scene.subject, learnt[0], np.asarray(learnt[1])).some(EXAMINED, seed)
    return doctor(model, rows.X, rows.y, test.X, test.y, seed=seed)


def _pictures(scene: Scene) -> list[Shown]:
    """Those that fit the model, each light and dark; a plane of two pixels would say nothing."""
    fit = [each for each in fitting(scene) if each.reported]
    if any(each.name == "weights" for each in fit):
        fit = [each for each in fit if each.name != "boundary"]
    return [shown(each, scene) for each in fit]
