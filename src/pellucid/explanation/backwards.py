"""The way back, written out: of each layer the errors da and dz, and the gradient of its arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.explanation.choosing import (
    Limits,
    given_to,
    largest,
    output_of,
    summed,
)
from pellucid.explanation.expression import (
    Apply,
    Difference,
    Expression,
    Power,
    Product,
    Sum,
    Symbol,
    Value,
)
from pellucid.explanation.form import Equation, Line, Omitted, Section
from pellucid.explanation.losses import CLEAR, ONE, is_built_in, outputs_of
from pellucid.explanation.reckoning import Backward, Floats, Forward
from pellucid.explanation.slopes import SHORT, by_output, slope_equation
from pellucid.layers import Dense
from pellucid.layout import Segment


def backward_sections(
    step: Forward,
    back: Backward,
    limits: Limits,
    shown: Sequence[Sequence[int]],
    names: Sequence[str],
) -> list[Section]:
    """A section a layer, the last one first.

    Parameters
    ----------
    shown : units of the input and of each layer.
    names : what the outputs are of, such as classes; empty if they have no names.
    """
    layers = step.objective.layout.architecture.layers
    made = []
    for i in range(len(layers) - 1, -1, -1):
        units = shown[i + 1]
        if i == len(layers) - 1:
            equations, lines = _output_errors(step, back, units, limits, names)
        else:
            equation, shares = _shares(step, back, i, units, limits)
            made_of_da, errors = _errors(step, back, i, units, limits)
            equations, lines = [equation, *made_of_da], shares + errors
        left = layers[i].n_out - len(units)
        items: list[Line | Omitted] = [*lines, *([Omitted(left, "units")] if left else [])]
        for segment, array in zip(
            step.objective.layout.by_layer[i], step.parameters[i], strict=True
        ):
            equations.append(_gradient_equation(step, i, segment))
            items += _gradient_lines(
                step, back, i, segment, array, chosen(segment, back, i, shown, limits)
            )
        title = f"layer{i + 1}, backward"
        made.append(
            Section(f"layer{i + 1}.backward", "backward", title, tuple(equations), tuple(items))
        )
    return made


def _dz(back: Backward, layer: int, unit: int) -> Value:
    symbol = Symbol("z", layer + 1, (unit + 1,), derivative=True)
    return Value(float(back.dz[layer][unit]), symbol)


def _da(back: Backward, layer: int, unit: int) -> Value:
    symbol = Symbol("a", layer + 1, (unit + 1,), derivative=True)
    return Value(float(back.da[layer][unit]), symbol)


def _line(value: Value, numbers: Expression | None, label: str = "", note: str = "") -> Line:
    assert value.symbol is not None
    return Line(value.symbol, value.number, numbers, True, label, note)


def _output_errors(
    step: Forward, back: Backward, units: Sequence[int], limits: Limits, names: Sequence[str]
) -> tuple[list[Equation], list[Line]]:
    """How the loss changes with each output, and with its sum."""
    loss, last = step.objective.loss, len(step.a) - 1
    low, built_in = f"_{{{last + 1}}}", is_built_in(loss)
    outputs = outputs_of(step, back)
    labels = {unit: names[unit] if names else "" for unit in units}
    direct = step.objective.from_raw and loss.raw_gradient is not None
    if direct and built_in and loss.name in SHORT:
        y = outputs.y[0].symbol.letter if outputs.y[0].symbol else "y"
        total = float(np.sum([value.number for value in outputs.y]))
        one = loss.name != "cross_entropy" or abs(total - 1.0) < 1e-6
        lines = []
        for unit in units:
            a: Expression = outputs.a[unit]
            if not one:
                a = Product((a, Value(total)))
            numbers = Difference(a, outputs.y[unit])
            lines.append(_line(_dz(back, last, unit), numbers, labels[unit]))
        return [Equation(f"dz = a - {y}", rf"\mathrm{{d}}z{low} = a{low} - {y}")], lines
    slope = slope_equation(loss)
    of = _dz if direct else _da
    lines = []
    for unit in units:
        value = of(back, last, unit)
        numbers_or_none = by_output(loss, outputs, unit) if built_in else None
        note = "" if numbers_or_none is not None else f"by the derivative of {loss.name}"
        lines.append(_line(value, numbers_or_none, labels[unit], note))
    if direct:
        return [Equation(f"dz = {slope.plain}", rf"\mathrm{{d}}z{low} = {slope.latex}")], lines
    equations, errors = _errors(step, back, last, units, limits)
    first = Equation(f"da = {slope.plain}", rf"\mathrm{{d}}a{low} = {slope.latex}")
    return [first, *equations], lines + errors


def _shares(
    step: Forward, back: Backward, i: int, units: Sequence[int], limits: Limits
) -> tuple[Equation, list[Line]]:
    """da of a hidden layer: each unit's share in the errors of the layer above."""
    above, arrays = step.objective.layout.architecture.layers[i + 1], step.parameters[i + 1]
    letter = above.parameters[0].name
    lines = []
    for unit in units:
        da = Symbol("a", i + 1, (unit + 1,), derivative=True)
        if isinstance(above, Dense):
            term = partial(_share, step, back, i + 1, unit)
            numbers = back.dz[i + 1].astype(float) * arrays[0][unit]
            shares = summed(term, numbers, limits.terms)
        else:
            weight = Value(float(arrays[0][unit]), Symbol(letter, i + 2, (unit + 1,)))
            shares = Product((_dz(back, i + 1, unit), weight))
        lines.append(Line(da, float(back.da[i][unit]), shares))
    here, next_ = f"_{{{i + 1}}}", f"_{{{i + 2}}}"
    if isinstance(above, Dense):
        latex = rf"\mathrm{{d}}a{here} = \mathrm{{d}}z{next_}\, W{next_}^{{\top}}"
        return Equation(f"da = dz W^T of layer{i + 2}", latex), lines
    latex = rf"\mathrm{{d}}a{here} = \mathrm{{d}}z{next_} \odot {letter}{next_}"
    return Equation(f"da = dz * {letter} of layer{i + 2}", latex), lines


