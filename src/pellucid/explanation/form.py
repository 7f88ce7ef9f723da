"""An explanation is one step of one row, written out: sections of lines, each a small calculation.

It is the middle form: `step` makes it of a network's own numbers, and each form to be read (`text`,
`json`, `markdown`, `html`) goes through its sections and writes them in its own way. A form writes
of a section the title, the general `equations` and the lines, and of each line

    label: of = formula = numbers = value, note

where `formula` is `numbers` with symbols in place of numbers, and stands only if `line.formula`.
A `Value` in it says by its `key` which line made it: `explanation.by_key[key]`, if that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from pellucid.explanation.expression import Expression, Symbol


class Equation(NamedTuple):
    """What holds for all lines of a section: as text, and in LaTeX without dollar signs."""

    plain: str
    latex: str


@dataclass(frozen=True)
class Line:
    """One result and how it came about.

    Parameters
    ----------
    of : what it is.
    value : the result, in full precision; text for a class or a level.
    numbers : the calculation; None if there is none, as for what is given or looked up.
    formula : whether it is to be shown with symbols too, before the numbers.
    label : whose it is, in words, as the name of a column or of a class; "" for none.
    note : what there is to say besides, in words.
    """

    of: Symbol
    value: float | str
    numbers: Expression | None = None
    formula: bool = False
    label: str = ""
    note: str = ""


class Omitted(NamedTuple):
    """In place of lines that are not shown: "... and 92 more units"."""

    n: int
    what: str


@dataclass(frozen=True)
class Section:
    """Lines that belong together.

    Parameters
    ----------
    key : its name in the explanation, as "layer1.forward".
    part : "inputs", "forward", "answer", "target", "loss", "backward" or "update".
    title : a few words.
    equations : in general, what the lines are with numbers.
    lines : with marks where some are left out.
    """

    key: str
    part: str
    title: str
    equations: tuple[Equation, ...]
    lines: tuple[Line | Omitted, ...]


@dataclass(frozen=True)
class Explanation:
    """One step of one row. Print it, or let a notebook show it.

    Parameters
    ----------
    title : the model in a line; "" for none.
    sections : in the order of the calculation.
    digits : significant digits that forms print; JSON has all of them.

    Examples
    --------
    >>> from pellucid import Network
    >>> network = Network([2, 1], output_activation="sigmoid", bias=False)
    >>> network.weights = [[[0.2], [0.8]]]
    >>> explanation = network.explain([2, 9])
    >>> print(explanation)
    layer1: z = x W,  a = sigmoid(z)
      z1 = (2 * 0.2) + (9 * 0.8) = 7.6
      a1 = sigmoid(7.6) = 0.9995
    >>> explanation.by_key["layer1.z[1]"].value
    7.6000000000000005
    """

    title: str
    sections: tuple[Section, ...]
    digits: int = 4

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines that are shown, in their order."""
        return tuple(
            line for section in self.sections for line in section.lines if isinstance(line, Line)
        )

    @cached_property
    def by_key(self) -> dict[str, Line]:
        """Each line by the key of what it gives."""
        return {line.of.key: line for line in self.lines}

    def __str__(self) -> str:
        from pellucid.explanation.text import text

        return text(self)

    __repr__ = __str__

    def __rich__(self) -> Any:
        from pellucid.explanation.terminal import styled

        return styled(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, every number in full precision."""
        from pellucid.explanation.json import plain_data

        return plain_data(self)

    def to_json(self, indent: int | None = 2) -> str:
        """The same as a JSON document."""
        import json

        return json.dumps(self.to_dict(), indent=indent)

    def to_markdown(self) -> str:
        """Markdown, with LaTeX between dollar signs."""
        from pellucid.explanation.markdown import markdown

        return markdown(self)

    def to_html(self) -> str:
        """A page of its own: layers fold away, and a number leads to where it came from."""
        from pellucid.explanation.html import html

        return html(self)

    def _repr_html_(self) -> str:
        from pellucid.explanation.html import fragment_of

        return fragment_of(self)
