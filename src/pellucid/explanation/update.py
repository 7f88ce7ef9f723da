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
            after = array - array.dtype.type(rate * factor) * gradient
            places = chosen(segment, back, i, shown, limits)
            for place in places:
                numbers = (float(array[place]), float(gradient[place]), float(after[place]))
                lines.append(_line(i, segment, place, rate, *numbers))
            if left := gradient.size - len(places):
                lines.append(Omitted(left, f"of {segment.name}"))
    equation = Equation(
        "new = old - rate * gradient", r"\theta \leftarrow \theta - \eta \, \mathrm{d}\theta"
    )
    title = f"update by gradient descent, rate {number(rate, 12)}"
    return Section("update", "update", title, (equation,), tuple(lines))


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
    factor = () if segment.learning_rate == 1.0 else (Value(segment.learning_rate),)
    gradient = Value(slope, Symbol(letter, i + 1, index, derivative=True))
    return Line(of, after, Difference(old, Product((eta, *factor, gradient))))
