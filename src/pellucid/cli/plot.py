"""`pellucid plot`: a picture of a model, or of a model on rows, as a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.data import AsJson, open_data, refuse_to_overwrite
from pellucid.held_out import as_in_training
from pellucid.pictures import (
    ANSWERS,
    NO_MODEL,
    NOTHING,
    PICTURES,
    Picture,
    Scene,
    fitting,
    picture,
)
from pellucid.plots.figures import format_of
from pellucid.subject import subject_of

if TYPE_CHECKING:
    from pellucid.plots import Display


def plot(
    kind: Annotated[
        str | None,
        typer.Argument(metavar="[KIND]", help="What to draw; without it, the kinds are listed."),
    ] = None,
    model: Annotated[
        Path | None, typer.Argument(metavar="[MODEL]", help="A model file, of whatever made it.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="As other commands take it; for kinds that need it."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The picture to write: .png, .svg or .pdf; by default KIND.png."),
    ] = None,
    theme: Annotated[str, typer.Option(help="light or dark, as what it will lie on.")] = "light",
    features: Annotated[
        str | None,
        typer.Option(help="Columns to draw along: two of a boundary, as in a,b; one of quantiles."),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(help="The row, from 1, whose activations a network shows.", min=1),
    ] = None,
    over: Annotated[
        str | None,
        typer.Option(
            metavar="SETTING=A,B,...", help="What a validation curve goes over: alpha=0,0.01,1."
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="The column with the answers, where the model does not know its name."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a picture of a MODEL, of the KIND that is named.

    Without KIND, list the kinds, what each shows and what it needs.
    """
    if kind is None:
        _list(as_json)
        return
    chosen = picture(kind)
    path = out or Path(f"{kind}.png")
    format_of(path)
    if theme not in ("light", "dark"):
        raise ValueError(f"--theme is {theme!r}: expected light or dark")
    refuse_to_overwrite([path], [model, data])
    given = {"--features": features, "--row": row, "--over": over}
    for option, value in given.items():
        if value is not None and option != chosen.option:
            of = [each.name for each in PICTURES.values() if each.option == option]
            raise ValueError(f"{option} is not for {kind}, it is for {' and '.join(of)}")
    display, on = _drawn(chosen, model, data, target, theme, features, row, over)
    display.save(path)
    words = chosen.words(display)
    if as_json:
        made = {"kind": kind, "written": str(path), "rows": on, "shows": chosen.shows}
        print(json.dumps(made | {"words": words}, indent=2))
    else:
        print(f"{words}\nwrote {path}")


def _list(as_json: bool) -> None:
    """The kinds there are."""
    rows = [(each.name, each.needs, each.of, each.option, each.shows) for each in PICTURES.values()]
    names = ("kind", "needs", "task", "option", "shows")
    if as_json:
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2))
        return
    table = [names, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(4)]
    for row in table:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[4]]))


def _drawn(
    chosen: Picture,
    model: Path | None,
    data: str | None,
    target: str | None,
    theme: str,
    features: str | None,
    row: int | None,
    over: str | None,
) -> tuple[Display, int | None]:
    """The picture, and on how many rows it is."""
    if chosen.needs == NO_MODEL:
        if model is not None:
            raise ValueError(f"{chosen.name} needs no MODEL: it trains networks of its own")
        nothing: Any = None
        return chosen.draw(nothing, theme), None
    if model is None:
        raise ValueError(f"{chosen.name} needs {chosen.needs}: pellucid plot {chosen.name} ...")
    subject = subject_of(model)
    scene = Scene(subject, features=_names(features), over=_values(over))
    if why := chosen.why_not(scene):
        fit = ", ".join(each.name for each in fitting(scene))
        raise ValueError(f"no {chosen.name} of this model: {why}; what fits it: {fit}")
    if data is None:
        if chosen.needs != NOTHING or row is not None:
            what = chosen.needs if chosen.needs != NOTHING else "DATA, of which --row is one"
            raise ValueError(f"{chosen.name} needs {what}: give a file, or a built-in set")
        return chosen.draw(scene, theme), None
    table = open_data(data)
    X, y = subject.divide(table, target)
    if y is None and chosen.needs == ANSWERS:
        raise ValueError(
            f"{chosen.name} needs the answers, and nothing says which column of {data!r} has "
            "them: name it (--target)"
        )
    if chosen.judges and (halves := as_in_training(subject, model, table, target)) is not None:
        X, y = halves.unseen
        print(f"note: {halves}, of which these alone are drawn", file=sys.stderr)
    scene = Scene(subject, X, y, scene.features, None if row is None else row - 1, scene.over)
    if row is not None and row > scene.rows:
        raise ValueError(f"--row is {row}: {data} has the rows 1 to {scene.rows}")
    return chosen.draw(scene, theme), scene.rows


def _names(features: str | None) -> tuple[str, ...] | None:
    if features is None:
        return None
    return tuple(name.strip() for name in features.split(","))


def _values(over: str | None) -> tuple[str, tuple[Any, ...]] | None:
    """A setting and its values: numbers where they are, else text."""
    if over is None:
        return None
    name, is_there, values = over.partition("=")
    if not is_there or not values:
        raise ValueError(f"--over is {over!r}: expected a setting and values, as in alpha=0,0.01")
    return name.strip(), tuple(map(_value, values.split(",")))


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text.strip()
