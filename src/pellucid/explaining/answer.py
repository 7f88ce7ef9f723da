"""What the network's outputs stand for: the answer, in the target's own unit, written out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from pellucid.explaining.calibrated import calibrated_equations, calibrated_lines
from pellucid.explaining.names import class_name
from pellucid.explaining.scale import Scale, scales_of
from pellucid.explanation.choosing import Limits, output_of, summed
from pellucid.explanation.expression import (
    Apply,
    Difference,
    Expression,
    Product,
    Quotient,
    Sum,
    Symbol,
    Value,
)
from pellucid.explanation.form import Line, Omitted, Section
from pellucid.explanation.step import Step
from pellucid.explanation.text import number
from pellucid.subject import Subject

ONE = Value(1.0)


def answer_section(
    subject: Subject, x: Any, step: Step, which: int, limits: Limits, digits: int
) -> list[Section]:
    """From the outputs of the network to the model's answer; of a bag, to the average of all.

    Parameters
    ----------
    which : of a bag, the network that was followed, counted from 1.
    digits : of a percentage.
    """
    if subject.classes is None:
        lines = _numbers(subject, x, step, which, limits)
    elif subject.exclusive:
        lines = _one_class(subject, x, step, which, limits, digits)
    else:
        lines = _several(subject, x, digits)
    of_bag = hasattr(subject.model, "_calibration")
    equations = calibrated_equations(subject) if of_bag else ()
    return [Section("answer", "answer", "answer", equations, tuple(lines))] if lines else []


def _answer(name: str) -> Symbol:
    return Symbol(name, kind="answer")


# --- numbers ------------------------------------------------------------------------------------


def _numbers(
    subject: Subject, x: Any, step: Step, which: int, limits: Limits
) -> list[Line | Omitted]:
    if subject.kind == "Network":
        return []  # its outputs are the answer
    last, scales = len(step.forward.a) - 1, scales_of(subject)
    shown, many = step.shown[-1], len(subject.networks)
    answers = subject.answers(x)[0]
    own = subject.answers_of([step.forward.a[-1][None]])[0]
    lines: list[Line | Omitted] = []
    for i in shown:
        name, back = scales[i].name, _in_unit(scales[i], output_of(step.forward, last, i))
        if many == 1:
            lines.append(Line(_answer(name), float(answers[i]), back, formula=True))
            continue
        lines.append(Line(_answer(_by(name, which)), float(own[i]), back))
        each = [float(subject.answers_of([output])[0][i]) for output in subject.outputs(x)]
        lines.append(_average(name, each, float(answers[i]), limits))
    if left := len(scales) - len(shown):
        lines.append(Omitted(left, "targets"))
    return lines


def _in_unit(scale: Scale, a: Value) -> Expression:
    """a * scale + shift, a cut off before where there are bounds."""
    made: Expression = a
    if np.isfinite([scale.low, scale.high]).all():
        made = Apply("clip", (made, Value(scale.low), Value(scale.high)))
    if scale.scale != 1.0:
        made = Product((made, Value(scale.scale)))
    return Sum((made, Value(scale.shift))) if scale.shift else made


def _by(name: str, which: int) -> str:
    return f"{name} by network {which}"


def _average(name: str, each: Sequence[float], mean: float, limits: Limits) -> Line:
    values = [Value(value, _answer(_by(name, i + 1))) for i, value in enumerate(each)]
    total = summed(values.__getitem__, np.array(each), limits.terms)
    note = f"the average of {len(each)} networks"
    return Line(_answer(name), mean, Quotient(total, Value(float(len(each)))), note=note)


# --- classes ------------------------------------------------------------------------------------


def _one_class(
    subject: Subject, x: Any, step: Step, which: int, limits: Limits, digits: int
) -> list[Line | Omitted]:
    classes, many = subject.classes or (), len(subject.networks)
    p, last = subject.answers(x)[0], len(step.forward.a) - 1
    best = int(p.argmax())
    lines: list[Line | Omitted] = []
    if step.forward.a[-1].size == 1:
        a = output_of(step.forward, last, 0)
        names = [_share(label) for label in classes]
        lines.append(Line(_answer(names[0]), float(p[0]), Difference(ONE, a), formula=True))
        lines.append(Line(_answer(names[1]), float(p[1]), a, formula=True))
    elif hasattr(subject.model, "_calibration"):
        lines += calibrated_lines(subject, step, which, limits)
    if many > 1:
        outputs = subject.outputs(x)
        shown = step.shown[-1] if best in step.shown[-1] else [*step.shown[-1], best]
        for k in shown:
            each = [float(subject.answers_of([output])[0][k]) for output in outputs]
            lines.append(_average(_share(classes[k]), each, float(p[k]), limits))
    note = f"with {percent(float(p[best]), digits)}"
    lines.append(Line(_answer(subject.target_name), class_name(classes[best]), note=note))
    return lines


def _share(label: Any) -> str:
    return f"p({class_name(label)})"


def percent(share: float, digits: int) -> str:
    """A probability as people say it: no digits make it certain, nor impossible.

    Examples
    --------
    >>> percent(0.98249, 4), percent(0.9999911, 4), percent(0.0, 4)
    ('98.25 %', 'over 99.99 %', 'under 0.01 %')
    """
    digits = max(digits, 2)
    if share == 0.0:
        return f"under {number(10.0 ** (2 - digits), digits)} %"
    if float(f"{100.0 * share:.{digits}g}") >= 100.0:
        return f"over {number(100.0 - 10.0 ** (2 - digits), digits)} %"
    return f"{number(100.0 * share, digits)} %"


def _several(subject: Subject, x: Any, digits: int) -> list[Line | Omitted]:
    """Of labels that may all hold, which do; of several targets, the class of each."""
    classes, p, lines = subject.classes or (), subject.answers(x)[0], list[Line | Omitted]()
    name = subject.target_name
    if not all(isinstance(label, tuple) for label in classes):
        for label, share in zip(classes, p.tolist(), strict=True):
            note = f"with {percent(share, digits)}"
            of = _answer(f"{name}({class_name(label)})")
            lines.append(Line(of, "yes" if share > 0.5 else "no", note=note))
        return lines
    pairs = list(zip(classes, p.tolist(), strict=True))
    for target, group in groupby(pairs, key=lambda pair: pair[0][0]):
        (_, label), share = max(group, key=lambda pair: pair[1])
        note = f"with {percent(share, digits)}"
        lines.append(Line(_answer(f"{name}{target}"), class_name(label), note=note))
    return lines
