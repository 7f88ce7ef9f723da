"""A step is one of the eleven equations, written for one layer of one network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pellucid.activations import ACTIVATIONS, Activation
from pellucid.deriving.formula import names, renamed
from pellucid.deriving.functions import ACTIVATION_FORMULAS, COLLAPSE, LOSS_FORMULAS, MIXING, Slopes
from pellucid.layers import Scale
from pellucid.layout import Segment
from pellucid.losses import LOSSES, Loss
from pellucid.objective import Objective

PARTS = ("Forward", "The loss", "The output layer", "The hidden layers", "The step")
"""What the eleven equations are about, in their order."""


@dataclass(frozen=True)
class Step:
    """An equation of one layer.

    Parameters
    ----------
    number : which of the eleven it is.
    part : where it belongs, one of `PARTS`.
    target : what it gives, such as "x_2 = a_1".
    forms : expressions that are all equal: the rule first, then what this network makes of it.
    why : where it comes from.

    Examples
    --------
    >>> Step(5, "The output layer", "dz_2", ("da_2 * df_2(z_2)", "da_2 * a_2 * (1 - a_2)"), "").code
    'dz_2 = da_2 * a_2 * (1 - a_2)'
    """

    number: int
    part: str
    target: str
    forms: tuple[str, ...]
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "forms", tuple(renamed(form, {}) for form in self.forms))

    @property
    def code(self) -> str:
        """The line of NumPy that computes it."""
        return f"{self.target} = {self.forms[-1]}"

    @property
    def names(self) -> list[str]:
        """Of all that is in the line, each once."""
        return names(self.code)


def slopes_of(activation: Activation) -> Slopes | None:
    """The formulas of a built-in activation; None of one's own."""
    if ACTIVATIONS.get(activation.name) is not activation:
        return None
    return ACTIVATION_FORMULAS.get(activation.name)


def slopes_of_loss(loss: Loss) -> Slopes | None:
    """The formulas of a built-in loss; None of one's own."""
    maker = LOSSES.get(loss.name)
    if maker is None or loss.value.__module__ != maker.__module__:
        return None
    return LOSS_FORMULAS.get(loss.name)


def steps_of(objective: Objective) -> tuple[Step, ...]:
    """The equations of a network in the order in which they are computed."""
    return tuple(_Writer(objective).steps())


