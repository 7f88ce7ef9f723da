"""The Markdown form of an explanation: its lines as LaTeX, under each other at the equals sign."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pellucid import escapes
from pellucid.explanation.expression import Symbol, Value
from pellucid.explanation.form import Explanation, Line, Omitted, Section
from pellucid.explanation.typesetting import Style, written

PARTS = {
    "inputs": "Inputs", "forward": "Forward", "answer": "Answer", "loss": "Loss",
    "target": "Target", "backward": "Backward", "update": "Update",
}  # fmt: skip
"""What the parts of an explanation are headed."""


def markdown(explanation: Explanation) -> str:
    """All of it."""
    title = escapes.markdown(explanation.title.replace("->", "→"))
    parts = [f"# {title}"] if title else []
    for part, sections in groupby(explanation.sections, lambda section: section.part):
        parts.append(f"## {PARTS.get(part, escapes.markdown(part))}")
        for section in sections:
            parts += _section(section, explanation.digits)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, digits: int) -> list[str]:
    """A heading, what holds in general, and the lines with their numbers."""
    parts = [f"### {escapes.markdown(section.title)}"]
    if section.equations:
        equations = (_lined_up(equation.latex) for equation in section.equations)
        parts.append(_aligned(equations))
    for is_line, items in groupby(section.lines, lambda item: isinstance(item, Line)):
        if is_line:
            parts.append(_aligned(_line(item, digits) for item in items if isinstance(item, Line)))
        else:
            parts += [
                f"... and {item.n} more {escapes.markdown(item.what)}"
                for item in items
                if isinstance(item, Omitted)
            ]
    return parts


def _lined_up(equation: str) -> str:
    """With a mark where it is to stand under the others: at its first sign of equality."""
    sign = " = " if " = " in equation else r" \leftarrow "
    return equation.replace(sign, f" &{sign.strip()} ", 1)


def _aligned(lines: Iterable[str]) -> str:
    body = " \\\\\n".join(lines).replace("<", r"\lt ").replace(">", r"\gt ")  # as in <lambda>
    return f"$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$"


def _line(line: Line, digits: int) -> str:
    """One line, with what it is of left of the sign at which all stand under each other."""
    sides = [side for side in written(line, digits, LATEX) if side]
    after = "".join(
        rf" \quad {escapes.mathematics(text)}"
        for text in (f"({line.label})" * (line.label not in ("", line.of.plain)), line.note)
        if text
    )
    return f"{of(line.of)} &= {' = '.join(sides)}{after}"


def of(symbol: Symbol) -> str:
    """A symbol, whatever a column is called."""
    if symbol.kind:
        return escapes.mathematics(symbol.letter)
    return symbol.latex


class Latex:
    """For what stands between dollars."""

    times = r"\cdot"
    minus = "-"
    stacks = True

    def value(self, value: Value, digits: str) -> str:
        """The number."""
        return self.number(digits)

    def number(self, digits: str) -> str:
        """With a power of ten for an exponent."""
        mantissa, _, exponent = digits.partition("e")
        if mantissa.lstrip("-") in ("inf", "nan"):
            return mantissa.replace("inf", r"\infty").replace("nan", r"\text{nan}")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa

    def symbol(self, value: Value) -> str:
        """Its symbol."""
        assert value.symbol is not None
        return of(value.symbol)

    def rest(self, digits: str, count: int) -> str:
        """Over how many it stands for."""
        return rf"\underbrace{{{self.number(digits)}}}_{{\text{{{count} more}}}}"

    def brackets(self, inside: str) -> str:
        """That grow."""
        return rf"\left({inside}\right)"

    def quotient(self, over: str, under: str) -> str:
        r"""As \frac."""
        return rf"\frac{{{over}}}{{{under}}}"

    def power(self, base: str, exponent: str) -> str:
        """Raised."""
        return rf"{base}^{{{exponent}}}"

    def applied(self, function: str, arguments: list[str]) -> str:
        """By name."""
        known = {"log": r"\log", "max": r"\max", "min": r"\min", "tanh": r"\tanh"}
        inside = ", ".join(arguments)
        if function == "sqrt":
            return rf"\sqrt{{{inside}}}"
        if function == "abs":
            return rf"\left\lvert {inside} \right\rvert"
        name = known.get(function) or rf"\operatorname{{{escapes.latex(function)}}}"
        return rf"{name}\left({inside}\right)"

    def row(self, items: list[str], omitted: int) -> str:
        """In square brackets."""
        more = [rf"\text{{{omitted} more}}"] if omitted else []
        return rf"\left[{', '.join([*items, *more])}\right]"

    def text(self, text: str) -> str:
        """As it is."""
        return escapes.mathematics(text)


LATEX: Style = Latex()
