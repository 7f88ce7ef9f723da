"""The diagram is the network drawn: units, edges by weight, and what each unit responds to."""

from __future__ import annotations

from nicegui import ui

from pellucid.studios.panels.panel import Panel


class Diagram(Panel):
    """The network, drawn."""

    def build(self) -> None:
        """A place kept."""
        ui.label("The network will be drawn here.").classes("muted")
