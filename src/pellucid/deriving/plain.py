"""The plain text of a derivation: lines that NumPy runs, for a terminal."""

from __future__ import annotations

from itertools import groupby

from pellucid.deriving.equations import Derivation, Function, Size
from pellucid.deriving.steps import Step

LEGEND = """\
dv is the derivative of J by v, and as large as v. @ is the product of matrices; all other signs and
functions work element by element. sum adds up all elements, rowsum each row, colsum each column."""


def text(derivation: Derivation) -> str:
    """All of it."""
    lines = [derivation.title, "", LEGEND, "", "Letters"]
    named = [letter for letter in derivation.letters if letter.meaning]
    width = max(len(letter.name) for letter in named)
    for letter in named:
        size = f"  ({size_of(letter.size)})" if letter.size else ""
        lines.append(f"  {letter.name:<{width}}  {letter.meaning}{size}")
    lines += ["", "Functions"]
    for function in derivation.functions:
        lines += _function(function)
    for part, steps in groupby(derivation.steps, lambda step: step.part):
        lines += ["", part]
        for step in steps:
            lines += _step(step)
            if sizes := sizes_of(derivation, step):
                lines.append(f"         sizes: {sizes}")
    if derivation.absent:
        lines += ["", *derivation.absent]
    return "\n".join(lines)


def size_of(size: Size) -> str:
    """Such as n x 3."""
    return " x ".join(map(str, size))


def sizes_of(derivation: Derivation, step: Step) -> str:
    """The size of each array in a step, or that of all."""
    sizes = derivation.sizes(step)
    if len({size for _, size in sizes}) == 1:
        return f"{size_of(sizes[0][1])} each" if len(sizes) > 1 else size_of(sizes[0][1])
    return ", ".join(f"{name} {size_of(size)}" for name, size in sizes)


def _function(function: Function) -> list[str]:
    of = ", ".join(function.letters) or "loss"
    lines = [f"  {of}: {function.name}"]
    if function.value:
        z, f = ("z", "f(z)") if function.letters else ("a", "loss(a, y)")
        lines.append(f"    {f} = {function.value}")
        if function.derivative:
            slope = "f'(z)" if function.letters else f"dloss/d{z}"
            lines.append(f"    {slope} = {function.derivative}")
    return lines + ([f"    {function.note}"] if function.note else [])


def _step(step: Step) -> list[str]:
    lines = [f"  {f'({step.number})':>4} {step.target} = {step.forms[0]}"]
    lines += [f"       {' ' * len(step.target)} = {form}" for form in step.forms[1:]]
    return [*lines, f"         {step.why}"]
