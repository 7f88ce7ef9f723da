"""A lesson is a short tour: a prepared network, a question, a thing to try, a check."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.panels.panel import Panel


class Lessons(Panel):
    """The guided tours."""

    def build(self) -> None:
        """A place kept."""
        ui.label("Short tours through what networks do.").classes("muted")
