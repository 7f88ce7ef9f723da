"""The way forward, written out: of each layer the weighted sums z and the activations a."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.activations import ACTIVATIONS
from pellucid.explanation.choosing import Limits, given_to, summed
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
from pellucid.explanation.form import Equation, Line, Omitted, Section
from pellucid.explanation.reckoning import Forward
from pellucid.layers import Dense

SAFE = 80.0
"""exp of numbers beyond it, or below its negative, may leave float32: then it is of z - max z."""


def forward_sections(
    step: Forward, limits: Limits, shown: Sequence[Sequence[int]], outputs: Sequence[str]
) -> list[Section]:
    """A section a layer.

    Parameters
    ----------
    shown : units of the input and of each layer.
    outputs : what the outputs are of, such as classes; empty if they have no names.
    """
    layers = step.objective.layout.architecture.layers
    made = []
    for i, layer in enumerate(layers):
        names = outputs if i == len(layers) - 1 else ()
        sums = [_sum(step, i, unit, limits, names) for unit in shown[i + 1]]
        f = layer.activation
        if f.name == "identity":
            lines = sums
        elif f is ACTIVATIONS["softmax"]:
            lines = sums + _softmax(step, i, shown[i + 1], limits, names)
        else:
            answers = [_answer(step, i, unit) for unit in shown[i + 1]]
            lines = [line for pair in zip(sums, answers, strict=True) for line in pair]
        left = layer.n_out - len(shown[i + 1])
        omitted = [Omitted(left, "units")] if left else []
        made.append(
            Section(
                f"layer{i + 1}.forward",
                "forward",
                f"layer{i + 1}",
                _equations(step, i),
                (*lines, *omitted),
            )
        )
    return made


def _exponent(step: Forward, layer: int, unit: int) -> tuple[Expression, float]:
    """What softmax takes exp of, z or z - max z, and that number."""
    z = step.z[layer].astype(float)
    value = Value(float(z[unit]), Symbol("z", layer + 1, (unit + 1,)))
    if np.abs(z).max() <= SAFE:
        return value, value.number
    top = int(z.argmax())
    highest = Value(float(z[top]), Symbol("z", layer + 1, (top + 1,)))
    return Difference(value, highest), value.number - highest.number


def log_of_sum(step: Forward, layer: int) -> Expression:
    """The logarithm of softmax's sum of exp(z): log(S), with max z where that was taken out."""
    numbers = [_exponent(step, layer, unit)[1] for unit in range(len(step.z[layer]))]
    log = Apply("log", (Value(float(np.exp(numbers).sum()), Symbol("S", layer + 1)),))
    if _is_safe(step, layer):
        return log
    top = int(step.z[layer].argmax())
    return Sum((Value(float(step.z[layer][top]), Symbol("z", layer + 1, (top + 1,))), log))


def _equations(step: Forward, i: int) -> tuple[Equation, ...]:
    layer, low = step.objective.layout.architecture.layers[i], f"_{{{i + 1}}}"
    letters = [p.name for p in layer.parameters]
    given = (Equation(f"x = a of layer{i}", f"x{low} = a_{{{i}}}"),) if i else ()
    between = " " if isinstance(layer, Dense) else r" \odot "
    plain = "z = " + " + ".join([f"x {letters[0]}", *letters[1:]])
    latex = f"z{low} = x{low}{between}{letters[0]}{low}" + "".join(
        f" + {letter}{low}" for letter in letters[1:]
    )
    f = layer.activation.name
    name = f.replace("_", r"\_")
    answer = Equation(f"a = {f}(z)", rf"a{low} = \operatorname{{{name}}}(z{low})")
    if f == "identity":
        answer = Equation("a = z", f"a{low} = z{low}")
    if layer.activation is not ACTIVATIONS["softmax"]:
        return *given, Equation(plain, latex), answer
    e = "exp(z)" if _is_safe(step, i) else "exp(z - max z)"
    power = rf"e^{{z{low}}}" if _is_safe(step, i) else rf"e^{{z{low} - \max z{low}}}"
    return (
        *given,
        Equation(plain, latex),
        Equation(f"{answer.plain} = {e} / S", rf"{answer.latex} = {power} / S{low}"),
        Equation(f"S = sum of {e}", rf"S{low} = \sum {power}"),
    )


def _is_safe(step: Forward, i: int) -> bool:
    return bool(np.abs(step.z[i]).max() <= SAFE)


def _sum(step: Forward, i: int, unit: int, limits: Limits, names: Sequence[str]) -> Line:
    """z = (x1 * W11) + ... + b."""
    layer, arrays = step.objective.layout.architecture.layers[i], step.parameters[i]
    letter = layer.parameters[0].name
    dense = isinstance(layer, Dense)
    x, weights = (
        (step.x[i], arrays[0][:, unit]) if dense else (step.x[i][[unit]], arrays[0][[unit]])
    )

    def term(j: int) -> Product:
        index = (j + 1, unit + 1) if dense else (unit + 1,)
        weight = Value(float(weights[j]), Symbol(letter, i + 1, index))
        return Product((given_to(step, i, j if dense else unit), weight))

    bias = [Value(float(b[unit]), Symbol("b", i + 1, (unit + 1,))) for b in arrays[1:]]
    numbers = summed(term, x.astype(float) * weights, limits.terms, *bias)
    z = Symbol("z", i + 1, (unit + 1,))
    return Line(z, float(step.z[i][unit]), numbers, label=names[unit] if names else "")


def _answer(step: Forward, i: int, unit: int) -> Line:
    f = step.objective.layout.architecture.layers[i].activation
    a, value = Symbol("a", i + 1, (unit + 1,)), float(step.a[i][unit])
    if f.normalised:  # one's own, of all z of the row
        return Line(a, value, note=f"one of {f.name}(z)")
    z = Value(float(step.z[i][unit]), Symbol("z", i + 1, (unit + 1,)))
    return Line(a, value, Apply(f.name, (z,)))


def _softmax(
    step: Forward, i: int, units: Sequence[int], limits: Limits, names: Sequence[str]
) -> list[Line]:
    exponents = [_exponent(step, i, unit) for unit in range(len(step.z[i]))]
    powers = [Apply("exp", (inside,)) for inside, _ in exponents]
    numbers = np.exp([number for _, number in exponents])
    total = Value(float(numbers.sum()), Symbol("S", i + 1))
    assert total.symbol is not None
    lines = [Line(total.symbol, total.number, summed(powers.__getitem__, numbers, limits.terms))]
    for unit in units:
        a = Symbol("a", i + 1, (unit + 1,))
        quotient = Quotient(powers[unit], total)
        label = names[unit] if names else ""
        lines.append(Line(a, float(step.a[i][unit]), quotient, label=label))
    return lines
