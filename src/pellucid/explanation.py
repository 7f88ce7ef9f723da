"""An explanation writes one step out term by term, with the engine's own numbers put in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.arrays import Array
from pellucid.layers import Dense
from pellucid.network import Trace, backward, forward
from pellucid.objective import Objective

TERMS, UNITS = 6, 8  # what is shown of a wide layer: the terms that matter most, the first units


def explain(
    objective: Objective,
    theta: Array,
    x: Array,
    y: Array | None = None,
    learning_rate: float | None = None,
    digits: int = 6,
) -> str:
    """The forward pass of one row; with y its loss and backward pass; with a rate, the update.

    Parameters
    ----------
    theta : (P,)
    x : (1, n_inputs)
    y : (1, n_outputs)
    learning_rate : of the plain gradient step to show.
    digits : significant digits of every printed number.

    Examples
    --------
    >>> from pellucid import Network
    >>> network = Network([2, 1], output_activation="sigmoid", bias=False)
    >>> network.weights = [[[0.2], [0.8]]]
    >>> print(network.explain([2, 9]))
    layer1: z = x W,  a = sigmoid(z)
      z1 = (2 * 0.2) + (9 * 0.8) = 7.6
      a1 = sigmoid(7.6) = 0.9995
    """
    trace = forward(objective.layout, theta, x)
    number = _Writer(digits)
    lines = _forward_lines(objective, trace, number)
    if y is None:
        return "\n".join(lines)
    dz = objective.output_gradient(trace, y)
    value, gradient = objective.value_and_gradient(theta, x, y)
    output = objective.layout.architecture.output_activation.name
    lines += [
        "",
        f"loss: {objective.loss.name} of {number.row(trace.output[0])} "
        f"against {number.row(y[0])} = {number(objective.rows(trace, y)[0])}",
    ]
    if objective.alpha or objective.l1:
        lines += [f"      with the penalty on the weights {number(value)}"]
    lines += ["", f"backward: dz is dLoss/dz ({output} and {objective.loss.name})"]
    penalty = objective.layout.named(gradient - backward(objective.layout, trace, dz))
    lines += _backward_lines(objective, trace, dz, penalty, number)
    if learning_rate is not None:
        lines += ["", f"update: new = old - {number(learning_rate)} * gradient"]
        old, slope = objective.layout.named(theta), objective.layout.named(gradient)
        for name, array in old.items():
            for place, before in list(np.ndenumerate(array))[:UNITS]:
                step = slope[name][place]
                index = ",".join(str(i + 1) for i in place)
                after = before - learning_rate * step
                lines.append(
                    f"  {name}[{index}] = {number(before)} - {number(learning_rate)} * "
                    f"{number(step)} = {number(after)}"
                )
            if array.size > UNITS:
                lines.append(f"  ... and {array.size - UNITS} more of {name}")
    return "\n".join(lines)


def _forward_lines(objective: Objective, trace: Trace, number: _Writer) -> list[str]:
    lines = []
    layers = objective.layout.architecture.layers
    for i, layer in enumerate(layers):
        x, z, a, parameters = trace.x[i], trace.z[i], trace.a[i], trace.parameters[i]
        f = layer.activation.name
        letters = [p.name for p in layer.parameters]
        equation = " + ".join([f"x {letters[0]}", *letters[1:]])
        lines.append(f"layer{i + 1}: z = {equation},  a = {f}(z)")
        for unit in range(min(layer.n_out, UNITS)):
            total = number.sum(*layer.terms(parameters, x[0], unit))
            lines.append(f"  z{unit + 1} = {total} = {number(z[0, unit])}")
            function = f"{f}({number(z[0, unit])})"
            if f == "softmax":
                function = f"exp({number(z[0, unit])}) / sum over units of exp(z)"
            if f != "identity":
                lines.append(f"  a{unit + 1} = {function} = {number(a[0, unit])}")
        if layer.n_out > UNITS:
            lines.append(f"  ... and {layer.n_out - UNITS} more units")
    return lines


def _backward_lines(
    objective: Objective, trace: Trace, dz: Array, penalty: dict[str, Array], number: _Writer
) -> list[str]:
    lines: list[str] = []
    layers = objective.layout.architecture.layers
    for i in range(len(layers) - 1, -1, -1):
        layer, parameters = layers[i], trace.parameters[i]
        lines.append(f"  layer{i + 1}: dz = {number.row(dz[0])}")
        gradients = layer.gradient(parameters, trace.x[i], dz)
        for segment, gradient in zip(objective.layout.by_layer[i], gradients, strict=True):
            for place, slope in list(np.ndenumerate(gradient))[:UNITS]:
                index = ",".join(str(k + 1) for k in place)
                row, unit = place[0], place[-1]
                product = f"dz{unit + 1}"
                if not segment.name.endswith(".b"):
                    factors = f"{number(trace.x[i][0, row])} * {number(dz[0, unit])}"
                    product = f"x{row + 1} * {product} = {factors}"
                line = f"    d{segment.name}[{index}] = {product} = {number(slope)}"
                if pull := float(penalty[segment.name][place]):
                    line += f", with the penalty's {number(pull)}: {number(slope + pull)}"
                lines.append(line)
            if gradient.size > UNITS:
                lines.append(f"    ... and {gradient.size - UNITS} more of {segment.name}")
        if i > 0:
            da = layer.backward(parameters, dz)
            below = layers[i - 1].activation
            if isinstance(layer, Dense):
                for unit in range(min(layer.n_in, UNITS)):
                    shares = number.sum(dz[0], parameters[0][unit], None)
                    lines.append(f"    da{unit + 1} of layer{i} = {shares} = {number(da[0, unit])}")
            z, a = trace.z[i - 1], trace.a[i - 1]
            dz, f = below.backward(da, z, a), below.name
            slopes = below.backward(np.ones_like(da), z, a)  # f'(z), where units do not mix
            for unit in range(0 if below.normalised else min(layer.n_in, UNITS)):
                factors = f"{number(da[0, unit])} * {number(slopes[0, unit])}"
                lines.append(
                    f"    dz{unit + 1} of layer{i} = da{unit + 1} * {f}'(z{unit + 1}) = "
                    f"{factors} = {number(dz[0, unit])}"
                )
    return lines


class _Writer:
    """Numbers as text."""

    def __init__(self, digits: int) -> None:
        self.digits = digits

    def __call__(self, value: float) -> str:
        return f"{float(value):.{self.digits}g}"

    def row(self, values: Sequence[float] | Array) -> str:
        shown = ", ".join(self(v) for v in values[:UNITS])
        return f"[{shown}{', ...' if len(values) > UNITS else ''}]"

    def sum(self, x: Array, w: Array, bias: float | None) -> str:
        """Terms in order; of many only the largest, and the sum of the rest, so that it adds up."""
        order = np.arange(len(x))
        rest = ""
        if len(x) > TERMS:
            products = np.asarray(x) * np.asarray(w)
            order = np.sort(np.argsort(-np.abs(products), kind="stable")[:TERMS])
            left = float(products.sum() - products[order].sum())
            rest = f" + {self(left)} from {len(x) - TERMS} more"
        terms = " + ".join(f"({self(x[i])} * {self(w[i])})" for i in order)
        return terms + rest + ("" if bias is None else f" + {self(bias)}")
