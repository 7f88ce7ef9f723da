"""A slope of a loss is its derivative by one output, written out."""

from __future__ import annotations

from pellucid.explanation.expression import (
    Apply,
    Difference,
    Expression,
    Negative,
    Quotient,
    Value,
)
from pellucid.explanation.form import Equation
from pellucid.explanation.losses import ONE, Outputs, is_built_in, level
from pellucid.losses import Loss

SHORT = ("squared_error", "poisson", "binary_cross_entropy", "cross_entropy")
"""Losses whose derivative by the sum of the output made for them is a - y."""

EQUATIONS = {
    "squared_error": Equation("a - y", "a - y"),
    "absolute_error": Equation("sign(a - y)", r"\operatorname{sign}(a - y)"),
    "huber": Equation("a - y, clipped at -delta and delta", r"\max(-\delta, \min(\delta, a - y))"),
    "quantile": Equation(
        "-q where y > a, else 1 - q",
        r"\begin{cases} -q & y > a \\ 1 - q & y < a \end{cases}",
    ),
    "poisson": Equation("1 - y / a", r"1 - \frac{y}{a}"),
    "binary_cross_entropy": Equation(
        "(1 - y) / (1 - a) - y / a", r"\frac{1 - y}{1 - a} - \frac{y}{a}"
    ),
    "cross_entropy": Equation("-y / a", r"-\frac{y}{a}"),
}


def slope_equation(loss: Loss) -> Equation:
    """dloss/da in general."""
    if is_built_in(loss):
        return EQUATIONS[loss.name]
    return Equation(f"{loss.name}'(a, y)", r"\frac{\partial\,\text{loss}}{\partial a}")


def by_output(loss: Loss, outputs: Outputs, unit: int) -> Expression | None:
    """dloss/da of one output of a built-in loss; None where it is not finite."""
    a, y = outputs.a[unit], outputs.y[unit]
    name, difference = loss.name, Difference(a, y)
    if name == "squared_error":
        return difference
    if name == "absolute_error":
        return Apply("sign", (difference,))
    if name == "huber":
        delta = Value(float(loss.parameters["delta"]))
        return Apply("clip", (difference, Negative(delta), delta))
    if name == "quantile":
        q = Value(level(loss, unit))
        if y.number == a.number:
            return Value(0.0)
        return Negative(q) if y.number > a.number else Difference(ONE, q)
    if name == "poisson":
        return Difference(ONE, Quotient(y, a)) if a.number else None
    return _of_classes(name, a, y)


def _of_classes(name: str, a: Value, y: Value) -> Expression | None:
    if name == "cross_entropy":
        return Negative(Quotient(y, a)) if a.number else None
    parts: list[Expression] = []
    if y.number != 1.0:
        if a.number == 1.0:
            return None
        parts.append(Quotient(Difference(ONE, y), Difference(ONE, a)))
    if y.number:
        if a.number == 0.0:
            return None
        parts.append(Quotient(y, a))
    if len(parts) == 2:
        return Difference(parts[0], parts[1])
    return Negative(parts[0]) if y.number else parts[0]
