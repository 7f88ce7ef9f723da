"""HTML is what a report's page is written in; whatever is a model's or a table's own is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import isfinite

from pellucid.pictures.words import figure

MINUS = "−"

STYLE = """
.pellucid dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem;
  margin: 0; }
.pellucid dt { color: var(--muted); } .pellucid dd { margin: 0; overflow-wrap: anywhere; }
.pellucid caption { text-align: left; color: var(--muted); padding-bottom: .4rem; }
.pellucid td, .pellucid tbody th { overflow-wrap: break-word; }
.pellucid tbody th { color: var(--ink); font-weight: 500; }
.pellucid .number { text-align: right; white-space: nowrap; }
.pellucid details { margin: 1rem 0; } .pellucid summary { cursor: pointer; color: var(--accent); }
.pellucid .blank { border-left: 3px solid var(--second); padding-left: .8rem; }
.pellucid pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  padding: .8rem 1rem; }
.pellucid table.bars { width: 100%; } .pellucid .bar { width: 45%; min-width: 6rem; }
.pellucid .bar span { display: block; height: .8em; margin-top: .35em; border-radius: 2px;
  background: var(--accent); }
.pellucid .bar .less { background: var(--second); }
@media (max-width: 40rem) { .pellucid dl { grid-template-columns: 1fr; }
  .pellucid dt { margin-top: .4rem; }
  .pellucid .stacked thead { display: none; }
  .pellucid .stacked tr, .pellucid .stacked th, .pellucid .stacked td { display: block; }
  .pellucid .stacked tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  .pellucid .stacked th, .pellucid .stacked td { border: 0; padding: .1rem 0; }
  .pellucid .stacked td:empty { display: none; }
  .pellucid .stacked td::before { content: attr(data-head) ": "; color: var(--muted); } }
"""
"""How that looks, beside the style of every page."""


def signed(number: float) -> str:
    """The same with its sign.

    Examples
    --------
    >>> signed(0.25), signed(-220413.0)
    ('+0.25', '−220,400')
    """
    return ("+" if number >= 0 else MINUS) + figure(abs(number))


def unbroken(text: str) -> str:
    """Text escaped, in which no line ends between a number, its error and its unit.

    Examples
    --------
    >>> unbroken("right in 97.5 ± 0.4 %")
    'right in 97.5&nbsp;±&nbsp;0.4&nbsp;%'
    """
    return escape(text).replace(" ± ", "&nbsp;±&nbsp;").replace(" %", "&nbsp;%")


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{_class(kind)}>{escape(text)}</p>"


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    caption: str,
    numbers: int = 0,
    stacked: bool = False,
) -> str:
    """A table of plain text, whose first column names the rows.

    Parameters
    ----------
    caption : what it shows.
    numbers : the first column that holds numbers, set to the right; none if 0.
    stacked : whether a narrow page has the cells of a row below each other.

    Examples
    --------
    >>> print(table(("who", "n"), [("<b>", "1")], "Counts", numbers=1))
    <div class="scroll"><table><caption>Counts</caption>
    <thead><tr><th scope="col">who</th><th scope="col" class="number">n</th></tr></thead>
    <tbody><tr><th scope="row">&lt;b&gt;</th><td class="number">1</td></tr></tbody></table></div>
    """

    def kind(i: int) -> str:
        return _class("number" if numbers and i >= numbers else "")

    def named(i: int) -> str:
        return f' data-head="{escape(head[i])}"' if stacked else ""

    tops = "".join(f'<th scope="col"{kind(i)}>{escape(t)}</th>' for i, t in enumerate(head))
    lines = []
    for first, *others in rows:
        cells = (f"<td{kind(i)}{named(i)}>{escape(t)}</td>" for i, t in enumerate(others, 1))
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{"".join(cells)}</tr>')
    body = "\n".join(lines)
    return (
        f'<div class="scroll"><table{_class("stacked" if stacked else "")}>'
        f"<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{tops}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def bars(head: Sequence[str], rows: Iterable[tuple[str, str, str, float]], caption: str) -> str:
    """A table of a name, two texts and a number that is a bar too.

    All bars begin at one line, numbers below nothing go to its left. The bar says nothing that the
    texts do not.
    """
    rows = list(rows)
    sizes = [size for *_, size in rows if isfinite(size)]
    least, most = min([0.0, *sizes]), max([0.0, *sizes])
    scale = 100.0 / ((most - least) or 1.0)

    def bar(size: float) -> str:
        start, length = (min(size, 0.0) - least) * scale, abs(size) * scale
        if not isfinite(size):
            return ""
        kind = "less" if size < 0 else "more"
        return f'<span class="{kind}" style="margin-left:{start:.1f}%;width:{length:.1f}%"></span>'

    tops = "".join(f'<th scope="col"{_class("number" if i else "")}>{escape(t)}</th>'
                   for i, t in enumerate(head))  # fmt: skip
    lines = [
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{escape(one)}</td>'
        f'<td class="number">{escape(other)}</td><td class="bar" aria-hidden="true">{bar(size)}'
        "</td></tr>"
        for name, one, other, size in rows
    ]
    body = "\n".join(lines)
    return (
        f'<div class="scroll"><table class="bars"><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{tops}<td></td></tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def terms(pairs: Mapping[str, str]) -> str:
    """Terms, and what is to be said of each."""
    lines = (f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in pairs.items())
    return "<dl>" + "\n".join(lines) + "</dl>"


def listed(items: Iterable[str]) -> str:
    """A list of sentences."""
    return "<ul>" + "\n".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def code(text: str) -> str:
    """Lines to copy."""
    return f"<pre><code>{escape(text)}</code></pre>"


def folded(summary: str, body: str) -> str:
    """What is shown when it is asked for; `body` is HTML already."""
    return f"<details><summary>{escape(summary)}</summary>\n{body}</details>"


def section(name: str, heading: str, body: str) -> str:
    """A part of the page that can be linked to; `body` is HTML already."""
    return f'<section id="{name}"><h2>{escape(heading)}</h2>\n{body}</section>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
