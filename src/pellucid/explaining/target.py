"""How a target becomes what the network is asked for, written out."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.explaining.scale import scales_of
from pellucid.explanation.expression import Difference, Expression, Quotient, Symbol, Value
from pellucid.explanation.form import Line, Section
from pellucid.explanation.step import Step
from pellucid.subject import Subject


def target_section(subject: Subject, y: Any, step: Step) -> list[Section]:
    """A line a target that is scaled; a class says itself which output is asked for."""
    if subject.classes is not None:
        return _of_class(subject, y)
    lines, scales = [], scales_of(subject)
    values = np.asarray(y, np.float64).reshape(-1)
    values = np.broadcast_to(values, len(scales))  # one number is asked of each quantile
    for i, (scale, value) in enumerate(zip(scales, values.tolist(), strict=True)):
        if (scale.shift, scale.scale) == (0.0, 1.0):
            continue
        column = Symbol(scale.name, kind="column")
        numbers: Expression = Value(value, column, exact=True)
        if scale.shift:
            numbers = Difference(numbers, Value(scale.shift))
        if scale.scale != 1.0:
            numbers = Quotient(numbers, Value(scale.scale))
        asked = (value - scale.shift) / scale.scale
        lines.append(Line(Symbol("y", 0, (i + 1,)), asked, numbers, label=scale.name))
    return [Section("target", "target", "target", (), tuple(lines))] if lines else []


def _of_class(subject: Subject, y: Any) -> list[Section]:
    classes = [str(label) for label in subject.classes or ()]
    if not subject.exclusive or np.size(y) != 1 or str(np.reshape(y, -1)[0]) not in classes:
        return []
    if subject.kind == "Network":
        return []
    label, k = str(np.reshape(y, -1)[0]), subject.network.architecture.n_outputs
    place = classes.index(label)
    asked, at = (float(place), 1) if k == 1 else (1.0, place + 1)
    others = "" if k == 1 else "; 0 of all others"
    line = Line(
        Symbol("y", 0, (at,)), asked, note=f'for {subject.target_name} is "{label}"{others}'
    )
    return [Section("target", "target", "target", (), (line,))]
