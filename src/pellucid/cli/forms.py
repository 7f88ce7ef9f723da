"""A form is how a result is written: asked for by --form or --json, or by the end of --out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pellucid.registry import look_up

SUFFIXES = {".md": "markdown", ".tex": "latex", ".html": "html", ".json": "json"}
"""The form that a file is written in if no other is asked for."""


def form_of(form: str | None, known: Sequence[str], out: Path | None, as_json: bool) -> str:
    """One of the known forms, the first if nothing says which.

    Examples
    --------
    >>> known = ("text", "html", "json")
    >>> form_of(None, known, Path("a.html"), False), form_of(None, known, None, True)
    ('html', 'json')
    """
    if form is not None:
        look_up(form, {name: name for name in known}, "form")
    if as_json and form not in (None, "json"):
        raise ValueError(f"--json and --form {form} are two forms: ask for one of them")
    by_name = SUFFIXES.get(out.suffix.lower(), "") if out else ""
    return form or ("json" if as_json else by_name if by_name in known else known[0])