class _Writer:
    """Goes forward through the layers of one network, and back."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.layers = objective.layout.architecture.layers
        self.last = len(self.layers)
        self.mean = "1 / n * " if objective.reduction == "mean" else ""

    def steps(self) -> Iterator[Step]:
        for layer in range(1, self.last + 1):
            yield from self.forward(layer)
        yield from self.loss()
        yield from self.output()
        yield from self.gradients(self.last, 6, "The output layer")
        for layer in range(self.last - 1, 0, -1):
            yield from self.hidden(layer)
            yield from self.gradients(layer, 10, "The hidden layers")
        yield from self.update()

    def segments(self, layer: int) -> dict[str, Segment]:
        """By letter."""
        return {s.name.split(".")[1]: s for s in self.objective.layout.by_layer[layer - 1]}

    def forward(self, n: int) -> Iterator[Step]:
        letters = self.segments(n)
        product = f"x_{n} * s_{n}" if self.is_scale(n) else f"x_{n} @ W_{n}"
        why = "each unit adds up what it is given, weighted"
        if self.is_scale(n):
            why = "each input is multiplied by its own factor, the same in every row"
        elif "b" in letters:
            why += ", and its bias"
        yield Step(1, "Forward", f"z_{n}", (product + f" + b_{n}" * ("b" in letters),), why)
        target = f"a_{n}" if n == self.last else f"x_{n + 1} = a_{n}"
        f = self.layers[n - 1].activation
        slopes, rule = slopes_of(f), f"f_{n}(z_{n})"
        forms = (rule, self.put(slopes.value, n)) if slopes else (rule,)
        why = "each unit answers to its own sum"
        if f.normalised:
            why = "the units of a row share an answer of 1"
        yield Step(2, "Forward", target, forms, f"{why} ({f.name})")

    def loss(self) -> Iterator[Step]:
        amount = self.objective.loss.parameters.get("label_smoothing")
        if amount:
            k = self.layers[-1].n_out if self.objective.loss.name == "cross_entropy" else 2
            formula = f"(1 - {amount!r}) * y + {amount!r} / {k}"
            yield Step(3, "The loss", "t", (formula,), "the targets, smoothed")
        slopes = slopes_of_loss(self.objective.loss)
        value = self.put(slopes.value, self.last) if slopes else f"loss(a_{self.last}, y)"
        forms = f"{self.mean}sum({value})"
        over = "mean over the rows" if self.mean else "sum over the rows"
        why = f"the {self.objective.loss.name} of each row, {over}"
        for strength, of in (("alpha", "{w}**2"), ("lambda_1", "abs({w})")):
            if terms := self.penalties(strength, of):
                factor = {"alpha": "alpha / 2", "lambda_1": "lambda_1"}[strength]
                forms += f" + {self.divided(factor)} * {terms}"
                why += f", with the {'L2' if strength == 'alpha' else 'L1'} penalty on the weights"
        yield Step(3, "The loss", "J", (forms,), why)

    def output(self) -> Iterator[Step]:
        n, loss = self.last, self.objective.loss
        slopes, f = slopes_of_loss(loss), self.layers[-1].activation
        derivative = self.put(slopes.derivative, n) if slopes else f"dloss(a_{n}, y)"
        da = self.times(self.mean, derivative)
        yield Step(4, "The output layer", f"da_{n}", (da,), "the derivative of (3) by the answer")
        forms, why = self.through(n)
        pair = (f.name, loss.name)
        if self.objective.from_raw and pair in COLLAPSE:
            if f.name == "softmax":
                forms.append(self.put("a * (-(y / a) - rowsum(a * (-(y / a))))", n))
                forms[-1] = self.times(self.mean, forms[-1])
            elif f.name != "identity":
                forms.append(forms[-1].replace(f"da_{n}", f"({da})", 1))
            forms.append(self.times(self.mean, self.put("a - y", n)))
            why += f"; {loss.name} and {f.name} are made for each other"
            why += f", {COLLAPSE[pair]}" if COLLAPSE[pair] else ""
        yield Step(5, "The output layer", f"dz_{n}", tuple(forms), why)

    def hidden(self, n: int) -> Iterator[Step]:
        product = f"dz_{n + 1} * s_{n + 1}" if self.is_scale(n + 1) else f"dz_{n + 1} @ W_{n + 1}.T"
        why = f"a unit reaches J by every unit of layer {n + 1}, and has its share in all of them"
        if self.is_scale(n + 1):
            why = f"a unit reaches J by its own factor in layer {n + 1}"
        yield Step(8, "The hidden layers", f"da_{n}", (product,), why)
        forms, why = self.through(n)
        yield Step(9, "The hidden layers", f"dz_{n}", tuple(forms), why)

    def through(self, n: int) -> tuple[list[str], str]:
        """From da of a layer to its dz, by its activation, and why."""
        f = self.layers[n - 1].activation
        slopes = slopes_of(f)
        if f.normalised and slopes:
            why = "each sum of a row moves every answer of the row"
            return [renamed(MIXING, {"a": f"a_{n}", "da": f"da_{n}"})], why
        forms = [f"da_{n} * df_{n}(z_{n})"]
        if slopes:
            own = slopes.derivative
            forms.append(f"da_{n}" if own == "1" else self.times(f"da_{n} * ", self.put(own, n)))
        return (
            forms,
            "each answer depends on its own sum alone, so the chain rule has one factor a unit",
        )

    def gradients(self, n: int, number: int, part: str) -> Iterator[Step]:
        for name in self.segments(n):
            if name == "b":
                form = f"colsum(dz_{n})"
                why = "a bias has a part of 1 in every row, and the rows add up"
            elif name == "s":
                form = f"colsum(x_{n} * dz_{n})"
                why = "a factor has its input's part in every row, and the rows add up"
            else:
                form = f"x_{n}.T @ dz_{n}"
                why = "a weight has its input's part in every row, and the rows add up"
            for strength, of in (("alpha", "{w}"), ("lambda_1", "sign({w})")):
                if term := self.penalty(strength, of, n, name):
                    form += f" + {term}"
            if "alpha" in form or "lambda_1" in form:
                why += "; the penalty pulls towards 0"
            which = number + 1 if number == 6 and name == "b" else number
            yield Step(which, part, f"d{name}_{n}", (form,), why)

    def update(self) -> Iterator[Step]:
        for n in range(1, self.last + 1):
            for name, segment in self.segments(n).items():
                own = f"{name}_{n}"
                rate = "eta" if segment.learning_rate == 1 else f"{segment.learning_rate!r} * eta"
                why = "against the gradient, a little way"
                if segment.frozen:
                    yield Step(11, "The step", own, (own,), "frozen: training leaves it as it is")
                else:
                    yield Step(11, "The step", own, (f"{own} - {rate} * d{own}",), why)

    def put(self, formula: str, n: int) -> str:
        """A formula of the tables with the arrays of layer n."""
        y = "t" if self.objective.loss.parameters.get("label_smoothing") else "y"
        return renamed(formula, {"z": f"z_{n}", "a": f"a_{n}", "y": y})

    def is_scale(self, n: int) -> bool:
        return isinstance(self.layers[n - 1], Scale)

    def times(self, before: str, formula: str) -> str:
        """A product, in brackets where the second part is a sum or a quotient."""
        if not before:
            return formula
        return (
            f"{before}({formula})" if any(sign in formula for sign in "+-*/") else before + formula
        )

    def divided(self, formula: str) -> str:
        """By n where the loss is a mean."""
        if not self.mean:
            return formula
        return "alpha / (2 * n)" if formula == "alpha / 2" else f"{formula} / n"

    def penalty(self, strength: str, of: str, n: int, name: str) -> str:
        """One array's part in the gradient of a penalty, or nothing."""
        value = self.objective.alpha if strength == "alpha" else self.objective.l1
        decay = self.segments(n)[name].decay
        if not (value and decay):
            return ""
        factor = "" if decay == 1 else f"{decay!r} * "
        return f"{self.divided(strength)} * {factor}{of.format(w=f'{name}_{n}')}"

    def penalties(self, strength: str, of: str) -> str:
        """The sum over all arrays that a penalty touches, or nothing."""
        value = self.objective.alpha if strength == "alpha" else self.objective.l1
        terms = [
            ("" if s.decay == 1 else f"{s.decay!r} * ") + f"sum({of.format(w=f'{name}_{n}')})"
            for n in range(1, self.last + 1)
            for name, s in self.segments(n).items()
            if value and s.decay
        ]
        return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})" if terms else ""
