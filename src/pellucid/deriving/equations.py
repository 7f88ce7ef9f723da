"""A derivation is the way from a network's error to each weight's gradient, in eleven equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pellucid.deriving.formula import write
from pellucid.deriving.notation import LATEX, MATHML
from pellucid.deriving.steps import Step, slopes_of, slopes_of_loss, steps_of
from pellucid.layers import Scale
from pellucid.objective import Objective
from pellucid.subject import subject_of

Size = tuple[int | str, ...]


@dataclass(frozen=True)
class Letter:
    """What a letter of the equations stands for, and how large it is; () is a single number."""

    name: str
    meaning: str
    size: Size = ()


@dataclass(frozen=True)
class Function:
    """An activation f or a loss with its derivative; None where they are code of one's own."""

    letters: tuple[str, ...]  # such as f_1 and f_2; none of the loss
    name: str
    value: str | None
    derivative: str | None
    note: str = ""


@dataclass(frozen=True)
class Derivation:
    """The equations of one network, to print, to show in a notebook or to put into a paper.

    Each line is one that NumPy runs, so that what is printed can be tried; `to_markdown` and
    `to_latex` write the same as LaTeX, `to_html` as a page that needs nothing but a browser.

    Parameters
    ----------
    title : the network and its loss.
    letters : what the equations are about, with sizes; "n" is the number of rows.
    functions : the activations and the loss, each with its derivative.
    steps : the equations in the order in which they are computed, with numbers from 1 to 11.
    """

    title: str
    letters: tuple[Letter, ...]
    functions: tuple[Function, ...]
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        from pellucid.deriving.plain import text

        return text(self)

    def to_markdown(self) -> str:
        """Markdown, with the equations as LaTeX between dollars."""
        from pellucid.deriving.latex import markdown

        return markdown(self)

    def to_latex(self) -> str:
        r"""A section for a paper; it needs the package amsmath."""
        from pellucid.deriving.latex import section

        return section(self)

    def to_html(self) -> str:
        """A page of its own, with the equations as MathML."""
        from pellucid.deriving.html import whole

        return whole(self)

    def _repr_html_(self) -> str:
        from pellucid.deriving.html import piece

        return piece(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data: each equation as NumPy, LaTeX and MathML."""
        return {
            "title": self.title,
            "absent": list(self.absent),
            "letters": [
                {"name": row.name, "meaning": row.meaning, "size": list(row.size)}
                for row in self.letters
            ],
            "functions": [
                {"letters": list(row.letters), "name": row.name, "value": row.value,
                 "derivative": row.derivative, "note": row.note}
                for row in self.functions
            ],
            "steps": [
                {"number": step.number, "part": step.part, "why": step.why, "code": step.code,
                 "target": step.target, "forms": list(step.forms),
                 "latex": written(step, LATEX), "mathml": written(step, MATHML)}
                for step in self.steps
            ],
        }  # fmt: skip

    @property
    def absent(self) -> tuple[str, ...]:
        """Which of the eleven equations this network has no use for, and why."""
        numbers = {step.number for step in self.steps}
        reasons = {7: "the output layer has no biases", 8: "there is no hidden layer"}
        named = {7: "(7)", 8: "(8) to (10)"}
        return tuple(
            f"No {named[number]}: {reason}."
            for number, reason in reasons.items()
            if number not in numbers
        )

    def sizes(self, step: Step) -> list[tuple[str, Size]]:
        """The arrays in a step and their sizes."""
        known = {letter.name: letter.size for letter in self.letters}
        return [(name, known[name]) for name in step.names if known.get(name)]


def written(step: Step, notation: Any) -> str:
    """All forms of a step, one equal to the next."""
    first = write(f"{step.target} = {step.forms[0]}", notation)
    others = [part for form in step.forms[1:]
              for part in (notation.operator("="), write(form, notation))]  # fmt: skip
    return str(notation.join(first, *others))


def derivation(model: Any) -> Derivation:
    """The eleven equations from the error of a network to the gradient of each of its weights.

    They are those of this network: its layers, activations, loss, penalty, and sum or mean over
    the rows. Of a bag of networks, which all have the same shape, they are those of each.

    Parameters
    ----------
    model : any fitted model of pellucid's, a `Network`, or the path of a model file.

    Raises
    ------
    TypeError, ValueError
        If it is none of these.

    Examples
    --------
    >>> from pellucid import Network
    >>> network = Network([2, 3, 1], "tanh", "sigmoid", "squared_error", reduction="sum")
    >>> for step in derivation(network).steps[4:8]:
    ...     print(f"({step.number}) {step.code}")
    (3) J = sum((a_2 - y) ** 2 / 2)
    (4) da_2 = a_2 - y
    (5) dz_2 = da_2 * (a_2 * (1 - a_2))
    (6) dW_2 = x_2.T @ dz_2
    """
    return derive(subject_of(model).network.objective)


def derive(objective: Objective) -> Derivation:
    """The derivation of whatever has this objective."""
    over = "mean" if objective.reduction == "mean" else "sum"
    title = f"{objective.layout.architecture}, {objective.loss.name}, {over} over rows"
    return Derivation(title, _letters(objective), _functions(objective), steps_of(objective))


def _letters(objective: Objective) -> tuple[Letter, ...]:
    layers = objective.layout.architecture.layers
    n_outputs, loss = layers[-1].n_out, objective.loss
    made = [Letter("n", "the number of rows, each a sample")]
    for number, layer in enumerate(layers, 1):
        given = "the inputs X" if number == 1 else f"the answers of layer {number - 1}"
        across: Size = ("n", layer.n_out)
        made += [
            Letter(f"x_{number}", f"what layer {number} is given: {given}", ("n", layer.n_in)),
            *(Letter(f"{p.name}_{number}", _meaning(p.name, layer), p.shape)
              for p in layer.parameters),
            Letter(f"z_{number}", "its weighted sums" if not isinstance(layer, Scale)
                   else "its products", across),
            Letter(f"a_{number}", "its answers", across),
        ]  # fmt: skip
    made.append(Letter("y", "the targets", ("n", n_outputs)))
    if loss.parameters.get("label_smoothing"):
        made.append(Letter("t", "the smoothed targets", ("n", n_outputs)))
    if loss.name == "quantile" and "quantile" in loss.parameters:
        levels = loss.parameters["quantile"]
        size: Size = (len(levels),) if isinstance(levels, list) else ()
        made.append(Letter("q", f"the quantile of each output: {levels}", size))
    if "delta" in loss.parameters:
        made.append(Letter("delta", f"where huber goes over to a line: {loss.parameters['delta']}"))
    made.append(Letter("J", "the objective, which training makes small"))
    if objective.alpha:
        made.append(Letter("alpha", f"the strength of the L2 penalty: {objective.alpha!r}"))
    if objective.l1:
        made.append(Letter("lambda_1", f"the strength of the L1 penalty: {objective.l1!r}"))
    made.append(Letter("eta", "the learning rate"))
    slopes = [
        Letter(f"d{row.name}", "", row.size)
        for row in made
        if row.name[:2] in ("W_", "b_", "s_", "z_", "a_")
    ]
    return (*made, *slopes)


def _meaning(name: str, layer: Any) -> str:
    if name == "b":
        return "its biases, one a unit"
    if name == "s":
        return "its factors, one an input"
    return f"its weights, from {layer.n_in} below to {layer.n_out} here"


def _functions(objective: Objective) -> tuple[Function, ...]:
    rows: dict[int, Function] = {}
    for number, layer in enumerate(objective.layout.architecture.layers, 1):
        f, formulas = layer.activation, slopes_of(layer.activation)
        before = rows[id(f)].letters if id(f) in rows else ()
        letters = (*before, f"f_{number}")
        if formulas is None:
            rows[id(f)] = Function(letters, f.name, None, None, "a function of one's own")
        else:
            value, derivative, note = formulas
            rows[id(f)] = Function(letters, f.name, value, derivative or None, note)
    loss = objective.loss
    formulas = slopes_of_loss(loss)
    if formulas is None:
        made = Function((), loss.name, None, None, "a loss of one's own")
    else:
        made = Function((), loss.name, *formulas)
    return (*rows.values(), made)
