"""The page says to people in a browser what a server takes and gives; it loads nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from pellucid.serving.answering import Answerer
from pellucid.serving.fields import Field
from pellucid.serving.limits import Limits
from pellucid.serving.openapi import REFUSALS, csv_example, example

LEVELS = 12
"""Values of a category that are shown."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; }
tr { border-bottom: 1px solid var(--line); }
pre, code { font: 14px/1.45 ui-monospace, monospace; background: var(--soft); border-radius: 4px; }
pre { padding: .8rem; overflow-x: auto; } code { padding: .1rem .3rem; overflow-wrap: anywhere; }
"""


def page(answerer: Answerer, limits: Limits) -> str:
    """The page of a server, with the model's own columns.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.serving.answering import answerer_of
    >>> "<td><code>x2</code></td><td>number</td>" in page(answerer_of(Network([2, 1])), Limits())
    True
    """
    target = escape(answerer.target)
    row = json.dumps({"rows": [example(answerer)]}, indent=2, ensure_ascii=False)
    columns = [(_code(field.name), escape(field.kind), _values(field)) for field in answerer.fields]
    paths = [
        (_code("POST /predict"), "rows as JSON or CSV in, answers as JSON or CSV out"),
        (_code("GET /schema"), "columns, kinds, levels and classes, as JSON"),
        (_code("GET /health"), "whether it runs; requests, forward passes and rows so far"),
        (_code("GET /openapi.json"), 'all of this as <a href="openapi.json">OpenAPI 3.1</a>'),
    ]
    interval = ""
    if answerer.interval is not None:
        interval = (
            "<p><code>POST /predict?interval=0.9</code> adds, for each row, the numbers between "
            "which the target lies for that part of rows.</p>"
        )
    classes = ""
    if answerer.classes is not None:
        shown = ", ".join(_code(str(label)) for label in answerer.classes[:LEVELS])
        more = len(answerer.classes) - LEVELS
        classes = f"<p>Classes: {shown}{f' and {more} more' if more > 0 else ''}.</p>"
    csv_request = escape(csv_example(answerer))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{target}</title>
<style>{STYLE}</style>
<h1>{target}</h1>
<p>{escape(answerer.task)} by a {escape(answerer.model)}, served by pellucid</p>
{classes}
<h2>What there is</h2>
{_table(("", "what"), paths)}
<h2>A request</h2>
<p>As <code>application/json</code>; the list of rows alone will do as well:</p>
<pre>{escape(row)}</pre>
<p>As <code>text/csv</code>:</p>
<pre>{csv_request}</pre>
<p>The answer is JSON, or CSV with <code>Accept: text/csv</code>.</p>
{interval}
<h2>Columns</h2>
<p>All are needed; others are left out, with a note.</p>
{_table(("name", "kind", "values"), columns)}
<h2>What is refused</h2>
<p>The answer is then <code>{escape('{"error": {"status": 422, "message": "..."}}')}</code>, with
<code>row</code> (counted from 1) and <code>column</code> where they are known. A request may have
{limits.rows} rows and {limits.body_bytes} bytes.</p>
{_table(("status", "why"), [(str(status), escape(why)) for status, why in REFUSALS.items()])}
</html>
"""


def _values(field: Field) -> str:
    if not field.levels:
        return escape(field.expected)
    some = ", ".join(_code(level) for level in field.levels[:LEVELS])
    more = len(field.levels) - LEVELS
    return f"{some} and {more} more" if more > 0 else some


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of cells that are HTML already."""
    lines = ["<tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return "<table>" + "\n".join(lines) + "</table>"