def _share(step: Forward, back: Backward, above: int, unit: int, k: int) -> Product:
    """Of a unit in the error of the k-th unit of the layer above."""
    weight = float(step.parameters[above][0][unit, k])
    return Product((_dz(back, above, k), Value(weight, Symbol("W", above + 1, (unit + 1, k + 1)))))


def _errors(
    step: Forward, back: Backward, i: int, units: Sequence[int], limits: Limits
) -> tuple[list[Equation], list[Line]]:
    """dz = da * f'(z)."""
    f, low = step.objective.layout.architecture.layers[i].activation, f"_{{{i + 1}}}"
    dz_is = rf"\mathrm{{d}}z{low} = "
    if f.normalised:
        return _mixed(step, back, i, units, limits)
    lines = [_line(_dz(back, i, unit), _error(step, back, i, unit, f)) for unit in units]
    if f.name == "identity":
        return [Equation("dz = da", rf"{dz_is}\mathrm{{d}}a{low}")], lines
    name = f.name.replace("_", r"\_")
    latex = rf"{dz_is}\mathrm{{d}}a{low} \odot \operatorname{{{name}}}'(z{low})"
    return [Equation(f"dz = da * {f.name}'(z)", latex)], lines


def _error(step: Forward, back: Backward, i: int, unit: int, f: Activation) -> Expression:
    """da and the slope: by a where that is simple and says it clearly, else as a number."""
    da, a = _da(back, i, unit), output_of(step, i, unit)
    z = Value(float(step.z[i][unit]), Symbol("z", i + 1, (unit + 1,)))
    if ACTIVATIONS.get(f.name) is f:
        if f.name == "identity":
            return da
        if f.name == "sigmoid" and 1.0 - a.number > CLEAR:
            return Product((da, a, Difference(ONE, a)))
        if f.name == "tanh" and 1.0 - a.number**2 > CLEAR:
            return Product((da, Difference(ONE, Power(a, 2))))
        if f.name == "exp":
            return Product((da, a))
        if f.name == "softplus":
            return Product((da, Apply("sigmoid", (z,))))
    slope = Symbol(f"{f.name}'", i + 1, (unit + 1,), argument="z")
    return Product((da, Value(float(back.slopes[i][unit]), slope, z.key)))


