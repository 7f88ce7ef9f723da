"""An expression is a calculation as a tree: numbers that know where they came from, and signs.

One tree has two readings. A form writes each `Value` as its number, `0.5 * -0.125`, or as its
symbol where it has one, `x1 * dz1`. The letters are those of docs/backpropagation.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Symbol:
    r"""What a number is called.

    Parameters
    ----------
    letter : "x", "z", "a", "W", "b", "s", "y", "loss", "J", the name of a function with a prime,
        or that of a column.
    layer : counted from 1; 0 where it is of none.
    index : places in an array, counted from 1; () for a single number.
    derivative : whether it is dJ by that, as in dz.
    new : whether it is that after the update.
    argument : of a function, the letter that it is of, as in sigmoid'(z1).
    kind : "", or "column" for a value as the table has it, "answer" for one of the model's.
    tex : the letter in LaTeX, where it is more than a letter.

    Examples
    --------
    >>> Symbol("z", 1, (2,)).plain, Symbol("W", 2, (3, 1), derivative=True).plain
    ('z2', 'dlayer2.W[3,1]')
    >>> Symbol("z", 1, (2,)).key, Symbol("gelu'", 1, (2,), argument="z").plain
    ('layer1.z[2]', "gelu'(z2)")
    >>> Symbol("W", 2, (3, 1), derivative=True).latex
    '\\mathrm{d}W_{2}[3, 1]'
    """

    letter: str
    layer: int = 0
    index: tuple[int, ...] = ()
    derivative: bool = False
    new: bool = False
    argument: str = ""
    kind: str = ""
    tex: str = ""

    @property
    def plain(self) -> str:
        """In a line of text; the layer is told by the section, but for parameters."""
        places = ",".join(map(str, self.index))
        if self.argument:
            return f"{self.letter}({self.argument}{places})"
        if self.kind:
            return self.letter
        if self.letter in PARAMETERS and self.layer:
            name = f"layer{self.layer}.{self.letter}" + (f"[{places}]" if places else "")
        else:
            name = f"{self.letter}{places}"
        return "new " * self.new + "d" * self.derivative + name

    @property
    def key(self) -> str:
        """Its name in the whole explanation: no two numbers have the same."""
        places = f"[{','.join(map(str, self.index))}]" if self.index else ""
        owner = f"{self.kind}." if self.kind else f"layer{self.layer}." if self.layer else ""
        return "new " * self.new + owner + "d" * self.derivative + self.letter + places

    @property
    def latex(self) -> str:
        """In mathematics, as docs/backpropagation.md writes it."""
        places = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        low = f"_{{{self.layer}}}" if self.layer else ""
        high = r"^{\text{new}}" if self.new else ""
        if self.tex:
            return self.tex
        if self.argument:
            name = self.letter.rstrip("'").replace("_", r"\_")
            prime = "'" * self.letter.count("'")
            return rf"\operatorname{{{name}}}{prime}({self.argument}{low}{places})"
        if len(self.letter) > 1 or self.kind:
            escaped = "".join("\\" + c if c in r"_$%&#{}" else c for c in self.letter)
            return rf"\text{{{escaped}}}"
        return r"\mathrm{d}" * self.derivative + self.letter + high + low + places


PARAMETERS = ("W", "b", "s")
"""Letters of what is trained."""


@dataclass(frozen=True)
class Value:
    """A number of the calculation.

    Parameters
    ----------
    number : in full precision.
    symbol : what it is called here; None for a constant, such as a 1.
    origin : the key of the line that made it; by default that of its symbol.
    exact : whether it was given as it stands, so that a form writes it in full.
    """

    number: float
    symbol: Symbol | None = None
    origin: str = ""
    exact: bool = False

    @property
    def key(self) -> str:
        """The key of the line that made it, if one did; "" for a constant."""
        return self.origin or (self.symbol.key if self.symbol else "")


@dataclass(frozen=True)
class Rest:
    """The sum of the terms that are not shown, and how many they are."""

    number: float
    count: int


@dataclass(frozen=True)
class Sum:
    """terms[0] + terms[1] + ..."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True)
class Product:
    """factors[0] * factors[1] * ..."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True)
class Difference:
    """left - right."""

    left: Expression
    right: Expression


@dataclass(frozen=True)
class Quotient:
    """over / under."""

    over: Expression
    under: Expression


@dataclass(frozen=True)
class Power:
    """base ^ exponent."""

    base: Expression
    exponent: int


@dataclass(frozen=True)
class Negative:
    """-item."""

    item: Expression


@dataclass(frozen=True)
class Apply:
    """function(arguments): an activation by name, or log, exp, sqrt, abs, sign, max, min, clip."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Row:
    """Several numbers as one argument, [0.2, 0.8]; `omitted` more are not shown."""

    items: tuple[Expression, ...]
    omitted: int = 0


Expression: TypeAlias = (
    Value | Rest | Sum | Product | Difference | Quotient | Power | Negative | Apply | Row
)


def parts(item: Expression) -> tuple[Expression, ...]:
    """What a calculation is made of, one step down."""
    match item:
        case Sum():
            return item.terms
        case Product():
            return item.factors
        case Difference():
            return item.left, item.right
        case Quotient():
            return item.over, item.under
        case Power():
            return (item.base,)
        case Negative():
            return (item.item,)
        case Apply():
            return item.arguments
        case Row():
            return item.items
        case _:
            return ()
