"""The page that derives backpropagation for one network is made by deriving it, with its numbers.

python docs/make_derivation.py      writes docs/derivation.md
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import Network, check_gradient, datasets
from pellucid.deriving import Derivation, Step, derivation
from pellucid.deriving.formula import write
from pellucid.deriving.latex import LEGEND, equation, function, letters
from pellucid.deriving.notation import LATEX

PAGE = Path(__file__).with_name("derivation.md")

RATE = 1.0
"""The learning rate of the step that is shown."""

TEXT = """\
# Backpropagation for one network, with its numbers

[Backpropagation in eleven equations](backpropagation.md) derives them for any network. This page
has them for one: two inputs, three hidden units and one output, all sigmoid and without biases, and
half the squared error, summed over the rows. It learns gates and sums in
[an example](../examples/sums_and_gates.py), and its derivation has been published with slips, which
[the end of this page](#slips) puts right.

All of it is made by `docs/make_derivation.py` from what `derivation` says of this network, and
`make docs` makes it again. It does the same for any network, estimator or model file, on the
command line as `pellucid derivation MODEL`:

```python
>>> from pellucid import Network
>>> from pellucid import derivation
>>> network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", bias=False, reduction="sum")
>>> for step in derivation(network).steps:
...     print(f"({{step.number}})  {{step.code}}")
{code}

```

The lines run: they are NumPy, with `x_1` for the inputs, `sum` for `numpy.sum`, and so on.

## The letters

{legend}

{letters}

{functions}

## The step

The data are the gate OR: four rows, and as many targets.

$${data}$$

The weights are drawn as the published ones were, and $\\eta = {rate:g}$:

$${weights}$$

Below each equation stand the numbers that the engine has for it, to four digits. {absent}

{steps}

After this step $J$ is {after:.4g}; it was {before:.4g}.

<a id="slips"></a>

## Slips, and what comes of them

Each of these stands in a published derivation of this or of a network like it, or in the code
beside it. All run without an error. The numbers are those of the step above, with the slip made on
purpose; `check_gradient` is given the gradient that comes of it.

{slips}
"""


def published() -> Network:
    """The network with the published first weights."""
    draw = np.random.RandomState(4)
    draw.rand(10_000, 2)
    network = Network([2, 3, 1], "sigmoid", "sigmoid", "squared_error", bias=False, reduction="sum")
    network.weights = [draw.randn(2, 3), draw.randn(3, 1)]
    return network


class Run:
    """All numbers of one step, as the engine has them."""

    def __init__(self) -> None:
        gate = datasets.load("or")
        self.X, self.y = gate.X, gate.y.reshape(-1, 1)
        self.network = network = published()
        trace, objective = network.trace(self.X), network.objective
        self.J, self.gradient = network.loss_and_gradient(self.X, self.y)
        layers = network.architecture.layers
        dz = objective.output_gradient(trace, self.y)
        da = layers[1].backward(trace.parameters[1], dz)
        gradients = network.per_layer(self.gradient)
        self.values: dict[str, Any] = {
            "y": self.y, "J": self.J, "da_2": network.loss.gradient(trace.a[1], self.y),
            "dz_2": dz, "da_1": da,
            "dz_1": layers[0].activation.backward(da, trace.z[0], trace.a[0]),
        }  # fmt: skip
        moved = Network.like(network)
        moved.train_step(self.X, self.y, learning_rate=RATE)
        self.after = moved.loss_and_gradient(self.X, self.y)[0]
        for i in (1, 2):
            self.values |= {
                f"x_{i}": trace.x[i - 1], f"z_{i}": trace.z[i - 1], f"a_{i}": trace.a[i - 1],
                f"W_{i}": network.weights[i - 1], f"dW_{i}": gradients[f"layer{i}.W"],
                f"new W_{i}": moved.weights[i - 1],
            }  # fmt: skip

    def loss_after(self, gradient: np.ndarray) -> float:
        """J where the step goes against this gradient."""
        moved = Network.like(self.network)
        moved.theta = moved.theta - RATE * gradient
        return float(moved.loss_and_gradient(self.X, self.y)[0])

    def with_(self, **arrays: np.ndarray) -> np.ndarray:
        """The gradient by theta in which W_1 or W_2 has another one."""
        wrong: np.ndarray = self.gradient.copy()
        for name, array in arrays.items():
            self.network.per_layer(wrong)[f"layer{name[-1]}.W"][...] = array
        return wrong

    def compared(self, wrong: np.ndarray) -> str:
        """How a gradient is to the right one, layer by layer, and what the check says of it."""
        said, theirs = [], self.network.per_layer(wrong)
        for name, right in self.network.per_layer(self.gradient).items():
            other = theirs[name]
            if not np.array_equal(right, other):
                length = np.linalg.norm(other) / np.linalg.norm(right)
                cosine = np.vdot(right, other) / np.linalg.norm(right) / np.linalg.norm(other)
                said.append(f"that of {name} is {length:.3g} times as long and has a cosine of "
                            f"{cosine:.3g} with the right one")  # fmt: skip
        found = check_gradient(self.network, self.X, self.y, gradient=wrong).wrong
        assert found == [name for name in theirs if not np.array_equal(
            theirs[name], self.network.per_layer(self.gradient)[name])], found  # fmt: skip
        return f"{'; '.join(said)}. `check_gradient` names {' and '.join(found)}."


def number(value: float) -> str:
    """To four digits."""
    mantissa, _, exponent = f"{float(value) + 0.0:.4g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def matrix(value: Any) -> str:
    """A number, or an array in brackets."""
    if np.ndim(value) == 0:
        return number(value)
    rows = r" \\ ".join(" & ".join(map(number, row)) for row in value)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


def steps(equations: Derivation, run: Run) -> Iterator[str]:
    """Each equation, and its numbers below it."""
    for part, some in groupby(equations.steps, lambda step: step.part):
        yield f"### {part}"
        for step in some:
            yield equation(equations, step)
            yield f"$${with_numbers(step, run)}$$"


def with_numbers(step: Step, run: Run) -> str:
    """What a step gives."""
    name = step.target.split(" = ")[-1]
    value = run.values[f"new {name}" if step.number == 11 else name]
    sign = r"\leftarrow" if step.number == 11 else "="
    return f"{write(name, LATEX)} {sign} {matrix(value)}"


def slips(run: Run) -> Iterator[str]:
    """Each slip, why it is one, and the numbers that show it."""
    v, n = run.values, len(run.y)
    W2, dz2, x1, a1 = v["W_2"], v["dz_2"], v["x_1"], v["a_1"]
    slope = a1 * (1 - a1)

    wrong = run.with_(W_1=x1.T @ (v["da_1"] * v["a_2"] * (1 - v["a_2"])))
    yield (
        "**The chain rule with the index of another layer.** Equation (9) takes $f_1'(z_1)$, the "
        "slope where the hidden units are. With $f_2'(z_2)$ in its place, an array of one column "
        "is spread over three without a word. Of the gradient, " + run.compared(wrong)
    )
    wrong = run.with_(W_1=x1.T @ ((v["da_2"] @ W2.T) * slope))
    yield (
        "**The output's derivative left out of the hidden layers.** Equation (8) starts from "
        r"$\mathrm{d}z_2$. With $\mathrm{d}a_2$ the factor $a_2 (1 - a_2)$, which is never above "
        "1/4, is missing, and the two layers follow different losses. Of the gradient, "
        + run.compared(wrong)
    )
    wrong = run.with_(W_2=(dz2 @ W2.T).T @ dz2)
    yield (
        "**Hidden errors in place of hidden outputs.** Equation (6) multiplies with what the layer "
        r"was given, $x_2 = a_1$; with $\mathrm{d}a_1$ the output layer goes anywhere. Of the "
        "gradient, " + run.compared(wrong)
    )
    uphill = run.loss_after(-run.gradient)
    assert run.after < run.J < uphill
    yield (
        r"**The sign of the derivative.** $\frac{1}{2} (y - a)^2$ has the derivative "
        "$-(y - a) = a - y$ by $a$: the inner derivative is -1. Without it, or with it and an "
        f"update that adds, the step leads uphill: $J$ goes from {run.J:.4g} to {uphill:.4g}, not "
        f"to {run.after:.4g}."
    )
    flat = run.y[:, 0]
    spread = v["a_2"] - flat
    assert spread.shape == (n, n)
    assert run.network.loss_and_gradient(run.X, flat)[0] == run.J
    yield (
        f"**Targets of shape ({n},) against answers of shape ({n}, 1).** NumPy makes an array of "
        f"{n} x {n} of their difference, each answer against each target, and its sum of squares "
        f"is {0.5 * np.sum(spread**2):.4g} where $J$ is {run.J:.4g}. pellucid reads such targets "
        "as a column, and refuses what has another number of rows; it never spreads them."
    )
    z = np.array([[-800.0]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        e = np.exp(-z)
        quotient = (e / (1 + e) ** 2).item()
    assert caught
    assert np.isnan(quotient)
    f = run.network.architecture.layers[0].activation
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        a = f.forward(z)
        ours = f.backward(np.ones_like(z), z, a).item()
    assert (a.item(), ours) == (0.0, 0.0)
    yield (
        r"**A slope that overflows.** $f'(z) = \frac{e^{-z}}{(1 + e^{-z})^2}$ is true, but not to "
        f"be computed: at $z = {z.item():g}$ $e^{{-z}}$ is infinite and the quotient "
        f"{quotient}, which then is in every weight. $a (1 - a)$ is {ours:g} there."
    )
    yield (
        r"**An exponential that overflows.** So does $e^{-z}$ in $\frac{1}{1 + e^{-z}}$, with a "
        r"warning. pellucid takes the exponential of $-|z|$ alone, and where $z < 0$ the sigmoid "
        r"is $\frac{e^{z}}{1 + e^{z}}$, the same number; at "
        + f"$z = {z.item():g}$ it is {a.item():g}."
    )
    yield _rate()


def _rate() -> str:
    """A sum over rows needs a rate that is smaller by their number."""
    sums, costs, steps = datasets.load("sums"), {}, 1000
    for rate in (0.01, 0.001):
        network = published()
        costs[rate] = [network.train_step(sums.X, sums.y, learning_rate=rate) for _ in range(steps)]
    slow, fast = costs[0.001], np.array(costs[0.01])
    assert np.all(np.diff(slow) < 0)
    assert np.sum(np.diff(fast) > 0) > steps / 10
    return (
        "**A rate for the mean with the gradient of the sum.** (3) is a sum here, so the gradient "
        f"grows with the rows. On the {len(sums.X)} pairs of the sums, a rate of 0.01 is one of "
        f"{0.01 * len(sums.X):g} on their mean, and of {steps} steps $J$ rises in more than a "
        f"tenth. With 0.001 it falls in every one, from {slow[0]:.1f} to {slow[-1]:.1f}."
    )


def page() -> str:
    """The whole page."""
    run = Run()
    equations = derivation(run.network)
    return TEXT.format(
        code="\n".join(f"({step.number})  {step.code}" for step in equations.steps),
        legend=LEGEND,
        letters=letters(equations),
        functions="\n\n".join(map(function, equations.functions)),
        data=rf"x_{{1}} = {matrix(run.X)} \qquad y = {matrix(run.y)}",
        weights=r" \qquad ".join(f"W_{{{i}}} = {matrix(run.values[f'W_{i}'])}" for i in (1, 2)),
        rate=RATE,
        absent=" ".join(equations.absent),
        steps="\n\n".join(steps(equations, run)),
        before=run.J,
        after=run.after,
        slips="\n\n".join(f"{i}. {slip}" for i, slip in enumerate(slips(run), 1)),
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
