"""A loss, written out: its value with the numbers put in, and its derivative by each output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pellucid.explanation.choosing import Limits, output_of, summed
from pellucid.explanation.expression import (
    Apply,
    Difference,
    Expression,
    Negative,
    Power,
    Product,
    Quotient,
    Row,
    Sum,
    Symbol,
    Value,
    parts,
)
from pellucid.explanation.form import Equation, Line, Section
from pellucid.explanation.forwards import log_of_sum
from pellucid.explanation.reckoning import Backward, Forward
from pellucid.losses import LOSSES, Loss

ONE, HALF = Value(1.0), Value(0.5)

CLEAR = 0.01
"""1 - a below it has lost digits where a is printed: then it is written by z."""

EQUATIONS = {
    "squared_error": Equation(
        "loss = 0.5 * sum of (a - y)^2", r"\text{loss} = \tfrac{1}{2} \sum (a - y)^2"
    ),
    "absolute_error": Equation("loss = sum of |a - y|", r"\text{loss} = \sum |a - y|"),
    "huber": Equation(
        "loss = sum of 0.5 * r^2, or delta * (|r| - 0.5 * delta) beyond delta; r = a - y",
        r"\text{loss} = \sum \begin{cases} \tfrac{1}{2} r^2 & |r| \le \delta \\ "
        r"\delta (|r| - \tfrac{1}{2} \delta) & |r| > \delta \end{cases}, \quad r = a - y",
    ),
    "quantile": Equation(
        "loss = sum of q * (y - a) where y >= a, else (1 - q) * (a - y)",
        r"\text{loss} = \sum \begin{cases} q (y - a) & y \ge a \\ (1 - q) (a - y) & y < a "
        r"\end{cases}",
    ),
    "poisson": Equation(
        "loss = sum of a - y + y * log(y / a)", r"\text{loss} = \sum a - y + y \log \frac{y}{a}"
    ),
    "binary_cross_entropy": Equation(
        "loss = -(sum of y * log(a) + (1 - y) * log(1 - a))",
        r"\text{loss} = -\sum y \log a + (1 - y) \log (1 - a)",
    ),
    "cross_entropy": Equation("loss = -(sum of y * log(a))", r"\text{loss} = -\sum y \log a"),
}


class Outputs(NamedTuple):
    """What a loss is of: each output's a and z, and its target, smoothed where the loss does so."""

    a: list[Value]
    z: list[Value]
    y: list[Value]


def is_built_in(loss: Loss) -> bool:
    """Whether it is one of `LOSSES`, whose formula is known."""
    maker = LOSSES.get(loss.name)
    return maker is not None and loss.value.__module__ == maker.__module__


def outputs_of(step: Forward, back: Backward) -> Outputs:
    """Those of a network."""
    last = len(step.a)
    places = range(len(back.y))
    smoothing = step.objective.loss.parameters.get("label_smoothing", 0.0)
    letter = "t" if smoothing else "y"
    y = _smoothed(step, back.y.astype(float)) if smoothing else back.y
    return Outputs(
        [output_of(step, last - 1, k) for k in places],
        [Value(float(step.z[-1][k]), Symbol("z", last, (k + 1,))) for k in places],
        [Value(float(y[k]), Symbol(letter, 0, (k + 1,))) for k in places],
    )


def _smoothed(step: Forward, y: np.ndarray) -> np.ndarray:
    s = step.objective.loss.parameters["label_smoothing"]
    k = 2 if step.objective.loss.name == "binary_cross_entropy" else len(y)
    smoothed: np.ndarray = (1.0 - s) * y + s / k
    return smoothed


