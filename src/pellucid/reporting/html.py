"""HTML is what a report's page is written in; whatever is a model's or a table's own is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

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
  .pellucid dt { margin-top: .4rem; } }
"""
"""How that looks, beside the style of every page."""


def figure(number: float) -> str:
    """A number with four digits that count, as people write it.

    Examples
    --------
    >>> [figure(x) for x in (178143.0, 0.000123456, 40.0, -2.5, 1.2e12)]
    ['178,100', '0.0001235', '40', '-2.5', '1.2e+12']
    """
    return f"{float(f'{number:.4g}'):,.10g}"


def signed(number: float) -> str:
    """The same with its sign.

    Examples
    --------
    >>> signed(0.25), signed(-220413.0)
    ('+0.25', '−220,400')
    """
    return ("+" if number >= 0 else MINUS) + figure(abs(number))


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{_class(kind)}>{escape(text)}</p>"


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], caption: str, numbers: int = 0
) -> str:
    """A table of plain text, whose first column names the rows.

    Parameters
    ----------
    caption : what it shows.
    numbers : the first column that holds numbers, set to the right; none if 0.

    Examples
    --------
    >>> print(table(("who", "n"), [("<b>", "1")], "Counts", numbers=1))
    <div class="scroll"><table><caption>Counts</caption>
    <thead><tr><th scope="col">who</th><th scope="col" class="number">n</th></tr></thead>
    <tbody><tr><th scope="row">&lt;b&gt;</th><td class="number">1</td></tr></tbody></table></div>
    """

    def kind(i: int) -> str:
        return _class("number" if numbers and i >= numbers else "")

    tops = "".join(f'<th scope="col"{kind(i)}>{escape(t)}</th>' for i, t in enumerate(head))
    lines = []
    for first, *others in rows:
        cells = (f"<td{kind(i)}>{escape(t)}</td>" for i, t in enumerate(others, 1))
        lines.append(f'<tr><th scope="row">{escape(first)}</th>{"".join(cells)}</tr>')
    body = "\n".join(lines)
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{tops}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def bars(head: Sequence[str], rows: Iterable[tuple[str, str, str, float]], caption: str) -> str:
    """A table of a name, two texts and a number that is a bar too, to the right of nothing or left.

    The bar says nothing that the texts do not.
    """
    rows = list(rows)
    largest = max((abs(size) for *_, size in rows), default=0.0) or 1.0
    tops = "".join(f'<th scope="col"{_class("number" if i else "")}>{escape(t)}</th>'
                   for i, t in enumerate(head))  # fmt: skip
    lines = [
        f'<tr><th scope="row">{escape(name)}</th><td class="number">{escape(one)}</td>'
        f'<td class="number">{escape(other)}</td><td class="bar" aria-hidden="true">'
        f'<span class="{"less" if size < 0 else "more"}" '
        f'style="width:{100 * abs(size) / largest:.1f}%"></span></td></tr>'
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
