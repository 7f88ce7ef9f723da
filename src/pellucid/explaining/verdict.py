"""A verdict is what the right answer says of the model's, in a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.explaining.names import class_name
from pellucid.explaining.scale import scales_of
from pellucid.explanation.expression import Symbol
from pellucid.explanation.form import Line, Section
from pellucid.explanation.text import number
from pellucid.subject import Subject


def with_verdict(
    answer: Sequence[Section], subject: Subject, x: Any, y: Any, asked: Any, digits: int
) -> list[Section]:
    """The section of the answer, which a bare network has none of, with the verdict at its end.

    Parameters
    ----------
    x : the row.
    y : its right answer, in the target's own unit.
    asked : (1, n_outputs) what is asked of the network for it.
    digits : of how far a number is off.
    """
    last = answer[0] if answer else Section("answer", "answer", "answer", (), ())
    lines = (
        _of_class(subject, x, y, asked) if subject.classes else _of_numbers(subject, x, y, digits)
    )
    return [replace(last, lines=(*last.lines, *lines))]


def _of_class(subject: Subject, x: Any, y: Any, asked: Any) -> list[Line]:
    of = _right(subject.target_name)
    if not subject.exclusive:
        right = bool(np.all(subject.predict(x)[0] == np.asarray(y).reshape(-1)))
        return [Line(of, str(np.asarray(y).reshape(-1).tolist()), note=_so(right))]
    code = int(np.argmax(asked) if np.size(asked) > 1 else np.ravel(asked)[0] > 0.5)
    told = int(np.argmax(subject.answers(x)[0]))
    return [Line(of, class_name((subject.classes or ())[code]), note=_so(code == told))]


def _of_numbers(subject: Subject, x: Any, y: Any, digits: int) -> list[Line]:
    """How far each is off; of several answers for one number, such as quantiles, the range."""
    right, told = np.asarray(y, np.float64).reshape(-1), subject.answers(x)[0]
    if len(right) == 1 and len(told) > 1:
        within = told.min() <= right[0] <= told.max()
        note = f"{'between' if within else 'not between'} the lowest and the highest answer"
        return [Line(_right(subject.target_name), float(right[0]), note=note)]
    lines = []
    for scale, value, answer in zip(scales_of(subject), right.tolist(), told.tolist(), strict=True):
        off = answer - value
        side = "high" if off > 0 else "low"
        note = f"so the answer is {number(abs(off), digits)} too {side}" if off else _so(True)
        lines.append(Line(_right(scale.name), value, note=note))
    return lines


def _right(name: str) -> Symbol:
    return Symbol(f"right {name}", kind="answer")


def _so(right: bool) -> str:
    return f"so the answer is {'right' if right else 'wrong'}"
