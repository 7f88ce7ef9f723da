"""The page says to people in a browser what a server takes and gives; it loads nothing else."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from pellucid.serving.answering import Answerer
from pellucid.serving.fields import Field
from pellucid.serving.limits import Limits, bytes_for_people
from pellucid.serving.openapi import REFUSALS, csv_example, example
from pellucid.serving.refusals import Refusal
from pellucid.serving.rows import read_json
from pellucid.serving.writing import to_json

LEVELS = 12
"""Values of a category that are shown."""

HOST_HERE = "<!-- host -->"
"""Stands where the page names the host that it was fetched from."""

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
    title = escape(answerer.title or answerer.target)
    quality = f"<p>When it was trained: {escape(answerer.quality)}.</p>" if answerer.quality else ""
    made = escape(f"{answerer.task} by {answerer.model}")
    if answerer.task == "outputs":
        made = "its outputs"
    rows = {"rows": [example(answerer)]}
    row = json.dumps(rows, indent=2, ensure_ascii=False)
    curl = escape(
        f"curl -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(rows))} ", quote=False
    )
    answer = escape(_answer(answerer, json.dumps(rows).encode()))
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
        classes = f"<p>Classes: {_some(answerer.classes)}.</p>"
    csv_request = escape(csv_example(answerer))
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
<h1>{title}</h1>
<p>{made}, served by pellucid</p>
{quality}
{classes}
<h2>What there is</h2>
{_table(("request", "what"), paths)}
<h2>A request</h2>
<p>As <code>application/json</code>, with a row made up of the middle or the first value of each
column; the list of rows alone will do as well:</p>
<pre>{escape(row)}</pre>
<p>As <code>text/csv</code>:</p>
<pre>{csv_request}</pre>
<p>From a shell:</p>
<pre>{curl}{HOST_HERE}/predict</pre>
<h2>The answer</h2>
<p>To this request; it is CSV with <code>Accept: text/csv</code>:</p>
<pre>{answer}</pre>
{interval}
<h2>Columns</h2>
<p>All are needed; others are left out, with a note.</p>
{_table(("name", "kind", "values"), columns)}
<h2>What is refused</h2>
<p>The answer is then <code>{escape('{"error": {"status": 422, "message": "..."}}')}</code>, with
<code>row</code> (counted from 1) and <code>column</code> where they are known. A request may have
{limits.rows:,} rows and {bytes_for_people(limits.body_bytes)}.</p>
{_table(("status", "why"), [(str(status), escape(why)) for status, why in REFUSALS.items()])}
</html>
"""


def _answer(answerer: Answerer, request: bytes) -> str:
    """What the model answers, as a person likes to read it."""
    try:
        rows = read_json(request, answerer, 1)
        with np.errstate(all="ignore"):
            answers = answerer.compute(rows).part(slice(0, 1))
        document = json.loads(to_json(answerer, answers, rows.notes))
    except Refusal as refusal:  # not every model has a finite answer to every row
        document = refusal.to_dict()
    lines = [f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _values(field: Field) -> str:
    return _some(field.levels) if field.levels else escape(field.expected)


def _some(values: Sequence[Any]) -> str:
    """The first values, and the way to the others."""
    some = ", ".join(_code(str(value)) for value in values[:LEVELS])
    more = len(values) - LEVELS
    return f'{some} <a href="schema">and {more} more</a>' if more > 0 else some


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of cells that are HTML already."""
    lines = ["<tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    return "<table>" + "\n".join(lines) + "</table>"
