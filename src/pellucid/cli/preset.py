"""A preset is one of two ways to train: a bag of networks for tables, or one plain network."""

from __future__ import annotations

from typing import NamedTuple

import typer

from pellucid.cli.options import NETWORK, STEPS, TABLES
from pellucid.registry import near
from pellucid.tables import Table

PRESETS = ("tables", "plain")

FILES = ("text", "parquet")
"""What a table is read from for which the preset is `tables` by default."""


class Choice(NamedTuple):
    """A preset, and why it is taken."""

    preset: str
    why: str
    notes: tuple[str, ...] = ()


def choose(context: typer.Context, asked: str | None, table: Table) -> Choice:
    """The preset that was asked for, or that options were given of, or that suits the data.

    Raises
    ------
    ValueError
        If options were given that it has not; each is named, and the cure.
    """
    given = {name: _given(context, panels) for name, panels in OPTIONS.items()}
    if asked is not None:
        if asked not in PRESETS:
            raise ValueError(f"--preset is {asked!r}: {near(asked, PRESETS)}")
        other = PRESETS[1 - PRESETS.index(asked)]
        if given[other]:
            raise ValueError(
                f"{_are(given[other])} of --preset {other}, and --preset {asked} was asked for: "
                f"leave {_them(given[other])} out, or ask for --preset {other}"
            )
        return Choice(asked, "as asked for")
    if all(given.values()):
        raise ValueError(
            f"{_are(given['tables'])} of --preset tables and {_are(given['plain'])} of --preset "
            "plain: leave the ones or the others out"
        )
    by_default = "tables" if table.file in FILES else "plain"
    for preset, options in given.items():
        if options and preset != by_default:
            note = f"{_are(options)} of --preset {preset}, which is taken in place of {by_default}"
            return Choice(preset, f"since {_are(options)} of it", (note,))
    what = "table files" if by_default == "tables" else "built-in sets, arrays and images"
    return Choice(by_default, f"the default for {what}")


OPTIONS = {"tables": (TABLES,), "plain": (NETWORK, STEPS)}
"""The panels of the options that each preset has for itself."""


def _given(context: typer.Context, panels: tuple[str, ...]) -> list[str]:
    """The options of some panels that stand on the command line."""
    return [
        max(option.opts, key=len)
        for option in context.command.params
        if getattr(option, "rich_help_panel", None) in panels
        and option.name is not None
        and _stands(context, option.name)
    ]


def _stands(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _are(options: list[str]) -> str:
    """Options as the beginning of a sentence."""
    if len(options) == 1:
        return f"{options[0]} is an option"
    return f"{', '.join(options[:-1])} and {options[-1]} are options"


def _them(options: list[str]) -> str:
    return "it" if len(options) == 1 else "them"
