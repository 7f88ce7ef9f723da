"""The LaTeX of a derivation: between dollars in Markdown, or a section of a paper."""

from __future__ import annotations

from itertools import groupby

from pellucid.deriving.equations import Derivation, Function, Size, written
from pellucid.deriving.formula import write
from pellucid.deriving.notation import LATEX
from pellucid.deriving.steps import Step
from pellucid.escapes import latex as in_latex
from pellucid.escapes import markdown as in_markdown

LEGEND = (
    r"$\mathrm{d}v$ is $\partial J / \partial v$, and as large as $v$. $\odot$ multiplies element "
    "by element, and fractions, powers and functions of arrays work so too. In a sum, $i$ counts "
    "rows, $k$ the units of a layer and $j$ those below."
)


def markdown(derivation: Derivation, heading: str = "##") -> str:
    """All of it; the equations have their numbers as tags."""
    parts = [
        f"{heading[1:]} Derivation: {in_markdown(derivation.title.replace('->', '→'))}",
        LEGEND,
    ]
    parts += [f"{heading} The letters", letters(derivation)]
    parts += [f"{heading} The functions", *map(function, derivation.functions)]
    for part, steps in groupby(derivation.steps, lambda step: step.part):
        parts.append(f"{heading} {part}")
        parts += [equation(derivation, step) for step in steps]
    parts += derivation.absent
    return "\n\n".join(parts) + "\n"


def letters(derivation: Derivation) -> str:
    """A table of what the letters mean."""
    rows = ["| letter | meaning | size |", "|---|---|---|"]
    for letter in derivation.letters:
        if letter.meaning:
            size = f"${size_of(letter.size)}$" if letter.size else ""
            name, meaning = write(letter.name, LATEX), in_markdown(letter.meaning)
            rows.append(f"| ${name}$ | {meaning} | {size} |")
    return "\n".join(rows)


def function(row: Function) -> str:
    """An activation or a loss: its name, and what it and its derivative are."""
    names = ", ".join(f"${write(name, LATEX)}$" for name in row.letters) or "The loss"
    text = f"{names}: {in_markdown(row.name)}" + (f" ({row.note})" if row.note else "")
    if row.value is None:
        return text + "."
    return f"{text}.\n\n$${_values(row)}$$"


def _values(row: Function) -> str:
    assert row.value is not None
    left, slope = ("f(z)", "f'(z)") if row.letters else (
        r"\ell(a, y)", r"\frac{\partial \ell}{\partial a}")  # fmt: skip
    shown = f"{left} = {write(row.value, LATEX)}"
    if row.derivative:
        shown += rf" \qquad {slope} = {write(row.derivative, LATEX)}"
    return shown


def equation(derivation: Derivation, step: Step) -> str:
    """Why, the equation, and the sizes of what is in it."""
    why = in_markdown(step.why[:1].upper() + step.why[1:])
    shown = rf"{why}:{chr(10) * 2}$${written(step, LATEX)} \tag{{{step.number}}}$$"
    sizes = derivation.sizes(step)
    if len({size for _, size in sizes}) > 1:
        shown += "\n\nSizes: " + ", ".join(
            f"${write(name, LATEX)}$ is ${size_of(size)}$" for name, size in sizes
        ) + "."  # fmt: skip
    return shown


def size_of(size: Size) -> str:
    r"""Such as n \times 3."""
    return r" \times ".join(map(str, size))


def section(derivation: Derivation) -> str:
    """For a paper: text and numbered equations, with a title of their own."""
    title = in_latex(derivation.title).replace("->", r"$\to$")
    parts = [rf"\section*{{Derivation: {title}}}", LEGEND]
    for part, steps in groupby(derivation.steps, lambda step: step.part):
        parts.append(rf"\subsection*{{{part}}}")
        for step in steps:
            why = in_latex(step.why[:1].upper() + step.why[1:])
            body = rf"{written(step, LATEX)} \tag{{{step.number}}}"
            parts.append(f"{why}:\n\\begin{{equation*}}\n{body}\n\\end{{equation*}}")
    parts += derivation.absent
    return "\n\n".join(parts) + "\n"