def loss_section(
    step: Forward, back: Backward, limits: Limits, shown: Sequence[int], names: Sequence[str]
) -> Section:
    """The loss, and J with the penalties if there are any."""
    objective, loss = step.objective, step.objective.loss
    outputs = outputs_of(step, back)
    equation = EQUATIONS.get(loss.name) if is_built_in(loss) else None
    if equation is None:
        name = loss.name.replace("_", r"\_")
        equation = Equation(
            f"loss = {loss.name}(a, y)", rf"\text{{loss}} = \operatorname{{{name}}}(a, y)"
        )
    equations, lines = [equation], list[Line]()
    if loss.parameters.get("label_smoothing"):
        equations, lines = _smoothing_lines(step, back, shown, names)
        equations.insert(0, Equation(*(part.replace("y", "t") for part in EQUATIONS[loss.name])))
    numbers: Expression
    if is_built_in(loss):
        numbers = _value(step, loss, outputs, limits)
    else:
        a, y = outputs.a[: limits.units], outputs.y[: limits.units]
        left = len(outputs.a) - len(a)
        numbers = Apply(loss.name, (Row(tuple(a), left), Row(tuple(y), left)))
    short = not _has(numbers, Sum)
    note = "softplus(z) is log(1 + exp(z))" if _has(numbers, "softplus") else ""
    lines.append(Line(Symbol("loss"), back.loss, numbers, formula=short, note=note))
    if objective.alpha or objective.l1:
        made, line = _penalised(step, back)
        equations += made
        lines += line
    title = f"loss: {loss.name}"
    return Section("loss", "loss", title, tuple(equations), tuple(lines))


def _has(item: Expression, wanted: type | str) -> bool:
    """Whether a calculation has such a part, or calls such a function."""
    if isinstance(wanted, type) and isinstance(item, wanted):
        return True
    if isinstance(item, Apply) and item.function == wanted:
        return True
    return any(_has(part, wanted) for part in parts(item))


def _smoothing_lines(
    step: Forward, back: Backward, shown: Sequence[int], names: Sequence[str]
) -> tuple[list[Equation], list[Line]]:
    s = step.objective.loss.parameters["label_smoothing"]
    k = 2 if step.objective.loss.name == "binary_cross_entropy" else len(back.y)
    smoothed = _smoothed(step, back.y.astype(float))
    amount = Value(s)
    lines = []
    for unit in shown:
        kept = Product((Difference(ONE, amount), Value(float(back.y[unit]))))
        numbers = Sum((kept, Quotient(amount, Value(float(k)))))
        label = names[unit] if names else ""
        lines.append(Line(Symbol("t", 0, (unit + 1,)), float(smoothed[unit]), numbers, label=label))
    latex = rf"t = (1 - {s:g}) y + {s:g} / {k}"
    return [Equation(f"t = (1 - {s:g}) * y + {s:g} / {k}", latex)], lines


def _value(step: Forward, loss: Loss, outputs: Outputs, limits: Limits) -> Expression:
    """The calculation of a built-in loss, few enough terms of it."""
    make: dict[str, Callable[[Value, Value, Value, int], Expression]] = {
        "squared_error": lambda a, z, y, k: Power(Difference(a, y), 2),
        "absolute_error": lambda a, z, y, k: Apply("abs", (Difference(a, y),)),
        "huber": lambda a, z, y, k: _huber(a, y, float(loss.parameters["delta"])),
        "quantile": lambda a, z, y, k: _pinball(a, y, level(loss, k)),
        "poisson": lambda a, z, y, k: _deviance(a, y),
        "binary_cross_entropy": lambda a, z, y, k: _yes_or_no(step, a, z, y),
    }
    if loss.name == "cross_entropy":
        return _one_of(step, outputs, limits)
    rows = enumerate(zip(*outputs, strict=True))
    terms = [make[loss.name](a, z, y, k) for k, (a, z, y) in rows]
    total = summed(terms.__getitem__, np.array([reckoned(term) for term in terms]), limits.terms)
    return Product((HALF, total)) if loss.name == "squared_error" else total


def _huber(a: Value, y: Value, delta: float) -> Expression:
    r, most = Difference(a, y), Value(delta)
    if abs(a.number - y.number) <= delta:
        return Product((HALF, Power(r, 2)))
    return Product((most, Difference(Apply("abs", (r,)), Product((HALF, most)))))


def level(loss: Loss, unit: int) -> float:
    """The quantile that an output is of."""
    q = loss.parameters["quantile"]
    return float(q[unit if len(q) > 1 else 0] if isinstance(q, list) else q)


def _pinball(a: Value, y: Value, q: float) -> Expression:
    if y.number >= a.number:
        return Product((Value(q), Difference(y, a)))
    return Product((Difference(ONE, Value(q)), Difference(a, y)))


def _deviance(a: Value, y: Value) -> Expression:
    if y.number == 0.0 or a.number == 0.0:
        return Difference(a, y)
    return Sum((Difference(a, y), Product((y, Apply("log", (Quotient(y, a),))))))


