"""An update, written out: each weight less the learning rate times its derivative."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.explanation.backwards import chosen
from pellucid.explanation.choosing import Limits
from pellucid.explanation.expression import Difference, Product, Symbol, Value
from pellucid.explanation.form import Equation, Line, Omitted, Section
from pellucid.explanation.reckoning import Backward, Forward
from pellucid.explanation.text import number
from pellucid.layout import Segment

FACTOR = "how many times the rate an array learns at, 1 if none is written"


def update_section(
    step: Forward,
    back: Backward,
    rate: float,
    limits: Limits,
    shown: Sequence[Sequence[int]],
) -> Section:
    """Of plain gradient descent, as `Network.train_step` makes it with the solver sgd."""
    lines: list[Line | Omitted] = []
    for i, segments in enumerate(step.objective.layout.by_layer):
        for segment, array in zip(segments, step.parameters[i], strict=True):
            gradient = back.gradient[segment.name]
            factor = 0.0 if segment.frozen else segment.learning_rate
            pace = array.dtype.type(rate * factor)
            places = chosen(segment, back, i, shown, limits)
            for place in places:
                after = array[place] - pace * gradient[place]
                numbers = (float(array[place]), float(gradient[place]), float(after))
                lines.append(_line(i, segment, place, rate, *numbers))
            if left := gradient.size - len(places):
                lines.append(Omitted(left, f"of {segment.name}"))
    title = f"update by gradient descent, rate {number(rate, 12)}"
    equations = _equations(step.objective.layout.segments)
    return Section("update", "update", title, equations, tuple(lines))


def _equations(segments: Sequence[Segment]) -> tuple[Equation, ...]:
    """With a factor, and what it is, where an array has a learning rate of its own."""
    start, end = r"\theta \leftarrow \theta - \eta \, ", r"\mathrm{d}\theta"
    if all(segment.frozen or segment.learning_rate == 1.0 for segment in segments):
        return (Equation("new = old - rate * gradient", start + end),)
    return (
        Equation("new = old - rate * factor * gradient", rf"{start}c \, {end}"),
        Equation(f"factor = {FACTOR}", rf"c = \text{{{FACTOR}}}"),
    )


def _line(
    i: int,
    segment: Segment,
    place: tuple[int, ...],
    rate: float,
    before: float,
    slope: float,
    after: float,
) -> Line:
    letter, index = segment.name.split(".")[1], tuple(j + 1 for j in place)
    old = Value(before, Symbol(letter, i + 1, index))
    of = Symbol(letter, i + 1, index, new=True)
    if segment.frozen:
        return Line(of, after, old, note="frozen")
    eta = Value(rate, Symbol("rate", tex=r"\eta"), exact=True)
    factor = (
        ()
        if segment.learning_rate == 1.0
        else (Value(segment.learning_rate, Symbol("factor", i + 1, tex="c")),)
    )
    gradient = Value(slope, Symbol(letter, i + 1, index, derivative=True))
    return Line(of, after, Difference(old, Product((eta, *factor, gradient))))
