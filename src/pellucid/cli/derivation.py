"""`pellucid derivation`: the eleven equations of backpropagation, for the network of a model."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pellucid.atomic import write_atomically
from pellucid.cli.data import AsJson, ModelPath, refuse_to_overwrite
from pellucid.deriving import Derivation
from pellucid.deriving import derivation as derivation_of


class Form(StrEnum):
    """What `--form` takes."""

    TEXT = "text"
    MARKDOWN = "markdown"
    LATEX = "latex"
    HTML = "html"
    JSON = "json"


SUFFIXES = {".md": Form.MARKDOWN, ".tex": Form.LATEX, ".html": Form.HTML, ".json": Form.JSON}
"""The form that a file is written in if no other is asked for."""


def derivation(
    model: ModelPath,
    form: Annotated[
        Form | None,
        typer.Option(help="By default what the end of --out says, such as .html, else text."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file, not the terminal.")] = None,
    as_json: AsJson = False,
) -> None:
    """Derive each weight's gradient from the error: the equations of MODEL's own layers."""
    if as_json and form not in (None, Form.JSON):
        raise ValueError(f"--json and --form {form.value} are two forms: ask for one of them")
    refuse_to_overwrite([out], [model])
    by_name = SUFFIXES.get(out.suffix.lower(), Form.TEXT) if out else Form.TEXT
    chosen = Form.JSON if as_json else form or by_name
    text = _written(derivation_of(model), chosen)
    if out is None:
        print(text.rstrip("\n"))
    else:
        write_atomically(out, (text.rstrip("\n") + "\n").encode())
        print(f"wrote {out}")


def _written(equations: Derivation, form: Form) -> str:
    match form:
        case Form.MARKDOWN:
            return equations.to_markdown()
        case Form.LATEX:
            return equations.to_latex()
        case Form.HTML:
            return equations.to_html()
        case Form.JSON:
            return json.dumps(equations.to_dict(), indent=2)
    return str(equations)
