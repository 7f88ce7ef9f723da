"""Numbers are what a unit, an edge or a row is made of, read by pointing at it."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.panels.panel import Panel


class Numbers(Panel):
    """The numbers of whatever was pointed at."""

    def build(self) -> None:
        """A place kept."""
        ui.label("Point at a unit, an edge or a row to read its numbers.").classes("muted")
