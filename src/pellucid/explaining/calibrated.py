"""How the outputs of a bag's network become probabilities that hold, written out."""

from __future__ import annotations

import numpy as np

from pellucid.explaining.names import class_name
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
from pellucid.explanation.form import Equation, Line
from pellucid.explanation.step import Step
from pellucid.subject import Subject

ONE, ZERO = Value(1.0), Value(0.0)


def calibrated_equations(subject: Subject) -> tuple[Equation, ...]:
    """In general: by temperature T, label smoothing s of k classes, and floor."""
    calibration, made = subject.model._calibration, []
    letter = "a"
    if calibration.temperature != 1.0:
        latex = r"r = \frac{e^{\log(a) / T}}{\sum e^{\log(a) / T}}"
        made.append(Equation("r = exp(log(a) / T) / sum", latex))
        letter = "r"
    if calibration.smoothing:
        cut = rf"\max({letter} - s / k, 0)"
        latex = rf"q = \frac{{{cut}}}{{\sum {cut}}}"
        made.append(Equation(f"q = max({letter} - s / k, 0) / sum", latex))
        letter = "q"
    if calibration.floor:
        latex = rf"p = (1 - k \cdot \text{{floor}})\, {letter} + \text{{floor}}"
        made.append(Equation(f"p = (1 - k * floor) * {letter} + floor", latex))
    return tuple(made)


def calibrated_lines(subject: Subject, step: Step, which: int, limits: Limits) -> list[Line]:
    """By temperature, label smoothing and floor, as far as the model's calibration has them."""
    calibration, classes = subject.model._calibration, subject.classes or ()
    last, shown, k = len(step.forward.a) - 1, step.shown[-1], len(classes)
    a = [output_of(step.forward, last, i) for i in range(k)]
    tiny = float(np.finfo(np.float32).tiny)
    z = np.log(np.maximum([value.number for value in a], tiny)) / calibration.temperature
    if calibration.temperature == 1.0:
        lines, now = list[Line](), a
    else:
        heat = Value(calibration.temperature)
        safe = [Value(max(p.number, tiny), p.symbol, p.key) for p in a]
        terms: list[Expression] = [
            Apply("exp", (Quotient(Apply("log", (p,)), heat),)) for p in safe
        ]
        lines, now = _shares("r", terms, np.exp(z), shown, limits)
    if calibration.smoothing:
        part = Quotient(Value(calibration.smoothing), Value(float(k)))
        cut: list[Expression] = [Apply("max", (Difference(p, part), ZERO)) for p in now]
        numbers = np.array([max(p.number - calibration.smoothing / k, 0.0) for p in now])
        more, now = _shares("q", cut, numbers, shown, limits)
        lines += more
    own = subject.answers_of([step.forward.a[-1][None]])[0]
    for i in shown:
        numbers_: Expression = now[i]
        if calibration.floor:
            floor = Value(calibration.floor)
            kept = Difference(ONE, Product((Value(float(k)), floor)))
            numbers_ = Sum((Product((kept, now[i])), floor))
        of = Symbol(f"p({class_name(classes[i])}) by network {which}", kind="answer")
        lines.append(Line(of, float(own[i]), numbers_, formula=isinstance(numbers_, Value)))
    return lines


def _shares(
    letter: str, terms: list[Expression], numbers: np.ndarray, shown: list[int], limits: Limits
) -> tuple[list[Line], list[Value]]:
    """Terms as parts of their sum."""
    of = Symbol(f"sum of {letter}", kind="answer")
    total = Value(float(numbers.sum()), of)
    made = [
        Value(float(number) / total.number, Symbol(letter, 0, (i + 1,)))
        for i, number in enumerate(numbers)
    ]
    lines = [Line(of, total.number, summed(terms.__getitem__, numbers, limits.terms))]
    for i in shown:
        lines.append(Line(Symbol(letter, 0, (i + 1,)), made[i].number, Quotient(terms[i], total)))
    return lines, made
