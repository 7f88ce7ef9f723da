"""An escape keeps the text of others, such as the name of a column, plain text within a language.

Of HTML it is `pellucid.page.escape`.
"""

from __future__ import annotations

import re

MARKDOWN = "\\`*_[]<>|~$&"
"""The signs that mean something to one Markdown or another, anywhere in a line."""

LATEX = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
} | {sign: "\\" + sign for sign in "{}$&%#_"}  # fmt: skip


def markdown(text: str) -> str:
    r"""Within a line, or a cell of a table, of Markdown: signs by their numbers, all on one line.

    A backslash would not do: a dollar behind one begins mathematics in some places all the same.

    Examples
    --------
    >>> markdown("a_1 | <b>"), markdown("Größe in cm")
    ('a&#95;1 &#124; &#60;b&#62;', 'Größe in cm')
    """
    return _one_line("".join(f"&#{ord(c)};" if c in MARKDOWN else c for c in text))


def latex(text: str) -> str:
    r"""Within the text of LaTeX.

    Examples
    --------
    >>> latex("50 % of a_1")
    '50 \\% of a\\_1'
    """
    return _one_line("".join(LATEX.get(c, c) for c in text))


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


MATHEMATICS = {
    "<": r"\lt ", ">": r"\gt ", "|": r"\vert ", "\\": r"\backslash ", "^": r"\wedge ",
    "~": r"\sim ", "*": r"\ast ", "`": r"\prime ",
}  # fmt: skip
"""What would end or begin something in Markdown, even within mathematics, as mathematics."""


def mathematics(text: str) -> str:
    r"""A text within the mathematics of a page in Markdown.

    Examples
    --------
    >>> mathematics("a_1 < 50 %")
    '\\text{a\\_1 }\\lt \\text{ 50 \\%}'
    """
    parts = re.split(r"([<>|\\^~*`])", _one_line(text))
    return "".join(
        MATHEMATICS.get(part) or rf"\text{{{''.join(LATEX.get(c, c) for c in part)}}}"
        for part in parts
        if part
    )
