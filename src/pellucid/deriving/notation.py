"""A notation is how formulas are set: as LaTeX for Markdown and papers, as MathML for browsers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Protocol


class Notation(Protocol):
    """The parts of a formula, each as text of the notation."""

    times: str  # between factors that are numbers, or matrices

    def letter(self, prefix: str, base: str, layer: str, elements: str) -> str:
        """A letter; "d" before it, its layer and the indices of an element below it."""

    def number(self, value: float) -> str:
        """A number, to all of its digits."""

    def operator(self, sign: str) -> str:
        """A sign between two terms."""

    def prefix(self, sign: str) -> str:
        """A sign before one term."""

    def function(self, name: str) -> str:
        """A function that has a name instead of a letter."""

    def applied(self, function: str, inside: str) -> str:
        """A function of what follows in brackets."""

    def brackets(self, inside: str) -> str:
        """As high as what they hold."""

    def modulus(self, inside: str) -> str:
        """Between two bars."""

    def fraction(self, above: str, below: str) -> str:
        """One above the other."""

    def power(self, base: str, exponent: str) -> str:
        """One to the right above the other."""

    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        """Values and their conditions; None for all that is left."""

    def sum(self, indices: str, body: str) -> str:
        """Over all values of the indices."""

    def join(self, *parts: str) -> str:
        """One after the other."""


SIGNS = {"←": r"\leftarrow", "−": "-", "⊙": r"\odot", "·": r"\cdot", "⊤": r"\top", "≥": r"\ge",
         "≤": r"\le"}  # fmt: skip
LETTERS = {"α": r"\alpha", "δ": r"\delta", "η": r"\eta", "κ": r"\kappa", "λ": r"\lambda",
           "σ": r"\sigma", "Φ": r"\Phi", "φ": r"\varphi", "ℓ": r"\ell"}  # fmt: skip
"""What LaTeX calls them."""


class Latex:
    """For anything that takes the mathematics of LaTeX between dollars, such as Markdown."""

    times = r"\,"

    def letter(self, prefix: str, base: str, layer: str, elements: str) -> str:
        """Such as dz_{2,ik}."""
        shown = LETTERS.get(base.rstrip("'"), base.rstrip("'"))
        below = ",".join(part for part in (layer, elements) if part)
        shown += f"_{{{below}}}" if below else ""
        shown += "'" if base.endswith("'") else ""
        return (r"\mathrm{d}" if prefix else "") + shown

    def number(self, value: float) -> str:
        """With a power of ten where it is very large or small."""
        mantissa, _, exponent = repr(value).partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa

    def operator(self, sign: str) -> str:
        """By its name."""
        return SIGNS.get(sign, sign)

    def prefix(self, sign: str) -> str:
        """By its name."""
        return SIGNS.get(sign, sign)

    def function(self, name: str) -> str:
        """Upright."""
        return rf"\{name}" if name in ("log", "tanh", "max") else rf"\operatorname{{{name}}}"

    def applied(self, function: str, inside: str) -> str:
        """In brackets."""
        return function + self.brackets(inside)

    def brackets(self, inside: str) -> str:
        """That grow."""
        return rf"\left({inside}\right)"

    def modulus(self, inside: str) -> str:
        """Without the character |, which would end a cell of a table in Markdown."""
        return rf"\left\lvert {inside} \right\rvert"

    def fraction(self, above: str, below: str) -> str:
        r"""As \frac."""
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        """Raised."""
        return rf"{base}^{{{exponent}}}"

    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        """Behind a brace."""
        lines = [
            rf"{value} & \text{{{'otherwise' if condition is None else 'where '}}}{condition or ''}"
            for value, condition in rows
        ]
        return r"\begin{cases} " + r" \\ ".join(lines) + r" \end{cases}"

    def sum(self, indices: str, body: str) -> str:
        """With the indices below."""
        return rf"\sum_{{{','.join(indices)}}} {body}"

    def join(self, *parts: str) -> str:
        """With spaces."""
        return " ".join(parts)


class MathMl:
    """For browsers, which all set it without any help, as they do text."""

    times = '<mspace width="0.17em"></mspace>'

    def letter(self, prefix: str, base: str, layer: str, elements: str) -> str:
        """Such as dz with 2,ik below."""
        shown = f"<mi>{escape(base.rstrip(chr(39)))}</mi>"
        below = [f"<mn>{layer}</mn>"] if layer else []
        below += ["<mo>,</mo>"] if layer and elements else []
        below += [f"<mi>{index}</mi>" for index in elements]
        if below:
            shown = f"<msub>{shown}{self.join(*below)}</msub>"
        if base.endswith("'"):
            shown = f"<msup>{shown}<mo>′</mo></msup>"
        return self.join('<mi mathvariant="normal">d</mi>', shown) if prefix else shown

    def number(self, value: float) -> str:
        """With a power of ten where it is very large or small."""
        mantissa, _, exponent = repr(value).partition("e")
        shown = f"<mn>{mantissa}</mn>"
        if not exponent:
            return shown
        ten = self.power("<mn>10</mn>", f"<mn>{int(exponent)}</mn>".replace("-", "−"))
        return self.join(shown, "<mo>·</mo>", ten)

    def operator(self, sign: str) -> str:
        """As itself."""
        return f"<mo>{escape(sign)}</mo>"

    def prefix(self, sign: str) -> str:
        """Close to what follows."""
        return f'<mo form="prefix">{sign}</mo>'

    def function(self, name: str) -> str:
        """Upright."""
        return f"<mi>{name}</mi>"

    def applied(self, function: str, inside: str) -> str:
        """In brackets."""
        return self.join(function, "<mo>\u2061</mo>", self.brackets(inside))

    def brackets(self, inside: str) -> str:
        """That grow."""
        return self.join("<mo>(</mo>", inside, "<mo>)</mo>")

    def modulus(self, inside: str) -> str:
        """Between two bars that grow."""
        bars = [f'<mo form="{form}" stretchy="true">|</mo>' for form in ("prefix", "postfix")]
        return self.join(bars[0], inside, bars[1])

    def fraction(self, above: str, below: str) -> str:
        """As mfrac."""
        return f"<mfrac>{self.join(above)}{self.join(below)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        """Raised."""
        return f"<msup>{self.join(base)}{self.join(exponent)}</msup>"

    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        """Behind a bracket that is a border: not every font has a brace that grows."""
        lines = "".join(
            f'<mtr><mtd class="case">{value}</mtd><mtd class="case"><mtext>'
            f"{'otherwise' if condition is None else 'where&#160;'}</mtext>{condition or ''}"
            "</mtd></mtr>"
            for value, condition in rows
        )
        return f'<mtable class="cases">{lines}</mtable>'

    def sum(self, indices: str, body: str) -> str:
        """With the indices below."""
        below = "<mo>,</mo>".join(f"<mi>{index}</mi>" for index in indices)
        return self.join(f"<munder><mo>∑</mo><mrow>{below}</mrow></munder>", body)

    def join(self, *parts: str) -> str:
        """In a row."""
        return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


LATEX, MATHML = Latex(), MathMl()