def _yes_or_no(step: Forward, a: Value, z: Value, y: Value) -> Expression:
    """Of one output; of z, by softplus(z) = log(1 + exp(z)), where a is too near to 0 or 1."""
    near = min(a.number, 1.0 - a.number) < CLEAR
    if near and step.objective.from_raw:
        yes: Expression = Apply("softplus", (Negative(z),))
        no: Expression = Apply("softplus", (z,))
    else:
        yes, no = (
            Negative(Apply("log", (a,))),
            Negative(Apply("log", (Difference(ONE, a),))),
        )
    if y.number == 1.0:
        return yes
    if y.number == 0.0:
        return no
    return Sum((Product((y, yes)), Product((Difference(ONE, y), no))))


def _one_of(step: Forward, outputs: Outputs, limits: Limits) -> Expression:
    """-sum of y log(a); of z, where a is too near to 0 for its logarithm."""
    places = [k for k, y in enumerate(outputs.y) if y.number]
    by_z = step.objective.from_raw and any(outputs.a[k].number < TINY for k in places)
    terms: list[Expression] = []
    for k in places:
        log: Expression = Apply("log", (outputs.a[k],))
        if by_z:
            log = Difference(outputs.z[k], log_of_sum(step, len(step.z) - 1))
        terms.append(log if outputs.y[k].number == 1.0 else Product((outputs.y[k], log)))
    return Negative(summed(terms.__getitem__, np.array([reckoned(t) for t in terms]), limits.terms))


TINY = 1e-30
"""An output below it may have lost all digits."""


def reckoned(item: Expression) -> float:
    """What a calculation comes to, for choosing terms by size."""
    match item:
        case Sum():
            return sum(reckoned(term) for term in item.terms)
        case Product():
            return float(np.prod([reckoned(factor) for factor in item.factors]))
        case Difference():
            return reckoned(item.left) - reckoned(item.right)
        case Quotient():
            return reckoned(item.over) / reckoned(item.under)
        case Power():
            return float(reckoned(item.base) ** item.exponent)
        case Negative():
            return -reckoned(item.item)
        case Apply():
            x = reckoned(item.arguments[0])
            if item.function == "abs":
                return abs(x)
            with np.errstate(divide="ignore"):
                return float(np.log(x) if item.function == "log" else np.logaddexp(0.0, x))
        case Row():
            return 0.0
        case _:
            return item.number


def _penalised(step: Forward, back: Backward) -> tuple[list[Equation], list[Line]]:
    """J = loss + alpha/2 sum of W^2 + l1 sum of |W|, for the one row."""
    objective = step.objective
    layout = objective.layout
    squares = moduli = 0.0
    for segments, arrays in zip(layout.by_layer, step.parameters, strict=True):
        for segment, array in zip(segments, arrays, strict=True):
            squares += segment.decay * float(np.sum(array.astype(float) ** 2))
            moduli += segment.decay * float(np.sum(np.abs(array.astype(float))))
    plain, latex = "J = loss", r"J = \text{loss}"
    terms: list[Expression] = [Value(back.loss, Symbol("loss"))]
    lines = []
    if objective.alpha:
        symbol = Symbol("sum of W^2", tex=r"\textstyle\sum W^2")
        terms.append(Product((HALF, _alpha(objective.alpha), Value(squares, symbol))))
        lines.append(Line(symbol, squares, note="over the weights of all layers"))
        plain += " + 0.5 * alpha * sum of W^2"
        latex += r" + \tfrac{1}{2} \alpha \textstyle\sum W^2"
    if objective.l1:
        symbol = Symbol("sum of |W|", tex=r"\textstyle\sum |W|")
        terms.append(Product((_l1(objective.l1), Value(moduli, symbol))))
        lines.append(Line(symbol, moduli, note="over the weights of all layers"))
        plain += " + l1 * sum of |W|"
        latex += r" + \lambda_1 \textstyle\sum |W|"
    lines.append(Line(Symbol("J"), back.objective, Sum(tuple(terms)), formula=True))
    return [Equation(plain, latex)], lines


def _alpha(strength: float) -> Value:
    return Value(strength, Symbol("alpha", tex=r"\alpha"))


def _l1(strength: float) -> Value:
    return Value(strength, Symbol("l1", tex=r"\lambda_1"))
