"""The LaTeX of a derivation: between dollars in Markdown, or a section of a paper."""

from __future__ import annotations

from itertools import groupby

from pellucid.deriving.derivation import Derivation, Function, Size, written
from pellucid.deriving.formula import write
from pellucid.deriving.notation import LATEX
from pellucid.deriving.steps import Step

LEGEND = (
    r"$\mathrm{d}v$ is $\partial J / \partial v$, and as large as $v$. $\odot$ multiplies element "
    "by element, and fractions, powers and functions of arrays work so too. In a sum, $i$ counts "
    "rows, $k$ the units of a layer and $j$ those below."
)


def markdown(derivation: Derivation, heading: str = "##") -> str:
    """All of it; the equations have their numbers as tags."""
    parts = [f"{heading[1:]} Derivation: {of_network(derivation)}", LEGEND]
    parts += [f"{heading} The letters", letters(derivation)]
    parts += [f"{heading} The functions", *map(function, derivation.functions)]
    for part, steps in groupby(derivation.steps, lambda step: step.part):
        parts.append(f"{heading} {part}")
        parts += [equation(derivation, step) for step in steps]
    return "\n\n".join(parts) + "\n"


def of_network(derivation: Derivation) -> str:
    """The title, in which names have underscores that Markdown would take for emphasis."""
    return derivation.title.replace("->", "→").replace("_", r"\_")


def letters(derivation: Derivation) -> str:
    """A table of what the letters mean."""
    rows = ["| letter | meaning | size |", "|---|---|---|"]
    for letter in derivation.letters:
        if letter.meaning:
            size = f"${size_of(letter.size)}$" if letter.size else ""
            meaning = letter.meaning.replace("_", r"\_")
            rows.append(f"| ${write(letter.name, LATEX)}$ | {meaning} | {size} |")
    return "\n".join(rows)


def function(row: Function) -> str:
    """An activation or a loss: its name, and what it and its derivative are."""
    names = ", ".join(f"${write(name, LATEX)}$" for name in row.letters) or "The loss"
    text = f"{names}: {row.name.replace('_', chr(92) + '_')}" + (f" ({row.note})" * bool(row.note))
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
    why = step.why[:1].upper() + step.why[1:].replace("_", r"\_")
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
    title = derivation.title.replace("->", r"$\to$").replace("_", r"\_")
    parts = [rf"\section*{{Derivation: {title}}}", LEGEND]
    for part, steps in groupby(derivation.steps, lambda step: step.part):
        parts.append(rf"\subsection*{{{part}}}")
        for step in steps:
            why = step.why[:1].upper() + step.why[1:].replace("_", r"\_")
            body = rf"{written(step, LATEX)} \tag{{{step.number}}}"
            parts.append(f"{why}:\n\\begin{{equation*}}\n{body}\n\\end{{equation*}}")
    return "\n\n".join(parts) + "\n"