def _mixed(
    step: Forward, back: Backward, i: int, units: Sequence[int], limits: Limits
) -> tuple[list[Equation], list[Line]]:
    """dz of softmax, where each output depends on every sum: a * (da - c), c = sum of a * da."""
    low, f = f"_{{{i + 1}}}", step.objective.layout.architecture.layers[i].activation
    if ACTIVATIONS.get(f.name) is not f:  # one's own: its derivative is its own business
        note = f"by the derivative of {f.name}"
        lines = [_line(_dz(back, i, unit), None, note=note) for unit in units]
        return [Equation(f"dz = {f.name}'(z, da)", rf"\mathrm{{d}}z{low} = f'")], lines
    places = range(len(step.a[i]))
    a = [output_of(step, i, k) for k in places]
    da = [_da(back, i, k) for k in places]
    numbers = np.array([one.number * other.number for one, other in zip(a, da, strict=True)])
    c = Value(float(np.sum(numbers)), Symbol("c", i + 1))
    assert c.symbol is not None
    total = summed(lambda k: Product((a[k], da[k])), numbers, limits.terms)
    lines = [Line(c.symbol, c.number, total)]
    for unit in units:
        inner = Difference(da[unit], c)
        lines.append(_line(_dz(back, i, unit), Product((a[unit], inner))))
    equations = [
        Equation(
            "dz = a * (da - c)",
            rf"\mathrm{{d}}z{low} = a{low} \odot (\mathrm{{d}}a{low} - c{low})",
        ),
        Equation("c = sum of a * da", rf"c{low} = \sum a{low}\, \mathrm{{d}}a{low}"),
    ]
    return equations, lines


def _gradient_equation(step: Forward, i: int, segment: Segment) -> Equation:
    """dW = x^T dz, with the penalties' part."""
    letter, low = segment.name.split(".")[1], f"_{{{i + 1}}}"
    plain = {"W": "x^T dz", "b": "dz", "s": "x * dz"}[letter]
    x, dz = f"x{low}", rf"\mathrm{{d}}z{low}"
    latex = {"W": rf"{x}^{{\top}}\, {dz}", "b": dz, "s": rf"{x} \odot {dz}"}[letter]
    objective = step.objective
    decay = "" if segment.decay == 1.0 else f"{segment.decay:g} "
    if objective.alpha and segment.decay:
        plain += f" + {decay}alpha {letter}"
        latex += rf" + {decay}\alpha {letter}{low}"
    if objective.l1 and segment.decay:
        plain += f" + {decay}l1 sign({letter})"
        latex += rf" + {decay}\lambda_1 \operatorname{{sign}} {letter}{low}"
    return Equation(f"d{letter} = {plain}", rf"\mathrm{{d}}{letter}{low} = {latex}")


def _gradient_lines(
    step: Forward,
    back: Backward,
    i: int,
    segment: Segment,
    array: Floats,
    places: Sequence[tuple[int, ...]],
) -> list[Line | Omitted]:
    """Of an array's gradient, the numbers at these places."""
    letter, gradient = segment.name.split(".")[1], back.gradient[segment.name]
    made: list[Line | Omitted] = []
    for place in places:
        index = tuple(j + 1 for j in place)
        dz = _dz(back, i, place[-1])
        own: Expression = dz if letter == "b" else Product((given_to(step, i, place[0]), dz))
        pulls = _pulls(step, segment, Value(float(array[place]), Symbol(letter, i + 1, index)))
        numbers = Sum((own, *pulls)) if pulls else own
        of = Symbol(letter, i + 1, index, derivative=True)
        made.append(Line(of, float(gradient[place]), numbers, formula=not pulls))
    if left := gradient.size - len(made):
        made.append(Omitted(left, f"of d{segment.name}"))
    return made


def _pulls(step: Forward, segment: Segment, weight: Value) -> list[Expression]:
    """What L2 and L1 add to the gradient of one weight."""
    objective, made = step.objective, list[Expression]()
    decay = () if segment.decay == 1.0 else (Value(segment.decay),)
    if objective.alpha and segment.decay:
        alpha = Value(objective.alpha, Symbol("alpha", tex=r"\alpha"))
        made.append(Product((*decay, alpha, weight)))
    if objective.l1 and segment.decay:
        l1 = Value(objective.l1, Symbol("l1", tex=r"\lambda_1"))
        made.append(Product((*decay, l1, Apply("sign", (weight,)))))
    return made


def chosen(
    segment: Segment, back: Backward, i: int, shown: Sequence[Sequence[int]], limits: Limits
) -> list[tuple[int, ...]]:
    """Those of a large array with the largest gradients, among the units shown; all of a small."""
    gradient = back.gradient[segment.name]
    if gradient.size <= limits.units:
        return [*np.ndindex(gradient.shape)]
    among = [shown[i], shown[i + 1]][-gradient.ndim :]
    part = gradient[np.ix_(*among)]
    most = limits.units if part.size == gradient.size else limits.weights
    kept = np.unravel_index(largest(part.reshape(-1), most), part.shape)
    places = zip(*(np.array(axis)[at] for axis, at in zip(among, kept, strict=True)), strict=True)
    return [tuple(map(int, place)) for place in places]
