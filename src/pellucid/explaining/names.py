"""Names of what a network's outputs are of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.subject import Subject


def output_names(subject: Subject) -> Sequence[str]:
    """What each output of the networks is of, a class; empty if they are no classes."""
    k = subject.network.architecture.n_outputs
    if subject.classes is None or len(subject.classes) != k:
        return ()
    return [class_name(label) for label in subject.classes]


def class_name(label: Any) -> str:
    """A class, as it is written in a line."""
    return f'"{label}"'
