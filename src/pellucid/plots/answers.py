"""An answer is what a fitted model says of rows, to be set beside what is known of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.subject import Subject


def classifier(model: Any, picture: str) -> tuple[Subject, list[Any]]:
    """The subject of a model that tells classes apart, one a row, and their labels."""
    from pellucid.subject import subject_of

    subject = subject_of(model)
    if subject.classes is None:
        raise ValueError(f"this {subject.kind} predicts numbers: {picture} is of classes")
    if not subject.exclusive:
        raise ValueError(f"a row of this {subject.kind} may have several classes at once")
    return subject, list(subject.classes)


def regressor(model: Any, picture: str) -> Subject:
    """The subject of a model that predicts numbers."""
    from pellucid.subject import subject_of

    subject = subject_of(model)
    if subject.classes is not None:
        raise ValueError(f"this {subject.kind} tells classes apart: {picture} is of numbers")
    return subject


def levels_of(subject: Subject) -> list[float]:
    """The levels of the quantiles that a network predicts of one number, in their order, if any."""
    model = subject.model
    target: Any = getattr(model[-1] if hasattr(model, "steps") else model, "_target", None)
    several = getattr(target, "several", False) and target.n_targets == 1
    return [float(level) for level in target.levels] if several else []
