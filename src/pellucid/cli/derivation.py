"""`pellucid derivation`: the eleven equations of backpropagation, for the network of a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pellucid.atomic import write_atomically
from pellucid.cli.data import AsJson, ModelPath, refuse_to_overwrite
from pellucid.cli.forms import form_of
from pellucid.deriving import Derivation
from pellucid.deriving import derivation as derivation_of

FORMS = ("text", "markdown", "latex", "html", "json")


def derivation(
    model: ModelPath,
    form: Annotated[
        str | None,
        typer.Option(
            help="text, markdown, latex, html or json; by default what the end of --out says, "
            "else text."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file, not the terminal.")] = None,
    as_json: AsJson = False,
) -> None:
    """Derive each weight's gradient from the error: the equations of MODEL's own layers."""
    chosen = form_of(form, FORMS, out, as_json)
    refuse_to_overwrite([out], [model])
    text = _written(derivation_of(model), chosen)
    if out is None:
        print(text.rstrip("\n"))
    else:
        write_atomically(out, (text.rstrip("\n") + "\n").encode())
        print(f"wrote {out}")


def _written(equations: Derivation, form: str) -> str:
    match form:
        case "markdown":
            return equations.to_markdown()
        case "latex":
            return equations.to_latex()
        case "html":
            return equations.to_html()
        case "json":
            return json.dumps(equations.to_dict(), indent=2)
    return str(equations)
