"""Quality is how good answers are on rows whose right answers are known, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.metrics import ClassificationReport, classification_report
from pellucid.pictures.words import figure
from pellucid.plots.answers import levels_of
from pellucid.predictor import class_numbers
from pellucid.scores import Score, as_data, of_classes, of_numbers, part
from pellucid.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

COVERAGE = 0.9
"""Of the intervals whose hold on the rows is reported."""


@dataclass(frozen=True)
class Quality:
    """How good a model's answers to some rows are.

    Parameters
    ----------
    rows : how many there are.
    scores : of each thing predicted, by its name; most models predict one.
    guess : what is guessed without looking at the inputs.
    guessed : the scores of that on the same rows, by the same names.
    by_class : precision, recall and the confusion matrix, where a row has one class of several.
    held, width : the part of answers in the model's intervals of `COVERAGE`, and how wide these are
        on average, where it gives any.
    """

    rows: int
    scores: dict[str, list[Score]]
    guess: str
    guessed: dict[str, list[Score]]
    by_class: ClassificationReport | None = None
    held: Score | None = None
    width: float | None = None

    @property
    def first(self) -> Score:
        """The score that is named first: accuracy, or R2."""
        return next(iter(self.scores.values()))[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        made: dict[str, Any] = {
            "rows": self.rows,
            "scores": {name: as_data(scores) for name, scores in self.scores.items()},
            "baseline": {
                "guess": self.guess,
                "scores": {name: as_data(scores) for name, scores in self.guessed.items()},
            },
        }
        if self.by_class is not None:
            made["by_class"] = self.by_class.to_dict()
        if self.held is not None:
            made["interval"] = {
                "coverage": COVERAGE, "held": self.held.value, "uncertainty": self.held.error,
                "mean_width": self.width,
            }  # fmt: skip
        return made


def quality_of(
    subject: Subject, X: Any, y: Any, answers: NDArray[np.float64] | None = None
) -> Quality:
    """How good the model's answers to rows X are, of which y has the right ones.

    What is guessed without looking is the commonest class of y, or its mean: the best that a guess
    could do on these rows.

    Parameters
    ----------
    answers : what the model says of the rows, where that is known already.

    Raises
    ------
    ValueError
        If there are no rows, or y does not fit them.
    """
    y = np.asarray(y)
    answers = subject.answers(X) if answers is None else answers
    if len(y) != len(answers) or not len(y):
        raise ValueError(f"{len(answers)} rows and {len(y)} answers: expected one for each row")
    if subject.classes is None:
        return _of_numbers(subject, X, y, answers)
    if not subject.exclusive:
        return _of_labels(subject, y, answers)
    codes = class_numbers(subject.encode_targets(y))
    names = [str(label) for label in subject.classes]
    parts = np.bincount(codes, minlength=len(names)) / len(codes)
    blind = np.broadcast_to(parts, answers.shape)
    return Quality(
        len(y),
        {subject.target_name: of_classes(codes, answers)},
        f"always '{names[parts.argmax()]}'",
        {subject.target_name: of_classes(codes, blind)},
        classification_report(codes, answers.argmax(axis=1), names),
    )


def _of_numbers(subject: Subject, X: Any, y: NDArray[Any], answers: NDArray[Any]) -> Quality:
    right = np.asarray(y, np.float64).reshape(len(y), -1)
    if levels := levels_of(subject):
        middle = int(np.argmin(np.abs(np.array(levels) - 0.5)))
        answers = answers[:, [middle]]
    if right.shape != answers.shape:
        raise ValueError(
            f"y has {right.shape[1]} numbers a row and the model predicts {answers.shape[1]}"
        )
    k = right.shape[1]
    names = (
        [subject.target_name] if k == 1 else [f"{subject.target_name} {i + 1}" for i in range(k)]
    )
    means = np.broadcast_to(right.mean(axis=0), right.shape)
    held, width = _intervals(subject, X, right[:, 0]) if k == 1 else (None, None)
    return Quality(
        len(y),
        {name: of_numbers(right[:, i], answers[:, i]) for i, name in enumerate(names)},
        "always the mean" + (f", {figure(float(right.mean()))}," if k == 1 else ""),
        {name: of_numbers(right[:, i], means[:, i]) for i, name in enumerate(names)},
        held=held,
        width=width,
    )


def _of_labels(subject: Subject, y: NDArray[Any], answers: NDArray[Any]) -> Quality:
    """Of rows that may have several labels: how often each is right."""
    right = subject.encode_targets(y) > 0.5
    found = answers[:, -right.shape[1] :] > 0.5
    names = [str(label) for label in subject.classes or ()][-right.shape[1] :]
    common = np.broadcast_to(right.mean(axis=0) > 0.5, right.shape)
    held, blind = right == found, right == common
    return Quality(
        len(y),
        {name: [part("accuracy", held[:, i])] for i, name in enumerate(names)},
        "always what is commoner",
        {name: [part("accuracy", blind[:, i])] for i, name in enumerate(names)},
    )


def _intervals(
    subject: Subject, X: Any, y: NDArray[np.float64]
) -> tuple[Score | None, float | None]:
    """How often the intervals of a bag hold the answer, and how wide they are."""
    residuals = getattr(subject.model, "_residuals", None)
    if residuals is None or len(residuals.off) < 1 / (1 - COVERAGE):
        return None, None
    low, high = subject.model.predict_interval(X, COVERAGE).T
    return part("held", (low <= y) & (y <= high)), float((high - low).mean())
